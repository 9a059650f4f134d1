"""The web server: gunicorn with threads, in this process."""

import gc
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from tunix_site.serving.processes import Kept

YOUNG_OBJECTS = 50_000  # made between two collections; 700 are less than one trace batch holds


class ServerLogger(Logger):
    """Writes the server's own lines to the site's log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.propagate = True

    def exception(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Leave out the request's line: a query may quote a trace."""
        super().exception(str(msg).partition(" %")[0], **kwargs)


class Server(BaseApplication):
    """Serves the site until SIGTERM, by which requests under way are finished, or SIGINT."""

    def __init__(self, *, host: str, port: int, beside: Sequence[Kept] = ()) -> None:
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.beside = beside
        super().__init__()

    def run(self) -> None:
        """Serve; what is beside the web processes is kept running meanwhile."""
        try:
            Master(self).run()
        finally:
            for kept in self.beside:
                kept.stop()

    def load_config(self) -> None:
        options = {
            "bind": self.address,
            "worker_class": "tunix_site.serving.connections.worker.IntakeWorker",
            "workers": settings.WEB_PROCESSES,
            "threads": settings.WEB_THREADS,
            "preload_app": True,
            "keepalive": 75,
            "graceful_timeout": 10,
            "limit_request_line": 8190,
            "forwarded_allow_ips": "",  # which proxy's headers count is TUNIX_BEHIND_PROXY's
            "proc_name": "tunix-rt",
            "logger_class": ServerLogger,
            "errorlog": None,
            "loglevel": "error",  # its warnings quote what is no request, which may be anything
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from tunix_site.wsgi import application

        keep_program_out_of_collections()
        return application


class Master(Arbiter):
    """The process above the web processes."""

    app: Server

    def manage_workers(self) -> None:
        """Start what is missing; gunicorn asks for it every second."""
        super().manage_workers()
        for kept in self.app.beside:
            kept.keep()


def keep_program_out_of_collections() -> None:
    """Load all code and exempt it from garbage collection, before the web processes are forked.

    Otherwise every batch pays for several walks over the whole program, a quarter of its time.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
