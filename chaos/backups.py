"""Backups while clients send and processes are killed, and what is in them."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chaos.threads import Part

PAUSE_SECONDS = 3.0
KEPT = 3  # the newest

Manage = Callable[..., subprocess.CompletedProcess[str]]


class BackupTaker(Part):
    """Takes one backup after another; that a fault ends one is no finding."""

    def __init__(self, *, directory: Path, manage: Manage, ended: threading.Event) -> None:
        super().__init__("backups", ended)
        self.directory = directory
        self.manage = manage
        self.taken: list[tuple[Path, float]] = []  # with when it was begun
        self.tried = 0

    def work(self) -> None:
        while not self.ended.wait(PAUSE_SECONDS):
            self.take()

    def take(self) -> None:
        begun = time.time()
        file = self.directory / f"{begun:.0f}.dump"
        self.tried += 1
        if self.manage("backup", str(file), check=False).returncode:
            return
        self.taken.append((file, begun))
        if len(self.taken) > KEPT:
            self.taken.pop(0)[0].unlink()
