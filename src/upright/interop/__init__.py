"""Runs from and for other tools: what they stored becomes a run, a run becomes what they read."""
