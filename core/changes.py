"""What the pages show of a row's history: when, who, and each value before and after."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
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


def history_of(row: models.Model, *, hidden: Collection[str] = (), limit: int = 200) -> list[HistoryEntry]:
    """The history of a tracked row, newest first; `hidden` names fields that this reader must not see.

    One query for the moments, one per related model, whatever their number.
    """
    records = list(row.history.select_related("history_user").order_by("history_date", "history_id"))  # type: ignore[attr-defined]
    return entries_of(type(row), records, hidden=hidden)[::-1][:limit]


def entries_of(
    model: type[models.Model], records: list[Any], *, hidden: Collection[str] = ()
) -> list[HistoryEntry]:
    """The moments of one row, oldest first, from its history records in order; one query per related model."""
    fields = [
        model_field
        for model_field in model._meta.concrete_fields
        if not model_field.primary_key
        and model_field.name not in _SILENT
        and model_field.name not in hidden
        and records
        and hasattr(records[0], model_field.attname)
    ]
    labels = _labels(records, fields)
    entries, before = [], None
    for record in records:
        changes = []
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
            who = str(record.history_user) if record.history_user else "Maillon"
            entries.append(
                HistoryEntry(
                    record.history_date,
                    who,
                    _WHAT[record.history_type],
                    changes,
                    record.history_change_reason or "",
                )
            )
        before = record
    return entries


def _labels(records: list[Any], fields: list[Any]) -> dict[Any, dict[Any, str]]:
    """The words of the related rows that appear anywhere in the history."""
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for model_field in fields:
        if isinstance(model_field, models.ForeignKey):
            keys = {getattr(record, model_field.attname) for record in records}
            # What never changed is never written.
            wanted[model_field.related_model] |= keys - {None} if len(keys) > 1 else set()
    return {
        model: {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}
        for model, keys in wanted.items()
    }


def _written(model_field: Any, value: Any, labels: dict[Any, dict[Any, str]]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(model_field, models.ForeignKey):
        return labels[model_field.related_model].get(value, f"n° {value}")
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
