"""What a buyer may read of a typology (domain rule 9): bands merged first, then small cells withheld. Pure.

Someone who knows these rules, the table, its total and the columns of hours and contracts must not be able to work out
the people of any row below the threshold. Two things see to it: which row is withheld beside a small one never depends
on the figures of the rows (it is the first of a fixed order), and where the total of what is withheld leaves only one
answer the whole table is. The tests try every table of a few rows against someone who knows all of this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

THRESHOLD = 5
# Below this many people in all, only gender and two age bands may be shown.
SMALL_TOTAL = 10
# No list of the house has such a code: « other » is a kind of prescriber and a criterion, and a row of its own.
OTHER = "_others"


class Merge(StrEnum):
    """How the rows of a table may be put together before any is withheld."""

    NONE = "none"
    ORDERED = "ordered"  # a small band joins its neighbour
    OPEN = "open"  # small rows join « Autres … »


@dataclass(frozen=True)
class Row:
    """One line of a typology: people, hours, contracts."""

    key: str
    label: str
    people: int
    hours: Decimal = Decimal("0.00")
    contracts: int = 0
    bounds: tuple[int | None, int | None] | None = None
    label_of: Callable[[int | None, int | None], str] | None = None
    # Keys of the rows put together in this one.
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """An exclusive breakdown of people. `unknown` is the row « Non renseigné »: never merged, always there."""

    key: str
    title: str
    rows: Sequence[Row]
    unknown: Row
    merge: Merge = Merge.NONE
    other: str = ""

    @property
    def people(self) -> int:
        return sum(row.people for row in (*self.rows, self.unknown))


@dataclass(frozen=True)
class Masked:
    """A table as a buyer may read it. Rows whose key is in `hidden` show neither people, hours nor contracts.

    `withheld`: the number of people is too small for this breakdown; there are no rows at all.
    """

    key: str
    title: str
    rows: tuple[Row, ...] = ()
    hidden: frozenset[str] = field(default_factory=frozenset)
    withheld: bool = False

    def shown(self, key: str) -> int | None:
        """People of a row as it was asked for, if it is readable under that very key."""
        for row in self.rows:
            if row.key == key and row.key not in self.hidden and len(row.parts) <= 1:
                return row.people
        return None


def mask(
    table: Table,
    *,
    threshold: int = THRESHOLD,
    small_total: int = SMALL_TOTAL,
    joined: Collection[str] = (),
) -> Masked:
    """Merge, then withhold. The order of the rows is the table's, « Autres » and « Non renseigné » last.

    joined: keys of rows that are put together with others whatever their people, because another published bilan would
    make them told (`reporting.subtraction`).
    """
    total = table.people
    if total < small_total:
        return _of_few(table, total, threshold)
    rows = [replace(row, parts=(row.key,)) for row in table.rows]
    if table.merge == Merge.ORDERED:
        rows = _merge_neighbours(rows, threshold, joined)
    elif table.merge == Merge.OPEN:
        rows = _merge_others(rows, table.other, threshold, joined)
        masked = _withhold(table, (*rows, table.unknown), threshold)
        return Masked(table.key, table.title, withheld=True) if _is_full(table, masked, threshold) else masked
    return _withhold(table, (*rows, table.unknown), threshold)


def _is_full(table: Table, masked: Masked, threshold: int) -> bool:
    """Whether « Autres », read alone or with a small « Non renseigné », holds all that the rows left out may hold.

    Each of them then has one number possible.
    """
    other = next((row for row in masked.rows if row.key == OTHER), None)
    if other is None:
        return False
    absent = len(table.rows) - (len(masked.rows) - 2)
    hidden = [row for row in masked.rows if row.key in masked.hidden]
    if OTHER not in masked.hidden:
        return absent > 1 and other.people == absent * (threshold - 1)
    if any(_is_known_large(table, row) for row in hidden):
        return False
    return sum(row.people for row in hidden) == (absent + len(hidden) - 1) * (threshold - 1)


def _of_few(table: Table, total: int, threshold: int) -> Masked:
    """Below ten people: gender as it is and two age bands, and only where no row is small."""
    withheld = Masked(table.key, table.title, withheld=True)
    if total < threshold:
        return withheld
    if table.key == "gender":
        rows = list(table.rows)
    elif table.key == "age" and len(table.rows) > 1:
        half = len(table.rows) // 2
        rows = [_join(table.rows[:half]), _join(table.rows[half:])]
    else:
        return withheld
    every = (*rows, table.unknown)
    if any(0 < row.people < threshold for row in every):
        return withheld
    return Masked(table.key, table.title, every)


def _merge_neighbours(rows: list[Row], threshold: int, joined: Collection[str]) -> list[Row]:
    """A small band joins the next one, the last one joins the one before; again until none is small."""
    while len(rows) > 1:
        small = next(
            (i for i, row in enumerate(rows) if 0 < row.people < threshold or row.key in joined), None
        )
        if small is None:
            break
        at = min(small, len(rows) - 2)
        rows[at : at + 2] = [_join(rows[at : at + 2])]
    return rows


def _merge_others(rows: list[Row], other: str, threshold: int, joined: Collection[str]) -> list[Row]:
    """Every small row joins « Autres … »; rows without anyone are left out."""
    kept = [row for row in rows if row.people >= threshold and row.key not in joined]
    small = [row for row in rows if 0 < row.people < threshold or (row.people and row.key in joined)]
    if not small:
        return kept
    if len(small) == 1 and small[0].people >= threshold and kept:
        # Alone it would be read under another name: the first of the order goes with it.
        small, kept = sorted([*small, kept[0]], key=rows.index), kept[1:]
    return [*kept, replace(_join(small), key=OTHER, label=other, bounds=None)]


def _join(rows: Sequence[Row]) -> Row:
    first, last = rows[0], rows[-1]
    label = " ou ".join(row.label for row in rows)
    bounds = None
    if first.bounds and last.bounds and first.label_of:
        bounds = (first.bounds[0], last.bounds[1])
        label = first.label_of(*bounds)
    return Row(
        "+".join(row.key for row in rows),
        label,
        sum(row.people for row in rows),
        sum((row.hours for row in rows), Decimal("0.00")),
        sum(row.contracts for row in rows),
        bounds,
        first.label_of,
        tuple(part for row in rows for part in (row.parts or (row.key,))),
    )


def _withhold(table: Table, rows: tuple[Row, ...], threshold: int) -> Masked:
    """Withhold the small rows, with one more of a fixed order if they need it; the whole table if that is not enough."""
    inhabited = [row for row in rows if row.people]
    hidden = [row for row in inhabited if row.people < threshold]
    if hidden and not _is_safe(table, hidden, threshold):
        # « Non renseigné » and « Autres » go first, then the rows in their order: never by their figures.
        last = [row for row in reversed(inhabited) if row.key in (table.unknown.key, OTHER)]
        order = last + [row for row in inhabited if row not in last]
        hidden += [row for row in order if row not in hidden][:1]
        if not _is_safe(table, hidden, threshold):
            return Masked(table.key, table.title, withheld=True)
    return Masked(table.key, table.title, rows, frozenset(row.key for row in hidden))


def _is_safe(table: Table, hidden: Sequence[Row], threshold: int) -> bool:
    """At least two rows and `threshold` people together, and a total that leaves more than one answer.

    After a merge everyone knows that a row with its own name is not small: beside it, the small one must be able to
    have any number of people below the threshold.
    """
    together = sum(row.people for row in hidden)
    large = sum(_is_known_large(table, row) for row in hidden)
    others = len(hidden) - large
    if large and (table.people < 3 * threshold or together < large * threshold + others * (threshold - 1)):
        return False
    is_least, is_most = together == others, together == others * (threshold - 1)
    return len(hidden) >= 2 and together >= threshold and (large > 0 or not (is_least or is_most))


def _is_known_large(table: Table, row: Row) -> bool:
    return table.merge != Merge.NONE and row.key not in (table.unknown.key, OTHER)


def mask_publics(
    rows: Sequence[Row],
    *,
    tables: Sequence[Masked],
    same_as: dict[str, tuple[str, str]],
    principal: dict[str, int],
    total: int,
    threshold: int = THRESHOLD,
    small_total: int = SMALL_TOTAL,
) -> Masked:
    """Non-exclusive rows: no total to subtract from, but other tables say the same thing in another way.

    `same_as`: public → (table, row) of the typology that counts the same people; the public is readable only where
    that row is, and says nothing about fewer than `threshold` people beyond it. `principal`: people by public of
    their principal status. Fewer people without the status than the threshold are people too few as well.
    """
    key, title = "publics", "Publics"
    if total < small_total:
        return Masked(key, title, withheld=True)
    by_key = {table.key: table for table in tables}
    hidden = set()
    for row in rows:
        if not row.people:
            continue
        beyond = [row.people, total - row.people, row.people - principal.get(row.key, 0)]
        if row.key in same_as:
            table, twin = same_as[row.key]
            shown = by_key[table].shown(twin)
            if shown is None:
                hidden.add(row.key)
                continue
            beyond.append(abs(row.people - shown))
        if any(0 < difference < threshold for difference in beyond):
            hidden.add(row.key)
    return Masked(key, title, tuple(rows), frozenset(hidden))
