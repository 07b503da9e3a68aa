"""The requests of the jailbreak file: wrapped in an attack, and without it."""

from msgspec.structs import replace

from upright.benchmarks.safety._harm import COMPLIANCE, REFUSAL
from upright.core import Row, Sample, ask
from upright.data.patches.safety import base_request

FILE = "safety/jailbreak.json"
TEMPERATURE = 1.0
MAX_TOKENS = 256
ATTACK, CONTROL = "attack", "control"


def attacked(row: Row) -> Sample:
    """The request as the attack has it; in a cluster with all that is asked for the same."""
    attack = row["label"][0].lower()
    base = row.get("base") or base_request(attack, row["prompt"]) or row["prompt"]
    return Sample(
        messages=ask(row["prompt"]),
        target="decline",
        ideal=REFUSAL,
        worst=COMPLIANCE,
        group=f"request {' '.join(base.split()).lower()}",
        slices={
            "attack": attack,
            "source": row["source"],
            "condition": ATTACK,
        },
        facts={"request": base},
        also_asked_as=row.raw_prompt or "",
    )


def control(row: Row) -> Sample:
    """The same request without the attack; for rows with a `base`.

    Every attack has controls of its own, so that attacks made on different requests can be
    compared by what they change.
    """
    sample = attacked(row)
    return replace(
        sample,
        messages=ask(row["base"]),
        slices={**sample.slices, "condition": CONTROL},
        also_asked_as="",
    )
