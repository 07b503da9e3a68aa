"""Work for the time in which answers are waited for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

PAUSE = 0.002
"""Seconds between two pieces, for whatever else is to be done."""
IDLE = 0.02
"""Seconds between two looks where there was nothing to do."""


@asynccontextmanager
async def meanwhile(work: Iterator[bool]) -> AsyncIterator[None]:
    """Piece after piece of it, until the block is over; each tells whether it did anything.
    Raises what the work raises."""

    async def go_on() -> None:
        for did in work:
            await asyncio.sleep(PAUSE if did else IDLE)

    going = asyncio.create_task(go_on())
    try:
        yield
    finally:
        going.cancel()
        # To await itself would take Ctrl-C at this moment for its end.
        await asyncio.wait({going})
        if not going.cancelled():
            going.result()
