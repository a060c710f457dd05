"""Model fields of the trade: hours with two decimals, money, and a month that is its first day."""

import datetime as dt
from typing import Any

from django.db import models


class HoursField(models.DecimalField):
    """Hours as Decimal, two decimals, at most 9,999,999.99."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


class AmountField(models.DecimalField):
    """Euros excluding tax as Decimal, two decimals; wide enough for the absurd amounts of real DECP files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 15)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


class MonthField(models.DateField):
    """A month, kept as its first day whatever day is given."""

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        return day.replace(day=1) if day else day

    def get_prep_value(self, value: Any) -> Any:
        day = super().get_prep_value(value)
        return day.replace(day=1) if isinstance(day, dt.date) else day

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, dt.date):
            value = value.replace(day=1)
            setattr(model_instance, self.attname, value)
        return value


class WordField(models.CharField):
    """A normalised word, compared byte by byte on both databases, so that a range of an index finds its beginnings."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        # SQLite compares so by itself; PostgreSQL follows the language of the database.
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
