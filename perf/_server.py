"""A chat endpoint fast enough to measure clients with: a bare protocol, replies made beforehand.

    python perf/_server.py --latency 0.5          prints its address; GET /stats counts
                           --at-once 100          turns more than these away, after 50 ms

It parses no JSON: which of its replies a question gets is decided by the question's checksum, so
that runs repeat. It keeps no log and checks nothing; tests/server.py is the one that misbehaves.
"""

import argparse
import asyncio
import json
import random
import time
from typing import cast
from zlib import crc32

import uvloop

REPLIES = 256
SENTENCES = (
    "I'm sorry, but I can't help with that request.",
    "Yes, and here is how one goes about it step by step.",
    "As an AI language model, I have no opinion about your neighbours.",
    "To begin with, measure the board twice and mark the line with a pencil.",
    "It depends on the weather, the road and how much you want to carry.",
    "The oldest bridge in the town was built of oak and has burned twice since.",
    "Please speak to somebody you trust, or call a helpline in your country.",
)


TURNED_AWAY = 0.05


def http(body: object, status: str = "200 OK") -> bytes:
    told = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(told)}"
    return head.encode() + b"\r\n\r\n" + told


def completion(drawn: random.Random) -> bytes:
    text = " ".join(drawn.choices(SENTENCES, k=4))
    message = {"role": "assistant", "content": text}
    return http(
        {
            "id": "chatcmpl-0",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "mock",
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 60, "completion_tokens": 50, "total_tokens": 110},
        }
    )


class Counts:
    """The replies, and how often they were given."""

    def __init__(self, latency: float, at_once: int) -> None:
        drawn = random.Random(0)
        self.replies = [completion(drawn) for _ in range(REPLIES)]
        self.refusal = http({"error": {"message": "busy"}}, "429 Too Many Requests")
        self.latency, self.at_once = latency, at_once
        self.asked = self.under_way = self.turned_away = 0

    def told(self) -> dict[str, float]:
        """Questions, and seconds of this process's CPU, since it started."""
        turned = {"turned_away": self.turned_away}
        return {"asked": self.asked, **turned, "cpu": time.process_time()}


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, counts: Counts) -> None:
        self.counts, self.buffer = counts, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (head := self.buffer.find(b"\r\n\r\n")) >= 0:
            start = head + 4
            end = start + _length(self.buffer[:head].lower())
            if len(self.buffer) < end:
                return
            asked, self.buffer = self.buffer[:end], self.buffer[end:]
            if asked.startswith(b"GET"):
                self.transport.write(http(self.counts.told()))
            else:
                self._answer(crc32(asked[start:]))

    def _answer(self, number: int) -> None:
        counts = self.counts
        loop = asyncio.get_running_loop()
        if counts.at_once and counts.under_way >= counts.at_once:
            counts.turned_away += 1
            loop.call_later(TURNED_AWAY, self._reply, counts.refusal)
            return
        counts.asked += 1
        reply = counts.replies[number % REPLIES]
        if counts.latency:
            counts.under_way += 1
            loop.call_later(counts.latency, self._answered, reply)
        else:
            self._reply(reply)

    def _answered(self, reply: bytes) -> None:
        self.counts.under_way -= 1
        self._reply(reply)

    def _reply(self, reply: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(reply)


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(latency: float, at_once: int) -> None:
    counts = Counts(latency, at_once)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(counts), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--at-once", type=int, default=0)
    given = parser.parse_args()
    uvloop.run(serve(given.latency, given.at_once))
