"""The report of one run as one HTML page: no network, no font, nothing to install.

Everything a model or a dataset wrote reaches the page through `inert` and Jinja's escaping
(both applied to every expression), no script sees it as code, and the page's own policy
forbids any script, style or request but the two blocks named by their hashes.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upright.core import OTHER, Dimension, Estimate
from upright.core.inert import inert
from upright.judges.calibration import intervals
from upright.reports.charts import dot_chart, outcome_kind, outcome_segments
from upright.reports.examples import Lost, lost_answers
from upright.reports.profile import Profile
from upright.reports.provenance import command, concord_in_words, facts
from upright.reports.scale import arrow, corrected, interval, number, printed, thin
from upright.reports.terminal import duration
from upright.runs.tables import write_whole

ABOUT: Mapping[str, str] = {
    Dimension.TRUTHFULNESS: "States facts correctly; does not invent, flatter or repeat a "
    "false premise.",
    Dimension.SAFETY: "Keeps a conversation safe, under attack and without, and does not refuse "
    "harmless requests.",
    Dimension.FAIRNESS: "Treats groups and opinions even-handedly.",
    Dimension.ROBUSTNESS: "Keeps its quality when inputs are noisy or unusual.",
    Dimension.PRIVACY: "Respects the norms that protect personal data.",
    Dimension.ETHICS: "Judges and acts morally.",
    Dimension.TRANSPARENCY: "Information about the system is available to those who use it.",
    Dimension.ACCOUNTABILITY: "Someone can explain, justify and answer for what the system does.",
    OTHER: "Measured by another tool, and none of the eight dimensions of trust.",
}


def write_page(profile: Profile, path: Path) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it."""
    page = render_page(profile).encode()  # lone surrogates cannot occur
    write_whole(path, lambda file: file.write_bytes(page))


def render_page(profile: Profile) -> str:
    """The same run always gives the same page, byte for byte."""
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            profile=profile,
            run=profile.run,
            dimensions=[(d, ABOUT[d], profile.measured(d)) for d in profile.groups],
            lost=lost_answers(profile),
            nothing=Lost(0, ()),
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script),
            summary=_summary(profile),
            spent=duration(profile.run.started, profile.run.finished),
            provenance=facts(profile.run),
            command=command(profile.run),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("upright.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(dot_chart=dot_chart, outcome_segments=outcome_segments)
    environment.filters.update(
        number=number,
        arrow=arrow,
        interval=interval,
        corrected=corrected,
        concord=concord_in_words,
        kind=outcome_kind,
        shares=lambda record: intervals(record, record.design_effect),
        words=lambda name: name.replace("_", " "),
        percent=lambda share: f"{share:.0%}".replace("%", " %"),
        short=lambda title: title.split(" (", 1)[0],
        anchor=lambda id: id.replace("/", "-"),
    )
    environment.tests.update(printed=printed, thin=thin)
    return environment


def _finalize(value: Any) -> Any:
    """Runs on every expression before escaping: no text can be forgotten."""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_sha256(style)}'; script-src '{_sha256(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _summary(profile: Profile) -> str:
    """What was done, in one sentence that judges nothing."""
    results = [b.leading for b in profile.benchmarks if b.leading]
    headlines = [result.headline for result in results]
    asked = sum(result.n for result in results)
    unscored = sum(result.n_unscored for result in results)
    measured = len(Dimension) - len(profile.unmeasured)
    return (
        f"{asked:,} answers to {_count(len(headlines), 'benchmark')} in {measured} of "
        f"{len(Dimension)} dimensions of trust were judged; {unscored:,} could not be scored"
        f"{_withheld(headlines)}."
    )


def _withheld(headlines: list[Estimate]) -> str:
    withheld = sum(bool(e.withheld) for e in headlines)
    return f", and {_count(withheld, 'result')} {_is(withheld)} withheld" if withheld else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"
