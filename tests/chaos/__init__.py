"""Runs under everything that goes wrong at once: `make chaos`, and a few among the tests."""
