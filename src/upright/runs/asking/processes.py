"""Workers as processes of this machine."""

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress

import msgspec

from upright.core import ModelRefused, UsageError
from upright.runs.asking.words import FromWorker, Hello, ToWorker, frame, read_frame

GRACE = 5.0
"""Seconds that a worker has to put away what it has."""
START = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    f"from {__name__.rpartition('.')[0]}.worker import main; main()"
)
"""Ctrl-C reaches all processes of a terminal, and the run tells its workers when to end: they are
deaf to it before they import anything, which takes a second."""
COMMAND = (sys.executable, "-c", START)


class Process:
    """One of them, at the other end of a socket."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        self._decoder = msgspec.msgpack.Decoder(FromWorker)

    async def hear(self) -> FromWorker | None:
        told = await read_frame(self._reader)
        return None if told is None else self._decoder.decode(told)

    async def tell(self, word: ToWorker) -> None:
        with suppress(ConnectionError):  # `hear` says that it is dead
            self._writer.write(frame(word))
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
        while await read_frame(self._reader) is not None:
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
