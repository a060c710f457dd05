"""Two files that are one person's made one: what each field becomes, what moves, what is kept of the file that goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from beneficiaries.enums import ApplicationState
from beneficiaries.models import (
    Application,
    Attendance,
    Beneficiary,
    EligibilityPeriod,
    EligibilityReview,
    FollowUp,
    ImportLine,
    NameVariant,
    Outcome,
    PersonMerge,
    Placement,
    ProofFile,
    ProofRequest,
    ReferrerFeedback,
    SeparatePeople,
)
from beneficiaries.services.counting import RecountReport, recount_people
from beneficiaries.services.employment import rest_assignments
from beneficiaries.services.people import same_person
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.links import revoke_link
from core.models import AccessLink
from markets.models import Task
from markets.services.tasks import finish_task

if TYPE_CHECKING:
    from accounts.models import User

REASON = "réunion de fiches"


@dataclass(frozen=True)
class Choice:
    """What is chosen as a whole: a residence, a prescriber with its referrer."""

    name: str
    label: str
    fields: tuple[str, ...]


CHOICES = (
    Choice("last_name", "Nom", ("last_name",)),
    Choice("first_name", "Prénom", ("first_name",)),
    Choice("birth_name", "Nom de naissance", ("birth_name",)),
    Choice("birth_date", "Date de naissance", ("birth_date",)),
    Choice("gender", "Genre", ("gender",)),
    Choice("residence", "Résidence", ("address", "commune", "qpv", "qpv_vintage")),
    Choice("education", "Niveau de formation", ("education",)),
    Choice("prescriber", "Prescripteur et référent·e", ("prescriber", "referrer")),
    Choice("email", "Adresse électronique", ("email",)),
    Choice("phone", "Téléphone", ("phone",)),
    Choice("informed_on", "Information sur les données remise le", ("informed_on",)),
)

# What becomes of each relation to a person's file; a relation without a decision fails a test.
MOVED, REBUILT, FOLLOWS, STAYS, DISTINCT = "moved", "rebuilt", "follows", "stays", "distinct"
DECISIONS: dict[tuple[type[models.Model], str], str] = {
    (EligibilityReview, "beneficiary"): MOVED,
    (Placement, "beneficiary"): MOVED,
    (FollowUp, "beneficiary"): MOVED,
    (ReferrerFeedback, "beneficiary"): MOVED,
    (Application, "beneficiary"): MOVED,
    (Attendance, "beneficiary"): MOVED,
    (Outcome, "beneficiary"): MOVED,
    (ProofFile, "beneficiary"): MOVED,
    (ProofRequest, "beneficiary"): MOVED,
    (ImportLine, "beneficiary"): MOVED,
    # Derived: the recount opens those of the whole path.
    (EligibilityPeriod, "beneficiary"): REBUILT,
    # Files merged earlier into the one that goes: their addresses lead to the one that stays.
    (Beneficiary, "merged_into"): FOLLOWS,
    # The trace of a merge is never written again; the variants are those of the file's own name.
    (PersonMerge, "kept"): STAYS,
    (PersonMerge, "merged"): STAYS,
    (NameVariant, "beneficiary"): STAYS,
    (SeparatePeople, "first"): DISTINCT,
    (SeparatePeople, "second"): DISTINCT,
}


@dataclass(slots=True)
class Merged:
    """What a merge did: its trace, and what the recount changed."""

    trace: PersonMerge
    recount: RecountReport
    doubles: list[str] = field(default_factory=list)


Follow = Callable[[Beneficiary, Beneficiary, "User"], None]
_follows: dict[str, Follow] = {}


def follow_merges(follow: Follow) -> None:
    """Have `follow(kept, merged, user)` called at the end of each merge, in AppConfig.ready()."""
    _follows[f"{follow.__module__}.{follow.__name__}"] = follow


Leave = Callable[[Beneficiary, Beneficiary, "Doubles", "User"], None]
_leaves: dict[str, Leave] = {}


def register_relation(model: type[models.Model], name: str, *, leave: Leave | None = None) -> None:
    """Have the rows of a higher room move with the person they are about, in AppConfig.ready().

    leave: takes away, before the move, those that the person may have once only (`leave_row`).
    """
    DECISIONS[model, name] = MOVED
    if leave is not None:
        _leaves[f"{leave.__module__}.{leave.__name__}"] = leave


def values_of(person: Beneficiary, choice: Choice) -> tuple[Any, ...]:
    return tuple(getattr(person, _attname(person, name)) for name in choice.fields)


def differing(kept: Beneficiary, merged: Beneficiary) -> list[Choice]:
    """What the two files say differently."""
    return [choice for choice in CHOICES if values_of(kept, choice) != values_of(merged, choice)]


def is_blank(person: Beneficiary, choice: Choice) -> bool:
    return not any(values_of(person, choice))


@transaction.atomic
def merge_people(
    *, kept: Beneficiary, merged: Beneficiary, taken: Iterable[str] = (), reason: str = "", user: User
) -> Merged:
    """Make two files one: `merged` goes into `kept`, with all that hangs on it; recorded, nothing is lost.

    taken: names of CHOICES whose value is the merged file's. Raises DomainError when one of the two was merged in the
    meantime, was anonymised, or when the result would be a third person's file.
    """
    if kept.pk == merged.pk:
        raise DomainError("Une fiche ne se réunit pas avec elle-même.")
    rows = Beneficiary.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, merged.pk])
    held = {row.pk: row for row in rows.order_by("pk")}
    if len(held) < 2:
        raise DomainError("L’une des deux fiches n’existe plus.")
    kept, merged = held[kept.pk], held[merged.pk]
    for row in (kept, merged):
        if row.merged_into_id is not None:
            raise DomainError(
                f"La fiche de {row} a été réunie avec une autre entre-temps\u202f: rouvrez les rapprochements."
            )
        if row.anonymised_on is not None:
            raise DomainError("Une fiche anonymisée ne se réunit plus avec aucune autre.")
    former: dict[str, Any] = {"fiche": _as_written(merged), "fiche gardée": _as_written(kept), "doubles": []}
    # First: the database lets a decision follow its person only once the merge is said, and a name be borne once.
    merged.merged_into = kept
    save_by(merged, user, REASON)
    _take(kept, merged, set(taken), user)
    moved: dict[str, list[Any]] = defaultdict(list)
    doubles: Doubles = []
    _leave_doubles(kept, merged, doubles, user)
    for leave in _leaves.values():
        leave(kept, merged, doubles, user)
    _move(kept, merged, moved, user)
    _move_tasks(kept, merged, moved, user)
    _keep_apart(kept, merged)
    former["doubles"] = [{"nature": label, **row} for label, row in doubles]
    rest_assignments(kept, user=user)
    recount = recount_people([kept.pk], user=user, reason=REASON)
    trace = PersonMerge.objects.create(
        kept=kept,
        merged=merged,
        former=former,
        moved=dict(moved),
        reason=reason.strip()[:300] or "deux fiches de la même personne",
        merged_by=user,
    )
    for follow in _follows.values():
        follow(kept, merged, user)
    return Merged(trace, recount, [label for label, _ in doubles])


def _as_written(row: models.Model) -> dict[str, Any]:
    """Every field of a row as it stood; what is related by its key."""
    return {entry.attname: getattr(row, entry.attname) for entry in row._meta.concrete_fields}


def _take(kept: Beneficiary, merged: Beneficiary, taken: set[str], user: User) -> None:
    unknown = taken - {choice.name for choice in CHOICES}
    if unknown:
        raise DomainError("Choisissez, pour chaque ligne, l’une des deux fiches.")
    for choice in CHOICES:
        if choice.name in taken:
            for name in choice.fields:
                attname = _attname(kept, name)
                setattr(kept, attname, getattr(merged, attname))
    if merged.archived_on is None:
        # Someone of the active base stays there.
        kept.archived_on = None
    if (third := same_person(kept)) is not None:
        raise DomainError(
            f"Une troisième fiche porte ce nom et cette date de naissance ({formats.day(third.birth_date)})\u202f: "
            "réunissez-la d’abord avec l’une des deux."
        )
    try:
        with transaction.atomic():
            save_by(kept, user, REASON)
    except IntegrityError:
        raise DomainError(
            "Une troisième fiche porte ce nom et cette date de naissance\u202f: "
            "réunissez-la d’abord avec l’une des deux."
        ) from None


Doubles = list[tuple[str, dict[str, Any]]]
# From what says least of a candidate to what says most.
FURTHEST = (
    ApplicationState.REJECTED,
    ApplicationState.PROPOSED,
    ApplicationState.MET,
    ApplicationState.PRESENTED,
    ApplicationState.HIRED,
)
COMPLETED = ("recipient", "referrer", "met_on", "presented_on", "message", "note", "placement")


def _leave_doubles(kept: Beneficiary, merged: Beneficiary, doubles: Doubles, user: User) -> None:
    """Rows that a person may have once only: the fuller one stays, completed by the other, which is kept in the trace."""
    attended = {row.action_id: row for row in Attendance.objects.filter(beneficiary=kept)}
    for row in Attendance.objects.filter(beneficiary=merged).select_related("action").order_by("pk"):
        if (same := attended.get(row.action_id)) is not None:
            if row.came is not None and same.came is not True:
                same.came = row.came
                save_by(same, user, REASON)
            leave_row(row, f"participation à «\u202f{row.action}\u202f»", doubles, user)
    applied = {row.offer_id: row for row in Application.objects.filter(beneficiary=kept)}
    for application in Application.objects.filter(beneficiary=merged).select_related("offer").order_by("pk"):
        if (former := applied.get(application.offer_id)) is not None:
            _leave_application(former, application, doubles, user)
    situations = {(row.exit_on, row.milestone): row for row in Outcome.objects.filter(beneficiary=kept)}
    for outcome in Outcome.objects.filter(beneficiary=merged).order_by("pk"):
        if (known := situations.get((outcome.exit_on, outcome.milestone))) is not None:
            goes = known if outcome.situation and not known.situation else outcome
            leave_row(goes, f"situation {outcome.get_milestone_display()}", doubles, user)


def _leave_application(one: Application, other: Application, doubles: Doubles, user: User) -> None:
    """The one that went further stays, with the feedbacks of both."""
    goes, stays = sorted((other, one), key=lambda row: FURTHEST.index(ApplicationState(row.state)))
    for feedback in goes.feedbacks.order_by("pk"):
        feedback.application = stays
        save_by(feedback, user, REASON)
    leave_row(goes, f"candidature à «\u202f{other.offer}\u202f»", doubles, user)
    _complete(stays, goes, COMPLETED)
    save_by(stays, user, REASON)


def _attname(row: models.Model, name: str) -> str:
    """The name under which a row keeps the key of what it points to."""
    return str(getattr(row._meta.get_field(name), "attname", name))


def _complete(stays: models.Model, goes: models.Model, names: Iterable[str]) -> None:
    for name in names:
        attname = _attname(stays, name)
        if not getattr(stays, attname):
            setattr(stays, attname, getattr(goes, attname))


def leave_row(row: Any, label: str, doubles: Doubles, user: User) -> None:
    """Take away a row that the person has twice; what it held stays in the trace of the merge."""
    doubles.append((label, _as_written(row)))
    name = row._meta.model_name
    links = AccessLink.objects.usable(timezone.now()).filter(kind__startswith=name, object_id=row.pk)
    for link in links.order_by("pk"):
        revoke_link(link)
    # What was awaited of it (« outcome:12 », « application:12:answer ») is awaited of the other one.
    mine = models.Q(key=f"{name}:{row.pk}") | models.Q(key__startswith=f"{name}:{row.pk}:")
    for task in Task.objects.open().filter(mine).order_by("pk"):
        finish_task(task=task, outcome=REASON, by=user)
    row._history_user, row._change_reason = user, REASON
    row.delete()


def _move(kept: Beneficiary, merged: Beneficiary, moved: dict[str, list[Any]], user: User) -> None:
    for (model, name), decision in DECISIONS.items():
        rows: Any = model._default_manager.filter(**{name: merged.pk}).order_by("pk")
        if decision in (MOVED, FOLLOWS):
            for row in rows:
                setattr(row, name, kept)
                if hasattr(model, "history"):
                    save_by(row, user, REASON)
                else:
                    row.save(update_fields=[name])
                moved[model._meta.model_name or ""].append(row.pk)
        elif decision == REBUILT:
            for row in rows:
                moved[model._meta.model_name or ""].append(row.pk)
                row._history_user, row._change_reason = user, REASON
                row.delete()


def _move_tasks(kept: Beneficiary, merged: Beneficiary, moved: dict[str, list[Any]], user: User) -> None:
    """What was to be done about the merged file is to be done about the other; the same thing asked twice is asked once."""
    rows = Task.objects.select_for_update(of=("self",)).filter(person_number=merged.pk).order_by("pk")
    for task in rows:
        key = key_of_other(task.key, merged.pk, kept.pk)
        if key != task.key:
            same = Task.objects.filter(key=key).first()
            if same is None:
                task.key = key
            elif task.done_on is None and same.done_on is None:
                task.done_on, task.done_by, task.outcome = timezone.localdate(), user, REASON
        task.person_number = kept.pk
        task.url = task.url.replace(f"/personnes/{merged.pk}/", f"/personnes/{kept.pk}/")
        task._history_user, task._change_reason = user, REASON  # type: ignore[attr-defined]
        task.save()
        moved["task"].append(task.pk)


def key_of_other(key: str, former: int, now: int) -> str:
    """« person:12:expiry » → « person:7:expiry »: a key names a person's number after the word person."""
    parts = key.split(":")
    for rank in range(1, len(parts)):
        if parts[rank] == str(former) and parts[rank - 1].endswith("person"):
            parts[rank] = str(now)
    return ":".join(parts)


def _keep_apart(kept: Beneficiary, merged: Beneficiary) -> None:
    """Whom the merged file was told from is told from the one that stays."""
    for row in SeparatePeople.objects.filter(models.Q(first=merged) | models.Q(second=merged)).order_by("pk"):
        other = row.second_id if row.first_id == merged.pk else row.first_id
        said_by = row.said_by
        row.delete()
        if other != kept.pk:
            first, second = sorted((other, kept.pk))
            SeparatePeople.objects.get_or_create(
                first_id=first, second_id=second, defaults={"said_by": said_by}
            )


@transaction.atomic
def separate_people(*, one: Beneficiary, other: Beneficiary, user: User) -> SeparatePeople:
    """Say that two files that look alike are two people: no longer proposed."""
    if one.pk == other.pk:
        raise DomainError("C’est la même fiche.")
    first, second = sorted((one, other), key=lambda row: row.pk)
    row, _ = SeparatePeople.objects.get_or_create(first=first, second=second, defaults={"said_by": user})
    return row


def what_hangs(people: Iterable[Beneficiary]) -> dict[int, list[tuple[str, int]]]:
    """What a merge would move of each of these files: « contrats et étapes », 3. One query."""
    labels: dict[str, str] = {}
    counts: dict[str, Any] = {}
    for (model, name), decision in DECISIONS.items():
        if decision == MOVED and model is not ImportLine:
            alias = f"hanging_{model._meta.model_name}"
            labels[alias] = str(model._meta.verbose_name_plural)
            rows: Any = model._default_manager.filter(**{name: models.OuterRef("pk")})
            counts[alias] = _count_of(rows, name)
    labels["hanging_task"] = "échéances"
    counts["hanging_task"] = _count_of(
        Task.objects.open().filter(person_number=models.OuterRef("pk")), "person_number"
    )
    found = Beneficiary.objects.filter(pk__in=[person.pk for person in people]).annotate(**counts)
    return {
        row["pk"]: [(label, row[alias]) for alias, label in labels.items() if row[alias]]
        for row in found.order_by("pk").values("pk", *labels)
    }


def _count_of(rows: Any, name: str) -> Any:
    counted = rows.order_by().values(name).annotate(n=models.Count("pk")).values("n")
    return models.Subquery(counted, output_field=models.IntegerField())


def nothing_hangs_on_a_merged_file() -> Iterable[str]:
    """Rien ne reste accroché à une fiche réunie avec une autre."""
    for (model, name), decision in DECISIONS.items():
        if decision in (MOVED, REBUILT, FOLLOWS):
            astray = model._default_manager.filter(**{f"{name}__merged_into__isnull": False})
            for pk in astray.order_by("pk").values_list("pk", flat=True):
                yield f"{model._meta.verbose_name} {pk} : reste sur une fiche réunie avec une autre"
    merged = Beneficiary.objects.filter(merged_into__isnull=False).values("pk")
    for pk in (
        Task.objects.open().filter(person_number__in=merged).order_by("pk").values_list("pk", flat=True)
    ):
        yield f"échéance {pk} : concerne une fiche réunie avec une autre"
