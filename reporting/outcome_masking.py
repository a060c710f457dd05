"""What a buyer may read of the situations after a path: the tables that speak of the same people, masked together. Pure.

Someone who knows the rules has the tables, their totals, the key figures and the rates. Two tables share a row (who is
still in their path): what one withholds must not be read in the other. Rates are made of readable rows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from reporting.masking import SMALL_TOTAL, THRESHOLD, Masked, Row, Table, mask

ONGOING, UNKNOWN, OTHER_EXIT = "ongoing", "unknown", "other"


def mask_situations(situations: Table, hired: Table) -> tuple[Masked, Masked]:
    """Both tables of the people of a span; the one of the hires is there only where it tells nothing of the other.

    Both count who is still in their path: it must be readable in both. Nobody is known to be hired or not of whom
    nothing is known: the second « Non renseigné » holds the first, and must not leave a few people between them.
    """
    first, second = mask(situations), mask(hired)
    withheld = Masked(hired.key, hired.title, withheld=True)
    if second.withheld or first.shown(ONGOING) is None or second.shown(ONGOING) is None:
        return first, withheld
    silent, unsaid = first.shown(UNKNOWN), second.shown(UNKNOWN)
    if silent is None or (unsaid is None and silent) or 0 < (unsaid or silent) - silent < THRESHOLD:
        return first, withheld
    return first, second


def left_of(situations: Masked) -> int | None:
    """How many left their path, where the table lets it be read."""
    ongoing = situations.shown(ONGOING)
    if situations.withheld or ongoing is None:
        return None
    return sum(row.people for row in situations.rows) - ongoing


def share_of(masked: Masked, keys: Iterable[str], *, without: Iterable[str] = (UNKNOWN,)) -> Decimal | None:
    """The part of these rows among the people of the table, those of `without` left aside: of readable rows only."""
    if masked.withheld:
        return None
    parts, aside = [masked.shown(key) for key in keys], [masked.shown(key) for key in without]
    if any(value is None for value in (*parts, *aside)):
        return None
    base = sum(row.people for row in masked.rows) - sum(value or 0 for value in aside)
    if not base:
        return None
    part = Decimal(sum(value or 0 for value in parts))
    return (part / base).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def positive_share(masked: Masked) -> Decimal | None:
    """The respondents of a cohort who have work or a training: everyone but « autre sortie »."""
    others = share_of(masked, [OTHER_EXIT])
    return None if others is None else 1 - others


def is_too_near(larger: AbstractSet[int], smaller: AbstractSet[int]) -> bool:
    """Whether two tables of people in each other would tell, by subtraction, the table of fewer than ten people."""
    return smaller < larger and len(larger - smaller) < SMALL_TOTAL


def mask_benefits(rows: Sequence[Row], *, inside: Mapping[str, Sequence[str]], total: int) -> Masked:
    """Rows that do not add up, some of which hold others (`inside`: row → the rows that it is among), outermost first.

    A row is readable where nobody, or enough people, are in it, out of it, and between it and each row around it that
    is readable.
    """
    key, title = "benefits", "Formations et parcours longs"
    if total < SMALL_TOTAL:
        return Masked(key, title, withheld=True)
    readable: dict[str, int] = {}
    for row in rows:
        differences = [row.people, total - row.people]
        differences += [
            readable[outer] - row.people for outer in inside.get(row.key, ()) if outer in readable
        ]
        if not any(0 < number < THRESHOLD for number in differences):
            readable[row.key] = row.people
    kept = tuple(replace(row, parts=(row.key,)) for row in rows)
    return Masked(key, title, kept, frozenset(row.key for row in rows if row.key not in readable))
