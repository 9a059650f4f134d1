"""Ids as texts name them."""

from uuid import UUID

import pytest

from tunix_site.database.ids import number_in, uuid_in


def test_an_id_is_read():
    assert uuid_in("01890000-0000-7000-8000-000000000000") == UUID(
        hex="0189000000007000" + "8" + "0" * 15
    )
    assert number_in("0") == 0
    assert number_in("9" * 18) == 10**18 - 1


@pytest.mark.parametrize(
    "text", ["", "x", "\0", "-1", "+1", "1.0", "\u0663", "9" * 19, "9" * 5_000]
)
def test_what_is_no_id_names_nothing(text):
    assert uuid_in(text) is None
    assert number_in(text) is None
