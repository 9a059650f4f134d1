"""Texts of several lines, as forms send them."""


def unix(text: str) -> str:
    """Give the text with the line ends that a person typed."""
    return text.replace("\r\n", "\n")  # forms send it so


def lines_of(text: str) -> list[str]:
    """Give the lines of a text that are not empty."""
    return [line for line in unix(text).split("\n") if line]


def typed(text: str, *, over: str) -> str:
    """Give what somebody made of a text in a form; `over` itself where they changed nothing.

    Browsers send other line ends than a text may have.
    """
    return over if _plain(text) == _plain(over) else unix(text)


def _plain(text: str) -> str:
    return unix(text).replace("\r", "\n")
