"""How far something has come is told to a function of the caller's."""

from collections.abc import Callable

# of what is done, and of the whole where that is known
Progress = Callable[[int, int | None], None]


def silent(done: int, total: int | None) -> None:
    """Tell nobody."""
