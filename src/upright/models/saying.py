"""A word to whoever waits for a model."""

from rich.console import Console


def say(text: str) -> None:
    """On stderr, above the progress bar where there is one."""
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
