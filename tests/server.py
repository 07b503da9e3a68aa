"""An OpenAI-compatible chat server that misbehaves on purpose, over real HTTP.

In a test:           with serving(rates={"429": 0.2, "disconnect": 0.1}) as server: ...
As a process:        python -m tests.server --port 0 --log FILE --fault 429=0.2 --fault html=0.05

What it says and which fault a request meets depend only on the seed, the request and how often
that request was seen, so that runs repeat whatever the order of arrival.
"""

import argparse
import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web

MEGABYTE = 1_000_000


def plain_answer(prompt: str) -> str:
    """Yes or no, as the prompt's hash decides."""
    return ("Yes.", "No.")[sha256(prompt.encode()).digest()[0] % 2]


@dataclass(kw_only=True)
class Server:
    """`rates` names the faults and how often each strikes; `key` and `model` are the only ones
    served where set; `delay` comes before every reply; `refuse_after` answers 401 from then on;
    more calls at once than `capacity` get 429."""

    rates: Mapping[str, float] = field(default_factory=dict)
    key: str = ""
    model: str = ""
    delay: float = 0.0
    seed: int = 0
    new_limit: bool = False
    refuse_after: int | None = None
    capacity: int | None = None
    answer: Callable[[str], str] = plain_answer
    log_file: Path | None = None
    url: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0

    @property
    def answered(self) -> Counter[str]:
        """How often each request was answered, by its hash."""
        return Counter(entry["request"] for entry in self.log if entry["answered"])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        told = sha256(raw).hexdigest()[:16]
        self.seen[told] += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._reply(request, json.loads(raw), told)
        finally:
            self.under_way -= 1

    async def _reply(
        self, request: web.Request, asked: dict[str, Any], told: str
    ) -> web.StreamResponse:
        fault = self._refusal(request, asked) or self._draw(told)
        if self.delay or fault == "delay":
            await asyncio.sleep(self.delay or 0.3)
        if fault == "disconnect":
            self._note(told, asked, fault, answered=False)
            if request.transport:
                request.transport.abort()
            return web.Response()
        response = self._response(asked, fault)
        await response.prepare(request)
        await response.write_eof()
        self._note(told, asked, fault, answered=fault in ODD_ANSWERS)
        return response

    def _refusal(self, request: web.Request, asked: dict[str, Any]) -> str:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return "401"
        if self.model and asked["model"] != self.model:
            return "404"
        if self.new_limit and "max_tokens" in asked:
            return "new-limit"
        if self.capacity is not None and self.under_way > self.capacity:
            return "429"
        answered = sum(entry["answered"] for entry in self.log)
        return "401" if self.refuse_after is not None and answered >= self.refuse_after else ""

    def _draw(self, told: str) -> str:
        """The fault that strikes this time, or ""."""
        drawn = int(sha256(f"{self.seed} {told} {self.seen[told]}".encode()).hexdigest()[:8], 16)
        left = drawn / 2**32
        for fault, rate in self.rates.items():
            left -= rate
            if left < 0:
                return fault
        return ""

    def _response(self, asked: dict[str, Any], fault: str) -> web.Response:
        if fault in STATUSES:
            status, headers, message = STATUSES[fault]
            error = json.dumps({"error": {"message": message, "code": fault}})
            return web.Response(status=status, headers=headers, text=error)
        if fault in BODIES:
            return web.Response(body=BODIES[fault])
        body = json.dumps(self._completion(asked, fault))
        if fault == "truncated":
            body = body[: len(body) // 2]
        return web.Response(text=body, content_type="application/json")

    def _completion(self, asked: dict[str, Any], fault: str) -> dict[str, Any]:
        text = self.answer(asked["messages"][-1]["content"]) + ODD_ANSWERS.get(fault, "")
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": text},
            "finish_reason": "content_filter" if fault == "filtered" else "stop",
        }
        if asked.get("logprobs"):
            tokens = [{"token": t, "logprob": p} for t, p in (("No", -0.1), (" Yes", -2.5))]
            choice["logprobs"] = {"content": [{"top_logprobs": tokens}]}
        return {
            "model": "test-model",
            "choices": [] if fault == "no-choices" else [choice] * asked.get("n", 1),
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }

    def _note(self, told: str, asked: dict[str, Any], fault: str, *, answered: bool) -> None:
        prompt = sha256(asked["messages"][-1]["content"].encode()).hexdigest()[:16]
        entry = {"request": told, "prompt": prompt, "fault": fault, "answered": answered}
        self.log.append(entry)
        if self.log_file:
            with self.log_file.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    async def start(self, port: int = 0) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner


ODD_ANSWERS = {
    "": "",
    "delay": "",
    "filtered": "",
    "nul": " before\x00after",
    "megabyte": " " + "x" * MEGABYTE,
    "surrogates": " half \ud83d of a pair",
}
"""Faults that are answers all the same, and what they add to the text."""

BODIES = {
    "html": b"<html><body>Bad gateway</body></html>",
    "garbage": b"\x00\xff\xfe not json",
    "deep": b"[" * 200_000,
}
"""Faults that come with a 200."""

STATUSES: dict[str, tuple[int, dict[str, str], str]] = {
    "429": (429, {"Retry-After": "0.05"}, "slow down"),
    "500": (500, {}, "oops"),
    "400": (400, {}, "too long"),
    "401": (401, {}, "the key is wrong"),
    "404": (404, {}, "no such model"),
    "content_filter": (400, {}, "blocked"),
    "insufficient_quota": (429, {}, "pay first"),
    "new-limit": (400, {}, "use 'max_completion_tokens' instead of max_tokens"),
}


class Startable(Protocol):
    async def start(self, port: int = 0) -> web.AppRunner: ...


S = TypeVar("S", bound=Startable)


def serving(**settings: Any) -> AbstractContextManager[Server]:
    """A server in a thread of this process."""
    return in_thread(Server(**settings))


@contextmanager
def in_thread(server: S) -> Iterator[S]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--key", default="")
    parser.add_argument("--model", default="")
    told = parser.parse_args()
    rates = {name: float(rate) for name, _, rate in (f.partition("=") for f in told.fault)}
    server = Server(
        rates=rates,
        key=told.key,
        model=told.model,
        delay=told.delay,
        seed=told.seed,
        log_file=told.log,
    )
    asyncio.run(_serve(server, told.port))


async def _serve(server: Server, port: int) -> None:
    await server.start(port)
    print(server.url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
