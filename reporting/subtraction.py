"""What two published tables of people tell together, when some people are in both. Pure.

Someone who reads a buyer's year beside the final bilan of one of its markets, or beside the territory's, takes one from
the other: what is left is a table of the people in between, which nobody masked. Where each has people that the other
has not, the difference is that of two unknown tables: it still tells what leaves a single answer. Lines that were put
together are compared as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reporting.masking import OTHER, SMALL_TOTAL, THRESHOLD

# Whatever no table names.
REST = "…"
Lines = frozenset[str]
Groups = list[tuple[Lines, int]]


@dataclass(frozen=True)
class Shown:
    """A table as it is read: people by line, None for a line that is withheld, and the people of them all."""

    people: Mapping[str, int | None]
    total: int

    def named(self) -> set[str]:
        """The lines that it names, those that were put together told one by one."""
        return {part for key in self.people if key != OTHER for part in key.split("+")}

    def groups(self, universe: set[str]) -> Groups:
        """Lines that are read together, and their people; the withheld ones are one group, known by the total."""
        named = self.named()
        sets = {
            key: frozenset(universe - named) if key == OTHER else frozenset(key.split("+"))
            for key in self.people
        }
        found = [(sets[key], people) for key, people in self.people.items() if people is not None]
        hidden: Lines = frozenset().union(
            *(sets[key] for key, people in self.people.items() if people is None)
        )
        if hidden:
            found.append((hidden, self.total - sum(people for _, people in found)))
        if OTHER not in self.people:
            # A line that is not there has nobody.
            found += [(frozenset({key}), 0) for key in universe - named]
        return found


def lines_told(one: Shown, other: Shown, *, only_one: int, only_other: int) -> list[Lines]:
    """The lines of which the two tables, read side by side, tell fewer people than the threshold.

    only_one, only_other: how many people are in one table alone. The reader is supposed to know these numbers.
    """
    found: set[Lines] = set()
    for universe in _universes(one, other):
        found |= set(_told(one.groups(universe), other.groups(universe), only_one, only_other))
    return sorted(found, key=sorted)


def lines_told_by_all(whole: Shown, parts: Sequence[Shown], *, beyond: int, again: int) -> list[Lines]:
    """The same of a table beside the sum of several: who is in none of them, and who is in more than one.

    beyond: the people of the whole that are in no part. again: how many times someone is in one part more.
    """
    found: set[Lines] = set()
    for universe in _universes(whole, *parts):
        read = [part.groups(universe) for part in parts]
        together = _together([keys for groups in read for keys, _ in groups])
        added = [(frozenset(lines), sum(_people_in(lines, groups) for groups in read)) for lines in together]
        found |= set(_told(whole.groups(universe), added, beyond, again))
    return sorted(found, key=sorted)


def _universes(*tables: Shown) -> Iterator[set[str]]:
    """The lines that there may be: those that a table names and others, or those alone where « Autres » can be of them.

    A reader may know either: what a table puts together may be nothing but what another one names.
    """
    named = set().union(*(table.named() for table in tables))
    yield named | {REST}
    if all(OTHER not in table.people or named - table.named() for table in tables):
        yield named


def _told(one: Groups, other: Groups, only_one: int, only_other: int) -> list[Lines]:
    lines = [frozenset(keys) for keys in _together([keys for keys, _ in (*one, *other)])]
    # A table of fewer than ten people is told by none.
    if (only_other == 0 and 0 < only_one < SMALL_TOTAL) or (only_one == 0 and 0 < only_other < SMALL_TOTAL):
        return lines
    first = [_people_in(keys, one) for keys in lines]
    second = [_people_in(keys, other) for keys in lines]
    told = {
        index
        for index, (mine, theirs) in enumerate(_only_in_one(first, second, only_one, only_other))
        if (mine is not None and 0 < mine < THRESHOLD) or (theirs is not None and 0 < theirs < THRESHOLD)
    }
    for index, (a, b) in enumerate(zip(first, second, strict=True)):
        # Of a few people, one line is sure to have some.
        if (b > a and only_other < THRESHOLD) or (a > b and only_one < THRESHOLD):
            told.add(index)
    return [keys for index, keys in enumerate(lines) if index in told]


def _only_in_one(
    first: list[int], second: list[int], only_one: int, only_other: int
) -> list[tuple[int | None, int | None]]:
    """By line, the people that are in one table alone and in the other alone, where a single answer is possible."""
    least = [max(b - a, 0) for a, b in zip(first, second, strict=True)]
    # What is free to be in any line, and the room that each has for it.
    free = max(only_other - sum(least), 0)
    room = [min(a, b) for a, b in zip(first, second, strict=True)]
    found: list[tuple[int | None, int | None]] = []
    for a, b, low, space in zip(first, second, least, room, strict=True):
        fewest, most = max(0, free - (sum(room) - space)), min(space, free)
        found.append((low + most + a - b, low + most) if fewest >= most else (None, None))
    return found


def tells(larger: Shown, smaller: Shown, *, beyond: int) -> bool:
    """Whether taking the smaller from the larger tells fewer people than the threshold; beyond: the people between."""
    return bool(beyond and lines_told(larger, smaller, only_one=beyond, only_other=0))


def publics_told(one: Shown, other: Shown, *, only_one: int, only_other: int) -> list[str]:
    """The same of lines that do not add up: each is taken alone, with the people that it leaves out."""
    if (only_other == 0 and 0 < only_one < SMALL_TOTAL) or (only_one == 0 and 0 < only_other < SMALL_TOTAL):
        return sorted(one.people.keys() | other.people.keys())
    found = []
    for key in sorted(one.people.keys() | other.people.keys()):
        a, b = one.people.get(key, 0), other.people.get(key, 0)
        if a is None or b is None:
            continue
        # Each person in one alone is of that line or not: two lines that add up.
        mine, without = a - b, only_one - only_other - (a - b)
        few = (mine < 0 and only_other < THRESHOLD) or (mine > 0 and only_one < THRESHOLD)
        if few or _is_read(mine, only_one, only_other) or _is_read(without, only_one, only_other):
            found.append(key)
    return found


def _is_read(difference: int, only_one: int, only_other: int) -> bool:
    """Whether a difference leaves one answer for a line, of few people on a side."""
    low, high = max(difference, 0), min(only_one, only_other + difference)
    if low < high:
        return False
    return 0 < low < THRESHOLD or 0 < low - difference < THRESHOLD


def tells_of_publics(larger: Shown, smaller: Shown, *, beyond: int) -> bool:
    """Whether lines that do not add up tell fewer people than the threshold, one table taken from the other."""
    return bool(beyond and publics_told(larger, smaller, only_one=beyond, only_other=0))


def _together(sets: Sequence[Lines]) -> list[set[str]]:
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


def _people_in(lines: Lines | set[str], groups: Groups) -> int:
    return sum(people for keys, people in groups if keys & lines)
