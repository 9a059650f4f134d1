"""What is the matter with the database, by SQLSTATE: for clients, the log and the health check."""

from typing import NamedTuple

from django.db import Error, InterfaceError, OperationalError


class Trouble(NamedTuple):
    """A state that the database is in, as `reason`, and the answer to a request that met it.

    A program's or a client's mistake is none.
    """

    reason: str
    status_code: int
    detail: str


AWAY = Trouble("away", 503, "The database is not available.")
STARTING = Trouble("starting up", 503, "The database is starting up.")
STOPPING = Trouble("shutting down", 503, "The database is being shut down or restarted.")
CROWDED = Trouble("out of connections", 503, "The database has no connection left.")
SHORT = Trouble("out of memory", 503, "The database is short of memory.")
FULL = Trouble("full", 507, "The database's disk is full: nothing was stored.")
BROKEN = Trouble("failing", 503, "The database cannot read or write its disk.")
READ_ONLY = Trouble("read-only", 503, "The database is read-only: nothing was stored.")
CONTENDED = Trouble(
    "contended",
    503,
    "The database ended this: others hold what it needs, or it took too long. Send it again.",
)
TROUBLES = (AWAY, STARTING, STOPPING, CROWDED, SHORT, FULL, BROKEN, READ_ONLY, CONTENDED)

BY_STATE = {
    "25006": READ_ONLY,  # read_only_sql_transaction, as on a standby
    "40001": CONTENDED,  # serialization_failure
    "40P01": CONTENDED,  # deadlock_detected
    "53100": FULL,  # disk_full
    "53200": SHORT,  # out_of_memory
    "53300": CROWDED,  # too_many_connections
    "55P03": CONTENDED,  # lock_not_available
    "57014": CONTENDED,  # query_canceled
    "57P01": STOPPING,  # admin_shutdown
    "57P02": STOPPING,  # crash_shutdown
    "57P03": STARTING,  # cannot_connect_now
    "58030": BROKEN,  # io_error
}
# A connection that is refused comes without a state; the server's words tell, where it has English.
BY_WORDS = {
    "the database system is starting up": STARTING,
    "the database system is in recovery mode": STARTING,
    "the database system is not yet accepting connections": STARTING,
    "the database system is shutting down": STOPPING,
    "too many clients already": CROWDED,
    "remaining connection slots are reserved": CROWDED,
    "too many connections": CROWDED,
}


def sqlstate(error: BaseException) -> str:
    """Give the SQLSTATE of an error of Django's or psycopg's; nothing where it has none."""
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return state or ""


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Say what state of the database an error tells of; None for any other error."""
    if not isinstance(error, Error):
        return None
    state = sqlstate(error)
    if state in BY_STATE:
        return BY_STATE[state]
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    words = "" if state else str(error)
    return next((trouble for known, trouble in BY_WORDS.items() if known in words), AWAY)


def described(error: BaseException) -> str:
    """Say in a line of the log what is the matter; what the error quotes is left out."""
    trouble = trouble_of(error)
    reason = f"the database is {trouble.reason}" if trouble else type(error).__name__
    return f"{reason} (SQLSTATE {sqlstate(error) or 'none'})"
