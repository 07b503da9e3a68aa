"""Does the work: plan, ask, judge, store."""

from upright.runs.cache import Cache, open_cache
from upright.runs.conduct import Options, run
from upright.runs.desk import OnProgress, Progress
from upright.runs.engine import Patience
from upright.runs.forecast import Forecast, Price, forecast
from upright.runs.limits import Limits
from upright.runs.plan import Item, Plan, make_plan
from upright.runs.relabel import relabel
from upright.runs.store import Run, open_run

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
