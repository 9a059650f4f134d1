"""The marks of `strict_json` in MessagePack, on their way from the process that reads Parquet."""

import msgspec

from tunix_site.strict_json import NotFinite, Refused

_MARKS: dict[int, type[Refused]] = {1: Refused, 2: NotFinite}
_CODES = {mark: code for code, mark in _MARKS.items()}


def packed(mark: Refused) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(_CODES[type(mark)], mark.reason.encode())


def unpacked(code: int, reason: memoryview) -> Refused:
    return _MARKS[code](bytes(reason).decode())
