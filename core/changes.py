"""What the pages show of a row's history: when, who, and each value before and after."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models

from core import formats
from core.fields import AmountField, HoursField, MonthField

_WHAT = {"+": "création", "~": "modification", "-": "suppression"}
_SILENT = {"search_key"}


@dataclass(frozen=True)
class Change:
    """One field that changed."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class HistoryEntry:
    """One moment of a row's history."""

    at: dt.datetime
    who: str
    what: str
    changes: list[Change] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True)
class Part:
    """Rows that belong to a file and whose history is told with it: a market's lots, a buyer's accesses.

    records: their historical rows, with what `name` reads already selected. name: from a record, what it is about.
    """

    records: models.QuerySet
    name: Callable[[Any], str]
    hidden: Collection[str] = ()


def history_of(
    row: models.Model, *, hidden: Collection[str] = (), parts: Iterable[Part] = (), limit: int = 200
) -> list[HistoryEntry]:
    """The history of a tracked row and of its parts, newest first; `hidden` names fields that this reader must not see.

    One query for the moments of the row and of each part, one per related model that changed, whatever their number.
    """
    found = [(Part(row.history.all(), lambda record: "", hidden), False)]  # type: ignore[attr-defined]
    found += [(part, True) for part in parts]
    moments = []
    for part, is_part in found:
        records = list(part.records.select_related("history_user").order_by("history_date", "history_id"))
        if records:
            fields = _fields(records[0], part.hidden)
            for chain in _by_row(records).values():
                moments.append((part, is_part, fields, chain))
    labels = _labels(moments)
    entries = [
        entry
        for part, is_part, fields, chain in moments
        for entry in _entries(chain, fields, labels, part.name if is_part else None)
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _fields(record: Any, hidden: Collection[str]) -> list[Any]:
    """The fields of the tracked model that its history keeps and that are shown."""
    return [
        model_field
        for model_field in record.instance_type._meta.concrete_fields
        if not model_field.primary_key
        and model_field.name not in _SILENT
        and model_field.name not in hidden
        and hasattr(record, model_field.attname)
    ]


def _by_row(records: list[Any]) -> dict[Any, list[Any]]:
    chains: dict[Any, list[Any]] = defaultdict(list)
    for record in records:
        chains[getattr(record, record.instance_type._meta.pk.attname)].append(record)
    return chains


def _entries(
    chain: list[Any], fields: list[Any], labels: Any, name: Callable[[Any], str] | None
) -> Iterator[HistoryEntry]:
    before = None
    for record in chain:
        changes: list[Change] = []
        for model_field in fields:
            new = getattr(record, model_field.attname)
            old = getattr(before, model_field.attname) if before is not None else None
            if before is not None and new != old:
                label = str(model_field.verbose_name)
                changes.append(
                    Change(
                        label[:1].upper() + label[1:],
                        _written(model_field, old, labels),
                        _written(model_field, new, labels),
                    )
                )
        # A save that changed nothing visible is no event.
        if before is None or changes or record.history_type == "-":
            what = _WHAT[record.history_type]
            yield HistoryEntry(
                record.history_date,
                str(record.history_user) if record.history_user else "Maillon",
                f"{name(record)}, {what}" if name else what,
                changes,
                record.history_change_reason or "",
            )
        before = record


def _labels(moments: list[Any]) -> dict[Any, dict[Any, str]]:
    """The words of the related rows that came or went anywhere in the history."""
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for _, _, fields, chain in moments:
        for model_field in fields:
            if isinstance(model_field, models.ForeignKey):
                keys = {getattr(record, model_field.attname) for record in chain}
                if len(keys) > 1:
                    wanted[model_field.related_model] |= keys - {None}
    return {
        model: {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}
        for model, keys in wanted.items()
    }


def _written(model_field: Any, value: Any, labels: dict[Any, dict[Any, str]]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(model_field, models.ForeignKey):
        return labels.get(model_field.related_model, {}).get(value, f"n° {value}")
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(model_field, HoursField):
        return formats.hours(value)
    if isinstance(model_field, AmountField):
        return formats.amount(value)
    if isinstance(model_field, MonthField):
        return formats.month(value)
    if isinstance(value, dt.datetime):
        return formats.moment(value)
    if isinstance(value, dt.date):
        return formats.day(value)
    if isinstance(value, Decimal):
        return formats.number(value)
    return formats.short(str(value), 200)
