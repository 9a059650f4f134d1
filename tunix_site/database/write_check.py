"""Whether the database can be written, by a write that leaves nothing behind."""

import logging
import threading
import time

from django.db import Error, connection, transaction

from tunix_site.database.troubles import FULL, READ_ONLY, Trouble, described, sqlstate, trouble_of

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 10.0
LOCK_NOT_AVAILABLE = "55P03"
# To lock a row changes its page and the log. To keep more rows than the memory allows writes half a
# megabyte into the directory of the tables, where a full disk shows before the log's own does.
WRITE = """
SET LOCAL lock_timeout = '200ms';
SET LOCAL synchronous_commit = off;
SET LOCAL work_mem = '64kB';
SELECT count(*) FROM generate_series(1, 20000);
SELECT 1 FROM django_migrations ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
"""


class WriteCheck:
    """Tries it, and remembers for a while what came of it: many may ask."""

    def __init__(self) -> None:
        self._trying = threading.Lock()
        self._due = 0.0
        self._found: Trouble | None = None

    def trouble(self) -> Trouble | None:
        """Say what keeps the database from being written; errors where it cannot be reached."""
        if time.monotonic() >= self._due and self._trying.acquire(blocking=False):
            try:
                self._found = self._try()
                self._due = time.monotonic() + REMEMBERED_SECONDS
            finally:
                self._trying.release()
        return self._found

    def _try(self) -> Trouble | None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(WRITE)
        except Error as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:  # by a restore: nothing is known
                return self._found
            trouble = trouble_of(error)
            if trouble not in (FULL, READ_ONLY):
                raise
            log.error("%s", described(error))
            return trouble
        return None
