"""Where a line of the grid stands, from what was done and proved; pure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class LineState(StrEnum):
    """The codes that the tag `state` knows, but for the two last; their words are `LINE_LABELS`."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    MET = "met"
    LATE = "late"
    UNPROVED = "unproved"
    ABANDONED = "abandoned"


LINE_LABELS = {
    LineState.UPCOMING: "à venir",
    LineState.RUNNING: "en cours",
    LineState.MET: "tenu",
    LineState.LATE: "en retard",
    LineState.UNPROVED: "preuve manquante",
    LineState.ABANDONED: "abandonné",
}
LINE_TONES = {
    LineState.UPCOMING: "none",
    LineState.RUNNING: "wait",
    LineState.MET: "done",
    LineState.LATE: "late",
    LineState.UNPROVED: "watch",
    LineState.ABANDONED: "none",
}


class Line(NamedTuple):
    """What is known of a line. `target` and `done` are quantities; without target, `is_completed` tells."""

    due_on: dt.date
    target: Decimal | None
    done: Decimal
    has_begun: bool
    is_completed: bool
    needs_evidence: bool
    has_evidence: bool
    is_abandoned: bool


def is_reached(line: Line) -> bool:
    """The objective is reached: enough was done, or it was said so where the objective is in words."""
    return line.done >= line.target if line.target is not None else line.is_completed


def state_of(line: Line, on: dt.date) -> LineState:
    """Where the line stands on that day. A late action that was done in the end is met once proved."""
    if line.is_abandoned:
        return LineState.ABANDONED
    if is_reached(line):
        return LineState.UNPROVED if line.needs_evidence and not line.has_evidence else LineState.MET
    if line.due_on < on:
        return LineState.LATE
    return LineState.RUNNING if line.has_begun else LineState.UPCOMING
