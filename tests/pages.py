"""The documents, read: their fenced blocks, headings and links.

A block of the languages `sh` and `python` is run, the latter with the client, and where the line
above its fence says so (`<!-- run in: .venv-datasets5 -->`) in an environment of its own. A block
of `json` or `text` that follows one is what it prints. Every other block says why it is not run, in
a comment on the line above its fence: `<!-- not run: why -->`.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), ROOT / "client" / "README.md", *(ROOT / "docs").rglob("*.md")],
    key=lambda path: path.as_posix(),
)
RUN = ("sh", "python")
ANSWERS = ("json", "text")

_MARKER = re.compile(
    r"<!-- (not run: (?P<reason>\S.*\S)|run in: (?P<environment>\.venv[\w-]*)) -->"
)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(?P<language>\S*)")
_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)")
_HEADING = re.compile(r"#{1,6} (?P<title>.+)")


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    text: str
    reason: str | None = None  # why it is not run
    environment: str | None = None  # in which it is run

    @property
    def is_run(self) -> bool:
        return self.language in RUN and self.reason is None


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    lines = iter(enumerate(text.splitlines(), start=1))
    before = ""
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            before = line
            continue
        marker = _MARKER.fullmatch(before.strip())
        body: list[str] = []
        for _, inside in lines:
            if inside.strip() == opening[1]:
                break
            body.append(inside)
        yield Block(
            line=number,
            language=opening["language"],
            text="\n".join(body),
            reason=marker["reason"] if marker else None,
            environment=marker["environment"] if marker else None,
        )
        before = ""


def steps(text: str) -> Iterator[tuple[Block, Block | None]]:
    """Yield each block that is run with the block that shows what it prints, if any."""
    for block, after in itertools.pairwise([*blocks(text), None]):
        if block.is_run:
            is_answer = after is not None and after.language in ANSWERS and after.reason is None
            yield block, after if is_answer else None


def unexplained(text: str) -> list[Block]:
    """Give the blocks that are neither run, nor an answer, nor marked."""
    explained = {block.line for pair in steps(text) for block in pair if block is not None}
    return [block for block in blocks(text) if block.line not in explained and block.reason is None]


def prose(text: str) -> str:
    """Give the text without its fenced blocks."""
    kept, fence = [], ""
    for line in text.splitlines():
        opening = _FENCE.match(line)
        if not fence and opening:
            fence = opening[1]
        elif not fence:
            kept.append(line)
        elif line.strip() == fence:
            fence = ""
    return "\n".join(kept)


def anchors(text: str) -> set[str]:
    """Give the names under which a page's headings can be linked to."""
    titles = filter(None, map(_HEADING.fullmatch, prose(text).splitlines()))
    return {re.sub(r"[^\w\- ]", "", title["title"].lower()).replace(" ", "-") for title in titles}


def _linked(page: Path, text: str, path: Path) -> str:
    """Give the text of a page that a link leads to, of which the page itself is at hand."""
    if path == page:
        return text
    return path.read_text() if path.suffix == ".md" else ""


def dead_links(page: Path, text: str) -> list[str]:
    """Give the relative links that lead to no file, or to no heading of a page."""
    dead = []
    for link in _LINK.finditer(prose(text)):
        target, _, anchor = link["target"].partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(_linked(page, text, path))):
            dead.append(link["target"])
    return dead
