"""Bad input ends a program with one line and exit code 2."""

import sys
from collections.abc import Callable


class InputError(Exception):
    """A config, file or argument that cannot be used; the message names file, line and field."""


def exit_on_input_error(main: Callable[[], None]) -> None:
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
