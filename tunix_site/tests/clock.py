"""A clock that stands still until a test moves it."""


class Clock:
    """Stands for the time module where a module of ours looks at the monotonic clock."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now
