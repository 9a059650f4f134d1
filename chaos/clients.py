"""Clients that send traces and builds of known names, again and again while nobody answers."""

import json
import random
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from chaos.journal import BATCH, BUILD, IMPORT, SINGLE, Deed, Journal
from chaos.threads import Part

TIMEOUT_SECONDS = 30
PAUSE_SECONDS = 0.3
GIVE_UP = 0.02  # of the tries: what became of those requests stays open
WEIGHTS = {SINGLE: 12, BATCH: 6, IMPORT: 1, BUILD: 1}
BATCH_TRACES = (1, 500)
IMPORT_TRACES = (500, 5_000)
BUILD_TRACES = (10, 2_000)
WORDS = [f"{sound}{end}" for sound in ("ba", "de", "ki", "lo") for end in ("n", "r", "st", "m")]
PASSING = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY)


class Sender(Part):
    """One client; it ends after the request that it is at."""

    def __init__(
        self,
        number: int,
        *,
        seed: int,
        url: str,
        key: str,
        journal: Journal,
        ended: threading.Event,
    ) -> None:
        super().__init__(f"client {number}", ended)
        self.number = number
        self.dice = random.Random(f"{seed}/{number}")
        self.journal = journal
        self.made = 0
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Token {key}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=False,
        )

    def work(self) -> None:
        with self.http:
            while not self.ended.is_set():
                [kind] = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
                self._do(kind)

    def _do(self, kind: str) -> None:
        self.made += 1
        deed = Deed(f"c{self.number}-{self.made}", kind, self._traces_of(kind))
        path, content, headers = self._request(deed)
        self.journal.sent(deed)
        while True:
            try:
                answer = self.http.post(path, content=content, headers=headers)
            except httpx.TransportError:
                pass
            else:
                if answer.is_success:
                    self.journal.acknowledged(deed, told(answer))
                    return
                if answer.status_code not in PASSING:
                    self.journal.wrong(deed, f"{answer.status_code} {answer.text[:300]}")
                    return
            if self.ended.wait(PAUSE_SECONDS) or self.dice.random() < GIVE_UP:
                return

    def _traces_of(self, kind: str) -> int:
        spans = {SINGLE: (1, 1), BATCH: BATCH_TRACES, IMPORT: IMPORT_TRACES, BUILD: (0, 0)}
        return self.dice.randint(*spans[kind])

    def _request(self, deed: Deed) -> tuple[str, bytes, Mapping[str, str]]:
        """Give path, body and headers; sent again, they do it once."""
        if deed.kind == BUILD:
            return self._build(deed)
        # half are known again by their own names, half by the request's
        named = deed.kind == IMPORT or self.dice.random() < 0.5
        traces = [self._trace(name, named=named) for name in deed.trace_names()]
        headers = {"Content-Type": "application/json"}
        if not named:
            headers["Idempotency-Key"] = deed.name
        if deed.kind == SINGLE:
            return "/api/traces", json.dumps(traces[0]).encode(), headers
        if deed.kind == BATCH:
            return "/api/traces/batch", json.dumps(traces).encode(), headers
        lines = b"".join(json.dumps(trace).encode() + b"\n" for trace in traces)
        return "/api/traces/import", lines, {"Content-Type": "application/x-ndjson"}

    def _build(self, deed: Deed) -> tuple[str, bytes, Mapping[str, str]]:
        body = {
            "dataset_name": deed.name,
            "dataset_version": "1",
            "limit": self.dice.randint(*BUILD_TRACES),
        }
        headers = {"Content-Type": "application/json"}
        if self.dice.random() < 0.5:
            headers["Prefer"] = "respond-async"
        return "/api/datasets/build", json.dumps(body).encode(), headers

    def _trace(self, name: str, *, named: bool) -> dict[str, Any]:
        steps = [
            {"i": i, "type": "reasoning", "content": self._text(20)}
            for i in range(self.dice.randint(2, 5))
        ]
        return {
            "trace_version": "1.0",
            "prompt": f"{self._text(15)} {name}?",
            "final_answer": str(self.dice.randrange(1000)),
            "steps": steps,
            "meta": {"source": "chaos", "name": name},
            **({"external_id": name} if named else {}),
        }

    def _text(self, words: int) -> str:
        return " ".join(self.dice.choices(WORDS, k=words))


def told(answer: httpx.Response) -> dict[str, str]:
    """Keep of an answer what is looked for later: the job, or the dataset."""
    body = answer.json()
    if answer.status_code == HTTPStatus.ACCEPTED:
        return {"job": body["id"]}
    found = {"job": body.get("job"), "dataset": body.get("dataset_key")}
    return {name: value for name, value in found.items() if value}
