"""Vega, Vega-Lite and the interpreter, as a page carries them: see vendor/README.md."""

import re
from functools import cache
from pathlib import Path

VENDOR = Path(__file__).parent.parent / "vendor"
INTERPRETER = "vega-interpreter.js"
ORDER = ("vega.min.js", "vega-lite.min.js", INTERPRETER)
"""Each needs those before it."""

NEEDED = "{ ascending, isString, DisallowedObjectProperties }"
IMPORT = f"import {NEEDED} from 'vega-util';"
EXPORT = "export { expression as expressionInterpreter };"
MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
"""A map would be looked for beside the page."""


@cache
def library() -> tuple[str, ...]:
    """The scripts in the order they run."""
    return tuple(_source(name) for name in ORDER)


def _source(name: str) -> str:
    text = MAP.sub("", (VENDOR / name).read_text(encoding="utf-8"))
    return _as_script(text) if name == INTERPRETER else text


def _as_script(module: str) -> str:
    """A module of one import and one export as a plain script that adds to `vega`."""
    body = module.replace(IMPORT, f"const {NEEDED} = vega;")
    return f"(() => {{{body.replace(EXPORT, 'vega.expressionInterpreter = expression;')}}})();"
