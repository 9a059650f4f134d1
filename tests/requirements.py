"""Requirements files, held against what the installed packages say that they need."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

_PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)


@dataclass(frozen=True)
class Pin:
    version: str
    marker: Marker | None = None


@dataclass(frozen=True)
class Needs:
    """What one version of a package says of itself."""

    version: str
    requirements: tuple[Requirement, ...] = ()
    python: str = ""  # the versions that it runs on, all where empty


def pins_of(text: str) -> dict[str, list[Pin]]:
    """Read the pins of a compiled file, by canonical name."""
    pins: dict[str, list[Pin]] = {}
    for line in text.splitlines():
        if found := _PIN.match(line):
            marker = Marker(found["marker"]) if found["marker"] else None
            name = canonicalize_name(found["name"])
            pins.setdefault(name, []).append(Pin(found["version"], marker))
    return pins


def asked_for(path: Path) -> Iterator[Requirement]:
    """Read what an uncompiled file asks for, and the files that it includes."""
    for line in path.read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            yield from asked_for(path.parent / line.removeprefix("-r "))
        elif line:
            yield Requirement(line)


def installed(site_packages: Path) -> dict[str, Needs]:
    found = distributions(path=[str(site_packages)])
    return {canonicalize_name(one.metadata["Name"]): _needs(one) for one in found}


def _needs(one: Distribution) -> Needs:
    requirements = tuple(map(Requirement, one.requires or ()))
    return Needs(one.version, requirements, one.metadata.get("Requires-Python") or "")


def unmet(
    *,
    roots: Iterable[Requirement],
    pins: Mapping[str, list[Pin]],
    packages: Mapping[str, Needs],
    python: str,
) -> list[str]:
    """Say which requirements no pin meets on a Python version, extras and markers included."""
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.1",
    }
    problems: set[str] = set()
    waiting = [("the file", requirement) for requirement in roots]
    chosen: dict[str, str] = {}
    for name, versions in pins.items():
        fitting = [
            pin.version
            for pin in versions
            if pin.marker is None or pin.marker.evaluate({**environment, "extra": ""})
        ]
        if len(fitting) > 1:
            problems.add(f"{name} is pinned to {' and '.join(fitting)}")
        if fitting:
            chosen[name] = fitting[0]
            waiting.append(("the file", Requirement(f"{name}=={fitting[0]}")))
    seen: set[tuple[str, str]] = set()
    while waiting:
        by, requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in chosen:
            problems.add(f"{by} needs {requirement}, which is not pinned")
            continue
        if not requirement.specifier.contains(chosen[name], prereleases=True):
            problems.add(f"{by} needs {requirement}, and {chosen[name]} is pinned")
        needs = packages.get(name)
        if needs is None or needs.version != chosen[name]:
            problems.add(f"{name} {chosen[name]} is pinned and not installed: it cannot be read")
            continue
        if not SpecifierSet(needs.python).contains(f"{python}.1"):
            problems.add(f"{name} {needs.version} runs on Python {needs.python} alone")
        for extra in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, extra))
            waiting += [
                (f"{name}[{extra}]" if extra else name, needed)
                for needed in needs.requirements
                if needed.marker is None or needed.marker.evaluate({**environment, "extra": extra})
            ]
    return sorted(problems)
