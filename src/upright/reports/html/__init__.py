"""What every page is made of: the shell, drawings, charts, data blocks.

shell(template, context, assets)  the page, with the policy that forbids everything else
write(page, path)                 whole or not at all
interval_chart, share_chart       dots with intervals, shares of a whole: Vega-Lite specifications
scatter_chart, matrix_chart       models in two columns at once, every pair of columns: the same
draw, outcome_segments            the same as small drawings that need no script

A page's template extends `shell.html.j2` and imports macros from `_charts.html.j2` (drawings,
legend, interactive charts) and `_texts.html.j2` (what others wrote, folded or masked). Its classes
are those of `shell.css` and `parts.css`; texts of a context may be anything, none needs escaping.
"""

from upright.reports.html.drawing import Chart, Point, dot_chart, draw, outcome_segments
from upright.reports.html.pairs import Dot, Pairing, matrix_chart, scatter_chart
from upright.reports.html.shell import Assets, shell, write
from upright.reports.html.specs import Part, Spec, interval_chart, share_chart

__all__ = [
    "Assets",
    "Chart",
    "Dot",
    "Pairing",
    "Part",
    "Point",
    "Spec",
    "dot_chart",
    "draw",
    "interval_chart",
    "matrix_chart",
    "outcome_segments",
    "scatter_chart",
    "share_chart",
    "shell",
    "write",
]
