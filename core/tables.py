"""The base of every list's table: its columns, and rows whose values are read without looking fields up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import django_tables2 as tables
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.utils.safestring import SafeString
from django_tables2.rows import BoundRow, BoundRows
from django_tables2.utils import A, signature

from core import formats
from core.exports import Column
from core.templatetags.maillon import state


class TextColumn(tables.Column):
    """Words. `linkify=True` links to the row's page; `accessor` may be a function of the row, asked for no query."""

    compute: Callable[[Any], Any] | None = None

    def __init__(self, *args: Any, accessor: Any = None, **kwargs: Any) -> None:
        if callable(accessor):
            self.compute, accessor = accessor, None
            # A value worked out in Python can't sort rows in the database, unless told by what.
            if "order_by" not in kwargs:
                kwargs.setdefault("orderable", False)
        if isinstance(accessor, str):
            accessor = accessor.replace(".", "__")
        super().__init__(*args, accessor=accessor, **kwargs)


class FigureColumn(TextColumn):
    """A figure aligned on the right, its unit in the header; `total=True` sums all rows found."""

    unit = ""
    export_kind = "number"

    def __init__(self, *args: Any, total: bool = False, **kwargs: Any) -> None:
        attrs = {"class": "num"}
        kwargs.setdefault("attrs", {"th": attrs, "td": attrs, "tf": attrs})
        if total:
            kwargs.setdefault("footer", self.written_total)
        super().__init__(*args, **kwargs)
        self.total = total

    def written_total(self, bound_column: Any, table: Any) -> str:
        return self.written(table.totals.get(bound_column.name) or 0)

    def written(self, value: Any) -> str:
        return formats.number(value)

    def render(self, value: Any) -> str:
        return self.written(value)

    def value(self, value: Any) -> Any:
        return value

    @property
    def header(self) -> Any:
        header = super().header
        return f"{header} ({self.unit})" if header and self.unit else header


class HoursColumn(FigureColumn):
    """Hours."""

    unit = "h"
    export_kind = "hours"


class AmountColumn(FigureColumn):
    """Euros excluding tax."""

    unit = "€"
    export_kind = "amount"

    def written(self, value: Any) -> str:
        return formats.money(value)


class CountColumn(FigureColumn):
    """A number of things."""

    def written(self, value: Any) -> str:
        return formats.number(value, 0)


class RateColumn(FigureColumn):
    """A ratio (0.87) written as a percentage."""

    export_kind = "rate"

    def written(self, value: Any) -> str:
        return formats.rate(value)


class DayColumn(TextColumn):
    """A day: 12/03/2026."""

    export_kind = "day"

    def render(self, value: Any) -> str:
        return formats.day(value)

    def value(self, value: Any) -> Any:
        return value


class MonthColumn(TextColumn):
    """A month: mars 2026."""

    export_kind = "month"

    def render(self, value: Any) -> str:
        return formats.month(value)

    def value(self, value: Any) -> Any:
        return value


class StateColumn(TextColumn):
    """A state as text and shape; `tones` maps a code to a tone of the style sheet where the tag `state` has none."""

    def __init__(self, *args: Any, tones: dict[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tones = tones or {}

    def render(self, value: Any, record: Any) -> SafeString:
        code = self.compute(record) if self.compute else _walk_all(record, self.accessor)
        # A code without words of its own has those of the one vocabulary.
        return state(code, "" if value == code else value, self.tones.get(code, ""))

    def value(self, value: Any) -> Any:
        return value


def _walk(value: Any, part: str) -> Any:
    """One step from `value`; None where it is absent."""
    if value is None:
        return None
    if isinstance(value, dict):
        return value.get(part)
    try:
        found = getattr(value, part)
    except (ObjectDoesNotExist, AttributeError):
        return None
    return found() if callable(found) and not isinstance(found, models.Manager) else found


def _walk_all(record: Any, accessor: str) -> Any:
    for part in A(accessor).bits:
        record = _walk(record, part)
    return record


class _Reader:
    """How one column's values are read: worked out once per table, used for every row."""

    def __init__(self, bound: Any) -> None:
        self.compute = getattr(bound.column, "compute", None)
        self.parts = A(bound.accessor).bits
        self.displays: dict[type, str | None] = {}

    def read(self, record: Any) -> Any:
        """The value, with the words of a choice instead of its code; None where a step is absent."""
        if self.compute:
            return self.compute(record)
        owner = record
        for part in self.parts[:-1]:
            owner = _walk(owner, part)
        if owner is None:
            return None
        last, kind = self.parts[-1], type(owner)
        if kind not in self.displays:
            self.displays[kind] = _display_name(owner, last)
        display = self.displays[kind]
        return getattr(owner, display)() if display else _walk(owner, last)


def _display_name(owner: Any, name: str) -> str | None:
    if not isinstance(owner, models.Model):
        return None
    try:
        field = owner._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return f"get_{name}_display" if getattr(field, "choices", None) else None


class Row(BoundRow):
    """A row that reads its values through its table's readers: the stock one looks every field up for every cell."""

    def _get_and_render_with(self, bound_column: Any, render_func: Any, default: Any) -> Any:
        value = self._table.reader(bound_column).read(self._record)
        if value in bound_column.column.empty_values:
            return default
        return render_func(bound_column, value)


class Rows(BoundRows):
    """The rows of a table, or of one page of it."""

    def __iter__(self) -> Iterator[Row]:
        for record in self.data:
            yield Row(record, table=self.table)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return Rows(self.data[key], self.table)
        return Row(self.data[key], table=self.table)


class Table(tables.Table):
    """Base of the lists' tables. `totals` are the sums that the footer writes."""

    caption = ""

    class Meta:
        """To inherit, or not: what the base needs is set by __init__."""

        order_by_field = "tri"

    def __init__(self, *args: Any, totals: dict[str, Any] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("order_by_field", "tri")
        kwargs.setdefault("default", formats.ABSENT)
        kwargs.setdefault("template_name", "core/table.html")
        self.totals = totals or {}
        self._readers: dict[str, _Reader] = {}
        super().__init__(*args, **kwargs)
        self.rows = Rows(self.data, self)

    def reader(self, bound: Any) -> _Reader:
        if bound.name not in self._readers:
            self._readers[bound.name] = _Reader(bound)
        return self._readers[bound.name]

    @property
    def summed(self) -> dict[str, str]:
        """Column name → the path that its total sums."""
        return {
            bound.name: "__".join(A(bound.accessor).bits)
            for bound in self.columns
            if getattr(bound.column, "total", False)
        }

    def export_columns(self) -> list[Column]:
        """The columns of an export: what is shown, as values rather than as written."""
        return [
            Column(str(bound.header), getattr(bound.column, "export_kind", "text"), self._exporter(bound))
            for bound in self.columns.iterall()
            if not bound.column.exclude_from_export
        ]

    def _exporter(self, bound: Any) -> Callable[[Any], Any]:
        reader, empty = self.reader(bound), bound.column.empty_values
        names, catch_all = signature(bound.value)
        common = {"column": bound.column, "bound_column": bound, "table": self}

        def exported(record: Any) -> Any:
            value = reader.read(record)
            if value in empty:
                return None
            arguments = {**common, "value": value, "record": record, "bound_row": Row(record, table=self)}
            return bound.value(**(arguments if catch_all else {name: arguments[name] for name in names}))

        return exported
