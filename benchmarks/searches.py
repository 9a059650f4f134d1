"""The searches that are measured: words and phrases that are common, rare and nowhere."""

import json
from urllib.parse import urlencode

from benchmarks.crowd import made_up_words
from benchmarks.site import BenchmarkFailed, Connection
from benchmarks.timing import seconds_of

_WORDS = made_up_words()
COMMON, FREQUENT, RARE, RARER = (_WORDS[rank] for rank in (0, 30, 5_000, 40_000))

# By what they are; the words of the templates are English, the others made up.
SEARCHES = {
    "a word of nearly all traces": ["week", "half"],
    "a common word": [COMMON, FREQUENT],
    "a rare word": [RARE, RARER],
    "a word that is nowhere": ["zyzzyva"],
    "two common words": [f"{COMMON} {FREQUENT}", f"week {COMMON}"],
    "a common and a rare word": [f"week {RARE}", f"{COMMON} {RARER}"],
    "two rare words": [f"{RARE} {RARER}"],
    "a common phrase": ['"five week"', '"week half"'],
    "a phrase that is nowhere": ['"zyzzyva week"', f'"{RARE} {RARER}"'],
    "a phrase of common words that is nowhere": [f'"week {COMMON}"'],
    "a phrase with a rare word": [f'"{COMMON} {RARE}"', f'"{RARE} {COMMON}"'],
    "one or the other": [f"{RARE} OR {RARER}", f"{COMMON} OR zyzzyva"],
    "a word without another": [f"{COMMON} -{FREQUENT}", f"{RARE} -week"],
}
FILTERS = {"as it is": {}, "among one source": {"source": "generated"}}


def milliseconds(http: Connection, rounds: int) -> dict[str, list[float]]:
    """Ask for the first page of every search, so often; give the times by what they are."""
    taken: dict[str, list[float]] = {name: [] for name in SEARCHES}
    for _ in range(rounds):
        for name, texts in SEARCHES.items():
            for text in texts:
                for filters in FILTERS.values():
                    path = f"/api/traces?{urlencode({'q': text, **filters})}"
                    taken[name].append(1000 * seconds_of(http.get, path))
    return taken


def wait_until_found(http: Connection, word: str) -> None:
    """Ask until a word is found."""
    for _ in range(10_000):
        if json.loads(http.get(f"/api/traces?{urlencode({'q': word})}"))["results"]:
            return
    raise BenchmarkFailed(f"{word} was not found.")
