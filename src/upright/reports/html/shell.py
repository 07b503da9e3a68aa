"""One shell for every page: no network, no font, nothing to install.

Everything a model or a dataset wrote reaches a page through `inert` and Jinja's escaping (both
applied to every expression) or through `embed`; no script sees it as code. The page's own policy
forbids every script, style and request but those named by their hashes.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upright.core.inert import inert
from upright.reports.html.clipping import clip
from upright.reports.html.drawing import dot_chart, outcome_kind, outcome_segments
from upright.reports.html.embed import json_block, packed_block
from upright.reports.html.library import library
from upright.reports.scale import arrow, corrected, interval, number
from upright.runs.storing.tables import write_whole

TEMPLATES = Path(__file__).parent.parent / "templates"


class Assets(NamedTuple):
    """A page's own style and script files, after those of the shell; whether it draws charts."""

    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    charts: bool = True


def shell(template: str, context: Mapping[str, Any], assets: Assets) -> str:
    """A whole page; the same context always gives the same page, byte for byte."""
    style = "\n".join(_asset(name) for name in ("shell.css", "parts.css", *assets.styles))
    drawing = ("charts.js",) if assets.charts else ()
    scripts = [_asset(name) for name in ("shell.js", *drawing, *assets.scripts)]
    sources = library() if assets.charts else ()
    return (
        environment()
        .get_template(template)
        .render(
            **context,
            policy=policy(style, [*scripts, *sources]),
            style=Markup(style),
            scripts=[Markup(script) for script in scripts],
            library=[packed_block("library", source.encode()) for source in sources],
        )
    )


def write(page: str, path: Path) -> None:
    """Whole or not at all; raises StoreError where the disk will not have it."""
    text = page.encode()  # lone surrogates cannot occur: everything went through `inert`
    write_whole(path, lambda file: file.write_bytes(text))


def policy(style: str, scripts: Sequence[str]) -> str:
    allowed = " ".join(f"'{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; style-src '{_sha256(style)}'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def environment() -> Environment:
    """One for all pages: it keeps the templates that it compiled."""
    found = Environment(
        loader=PackageLoader("upright.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        clip=clip,
        dot_chart=dot_chart,
        json_block=json_block,
        outcome_segments=outcome_segments,
    )
    found.filters.update(
        number=number,
        arrow=arrow,
        interval=interval,
        corrected=corrected,
        kind=outcome_kind,
        words=lambda name: name.replace("_", " "),
        percent=lambda share: f"{share:.0%}".replace("%", " %"),
        thousands=lambda n: f"{n:,}",
        short=lambda title: title.split(" (", 1)[0],
        anchor=lambda id: id.replace("/", "-").replace(" ", "-"),
    )
    return found


def _finalize(value: Any) -> Any:
    """Runs on every expression before escaping: no text can be forgotten."""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
