"""What two published tables of people tell together, when one group of people holds the other. Pure.

Someone who reads a buyer's year beside the final bilan of one of its markets takes one from the other: what is left is
a table of the people in between, which nobody masked. Lines that were put together are compared as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reporting.masking import OTHER, SMALL_TOTAL, THRESHOLD

# Whatever no table names.
REST = "…"


@dataclass(frozen=True)
class Shown:
    """A table as it is read: people by line, None for a line that is withheld, and the people of them all."""

    people: Mapping[str, int | None]
    total: int

    def named(self) -> set[str]:
        """The lines that it names, those that were put together told one by one."""
        return {part for key in self.people if key != OTHER for part in key.split("+")}

    def groups(self, universe: set[str]) -> list[tuple[frozenset[str], int]]:
        """Lines that are read together, and their people; the withheld ones are one group, known by the total."""
        named = self.named()
        sets = {
            key: frozenset(universe - named) if key == OTHER else frozenset(key.split("+"))
            for key in self.people
        }
        found = [(sets[key], people) for key, people in self.people.items() if people is not None]
        hidden = frozenset().union(*(sets[key] for key, people in self.people.items() if people is None))
        if hidden:
            found.append((hidden, self.total - sum(people for _, people in found)))
        if OTHER not in self.people:
            # A line that is not there has nobody.
            found += [(frozenset({key}), 0) for key in universe - named]
        return found


def tells(larger: Shown, smaller: Shown, *, beyond: int) -> bool:
    """Whether taking the smaller from the larger tells fewer people than the threshold; beyond: the people between."""
    if beyond == 0:
        return False
    if beyond < SMALL_TOTAL:
        return True
    universe = larger.named() | smaller.named() | {REST}
    whole, part = larger.groups(universe), smaller.groups(universe)
    return any(
        0 < _people_in(lines, whole) - _people_in(lines, part) < THRESHOLD
        for lines in _together([keys for keys, _ in (*whole, *part)])
    )


def tells_of_publics(larger: Shown, smaller: Shown, *, beyond: int) -> bool:
    """The same of lines that do not add up: each is taken alone, with the people that it leaves out."""
    if beyond == 0:
        return False
    if beyond < SMALL_TOTAL:
        return True
    for key, people in larger.people.items():
        less = smaller.people.get(key, 0)
        if people is None or less is None:
            continue
        between = people - less
        if 0 < between < THRESHOLD or 0 < beyond - between < THRESHOLD:
            return True
    return False


def _together(sets: list[frozenset[str]]) -> list[set[str]]:
    """The finest lines that both tables let be read: sets that share a line are one."""
    found: list[set[str]] = []
    for keys in sets:
        if not keys:
            continue
        joined = set(keys)
        apart = []
        for known in found:
            if known & joined:
                joined |= known
            else:
                apart.append(known)
        found = [*apart, joined]
    return found


def _people_in(lines: set[str], groups: list[tuple[frozenset[str], int]]) -> int:
    return sum(people for keys, people in groups if keys & lines)
