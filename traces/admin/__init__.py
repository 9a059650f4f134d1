"""The admin's pages: Django looks for them here."""

from traces.admin import preferences, reviews, scores, traces

__all__ = ["preferences", "reviews", "scores", "traces"]
