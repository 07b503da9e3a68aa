"""A word to whoever waits for a model."""


def say(text: str) -> None:
    """On stderr, above the progress bar where there is one."""
    from rich.console import Console  # noqa: PLC0415 - a worker that says nothing starts sooner

    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
