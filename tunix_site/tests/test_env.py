"""Variables of the environment, read by type."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tunix_site import env

NAME = "TUNIX_A_TEST"


@pytest.fixture
def given(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)

    def give(value: str | None) -> None:
        if value is not None:
            monkeypatch.setenv(NAME, value)

    return give


@pytest.mark.parametrize(("value", "read"), [(None, "else"), ("", "else"), (" a ", " a ")])
def test_text_is_kept_as_it_is(given, value, read):
    given(value)
    assert env.text(NAME, "else") == read


@pytest.mark.parametrize(
    ("value", "read"), [(None, "of the file"), ("", "of the file"), ("given", "given")]
)
def test_a_secret_may_be_in_a_file_and_the_variable_wins(given, monkeypatch, tmp_path, value, read):
    (tmp_path / "secret").write_text("of the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    given(value)
    assert env.secret(NAME) == read


def test_a_secret_may_be_missing(given):
    given(None)
    assert env.secret(NAME) == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "No such file or directory: "), (b" \n", "is empty"), (b"\xff\xfe", "holds no text")],
)
def test_a_file_without_a_secret_is_refused(given, monkeypatch, tmp_path, content, problem):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(f"{NAME}_FILE", str(path))
    given(None)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.secret(NAME)
    assert str(refused.value).startswith("TUNIX_A_TEST_FILE: ")
    assert problem in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("value", "read"), [(None, 7), ("", 7), ("3", 3), (" 3 ", 3), ("1", 1), ("1_000", 1000)]
)
def test_integers(given, value, read):
    given(value)
    assert env.integer(NAME, 7) == read


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("many", "TUNIX_A_TEST must be a whole number, not 'many'."),
        ("1.5", "TUNIX_A_TEST must be a whole number, not '1.5'."),
        ("0x10", "TUNIX_A_TEST must be a whole number, not '0x10'."),
        ("0", "TUNIX_A_TEST must be at least 1, not 0."),
        ("-5", "TUNIX_A_TEST must be at least 1, not -5."),
    ],
)
def test_what_is_no_integer_or_too_small_is_refused(given, value, message):
    given(value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.integer(NAME, 7)
    assert str(refused.value) == message


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        *[("1", True), ("true", True), ("YES", True), (" on ", True)],
        *[("0", False), ("False", False), ("no", False), ("off", False)],
    ],
)
def test_flags(given, value, read, default):
    given(value)
    assert env.flag(NAME, default=default) is read


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("value", [None, ""])
def test_a_flag_that_is_not_set_or_empty_has_its_default(given, value, default):
    given(value)
    assert env.flag(NAME, default=default) is default


def test_what_is_no_flag_is_refused(given):
    given("maybe")
    with pytest.raises(ImproperlyConfigured, match=r"^TUNIX_A_TEST must be 1 or 0, not 'maybe'\.$"):
        env.flag(NAME)


@pytest.mark.parametrize(
    ("value", "read"),
    [(None, ["a", "b"]), ("", ["a", "b"]), (" , ", []), (" c ,d,, ", ["c", "d"]), ("e", ["e"])],
)
def test_words(given, value, read):
    given(value)
    assert env.words(NAME, "a,b") == read


@pytest.mark.parametrize(("value", "read"), [(None, "one"), ("", "one"), ("two", "two")])
def test_choices(given, value, read):
    given(value)
    assert env.choice(NAME, "one", ("one", "two")) == read


def test_another_choice_is_refused(given):
    given("ONE")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.choice(NAME, "one", ("one", "two"))
    assert str(refused.value) == "TUNIX_A_TEST must be one of one, two, not 'ONE'."


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, []),
        ("", []),
        ("https://app.example.org", ["https://app.example.org"]),
        (
            "http://LocalHost:3000, https://b.example",
            ["http://localhost:3000", "https://b.example"],
        ),
        ("https://a.example:443,http://a.example:80", ["https://a.example", "http://a.example"]),
        ("http://a.example:443", ["http://a.example:443"]),
        ("http://[::1]:5173", ["http://[::1]:5173"]),
    ],
)
def test_origins_are_as_browsers_write_them(given, value, read):
    given(value)
    assert env.origins(NAME) == read


@pytest.mark.parametrize(
    "value",
    [
        *["*", "null", "https://*", "https://*.example.org", "a.example", "//a.example"],
        *[
            "https://a.example/",
            "https://a.example/app",
            "https://a.example?x",
            "file://",
            "ftp://a",
        ],
        *[
            "https://me:word@a.example",
            "https://a.example:http",
            "https://",
            "https://a b",
            "b.org*",
        ],
    ],
)
def test_what_is_no_origin_is_refused(given, value):
    given(f"https://fine.example,{value}")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.origins(NAME)
    assert str(refused.value).startswith("TUNIX_A_TEST must hold origins such as https://app.")
    assert str(refused.value).endswith(f"not {value!r}.")


def test_a_folder_may_be_relative_and_has_to_be_there(given, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "file").touch()
    for value in (None, ""):
        given(value)
        assert env.folder(NAME, below=tmp_path) is None
    for value in ("files", str(tmp_path / "files")):
        given(value)
        assert env.folder(NAME, below=tmp_path) == (tmp_path / "files").resolve()
    for value in ("file", "gone", str(tmp_path / "gone")):
        given(value)
        with pytest.raises(ImproperlyConfigured) as refused:
            env.folder(NAME, below=tmp_path)
        said = f"TUNIX_A_TEST must name a folder that can be read, not {value!r}."
        assert str(refused.value) == said
