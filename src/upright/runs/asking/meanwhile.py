"""Work for the time in which answers are waited for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

PAUSE = 0.005
"""Seconds between two pieces, for whatever else is to be done."""


@asynccontextmanager
async def meanwhile(work: Iterator[None]) -> AsyncIterator[None]:
    """Piece after piece of it, until the block is over. Raises what the work raises."""

    async def go_on() -> None:
        for _ in work:
            await asyncio.sleep(PAUSE)

    going = asyncio.create_task(go_on())
    try:
        yield
    finally:
        going.cancel()
        # To await itself would take Ctrl-C at this moment for its end.
        await asyncio.wait({going})
        if not going.cancelled():
            going.result()
