"""A recipe of all steps over attempts at problems: as a preview, and as builds by a worker."""

import json
from collections.abc import Iterator
from itertools import islice
from statistics import median
from typing import Any

from benchmarks import exports, recipes
from benchmarks.attempts import EACH, attempts, item_prompts
from benchmarks.baseline import bare_connection, empty, traces_of, wait_for_the_indexes
from benchmarks.rendered import PAIRS_RENDERED
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Site
from benchmarks.timing import seconds_of
from datasets.models import DatasetItem
from datasets.services.preview import TOO_LONG
from traces.models import Trace

STORED_AT_ONCE = 10_000
PREVIEW_SECONDS, BUILD_SECONDS = 5, 25  # of 100,000 traces
BUILD_MIB, DECONTAMINATION_MIB = 1_536, 300
TRACES_A_SECOND, HOPED_TRACES_A_SECOND = 25_000, 46_000
PROMPTS_A_SECOND, PAIRS_A_SECOND = 20_000, 20_000
PAIRS = "preference"


def fill(bodies: list[dict[str, Any]], traces: int) -> None:
    """Make the trace table hold so many attempts, with their scores, signatures and words."""
    with bare_connection() as database:
        empty(database, Trace._meta.db_table, DatasetItem._meta.db_table)
        all_of_them = attempts(bodies, traces, item_prompts())
        while some := list(islice(all_of_them, STORED_AT_ONCE)):
            Trace.objects.bulk_create(traces_of(some))
        wait_for_the_indexes()
        for table in ("traces_trace", "traces_signature"):
            database.execute(f"VACUUM (ANALYZE) {table}")
    recipes.score()


def measure(site: Site, *, traces: int, rounds: int) -> Iterator[Result]:
    yield _preview(site, traces, rounds)
    share = traces / 100_000
    for part, value, unit in recipes.measure("all steps", traces):
        most = {"s": BUILD_SECONDS * share, "MiB": BUILD_MIB}.get(unit)
        hoped = most / 2 if most and unit == "s" else None
        yield Result(
            name=f"build of {traces:,} by all steps, {part}",
            kind="absolute",
            measured=value,
            unit=unit,
            required=most,
            hoped=hoped,
        )
    figures = {unit: value for _, value, unit in recipes.measure("decontamination", traces)}
    yield Result(
        name=f"{traces:,} traces decontaminated in a build, of the worker's processor time",
        kind="rate",
        measured=traces / figures["CPU s"],
        unit="traces/s",
        required=TRACES_A_SECOND,
        hoped=HOPED_TRACES_A_SECOND,
    )
    yield Result(
        name=f"{traces:,} traces decontaminated in a build, memory added to the worker",
        kind="absolute",
        measured=figures["MiB"],
        unit="MiB",
        required=DECONTAMINATION_MIB,
    )
    yield from _pairs(site, traces, rounds)


def _pairs(site: Site, traces: int, rounds: int) -> Iterator[Result]:
    """Build pairs of all attempts, and export them."""
    few, dataset = (recipes.built(name, traces) for name in ("few pairs", "pairs"))
    (tries, prompts), made = EACH, dataset.funnel[-1]
    prompts = traces * prompts // tries
    yield Result(
        name=f"pairs of {prompts:,} prompts, the step alone",
        kind="rate",
        measured=prompts / made["seconds"],
        unit="prompts/s",
        required=PROMPTS_A_SECOND,
    )
    yield from exports.of_formats(site, [few.key, dataset.key], PAIRS_RENDERED, rounds)
    last = median(exports.export(site, dataset.key, PAIRS, made["pairs"])[1] for _ in range(rounds))
    yield Result(
        name=f"pairs exported as {PAIRS}",
        kind="rate",
        measured=made["pairs"] / last,
        unit="pairs/s",
        required=PAIRS_A_SECOND,
    )


def _preview(site: Site, traces: int, rounds: int) -> Result:
    """Ask for a preview of what is built; its funnel has to tell of every step."""
    body = json.dumps(recipes.recipes(traces)["all steps"]).encode()
    with site.connection() as http:

        def ask() -> None:
            try:
                funnel = json.loads(http.post("/api/datasets/preview", body))["funnel"]
            except BenchmarkFailed as error:
                if TOO_LONG not in str(error):
                    raise
                return  # the time until it gave up counts
            if funnel[0]["in"] != traces or not funnel[-1]["out"]:
                raise BenchmarkFailed(f"The preview told of something else: {funnel!s:.300}")

        seconds = median(seconds_of(ask) for _ in range(rounds))
    return Result(
        name=f"preview of {traces:,} by all steps",
        kind="absolute",
        measured=seconds,
        unit="s",
        required=PREVIEW_SECONDS,
        hoped=2,
    )
