"""Workers as processes of this machine, each at the end of a socket that it inherits.

A process ends when the other side is silent for good: a run that dies takes its workers along.
"""

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import suppress

import msgspec

from upright.core import ModelRefused, UprightError, UsageError
from upright.runs.asking.loop import new_event_loop
from upright.runs.workers.shift import Shift
from upright.runs.workers.words import FromWorker, Hello, Refused, ToWorker

GRACE = 5.0
"""Seconds that a worker has to put away what it has."""
START = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    f"from {__name__} import main; main()"
)
"""Ctrl-C reaches all processes of a terminal, and the run tells its workers when to end: they are
deaf to it before they import anything, which takes a second."""
COMMAND = (sys.executable, "-c", START)
SIZE = 4
"""Bytes before each word that say how long it is."""


class Process:
    """One of them, seen from the run."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        self._decoder = msgspec.msgpack.Decoder(FromWorker)

    async def hear(self) -> FromWorker | None:
        told = await _read_frame(self._reader)
        return None if told is None else self._decoder.decode(told)

    async def tell(self, word: ToWorker) -> None:
        with suppress(ConnectionError):  # `hear` says that it is dead
            self._writer.write(_frame(word))
            await self._writer.drain()

    async def end(self) -> None:
        """Nobody talks to it any more, and so it ends; if not, it is made to."""
        if not self._writer.is_closing():
            self._writer.write_eof()
        try:
            await asyncio.wait_for(self._silence(), GRACE)
        except TimeoutError:
            pass
        finally:
            self._writer.close()
            self._process.kill()
            self._process.wait()

    async def _silence(self) -> None:
        while await _read_frame(self._reader) is not None:
            pass


async def hire(hello: Hello) -> Process:
    if sys.platform == "win32":
        raise UsageError("Windows cannot hand a socket to a process: leave out --workers.")
    ours, theirs = socket.socketpair()
    try:
        process = _started(theirs)
    except OSError as error:
        ours.close()
        raise ModelRefused(
            f"This machine starts no more processes: {error.strerror}. Take fewer --workers."
        ) from error
    try:
        worker = Process(process, *await asyncio.open_connection(sock=ours))
        await worker.tell(hello)
    except BaseException:  # also where nobody waits for it any more
        process.kill()
        process.wait()
        raise
    return worker


def _started(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """A worker with its end of the socket, which is then its own."""
    with theirs:
        command = [*COMMAND, str(theirs.fileno())]
        return subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)


async def work(connection: socket.socket) -> None:
    """What goes on in the process."""
    reader, writer = await asyncio.open_connection(sock=connection)
    decoder = msgspec.msgpack.Decoder(ToWorker)

    def tell(word: FromWorker) -> None:
        writer.write(_frame(word))

    shift: Shift | None = None
    try:
        while told := await _read_frame(reader):
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
    """Given the number of the socket's file descriptor."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(work(socket.socket(fileno=int(sys.argv[1]))))
    except ConnectionError:
        os._exit(1)  # the run is dead


def _frame(word: ToWorker | FromWorker) -> bytes:
    told = msgspec.msgpack.encode(word)
    return len(told).to_bytes(SIZE, "big") + told


async def _read_frame(stream: asyncio.StreamReader) -> bytes | None:
    """The next word; None where the stream ends, be it in the middle of one."""
    try:
        size = int.from_bytes(await stream.readexactly(SIZE), "big")
        return await stream.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
