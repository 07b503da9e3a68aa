"""Runs side by side and the paper's table: places with intervals, never one score."""
