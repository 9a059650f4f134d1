"""Building datasets."""

import math
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import UniqueViolation

from datasets.models import Dataset
from datasets.recipe.candidates import Candidates, MoreMatch
from datasets.recipe.differences import differing
from datasets.recipe.funnel import emptied, take_steps
from datasets.recipe.recipe import Recipe
from datasets.services.filling import fill
from datasets.services.holding import count_deletions, hold_traces
from datasets.services.reasons import note_removed
from datasets.services.scoring import lacks_scores, score_first
from events.actors import Actor
from events.services import record_event
from jobs.progress import Progress
from tunix_site.database.names import key_of
from tunix_site.database.troubles import sqlstate
from tunix_site.errors import Conflict, Invalid, Unavailable

ATTEMPTS = 2
MOST_AT_ONCE = 50_000  # traces that match, of a build that somebody waits for
MOST_SCORED = 5_000  # traces, likewise
WAIT, DEFAULT_WAIT = "'5s'", "DEFAULT"  # for another build of the same name
MOST_SECONDS = 20  # until a job goes on from the beginning
HOLD = f"SELECT * FROM {Dataset._meta.db_table} WHERE key = %s AND deleted_at IS NULL FOR SHARE"  # noqa: S608
SERIALIZATION_FAILURE = "40001"  # what one transaction sees, another has changed meanwhile
LOCK_NOT_AVAILABLE = "55P03"
CANCELLED = "57014"  # a statement took all the time that there was
DELETED_MEANWHILE = "What the recipe takes, or names, was deleted meanwhile: build again."


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """A validated request to build; `parent_key` may name a dataset that is kept elsewhere."""

    name: str
    version: str
    recipe: Recipe
    session_id: str = ""
    training_run_id: str = ""
    parent_key: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def as_fields(self) -> dict[str, Any]:
        """Give the dataset's columns that come from the request."""
        return {
            "recipe": self.recipe,
            "session_id": self.session_id,
            "training_run_id": self.training_run_id,
            "parent_dataset_id": self.parent_key,
            "provenance": self.provenance,
        }


class _DeletedMeanwhile(Exception):
    """A selected trace, or the parent, is gone."""


class _TooLong(Exception):
    """The steps take longer than anybody waits."""


class _Taken(Exception):
    """The name and version, or the key, are there already."""


def build_dataset(
    *, request: BuildRequest, by: Actor, progress: Progress | None = None
) -> tuple[Dataset, bool]:
    """Build a dataset in one transaction; return it and whether it is new.

    Scores that the recipe asks for are stored before where they are missing. The same request again
    gives the stored dataset. Conflict where name, version or key are taken by something else, or
    where twice something that it takes was deleted meanwhile (Unavailable within a larger
    transaction, whose answers are kept, as this one is not to be); Invalid where a step leaves
    nothing.
    """
    if stored := _stored(request):  # nothing is scored for what is not built
        return stored, False
    return _built_or_stored(request, by, progress)


def build_at_once(*, request: BuildRequest, by: Actor) -> tuple[Dataset, bool] | None:
    """Build a dataset as above while somebody waits; None where a job has to.

    That is where more than MOST_AT_ONCE traces match, more than MOST_SCORED scores are missing, the
    steps take longer than MOST_SECONDS, or another build of the same name is under way, or the
    parent is held, for longer than WAIT.
    """
    if stored := _stored(request):
        return stored, False
    if lacks_scores(recipe=request.recipe, more_than=MOST_SCORED):
        return None
    try:
        return _built_or_stored(request, by, at_once=True)
    except (MoreMatch, _TooLong):
        return None
    except OperationalError as error:
        if sqlstate(error) not in (LOCK_NOT_AVAILABLE, CANCELLED):
            raise
        return None


def _built_or_stored(
    request: BuildRequest, by: Actor, progress: Progress | None = None, *, at_once: bool = False
) -> tuple[Dataset, bool]:
    score_first(recipe=request.recipe, by=by, progress=progress)
    for _attempt in range(ATTEMPTS):
        try:
            return _built(request, by, progress, at_once=at_once), True
        except _Taken:
            if stored := _stored(request):
                return stored, False
        except _DeletedMeanwhile:
            continue
        except OperationalError as error:
            if sqlstate(error) != SERIALIZATION_FAILURE:
                raise
    raise (Unavailable if connection.in_atomic_block else Conflict)(DELETED_MEANWHILE)


def _built(
    request: BuildRequest, by: Actor, progress: Progress | None, *, at_once: bool
) -> Dataset:
    """Claim the name, take the steps and write what they left.

    MoreMatch where that is too many, and _TooLong where it takes too long, to be done at once.
    All statements see one state; within a larger transaction, as that of an idempotency key, each
    sees its own: what matches is found by one, and the others read what that one found.
    """
    one_state = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if one_state:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        deletions = count_deletions()
        dataset = _claimed(cursor, request, by, wait=WAIT if at_once else DEFAULT_WAIT)
        given = _Time(progress, at_once=at_once)
        candidates = Candidates(
            dataset.pk,
            one_state=one_state,
            note=partial(note_removed, dataset=dataset) if request.recipe.removes else None,
            check=given.check,
            most=MOST_AT_ONCE if at_once else None,
        )
        given.begin_step(cursor)
        for line in take_steps(request.recipe, candidates):
            dataset.funnel.append(msgspec.to_builtins(line))
            if progress is not None:
                progress.total = candidates.count
                progress.result = {"funnel": [*dataset.funnel]}
            given.begin_step(cursor)
            if line.is_empty:
                raise Invalid(emptied(line))
        fill(cursor=cursor, dataset=dataset, candidates=candidates)
        record_event(
            by=by,
            action="build",
            object_type="dataset",
            object_id=dataset.key,
            after={"build_id": dataset.build_id, "content_digest": dataset.content_digest},
            count=dataset.trace_count,
        )
        held = hold_traces(
            dataset_id=dataset.pk, trace_count=dataset.trace_count, deletions=deletions
        )
        if not held:
            raise _DeletedMeanwhile
        given.end(cursor)
    return dataset


class _Time:
    """What a build may take: a job's until it is cancelled, or as long as somebody waits."""

    def __init__(self, progress: Progress | None, *, at_once: bool) -> None:
        self._progress = progress
        self._until = time.monotonic() + MOST_SECONDS if at_once else None

    def check(self) -> None:
        """Raise where the build has to stop."""
        if self._progress is not None:
            self._progress.check()
        if self._until is not None and time.monotonic() > self._until:
            raise _TooLong

    def begin_step(self, cursor: Any) -> None:
        """Check, and let no statement of the next step take longer than what is left."""
        self.check()
        if self._until is not None:
            milliseconds = max(1, math.ceil((self._until - time.monotonic()) * 1000))
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])

    def end(self, cursor: Any) -> None:
        """Let a larger transaction go on as it was."""
        if self._until is not None:
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")


def _claimed(cursor: Any, request: BuildRequest, by: Actor, *, wait: str) -> Dataset:
    """Insert the row, waiting for whoever builds under the same name; _Taken where it is there."""
    cursor.execute(f"SET LOCAL lock_timeout = {wait}")
    dataset = Dataset(
        key=key_of(request.name, request.version),
        name=request.name,
        version=request.version,
        parent=_held_parent(request.parent_key),
        created_by=by.user,
        **request.as_fields(),
    )
    try:
        dataset.save(force_insert=True)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise _Taken from None
        raise
    cursor.execute(f"SET LOCAL lock_timeout = {DEFAULT_WAIT}")
    return dataset


def _held_parent(key: str) -> Dataset | None:
    """Hold the parent until the end of the transaction, so that it is not deleted meanwhile.

    Others may hold it as well. None where it is kept elsewhere.
    """
    return next(iter(Dataset.objects.raw(HOLD, [key])), None) if key else None


def _stored(request: BuildRequest) -> Dataset | None:
    """Give what is there under the name and version; Conflict where it is of another request."""
    key = key_of(request.name, request.version)
    dataset = Dataset.objects.filter(key=key).first()
    if dataset is None:
        return None
    if (dataset.name, dataset.version) != (request.name, request.version):
        raise Conflict(f"The key {key} is taken by {dataset.name!r} version {dataset.version!r}.")
    if dataset.deleted_at is not None:
        raise Conflict(f"{key} was deleted; its key stays taken. Choose another version.")
    fields = request.as_fields()
    stored = {name: getattr(dataset, name) for name in fields}
    different = differing(_keys(fields), _keys(stored))
    if different:
        raise Conflict(
            f"{key} was built by another request (different: {', '.join(different)}). "
            "Choose another version."
        )
    return dataset


def _keys(request: dict[str, Any]) -> dict[str, Any]:
    """Give what a request says, the recipe key by key."""
    recipe: Recipe = request["recipe"]
    others = {name: value for name, value in request.items() if name != "recipe"}
    return {**recipe.document(), **others}
