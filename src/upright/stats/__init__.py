"""How sure we are: intervals, bootstraps, and the metrics built on them."""
