"""The admin's pages: Django looks for them here."""

from datasets.admin import datasets, pairs

__all__ = ["datasets", "pairs"]
