"""Applying the retention rules: what a run would do today, doing it by a person's decision, and bringing a file back."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from beneficiaries.enums import FollowUpKind
from beneficiaries.models import (
    Application,
    Beneficiary,
    DataImport,
    DeclarationProof,
    FollowUp,
    RetentionRules,
    RetentionRun,
)
from beneficiaries.personal_data import ERASED
from beneficiaries.retention import Hold, Step
from beneficiaries.services.anonymisation import (
    anonymise_person,
    erase_lost_applications,
    erase_proofs_of,
    erase_shared_files,
    known_names,
    take_names_out,
    whole_files,
)
from beneficiaries.services.retention_facts import HOLD_WORDS, Standing, standings, terms_on
from beneficiaries.services.writing import save_by
from core import formats
from core.dates import add_months
from core.errors import DomainError
from core.exports import Column, Sheet, write_xlsx
from core.files import store_file
from core.history import bulk_update_tracked
from core.jobs import RunningJob, enqueue
from core.models import Job
from markets.models import Task
from markets.services.tasks import finish_task

if TYPE_CHECKING:
    from accounts.models import User

APPLY = "apply_retention"
REPORT_KIND = "retention_report"
# What a run can be asked to do: the three steps, and what belongs to nobody's file.
FILES = "files"
PARTS = (*(step.value for step in Step), FILES)
# People in one transaction: on SQLite the other writers wait for its end.
AT_ONCE = {Step.ARCHIVED: 200, Step.PROOFS_ERASED: 50, Step.ANONYMISED: 20}
REASON = "durée de conservation"


@transaction.atomic
def save_retention_rules(*, rules: RetentionRules, user: User) -> RetentionRules:
    """Write how long files are kept, from a day on. Raises DomainError for lengths under those of the rule in force today.

    A first day gone by is refused: what was kept that day under other lengths was kept rightly.
    """
    if rules.in_force_from < timezone.localdate() and rules.pk is None:
        raise DomainError(
            "De nouvelles durées valent à partir d’aujourd’hui ou d’un jour à venir.", field="in_force_from"
        )
    save_by(rules, user)
    return rules


# --- What a run would do ------------------------------------------------------------------------------------


@dataclass
class Plan:
    """What is due on a day. Files of people by their numbers, never by their names."""

    today: dt.date
    due: dict[Step, list[Standing]] = field(default_factory=lambda: {step: [] for step in Step})
    # Past their term, and kept all the same.
    held: list[Standing] = field(default_factory=list)
    files: int = 0
    active: int = 0
    archived: int = 0
    anonymised: int = 0
    imports: Any = None
    proofs: Any = None
    applications: Any = None
    lost: int = 0

    @property
    def held_by(self) -> list[tuple[str, int]]:
        """Reason → number of files; a file may have several."""
        counts = Counter(hold for standing in self.held for hold in standing.verdict.holds)
        return [(HOLD_WORDS[hold], counts[hold]) for hold in Hold if counts[hold]]

    @property
    def total(self) -> int:
        """How many things a person would decide on."""
        return sum(map(len, self.due.values())) + self.files + self.lost

    def count(self, part: str) -> int:
        return self.files + self.lost if part == FILES else len(self.due[Step(part)])


def make_plan(today: dt.date) -> Plan:
    """What a run would do today; reading alone, with the same number of queries whatever the number of people."""
    plan = Plan(today)
    for standing in standings(today=today).values():
        facts, verdict = standing.facts, standing.verdict
        if facts.anonymised_on:
            plan.anonymised += 1
        elif facts.archived_on:
            plan.archived += 1
        else:
            plan.active += 1
        if verdict.step is None or verdict.due_on is None or verdict.due_on > today:
            continue
        (plan.held if verdict.holds else plan.due[verdict.step]).append(standing)
    for rows in (plan.held, *plan.due.values()):
        rows.sort(key=lambda standing: (standing.last_contact, standing.person))
    terms = terms_on(today)
    before = add_months(today, -terms.proof_months)
    plan.imports = DataImport.objects.filter(created_at__date__lte=before, stored__isnull=False)
    proofs = DeclarationProof.objects.filter(declaration__month__lte=before, stored__isnull=False)
    plan.proofs = proofs.exclude(declaration__entries__market__closed_on__isnull=True).exclude(
        declaration__entries__market__closed_on__gt=before
    )
    plan.applications = Application.objects.filter(
        beneficiary__isnull=True, proposed_on__lte=add_months(today, -terms.active_months)
    ).exclude(last_name__in=["", ERASED])
    plan.files = plan.imports.count() + plan.proofs.count()
    plan.lost = plan.applications.count()
    return plan


# --- A run --------------------------------------------------------------------------------------------------


@transaction.atomic
def start_run(*, parts: Sequence[str], user: User) -> Job:
    """Have the rules applied, for these parts alone, by a job. Raises DomainError when nothing is asked or due.

    The run that is under way is given back rather than a second one.
    """
    chosen = [part for part in PARTS if part in parts]
    if not chosen:
        raise DomainError("Choisissez au moins une étape à appliquer.", field="parts")
    plan = make_plan(timezone.localdate())
    total = sum(plan.count(part) for part in chosen)
    if not total:
        raise DomainError("Rien n’est à faire aujourd’hui pour ces étapes.", field="parts")
    run = RetentionRun.objects.create(made_by=user)
    row = enqueue(
        APPLY,
        key=APPLY,
        label="Appliquer les durées de conservation",
        payload={"run": run.pk, "parts": chosen},
        user=user,
        total=total,
    )
    if row.payload.get("run") != run.pk:
        # One was under way already: this one never was.
        run.delete()
    return row


def apply_run(running: RunningJob) -> None:
    """Do a run that was asked for: each file its next step, judged again under lock; a file is done once a run."""
    run = RetentionRun.objects.get(pk=running.payload["run"])
    apply_rules(
        run=run,
        parts=running.payload["parts"],
        today=timezone.localdate(),
        on_progress=running.progress,
    )
    running.report(**told(run))
    if run.report:
        running.result(run.report)


def apply_rules(
    *,
    run: RetentionRun,
    parts: Sequence[str],
    today: dt.date,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> RetentionRun:
    """Apply the rules and write down what was done, group after group, so that what is cut short is told too."""
    plan, by = make_plan(today), run.made_by
    already = {line["person"] for line in run.details}
    todo = {
        step: [row.person for row in plan.due[step] if row.person not in already]
        for step in Step
        if step.value in parts
    }
    total = max(1, sum(map(len, todo.values())))
    done = 0
    # What goes for good first: nobody takes two steps in one run.
    works: tuple[tuple[Step, Callable[[list[int]], None]], ...] = (
        (Step.ANONYMISED, lambda people: _anonymise(people, today, by)),
        (Step.PROOFS_ERASED, lambda people: _erase_proofs(people, today, by)),
        (Step.ARCHIVED, lambda people: _archive(people, today, by)),
    )
    for step, work in works:
        people = todo.get(step, [])
        if step == Step.ANONYMISED and people:
            take_names_out(list(known_names(people).values()))
        for group in _groups(people, AT_ONCE[step]):
            with transaction.atomic():
                fresh = _still_due(group, step, today)
                work(fresh)
                run.details = [*run.details, *({"person": pk, "step": step.value} for pk in fresh)]
                run.save(update_fields=["details"])
            done += len(group)
            on_progress(done, total)
    if FILES in parts:
        with transaction.atomic():
            files = erase_shared_files(imports=plan.imports, proofs=plan.proofs, by=by)
            lost = erase_lost_applications(plan.applications)
            run.counts = {**run.counts, "files": files, "applications": lost}
    _conclude(run, plan)
    return run


def _groups(people: Sequence[int], size: int) -> Iterator[list[int]]:
    for first in range(0, len(people), size):
        yield list(people[first : first + size])


def _still_due(people: list[int], step: Step, today: dt.date) -> list[int]:
    """Those whose step is still due, their files locked: somebody may have come back since the plan."""
    list(Beneficiary.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    found = standings(today=today, people=people)
    return [pk for pk in people if found[pk].verdict.is_due and found[pk].verdict.step == step]


def _rows(people: Iterable[int]) -> list[Beneficiary]:
    return list(Beneficiary.objects.filter(pk__in=list(people)).order_by("pk"))


def _archive(people: list[int], today: dt.date, by: User | None) -> None:
    rows = _rows(people)
    for row in rows:
        row.archived_on = today
    bulk_update_tracked(Beneficiary, rows, ["archived_on"], user=by, reason=REASON)
    for task in Task.objects.open().filter(person_number__in=people).order_by("pk"):
        finish_task(task=task, outcome="fiche mise en archive restreinte", by=by)


def _erase_proofs(people: list[int], today: dt.date, by: User | None) -> None:
    erase_proofs_of(sorted(whole_files(people)), on=today, by=by)
    rows = _rows(people)
    for row in rows:
        row.proofs_erased_on = today
    bulk_update_tracked(Beneficiary, rows, ["proofs_erased_on"], user=by, reason=REASON)


def _anonymise(people: list[int], today: dt.date, by: User | None) -> None:
    for row in _rows(people):
        anonymise_person(person=row, on=today, by=by)


# --- The report ---------------------------------------------------------------------------------------------

STEP_LABELS = {
    Step.ARCHIVED: "fiches mises en archive restreinte",
    Step.PROOFS_ERASED: "fiches dont les justificatifs sont effacés",
    Step.ANONYMISED: "fiches anonymisées",
}
FILE_LABELS = {
    "files": "fichiers d’import et justificatifs d’heures effacés",
    "applications": "candidatures sans fiche dont l’identité est effacée",
}


def _conclude(run: RetentionRun, plan: Plan) -> None:
    """Write the counts and the report: numbers of files, never a name."""
    counts = Counter(line["step"] for line in run.details)
    held = Counter(hold.value for standing in plan.held for hold in standing.verdict.holds)
    run.counts = {
        **{step.value: counts[step.value] for step in Step},
        **{key: run.counts.get(key, 0) for key in FILE_LABELS},
        "held": dict(held),
    }
    content = io.BytesIO()
    write_xlsx(list(report_sheets(run, plan)), content)
    run.report = store_file(
        kind=REPORT_KIND,
        name=f"conservation-{timezone.localdate():%Y-%m-%d}-{run.pk}.xlsx",
        content=content.getvalue(),
        user=run.made_by,
        allowed_types=["xlsx"],
    )
    run.save()


def report_sheets(run: RetentionRun, plan: Plan) -> Iterator[Sheet]:
    """The workbook of a run: what was done in figures, then file by file, then what was kept and why."""
    by = run.made_by or "Maillon"
    yield Sheet(
        "Résumé",
        [Column("Quoi", "text", lambda line: line[0], 60), Column("Nombre", "number", lambda line: line[1])],
        list(told(run).items()),
        notes=[f"Durées de conservation appliquées le {formats.day(plan.today)}, par {by}."],
    )
    yield Sheet(
        "Fiches",
        [
            Column("Fiche n°", "number", lambda line: line["person"]),
            Column("Étape", "text", lambda line: STEP_LABELS[Step(line["step"])], 50),
        ],
        run.details,
        notes=["Aucun nom : une fiche se retrouve par son numéro."],
    )
    yield Sheet(
        "Gardées",
        plan_columns(),
        plan.held,
        notes=["Fiches au-delà de leur durée, et pourquoi elles restent."],
    )


def plan_columns() -> list[Column]:
    """A file of the plan, by its number."""
    return [
        Column("Fiche n°", "number", lambda row: row.person),
        Column("Dernier contact", "day", lambda row: row.last_contact),
        Column("Quel contact", "text", lambda row: row.contact, 30),
        Column("Pourquoi gardée", "text", lambda row: row.hold_words, 70),
    ]


def told(run: RetentionRun) -> dict[str, int]:
    """What a run did, in words."""
    words = {STEP_LABELS[step]: run.counts.get(step.value, 0) for step in Step}
    words |= {label: run.counts.get(key, 0) for key, label in FILE_LABELS.items()}
    return words | {
        f"gardées\u202f: {HOLD_WORDS[Hold(hold)]}": count
        for hold, count in run.counts.get("held", {}).items()
    }


# --- Back to the active base --------------------------------------------------------------------------------


@transaction.atomic
def restore_person(*, person: Beneficiary, reason: str, by: User) -> Beneficiary:
    """Take a file out of the restricted archive: the person came back. A note says why, and is a contact.

    Raises DomainError without reason, for a file that is not in the archive, and for one that was anonymised.
    """
    row = Beneficiary.objects.select_for_update().get(pk=person.pk)
    if row.anonymised_on:
        raise DomainError(
            "Cette fiche est anonymisée\u202f: elle ne désigne plus personne. Créez une nouvelle fiche."
        )
    if row.archived_on is None:
        raise DomainError("Cette fiche n’est pas en archive restreinte.")
    if not reason.strip():
        raise DomainError("Dites pourquoi la fiche est rouverte.", field="reason")
    row.archived_on = row.proofs_erased_on = None
    save_by(row, by, "sortie de l’archive restreinte")
    note = FollowUp(
        beneficiary=row,
        kind=FollowUpKind.NOTE,
        happened_on=timezone.localdate(),
        text=f"Fiche sortie de l’archive restreinte\u202f: {reason.strip()}",
        author=by,
    )
    save_by(note, by)
    return row
