"""The web server: gunicorn with threads, in this process."""

from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess


class Server(BaseApplication):
    """Serves the site until SIGINT or SIGTERM; then the requests under way are finished."""

    def __init__(self, *, host: str, port: int) -> None:
        self.address = f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self.address,
            "worker_class": "gthread",
            "workers": settings.WEB_PROCESSES,
            "threads": settings.WEB_THREADS,
            "preload_app": True,
            "keepalive": 75,
            "graceful_timeout": 10,
            "limit_request_line": 8190,
            "proc_name": "tunix-rt",
            "loglevel": "warning",
            "control_socket_disable": True,
            "child_exit": forget_process,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from tunix_site.wsgi import application

        return application


def forget_process(server: Any, worker: Any) -> None:
    """Drop the live gauges of a web process that ended."""
    if settings.METRICS_DIR:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
