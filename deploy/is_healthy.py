"""End with 0 where the server of this container says that it is healthy, with 1 otherwise."""

import http.client
import os
import sys

SECONDS = 4


def main() -> int:
    server = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=SECONDS
    )
    try:
        server.request("GET", "/api/health")
        return int(server.getresponse().status != http.client.OK)
    except OSError as error:
        print(f"Nobody answers: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
