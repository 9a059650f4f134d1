"""Names of files that are safe wherever they are unpacked, whatever they are made of."""

import re
from collections.abc import Iterable

UNSPLIT = "train"  # what a dataset without splits is to loaders
RESERVED = {"all"}  # means every split to Hugging Face's loader
MAX_CHARS = 200
ENTRY = re.compile(r"[A-Za-z0-9._-]+")
_NO_WORD = re.compile(r"[^A-Za-z0-9_]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def split_names(splits: Iterable[str]) -> dict[str, str]:
    """Name splits by letters, digits and underscores alone, as Hugging Face's loader wants it."""
    return _distinct({split: _NO_WORD.sub("_", split) for split in splits})


def key_names(keys: Iterable[str]) -> dict[str, str]:
    """Name sets by their keys."""
    return _distinct({key: _UNSAFE.sub("_", key) for key in keys})


def _distinct(names: dict[str, str]) -> dict[str, str]:
    """Give names that differ also where capitals do not count.

    What is safe as it is keeps its name, `train` before others; the rest is named around these.
    """
    given: dict[str, str] = {}
    taken = set(RESERVED)
    for one in sorted(names, key=lambda one: one != UNSPLIT):
        if one == names[one][:MAX_CHARS] != "" and one.casefold() not in taken:
            taken.add(one.casefold())
            given[one] = one
    for one in [one for one in names if one not in given]:
        first = chosen = names[one][:MAX_CHARS] or "_"
        number = 2
        while chosen.casefold() in taken:
            chosen, number = f"{first}_{number}", number + 1
        taken.add(chosen.casefold())
        given[one] = chosen
    return {one: given[one] for one in names}
