"""A model behind its defenses, served to other programs."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress

from aiohttp import web

from upright.core import Model, UprightError
from upright.runs.asking.loop import complete, signals_cancel
from upright.serving.log import DecisionLog
from upright.serving.server import Server, application
from upright.serving.terms import Place, Terms

GRACE = 30.0
"""Seconds that questions under way have when the server is stopped."""


def serve_model(model: Model, terms: Terms, place: Place, on_ready: Callable[[str], None]) -> None:
    """Until it is stopped; `on_ready` is told the address. Closes the model."""
    key = place.key
    with ExitStack() as opened:
        log = opened.enter_context(DecisionLog(place.log, texts=place.texts)) if place.log else None
        server = Server(model, terms, key=key, log=log)
        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            complete(_serve(model, server, place, on_ready))


async def _serve(
    model: Model, server: Server, place: Place, on_ready: Callable[[str], None]
) -> None:
    runner = web.AppRunner(
        application(server), access_log=None, shutdown_timeout=GRACE, handler_cancellation=True
    )
    try:
        await runner.setup()
        await _listen(runner, place)
        on_ready(f"http://{place.host}:{runner.addresses[0][1]}/v1")
        with signals_cancel():
            await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await model.close()


async def _listen(runner: web.AppRunner, place: Place) -> None:
    try:
        await web.TCPSite(runner, place.host, place.port).start()
    except OSError as error:
        raise UprightError(
            f"Cannot listen at {place.host}:{place.port}: {error.strerror or error}. Choose "
            "another --port."
        ) from error
