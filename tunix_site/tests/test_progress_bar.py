"""Progress, on a terminal and in a file."""

import io
import os
import pty
import re
import subprocess
import sys
import termios

import pytest
from django.conf import settings

from tunix_site import progress_bar

COPY = settings.BASE_DIR / "training" / "jobs" / "progress_bar.py"
WORK = """
import io
from tunix_site import progress_bar
progress_bar.SECONDS = 0
for number in progress_bar.progress_bar(range(3), desc="scoring", unit=" traces"):
    pass
with progress_bar.reading_bar(io.BytesIO(b"x" * 2048), total=2048, desc="importing") as file:
    while file.read(1024):
        pass
"""


def start(**options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", WORK], cwd=settings.BASE_DIR, **options)


def test_in_a_file_it_is_lines_of_done_total_and_rate(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        assert start(stderr=file).wait() == 0
    written = log.read_bytes().decode()
    assert "\r" not in written
    assert written.endswith("\n")
    for line in written.splitlines():
        assert re.fullmatch(r"(scoring|importing): [0-9.k]+/[0-9.k]+ \[.*(/s|\?).*\]", line), line
    assert re.search(r"^scoring: 3/3 \[.* traces/s\]$", written, re.MULTILINE)
    assert re.search(r"^importing: 2.00k/2.00k \[.*B/s\]$", written, re.MULTILINE)


def test_on_a_terminal_it_is_a_bar():
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = start(stderr=theirs)
    os.close(theirs)
    written = b""
    while piece := _read(ours):
        written += piece
    os.close(ours)
    assert process.wait() == 0
    assert b"\rscoring: 100%|" in written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # so Linux says that nobody writes any more
        return b""


def test_between_its_lines_are_seconds(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    for _ in progress_bar.progress_bar(range(10_000)):
        pass
    assert len(log.getvalue().splitlines()) <= 3
    assert log.getvalue().splitlines()[-1].startswith("10000/10000 [")


def test_it_may_be_hidden(capsys):
    assert list(progress_bar.progress_bar(range(3), disable=True)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_the_programs_have_the_same():
    assert COPY.read_text() == (settings.BASE_DIR / "tunix_site" / "progress_bar.py").read_text()


@pytest.mark.parametrize(
    "path",
    [
        path
        for top in (
            "tunix_site",
            "jobs",
            "traces",
            "evalsets",
            "datasets",
            "training",
            "benchmarks",
        )
        for path in sorted((settings.BASE_DIR / top).rglob("*.py"))
        if path.name not in ("progress_bar.py", "test_progress_bar.py")
    ],
    ids=lambda path: str(path.relative_to(settings.BASE_DIR)),
)
def test_nothing_else_draws_a_bar(path):
    assert not re.search(r"^\s*(from|import) tqdm", path.read_text(), re.MULTILINE)
