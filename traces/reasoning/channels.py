"""gpt-oss's channels: the thought, calls and the answer are messages of their own in one text.

`<|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...<|return|>`;
of a text that lost its special tokens, `analysis...assistantfinal...` is left.
"""

import re

_MESSAGE = re.compile(
    r"(?:<\|start\|>(?P<role>[^<|]{0,200}))?<\|channel\|>(?P<channel>[^<|]{0,200})"
    r"(?:<\|constrain\|>[^<|]{0,50})?<\|message\|>"
)
_END = re.compile(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)")
_BARE = re.compile(r"\s*analysis(?=[\sA-Z])(?P<thought>.*?)assistantfinal(?P<answer>.*)", re.DOTALL)
FINAL = "final"


def holds_channels(text: str) -> bool:
    """Tell a text that begins as a message in a channel."""
    head = text[:300].lstrip()
    if head.startswith(("<|channel|>", "<|start|>")):
        found = _MESSAGE.match(text, len(text) - len(text.lstrip()))
        return found is not None
    return head.startswith("analysis") and _BARE.match(text) is not None


def split_channels(text: str) -> tuple[str | None, str, bool]:
    """Give the thought, the answer and whether the reply was cut off before its answer.

    Only the channel `final` is the answer; all others are the thought.
    """
    bare = _BARE.match(text)
    if bare:
        return bare["thought"].strip() or None, bare["answer"].strip(), False
    thoughts, finals = [], []
    here = 0
    while found := _MESSAGE.search(text, here):
        end = _END.search(text, found.end())
        here = len(text) if end is None else end.end()
        said = text[found.end() : len(text) if end is None else end.start()].strip()
        if found["channel"].split()[:1] == [FINAL]:
            finals.append(said)
        elif said:
            thoughts.append(said)
    return "\n\n".join(thoughts) or None, "\n\n".join(filter(None, finals)), not finals
