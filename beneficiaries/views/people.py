"""People: the directory, a person's file and its tabs, and what a company reads of its employees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Case, DateField, F, OuterRef, Q, Subquery, Sum, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from beneficiaries.enums import EntryState
from beneficiaries.filters import EmployeeFilter, PersonFilter
from beneficiaries.merged_files import FileMerged, kept_file
from beneficiaries.models import Assignment, Beneficiary, HoursEntry, PersonMerge
from beneficiaries.person_path import (
    assignments_of,
    current_entries,
    lines_of,
    placements_of,
    steps_of,
    whole_path,
)
from beneficiaries.tables import EmployeeTable, PersonTable, eligibility_words
from beneficiaries.timeline import timeline_of
from beneficiaries.validity import employed_by, followed_by
from core import formats
from core.access import HOUSE, house_required, role_required
from core.fields import HoursField
from core.lists import ListPage
from core.registry import tabs_of

ZERO = Decimal("0.00")


class PersonList(ListPage):
    """« Personnes » of the house."""

    model, table_class, filterset_class = Beneficiary, PersonTable, PersonFilter
    title, export_name = "Personnes", "personnes"
    create_url_name, create_label = "beneficiary_create", "Ajouter une personne"
    empty_message = "Les personnes que vous accompagnez apparaîtront ici dès la première fiche."

    def prepare(self, queryset: Any) -> Any:
        today = timezone.localdate()
        return (
            queryset.with_eligibility(today)
            .with_employer(today)
            .with_hours_counted(HoursEntry.objects.visible_to(self.request.user))
            .select_related("commune")
            # The archive has its own list, for those who may read it.
            .filter(archived_on__isnull=True)
        )


class EmployeeList(ListPage):
    """« Personnes » of a company: those whom it employs, receives, or counts on a commitment that it holds."""

    model, table_class, filterset_class = Beneficiary, EmployeeTable, EmployeeFilter
    title, export_name = "Vos salarié·e·s en insertion", "salaries"
    roles = (Role.COMPANY,)
    empty_message = "Les personnes que vous employez ou accueillez au titre d’une clause apparaîtront ici."

    def prepare(self, queryset: Any) -> Any:
        user = self.request.user
        mine = Assignment.objects.visible_to(user)
        dates = (
            mine.filter(placement__beneficiary=OuterRef("pk"))
            .order_by("-placement__starts_on", "-pk")
            .values("placement__starts_on", "placement__ends_on")
        )
        hours = (
            HoursEntry.objects.visible_to(user)
            .current()
            .filter(assignment__placement__beneficiary=OuterRef("pk"))
            .order_by()
            .values("assignment__placement__beneficiary")
            .annotate(total=Sum("hours"))
            .values("total")
        )
        today = timezone.localdate()
        return queryset.with_eligibility(today).annotate(
            contract_starts_on=Subquery(dates.values("placement__starts_on")[:1]),
            contract_ends_on=Subquery(dates.values("placement__ends_on")[:1]),
            hours_declared=Subquery(hours),
            # Of those who left, what the house decides now is not told.
            eligible_until=Case(
                When(pk__in=followed_by(user, today), then=F("eligible_until")), output_field=DateField()
            ),
        )


_people, _employees = PersonList.as_view(), EmployeeList.as_view()


@role_required(*HOUSE, Role.COMPANY)
def beneficiary_list(request: HttpRequest) -> HttpResponseBase:
    """The directory, or a company's employees."""
    return _employees(request) if request.user.is_company else _people(request)


def person_or_404(request: HttpRequest, pk: int) -> Any:
    """The person with the state of their eligibility today; 404 when the user may not see them.

    The address of a file that was merged leads to the one that stays.
    """
    people = Beneficiary.objects.visible_to(request.user).with_eligibility(timezone.localdate())
    rows = people.select_related("commune", "qpv", "education", "prescriber", "referrer")
    found = rows.filter(pk=pk).first()
    if found is None:
        if (kept := kept_file(request, pk)) is not None:
            raise FileMerged(kept)
        raise Http404
    return found


def file_context(request: HttpRequest, person: Any) -> dict[str, Any]:
    """What every tab of a person's file shows around its content."""
    return {
        "person": person,
        "eligibility_words": eligibility_words(person.eligibility_state, person.eligible_until),
        "facts_line": _facts_line(person),
        "tab_list": tabs_of("person", request.user, person.pk),
    }


def _facts_line(person: Any) -> str:
    parts = []
    if person.birth_date:
        parts.append(f"né·e le {formats.day(person.birth_date)}")
    if person.commune:
        parts.append(str(person.commune))
    return " · ".join(parts)


@role_required(*HOUSE, Role.COMPANY)
def beneficiary_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """« Synthèse »: the whole path, with hours counted, not counted, and why."""
    person = person_or_404(request, pk)
    if request.user.is_company:
        return _employee_detail(request, person)
    path = whole_path(request.user, person, timezone.localdate())
    context = {
        **file_context(request, person),
        **path,
        "identity": _identity(person),
        "next_step": _next_step(person, path["steps"]),
    }
    return render(request, "beneficiaries/person_detail.html", context)


def path_of(request: HttpRequest, person: Beneficiary) -> list[dict[str, Any]]:
    """Steps of the path, newest first, with their assignments and the hours of each, by what became of them."""
    lines = lines_of(assignments_of(request.user, person), current_entries(request.user, person))
    return steps_of(placements_of(request.user, person), lines, timezone.localdate())


def _identity(person: Any) -> list[tuple[str, Any]]:
    qpv = f"{person.qpv} (contours {person.residence_vintage})" if person.qpv else None
    return [
        ("Nom de naissance", person.birth_name),
        ("Date de naissance", formats.day(person.birth_date) if person.birth_date else None),
        ("Genre", person.get_gender_display()),
        ("Adresse", person.address),
        ("Commune ou arrondissement", person.commune),
        ("Quartier prioritaire", qpv),
        ("Niveau de formation", person.education),
        ("Prescripteur", person.prescriber),
        ("Référent·e de parcours", person.referrer),
        ("Adresse électronique", person.email),
        ("Téléphone", person.phone),
        ("Information RGPD remise le", formats.day(person.informed_on) if person.informed_on else None),
    ]


def _next_step(person: Any, steps: list[dict[str, Any]]) -> dict[str, str] | None:
    """What must be done next for this person, if anything."""
    working = any(step["under_way"] or step["upcoming"] for step in steps)
    if person.eligibility_state == "to_review":
        return {
            "who": "À vous de jouer\u202f:",
            "what": "l’éligibilité est à valider avant le début du contrat.",
            "url": reverse("review_create", args=[person.pk]),
            "label": "Enregistrer une décision",
        }
    if person.eligibility_state == "expired" and working:
        return {
            "who": "À vous de jouer\u202f:",
            "what": "la personne est au travail et n’est plus éligible\u202f: les heures ne comptent plus "
            "sans nouvelle validation.",
            "url": reverse("review_create", args=[person.pk]),
            "label": "Enregistrer une décision",
        }
    if person.eligibility_state == "eligible" and not working:
        return {
            "who": "À vous de jouer\u202f:",
            "what": f"à placer avant le {formats.day(person.eligible_until)}.",
            "url": reverse("placement_create", args=[person.pk]),
            "label": "Ajouter un contrat",
        }
    return None


def _employee_detail(request: HttpRequest, person: Any) -> HttpResponse:
    """What a company reads of one of its employees: dates, hours, and until when they are eligible."""
    user, today = request.user, timezone.localdate()
    # What another employer has not sent yet is not in the sum.
    hours = HoursEntry.objects.visible_to(user).current().filter(assignment=OuterRef("pk")).order_by()  # type: ignore[arg-type]
    declared = hours.values("assignment").annotate(total=Sum("hours")).values("total")
    assignments = (
        Assignment.objects.visible_to(user)  # type: ignore[arg-type]
        .filter(placement__beneficiary=person)
        .select_related("placement__employer", "commitment__market", "user_company")
        .annotate(hours_declared=Subquery(declared, output_field=HoursField()))
        .order_by("-starts_on", "-pk")
    )
    rows = list(assignments)
    is_followed = followed_by(user, today).filter(placement__beneficiary=person).exists()  # type: ignore[arg-type]
    eligible_until = person.eligible_until if is_followed else None
    # The attestation is the employer's own to keep.
    is_employer = Beneficiary.objects.filter(pk=person.pk, pk__in=employed_by(user, today)).exists()  # type: ignore[arg-type]
    context = {
        "attestation_url": reverse("eligibility_attestation", args=[person.pk])
        if eligible_until and is_employer
        else "",
        "name": str(person),
        "eligible_until": eligible_until,
        "is_followed": is_followed,
        "assignments": rows,
        "total": sum((row.hours_declared or ZERO for row in rows), ZERO),
    }
    return render(request, "beneficiaries/employee_detail.html", context)


@house_required
def beneficiary_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """« Heures »: every entry of the person, the replaced ones too."""
    person = person_or_404(request, pk)
    entries = (
        HoursEntry.objects.visible_to(request.user)
        .filter(assignment__placement__beneficiary=person)
        .select_related(
            "market", "assignment__placement__employer", "assignment__user_company", "validated_by"
        )
        .order_by("-month", "-pk")
    )
    rows = list(entries)
    current = [row for row in rows if not row.is_superseded]
    validated = [row for row in current if row.state == EntryState.VALIDATED]
    context = {
        **file_context(request, person),
        "entries": rows,
        "hours": sum((row.hours for row in current), ZERO),
        "counted": sum((row.counted_hours for row in validated), ZERO),
        "to_validate": len(current) - len(validated),
    }
    return render(request, "beneficiaries/person_hours.html", context)


@house_required
def beneficiary_history(request: HttpRequest, pk: int) -> HttpResponse:
    """« Historique »: who changed what in the file, the contracts and the assignments."""
    person = person_or_404(request, pk)
    merges = (
        PersonMerge.objects.visible_to(request.user)
        .filter(Q(kept=person) | Q(merged__merged_into=person))
        .select_related("merged_by", "merged")
    )
    context = {**file_context(request, person), "entries": timeline_of(person), "merges": list(merges)}
    return render(request, "beneficiaries/person_history.html", context)
