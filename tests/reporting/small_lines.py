"""What no file of a buyer may hold: the hours of lines of fewer than five people, asked of the indicators unmasked."""

from __future__ import annotations

import re
from decimal import Decimal

from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Span
from tests.reporting.figure_readers import written

# (table, label, people, hours)
SmallLine = tuple[str, str, int, Decimal]


def small_lines(facts: Facts, span: Span) -> list[SmallLine]:
    """Every small line of the typology and of the publics of a span."""
    found: list[SmallLine] = [
        (table.key, row.label, row.people, row.hours)
        for table in indicators.typology(facts, span)
        for row in (*table.rows, table.unknown)
        if 0 < row.people < 5
    ]
    found += [
        ("publics", row.label, row.people, row.hours)
        for row in indicators.publics(facts, span)
        if 0 < row.people < 5
    ]
    return found


def told_hours(facts: Facts, span: Span) -> set[Decimal]:
    """The hours that the breakdowns of work say, which are not masked: a small line may happen to equal one."""
    breakdowns = (
        indicators.by_holder, indicators.by_employer, indicators.by_modality, indicators.by_contract_type,
        indicators.by_family, indicators.by_cpv_division, indicators.by_occupation, indicators.by_market,
    )  # fmt: skip
    lines = {line.hours for breakdown in breakdowns for line in breakdown(facts)[span].values()}
    # What the SIAE did is said in all too.
    siae = indicators.by_siae(facts)[span].values()
    return (
        lines
        | {*siae, sum(siae, Decimal(0))}
        | set(indicators.by_month(facts, span).values())
        | {indicators.hours(facts)[span]}
    )


def holds_hours(text: str, hours: Decimal) -> bool:
    """Whether these hours stand in a text, written as French pages, workbooks and JSON write them."""
    shapes = {f"{hours:f}", written(hours), f"{hours:f}".replace(".", ",")}
    return any(re.search(rf"(?<![\d.,]){re.escape(shown)}(?![\d])", text) for shown in shapes)
