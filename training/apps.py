from tunix_site import apps


class TrainingConfig(apps.SiteApp):
    name = "training"
    place = 24  # its route below /api/evalsets comes before those of a key
    urls = "training.urls"
    extends = "evalsets"

    def ready(self) -> None:
        from training import tasks  # noqa: F401  # registers the kind of job
