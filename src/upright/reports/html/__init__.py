"""What every page is made of: the shell, drawings, charts, data blocks.

shell(template, context)         the page, with the policy that forbids everything else
interval_chart(points, axis)     dots with intervals, as a Vega-Lite specification
share_chart(parts)               stacked shares of a whole
dot_chart, outcome_segments      the same as small drawings that need no script

A page's template extends `shell.html.j2` and imports its macros from `_charts.html.j2`.
"""

from upright.reports.html.drawing import dot_chart, outcome_segments
from upright.reports.html.shell import Assets, shell, write
from upright.reports.html.specs import Part, Point, Spec, interval_chart, share_chart

__all__ = [
    "Assets",
    "Part",
    "Point",
    "Spec",
    "dot_chart",
    "interval_chart",
    "outcome_segments",
    "share_chart",
    "shell",
    "write",
]
