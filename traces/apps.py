from django.apps import AppConfig


class TracesConfig(AppConfig):
    name = "traces"

    def ready(self) -> None:
        from traces import (
            metrics,
            tasks,  # noqa: F401  # registers the kinds of jobs
        )

        metrics.register()
