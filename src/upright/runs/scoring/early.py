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
from upright.runs.storing.tables import Made


class Early:
    """Does it, for a model of which so many are asked `at_once`.

    baselines   by benchmark
    judged      what benchmarks' own judges say of answers: by part, one place for each of its
                items, with None where nothing was read
    made        rows of the samples' table, by part
    """

    def __init__(self, plan: Plan, at_once: int) -> None:
        self.baselines: dict[str, Headlines] = {}
        self.judged: dict[Part, list[Judged | None]] = {}
        self.made: defaultdict[Part, Made] = defaultdict(Made)
        self._plan, self._at_once = plan, at_once
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
        # A judge model may yet say something else.
        self._final = not plan.settings.judge
        self._begun = self._busy = False

    def came(self, answers: Mapping[str, Response], missing: int) -> None:
        """Answers that will not change any more, by the keys of their requests; so many more
        are missing."""
        # Once the last question is out nothing waits for this process.
        self._begun, self._busy = True, missing > self._at_once
        for key, response in answers.items():
            for part, place in self._about.pop(key, ()):
                self._unread[part].append((place, response))

    def work(self) -> Iterator[bool]:
        """Does a piece of it between two looks at the iterator, which never ends and tells whether
        it did one.

        Not before the first answer came, nor if one came since the last look whose place another
        question takes: where the processor is what a run waits for, it would wait for this, too.
        """
        pieces = self._pieces()
        while True:
            did = self._begun and not self._busy and next(pieces)
            self._busy = False
            yield did

    def _pieces(self) -> Iterator[bool]:
        for (id, name), items in self._here.items():
            if name == "upright":
                self.baselines[id] = yield from headlines(self._plan.score_set(id, name), items)
        while True:
            part = next((part for part, unread in self._unread.items() if unread), None)
            if part:
                self._read_some(part)
            yield part is not None

    def _read_some(self, part: Part) -> None:
        unread, items = self._unread[part], self._here[part]
        piece, self._unread[part] = unread[:PIECE], unread[PIECE:]
        places = [place for place, _ in piece]
        given = [(items[place], response) for place, response in piece]
        read = judged_alone(self._plan.score_set(*part), given)
        for place, one in zip(places, read, strict=True):
            self.judged[part][place] = one
        if self._final:
            self.made[part].add(places, self._plan.dimensions[part[0]], read)
