from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Routes with and without a trailing slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
