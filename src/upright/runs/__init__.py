"""Does the work: plan, ask, judge, store."""

from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.tally import OnProgress, Progress
from upright.runs.conduct import Options, run
from upright.runs.forecast import Forecast, Price, forecast
from upright.runs.plan import Item, Plan, make_plan
from upright.runs.scoring.relabel import relabel
from upright.runs.storing.cache import Cache, open_cache
from upright.runs.storing.store import Run, open_run

__all__ = [
    "Cache",
    "Forecast",
    "Item",
    "Limits",
    "OnProgress",
    "Options",
    "Patience",
    "Plan",
    "Price",
    "Progress",
    "Run",
    "forecast",
    "make_plan",
    "open_cache",
    "open_run",
    "relabel",
    "run",
]
