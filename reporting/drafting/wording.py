"""Turns of phrase that several rules share: a figure beside N-1, the largest changes of a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core import formats
from reporting.drafting.reading import Figure, Line, Reading, Table
from reporting.snapshot.words import agree, typeset, upper_first

NAMED = 4
# Of fewer markets or people, a percentage says less than the two numbers.
FEW = 20


def percent(now: Decimal, before: Decimal, kind: str) -> str:
    """« +12,3 % »; nothing on a base of zero, for a change that rounds to nothing, for a few of a thing."""
    if kind == "number" and before < FEW:
        return ""
    change = formats.variation(now, before)
    return "" if change in ("–", f"0{formats.THIN}%") else change


@dataclass(frozen=True)
class Proposal:
    """A sentence for one section and what it rests on. `key` never changes: a sentence once dropped stays dropped."""

    section: str
    key: str
    sentence: str
    figures: tuple[Figure, ...]


def proposal(section: str, key: str, sentence: str, *figures: Figure) -> Proposal:
    return Proposal(section, f"{section}.{key}", typeset(upper_first(sentence)), figures)


def said(value: Decimal, kind: str) -> str:
    """A figure as a sentence writes it: hours and euros with their unit."""
    match kind:
        case "hours":
            return formats.hours(value)
        case "amount":
            return formats.amount(value)
        case "rate":
            return formats.rate(value)
        case _:
            return formats.number(value, 0)


def variation(now: Decimal, before: Decimal, kind: str, where: str) -> tuple[Figure, ...]:
    """The change as a figure of its own, where it is said."""
    change = percent(now, before, kind)
    return (Figure("Évolution", "text", change, where),) if change else ()


def share_of(part: Decimal, whole: Decimal, label: str, where: str) -> Figure:
    """A part of a whole that is not zero, as a ratio with four decimals; less than the whole never reads as it."""
    ratio = (part / whole).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    return Figure(label, "rate", format(min(ratio, Decimal("0.9999")) if part < whole else ratio, "f"), where)


def rate(figure: Figure) -> str:
    return formats.rate(Decimal(figure.value))


def evolution(
    reading: Reading,
    subject: str,
    now: Decimal,
    before: Decimal,
    kind: str,
    *,
    plural: bool = True,
) -> str:
    """« Les heures passent de 36 700 h en 2024 à 33 000 h en 2025 (−10,1 %) »; no percentage on a base of zero."""
    year, last = reading.year, reading.last_year
    if now == before:
        return f"{subject} {'restent' if plural else 'reste'} à {said(now, kind)} en {year}, comme en {last}."
    change = percent(now, before, kind)
    beside = f" ({change})" if change else ""
    goes = "passent" if plural else "passe"
    return f"{subject} {goes} de {said(before, kind)} en {last} à {said(now, kind)} en {year}{beside}."


def beside_last_year(table: Table, line: Line, column: str) -> tuple[Figure, ...]:
    """The figures of an evolution: now, N-1, and the change in percent where there is one to say."""
    now, before = line.value(column), line.before(column)
    assert now is not None and before is not None
    figures = (table.figure(line, column), table.figure(line, f"{column}_previous"))
    return (*figures, *variation(now, before, table.columns[column][1], table.key))


def key_figures(reading: Reading, line: Line, label: str, kind: str) -> tuple[Figure, ...]:
    """The same of a key figure."""
    found = [
        Figure(f"{label} {reading.year}" if reading.year else label, kind, line.cells["value"], line.block)
    ]
    now, before = line.value("value"), line.before("value")
    if now is not None and before is not None:
        found.append(Figure(f"{label} {reading.last_year}", kind, line.cells["value_previous"], line.block))
        found += variation(now, before, kind, line.block)
    return tuple(found)


def largest(
    table: Table, column: str, *, rise: bool, skip: Sequence[str] = ()
) -> tuple[Line, Decimal, Decimal] | None:
    """The line with the largest rise (or fall) of a column since N-1, with now and before; the first of equal ones."""
    found: list[tuple[Decimal, Line, Decimal, Decimal]] = []
    for line in table:
        now, before = line.value(column), line.before(column)
        if now is None or before is None or not before or line.key in skip:
            continue
        step = now - before if rise else before - now
        if step > 0:
            found.append((step, line, now, before))
    if not found:
        return None
    _, line, now, before = max(found, key=lambda row: row[0])
    return line, now, before


def newcomers(table: Table, column: str) -> list[Line]:
    """Lines that have a figure now and had none in the bilan N-1, where that bilan had this table."""
    totals = table.totals
    if totals is None or totals.before(column) is None:
        return []
    return [
        line
        for line in table
        # What N-1 withheld is not known to have been nothing.
        if (line.value(column) or 0) > 0
        and not line.before(column)
        and f"{column}_previous" not in line.withheld
    ]


def enumerated(
    lines: Sequence[Line], write: Callable[[Line], str], *, others: tuple[str, str], where: str
) -> tuple[str, tuple[Figure, ...]]:
    """« A (200 h), B (150 h) et 6 autres entreprises », with the figure that the count of the others is."""
    shown, left = [write(line) for line in lines[:NAMED]], len(lines) - NAMED
    if left == 1:
        shown, left = [write(line) for line in lines], 0
    if left <= 0:
        words = ", ".join(shown[:-1]) + (" et " if len(shown) > 1 else "") + shown[-1]
        return words, ()
    figure = Figure(
        f"Nombre d’{others[1]}" if others[1][0] in "aeiou" else f"Nombre de {others[1]}",
        "number",
        str(left),
        where,
    )
    return f"{', '.join(shown)} et {left} {agree(left, *others)}", (figure,)


def counted(label: str, number: int, where: str) -> Figure:
    """How many lines of a table a sentence counted."""
    return Figure(label, "number", str(number), where)
