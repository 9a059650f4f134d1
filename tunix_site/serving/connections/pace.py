"""How slow a client may be: a few seconds without a byte, and a floor on average."""

from dataclasses import dataclass

WINDOW_SECONDS = 60.0
WINDOW_BYTES = 60 * 1024  # 1 KiB a second


class TooSlow(TimeoutError):
    """A client sends or takes too little; its connection is given up."""


@dataclass
class Pace:
    """Count what we wait for a client, and what comes of it; our own work is not the client's time.

    Some bytes must move within `seconds`, and in each minute of waiting at least WINDOW_BYTES.
    """

    seconds: float
    waited: float = 0.0
    moved: int = 0

    def patience(self) -> float:
        """Give the seconds that the next bytes may take."""
        if self.moved >= WINDOW_BYTES:
            return self.seconds
        return min(self.seconds, WINDOW_SECONDS - self.waited)

    def note(self, waited: float, moved: int) -> None:
        """Count a wait and the bytes that ended it; TooSlow below the floor."""
        self.waited += waited
        self.moved += moved
        if self.waited >= WINDOW_SECONDS:
            if self.moved < WINDOW_BYTES:
                raise TooSlow
            self.waited, self.moved = 0.0, 0
