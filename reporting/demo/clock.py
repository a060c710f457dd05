"""Tells the services which day it is, so that what is told of the past carries its own dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from django.utils import timezone


@contextmanager
def on_day(day: dt.date, hour: int = 9) -> Iterator[None]:
    """While it lasts it is that day, from that hour on, and each look at the clock is a second later.

    For the one command that makes the demonstration, where nothing else runs beside it.
    """
    start = timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
    seconds = count()
    real = timezone.now

    def now() -> dt.datetime:
        return (start + dt.timedelta(seconds=next(seconds))).astimezone(dt.UTC)

    timezone.now = now
    try:
        yield
    finally:
        timezone.now = real
