"""Processor time of a request, against a plain Django view that does the same SQL."""

import contextlib
import statistics
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from benchmarks import processors
from benchmarks.baseline import wait_for_the_indexes
from benchmarks.report import Result
from benchmarks.site import Connection, Site
from tunix_site.serving.processes import descendants
from tunix_site.serving.server_process import RunningServer, database_url, running_server

MISSING = uuid.UUID("01890000-0000-7000-8000-000000000000")
NAMELESS = ""  # the site, whose workers index meanwhile, tells the database no name

Deed = Callable[[Connection, str], object]  # with the path of the traces


@dataclass(frozen=True)
class Kind:
    """A request, and what it may cost as a multiple of the plain view's."""

    name: str
    deed: Deed
    required: float
    hoped: float


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time a request, the workers' behind the answer apart."""

    web: float
    database: float
    workers: float

    @property
    def answer(self) -> float:
        return self.web + self.database


@dataclass(frozen=True, kw_only=True)
class Price(Result):
    """What a request costs here, in the plain view, and in that view where it keeps the key."""

    ours: Cost
    plain: Cost
    kept: Cost

    def as_json(self) -> dict[str, Any]:
        costs = {"ours": self.ours, "plain": self.plain, "kept": self.kept}
        return {**super().as_json(), **{name: asdict(cost) for name, cost in costs.items()}}


@dataclass(frozen=True)
class Side:
    """A server that is measured, by what it is called in the database; and where its traces are."""

    server: RunningServer
    http: Connection
    application: str
    path: str = "/api/traces"

    def times(self) -> tuple[processors.Times, processors.Times]:
        """Ask for the time of the web process, and of its part of the database."""
        database = processors.times(processors.backends(self.application))
        return processors.times(self.server.web_process_ids()), database


def measure(
    site: Site, bodies: list[dict[str, Any]], directory: Path, *, requests: int, rounds: int
) -> Iterator[Price]:
    """Ask ours and the plain views in turn, so many requests in a round.

    Both are served beside the site, on its database: its workers index what comes in by either.
    """
    plain_views = {"DJANGO_SETTINGS_MODULE": "benchmarks.plain_settings"}
    with (
        _side(site, directory, "bench-ours") as ours,
        _side(site, directory, "bench-plain", **plain_views) as plain,
    ):
        kept = Side(plain.server, plain.http, plain.application, "/kept/traces")
        sides = (ours, plain, kept)
        for kind in _kinds(bodies):
            costs = [
                [_cost(site, side, kind.deed, requests) for side in sides]
                for _ in range(rounds + 1)
            ]
            yield _price(kind, *map(_median, zip(*costs[1:], strict=True)))  # the first warmed up


def _kinds(bodies: list[dict[str, Any]]) -> Iterator[Kind]:
    sent = cycle([msgspec.json.encode(body) for body in bodies])
    finds_nothing, missing = "?source=nowhere", f"/{MISSING}"
    yield Kind("GET that finds nothing", lambda http, path: http.get(path + finds_nothing), 1.3, 1)
    yield Kind("GET of no trace", lambda http, path: http.ask(path + missing), 1.3, 1)
    yield Kind("list of 20", lambda http, path: http.get(path), 1.3, 1)
    yield Kind("POST of a trace", lambda http, path: http.post(path, next(sent)), 1.2, 0.9)


@contextlib.contextmanager
def _side(site: Site, directory: Path, application: str, **settings: str) -> Iterator[Side]:
    """Serve the site's database by a server of its own, without workers."""
    options = {**connection.settings_dict["OPTIONS"], "application_name": application}
    url = database_url({**connection.settings_dict, "OPTIONS": options})
    own = {"DATABASE_URL": url, "TUNIX_VAR": str(directory / application)}
    environment = {**site.environment, **settings, **own}
    log_path = directory / f"{application}.log"
    with (
        running_server(environment=environment, log_path=log_path) as server,
        contextlib.closing(Connection(server.url, site.key)) as http,
    ):
        yield Side(server, http, application)


def _cost(site: Site, side: Side, deed: Deed, requests: int) -> Cost:
    worked, (web, database) = _times_of_workers(site), side.times()
    for _ in range(requests):
        deed(side.http, side.path)
    web_after, database_after = side.times()
    wait_for_the_indexes()
    seconds = (
        processors.seconds_between(web, web_after),
        processors.seconds_between(database, database_after),
        processors.seconds_between(worked, _times_of_workers(site)),
    )
    return Cost(*(1000 * second / requests for second in seconds))


def _times_of_workers(site: Site) -> processors.Times:
    """Ask for the time of the site: nobody sends it requests, so that only its workers work."""
    processes = [*descendants(site.server.pid), *processors.backends(NAMELESS)]
    return processors.times(processes)


def _median(costs: tuple[Cost, ...]) -> Cost:
    columns = zip(*((cost.web, cost.database, cost.workers) for cost in costs), strict=True)
    return Cost(*map(statistics.median, columns))


def _price(kind: Kind, ours: Cost, plain: Cost, kept: Cost) -> Price:
    return Price(
        name=f"{kind.name}, processor time",
        kind="times",
        measured=ours.answer,
        unit="ms",
        baseline=plain.answer,
        against="plain view",
        required=kind.required,
        hoped=kind.hoped,
        ours=ours,
        plain=plain,
        kept=kept,
    )


def table(prices: list[Price]) -> str:
    """Give a Markdown table of where the time goes, and of both plain views."""
    rows = [
        ["ms of processor time", "web + database", "workers", "plain view", "ratio"],
        ["---"] * 5,
    ]
    rows[0] += ["plain view that keeps the key", "ratio"]
    rows[1] += ["---"] * 2
    for price in prices:
        rows.append([price.name, _shown(price.ours), f"{price.ours.workers:.2f}"])
        for view in (price.plain, price.kept):
            rows[-1] += [_shown(view), f"{price.ours.answer / view.answer:.2f} x"]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _shown(cost: Cost) -> str:
    return f"{cost.web:.2f} + {cost.database:.2f}"
