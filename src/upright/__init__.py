"""Upright measures how far a language model can be trusted.

    import upright
    run = upright.evaluate("local/smollm2-135m")
    run.estimates

Names are imported on first use, so that `import upright` costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upright.api import (
        Findings,
        Job,
        Leaderboard,
        Run,
        Trial,
        attack,
        attack_table,
        compare,
        defend,
        evaluate,
        export,
        findings,
        import_run,
        leaderboard,
        open_run,
        pack,
        preview,
        relabel,
        repair,
        score,
        select,
        serve,
        verify,
    )

__version__ = "0.1.0"
__all__ = [
    "Findings",
    "Job",
    "Leaderboard",
    "Run",
    "Trial",
    "attack",
    "attack_table",
    "compare",
    "defend",
    "evaluate",
    "export",
    "findings",
    "import_run",
    "leaderboard",
    "open_run",
    "pack",
    "preview",
    "relabel",
    "repair",
    "score",
    "select",
    "serve",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from upright import api

        return getattr(api, name)
    raise AttributeError(f"module 'upright' has no attribute {name!r}")
