"""A client of one site."""

import os
from types import TracebackType

import httpx

from tunix_rt.curation.events import Events
from tunix_rt.curation.queues import Queues
from tunix_rt.curation.reviews import Reviews
from tunix_rt.datasets import Datasets
from tunix_rt.errors import Misconfigured
from tunix_rt.evalsets import EvalSets
from tunix_rt.http.retries import Retries
from tunix_rt.http.transport import Transport
from tunix_rt.jobs import Jobs
from tunix_rt.results import Health
from tunix_rt.traces import Traces
from tunix_rt.version import VERSION

URL, KEY = "TUNIX_URL", "TUNIX_API_KEY"
TIMEOUT_SECONDS = 60
CONNECT_SECONDS = 10


class Client:
    """A site, asked with one key, by connections that are kept.

        with Client("https://traces.example.org", "KEY") as client:
            client.traces.import_file("problems.jsonl")

    Address and key come from TUNIX_URL and TUNIX_API_KEY where they are not given. Threads may
    share it. `trust_env` is off where proxies and certificates that the environment names do not
    count. `timeout` is the seconds that an answer may take to begin, or pause.
    """

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        retries: Retries | None = None,
        trust_env: bool = True,
    ) -> None:
        self._http = httpx.Client(
            base_url=_address(base_url),
            headers={"User-Agent": f"tunix-rt/{VERSION}", **_authorization(key)},
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            trust_env=trust_env,
        )
        self._transport = Transport(self._http, retries or Retries())
        self.jobs = Jobs(self._transport)
        self.traces = Traces(self._transport)
        self.datasets = Datasets(self._transport, self.jobs)
        self.evalsets = EvalSets(self._transport, self.jobs)
        self.queues = Queues(self._transport)
        self.reviews = Reviews(self._transport)
        self.events = Events(self._transport)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def health(self) -> Health:
        """Say how the site is; Unavailable where its database is away."""
        health: Health = self._transport.get("/api/health")
        return health


def _address(given: str | None) -> httpx.URL:
    text = given or os.environ.get(URL, "")
    if not text:
        raise Misconfigured(f"Say where the site is: base_url=, --url or {URL}.")
    try:
        address = httpx.URL(text.strip())
    except httpx.InvalidURL:
        address = httpx.URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise Misconfigured(f"{text!r} is no address; it begins with http:// or https://.")
    if address.path.rstrip("/").endswith("/api"):
        raise Misconfigured(f"{text!r} ends in /api: give the address before that.")
    return address


def _authorization(given: str | None) -> dict[str, str]:
    """Give the header; none without a key, with which only the health may be asked."""
    key = (os.environ.get(KEY, "") if given is None else given).strip()
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise Misconfigured("The key holds characters that no key has.")
    return {"Authorization": f"Bearer {key}"}
