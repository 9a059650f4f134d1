"""What is there afterwards, held against what was sent and acknowledged."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chaos.journal import BUILD, WHOLE, Deed

SHOWN = 20


@dataclass
class Findings:
    """What is not as it must be; nothing, where all is well."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)  # batches
    others: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.lost, self.doubled, self.half, self.others))

    def add(self, other: "Findings", where: str = "") -> None:
        for name, found in vars(other).items():
            getattr(self, name).extend(f"{where}{one}" for one in found)

    def lines(self) -> list[str]:
        """Say what was found, the first of each kind."""
        told = []
        for name, found in vars(self).items():
            told += [f"{name}: {one}" for one in found[:SHOWN]]
            if len(found) > SHOWN:
                told.append(f"{name}: {len(found) - SHOWN:,} more")
        return told


def check_traces(
    deeds: Iterable[Deed], stored: Mapping[str, int], *, before: float = float("inf")
) -> Findings:
    """Hold what is stored, the number of traces by name, against what was acknowledged `before`.

    What was not acknowledged may be there or not, but never twice, and a batch never in part.
    """
    findings = Findings()
    strange = Counter(stored)
    for deed in deeds:
        names = list(deed.trace_names())
        there = [name for name in names if stored.get(name)]
        acknowledged = deed.acknowledged_at is not None and deed.acknowledged_at < before
        if acknowledged and len(there) < len(names):
            present = set(there)
            findings.lost += [name for name in names if name not in present]
        if deed.kind in WHOLE and 0 < len(there) < len(names):
            findings.half.append(f"{deed.name}: {len(there)} of {len(names)}")
        findings.doubled += [name for name in there if stored[name] > 1]
        for name in there:
            del strange[name]
    findings.others += [f"{name} was never sent" for name in strange]
    return findings


def check_work(
    deeds: Iterable[Deed], jobs: Mapping[str, tuple[str, str]], datasets: Mapping[str, bool]
) -> Findings:
    """Hold jobs (state and error by id) and datasets (whole or not, by key) against the deeds.

    A build that was taken must have succeeded, or say that its process was killed too often.
    """
    findings = Findings()
    for identity, (state, _) in jobs.items():
        if state in ("queued", "running"):
            findings.others.append(f"job {identity} is still {state}")
    for deed in deeds:
        if deed.kind != BUILD or deed.acknowledged_at is None:
            continue
        if deed.job and deed.job not in jobs:
            findings.lost.append(f"{deed.name}: its job {deed.job} is gone")
        elif deed.job:
            state, error = jobs[deed.job]
            if state == "failed" and "process that ran it ended" not in error:
                findings.others.append(f"{deed.name}: its job failed: {error}")
            if state == "succeeded" and f"{deed.name}-1" not in datasets:
                findings.lost.append(f"{deed.name}: its dataset is gone")
        elif deed.dataset not in datasets:
            findings.lost.append(f"{deed.name}: its dataset {deed.dataset} is gone")
    findings.others += [
        f"dataset {key} lacks items" for key, whole in datasets.items() if not whole
    ]
    return findings


def check_copy(
    digests: Mapping[str, bytes], original: Mapping[str, bytes], where: str
) -> list[str]:
    """Hold the digests of a restored backup against those of what it was taken from."""
    return [
        f"{where}: {name} is not as it was"
        for name, digest in digests.items()
        if original.get(name) != digest
    ]
