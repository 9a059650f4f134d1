"""The admin's pages: Django looks for them here."""

from traces.admin import reviews, scores, traces

__all__ = ["reviews", "scores", "traces"]
