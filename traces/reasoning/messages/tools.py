"""Turns with calls of tools, as chat templates write them: each result behind its call."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from traces.reasoning.messages.calls import Function, function_of
from traces.reasoning.messages.turn import ASSISTANT, TOOL, Result, Turn

JOINT = "\n\n"


class OtherTools(ValueError):
    """A call is none of a function, or a result answers none that was called."""


@dataclass(slots=True)
class Spoken:
    """A turn; that of a tool is the result of one call, which is `answered`."""

    role: str
    text: str
    thoughts: list[str] = field(default_factory=list)
    calls: list[Function] = field(default_factory=list)
    answered: Function | None = None


def paired(turns: Iterable[Turn]) -> list[Spoken]:
    """Give a turn for each result, of the call that it answers, and an assistant's calls as one.

    A result names its call by the id, or answers the first that waits; it comes before anybody but
    the assistant speaks. OtherTools where it is otherwise, and where the turns end with a call: the
    reply would go on before it is answered. Linear in the calls.
    """
    spoken: list[Spoken] = []
    waiting = _Waiting()
    for turn in turns:
        if turn.returns:
            spoken += _answers(turn, waiting)
            continue
        functions = functions_in(turn)
        if turn.role != ASSISTANT:
            waiting.forget()
        for function in functions:
            waiting.add(function)
        if functions and not turn.text and spoken and spoken[-1].role == ASSISTANT:
            spoken[-1].thoughts += turn.thoughts
            spoken[-1].calls += functions
        else:
            spoken.append(Spoken(turn.role, turn.text, [*turn.thoughts], functions))
    if spoken and spoken[-1].calls:
        raise OtherTools("The last call has no result.")
    return spoken


def functions_in(turn: Turn) -> list[Function]:
    """Read a turn's calls; OtherTools where one is none of a function, or not an assistant's.

    So it is where the turn holds what the call returned.
    """
    functions = [function_of(call) for call in turn.calls]
    known = [function for function in functions if function is not None]
    if turn.returns or len(known) < len(functions) or (known and turn.role != ASSISTANT):
        raise OtherTools("A call is none of a function.")
    return known


def _answers(turn: Turn, waiting: "_Waiting") -> Iterator[Spoken]:
    said = JOINT.join(filter(None, (result.text for result in turn.results)))
    if turn.role != TOOL or turn.calls or said != turn.text:
        raise OtherTools("A result stands beside something else.")
    for result in turn.results:
        yield Spoken(TOOL, result.text, answered=waiting.take(result))


class _Waiting:
    """The calls that no result has answered yet, in their order."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str | int, Function] = OrderedDict()
        self._numbers = count()

    def forget(self) -> None:
        self._calls.clear()

    def add(self, function: Function) -> None:
        key = next(self._numbers) if function.id is None else function.id
        if key in self._calls:
            raise OtherTools("Two calls have one id.")
        self._calls[key] = function

    def take(self, result: Result) -> Function:
        """Take the call that a result answers."""
        if result.id is not None and result.id in self._calls:
            return self._calls.pop(result.id)
        key, first = next(iter(self._calls.items()), (None, None))
        if key is None or first is None or not _may_answer(result, first):
            raise OtherTools("A result answers no call.")
        del self._calls[key]
        return first


def _may_answer(result: Result, function: Function) -> bool:
    """Tell whether a result may be that of a call which it does not name by its id."""
    is_known = result.id is None or function.id is None
    return is_known and result.name in (None, function.name)
