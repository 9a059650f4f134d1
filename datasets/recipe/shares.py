"""Sharing places out, by the method of the largest remainder."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm


def allotted(
    places: int, sizes: Mapping[str, int], weights: Mapping[str, float | Fraction]
) -> dict[str, int]:
    """Share places between groups by weights; one without a weight gets none.

    A group never gets more than its size: what is left goes to the others, by their weights.
    """
    given = dict.fromkeys(sizes, 0)
    room = _whole({name: weights[name] for name in sorted(sizes) if weights.get(name)})
    left = min(places, sum(sizes[name] for name in room))
    while room and left:
        shares = largest_remainders(left, room)
        full = [name for name in room if shares[name] >= sizes[name]]
        for name in full or room:
            given[name] = min(shares[name], sizes[name])
            left -= given[name]
        room = {name: weight for name, weight in room.items() if name not in full} if full else {}
    return given


def largest_remainders(places: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Round shares of so many places to whole ones; of equal remainders the first name gains."""
    total = sum(weights.values())
    exact = {name: divmod(places * weight, total) for name, weight in weights.items()}
    shares = {name: whole for name, (whole, _) in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (-exact[name][1], name))
    for name in by_remainder[: places - sum(shares.values())]:
        shares[name] += 1
    return shares


def _whole(weights: Mapping[str, float | Fraction]) -> dict[str, int]:
    """Give weights as whole numbers, in the same proportions exactly."""
    fractions = {name: Fraction(weight) for name, weight in weights.items()}
    common = lcm(*(fraction.denominator for fraction in fractions.values()))
    return {name: int(fraction * common) for name, fraction in fractions.items()}
