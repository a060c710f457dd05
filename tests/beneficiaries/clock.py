"""A day that tests set: everything that asks Django what time it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


class Clock:
    def __init__(self, day: dt.date) -> None:
        self.now = dt.datetime.combine(day, dt.time(9), tzinfo=dt.UTC)

    def shift(self, by: dt.timedelta) -> None:
        self.now += by


@contextmanager
def on_day(day: dt.date) -> Iterator[Clock]:
    """Nine o'clock on that day, until it is shifted."""
    clock = Clock(day)
    with mock.patch("django.utils.timezone.now", lambda: clock.now):
        yield clock
