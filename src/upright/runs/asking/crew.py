"""Who asks a model: this process, several, or a cluster."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Protocol

from upright.core import Model, Outcome, Response
from upright.runs.asking.engine import Patience, drive
from upright.runs.asking.hedging import Recent, hedged
from upright.runs.asking.limits import Limits
from upright.runs.asking.outage import Outage
from upright.runs.asking.pace import Pace
from upright.runs.items import Requests


class Receiver(Protocol):
    """Takes what comes in."""

    def received(self, came: Mapping[str, Response]) -> None:
        """Keep responses, by the keys of their requests."""
        ...

    def under_way(self, elsewhere: Mapping[Outcome, int]) -> None:
        """So many more answers of each kind are safe, but not here yet."""
        ...

    def heartbeat(self) -> None:
        """Have what was received reach the disk: called about once a second, in a thread of its
        own, while more is received."""
        ...


class Crew(Protocol):
    """Asks models. The answers do not depend on who asks."""

    async def ask(
        self, model: Model, requests: Requests, receiver: Receiver, *, again: bool
    ) -> None:
        """Every request gets a response. Raises ModelRefused, and what the receiver raises.

        again   these were given up once: that some fail says nothing of the server
        """
        ...

    def facts(self, model: Model) -> dict[str, str]:
        """What the model turned out to be while it was asked."""
        ...

    async def close(self) -> None:
        """Nothing more is asked."""
        ...


class Alone:
    """This process does it all."""

    def __init__(self, patience: Patience, limits: Limits) -> None:
        self._patience, self._limits = patience, limits
        self._paces: dict[str, Pace] = {}
        self._recent: defaultdict[str, Recent] = defaultdict(Recent)

    async def ask(
        self, model: Model, requests: Requests, receiver: Receiver, *, again: bool
    ) -> None:
        outage = Outage(model.concurrency)

        def received(came: Mapping[str, Response]) -> None:
            receiver.received(came)
            if not again:
                outage.watch(came.values())

        async def heartbeat() -> None:
            # The disk takes its time, and the next answers do not wait for it.
            await asyncio.to_thread(receiver.heartbeat)

        pace = self._pace(model)
        asked = hedged(model, pace, self._recent[model.id])
        await drive(asked, requests, received, heartbeat, self._patience, pace)

    def facts(self, model: Model) -> dict[str, str]:
        return model.facts

    async def close(self) -> None:
        pass

    def _pace(self, model: Model) -> Pace:
        """One for all that a model is asked: limits hold, and what its server bears is known,
        however few questions come at a time."""
        if model.id not in self._paces:
            longest = self._patience.longest_obeyed
            self._paces[model.id] = Pace(model.concurrency, self._limits, longest)
        return self._paces[model.id]
