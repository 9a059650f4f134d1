"""The campaign: a site of its own is served, used and broken; then what is left is checked."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from tqdm import tqdm

from chaos import journal, stored
from chaos.backups import BackupTaker
from chaos.checking import Findings, check_copy, check_traces, check_work
from chaos.clients import Sender
from chaos.faults import Killer
from chaos.journal import Journal
from chaos.threads import Part
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.names import DATABASE, PORT, ROLE
from tunix_site.serving.server_process import LOCAL, database_url, running_server

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 8
LINE_SECONDS = 10.0  # between two lines of progress in a log
COPY = "tunix_restored"
# one that is killed is noticed soon, and two web processes are there to be killed
SETTINGS = {"TUNIX_JOB_LEASE_SECONDS": "5", "TUNIX_WEB_PROCESSES": "2"}
EMBEDDED = {"DATABASE_URL": "", "DATABASE_URL_FILE": ""}  # it is killed: never another


@dataclass(frozen=True)
class Report:
    """What a campaign did and found."""

    seed: int
    seconds: float
    sent: int
    acknowledged: int
    stored: int
    faults: Mapping[str, int]
    jobs: Mapping[str, int]
    datasets: int
    backups: tuple[int, int]  # restored, and tried
    findings: Findings

    def lines(self) -> Iterator[str]:
        faults = ", ".join(f"{count} {what}" for what, count in self.faults.items())
        jobs = ", ".join(f"{count:,} {state}" for state, count in self.jobs.items())
        yield f"seed      {self.seed} ({self.seconds:.0f} s)"
        yield f"sent      {self.sent:,} traces, {self.acknowledged:,} of them acknowledged"
        yield f"stored    {self.stored:,} traces, {self.datasets:,} datasets"
        yield f"faults    {sum(self.faults.values())} ({faults})"
        yield f"jobs      {jobs}"
        yield "backups   {} of {} begun meanwhile, restored".format(*self.backups)
        yield f"lost      {len(self.findings.lost)}"
        yield f"doubled   {len(self.findings.doubled)}"
        yield f"half      {len(self.findings.half)}"
        yield f"else      {len(self.findings.others)}"
        yield from self.findings.lines()


def run(directory: Path, *, seconds: float, seed: int) -> Report:
    """Run one in an empty directory; what is in there goes first."""
    shutil.rmtree(directory, ignore_errors=True)
    var_dir = directory / "site"
    var_dir.mkdir(parents=True)
    environment = {**os.environ, **LOCAL, **SETTINGS, **EMBEDDED, "TUNIX_VAR": str(var_dir)}
    with embedded_postgres(var_dir) as cluster:
        manage = _Manage(environment)
        manage("migrate", "-v0")
        key = manage("create_api_key", "chaos", "--role", "curator").stdout.split()[-1]
        log_path = directory / "server.log"
        started = time.monotonic()
        with running_server(
            environment=environment, log_path=log_path, with_workers=True
        ) as server:
            notes = Journal(directory / "journal.jsonl")
            ended = threading.Event()
            senders = [
                Sender(number, seed=seed, url=server.url, key=key, journal=notes, ended=ended)
                for number in range(CLIENTS)
            ]
            killer = Killer(seed=seed, server=server, cluster=cluster, journal=notes, ended=ended)
            taker = BackupTaker(directory=directory, manage=manage, ended=ended)
            threads: list[Part] = [*senders, killer, taker]
            try:
                for thread in threads:
                    thread.start()
                _watch(notes, ended, seconds)
            finally:
                ended.set()
                for thread in threads:
                    thread.join()
                notes.close()
            for thread in threads:
                if thread.error:
                    raise thread.error
            report = _check(cluster, directory, manage, taker, seed, time.monotonic() - started)
    return report


class _Manage:
    """Runs commands of manage.py over the site."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def __call__(
        self, *arguments: str, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )


def _watch(notes: Journal, ended: threading.Event, seconds: float) -> None:
    """Show how it goes until its time is over: a bar on a terminal, lines in a log."""
    until = time.monotonic() + seconds
    next_line = 0.0
    on_terminal = sys.stderr.isatty()
    with tqdm(total=round(seconds), unit="s", file=sys.stderr, disable=not on_terminal) as bar:
        while (left := until - time.monotonic()) > 0 and not ended.wait(min(1.0, left)):
            counts = {name: notes.counts[name] for name in ("sent", "acknowledged", "faults")}
            told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            bar.n = round(seconds - max(0.0, until - time.monotonic()))
            bar.set_postfix_str(told)
            if not on_terminal and time.monotonic() >= next_line:
                print(f"{seconds - left:.0f} of {seconds:.0f} s: {told}", file=sys.stderr)
                next_line = time.monotonic() + LINE_SECONDS


def _check(
    cluster: Cluster, directory: Path, manage: _Manage, taker: BackupTaker, seed: int, took: float
) -> Report:
    _say("Waiting for the database, the jobs and the indexes...")
    deeds, wrong, faults = journal.read(directory / "journal.jsonl")
    findings = Findings(others=wrong)
    with _database(cluster) as database:
        if not stored.settled(database):
            findings.others.append("jobs or indexes do not come to an end")
        counts, digests = stored.trace_counts(database), stored.trace_digests(database)
        datasets, jobs = stored.datasets(database), stored.jobs(database)
        findings.add(check_traces(deeds.values(), counts))
        whole = {key: complete for key, (complete, _) in datasets.items()}
        findings.add(check_work(deeds.values(), jobs, whole))
        findings.add(stored.check_indexes(database))
        _say(f"Restoring {len(taker.taken)} backups...")
        for file, begun in taker.taken:
            with _restored(cluster, database, manage, file) as copy:
                where = f"in {file.name}, "
                copied = stored.trace_counts(copy)
                findings.add(check_traces(deeds.values(), copied, before=begun), where)
                findings.others += check_copy(stored.trace_digests(copy), digests, where)
                sets = {key: digest for key, (_, digest) in stored.datasets(copy).items()}
                live = {key: digest for key, (_, digest) in datasets.items()}
                findings.others += check_copy(sets, live, where)
    states: dict[str, int] = {}
    for state, _ in jobs.values():
        states[state] = states.get(state, 0) + 1
    return Report(
        seed=seed,
        seconds=took,
        sent=sum(deed.count for deed in deeds.values()),
        acknowledged=sum(d.count for d in deeds.values() if d.acknowledged_at is not None),
        stored=counts.total(),
        faults=faults,
        jobs=states,
        datasets=len(datasets),
        backups=(len(taker.taken), taker.tried),
        findings=findings,
    )


@contextlib.contextmanager
def _restored(
    cluster: Cluster, database: psycopg.Connection, manage: _Manage, file: Path
) -> Iterator[psycopg.Connection]:
    """Restore a backup into a database beside the site's."""
    database.execute(f"CREATE DATABASE {COPY}")
    try:
        named: dict[str, Any] = {"PASSWORD": "", "OPTIONS": {}, "HOST": str(cluster.socket_dir)}
        url = database_url({**named, "PORT": str(PORT), "USER": ROLE, "NAME": COPY})
        secret = (cluster.root.parent / "secret_key").read_text()
        manage("restore", str(file), "--force", DATABASE_URL=url, SECRET_KEY=secret)
        with _database(cluster, COPY) as copy:
            yield copy
    finally:
        database.execute(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")


@contextlib.contextmanager
def _database(cluster: Cluster, name: str = DATABASE) -> Iterator[psycopg.Connection]:
    """Connect; the server may still be recovering."""
    until = time.monotonic() + stored.SETTLE_SECONDS
    while True:
        try:
            connection = psycopg.connect(
                host=str(cluster.socket_dir), port=PORT, user=ROLE, dbname=name, autocommit=True
            )
            break
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
    with contextlib.closing(connection):
        yield connection


def _say(message: str) -> None:
    print(message, file=sys.stderr)
