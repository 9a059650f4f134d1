"""The trigger's function that refuses every change of a trace's content, whoever tries."""

from collections.abc import Iterable

CURATION = ("status", "tags")


def refuse_changes(*, but_of: Iterable[str] = ()) -> str:
    """Write the SQL that makes the function refuse changes of all columns but curation's.

    Columns that are added later are refused as well. A migration that computes columns anew lets
    these pass by replacing the function, and puts it back before it commits: nobody else sees the
    one between, the table is not locked, and of what came in nothing may change even then.
    """
    free = "\n    ".join(f"changed.{name} := OLD.{name};" for name in (*CURATION, *but_of))
    return f"""
CREATE OR REPLACE FUNCTION traces_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed traces_trace := NEW;
BEGIN
    {free}
    IF changed IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'the content of a trace never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
