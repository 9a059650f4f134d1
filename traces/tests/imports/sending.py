"""Sending files to be imported, and records to put in them."""

import json

URL = "/api/traces/import"


def lines(records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def send(client, data, query="", **headers):
    data = data if isinstance(data, bytes) else lines(data)
    return client.generic("POST", f"{URL}{query}", data, "application/x-ndjson", **headers)


def worked(n: int) -> dict:
    return {
        "question": f"What is {n} plus {n}?",
        "answer": f"{n}+{n}=<<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}",
    }


def preferences() -> list[dict]:
    return [{"prompt": "2+2?", "chosen": "It is 4.", "rejected": "It is 5."}]
