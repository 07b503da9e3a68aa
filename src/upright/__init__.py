"""Upright measures how far a language model can be trusted."""

__version__ = "0.1.0"
