"""What the site answers, as typed dicts: a key that a later version adds is there as well."""

from typing import Any, Literal, NotRequired, TypedDict

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Step(TypedDict):
    i: int
    type: str
    content: str


class Payload(TypedDict):
    trace_version: str
    prompt: str
    final_answer: str
    steps: list[Step]
    meta: dict[str, Any]
    messages: NotRequired[list[dict[str, Any]]]


class Score(TypedDict):
    trace: str
    criteria: str
    scorer_version: str
    value: float | None
    details: dict[str, Any]
    created_at: str


class NewScore(TypedDict):
    """The score that the site computed."""

    trace_id: str
    score: float | None
    details: dict[str, Any]


class TraceRow(TypedDict):
    id: str
    created_at: str
    trace_version: str
    source: str
    status: str
    tags: list[str]
    prompt_preview: str
    final_answer_preview: str
    step_count: int
    rank: NotRequired[float]
    excerpt: NotRequired[str]


class Trace(TypedDict):
    id: str
    created_at: str
    trace_version: str
    source: str
    external_id: str | None
    status: str
    tags: list[str]
    content_hash: str
    prompt_hash: str
    step_count: int
    payload: Payload
    original: NotRequired[dict[str, Any]]  # what an import cut off of its source record
    scores: list[Score]


class Entry(TypedDict):
    """A trace of a batch: made by it, or there before."""

    id: str
    created_at: str
    trace_version: str
    outcome: Literal["created", "exists"]


class ImportSummary(TypedDict):
    format: str | None
    line_count: int
    created_count: int
    existing_count: int
    read_differently_count: NotRequired[int]
    error_count: int
    errors: list[dict[str, Any]]
    errors_left_out_count: NotRequired[int]
    traces: NotRequired[list[dict[str, Any]]]
    job: str


class ImportFormat(TypedDict):
    name: str
    description: NotRequired[str]
    example: NotRequired[Any]


class Job(TypedDict):
    id: str
    kind: str
    state: State
    done: int
    total: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: str | None
    result: NotRequired[dict[str, Any] | None]  # not in lists


class Built(TypedDict):
    dataset_key: str
    build_id: str
    trace_count: int
    manifest_url: str
    content_digest: str
    matched_count: NotRequired[int]


class DatasetRow(TypedDict):
    dataset_key: str
    build_id: str
    dataset_name: str
    dataset_version: str
    created_at: str
    selection_strategy: str
    trace_count: int
    content_digest: str


class Dataset(DatasetRow):
    dataset_schema_version: str
    filters: dict[str, Any]
    where: dict[str, Any]
    seed: int | None
    limit: int | None
    splits: dict[str, float]
    split_by: str
    recipe: NotRequired[dict[str, Any]]
    funnel: NotRequired[list[dict[str, Any]]]
    stats: dict[str, Any]
    session_id: str | None
    parent_dataset_id: str | None
    training_run_id: str | None
    provenance: dict[str, Any]


class Manifest(Dataset):
    trace_ids: list[str]


class FormatOfDataset(TypedDict):
    """How many rows a format has, and what of the dataset it cannot say."""

    format: str
    version: int
    row_count: int
    left_out: dict[str, int]


class Preview(TypedDict):
    """What a recipe would take, and some of what each of its steps would take away."""

    funnel: list[dict[str, Any]]
    samples: dict[str, list[dict[str, Any]]]
    splits: dict[str, int]
    sampled: dict[str, int] | None
    unscored: dict[str, int]


class Change(TypedDict):
    count: int
    ids_url: str


class DatasetComparison(TypedDict):
    """What one dataset has otherwise than another; of recipe and stats both values by key."""

    added: Change
    removed: Change
    moved: Change
    recipe: dict[str, list[Any]]
    stats: dict[str, list[Any]]


class ChangedTrace(TypedDict):
    """A trace and its split in each of two datasets; None where it is not in it."""

    trace: str
    base: str | None
    other: str | None


class Lineage(TypedDict):
    dataset_key: str
    parent: dict[str, Any] | None
    child_count: int
    children: list[dict[str, Any]]
    checked_against: list[dict[str, Any]]
    held_out_count: int
    held_out: list[dict[str, Any]]


class FoundItem(TypedDict):
    item: str
    share: NotRequired[float]
    words: NotRequired[str]
    trace_count: int
    traces: list[str]  # some of them


class Contamination(TypedDict):
    eval_set: dict[str, Any]
    item_count: int
    trace_count: int
    items: list[FoundItem]


class EvalSetMade(TypedDict):
    key: str
    digest: str
    item_count: int
    left_out: NotRequired[dict[str, int]]  # of a dataset's prompts
    created: NotRequired[bool]  # by a job


class EvalSetRow(TypedDict):
    key: str
    name: str
    version: str
    created_at: str
    answer_type: str | None
    license: str | None
    parent: str | None
    item_count: int
    digest: str


class EvalSet(EvalSetRow):
    parent_split: str | None
    generator: dict[str, Any] | None


class Comparison(TypedDict):
    base: dict[str, Any]
    other: dict[str, Any]


class Health(TypedDict):
    status: str
    database: str
