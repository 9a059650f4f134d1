"""gpt-oss's channels: the thought, calls and the answer are messages of their own in one text.

`<|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...<|return|>`;
of a text that lost its special tokens, `analysis...assistantfinal...` is left.
"""

import json
import re

_MESSAGE = re.compile(
    r"(?:<\|start\|>(?P<role>[^<|]{0,200}))?<\|channel\|>(?P<channel>[^<|]{0,200})"
    r"(?:<\|constrain\|>[^<|]{0,50})?<\|message\|>"
)
_END = re.compile(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)")
_BARE = re.compile(r"\s*analysis(?=[\sA-Z])(?P<thought>.*?)assistantfinal(?P<answer>.*)", re.DOTALL)
OPENS_CHANNEL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>\Z")
_GOES_ON = re.compile(r"<\|end\|>\s*<\|start\|>assistant<\|channel\|>")
_RECIPIENT = re.compile(r"\bto=(?:functions\.)?(\S+)")
FINAL = "final"
OPENING = "<|channel|>analysis<|message|>"


def holds_channels(text: str, *, opened: bool = False) -> bool:
    """Tell a text that begins as a message in a channel, or goes on as one that was `opened`."""
    head = text[:300].lstrip()
    if head.startswith(("<|channel|>", "<|start|>")):
        found = _MESSAGE.match(text, len(text) - len(text.lstrip()))
        return found is not None
    if _GOES_ON.search(text):
        return opened or "<think" not in head
    return head.startswith("analysis") and _BARE.match(text) is not None


def split_channels(text: str) -> tuple[str | None, str, bool, tuple[str, ...]]:
    """Give the thought, the answer, whether the reply was cut off before it, and the calls.

    Only the channel `final` is the answer, and what goes to a recipient is a call, as JSON; all
    others are the thought.
    """
    bare = _BARE.match(text)
    if bare:
        return bare["thought"].strip() or None, bare["answer"].strip(), False, ()
    thoughts, finals, calls = [], [], []
    if not text.lstrip().startswith(("<|channel|>", "<|start|>")):
        text = OPENING + text
    here = 0
    while found := _MESSAGE.search(text, here):
        end = _END.search(text, found.end())
        here = len(text) if end is None else end.end()
        said = text[found.end() : len(text) if end is None else end.start()].strip()
        recipient = _RECIPIENT.search(f"{found['channel']} {found['role'] or ''}")
        if recipient:
            calls.append(json.dumps({"name": recipient[1], "arguments": said}, ensure_ascii=False))
        elif found["channel"].split()[:1] == [FINAL]:
            finals.append(said)
        elif said:
            thoughts.append(said)
    answer = "\n\n".join(filter(None, finals))
    return "\n\n".join(thoughts) or None, answer, not (finals or calls), tuple(calls)
