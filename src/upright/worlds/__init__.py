"""Simulated environments, fictional by construction."""
