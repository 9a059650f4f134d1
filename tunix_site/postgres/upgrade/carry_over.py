"""Data of an earlier PostgreSQL is carried over to ours, and keeps its place until that answers.

All is made aside, in `data.new`, from which only one name leads on: what was compared is called
`data.carried`, and then `data`. So whatever a killed command leaves is either whole or thrown away,
and the earlier one's data is there as it was, in the end as `data-16`.
"""

import contextlib
import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg.rows import class_row

from tunix_site.postgres import data_directory
from tunix_site.postgres.programs import Programs
from tunix_site.postgres.server import Server
from tunix_site.postgres.telling import PostgresError, patience, say
from tunix_site.postgres.upgrade.inventory import Inventory, differences, inventory, rows
from tunix_site.postgres.upgrade.transfer import Transfer, size_of

OLD_PORT, NEW_PORT = 50432, 50433  # nobody else looks for a server there
ROOM_BYTES = 256 * 1024**2  # a new cluster's own tables and log
ROOM_OF_A_LOAD_BYTES = 1536 * 1024**2  # its log of changes, and what indexes are sorted in
LEFT_SECONDS = 600
PAUSE_SECONDS = 0.2
QUIET = ("-c", "autovacuum=off")
# columns of later and earlier versions are asked for by their names' text
LIKE = """
SELECT
    pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype,
    datlocprovider::text AS provider,
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
    current_setting('data_checksums') = 'on' AS checksums
FROM pg_database d
WHERE datname = 'template0'
"""


@dataclass(frozen=True)
class Like:
    """How a cluster was made: what cannot be changed afterwards."""

    encoding: str
    collate: str
    ctype: str
    provider: str
    locale: str | None
    checksums: bool

    def options(self) -> list[str]:
        """Give it as initdb takes it."""
        provider = {
            "c": ["--locale-provider=libc"],
            "i": ["--locale-provider=icu", f"--icu-locale={self.locale}"],
            "b": ["--locale-provider=builtin", f"--builtin-locale={self.locale}"],
        }
        return [
            f"--encoding={self.encoding}",
            f"--locale={self.collate}",
            f"--lc-ctype={self.ctype}",
            "--data-checksums" if self.checksums else "--no-data-checksums",
            *provider[self.provider],
        ]


def finish(data: Path) -> None:
    """Put in place what was broken off between two names."""
    carried = data.with_name("data.carried")
    if carried.exists() and not data.exists():
        carried.rename(data)
        _sync(data.parent)
        say(f"{data} was carried over to a later PostgreSQL.")


class CarryOver:
    """A data directory, and the programs of two versions; their one caller holds the locks."""

    def __init__(
        self, data: Path, *, from_: Programs, to: Programs, socket_dir: Path, log: Path
    ) -> None:
        self.data = data
        self.draft = data.with_name("data.new")
        self.carried = data.with_name("data.carried")
        self.kept = data.with_name(f"data-{from_.version}")
        self.from_, self.to = from_, to
        self.old = Server(data, socket_dir=socket_dir, log=log, port=OLD_PORT)
        self.new = Server(self.draft, socket_dir=socket_dir, log=log, port=NEW_PORT)
        self.root = data.parent

    def run(self) -> None:
        """Carry the data over; PostgresError where it stays as it was."""
        began = time.monotonic()
        try:
            with self._alone() as held:
                self.clear()
                self.check_room()
                say(
                    f"Carrying {self.data} over from PostgreSQL {self.from_.version} to "
                    f"{self.to.version}: {_told(size_of(self.data))}, once."
                )
                try:
                    like, before = self.take_stock()
                    self.make_new(like, held)
                    self.fill(held)
                    self.compare(before)
                except BaseException:
                    self._give_up()
                    raise
                self.put_in_place()
        except (PostgresError, psycopg.Error, OSError) as error:
            raise PostgresError(
                f"{self.data} could not be carried over from PostgreSQL {self.from_.version} to "
                f"{self.to.version}. It is as it was: the version of the site before this one "
                f"goes on with it. {error}"
            ) from None
        say(
            f"PostgreSQL {self.to.version} holds what {self.from_.version} held: {rows(before):,} "
            f"rows, after {time.monotonic() - began:.0f} s. The data of {self.from_.version} is "
            f"kept; to delete it: rm -r {shlex.quote(str(self.kept))}"
        )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """Wait until nothing is left of a command that was killed over this; give our lock."""
        until = time.monotonic() + LEFT_SECONDS
        with (self.root / "carry.lock").open("ab") as lock:
            with patience("Waiting for what is left of a command that was killed..."):
                while not self._lock(lock):
                    if time.monotonic() > until:
                        raise PostgresError("A program of an earlier try still runs.")
                    time.sleep(PAUSE_SECONDS)
            yield lock.fileno()

    def _lock(self, lock: IO[bytes]) -> bool:
        """Take the lock that programs of ours hold as well, once their servers are ended."""
        for server in (self.old, self.new):
            server.stop()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def clear(self) -> None:
        """Throw away what a killed command left, and see that there is a name for what is kept."""
        for path in (self.draft, self.carried):
            if path.exists():
                say(f"Throwing away {path}, which was not finished.")
                shutil.rmtree(path)
        if self.kept.exists():
            raise PostgresError(f"There is a {self.kept} already: move it away.")

    def check_room(self) -> None:
        way = ROOM_BYTES if self.to.has("pg_upgrade") else ROOM_OF_A_LOAD_BYTES
        needed, free = size_of(self.data) + way, shutil.disk_usage(self.root).free
        if needed > free:
            raise PostgresError(
                f"{_told(needed)} are needed beside it, and {_told(free)} are free: make room."
            )

    def take_stock(self) -> tuple[Like, Inventory]:
        """Read how the old cluster was made, and count what it holds.

        Where its server was killed, it recovers by that.
        """
        data_directory.configure(self.data, self.old.socket_dir, self.from_)
        data_directory.give(self.data, self.from_.account.owner)
        with self.old.running(self.from_, *QUIET):
            with self.old.connect() as connection:
                like = connection.cursor(row_factory=class_row(Like)).execute(LIKE).fetchone()
            return cast(Like, like), inventory(self.old, desc="counting rows")

    def make_new(self, like: Like, held: int) -> None:
        """Make a cluster of the old one's encoding, locale and checksums: these stay."""
        data_directory.make(self.draft, self.to, like.options(), pass_fds=[held])
        data_directory.configure(self.draft, self.new.socket_dir, self.to)
        data_directory.give(self.draft, self.to.account.owner)

    def fill(self, held: int) -> None:
        log = self.root / "carry.log"
        Transfer(old=self.old, new=self.new, from_=self.from_, to=self.to, log=log, held=held).run()
        data_directory.carry_settings(self.data, self.draft, self.to)

    def compare(self, before: Inventory) -> None:
        """Have the new server answer with what the old one held, and know its figures."""
        with self.new.running(self.to, *QUIET):
            self._update_extensions()
            self._analyze()
            found = differences(before, inventory(self.new, desc="comparing rows"))
        if found:
            raise PostgresError(f"These are not the same: {', '.join(found[:5])}.")

    def _update_extensions(self) -> None:
        script = self.root / "update_extensions.sql"  # pg_upgrade's, where one has a newer version
        if script.exists():
            options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}")
            self.to.run("psql", *options, *self.new.named(), "--dbname=postgres")

    def _analyze(self) -> None:
        """Know what the tables hold: not all of it is carried over, and autovacuum counts anew."""
        with self.new.connect() as connection:
            query = "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1"
            databases = [name for (name,) in connection.execute(query)]
        with patience("Reading what the planner has to know..."):
            for database in databases:
                with self.new.connect(database) as connection:
                    connection.execute("ANALYZE")

    def put_in_place(self) -> None:
        """Give the new data the old one's name."""
        self._remove_scripts()
        self.draft.rename(self.carried)
        self.data.rename(self.kept)
        self.carried.rename(self.data)
        _sync(self.root)

    def _give_up(self) -> None:
        """Leave nothing but the old data and what the programs say of it."""
        for server in (self.old, self.new):
            server.stop()
        logs = self.draft / "pg_upgrade_output.d"
        if logs.exists():
            shutil.rmtree(self.root / logs.name, ignore_errors=True)
            logs.rename(self.root / logs.name)
        shutil.rmtree(self.draft, ignore_errors=True)
        self._remove_scripts()

    def _remove_scripts(self) -> None:
        for name in ("delete_old_cluster.sh", "update_extensions.sql"):
            (self.root / name).unlink(missing_ok=True)


def _sync(directory: Path) -> None:
    """Have the names in a directory last."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _told(size: int) -> str:
    return f"{size / 1024**2:,.0f} MiB"
