"""Make the dump and the answers, by the version before: commit fa8d5af.

    git worktree add ../before fa8d5af
    cp -r tests/before ../before/tests/
    cd ../before && make .venv-dev/.ready && .venv-dev/bin/python -m tests.before.make
    cp tests/before/{tunix.dump,answers.json.xz} ../THIS/tests/before/

It serves a site of its own on the embedded PostgreSQL in a temporary directory, and uses it as
people do. Ids and times are those of the run; nothing needs to be made again while the test that
carries it over holds.
"""

import json
import lzma
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.before import asking, builds, contents
from tests.before.site import PASSWORD, SECONDS, Site

HERE = Path(__file__).parent
TYPICAL = HERE.parents[1] / "traces" / "tests" / "imported_before.json"
SWEPT = ("everything-1.0", "split_by_prompt-1.0", "conversations-1.0")


def make_users(site: Site) -> dict[str, Any]:
    """Make people of every role, with keys that open and one that does not."""
    for role in ("reader", "writer", "curator", "trainer"):
        site.keys[role] = site.make_key(f"a.{role}", role, "--name", f"{role}'s \u00fc")
    site.manage("createsuperuser", "--noinput", "--username", "owner", "--email", "o@example.org")
    return {
        "open": {
            **site.keys,
            "less than its user": site.make_key("a.trainer", "reader"),
            "for long": site.make_key("owner", "trainer", "--expires", "36500"),
        },
        "shut": revoked(site),
        "password": ["owner", PASSWORD],
    }


def revoked(site: Site) -> str:
    key = site.make_key("gone", "curator")
    site.manage("revoke_api_key", key[:12])
    return key


def bring_in(site: Site) -> dict[str, Any]:
    """Send traces in every way; give the requests that may be sent again."""
    for body in contents.TRACES:
        site.done("POST", "/api/traces", "writer", json=body)
    named = contents.TRACES[1]
    site.done("POST", "/api/traces/batch", "writer", json=contents.BATCH)
    site.done("POST", "/api/traces/batch", "writer", json=contents.REPEATED)
    index(
        site, "search", "similar"
    )  # what follows is left to the next version: signatures are large
    once = json.dumps(contents.trace("Send it once.", meta={"source": "once"}))
    headers = {"Idempotency-Key": "once only", "Content-Type": "application/json"}
    answer = site.done("POST", "/api/traces", "writer", content=once, headers=headers)
    repeated = {"key": headers["Idempotency-Key"], "content": once, "answer": answer}
    return {
        "named": named,
        "repeated": repeated,
        "imports": [imported(site, *one) for one in imports(site)],
    }


def index(site: Site, *kinds: str) -> None:
    named = [word for kind in kinds for word in ("--kind", kind)]
    site.manage("index_traces", *named, "--until-empty")


def imports(site: Site) -> list[tuple[str, str, list[Any]]]:
    """Give role, query and records: an example of each format, and typical ones of many."""
    examples = [
        (role, f"?format={one['name']}{source}", [one["example"]])
        for one in site.json("/api/traces/formats")
        for role, source in (("curator", ""), ("writer", f"&source=written-{one['name']}"))
    ]
    known = json.loads(TYPICAL.read_text())
    typical = [("curator", f"?format={name}", one["records"]) for name, one in known.items()]
    names = "prompt:q,reply:r,external_id:id,meta.level:level"
    mapped = [("curator", f"?source=map&map={names}", contents.CUT_OFF)]
    return [*examples, *typical, *mapped]


def imported(site: Site, role: str, query: str, records: list[Any]) -> dict[str, Any]:
    """Import twice; keep what the second time is answered."""
    lines = "".join(f"{json.dumps(record)}\n" for record in records).encode()
    path = f"/api/traces/import{query}"
    site.done("POST", path, role, content=lines)
    again = site.done("POST", path, role, content=lines)
    again.pop("job")
    return {"role": role, "path": path, "lines": lines.decode(), "again": again}


def curate(site: Site) -> None:
    """Review one by one and many at once; score here and from outside."""
    everything = [row["id"] for row in asking.rows(site, "/api/traces?limit=100")]
    sums = [row["id"] for row in asking.rows(site, "/api/traces?source=sums&limit=100")]
    for number, trace in enumerate(sums):
        path = f"/api/traces/{trace}"
        status = ("approved", "rejected", "flagged", "unreviewed")[number % 4]
        site.done("PATCH", path, json={"status": status, "tags": ["sum", f"n{number}", "\u00fc"]})
        if number % 3 == 0:
            site.done("PATCH", path, json={"status": "approved"})
            site.done("PATCH", path, json={"status": "unreviewed", "tags": []})
        site.done("POST", f"{path}/score", json={"criteria": "baseline"})
    for trace in everything[::9]:
        site.done("POST", f"/api/traces/{trace}/score", json={"criteria": "baseline"})
    judged = [
        {
            "trace": trace,
            "criteria": criteria,
            "scorer_version": version,
            "value": number / 10,
            "details": {"why": "\u00fc\u2028", "nested": {"n": [number, None, 1e22]}}
            if number
            else {},
        }
        for number, trace in enumerate(everything[:11])
        for criteria, version in (("judge", "1"), ("judge", "2"), ("reward", "a/b"))
    ]
    site.done("POST", "/api/scores/batch", json=judged)


def work(site: Site) -> None:
    """Have jobs end in every way, and leave two in the queue and one that a worker died over."""
    prefer = {"Prefer": "respond-async"}
    bulk, build = "/api/traces/bulk", "/api/datasets/build"
    change = {"where": {"source": "more sums"}, "set": {"status": "approved", "add_tags": ["bulk"]}}
    other = {"where": {"source": "numbers"}, "set": {"remove_tags": ["none"], "add_tags": ["bulk"]}}
    nothing = {"dataset_name": "nothing", "dataset_version": "1", "where": {"source": "nobody"}}
    queued = {"dataset_name": "by a job", "dataset_version": "1", "where": {"source": "sums"}}
    site.done("POST", bulk, json=change)
    site.done("POST", bulk, json=other)
    site.done("POST", build, json=queued, headers=prefer)
    site.done("POST", build, json=nothing, headers=prefer)
    cancelled = site.done("POST", bulk, json=change)
    site.done("DELETE", f"/api/jobs/{cancelled['id']}")
    site.done("POST", "/api/traces/import", content=contents.BAD_LINES)
    site.send("POST", "/api/traces/import?on_error=abort", content=contents.BAD_LINES)
    site.manage("work", "--once")


def leave_work(site: Site) -> dict[str, str]:
    """Leave jobs for the next version; give their ids."""
    died = site.done("POST", "/api/traces/bulk", json=_tagging("died over"))
    die_over(site, died["id"])
    request = {"dataset_name": "built later", "dataset_version": "1", "limit": 5}
    return {
        "died": died["id"],
        "bulk": site.done("POST", "/api/traces/bulk", json=_tagging("changed later"))["id"],
        "build": site.done(
            "POST", "/api/datasets/build", json=request, headers={"Prefer": "respond-async"}
        )["id"],
    }


def _tagging(tag: str) -> dict[str, Any]:
    return {"where": {"source": "sums"}, "set": {"add_tags": [tag]}}


def die_over(site: Site, job: str) -> None:
    """Kill a worker while it waits for a trace that somebody holds."""
    place = str(site.directory / "postgres" / "socket")
    with (
        psycopg.connect(host=place, port=5432, user="tunix", dbname="tunix") as holder,
        site.program("work", "--once") as worker,
    ):
        holder.execute("SELECT 1 FROM traces_trace WHERE source = 'sums' FOR UPDATE")
        stop = time.monotonic() + SECONDS
        while site.json(f"/api/jobs/{job}")["state"] != "running":
            if time.monotonic() > stop:
                raise SystemExit("The worker took no job.")
        worker.kill()
        worker.wait()
        holder.rollback()


def build(site: Site) -> list[dict[str, Any]]:
    trace = site.json(f"/api/traces/{asking.rows(site, '/api/traces?source=turns')[0]['id']}")
    requests = builds.builds(trace)
    for request in requests:
        site.done("POST", "/api/datasets/build", json=request)
    site.done("DELETE", "/api/datasets/deleted-1.0")
    site.done("DELETE", f"/api/traces/{_deletable(site)}")
    return requests[:-1]


def _deletable(site: Site) -> str:
    """Store a trace that no dataset holds."""
    body = contents.trace("To be deleted.")
    identity: str = site.done("POST", "/api/traces", json=body)["id"]
    return identity


def ask(site: Site) -> dict[str, Any]:
    """Read everything, by path."""
    found = {path: asking.rows(site, path) for path in asking.lists()}
    traces, datasets, jobs = (
        [row[name] for row in found[f"/api/{noun}?limit=100"]]
        for noun, name in (("traces", "id"), ("datasets", "dataset_key"), ("jobs", "id"))
    )
    shown = {path: site.json(path) for path in asking.objects(traces, datasets, jobs)}
    manifests = [shown[f"/api/datasets/{key}/manifest"] for key in datasets]
    paths = [
        path
        for manifest in manifests
        for path in asking.exports(manifest, swept=manifest["dataset_key"] in SWEPT)
    ]
    errors = {
        path: site(path).body.decode() for path in (f"/api/jobs/{job}/errors.jsonl" for job in jobs)
    }
    exported = {path: asking.kept(site(path)) for path in paths}
    return {"lists": found, "objects": shown, "errors": errors, "exports": exported}


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        site = Site(Path(directory), port)
        with site.program("serve", "--no-workers", "--host", "127.0.0.1", "--port", str(port)):
            site.http.get("/api/health").raise_for_status()
            told = {"keys": make_users(site), "sent": bring_in(site)}
            work(site)
            index(site, "search")
            curate(site)
            told["builds"] = build(site)
            told["left"] = leave_work(site)
            index(site, "search")
            site.manage("backup", str(HERE / "tunix.dump"))
            told |= ask(site)
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    (HERE / "answers.json.xz").write_bytes(lzma.compress(text.encode(), preset=9))


if __name__ == "__main__":
    main()
