"""Long requests (bodies that still come, imports, exports): never in all threads at once."""

import threading
from typing import Any

from django.conf import settings
from django.core.signals import request_finished

from tunix_site.errors import Busy

THREADS_KEPT_FREE = 2


class StreamSlots:
    """As many as there may be streams at once; a thread holds one at most, until its request ends.

    With fewer than three threads there is one.
    """

    def __init__(self, threads: int) -> None:
        self.free = max(1, threads - THREADS_KEPT_FREE)
        self.lock = threading.Lock()
        self.thread = threading.local()

    def take(self) -> bool:
        """Take a slot, for whom is the caller's business; False where none is free."""
        with self.lock:
            if not self.free:
                return False
            self.free -= 1
            return True

    def hand_over(self) -> None:
        """Note that this thread holds a slot that was taken for it."""
        self.thread.holds = True

    def hold(self) -> None:
        """Take a slot for the request of this thread, unless it has one; 503 where none is free."""
        if getattr(self.thread, "holds", False):
            return
        if not self.take():
            raise Busy("As many imports and exports run as may at once; try again later.")
        self.hand_over()

    def release(self, **_: Any) -> None:
        """Give back what this thread holds: its request has ended."""
        if getattr(self.thread, "holds", False):
            self.thread.holds = False
            with self.lock:
                self.free += 1


slots = StreamSlots(settings.WEB_THREADS)
request_finished.connect(slots.release)
