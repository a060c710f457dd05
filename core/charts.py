"""Charts drawn on the server as SVG: the same on the page and in the PDF, attributes only, values printed.

Colours and fonts stand in attributes because WeasyPrint's stylesheets do not reach inside an SVG; on the screen
`maillon.css` repaints the same parts by their classes, so that they follow the dark mode. `on_screen=True` adds what a
page has and paper has not: each part takes the focus, has a name, and says itself on focus and hover (CSS alone).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core import formats

WIDTH = 480
FONT = "Inter, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
INK, SECOND, LINE, ACCENT, SOFT = "#1b1f2a", "#545c6b", "#1b1f2a", "#0b5f6b", "#5f959d"
PALE = "#b9cdd0"
MAX_YEARS = 12
# On the screen: height of the line that says the part pointed at.
TIP = 24
# Type sizes: below LEGIBLE figures are written shorter, below SMALLEST never.
LEGIBLE, SMALLEST = 9.0, 6.5
# Pale parts have an edge: on white paper their fill alone would be too light to be seen (3:1).
EDGE = SECOND
# From dark to light: the parts stay apart in grey print and for colour-blind eyes.
SHARES = ("#0b5f6b", "#4f8b94", "#86b2b8", "#b5d0d3", "#d8e6e8")


@dataclass(frozen=True)
class Row:
    """One value of a chart. `note` is printed after the value; `main` draws it in the accent colour."""

    label: str
    value: Decimal | None
    note: str = ""
    main: bool = False


def _row(entry: Any) -> Row:
    if isinstance(entry, Row):
        label, value, note, main = entry.label, entry.value, entry.note, entry.main
    elif isinstance(entry, dict):
        label, value = entry["label"], entry["value"]
        note, main = entry.get("note", ""), entry.get("main", False)
    else:
        label, value, *rest = entry
        note = rest[0] if rest else ""
        main = bool(rest[1]) if len(rest) > 1 else False
    exact = None if value is None else Decimal(str(value))
    if exact is not None and not exact.is_finite():
        exact = None
    return Row(" ".join(str(label).split()), exact, str(note or ""), bool(main))


_NARROW = frozenset("iljItf.,;:!'’|()[] \u202f\u00a0")
_WIDE = frozenset("mwMW@%&œŒæÆ—")


def text_width(text: str, size: float) -> float:
    """A generous estimate of a line's width, in the units of `size`: true of DejaVu Sans, wider than most."""
    widths = (
        0.4 if char in _NARROW else 0.95 if char in _WIDE else 0.72 if char.isupper() else 0.63
        for char in text
    )
    return sum(widths) * size


def fitted(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it would not fit."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(kept + "…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _value(value: Decimal | None, unit: str) -> str:
    if value is None:
        return formats.ABSENT
    text = formats.amount(value) if unit == "€" else formats.number(value)
    return text if unit in ("", "€") else f"{text}{formats.THIN}{unit}"


def _shorter(value: Decimal | None, unit: str) -> str:
    """A long figure in millions or thousands: 23 110 684 € → « 23,1 M€ »."""
    if value is None:
        return formats.ABSENT
    scale, mark = (
        (1_000_000, "M") if abs(value) >= 1_000_000 else (1_000, "k") if abs(value) >= 1_000 else (1, "")
    )
    mark += "€" if unit == "€" else ""
    return formats.number(value / scale, 1) + (f"{formats.THIN}{mark}" if mark else "")


def _column_size(texts: Sequence[str], slot: float) -> float:
    """The type size at which every text fits its column, 12 at most."""
    return max(SMALLEST, min(12.0, (slot - 4) / max(text_width(text, 1) for text in texts)))


def _share(part: Decimal, total: Decimal) -> str:
    """A share of the whole; what is not nothing never reads as zero."""
    rounded = formats.rate(part / total)
    return f"<{formats.THIN}1{formats.THIN}%" if rounded.startswith("0") else rounded


def _n(value: float) -> str:
    """A coordinate: short, with a dot whatever the locale."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _said(row: Row, unit: str, more: str = "") -> str:
    """A part of a chart in words: « ETTI : 8 910 h, 27 % »; its accessible name, and what focus and hover show."""
    return ", ".join(words for words in (f"{row.label} : {_value(row.value, unit)}", more, row.note) if words)


def _drawn(
    name: str,
    title: str,
    rows: Sequence[Row],
    unit: str,
    height: float,
    parts: dict[str, Any],
    *,
    on_screen: bool = False,
) -> SafeString:
    # On the screen a line above the drawing says the part that is pointed at or focused.
    over = TIP if on_screen else 0
    description = " ; ".join(
        f"{row.label} : {_value(row.value, unit)}{f' ({row.note})' if row.note else ''}" for row in rows
    )
    context = {
        "title": title,
        "description": description or "Aucune donnée.",
        "width": WIDTH,
        "height": _n(height),
        "on_screen": on_screen,
        "top": -over,
        "whole_height": _n(height + over),
        "font": FONT,
        "ink": INK,
        "second": SECOND,
        "line": LINE,
        "edge": EDGE,
        **parts,
    }
    # Indentation and line ends of the template would only weigh.
    return mark_safe(render_to_string(f"core/charts/{name}.svg", context).strip())  # noqa: S308  autoescaped


def _empty(title: str) -> SafeString:
    return _drawn("empty", title, [], "", 40, {})


def bars_horizontal(
    rows: Iterable[Any], *, title: str, unit: str = "h", maximum: int | None = None, on_screen: bool = False
) -> SafeString:
    """Zero-based horizontal bars, label on the left and value at the end of each bar.

    rows: `Row`, (label, value[, note[, main]]) or dicts. None is printed as unknown, without a bar.
    maximum: draw that many rows at most; the rest is left to the table beside.
    on_screen: each bar takes the focus, is named, and says itself whole on focus and hover.
    """
    found = [_row(entry) for entry in rows][:maximum]
    if not found:
        return _empty(title)
    size, step, thick = 12.0, 26, 16
    texts = [_value(row.value, unit) + (f" · {row.note}" if row.note else "") for row in found]
    # What the texts need decides where the bars may stand.
    right = min(max(text_width(text, size) for text in texts) + 12, WIDTH * 0.42)
    # Names come before bars: these keep three tenths of the width, names have what the values leave.
    left = min(max(text_width(row.label, size) for row in found) + 10, max(WIDTH * 0.7 - right, WIDTH * 0.38))
    values: list[Decimal] = [Decimal(0), *(row.value for row in found if row.value is not None)]
    low, high = min(values), max(values)
    span = float(high - low) or 1.0
    room = WIDTH - left - right
    zero = left + room * float(-low) / span
    bars = []
    for index, (row, text) in enumerate(zip(found, texts, strict=True)):
        length = room * float(abs(row.value or Decimal(0))) / span
        start = zero - length if (row.value or 0) < 0 else zero
        top = index * step + (step - thick) / 2
        bars.append(
            {
                "label": fitted(row.label, size, left - 10),
                "full": row.label,
                "said": _said(row, unit),
                "tip": fitted(_said(row, unit), size, WIDTH - 12),
                "top": index * step,
                "step": step,
                "text": fitted(text, size, right - 10),
                "x": _n(start),
                "y": _n(top),
                "width": _n(max(length, 1.0)) if row.value else "0",
                "height": thick,
                "baseline": _n(top + thick / 2 + size * 0.36),
                "text_x": _n(max(start + length, zero) + 6),
                "fill": ACCENT if row.main or (index == 0 and not any(r.main for r in found)) else SOFT,
                "kind": "main" if row.main or (index == 0 and not any(r.main for r in found)) else "other",
                "weight": 600 if row.main else 400,
                "visible": bool(row.value),
            }
        )
    height = len(found) * step
    return _drawn(
        "bars_horizontal", title, found, unit, height,
        {"bars": bars, "size": _n(size), "label_x": _n(left - 8), "zero": _n(zero)},
        on_screen=on_screen,
    )  # fmt: skip


def columns_by_year(
    rows: Iterable[Any], *, title: str, unit: str = "h", on_screen: bool = False
) -> SafeString:
    """Zero-based columns, one a year (the last twelve), value above and year below; the last one stands out."""
    found = [_row(entry) for entry in rows][-MAX_YEARS:]
    if not found:
        return _empty(title)
    slot = min(WIDTH / len(found), 120.0)
    texts = [_value(row.value, unit if unit == "€" else "") for row in found]
    size = _column_size([*texts, *(row.label for row in found)], slot)
    if size < LEGIBLE:
        # Many columns of long figures: written shorter, exact in the description and in the table beside.
        texts = [_shorter(row.value, unit) for row in found]
        size = _column_size([*texts, *(row.label for row in found)], slot)
    values: list[Decimal] = [Decimal(0), *(row.value for row in found if row.value is not None)]
    low, high = min(values), max(values)
    high = high if high or low else Decimal(1)
    span = float(high - low)
    room, top = 120.0, 18.0
    # Below zero the value stands under its column.
    under = 16.0 if low < 0 else 0.0
    zero = top + room * float(high) / span
    bottom = top + room + under
    has_main = any(row.main for row in found)
    columns = []
    for index, (row, text) in enumerate(zip(found, texts, strict=True)):
        length = room * float(abs(row.value or Decimal(0))) / span
        negative = (row.value or 0) < 0
        main = row.main if has_main else index == len(found) - 1
        columns.append(
            {
                "label": fitted(row.label, size, slot - 2),
                "full": row.label,
                "said": _said(row, unit),
                "tip": fitted(_said(row, unit), 12.0, WIDTH - 12),
                "slot_x": _n(index * slot),
                "slot": _n(slot),
                "text": text,
                "x": _n(index * slot + slot * 0.14),
                "y": _n(zero if negative else zero - length),
                "width": _n(slot * 0.72),
                "height": _n(max(length, 1.0)) if row.value else "0",
                "middle": _n(index * slot + slot / 2),
                "text_y": _n(zero + length + size + 1 if negative else zero - length - 5),
                "fill": ACCENT if main else PALE,
                "kind": "main" if main else "past",
                "weight": 600 if main else 400,
                "visible": bool(row.value),
            }
        )
    return _drawn(
        "columns_by_year", title, found, unit, bottom + size + 8,
        {
            "columns": columns, "size": _n(size), "zero": _n(zero),
            "label_y": _n(bottom + size + 4), "end": _n(len(found) * slot),
        },
        on_screen=on_screen,
    )  # fmt: skip


def line_by_year(rows: Iterable[Any], *, title: str, unit: str = "h", on_screen: bool = False) -> SafeString:
    """A zero-based line through the years (the last twelve), each value beside its point; the last one stands out.

    A year that is not known breaks the line: nothing is drawn where nothing was counted.
    """
    found = [_row(entry) for entry in rows][-MAX_YEARS:]
    if not found:
        return _empty(title)
    slot = WIDTH / len(found)
    texts = [_value(row.value, unit if unit == "€" else "") for row in found]
    size = _column_size([*texts, *(row.label for row in found)], slot)
    if size < LEGIBLE:
        texts = [_shorter(row.value, unit) for row in found]
        size = _column_size([*texts, *(row.label for row in found)], slot)
    values: list[Decimal] = [Decimal(0), *(row.value for row in found if row.value is not None)]
    low, high = min(values), max(values)
    high = high if high or low else Decimal(1)
    span, room, top = float(high - low), 120.0, 22.0
    under = 18.0 if low < 0 else 0.0
    zero = top + room * float(high) / span
    bottom = top + room + under
    has_main = any(row.main for row in found)
    xs = [slot * (index + 0.5) for index in range(len(found))]
    ys = [None if row.value is None else zero - room * float(row.value) / span for row in found]
    segments: list[list[tuple[float, float]]] = []
    for x, y, before in zip(xs, ys, [None, *ys[:-1]], strict=True):
        if y is not None:
            if before is None:
                segments.append([])
            segments[-1].append((x, y))
    points = []
    for index, (row, text) in enumerate(zip(found, texts, strict=True)):
        y = ys[index]
        main = row.main if has_main else index == len(found) - 1
        left = ys[index - 1] if index else None
        right = ys[index + 1] if index + 1 < len(ys) else None
        points.append(
            {
                "label": fitted(row.label, size, slot - 2),
                "full": row.label,
                "said": _said(row, unit),
                "tip": fitted(_said(row, unit), 12.0, WIDTH - 12),
                "slot_x": _n(slot * index),
                "slot": _n(slot),
                "text": text,
                "x": _n(xs[index]),
                "y": _n(y if y is not None else zero),
                "text_y": _n(_beside_point(y, left, right, slot, size, zero)),
                "anchor": _side_of_point(y, left, right, slot),
                "radius": "4.5" if main else "3.5",
                "kind": "main" if main else "other",
                "fill": ACCENT if main else SOFT,
                "weight": 600 if main else 400,
                "visible": y is not None,
            }
        )
    return _drawn(
        "line_by_year", title, found, unit, bottom + size + 10,
        {
            "points": points, "size": _n(size), "zero": _n(zero), "end": WIDTH, "accent": ACCENT,
            "paths": ["M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in run) for run in segments if len(run) > 1],
            "label_y": _n(bottom + size + 6),
        },
        on_screen=on_screen,
    )  # fmt: skip


def _beside_point(
    y: float | None, left: float | None, right: float | None, slot: float, size: float, zero: float
) -> float:
    """Where the value of a point is written: above it, below where the line would run through the figures."""
    if y is None:
        return zero - 6
    # How far the line climbs over half the width of a figure, on either side of the point.
    climb = max((y - other for other in (left, right) if other is not None), default=0.0) * 24 / slot
    if climb > 7 and zero - y > size + 10:
        return y + size + 5
    return y - 9


def _side_of_point(y: float | None, left: float | None, right: float | None, slot: float) -> str:
    """Which part of the value stands at the point: at an end of a line that climbs away, the value is on the other side."""
    if y is None or (left is None) == (right is None):
        return "middle"
    climb = (y - (right if left is None else left)) * 24 / slot  # type: ignore[operator]
    if climb <= 7:
        return "middle"
    return "end" if left is None else "start"


def stacked_share(rows: Iterable[Any], *, title: str, unit: str = "h", on_screen: bool = False) -> SafeString:
    """The parts of a whole as one stacked column, each part named and counted beside it.

    Negative and unknown values have no share; they are printed in the description only.
    """
    found = [_row(entry) for entry in rows]
    parts = [row for row in found if row.value is not None and row.value > 0]
    if not parts:
        return _empty(title)
    size, line, width = 12.0, 20.0, 76.0
    total = sum((row.value for row in parts if row.value), Decimal(0))
    height = max(130.0, len(parts) * line)
    gap = 1.5
    tops, at = [], 0.0
    for row in parts:
        part = height * float((row.value or 0) / total)
        tops.append((at, part))
        at += part
    # Labels stand beside their part, pushed down, then up, where two would overlap.
    middles = [start + part / 2 for start, part in tops]
    for index in range(1, len(middles)):
        middles[index] = max(middles[index], middles[index - 1] + line)
    limit = height - line / 2
    for index in range(len(middles) - 1, -1, -1):
        middles[index] = min(middles[index], limit)
        limit = middles[index] - line
    text_x = width + 34
    room = WIDTH - text_x
    drawn = []
    for index, (row, (start, part), middle) in enumerate(zip(parts, tops, middles, strict=True)):
        share = _share(row.value or Decimal(0), total)
        tail = f" · {_value(row.value, unit)} · {share}" + (f" · {row.note}" if row.note else "")
        drawn.append(
            {
                "label": fitted(row.label, size, max(60.0, room - text_width(tail, size))),
                "full": row.label,
                "said": _said(row, unit, share),
                "tip": fitted(_said(row, unit, share), size, WIDTH - 12),
                "tail": tail,
                "y": _n(min(start + gap / 2, height - 0.6)),
                "height": _n(max(part - gap, 0.6)),
                "centre": _n(start + part / 2),
                "label_y": _n(middle),
                "baseline": _n(middle + size * 0.36),
                "fill": SHARES[index * (len(SHARES) - 1) // max(1, len(parts) - 1)]
                if len(parts) > 1
                else SHARES[0],
                "kind": index * (len(SHARES) - 1) // max(1, len(parts) - 1) if len(parts) > 1 else 0,
            }
        )
    return _drawn(
        "stacked_share", title, found, unit, height,
        {
            "parts": drawn, "size": _n(size), "bar_width": _n(width), "bend": _n(width + 8), "reach": _n(width + 26),
            "leave": _n(width + 2), "text_x": _n(text_x),
        },
        on_screen=on_screen,
    )  # fmt: skip


def steps(
    points: Sequence[tuple[dt.date, Decimal]], *, title: str, until: dt.date, unit: str = "h"
) -> SafeString:
    """A figure that changes by steps: (day, value from that day on) in order, drawn up to `until` at least, zero-based.

    Each value is printed over its step where there is room; days stand under the first and the last of them.
    """
    # Several changes of one day are one step: its last value.
    found = sorted({day: Decimal(value) for day, value in points}.items())
    if not found:
        return _empty(title)
    rows = [Row(formats.day(day), value) for day, value in found]
    first, last = found[0][0], max(found[-1][0], until)
    top, room, size = 20.0, 110.0, 12.0
    # A step that has just begun is seen too.
    tail = 36.0 if last == found[-1][0] and len(found) > 1 else 0.0
    span = max((last - first).days, 1)
    high = float(max(max(value for _, value in found), Decimal(1)))
    places = [
        ((day - first).days / span * (WIDTH - tail), top + room * (1 - float(value) / high))
        for day, value in found
    ]
    path = [f"M{_n(places[0][0])} {_n(places[0][1])}"]
    path += [f"H{_n(x)}V{_n(y)}" for x, y in places[1:]]
    labels, taken = [], -1.0
    for index, ((x, y), row) in enumerate(zip(places, rows, strict=True)):
        end = places[index + 1][0] if index + 1 < len(places) else float(WIDTH)
        text = _value(row.value, unit)
        wide = text_width(text, size)
        is_last = index == len(places) - 1
        start = max(min(x + 3, WIDTH - wide), 0.0)
        # The last value is always told; another only where its step is wide enough for it.
        if is_last or (wide + 6 <= end - x and start > taken):
            labels.append({"text": text, "x": _n(start), "y": _n(y - 6), "weight": 600 if is_last else 400})
            taken = start + wide
    last_label = formats.day(last)
    return _drawn(
        "steps", title, rows, unit, top + room + size + 10,
        {
            "path": "".join(path) + f"H{WIDTH}", "labels": labels, "size": _n(size), "zero": _n(top + room), "end": WIDTH,
            "days": [
                {"text": formats.day(first), "x": "0", "anchor": "start"},
                *([{"text": last_label, "x": str(WIDTH), "anchor": "end"}] if last > first else []),
            ],
            "label_y": _n(top + room + size + 4), "accent": ACCENT,
        },
    )  # fmt: skip


def progress(done: Any, due: Any, expected: Any = None, *, label: str = "") -> SafeString:
    """A thin bar of `done` over `due`, with a mark at `expected`; beyond the target the surplus is drawn apart.

    Written without a template: lists show one a row. Without a target there is no bar, only the words.
    """
    made = max(Decimal(str(done or 0)), Decimal(0))
    target = max(Decimal(str(due or 0)), Decimal(0))
    if not target:
        return format_html('<p class="progress-none">{}</p>', f"{formats.hours(made)}, sans objectif")
    whole = max(made, target)
    ratio = made / target
    words = label or f"{formats.rate(ratio)} réalisés"
    mark: SafeString | str = ""
    if expected is not None:
        wanted = min(max(Decimal(str(expected)), Decimal(0)), target)
        words = label or f"{words}, {formats.rate(wanted / target)} attendus à ce jour"
        mark = format_html(
            '<rect class="chart-mark" x="{}%" y="0" width="2" height="16" fill="{}"/>',
            _n(float(wanted / whole * 100)),
            INK,
        )
    surplus: SafeString | str = ""
    if made > target:
        start = float(target / whole * 100)
        surplus = format_html(
            '<rect class="chart-surplus" x="{}%" y="3" width="{}%" height="10" fill="{}"/>',
            _n(start),
            _n(100 - start),
            SOFT,
        )
    return format_html(
        '<svg class="progress-bar-svg" width="100%" height="16" role="img" xmlns="http://www.w3.org/2000/svg">'
        "<title>{}</title>"
        '<rect class="chart-track" x="0" y="3" width="100%" height="10" rx="3" fill="#e4e8ec"/>'
        '<rect class="chart-main" x="0" y="3" width="{}%" height="10" rx="3" fill="{}"/>{}{}</svg>',
        words,
        _n(float(min(made, target) / whole * 100)),
        ACCENT,
        surplus,
        mark,
    )
