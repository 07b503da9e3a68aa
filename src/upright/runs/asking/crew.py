"""Who asks a model: this process, several, or a cluster."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from upright.core import Model, Outcome, Response
from upright.runs.asking.engine import Heartbeat, Patience, Received, drive
from upright.runs.asking.hedging import Recent, hedged
from upright.runs.asking.limits import Limits
from upright.runs.asking.outage import Outage
from upright.runs.asking.pace import ALONE, Among, Pace
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


class Asker:
    """Asks one model. What its server bears and which calls are slow stays known for all that it is
    asked, and limits hold, however few questions come at a time."""

    def __init__(
        self, concurrency: int, patience: Patience, limits: Limits, among: Among = ALONE
    ) -> None:
        self.pace = Pace(concurrency, limits, patience.longest_obeyed, among=among)
        self._concurrency, self._patience = concurrency, patience
        self._recent = Recent()

    async def ask(
        self,
        model: Model,
        requests: Requests,
        received: Received,
        heartbeat: Heartbeat,
        *,
        again: bool,
    ) -> None:
        outage = Outage(self._concurrency)

        def watched(came: Mapping[str, Response]) -> None:
            received(came)
            if not again:
                outage.watch(came.values())

        asked = hedged(model, self.pace, self._recent)
        await drive(asked, requests, watched, heartbeat, self._patience, self.pace)


class Alone:
    """This process does it all."""

    def __init__(self, patience: Patience, limits: Limits) -> None:
        self._patience, self._limits = patience, limits
        self._askers: dict[str, Asker] = {}

    async def ask(
        self, model: Model, requests: Requests, receiver: Receiver, *, again: bool
    ) -> None:
        async def heartbeat() -> None:
            # The disk takes its time, and the next answers do not wait for it.
            await asyncio.to_thread(receiver.heartbeat)

        asker = self.asker(model)
        await asker.ask(model, requests, receiver.received, heartbeat, again=again)

    def asker(self, model: Model) -> Asker:
        """The one for all that a model is asked."""
        if model.id not in self._askers:
            self._askers[model.id] = Asker(model.concurrency, self._patience, self._limits)
        return self._askers[model.id]

    def facts(self, model: Model) -> dict[str, str]:
        return model.facts

    async def close(self) -> None:
        pass
