"""Runs under everything that can go wrong at once: `make chaos`, and a short one among the tests."""
