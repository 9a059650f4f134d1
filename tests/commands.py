"""Commands of manage.py, as other files name them."""

from django.core.management import get_commands, load_command_class


def parse(arguments: list[str]) -> None:
    """Have a command of manage.py read its arguments; SystemExit where it refuses them."""
    name, *rest = arguments
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    command.create_parser("manage.py", name).parse_args(rest)
