"""Collective actions: how many, who came, who was hired after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from beneficiaries.actions import HIRED_WITHIN_MONTHS
from beneficiaries.enums import ActionKind
from reporting import indicators
from reporting.masking import THRESHOLD
from reporting.snapshot.material import Column, Material, chapter
from reporting.snapshot.results import MASKED, NOT_RECORDED
from reporting.snapshot.words import agree, count, upper_first


def few(number: int, among: int) -> bool:
    """Whether a number of people is one that a buyer does not read, or what it leaves out."""
    return 0 < number < THRESHOLD or 0 < among - number < THRESHOLD


def tells_one(presences: Iterable[int]) -> bool:
    """Whether the sum of these tells how many came to an action where few did: the list of actions shows the others.

    Of two small ones at least, of enough people together, several answers are possible.
    """
    small = [number for number in presences if 0 < number < THRESHOLD]
    number, people = len(small), sum(small)
    if not small:
        return False
    return number < 2 or people < THRESHOLD or people in (number, number * (THRESHOLD - 1))


def actions_chapter(m: Material) -> dict[str, Any]:
    """What was done for several people at once; few people are never told, nor by the total of the others."""
    found = indicators.actions(m.facts)[m.span]
    if found is None:
        sentence = f"Actions collectives : non renseignées, aucune n’est enregistrée {m.when}."
        m.not_recorded.append({"key": "actions", "title": "Actions collectives", "sentence": sentence})
        return chapter("actions", "Actions", sentence, [])
    whole = found.whole
    presences = {kind: [one.participations for one in each] for kind, each in found.each.items()}
    hidden = {kind for kind, numbers in presences.items() if tells_one(numbers)}
    # What is withheld is read in the total where it is of one action.
    apart = [number for kind in sorted(hidden) for number in presences[kind]]
    present = None if tells_one(apart) else whole.participations
    is_hidden = few(whole.people, whole.people) or (
        found.hired is not None and few(found.hired, whole.people)
    )
    hired = None if is_hidden else found.hired
    figures = [
        m.figure("actions", agree(whole.actions, "action collective", "actions collectives"), "number", whole.actions),
        m.figure("participations", agree(2 if present is None else present, "participation", "participations"), "number", present, "une personne venue deux fois compte deux fois" if present is not None else MASKED),
        m.figure("hired_after", f"{agree(2 if hired is None else hired, 'personne embauchée', 'personnes embauchées')} dans les {HIRED_WITHIN_MONTHS} mois", "number", hired, _note_of_hires(found.hired, hired, whole.people)),
    ]  # fmt: skip
    answer = f"{upper_first(count(whole.actions, 'action collective', 'actions collectives'))} {agree(whole.actions, 'a eu', 'ont eu')} lieu {m.when}"
    if present:
        answer += f", avec {count(present, 'participation')}"
    table = m.table(
        "actions_by_kind",
        "Actions par nature",
        [
            Column("label", "Nature"),
            Column("actions", m.column("Actions"), "number", True),
            Column("participations", m.column("Participations"), "number", True),
        ],
        [
            (
                kind,
                {
                    "label": upper_first(ActionKind(kind).label),
                    "actions": found.by_kind[kind].actions,
                    "participations": found.by_kind[kind].participations,
                },
                ("participations",) if kind in hidden else (),
            )
            for kind in ActionKind.values
            if kind in found.by_kind
        ],
        totals={"label": "Ensemble", "actions": whole.actions, "participations": present},
        base=f"Base : actions qui ont commencé {m.when}, menées pour ce donneur d’ordre ou sur l’un de ses marchés."
        if m.facts.scope.kind == "buyer"
        else f"Base : actions qui ont commencé {m.when}.",
        formula="Participations : présences, avec ou sans nom. Embauches : premier contrat de travail qui commence dans les "
        f"{HIRED_WITHIN_MONTHS} mois après l’action, des personnes connues par leur nom, chacune une fois.",
        notes=[
            f"Masqué : le nombre ferait connaître celui d’une action de moins de {THRESHOLD} participations."
        ]
        if hidden
        else [],
    )
    return chapter("actions", "Actions", f"{answer}.", [m.key_figures("actions_figures", figures), table])


def _note_of_hires(recorded: int | None, shown: int | None, known: int) -> str:
    if recorded is None:
        return NOT_RECORDED
    if shown is None:
        return MASKED
    return f"sur {count(known, 'personne connue par son nom', 'personnes connues par leur nom')}"
