"""The shapes that users bring: what each is called, and how it is recognised and read.

To add one, write its module (`recognises`, `read`, an `EXAMPLE`) and name it in FORMATS, in front
of the formats that would recognise it as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from traces.readers import (
    export,
    gsm8k,
    gsm8k_socratic,
    gsm8k_solutions,
    limo,
    math_problems,
    messages,
    openmath,
    openr1,
    otel,
    preference,
    prm800k,
    prompt_completion,
    record,
    s1k,
    sharegpt,
    stepwise,
    trace,
)
from traces.readers.draft import Draft
from traces.unexpected import Unexpected

AUTO = "auto"  # whichever recognises the first records


@dataclass(frozen=True, slots=True)
class ReaderFormat:
    """`recognises` tells a record of the format, well-formed or not; `read` gives its traces.

    `read` raises Unreadable, and nothing else, whatever the record is.
    """

    name: str
    description: str
    recognises: Callable[[dict[str, Any]], bool]
    read: Callable[[dict[str, Any]], Iterable[Draft]]
    example: dict[str, Any]


class _Module(Protocol):
    EXAMPLE: dict[str, Any]

    def recognises(self, record: dict[str, Any], /) -> bool: ...

    def read(self, record: dict[str, Any], /) -> Iterable[Draft]: ...


def _format(name: str, module: _Module, description: str) -> ReaderFormat:
    return ReaderFormat(name, description, module.recognises, module.read, module.EXAMPLE)


FORMATS = {
    fmt.name: fmt
    for fmt in (
        _format("record", record, "A line of a `record` export, which loses nothing."),
        _format("trace", trace, "The body of POST /api/traces."),
        _format("export", export, "A line of a `trace`, `tunix_sft` or `training_example` export."),
        _format("otel", otel, "Messages of OpenTelemetry's conventions for generative AI."),
        _format("prm800k", prm800k, "PRM800K: solutions whose steps people rated."),
        _format("openr1", openr1, "OpenR1-Math: a problem and several generations, each judged."),
        _format("s1k", s1k, "s1K: questions with long thoughts, of one model or two."),
        _format("openmath", openmath, "OpenMath: generated solutions and the answer expected."),
        _format("gsm8k_solutions", gsm8k_solutions, "GSM8K's problems as models solved them."),
        _format("gsm8k_socratic", gsm8k_socratic, "GSM8K, each line a sub-question and its step."),
        _format("gsm8k", gsm8k, "GSM8K: a step a line; the answer stands after ####."),
        _format("limo", limo, "LIMO: a question, a long solution and the answer."),
        _format(
            "math", math_problems, r"MATH: a problem and its solution, the answer in \boxed{}."
        ),
        _format("preference", preference, "TRL: a chosen and a rejected completion of a prompt."),
        _format(
            "stepwise", stepwise, "TRL: a prompt, the steps of its completion and their labels."
        ),
        _format("prompt_completion", prompt_completion, "TRL: a prompt and its completion."),
        _format("sharegpt", sharegpt, "Conversations of `from` and `value`."),
        _format("messages", messages, "Conversations of `role` and `content`."),
    )
}


def recognise(records: Sequence[Any], unexpected: Unexpected | None = None) -> ReaderFormat | None:
    """Give the first format in the table that recognises the first few records, or None.

    All of them must agree, but those that no format recognises have no say: a bad record among
    the first is reported when it is read, as it would be anywhere else.
    """
    unexpected = unexpected or Unexpected()

    def recognises(fmt: ReaderFormat, record: dict[str, Any]) -> bool:
        try:
            return fmt.recognises(record)
        except Exception as error:
            unexpected.note(error, f"one of the first records, as {fmt.name}")
            return False

    known = [
        one
        for one in records
        if isinstance(one, dict) and any(recognises(fmt, one) for fmt in FORMATS.values())
    ]
    if not known:
        return None
    return next(
        (fmt for fmt in FORMATS.values() if all(recognises(fmt, one) for one in known)),
        None,
    )
