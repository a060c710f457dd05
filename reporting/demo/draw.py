"""Seeded chance: the same seed and the same questions give the same answers, on every machine."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from core.dates import add_months

DAY = dt.timedelta(days=1)
T = TypeVar("T")


class Draw:
    """A source of chance for one block of the territory."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(":".join(map(str, seed)))

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random.random() * len(choices))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        return self._random.choices(list(weights), weights=list(weights.values()))[0]

    def cumulated(self, choices: Sequence[T], cumulated_weights: Sequence[float]) -> T:
        return self._random.choices(choices, cum_weights=cumulated_weights)[0]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        return self._random.sample(choices, min(count, len(choices)))

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def share(self, low: float, high: float) -> float:
        return low + self._random.random() * (high - low)

    def size(self, spread: float) -> float:
        """A positive number around 1, with few big ones and many small ones."""
        return self._random.lognormvariate(0, spread)

    def day(self, first: dt.date, last: dt.date) -> dt.date:
        """A day between two, both included; the first when they are the wrong way round."""
        return first + DAY * self.number(0, max(0, (last - first).days))

    def weekday(self, first: dt.date, last: dt.date) -> dt.date:
        """The same, never on a Saturday or Sunday unless the span holds nothing else."""
        day = self.day(first, last)
        while day.weekday() > 4 and day < last:
            day += DAY
        return day


def moment(day: dt.date, hour: int = 10) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The months (first days) from the one of `first` to the one of `last`, both included."""
    months = []
    month = first.replace(day=1)
    while month <= last:
        months.append(month)
        month = add_months(month, 1)
    return months


def quarter_hours(hours: float) -> Decimal:
    """Hours as people write them, by quarters of an hour."""
    return Decimal(round(hours * 4)) / 4


def luhn(body: str) -> str:
    """The digits with their control digit."""
    doubled = [int(char) * (2 - place % 2) for place, char in enumerate(reversed(body))]
    return body + str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10)


def invented_siret(number: int) -> str:
    """A SIRET that passes its control and belongs to nobody: no SIREN begins with 00."""
    # The numbers are scattered: 7,919 is prime, so that no two meet.
    return luhn(luhn(f"00{number * 7_919 % 1_000_000:06d}") + "0001")


def commune_siret(insee: str) -> str:
    """The SIRET of a town hall, made by rule from the commune's INSEE code (21, department, 0, number, control)."""
    return luhn(luhn(f"21{insee[:2]}0{insee[2:]}") + "0001")
