"""A batch API that misbehaves on purpose, over real HTTP: files and batches, none of them worked on
until looked at.

What befalls a question is decided by `fates`: by its prompt, one word for each time it is asked.
"""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.server import in_thread, plain_answer

Line = dict[str, Any]
FAILED = {
    "400": (400, {"message": "too long", "code": "context_length_exceeded"}),
    "500": (500, {"message": "oops", "code": None}),
    "blocked": (400, {"message": "blocked", "code": "content_filter"}),
    "quota": (429, {"message": "pay first", "code": "insufficient_quota"}),
    "new-limit": (400, {"message": "use 'max_completion_tokens'", "code": None}),
}


@dataclass(kw_only=True)
class BatchServer:
    """`ends` are the last statuses of the batches, in the order of their making (completed if not
    told); `looks` is how often one is looked at before; `held` batches never end.
    `faults` strike the next calls, by the start of "METHOD path".
    """

    key: str = ""
    ends: Sequence[str] = ()
    looks: int = 1
    held: bool = False
    fates: dict[str, list[str]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    extra: Sequence[bytes] = ()
    errors: Sequence[dict[str, Any]] = ()
    page: int = 100
    missing: bool = False
    url: str = ""
    log: list[str] = field(default_factory=list)
    made: list[Line] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = f"{request.method} {request.path.removeprefix('/v1')}"
        self.log.append(call)
        if self.missing:
            return web.Response(status=404, text="404: Not Found")
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            told = {"error": {"message": f"wrong: {request.headers['Authorization']}"}}
            return web.json_response(told, status=401)
        if fault := self._fault(call):
            if fault == "disconnect":
                assert request.transport
                request.transport.abort()
                return web.Response()
            if fault == "lost":  # done, but nobody hears of it
                await self._done(request)
                assert request.transport
                request.transport.abort()
                return web.Response()
            error = {"error": {"message": "not now"}}
            return web.json_response(error, status=int(fault), headers={"Retry-After": "0.01"})
        return await self._done(request)

    def _fault(self, call: str) -> str:
        for at, (start, fault) in enumerate(self.faults):
            if call.startswith(start):
                del self.faults[at]
                return fault
        return ""

    async def _done(self, request: web.Request) -> web.Response:
        match [request.method, *request.path.removeprefix("/v1/").split("/")]:
            case ["POST", "files"]:
                form = await request.post()
                assert form["purpose"] == "batch"
                sent = form["file"]
                assert isinstance(sent, web.FileField)
                return web.json_response({"id": self._file(sent.file.read())})
            case ["POST", "batches"]:
                return web.json_response(self._make(await request.json()))
            case ["GET", "batches"]:
                return web.json_response(self._listed(request.query.get("after")))
            case ["GET", "batches", id]:
                return web.json_response(self._look(id))
            case ["GET", "files", id, "content"]:
                return web.Response(body=self.files[id])
        return web.Response(status=404)

    def _file(self, content: bytes) -> str:
        id = f"file-{len(self.files)}"
        self.files[id] = content
        return id

    def _make(self, asked: Line) -> dict[str, Any]:
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        assert all(len(value) <= 512 for value in asked["metadata"].values())
        self.asked.update(line["custom_id"] for line in lines)
        self.made.append({"lines": lines, "looks": 0})
        batch = {
            "id": f"batch_{len(self.batches)}",
            "status": "validating",
            "metadata": asked["metadata"],
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        self.batches[batch["id"]] = batch
        return batch

    def _listed(self, after: str | None) -> dict[str, Any]:
        ids = [*self.batches][::-1]
        rest = ids[ids.index(after) + 1 :] if after else ids
        page = rest[: self.page]
        odd: list[Any] = [{"id": "of another program", "status": 7}] * (not after)
        data = odd + [self.batches[id] for id in page]
        return {"object": "list", "data": data, "has_more": len(rest) > self.page}

    def _look(self, id: str) -> dict[str, Any]:
        at = [*self.batches].index(id)
        batch, made = self.batches[id], self.made[at]
        made["looks"] += 1
        if batch["status"] in ("validating", "in_progress") and not self.held:
            if made["looks"] > self.looks:
                self._end(at)
            else:
                batch["status"] = "in_progress"
        return batch

    def release(self) -> None:
        """All batches come to their ends."""
        self.held = False
        for at in range(len(self.made)):
            self._end(at)

    def _end(self, at: int) -> None:
        batch = self.batches[f"batch_{at}"]
        batch["status"] = self.ends[at] if at < len(self.ends) else "completed"
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": self.errors}
            return
        good = [*self.extra]
        bad: list[bytes] = []
        # The last one first: nobody promises an order.
        for line in self.made[at]["lines"][::-1]:
            told = self._answer(line)
            if told:
                kept = good if (told["response"] or {}).get("status_code") == 200 else bad
                kept.append(json.dumps(told).encode())
        batch["output_file_id"] = self._file(b"\n".join(good)) if good else None
        batch["error_file_id"] = self._file(b"\n".join(bad) + b"\n") if bad else None
        batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}

    def _answer(self, line: Line) -> Line | None:
        body = line["body"]
        prompt = body["messages"][-1]["content"]
        fates = self.fates.get(prompt) or self.fates.get("*") or []
        fate = fates.pop(0) if fates else ""
        told: Line = {"id": "x", "custom_id": line["custom_id"], "response": None, "error": None}
        if fate == "missing":
            return None
        if fate == "expired":
            return told | {"error": {"code": "batch_expired", "message": "It was too late."}}
        if fate == "new-limit" and "max_tokens" not in body:
            fate = ""
        if fate in FAILED:
            status, error = FAILED[fate]
            return told | {"response": {"status_code": status, "body": {"error": error}}}
        completion = {
            "model": "test-model",
            "choices": [{"message": {"content": plain_answer(prompt)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }
        return told | {"response": {"status_code": 200, "body": completion}}

    async def start(self, port: int = 0) -> web.AppRunner:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner


def serving_batches(**settings: Any) -> AbstractContextManager[BatchServer]:
    """In a thread of this process."""
    return in_thread(BatchServer(**settings))
