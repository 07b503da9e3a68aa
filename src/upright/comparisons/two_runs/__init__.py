"""Baseline and candidate: paired answer by answer, and whether one may replace the other."""
