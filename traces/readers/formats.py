"""The shapes that users bring: what each is called, and how it is recognised and read.

To add one, write its module (`recognises`, `read`, an `EXAMPLE`) and name it in FORMATS, in front
of the formats that would recognise it as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from traces.readers import (
    columns,
    dialogues,
    export,
    gsm8k,
    gsm8k_socratic,
    gsm8k_solutions,
    langfuse,
    langsmith,
    limo,
    lm_eval,
    math_problems,
    messages,
    messages_reply,
    mlflow,
    openai,
    openinference,
    openmath,
    openr1,
    otel,
    otlp,
    preference,
    prm800k,
    prompt_completion,
    record,
    s1k,
    sharegpt,
    stepwise,
    table,
    thought_columns,
    trace,
)
from traces.readers.cells import Wanted, wanted, with_structures
from traces.readers.draft import Draft
from traces.sources.source import Cells
from traces.sources.unexpected import Unexpected

NONE: Wanted = MappingProxyType({})
AUTO = "auto"  # whichever recognises the first records


@dataclass(frozen=True, slots=True)
class ReaderFormat:
    """`recognises` tells a record of the format, well-formed or not; `read` gives its traces.

    `read` raises Unreadable, and nothing else, whatever the record is. `cells` are the columns that
    it wants as lists or objects, where they come as text. `reader_for` gives the `read` for a file
    of which the first records tell how all of it is read.
    """

    name: str
    description: str
    recognises: Callable[[dict[str, Any]], bool]
    read: Callable[[dict[str, Any]], Iterable[Draft]]
    example: dict[str, Any]
    cells: Wanted = field(default_factory=dict)
    reader_for: Callable[[Sequence[dict[str, Any]]], Callable[[dict[str, Any]], Any]] | None = None
    parts: Callable[[dict[str, Any]], Iterable[dict[str, Any]]] | None = None
    is_last: bool = False

    def of(self, record: dict[str, Any]) -> dict[str, Any]:
        """Give a record as the format takes it: CSV's cells with the lists and objects in them."""
        return with_structures(record, self.cells) if isinstance(record, Cells) else record

    def for_file(self, records: Sequence[dict[str, Any]]) -> "ReaderFormat":
        """Give the format as a file is read of which these are the first records."""
        if self.reader_for is None:
            return self
        return replace(self, read=self.reader_for([self.of(record) for record in records]))


class _Module(Protocol):
    EXAMPLE: dict[str, Any]

    def recognises(self, record: dict[str, Any], /) -> bool: ...

    def read(self, record: dict[str, Any], /) -> Iterable[Draft]: ...


def _format(
    name: str, module: _Module, description: str, cells: Wanted = NONE, **more: Any
) -> ReaderFormat:
    return ReaderFormat(
        name, description, module.recognises, module.read, module.EXAMPLE, cells, **more
    )


_DOCUMENT = wanted(lists=["steps", "tags", "messages"], objects=["meta"])


FORMATS = {
    fmt.name: fmt
    for fmt in (
        _format(
            "table",
            table,
            "A row of a `table` export, in any container.",
            wanted(lists=["steps", "tags"]),
        ),
        _format(
            "record",
            record,
            "A row of a `record` export, which loses nothing.",
            {**_DOCUMENT, **wanted(lists=["scores"])},
        ),
        _format("trace", trace, "The body of POST /api/traces.", _DOCUMENT),
        _format(
            "export",
            export,
            "A row of a `trace`, `tunix_sft` or `training_example` export.",
            wanted(lists=["trace_steps"], objects=["metadata"]),
        ),
        _format(
            "otlp",
            otlp,
            "OpenTelemetry's OTLP as JSON: `resourceSpans` with the calls of models among them.",
            wanted(lists=[otlp.RESOURCES, otlp.SCOPES]),
            parts=otlp.parts,
        ),
        _format(
            "otel",
            otel,
            "Messages of OpenTelemetry's conventions for generative AI.",
            wanted(objects=["attributes"]),
        ),
        _format(
            "openinference",
            openinference,
            "Spans by OpenInference's conventions, as Phoenix exports them.",
        ),
        _format(
            "mlflow",
            mlflow,
            "MLflow's traces: the calls of models among their spans.",
            wanted(objects=["info", "data"], lists=["spans"]),
        ),
        _format(
            "langsmith",
            langsmith,
            "LangSmith's runs: `inputs` and `outputs`, with LangChain's messages.",
            wanted(objects=["inputs", "outputs"]),
        ),
        _format("langfuse", langfuse, "Langfuse's observations and traces: `input` and `output`."),
        _format(
            "openai",
            openai,
            "Requests with responses: chat completions, completions, Responses, joined batches.",
            wanted(lists=["messages", "choices", "output"], objects=["request", "body"]),
        ),
        _format(
            "lm_eval",
            lm_eval,
            "Samples of lm-evaluation-harness: `arguments`, `resps` and metrics.",
            wanted(lists=["resps", "filtered_resps", "metrics"], objects=["doc", "arguments"]),
        ),
        _format(
            "prm800k",
            prm800k,
            "PRM800K: solutions whose steps people rated.",
            wanted(objects=["question", "label"]),
        ),
        _format(
            "openr1",
            openr1,
            "OpenR1-Math: a problem and several generations, each judged.",
            wanted(lists=[*openr1.PER_GENERATION, "messages"]),
        ),
        _format(
            "s1k",
            s1k,
            "s1K: questions with long thoughts, of one model or two.",
            wanted(lists=[s1k.TRAJECTORIES]),
        ),
        _format(
            "openmath",
            openmath,
            "OpenMath: generated solutions and the answer expected.",
            wanted(flags=["is_correct"]),
        ),
        _format(
            "gsm8k_solutions",
            gsm8k_solutions,
            "GSM8K's problems as models solved them.",
            wanted(other_objects=True),
        ),
        _format("gsm8k_socratic", gsm8k_socratic, "GSM8K, each line a sub-question and its step."),
        _format("gsm8k", gsm8k, "GSM8K: a step a line; the answer stands after ####."),
        _format("limo", limo, "LIMO: a question, a long solution and the answer."),
        _format(
            "math", math_problems, r"MATH: a problem and its solution, the answer in \boxed{}."
        ),
        _format(
            "preference",
            preference,
            "TRL: a chosen and a rejected completion of a prompt.",
            wanted(
                messages=["prompt", *preference.BEFORE, *preference.SIDES, *preference.REJECTED]
            ),
        ),
        _format(
            "stepwise",
            stepwise,
            "TRL: a prompt, the steps of its completion and their labels.",
            wanted(lists=["completions", "labels"], messages=["prompt"]),
            reader_for=stepwise.reader_for,
        ),
        _format(
            "prompt_completion",
            prompt_completion,
            "TRL: a prompt and its completion.",
            wanted(messages=["prompt", "completion"]),
            reader_for=prompt_completion.reader_for,
        ),
        _format(
            "messages_reply",
            messages_reply,
            "A conversation up to the question, and the reply in a column beside it.",
            wanted(lists=messages_reply.ASKED),
        ),
        _format(
            "sharegpt",
            sharegpt,
            "Conversations of `from` and `value`.",
            wanted(lists=["conversations"]),
        ),
        _format(
            "messages",
            messages,
            "Conversations of `role` and `content`.",
            wanted(lists=["messages"]),
        ),
        _format(
            "conversation",
            dialogues,
            "Conversations under other names, or as pairs of `user` and `assistant`.",
            wanted(lists=dialogues.NAMES),
        ),
        _format(
            "columns",
            columns,
            "Alpaca and its kin: prompt, thought and reply in columns that most files name so.",
            wanted(lists=[*thought_columns.THOUGHTS, *columns.SEVERAL, columns.HISTORY]),
            is_last=True,
        ),
    )
}


def recognise(records: Sequence[Any], unexpected: Unexpected | None = None) -> ReaderFormat | None:
    """Give the first format in the table that recognises the first few records, or None.

    All of them must agree, but those that no format recognises have no say: a bad record among
    the first is reported when it is read, as it would be anywhere else.
    """
    unexpected = unexpected or Unexpected()
    for is_last in (False, True):
        formats = [fmt for fmt in FORMATS.values() if fmt.is_last == is_last]
        known = [
            one
            for one in records
            if isinstance(one, dict) and any(recognises(fmt, one, unexpected) for fmt in formats)
        ]
        if known:
            agreed = (
                fmt for fmt in formats if all(recognises(fmt, one, unexpected) for one in known)
            )
            return next(agreed, None)
    return None


def recognises(fmt: ReaderFormat, record: dict[str, Any], unexpected: Unexpected) -> bool:
    """Ask a format whether it knows the record; one that fails over it does not."""
    try:
        return fmt.recognises(fmt.of(record))
    except Exception as error:
        unexpected.note(error, f"one of the first records, as {fmt.name}")
        return False
