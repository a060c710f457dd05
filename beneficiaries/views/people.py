"""People: the directory, a person's file and its tabs, and what a company reads of its employees."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from beneficiaries.enums import EntryState
from beneficiaries.filters import EmployeeFilter, PersonFilter
from beneficiaries.forms.people import PersonForm
from beneficiaries.models import Assignment, Beneficiary, HoursEntry, Placement
from beneficiaries.services.people import SamePerson, namesakes, save_person
from beneficiaries.tables import EmployeeTable, PersonTable, eligibility_words
from beneficiaries.timeline import timeline_of
from core import formats
from core.access import HOUSE, house_required, role_required
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
        return queryset.with_eligibility(timezone.localdate()).annotate(
            contract_starts_on=Subquery(dates.values("placement__starts_on")[:1]),
            contract_ends_on=Subquery(dates.values("placement__ends_on")[:1]),
            hours_declared=Subquery(hours),
        )


_people, _employees = PersonList.as_view(), EmployeeList.as_view()


@role_required(*HOUSE, Role.COMPANY)
def beneficiary_list(request: HttpRequest) -> HttpResponseBase:
    """The directory, or a company's employees."""
    return _employees(request) if request.user.is_company else _people(request)


def person_or_404(request: HttpRequest, pk: int) -> Any:
    """The person with the state of their eligibility today; 404 when the user may not see them."""
    people = Beneficiary.objects.visible_to(request.user).with_eligibility(timezone.localdate())
    return get_object_or_404(people.select_related("commune", "qpv", "education", "prescriber"), pk=pk)


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
    steps = path_of(request, person)
    assignments = [line for step in steps for line in step["assignments"]]
    context = {
        **file_context(request, person),
        "steps": steps,
        "counted": sum((line["counted"] for line in assignments), ZERO),
        "not_counted": sum((line["not_counted"] for line in assignments), ZERO),
        "pending": sum((line["pending"] for line in assignments), ZERO),
        "commitments": len({line["assignment"].commitment_id for line in assignments}),
        "identity": _identity(person),
        "next_step": _next_step(person, steps),
    }
    return render(request, "beneficiaries/person_detail.html", context)


def path_of(request: HttpRequest, person: Beneficiary) -> list[dict[str, Any]]:
    """Steps of the path, newest first, with their assignments and the hours of each, by what became of them."""
    hours = _hours_by_assignment(request, person)
    assignments: dict[int, list[dict[str, Any]]] = defaultdict(list)
    found = (
        Assignment.objects.visible_to(request.user)
        .filter(placement__beneficiary=person)
        .select_related(
            "commitment__market__buyer", "commitment__holder", "user_company", "review", "positioned_by"
        )
        .order_by("-starts_on", "-pk")
    )
    rows = list(found)
    first_use: dict[int | None, dt.date] = {}
    for row in reversed(rows):
        first_use.setdefault(row.review_id, row.starts_on)
    for row in rows:
        # The validation was used before: this one needs a positionnement of its own.
        used_before = row.review_id is not None and first_use[row.review_id] < row.starts_on
        line = {"assignment": row, "needs_position": used_before and row.positioned_on is None}
        assignments[row.placement_id].append({**line, **hours[row.pk]})
    steps = (
        Placement.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related(
            "employer", "contract_type", "occupation", "previous__employer", "previous__contract_type"
        )
    )
    today = timezone.localdate()
    return [
        {
            "placement": step,
            "assignments": assignments[step.pk],
            "under_way": step.starts_on <= today and (step.ends_on is None or step.ends_on >= today),
            "upcoming": step.starts_on > today,
        }
        for step in steps
    ]


def _hours_by_assignment(request: HttpRequest, person: Beneficiary) -> dict[int, dict[str, Any]]:
    """Hours counted, not counted and not validated yet, by assignment; each reason once, with its hours."""
    found: dict[int, dict[str, Any]] = defaultdict(
        lambda: {"counted": ZERO, "not_counted": ZERO, "pending": ZERO, "reasons": []}
    )
    reasons: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    entries = (
        HoursEntry.objects.visible_to(request.user)
        .current()
        .filter(assignment__placement__beneficiary=person)
        .order_by("month", "pk")
    )
    for entry in entries:
        line = found[entry.assignment_id]
        if entry.state != EntryState.VALIDATED:
            line["pending"] += entry.hours
            continue
        left_out = entry.hours - entry.counted_hours
        line["counted"] += entry.counted_hours
        line["not_counted"] += left_out
        if left_out:
            reasons[entry.assignment_id][str(entry.get_counting_reason_display())] += left_out
    for pk, by_reason in reasons.items():
        found[pk]["reasons"] = [
            f"{formats.hours(hours)}\u202f: {reason}" for reason, hours in by_reason.items()
        ]
    return found


def _identity(person: Any) -> list[tuple[str, Any]]:
    qpv = f"{person.qpv} ({person.qpv.vintage})" if person.qpv else None
    return [
        ("Nom de naissance", person.birth_name),
        ("Date de naissance", formats.day(person.birth_date) if person.birth_date else None),
        ("Genre", person.get_gender_display()),
        ("Adresse", person.address),
        ("Commune", person.commune),
        ("Quartier prioritaire", qpv),
        ("Niveau de formation", person.education),
        ("Prescripteur", person.prescriber),
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
    assignments = (
        Assignment.objects.visible_to(request.user)
        .filter(placement__beneficiary=person)
        .select_related("placement__employer", "commitment__market", "user_company")
        .annotate(hours_declared=Sum("entries__hours", filter=Q(entries__is_superseded=False)))
        .order_by("-starts_on", "-pk")
    )
    rows = list(assignments)
    context = {
        "name": str(person),
        "eligible_until": person.eligible_until,
        "assignments": rows,
        "total": sum((row.hours_declared or ZERO for row in rows), ZERO),
    }
    return render(request, "beneficiaries/employee_detail.html", context)


@house_required
def beneficiary_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Beneficiary())


@house_required
def beneficiary_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk))


def _edit(request: HttpRequest, person: Beneficiary) -> HttpResponse:
    is_new = person.pk is None
    shown_name = str(person)
    form = PersonForm(request.POST or None, instance=person, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            save_person(person=form.instance, user=request.user)
        except SamePerson as error:
            form.add_error(None, form.duplicate_sentence(error.existing))
        else:
            messages.success(request, "La fiche est créée." if is_new else "La fiche est enregistrée.")
            if form.instance.birth_date is None and namesakes(form.instance):
                messages.warning(
                    request,
                    "Une autre fiche porte ce nom. Sans date de naissance, un doublon ne peut pas être écarté\u202f: "
                    "vérifiez dans la liste.",
                )
            return redirect("beneficiary_detail", pk=form.instance.pk)
    back = reverse("beneficiary_list") if is_new else reverse("beneficiary_detail", args=[person.pk])
    context = {
        "title": "Nouvelle personne" if is_new else f"Modifier la fiche de {shown_name}",
        "form": form,
        "intro": ""
        if is_new
        else "Les décisions déjà enregistrées gardent la situation à l’entrée\u202f: elles ne changent pas avec la fiche.",
        "cancel_url": back,
        "back_url": back,
        "back_label": "Personnes" if is_new else shown_name,
    }
    return render(request, "core/form.html", context)


@house_required
def beneficiary_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """« Heures »: every entry of the person, the replaced ones too."""
    person = person_or_404(request, pk)
    entries = (
        HoursEntry.objects.visible_to(request.user)
        .filter(assignment__placement__beneficiary=person)
        .select_related("market", "assignment__placement__employer", "validated_by")
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
    context = {**file_context(request, person), "entries": timeline_of(person)}
    return render(request, "beneficiaries/person_history.html", context)
