"""What a connection may be at, and what the event loop watches it for meanwhile."""

import enum
import selectors


class State(enum.Enum):
    READING = "its request comes"
    READY = "it waits for a thread"
    WORKING = "a thread has it"
    SENDING = "it takes what the thread has left of the answer"
    LINGERING = "it was told that nothing follows, and what it sends is thrown away"
    CLOSED = "nothing is left of it"


class Outcome(enum.Enum):
    """What a thread says when it gives a connection back."""

    KEEP = "another request may follow"
    CLOSE = "none follows"
    GONE = "the client is gone, or an answer broke off"
    BROKEN = "nothing was answered yet"


EVENTS = {
    State.READING: selectors.EVENT_READ,
    State.SENDING: selectors.EVENT_WRITE,
    State.LINGERING: selectors.EVENT_READ,
}
