"""What collective actions gave: how many came, and who was hired within six months."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from beneficiaries.enums import PlacementNature
from beneficiaries.models import Attendance, CollectiveAction, Placement
from core.dates import add_months

HIRED_WITHIN_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Hire:
    """Someone who came, and the first contract that began after."""

    beneficiary_id: int
    placement: Placement


@dataclass(slots=True)
class ActionFigures:
    """One action, or several together."""

    actions: int = 0
    # Presences, named or not: someone who came twice is two participations.
    participations: int = 0
    # People known by name, each once; the others cannot be told apart.
    people: int = 0
    unnamed: int = 0
    # Among the people known by name, each once.
    hired: int = 0
    hires: list[Hire] = field(default_factory=list)
    # Those known by name: several actions together count each once.
    known: frozenset[int] = frozenset()


def last_day(action: CollectiveAction) -> dt.date:
    return action.ended_on or action.held_on


def figures_by_action(actions: Iterable[CollectiveAction]) -> dict[int, ActionFigures]:
    """The figures of each action, by its id: two queries, whatever their number.

    A hire is an employment that begins after the action's last day, six months later at most; the first one of each
    person. Immersions and trainings are none.
    """
    rows = list(actions)
    found = {row.pk: ActionFigures(actions=1, unnamed=row.unnamed_attendance) for row in rows}
    came: dict[int, set[int]] = defaultdict(set)
    presences = Attendance.objects.filter(action__in=list(found), came=True).order_by("pk")
    for action, person in presences.values_list("action", "beneficiary"):
        came[action].add(person)
    contracts = _contracts({person for people in came.values() for person in people}, rows)
    for row in rows:
        figures, people = found[row.pk], came[row.pk]
        figures.people, figures.known = len(people), frozenset(people)
        figures.participations = len(people) + row.unnamed_attendance
        since = last_day(row)
        until = add_months(since, HIRED_WITHIN_MONTHS)
        for person in sorted(people):
            first = next((one for one in contracts[person] if since < one.starts_on <= until), None)
            if first is not None:
                figures.hires.append(Hire(person, first))
        figures.hired = len(figures.hires)
    return found


def figures_of_actions(actions: Iterable[CollectiveAction]) -> ActionFigures:
    """Several actions together: a person who came to two of them, or was hired after two, counts once (domain §4)."""
    return together(figures_by_action(actions).values())


def together(each: Iterable[ActionFigures]) -> ActionFigures:
    """The figures of several actions made one."""
    whole = ActionFigures()
    hired: dict[int, Hire] = {}
    for figures in each:
        whole.actions += figures.actions
        whole.participations += figures.participations
        whole.unnamed += figures.unnamed
        whole.known |= figures.known
        for hire in figures.hires:
            hired.setdefault(hire.beneficiary_id, hire)
    whole.people = len(whole.known)
    whole.hires = list(hired.values())
    whole.hired = len(hired)
    return whole


def _contracts(people: set[int], actions: list[CollectiveAction]) -> dict[int, list[Placement]]:
    """The employments of these people that began after the first of these actions, oldest first."""
    found: dict[int, list[Placement]] = defaultdict(list)
    if not people:
        return found
    rows = (
        Placement.objects.filter(
            beneficiary__in=people,
            nature=PlacementNature.EMPLOYMENT,
            starts_on__gt=min(last_day(action) for action in actions),
        )
        .select_related("employer", "contract_type")
        .order_by("starts_on", "pk")
    )
    for row in rows:
        found[row.beneficiary_id].append(row)
    return found
