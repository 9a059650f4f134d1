"""What the readers' tests share."""

import pytest

from traces.readers.draft import Unreadable


def only(drafts):
    [draft] = drafts
    return draft


def refusal(reader, record) -> tuple:
    """Give the field and the reason for which the record is not read."""
    with pytest.raises(Unreadable) as caught:
        list(reader.read(record))
    return caught.value.field, caught.value.reason


def without(record, *names) -> dict:
    return {name: value for name, value in record.items() if name not in names}
