"""The reference answer of a trace in the database, read as `answer_correctness` reads it."""

from django.db.models import Func, TextField

from traces.reasoning.answers.trimming import MAX_NUMBER_CHARS, NO_ANSWERS
from traces.scorers.answer_correctness import KEY

WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x10000))))  # as Python takes it off


def text_of_meta(key: str) -> str:
    """Write the SQL of a text or number of meta, as text without white space around it, or NULL."""
    return _text(f"trace.meta -> '{key}'")


def _text(value: str) -> str:
    return (
        f"CASE WHEN jsonb_typeof({value}) IN ('string', 'number') "
        f"THEN nullif(btrim({value} #>> '{{}}', {_quoted(WHITE_SPACE)}), '') END"
    )


def _quoted(text: str) -> str:
    """Write a text as a literal of SQL, whatever the client's encoding."""
    return "U&'" + "".join(f"\\{ord(sign):04X}" for sign in text) + "'"


def _reference(meta: str) -> str:
    """Write the SQL of the reference answer; NULL where there is none, or words that say so."""
    within = r"regexp_replace(said, '\\(?:text|mathrm|mbox)\{([^{}]*)\}', '\1', 'g')"
    # most have no command, and to look for one by a pattern takes the longest
    bare = rf"CASE WHEN strpos(said, '\') = 0 THEN said ELSE {within} END"
    names_none = (
        f"char_length(said) <= {MAX_NUMBER_CHARS} AND "
        f"""lower(btrim({bare}, ' .*_$''"') COLLATE "C") """
        f"IN ({', '.join(map(repr, sorted(NO_ANSWERS)))})"
    )
    return f"""(
        SELECT said FROM (
            SELECT {_text("given")} AS said
            FROM (SELECT {meta} -> '{KEY}' AS given OFFSET 0) AS meta OFFSET 0
        ) AS reference WHERE NOT ({names_none})
    )"""  # noqa: S608


REFERENCE = _reference("trace.meta")


class Reference(Func):
    """The reference answer in an expression for `meta`; NULL where none is named."""

    template = _reference("%(expressions)s")
    output_field = TextField()
