"""What a run writes about itself: its manifest, a line of metrics per step, its result."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from errors import InputError

MANIFEST, METRICS, RESULT = "run_manifest.json", "metrics.jsonl", "result.json"
CHECKPOINTS, TOKENIZER, LOSS_PLOT = "checkpoints", "tokenizer", "loss.png"
DRAFT = ".part"  # the ending of a file that is being written
PACKAGES = ("google-tunix", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "qwix")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Read an object; InputError names the file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: no JSON") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: no JSON object")
    return value


def write_json(path: Path, value: Any) -> None:
    """Write a file whole or not at all."""
    _replace(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(path.name + DRAFT)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def provenance() -> dict[str, Any]:
    """Where and with what a run happens."""
    import jax

    versions = {}
    for name in PACKAGES:
        versions[name] = importlib.metadata.version(name)
    device = jax.devices()[0]
    return {
        "run_id": str(uuid.uuid4()),
        "created_at": datetime.now(UTC).isoformat(),
        "git_sha": _git_sha(),
        "python": sys.version.split()[0],
        "packages": versions,
        "device": {
            "platform": device.platform,
            "kind": device.device_kind,
            "count": jax.device_count(),
        },
    }


def _git_sha() -> str | None:
    """The commit of this program's own checkout; None outside one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  # the one on the user's path
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def keep_metrics_until(path: Path, step: int) -> None:
    """Drop the lines of steps that a resumed run does again, and a line cut off by a kill."""
    kept = [line for line in read_metrics(path) if line["step"] <= step]
    _replace(path, "".join(json.dumps(line) + "\n" for line in kept))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Give the lines up to the first that is none."""
    lines: list[dict[str, Any]] = []
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                break
    return lines
