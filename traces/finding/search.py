"""Full-text search: what of a trace is searched, how words rank it, and where it holds them.

Documents are written behind ingest by `traces.services.indexing`; a trace without one is not found.
"""

import html
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import InternalError, OperationalError, connections, transaction
from django.db.models.expressions import RawSQL
from psycopg.errors import QueryCanceled

from tunix_site.errors import Invalid

CONFIG = "english"
MAX_WORDS = 50
MAX_SECONDS = 10  # of a statement
CANDIDATES = 1_000  # the newest matches, which alone are ranked
WEIGHTS = "{0.1, 0.2, 0.4, 1.0}"  # of D, C (steps), B (answer), A (prompt)
BY_LENGTH = 1  # divides a rank by 1 + the logarithm of the document's length

EXCERPT_SOURCE_CHARS = 10_000
EXCERPT_CHARS = 600
EXCERPT_OPTIONS = "MaxFragments=2, MaxWords=25, MinWords=8, ShortWord=0"
# Private characters, which are taken out of the text: what is marked is marked by us.
OPENS, CLOSES, LESS_THAN = "\ue000", "\ue001", "\ue002"

# PostgreSQL reads `x<y and z>w` as a tag and `7+5`, `3/4` as one token; here they are words apart.
BLANKED = "<>/+"
_BLANKS = str.maketrans(dict.fromkeys(BLANKED, " "))
_TAKEN_APART = re.compile(rf"(?<!\S)(-*)(\S*[{BLANKED}]\S*)")
_STEPS = "(SELECT string_agg(step->>'content', E'\\n') FROM jsonb_array_elements(steps) AS step)"


def _words(text: str) -> str:
    for character in BLANKED:
        text = f"replace({text}, '{character}', ' ')"
    return f"to_tsvector('{CONFIG}', {text})"


def document_sql(max_chars: int | None = None) -> str:
    """Give the SQL of a trace's document; of the beginning of each of its texts, if so bounded."""
    texts = ["prompt", "final_answer", _STEPS]
    if max_chars is not None:
        texts = [f"left({text}, {max_chars})" for text in texts]
    return " || ".join(
        f"setweight({_words(text)}, '{weight}')" for text, weight in zip(texts, "ABC", strict=True)
    )


QUERY = f"websearch_to_tsquery('{CONFIG}', %s)"


def typed(text: str) -> str:
    """Blank in a query what is blanked in the documents; what that takes apart is a phrase."""
    parts = text.split('"')
    parts[::2] = [_TAKEN_APART.sub(r'\1"\2"', part) for part in parts[::2]]
    return '"'.join(parts).translate(_BLANKS)


def condition(text: str) -> SearchQuery:
    return SearchQuery(typed(text), config=CONFIG, search_type="websearch")


@contextmanager
def within_time() -> Iterator[None]:
    """Bound the block's statements; Invalid where one takes longer.

    To rank long documents that hold many words again and again takes PostgreSQL minutes, and the
    thread that waits is one of few.
    """
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{MAX_SECONDS}s'")
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        reason = f"Takes more than {MAX_SECONDS} seconds: give fewer words, or filters beside."
        raise Invalid({"q": [reason]}) from None


def refusal(text: str) -> str | None:
    """Say why a text cannot be searched for, or nothing; one small query."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(f"SELECT numnode({QUERY})", [typed(text)])
            nodes = cursor.fetchone()[0]
    except InternalError:  # of a hundred minus signs in a row, PostgreSQL's stack is too small
        return "Cannot be read as a search."
    if not nodes:
        return "Holds no word that is searched for."
    if nodes > 2 * MAX_WORDS:  # words, and what joins them
        return f"Holds more than {MAX_WORDS} words."
    return None


def ranked(text: str, trace_ids: Iterable[UUID]) -> list[tuple[float, UUID]]:
    """Give rank and id of each trace, best first and newest first among equals."""
    query = f"""
        SELECT ts_rank_cd('{WEIGHTS}', document, {QUERY}, {BY_LENGTH}), trace_id
        FROM traces_searchdocument WHERE trace_id = ANY(%s)
    """  # noqa: S608
    with connections["default"].cursor() as cursor:
        cursor.execute(query, [typed(text), list(trace_ids)])
        return sorted(cursor.fetchall(), reverse=True)


def excerpt(text: str) -> RawSQL:
    """Give the expression of a trace's excerpt around the words, which `marked_up` finishes."""
    options = f'{EXCERPT_OPTIONS}, StartSel={OPENS}, StopSel={CLOSES}, FragmentDelimiter=" … "'
    sql = f"""
        ts_headline(
            '{CONFIG}',
            translate(
                left(concat_ws(E'\\n', prompt, final_answer, {_STEPS}), {EXCERPT_SOURCE_CHARS}),
                %s, %s
            ),
            {QUERY}, %s
        )
    """
    parameters = [f"<{OPENS}{CLOSES}{LESS_THAN}", LESS_THAN, typed(text), options]
    return RawSQL(sql, parameters)  # noqa: S611  # what is sent is in the parameters


def marked_up(found: str) -> str:
    """Make safe HTML of an excerpt: all of it is escaped but for our marks."""
    found = found[:EXCERPT_CHARS]
    if found.rfind(OPENS) > found.rfind(CLOSES):
        found += CLOSES
    escaped = html.escape(found.replace(LESS_THAN, "<"))
    return escaped.replace(OPENS, "<mark>").replace(CLOSES, "</mark>")
