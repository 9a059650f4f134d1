"""What was sent and what was acknowledged, on disk as it happens."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SINGLE, BATCH, IMPORT, BUILD = KINDS = ("single", "batch", "import", "build")
WHOLE = (SINGLE, BATCH)  # stored all or not at all


@dataclass
class Deed:
    """One request, sent until it is acknowledged or given up; its traces are named after it."""

    name: str
    kind: str
    count: int = 0  # traces that it stores
    acknowledged_at: float | None = None
    job: str = ""  # that a build or an import was given
    dataset: str = ""

    def trace_names(self) -> Iterator[str]:
        return (f"{self.name}.{number}" for number in range(self.count))


class Journal:
    """Lines of JSON in a file; any thread may write."""

    def __init__(self, path: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def sent(self, deed: Deed) -> None:
        self._write("sent", deed.count, deed=deed.name, kind=deed.kind, count=deed.count)

    def acknowledged(self, deed: Deed, answer: dict[str, Any]) -> None:
        at = time.time()
        self._write("acknowledged", deed.count, deed=deed.name, at=at, answer=answer)

    def fault(self, what: str, pid: int) -> None:
        self._write("faults", 1, what=what, pid=pid)

    def wrong(self, deed: Deed, said: str) -> None:
        """Note an answer that no fault explains."""
        self._write("wrong", 1, deed=deed.name, said=said)

    def close(self) -> None:
        self._file.close()

    def _write(self, event: str, added: int, **line: Any) -> None:
        with self._lock:
            self.counts[event] += added
            self._file.write(json.dumps({"event": event, **line}) + "\n")
            self._file.flush()


def read(path: Path) -> tuple[dict[str, Deed], list[str], Counter[str]]:
    """Read the deeds by name, the answers that were wrong, and the faults by kind."""
    deeds: dict[str, Deed] = {}
    wrong: list[str] = []
    faults: Counter[str] = Counter()
    with path.open(encoding="utf-8") as file:
        for line in map(json.loads, file):
            match line["event"]:
                case "sent":
                    deeds[line["deed"]] = Deed(line["deed"], line["kind"], line["count"])
                case "acknowledged":
                    deed = deeds[line["deed"]]
                    deed.acknowledged_at = line["at"]
                    deed.job = line["answer"].get("job", "")
                    deed.dataset = line["answer"].get("dataset", "")
                case "faults":
                    faults[line["what"]] += 1
                case "wrong":
                    wrong.append(f"{line['deed']}: {line['said']}")
    return deeds, wrong, faults
