"""A worker as a process of its own, at the end of a socket that it inherits.

`processes` starts it, with the number of its file descriptor. It ends when the other side is silent
for good: a run that dies takes its workers along.
"""

import asyncio
import os
import socket
import sys

import msgspec

from upright.core import UprightError
from upright.runs.asking.loop import new_event_loop
from upright.runs.asking.shift import Shift
from upright.runs.asking.words import FromWorker, Hello, Refused, ToWorker, frame, read_frame


async def work(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    decoder = msgspec.msgpack.Decoder(ToWorker)

    def tell(word: FromWorker) -> None:
        writer.write(frame(word))

    shift: Shift | None = None
    try:
        while told := await read_frame(reader):
            word = decoder.decode(told)
            if isinstance(word, Hello):
                shift = Shift(word, tell)
            elif shift:
                shift.hear(word)
        if shift:
            await shift.end()
    except UprightError as error:
        tell(Refused(str(error), model=False))
        await writer.drain()


def main() -> None:
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(work(socket.socket(fileno=int(sys.argv[1]))))
    except ConnectionError:
        os._exit(1)  # the run is dead
