"""The hashes by which steps decide, so that the same traces give the same dataset anywhere."""


def sha256(column: str) -> str:
    """Give the SQL of SHA-256 over a prefix, passed as a parameter, and a hash in UUID form."""
    return f"sha256(convert_to(%s || {column}::text, 'UTF8'))"
