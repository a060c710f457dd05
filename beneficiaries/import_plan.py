"""What an import would do, line by line: the same shape for hours, past years and people. Asks no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beneficiaries.enums import LineState
from beneficiaries.import_reading import Line
from core import formats

# Answers that are not a person or an assignment.
LEAVE, NEW, KEEP, REPLACE = "leave", "new", "keep", "replace"


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can decide: its key is the same for all the lines that one answer settles."""

    key: str
    sentence: str
    # (value, label): « p:12 » a person, « a:7 » an assignment, LEAVE, NEW, KEEP, REPLACE.
    proposals: tuple[tuple[str, str], ...]


# Key of a question → the answer given.
Decisions = Mapping[str, str]


def answer_to(planned: Planned, key: str, decisions: Decisions) -> str:
    """The answer that was given to a question, noted on the line; a line left out says so."""
    answer = decisions.get(key, "")
    if answer:
        planned.decided = (key, answer)
        planned.left_out = planned.left_out or answer == LEAVE
    return answer


@dataclass(slots=True)
class Planned:
    """A line, and what loading it would do."""

    line: Line
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    question: Question | None = None
    # What was asked and answered: (key, answer), so that it can be taken back.
    decided: tuple[str, str] | None = None
    left_out: bool = False
    person: int | None = None
    # Something of the line is written; something of it already stands as the file says it.
    writes: bool = False
    stands: bool = False
    corrected: bool = False

    @property
    def state(self) -> LineState:
        if self.question is not None:
            return LineState.DOUBTFUL
        if self.line.errors or self.left_out or (self.refusals and not (self.writes or self.stands)):
            return LineState.REFUSED
        if not self.writes:
            return LineState.CORRECTED if self.refusals else LineState.UNCHANGED
        return (
            LineState.CORRECTED if self.corrected or self.refusals or self.line.notes else LineState.ACCEPTED
        )

    @property
    def sentence(self) -> str:
        """Why, in sentences: what is asked, else what is refused, then what was put right."""
        if self.question is not None:
            return formats.typeset(self.question.sentence)[:500]
        said = [*self.line.errors, *self.refusals, *self.line.notes, *self.notes]
        if self.left_out:
            said.insert(0, "Laissée de côté, comme vous l’avez décidé.")
        return formats.typeset(" ".join(dict.fromkeys(said)))[:500]

    @property
    def effect(self) -> str:
        return formats.typeset(" · ".join(self.effects))[:500]

    @property
    def who(self) -> str:
        return str(self.line.identity)[:300] if self.line.identity else ""


@dataclass(slots=True)
class Plan:
    """All the lines, and what the kind's own writer needs to write them."""

    lines: list[Planned] = field(default_factory=list)
    facts: Counter[str] = field(default_factory=Counter)
    # For the writer: rows to make and to change.
    work: Any = None

    def counts(self) -> dict[str, int]:
        """Lines by state, and the facts of the kind (hours, people, contracts)."""
        states = Counter(planned.state.value for planned in self.lines)
        return {
            "lines": len(self.lines),
            **{state.value: states.get(state.value, 0) for state in LineState},
            **self.facts,
        }
