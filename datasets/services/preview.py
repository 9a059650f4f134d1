"""What a recipe would take, without building it: nothing is stored."""

import threading
import time
from collections import Counter
from typing import Any, NamedTuple

import msgspec
from django.db import OperationalError, connection, transaction

from datasets.recipe.candidates import Candidates, Sample
from datasets.recipe.funnel import take_steps
from datasets.recipe.recipe import Recipe
from datasets.services.scoring import unscored
from datasets.services.written import written_rows
from events.actors import Actor
from tunix_site.database.troubles import sqlstate
from tunix_site.errors import Conflict, Unavailable

SECONDS = 10
AT_ONCE = 2  # of one process
SAMPLE = Sample(over=200_000, keep=100_000)
SAMPLES = 10  # of what each step removes
SCORED_IN_MEMORY = 5_000  # of the scores that are missing

TURNS = 0x70726576  # advisory locks of previews: one for each user
TURN_SECONDS = 3  # until the one before has let go
CANCELLED = "57014"
NOT_LET_GO = "55P03"
_OF_TURN = """FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
CANCEL = f"SELECT pg_cancel_backend(pid) {_OF_TURN} AND granted"
WAITS = f"SELECT EXISTS (SELECT {_OF_TURN} AND NOT granted)"
REPLACED = "A newer preview of yours took the place of this one."
TOO_LONG = f"The preview took longer than {SECONDS} seconds: ask for less of it."
BUSY = "As many previews are under way as are made at once: try again."

_room = threading.BoundedSemaphore(AT_ONCE)


class Preview(NamedTuple):
    funnel: list[dict[str, Any]]
    samples: dict[str, list[dict[str, Any]]]
    splits: dict[str, int]
    sampled: dict[str, int] | None
    unscored: dict[str, int]  # by criteria, up to one more than are scored in memory
    written: list[str] | None  # the first rows in the format that was asked for


def preview_recipe(*, recipe: Recipe, by: Actor, fmt: str | None = None) -> Preview:
    """Take the steps, and forget what they left; a step that leaves nothing is the last.

    The first rows come as an export in the format `fmt` writes them, where one is named.

    Conflict where the same user asks for another meanwhile; Unavailable where it takes too long, or
    where others are under way; Invalid as a build.
    """
    deadline = time.monotonic() + SECONDS
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _take_turn(cursor, by.user_id or 0)
            if not _room.acquire(blocking=False):
                raise Unavailable(BUSY)
            try:
                preview = _previewed(cursor, recipe, by.user_id or 0, deadline, fmt)
            finally:
                _room.release()
            transaction.set_rollback(True)
    except OperationalError as error:
        if sqlstate(error) not in (CANCELLED, NOT_LET_GO):
            raise
        if sqlstate(error) == NOT_LET_GO:
            raise Unavailable(BUSY) from None
        if time.monotonic() < deadline:
            raise Conflict(REPLACED) from None
        raise Unavailable(TOO_LONG) from None
    return preview


def end_preview(*, by: Actor) -> None:
    """End the preview of a user's that is under way, if so: what it was for is no longer wanted."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL, [TURNS, by.user_id or 0])


def _take_turn(cursor: Any, user_id: int) -> None:
    """Lock the user's turn; whoever has it is cancelled, and waited for."""
    turn = [TURNS, user_id]
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", turn)
    if cursor.fetchone() == (True,):
        return
    cursor.execute(CANCEL, turn)
    cursor.execute(f"SET LOCAL lock_timeout = '{TURN_SECONDS}s'")
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", turn)


def _previewed(
    cursor: Any, recipe: Recipe, user_id: int, deadline: float, fmt: str | None
) -> Preview:
    samples: dict[str, list[dict[str, Any]]] = {}

    def note(*, step: str, removed: str) -> None:
        samples[step] = _balanced([*samples.get(step, []), *_sample(cursor, removed)])

    def check() -> None:
        if time.monotonic() >= deadline:
            raise Unavailable(TOO_LONG)

    def begin_step() -> None:
        check()
        cursor.execute(WAITS, [TURNS, user_id])
        if cursor.fetchone() == (True,):
            raise Conflict(REPLACED)
        left = int((deadline - time.monotonic()) * 1000) + 1
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(left)])

    candidates = Candidates(
        0, note=note, check=check, sample=SAMPLE, scored_in_memory=SCORED_IN_MEMORY
    )
    begin_step()
    lacking = unscored(recipe=recipe, most=SCORED_IN_MEMORY)
    funnel = []
    for line in take_steps(recipe, candidates):
        funnel.append(msgspec.to_builtins(line))
        begin_step()
        if line.is_empty:
            break
    names = recipe.splits or recipe.split_counts
    counts = candidates.sizes("split") if names and candidates.count else {}
    written: list[str] | None = None if fmt is None else []
    if fmt is not None and not line.is_empty:
        written = written_rows(
            cursor=cursor, recipe=recipe, candidates=candidates, funnel=funnel, name=fmt
        )
    return Preview(
        funnel=funnel,
        samples=samples,
        splits={name: counts.get(name, 0) for name in sorted(names)},
        sampled=candidates.sampled,
        unscored=lacking,
        written=written,
    )


def _sample(cursor: Any, removed: str) -> list[dict[str, Any]]:
    """Give some of what a step removed, of each of its reasons."""
    cursor.execute(
        f"""
        SELECT id, reason, because FROM ({removed}) AS removed
        ORDER BY row_number() OVER (PARTITION BY reason ORDER BY id DESC), reason LIMIT %s
        """,  # noqa: S608
        [SAMPLES],
    )
    return [
        {"trace": str(identity), "reason": reason, "because": _read(because)}
        for identity, reason, because in cursor.fetchall()
    ]


def _balanced(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give SAMPLES of some, as many of each of their reasons as there are."""
    seen: Counter[str] = Counter()
    placed = []
    for sample in samples:
        placed.append((seen[sample["reason"]], sample))
        seen[sample["reason"]] += 1
    placed.sort(key=lambda one: (one[0], one[1]["reason"]))
    return [sample for _, sample in placed[:SAMPLES]]


def _read(because: Any) -> Any:
    return msgspec.json.decode(because) if isinstance(because, str) else because
