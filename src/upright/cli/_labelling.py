"""The labelling screen: one answer at a time, one key each; what the judge said comes after."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from upright.core.inert import inert
from upright.runs.scoring.labelling import Question

Keys = Callable[[], str]
"""Waits for a key; "q" where none will come any more."""
Record = Callable[[Question, int | None], None]

HELP = "y yes   n no   s skip   u undo   m show the prompt   q quit"
LONGEST = 4_000
"""Characters of one text that the screen shows."""
SAID = {True: "yes", False: "no"}


@dataclass
class Screen:
    """Asks, records each answer at once, and keeps count."""

    console: Console
    keys: Keys
    record: Record
    answered: list[tuple[int, bool]] = field(default_factory=list)

    def ask(self, queue: Sequence[Question]) -> Counter[str]:
        """Until the queue ends or somebody quits. Ctrl-C is a way of quitting."""
        at, told = 0, Counter[str]()
        try:
            while at < len(queue):
                key = self._key_for(queue[at])
                if key == "q":
                    break
                at = self._act(key, queue, at)
                told["skipped"] += key == "s"
        except KeyboardInterrupt:
            self.console.print()
        told["labelled"] = len(self.answered)
        told["agreed"] = sum(same for _, same in self.answered)
        return told

    def _key_for(self, question: Question) -> str:
        masked = question.harmful
        self._show(question, masked=masked)
        while (key := self.keys().casefold()) not in tuple("ynsuq"):
            if key == "m" and masked:
                masked = False
                self._show(question, masked=masked)
            else:
                self.console.print(Text(HELP, style="dim"))
        return key

    def _act(self, key: str, queue: Sequence[Question], at: int) -> int:
        """The place of the next question."""
        if key == "u":
            return self._undo(queue, at)
        if key in ("y", "n"):
            question, yes = queue[at], key == "y"
            self.record(question, int(yes))
            self.answered.append((at, yes == question.says))
            self._tell(question, yes=yes)
        return at + 1

    def _undo(self, queue: Sequence[Question], at: int) -> int:
        if not self.answered:
            self.console.print(Text("Nothing to undo.", style="dim"))
            return at
        back, _ = self.answered.pop()
        self.record(queue[back], None)
        self.console.print(Text("Taken back.", style="dim"))
        return back

    def _tell(self, question: Question, *, yes: bool) -> None:
        verdict = question.item.verdict
        same = yes == question.says
        told = Text(
            f"You: {SAID[yes]}.  Judge: {SAID[question.says]}", "" if same else "bold yellow"
        )
        told.append(f"  ({verdict.judge}: {verdict.outcome})", style="dim")
        self.console.print(told)

    def _show(self, question: Question, *, masked: bool) -> None:
        place = f"{question.place} of {question.total}"
        self.console.print(Rule(Text(f"{inert(question.about.benchmark)}  {place}")))
        hidden = Text("masked: it may be harmful; m shows it", style="dim italic")
        prompt = hidden if masked else _text(question.item.sample.prompt)
        self.console.print(Panel(prompt, title="prompt", title_align="left", border_style="dim"))
        response = _text(question.item.response.text or "(empty)")
        self.console.print(Panel(response, title="response", title_align="left"))
        asked = Text(f"Is this: {question.about.event}?  ", style="bold")
        self.console.print(asked.append(HELP, style="not bold dim"))


def _text(text: str) -> Text:
    """Nothing in it acts on the terminal; the middle of a very long one is left out."""
    if len(text) > LONGEST:
        half = LONGEST // 2
        text = f"{text[:half]}\n[{len(text) - 2 * half:,} characters left out]\n{text[-half:]}"
    return Text(inert(text))


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Single keys from a terminal; from a pipe the first letter of each line."""
    if not sys.stdin.isatty():
        yield _from_lines
    elif sys.platform == "win32":
        import msvcrt

        yield msvcrt.getwch
    else:
        import termios
        import tty

        before = termios.tcgetattr(sys.stdin)
        try:
            # Keys one by one, but Ctrl-C still interrupts.
            tty.setcbreak(sys.stdin)
            yield lambda: sys.stdin.read(1) or "q"
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _from_lines() -> str:
    line = sys.stdin.readline()
    return line.strip()[:1] if line else "q"
