"""A database of the version before, and all that it answered then.

`make` wrote `tunix.dump` and `answers.json.xz`; tests/test_carried_over.py restores the one,
migrates it, and compares with the other.
"""
