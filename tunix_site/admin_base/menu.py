"""The admin's sidebar."""

from django.urls import reverse_lazy


def navigation() -> list[dict[str, object]]:
    """Give the groups of pages, each with who sees it."""
    return [
        _menu(
            "Traces",
            "may_curate",
            {
                "Traces": ("traces_trace", "account_tree"),
                "Scores": ("traces_score", "speed"),
                "Reviews": ("traces_review", "rate_review"),
            },
        ),
        _menu(
            "Datasets",
            "may_curate",
            {
                "Datasets": ("datasets_dataset", "dataset"),
                "Dataset items": ("datasets_datasetitem", "list"),
            },
        ),
        _menu("Work", "may_curate", {"Jobs": ("jobs_job", "pending_actions")}),
        _menu(
            "Access",
            "may_administer",
            {
                "API keys": ("tunix_site_apikey", "key"),
                "Users": ("auth_user", "person"),
                "Groups": ("auth_group", "group"),
                "Idempotent answers": ("tunix_site_idempotentanswer", "replay"),
            },
        ),
    ]


def _menu(title: str, permission: str, entries: dict[str, tuple[str, str]]) -> dict[str, object]:
    """A group of the admin's sidebar: page by title, each with its icon."""
    items = [
        {
            "title": name,
            "icon": icon,
            "link": reverse_lazy(f"admin:{page}_changelist"),
            "permission": f"tunix_site.admin_base.site.{permission}",
        }
        for name, (page, icon) in entries.items()
    ]
    return {"title": title, "items": items}
