from tunix_site import apps


class TracesConfig(apps.SiteApp):
    name = "traces"
    place = 10
    records = {
        "Traces": ("traces_trace", "account_tree"),
        "Scores": ("traces_score", "speed"),
        "Reviews": ("traces_review", "rate_review"),
        "Preferences": ("traces_preference", "thumbs_up_down"),
    }
    urls = "traces.urls"
    root_links = {
        "traces": "trace-list",
        "reviews": "review-list",
        "preferences": "preference-list",
        "queues": "queue-list",
        "filters": "filter-list",
        "columns": "columns",
    }
    tags = {
        "traces": "Reasoning traces: taken in, found, judged.",
        "scores": "Scores that were computed elsewhere.",
        "preferences": "Which of two attempts at a prompt people find better.",
        "reviews": "What people found of traces.",
        "queues": "Traces that people are asked to review.",
        "claims": "What somebody works on, of a queue.",
        "filters": "Filters of traces that are kept under a name.",
        "columns": "Which columns of the list of traces somebody sees.",
        "rewards": "Weighted sums of scores, before something is trained on them.",
    }
    words = "traces.words.describe"
    enum_names = {
        "ScoreOutcomeEnum": "traces.reasoning.answers.comparing.OUTCOMES",
        "StatusEnum": "traces.models.Status",
        "QueueOrderEnum": "traces.curation.queues.Order",
    }
    leaving = "traces.services.queues.leaving.take_leave"
    housekeeping = ("traces.services.importing.uploads.sweep",)
    collectors = ["traces.metrics.PendingCollector"]
    workers = {
        # each helps the other where its own index lacks nothing
        "search": ["index_traces", "--kind", "search", "--kind", "similar"],
        "similar": ["index_traces", "--kind", "similar", "--kind", "search"],
    }

    def ready(self) -> None:
        from traces import tasks  # noqa: F401  # registers the kinds of jobs
