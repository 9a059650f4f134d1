"""Where the head of a request ends, or that it has no end."""

HEAD_BYTES = 64 * 1024
LINE_BYTES = 8190


def head_has_come(data: bytearray, searched: int) -> bool:
    """Say whether a head is whole, or cannot become one; its first `searched` bytes were seen."""
    if data.find(b"\r\n\r\n", max(0, searched - 3)) >= 0 or len(data) >= HEAD_BYTES:
        return True
    if len(data) > LINE_BYTES + 4 and data.find(b"\r\n", 2, LINE_BYTES + 4) < 0:
        return True
    bare = data.count(b"\n", searched) != data.count(b"\r\n", max(0, searched - 1))
    return bare or not (data[:1].isupper() or data[:1] == b"\r")


def begins_as_head(data: bytearray) -> bool:
    """Say whether a HEAD is asked for; an empty line may come before it."""
    return data[:7].lstrip(b"\r\n").startswith(b"HEAD ")
