"""The threads of a campaign: where one fails, all end, and whoever started it is told."""

import threading
from abc import ABC, abstractmethod


class Part(threading.Thread, ABC):
    """Does its work until `ended` is set."""

    def __init__(self, name: str, ended: threading.Event) -> None:
        super().__init__(name=name)
        self.ended = ended
        self.error: Exception | None = None

    @abstractmethod
    def work(self) -> None: ...

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:
            self.error = error
            self.ended.set()
