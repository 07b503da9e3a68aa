"""Drives models: who is asked, how fast, and what happens when it fails."""
