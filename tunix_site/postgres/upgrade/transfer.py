"""From one cluster into another, by PostgreSQL's own programs, with progress for people."""

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from tunix_site.postgres.names import SUPERUSER
from tunix_site.postgres.programs import Programs
from tunix_site.postgres.server import Server
from tunix_site.postgres.telling import PostgresError
from tunix_site.progress_bar import progress_bar
from tunix_site.serving.processes import child_process

LOOK_SECONDS = 0.5
TAIL_LINES = 15
# by its name alone: both clusters have it from the beginning
THERE_ALREADY = f"CREATE ROLE {SUPERUSER};\n".encode()
SETTINGS_OF_A_LOAD = ("-c", "max_wal_size=1GB", "-c", "autovacuum=off")


class Transfer:
    """A way from the old cluster to the new one, which was just made.

    `held` is the number of a file that the programs keep open, by which those of a command that
    was killed are known.
    """

    def __init__(
        self, *, old: Server, new: Server, from_: Programs, to: Programs, log: Path, held: int
    ) -> None:
        self.old, self.new = old, new
        self.from_, self.to = from_, to
        self.log = log
        self.held = held

    def run(self) -> None:
        """Fill the new cluster; neither server runs before and after. PostgresError on failure."""
        if self.to.has("pg_upgrade"):
            self.upgrade()
        else:
            self.dump_and_restore()

    def upgrade(self) -> None:
        """Copy the files as they are: never by links, the old cluster must stay usable.

        Directories are named as seen from where it runs, since it quotes them for a shell badly.
        """
        arguments = [
            f"--old-bindir={self.from_.directory}",
            f"--new-bindir={self.to.directory}",
            f"--old-datadir={self.old.data.name}",
            f"--new-datadir={self.new.data.name}",
            f"--old-port={self.old.port}",
            f"--new-port={self.new.port}",
            f"--socketdir={self.old.socket_dir}",
            f"--username={SUPERUSER}",
            "--copy",
        ]
        with (
            self.log.open("wb") as output,
            self._program("pg_upgrade", *arguments, stdout=output, stderr=output) as process,
            self._growth(),
        ):
            self._end_of(pg_upgrade=process)

    def dump_and_restore(self) -> None:
        """Load a dump of everything, which takes longer, as indexes are built anew."""
        quietly = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        into = (*quietly, *self.new.named(), "--dbname=postgres")
        pipe = subprocess.PIPE
        with (
            self.old.running(self.from_, *SETTINGS_OF_A_LOAD),
            self.new.running(self.to, *SETTINGS_OF_A_LOAD),
            self.log.open("wb") as output,
            self._program("pg_dumpall", *self.old.named(), stdout=pipe, stderr=output) as dump,
            self._program("psql", *into, stdin=pipe, stderr=output) as load,
            self._growth(),
        ):
            script, sql = cast(IO[bytes], dump.stdout), cast(IO[bytes], load.stdin)
            with contextlib.suppress(BrokenPipeError), script, sql:  # psql says why
                _pour(script, sql)
            self._end_of(psql=load, pg_dumpall=dump)

    def _end_of(self, **processes: subprocess.Popen[Any]) -> None:
        for program, process in processes.items():
            if process.wait():
                tail = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
                raise PostgresError(f"{program} failed; {self.log} ends:\n" + "\n".join(tail))

    @contextlib.contextmanager
    def _program(
        self, program: str, *arguments: str, **options: Any
    ) -> Iterator[subprocess.Popen[Any]]:
        with child_process(
            self.to.command(program, *arguments),
            env=self.to.environment(),
            cwd=self.old.data.parent,
            pass_fds=[self.held],
            **{"stdin": subprocess.DEVNULL, **self.to.identity, **options},
        ) as process:
            yield process

    @contextlib.contextmanager
    def _growth(self) -> Iterator[None]:
        """Show how far the new cluster has grown while the block runs."""
        total, ended = size_of(self.old.data), threading.Event()
        bar = progress_bar(total=total, unit="B", unit_scale=True, desc="carrying over")

        def look() -> None:
            while not ended.wait(max(LOOK_SECONDS, bar.mininterval)):
                show()

        def show() -> None:
            bar.n = min(size_of(self.new.data), total)
            bar.refresh()

        thread = threading.Thread(target=look, name="progress", daemon=True)
        with bar:
            thread.start()
            try:
                yield
                show()
            finally:
                ended.set()
                thread.join()


def size_of(data: Path) -> int:
    """Give the bytes of a cluster's files without its log of changes, while they come and go."""
    total = 0
    for directory, folders, names in os.walk(data):
        if "pg_wal" in folders:
            folders.remove("pg_wal")
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(directory, name)).st_size
    return total


def _pour(dump: IO[bytes], sql: IO[bytes]) -> None:
    """Hand a dump on but for the role that is there already; its roles come first."""
    for line in dump:
        if line == THERE_ALREADY:
            break
        sql.write(line)
    shutil.copyfileobj(dump, sql, 1024 * 1024)
