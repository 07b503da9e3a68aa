"""What is judged while answers are still to come.

A run waits for its model most of the time, and a judge that reads each answer by itself need not
wait for all of them. What is not done in that time is done at the end, and so is whatever belongs
to a part of the plan that lies on the disk.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from upright.core import Response
from upright.runs.items import Part
from upright.runs.plan import Plan
from upright.runs.scoring.baselines import PIECE, Headlines, headlines
from upright.runs.scoring.judging import Judged, apart, judged_alone


class Early:
    """Baselines by benchmark, and what benchmarks' own judges say of answers: by part, one place
    for each of its items, with None where nothing was read."""

    def __init__(self, plan: Plan) -> None:
        self.baselines: dict[str, Headlines] = {}
        self.judged: dict[Part, list[Judged | None]] = {}
        self._plan = plan
        # Which questions are asked of a plan that may stop early shows only at its end.
        parts = {} if plan.settings.stopping else plan.parts
        self._here = {part: items for part, items in parts.items() if isinstance(items, tuple)}
        self._about: defaultdict[str, list[tuple[Part, int]]] = defaultdict(list)
        for part, items in self._here.items():
            if apart(plan.score_set(*part)):
                self.judged[part] = [None] * len(items)
                for place, item in enumerate(items):
                    self._about[item.key].append((part, place))
        self._unread: defaultdict[Part, list[tuple[int, Response]]] = defaultdict(list)
        self._begun = self._lately = False

    def came(self, answers: Mapping[str, Response]) -> None:
        """Answers that will not change any more, by the keys of their requests."""
        self._begun = self._lately = True
        for key, response in answers.items():
            for part, place in self._about.get(key, ()):
                self._unread[part].append((place, response))

    def work(self) -> Iterator[None]:
        """Does a piece of it between two looks at the iterator, which never ends.

        Only if no answer came since the last look, nor before the first one did: where the
        processor is what a run waits for, it would wait for this, too.
        """
        pieces = self._pieces()
        while True:
            if self._begun and not self._lately:
                next(pieces)
            self._lately = False
            yield

    def _pieces(self) -> Iterator[None]:
        for (id, name), items in self._here.items():
            if name == "upright":
                self.baselines[id] = yield from headlines(self._plan.score_set(id, name), items)
        while True:
            self._read_some()
            yield

    def _read_some(self) -> None:
        part = next((part for part, unread in self._unread.items() if unread), None)
        if part:
            unread, items = self._unread[part], self._here[part]
            piece, self._unread[part] = unread[:PIECE], unread[PIECE:]
            given = [(items[place], response) for place, response in piece]
            read = judged_alone(self._plan.score_set(*part), given)
            for (place, _), one in zip(piece, read, strict=True):
                self.judged[part][place] = one
