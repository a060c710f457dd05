"""The mark of a bid on its insertion part: points by criterion, weighted; no Django here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
WHOLE = Decimal(100)


@dataclass(frozen=True)
class Mark:
    """What one bid obtains.

    on_100: out of 100, weighted. on_weight: out of the weight that insertion has in the whole mark of the bid, where
    the rules of the tender give one. missing: criteria without points; a mark with one of them is not final.
    """

    on_100: Decimal
    on_weight: Decimal | None
    missing: int
    rank: int | None = None


def weighted(
    points: Mapping[int, Decimal],
    weights: Mapping[int, Decimal],
    scale: Decimal,
    share: Decimal | None = None,
) -> Mark:
    """The mark of a bid: the sum over criteria of `points ÷ scale × weight`, to the hundredth.

    points: by criterion; one that is absent counts for nothing, and is said to be missing. weights: percents that add
    up to 100. Raises ValueError for points outside the scale or weights that do not add up.
    """
    if scale <= 0:
        raise ValueError("Le barème est supérieur à zéro.")
    if sum(weights.values()) != WHOLE:
        raise ValueError("Les poids des critères totalisent 100 %.")
    total = Decimal(0)
    for criterion, given in points.items():
        if criterion not in weights:
            raise ValueError("Cette note porte sur un critère d’une autre grille.")
        if not 0 <= given <= scale:
            raise ValueError(f"Une note va de 0 à {scale.normalize():f}.")
        total += given * weights[criterion] / scale
    on_100 = total.quantize(CENT, ROUND_HALF_UP)
    on_weight = None if share is None else (total * share / WHOLE).quantize(CENT, ROUND_HALF_UP)
    return Mark(on_100, on_weight, sum(1 for criterion in weights if criterion not in points))


def ranked(marks: Sequence[Mark]) -> list[int | None]:
    """The rank of each mark: equal marks share a rank, and the next one skips; none while a criterion is not marked."""
    final = [mark.on_100 for mark in marks if not mark.missing]
    return [None if mark.missing else 1 + sum(other > mark.on_100 for other in final) for mark in marks]
