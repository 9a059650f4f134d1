"""What an error of the database tells of its state, and what is said of that."""

import psycopg
import pytest
from django.db import DataError, InterfaceError, InternalError, OperationalError
from psycopg import errors

from tunix_site.api.error_responses import server_error
from tunix_site.database import troubles as troubles
from tunix_site.database.troubles import described, trouble_of


def wrapped(kind: type[Exception], cause: Exception) -> Exception:
    """As Django raises it."""
    error = kind(*cause.args)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (wrapped(OperationalError, errors.DiskFull("x")), troubles.FULL),
        (wrapped(OperationalError, errors.AdminShutdown("x")), troubles.STOPPING),
        (wrapped(OperationalError, errors.CrashShutdown("x")), troubles.STOPPING),
        (wrapped(OperationalError, errors.CannotConnectNow("x")), troubles.STARTING),
        (wrapped(OperationalError, errors.TooManyConnections("x")), troubles.CROWDED),
        (wrapped(OperationalError, errors.OutOfMemory("x")), troubles.SHORT),
        (wrapped(OperationalError, errors.IoError("x")), troubles.BROKEN),
        (wrapped(InternalError, errors.ReadOnlySqlTransaction("x")), troubles.READ_ONLY),
        (wrapped(OperationalError, errors.ConnectionFailure("x")), troubles.AWAY),
        (wrapped(OperationalError, errors.DeadlockDetected("x")), troubles.CONTENDED),
        (wrapped(OperationalError, errors.SerializationFailure("x")), troubles.CONTENDED),
        (wrapped(OperationalError, errors.LockNotAvailable("x")), troubles.CONTENDED),
        (wrapped(OperationalError, errors.QueryCanceled("x")), troubles.CONTENDED),
        (wrapped(OperationalError, psycopg.OperationalError("x")), troubles.AWAY),
        (OperationalError("FATAL:  the database system is starting up"), troubles.STARTING),
        (OperationalError("FATAL:  the database system is shutting down"), troubles.STOPPING),
        (OperationalError("FATAL:  sorry, too many clients already"), troubles.CROWDED),
        (InterfaceError("the connection is closed"), troubles.AWAY),
        (wrapped(InternalError, errors.ProgramLimitExceeded("x")), None),
        (DataError("ours"), None),
        (ValueError("ours"), None),
        (None, None),
    ],
)
def test_errors_tell_of_states(error, trouble):
    assert trouble_of(error) == trouble


def test_the_log_names_the_state_and_quotes_nothing():
    error = wrapped(OperationalError, errors.DiskFull("could not extend SECRETWORD"))
    assert described(error) == "the database is full (SQLSTATE 53100)"
    assert described(OperationalError("host=SECRETWORD")) == (
        "the database is away (SQLSTATE none)"
    )


def test_what_fails_after_the_view_is_answered_alike(rf):
    """A session that is stored at the end, for one."""
    try:
        raise wrapped(OperationalError, errors.DiskFull("x"))
    except OperationalError:
        response = server_error(rf.get("/admin/"))
    assert (response.status_code, response.headers.get("Retry-After")) == (507, None)
    assert server_error(rf.get("/admin/")).status_code == 500
