"""JBC: the question is put into one fixed template that people passed round.

JailbreakBench's "JB-Chat" (arXiv 2404.01318): a template written by hand, the same for every goal.
The template is not ours to spread: name a file of your own, with {goal} where the question goes.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from upright.core import Card, Dimension, Target, UsageError, ask

CARD = Card(
    title="Jailbreak template (JBC)",
    paper="2404.01318",
    measures="Whether one template written by hand opens a model for every question",
    dimension=Dimension.SAFETY,
    data="a template file of yours",
    licence="Apache-2.0",
    limits=(
        "No template is shipped. JailbreakBench's stored prompts can be asked as they are: "
        "upright run --attack-strings.",
        "A template that is public is known to whoever trained the model: what it reaches is a "
        "lower bound.",
    ),
)
SLOT = "{goal}"


@dataclass(frozen=True)
class Jbc:
    """`template` is the text, with the SLOT in it; "" where no file was named."""

    template: str = ""
    card: Card = CARD

    @property
    def id(self) -> str:
        """Ends with a hash of the template."""
        return f"jbc({sha256(self.template.encode()).hexdigest()[:8]})" if self.template else "jbc"

    async def pursue(self, target: Target) -> None:
        if not self.template:
            raise UsageError(
                f"jbc has no template: name a text file with {SLOT} in it, jbc:template=FILE."
            )
        await target.attempt(ask(self.template.replace(SLOT, target.goal.text)))


def jbc(template: str = "") -> Jbc:
    return Jbc(_read(template)) if template else Jbc()


def _read(file: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The template {file} cannot be read: {error}.") from error
    if SLOT not in text:
        raise UsageError(f"The template {file} has no {SLOT}: write it where the question goes.")
    return text
