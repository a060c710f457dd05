"""How things are timed: turn about in one run, the best of each."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

Work = Callable[[], Any]


def best_of(repeats: int, *works: Work, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """The shortest time of each (seconds), once warm; they take turns, so that a busy moment hits them all."""
    for work in works:
        work()
    best = [float("inf")] * len(works)
    gc.collect()
    for _ in range(repeats):
        for index, work in enumerate(works):
            began = clock()
            work()
            best[index] = min(best[index], clock() - began)
    return best


def processor_time(repeats: int, work: Work) -> float:
    """The shortest time that this process itself worked (seconds): what else the machine does is not in it."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
