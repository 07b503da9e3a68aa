"""Does the work: plan, ask, judge, store.

Names are imported on first use: a worker that only asks starts without what reads answers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upright.runs.asking.engine import Patience
    from upright.runs.asking.limits import Limits
    from upright.runs.asking.stand_ins import Paced, Remembered
    from upright.runs.asking.tally import OnProgress, Progress
    from upright.runs.conduct import Options, run
    from upright.runs.cost import Forecast, Price, forecast
    from upright.runs.items import Item
    from upright.runs.plan import Plan, make_plan
    from upright.runs.scoring.referring import read_reference
    from upright.runs.scoring.relabel import relabel
    from upright.runs.storing.cache import Cache, open_cache
    from upright.runs.storing.store import Run, open_run
    from upright.runs.workers.staffing import Reached, Staffing

_FILES = {
    "asking.engine": ("Patience",),
    "asking.limits": ("Limits",),
    "asking.stand_ins": ("Paced", "Remembered"),
    "asking.tally": ("OnProgress", "Progress"),
    "conduct": ("Options", "run"),
    "cost": ("Forecast", "Price", "forecast"),
    "items": ("Item",),
    "plan": ("Plan", "make_plan"),
    "scoring.referring": ("read_reference",),
    "scoring.relabel": ("relabel",),
    "storing.cache": ("Cache", "open_cache"),
    "storing.store": ("Run", "open_run"),
    "workers.staffing": ("Reached", "Staffing"),
}
_HOME = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "Cache",
    "Forecast",
    "Item",
    "Limits",
    "OnProgress",
    "Options",
    "Paced",
    "Patience",
    "Plan",
    "Price",
    "Progress",
    "Reached",
    "Remembered",
    "Run",
    "Staffing",
    "forecast",
    "make_plan",
    "open_cache",
    "open_run",
    "read_reference",
    "relabel",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
