import pytest
from rest_framework.exceptions import NotFound

from pages.shared.refusals import refusable
from tunix_site.errors import Conflict, Invalid


def test_a_block_that_is_not_refused_goes_on():
    with refusable() as refused:
        done = "done"
    assert done == "done"
    assert not refused
    assert (refused.text, refused.status) == ("", 200)


@pytest.mark.parametrize(
    ("error", "text", "status"),
    [
        (Conflict("It is held."), "It is held.", 409),
        (Invalid({"name": ["Too long."]}), "name: Too long.", 400),
        (NotFound("None."), "None.", 404),
    ],
)
def test_a_refusal_is_kept_with_its_words_and_status(error, text, status):
    with refusable() as refused:
        raise error
    assert refused
    assert (refused.detail, refused.text, refused.status) == (error.detail, text, status)


@pytest.mark.parametrize("error", [NotFound("None."), ValueError("A defect.")])
def test_what_is_not_of_the_named_kinds_goes_its_way(error):
    with pytest.raises(type(error)), refusable(Conflict, Invalid):
        raise error
