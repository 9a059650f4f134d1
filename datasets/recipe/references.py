"""The reference answer of a trace, as SQL."""

KEY = "reference_answer"
WHITE_SPACE = r"E' \t\r\n'"


def text_of_meta(key: str) -> str:
    """Write the SQL of a text or number of meta, as text without white space around it, or NULL."""
    value = f"trace.meta -> '{key}'"
    return (
        f"CASE WHEN jsonb_typeof({value}) IN ('string', 'number') "
        f"THEN nullif(btrim(trace.meta ->> '{key}', {WHITE_SPACE}), '') END"
    )


REFERENCE = text_of_meta(KEY)
