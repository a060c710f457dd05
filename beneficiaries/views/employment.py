"""Contracts and assignments: of a person, of a market, of a company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.aggregates import kinds_of
from beneficiaries.enums import PlacementNature, Qualification
from beneficiaries.forms.employment import (
    AssignmentForm,
    ChoosePersonForm,
    EndPlacementForm,
    NewAssignmentForm,
    PlacementForm,
    TrainingResultForm,
)
from beneficiaries.lookups import LOOKUPS
from beneficiaries.models import Assignment, Beneficiary, Placement, TrainingCourse
from beneficiaries.offer_list import market_recruitment
from beneficiaries.path_details import add_details, placement_warnings
from beneficiaries.recruitment_contracts import asked_application, contract_initial
from beneficiaries.services.applications import link_contract
from beneficiaries.services.employment import (
    Assigned,
    assign,
    create_placement,
    end_placement,
    period_on,
    review_for,
    update_assignment,
    update_placement,
)
from beneficiaries.services.immersions import OverLimit
from beneficiaries.services.trainings import record_result
from beneficiaries.tables import AssignmentTable
from beneficiaries.views.people import file_context, path_of, person_or_404
from beneficiaries.views.positioning import asked_commitment
from beneficiaries.views.recounts import confirm_recount
from clauses.models import Commitment
from core import formats
from core.access import house_required
from core.errors import DomainError
from core.lists import ListPage
from core.registry import tabs_of
from markets.models import Company, Market


def _tell(request: HttpRequest, assigned: Assigned, sentence: str) -> None:
    review = assigned.assignment.review
    rests = f" Elle repose sur la validation du {formats.day(review.decided_on)}." if review else ""
    messages.success(request, sentence + rests)
    for warning in assigned.warnings:
        messages.warning(request, warning)


@house_required
def beneficiary_contracts(request: HttpRequest, pk: int) -> HttpResponse:
    """« Contrats et affectations »."""
    person = person_or_404(request, pk)
    context = {**file_context(request, person), "steps": add_details(path_of(request, person))}
    return render(request, "beneficiaries/person_contracts.html", context)


NATURE_TITLES = {
    PlacementNature.EMPLOYMENT: ("Emploi", "Nouveau contrat de {}"),
    PlacementNature.IMMERSION: ("Immersion", "Nouvelle immersion de {}"),
    PlacementNature.TRAINING: ("Formation", "Nouvelle formation de {}"),
}
SAVED = {
    PlacementNature.EMPLOYMENT: ("Le contrat", "enregistré"),
    PlacementNature.IMMERSION: ("L’immersion", "enregistrée"),
    PlacementNature.TRAINING: ("La formation", "enregistrée"),
}


@house_required
def placement_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A contract, an immersion or a training and, most often at once, its assignment to a commitment."""
    person = get_object_or_404(Beneficiary.objects.visible_to(request.user), pk=pk)
    application = asked_application(request, person)
    form = PlacementForm(
        request.POST or None,
        user=request.user,
        beneficiary=person,
        nature=request.GET.get("nature", ""),
        initial=contract_initial(application),
    )
    commitment = asked_commitment(request)
    assignment_form = NewAssignmentForm(
        request.POST or None,
        user=request.user,
        prefix="affectation",
        initial={"commitment": commitment, "positioned_on": _asked_day(request)},
    )
    if request.method == "POST" and form.is_valid() and assignment_form.is_valid():
        data = assignment_form.cleaned_data
        try:
            with transaction.atomic():
                placement = create_placement(
                    placement=form.instance,
                    agreement=form.agreement,
                    course=form.course,
                    accept_over_limit=form.cleaned_data.get("accept_over_limit", False),
                    user=request.user,
                )
                if application is not None:
                    link_contract(application=application, placement=placement, by=request.user)
                assigned = None
                if data["commitment"]:
                    assigned = assign(
                        placement=placement,
                        commitment=data["commitment"],
                        starts_on=data["assigned_on"] or placement.starts_on,
                        ends_on=placement.ends_on,
                        user_company=data["user_company"],
                        positioned_on=data["positioned_on"],
                        user=request.user,
                    )
        except DomainError as error:
            form.instance.pk = None
            form.instance._state.adding = True
            _refuse(assignment_form if error.field in assignment_form.fields else form, error)
        else:
            what, saved = SAVED[form.nature]
            if assigned:
                _tell(request, assigned, f"{what} et l’affectation sont enregistrés.")
            else:
                messages.success(request, f"{what} est {saved}, sans affectation.")
            if placement.previous_id:
                messages.info(request, _follows(placement))
            _warn(request, placement)
            return redirect("beneficiary_contracts", pk=person.pk)
    return _placement_page(
        request,
        form,
        person,
        NATURE_TITLES[form.nature][1].format(person),
        assignment_form=assignment_form,
        eligibility_line=eligibility_line(person),
    )


def _placement_page(
    request: HttpRequest, form: PlacementForm, person: Beneficiary, title: str, **context: Any
) -> HttpResponse:
    query = request.GET.copy()
    natures = []
    for nature, (label, _) in NATURE_TITLES.items():
        query["nature"] = nature.value
        natures.append((label, f"?{query.urlencode()}", nature == form.nature))
    return render(
        request,
        "beneficiaries/placement_form.html",
        {
            "title": title,
            "person": person,
            "form": form,
            "natures": natures,
            "cancel_url": reverse("beneficiary_contracts", args=[person.pk]),
            "assignment_form": None,
            "eligibility_line": "",
            **context,
        },
    )


def _refuse(form: Any, error: DomainError) -> None:
    """Beside its field; a PMSMP over its limits says each of them, and may be recorded knowingly."""
    if not isinstance(error, OverLimit):
        form.add_domain_error(error)
        return
    form.ask_to_accept()
    for breach in error.breaches:
        form.add_error(FIELD_OF_RULE.get(breach.rule, "ends_on"), breach.sentence)


# Where the limit that is passed is best read.
FIELD_OF_RULE = {
    "renewal_host": "previous",
    "renewal_purpose": "previous",
    "renewed_once": "previous",
    "host_agreements": "employer",
    "outside_contract": "during",
    "contract_part": "during",
}


def _follows(placement: Placement) -> str:
    if placement.nature == PlacementNature.IMMERSION:
        return f"Elle renouvelle la convention du {formats.day(placement.previous.starts_on)}."  # type: ignore[union-attr]
    return f"Il est noté comme la suite du contrat {placement.previous}."


def _warn(request: HttpRequest, placement: Placement) -> None:
    for warning in placement_warnings(placement):
        messages.warning(request, warning)


def _asked_day(request: HttpRequest) -> dt.date | None:
    """The day of a positionnement that waits for its contract (`views.positioning`)."""
    try:
        return dt.date.fromisoformat(request.GET.get("positionne", ""))
    except ValueError:
        return None


def eligibility_line(person: Beneficiary) -> str:
    """What a facilitator must know before writing a contract: the decision that it would rest on today."""
    today = timezone.localdate()
    period, review = period_on(person, today), review_for(person, today)
    if period is not None:
        return (
            f"En parcours, éligible jusqu’au {formats.day(period.ends_on)}\u202f: la nouvelle affectation demande "
            "un positionnement."
        )
    if review is not None:
        return (
            f"Dernière validation le {formats.day(review.decided_on)}, "
            f"à utiliser avant le {formats.day(review.valid_until)}."
        )
    return "Aucune validation à ce jour\u202f: l’affectation sera enregistrée et les heures ne seront pas comptées."


def _placement_or_404(request: HttpRequest, pk: int) -> Placement:
    rows = Placement.objects.visible_to(request.user).select_related(
        "beneficiary", "employer", "contract_type"
    )
    return get_object_or_404(rows, pk=pk)


@house_required
def placement_edit(request: HttpRequest, pk: int) -> HttpResponse:
    placement = _placement_or_404(request, pk)
    person = placement.beneficiary
    form = PlacementForm(
        request.POST or None,
        instance=placement,
        user=request.user,
        beneficiary=person,
        nature=request.GET.get("nature", ""),
    )
    if request.method == "POST" and form.is_valid():
        try:
            asked, saved = _ask_before(
                request,
                person,
                "Modifier une étape",
                lambda: update_placement(
                    placement=form.instance,
                    agreement=form.agreement,
                    course=form.course,
                    accept_over_limit=form.cleaned_data.get("accept_over_limit", False),
                    user=request.user,
                ),
            )
        except DomainError as error:
            _refuse(form, error)
        else:
            if asked is not None:
                return asked
            what, done = SAVED[form.nature]
            messages.success(request, f"{what} est {done}.")
            _warn(request, saved)
            return redirect("beneficiary_contracts", pk=person.pk)
    return _placement_page(request, form, person, f"Modifier une étape de {person}")


def _ask_before(
    request: HttpRequest, person: Beneficiary, title: str, change: Callable[[], Any]
) -> tuple[HttpResponse | None, Any]:
    """What the change would recount, before it is made; (None, what was made) when it recounts nothing or was read."""
    cancel_url = reverse("beneficiary_contracts", args=[person.pk])
    return confirm_recount(request, change, title=f"{title}\u202f: {person}", cancel_url=cancel_url)


@house_required
def training_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of the qualification, at the end of a training."""
    courses = TrainingCourse.objects.visible_to(request.user).filter(
        placement__in=Placement.objects.visible_to(request.user).values("pk")
    )
    course = get_object_or_404(courses.select_related("placement__beneficiary"), placement=pk)
    person = course.placement.beneficiary
    known = course.qualification != Qualification.UNDER_WAY
    form = TrainingResultForm(
        request.POST or None,
        user=request.user,
        initial={"qualification": course.qualification if known else "", "obtained_on": course.obtained_on},
    )
    if request.method == "POST" and form.is_valid():
        try:
            record_result(course=course, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Le résultat de la formation est enregistré.")
            return redirect("beneficiary_contracts", pk=person.pk)
    aimed = f", qualification visée\u202f: {course.qualification_aimed}" if course.qualification_aimed else ""
    return _form(request, form, person, "Résultat de la formation", facts=f"{course.title}{aimed}")


@house_required
def placement_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a contract and its open assignments."""
    placement = _placement_or_404(request, pk)
    person = placement.beneficiary
    initial = {"ends_on": placement.ends_on or timezone.localdate(), "end_reason": placement.end_reason}
    form = EndPlacementForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            asked, _ = _ask_before(
                request,
                person,
                "Fin de contrat",
                lambda: end_placement(placement=placement, user=request.user, **form.cleaned_data),
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            if asked is not None:
                return asked
            messages.success(request, "La fin du contrat et de ses affectations est enregistrée.")
            return redirect("beneficiary_contracts", pk=person.pk)
    return _form(
        request,
        form,
        person,
        "Fin de contrat",
        facts=f"{placement}, depuis le {formats.day(placement.starts_on)}",
        intro="Les affectations encore ouvertes finissent le même jour.",
    )


@house_required
def assignment_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A contract that exists, put to work on one more commitment."""
    placement = _placement_or_404(request, pk)
    person = placement.beneficiary
    form = AssignmentForm(
        request.POST or None,
        user=request.user,
        placement=placement,
        initial={"commitment": asked_commitment(request)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            assigned = assign(
                placement=placement,
                commitment=data["commitment"],
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                user_company=data["user_company"],
                positioned_on=data["positioned_on"],
                user=request.user,
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            _tell(request, assigned, "L’affectation est enregistrée.")
            return redirect("beneficiary_contracts", pk=person.pk)
    return _form(
        request,
        form,
        person,
        "Nouvelle affectation",
        facts=f"{placement}, depuis le {formats.day(placement.starts_on)}",
        intro=eligibility_line(person),
    )


@house_required
def assignment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Days, user company and positionnement; the commitment of an assignment never changes."""
    rows = Assignment.objects.visible_to(request.user).select_related(
        "placement__beneficiary", "commitment__market", "commitment__holder", "review"
    )
    assignment = get_object_or_404(rows, pk=pk)
    person = assignment.placement.beneficiary
    form = AssignmentForm(
        request.POST or None, instance=assignment, user=request.user, placement=assignment.placement
    )
    if request.method == "POST" and form.is_valid():
        try:
            asked, assigned = _ask_before(
                request,
                person,
                "Modifier l’affectation",
                lambda: update_assignment(assignment=form.instance, user=request.user),
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            if asked is not None:
                return asked
            _tell(request, assigned, "L’affectation est enregistrée.")
            return redirect("beneficiary_contracts", pk=person.pk)
    return _form(
        request,
        form,
        person,
        "Modifier l’affectation",
        facts=f"Marché {assignment.commitment.market.reference}, {assignment.commitment.holder}",
        intro="L’engagement d’une affectation ne change pas\u202f: pour un autre engagement, ajoutez une affectation.",
    )


def _form(
    request: HttpRequest, form: Any, person: Beneficiary, title: str, *, facts: str = "", intro: str = ""
) -> HttpResponse:
    back = reverse("beneficiary_contracts", args=[person.pk])
    context = {
        "title": title,
        "facts": facts,
        "intro": intro,
        "form": form,
        "person": person,
        "cancel_url": back,
        "back_url": back,
        "back_label": str(person),
    }
    return render(request, "beneficiaries/lookup_form.html", context)


# --- Of a market, of a company -------------------------------------------------------------------------------


class AssignmentList(ListPage):
    """Assignments with their hours; base of the two tabs."""

    model, table_class = Assignment, AssignmentTable
    template_name = "beneficiaries/assignment_list.html"
    empty_message = "Les personnes affectées apparaîtront ici."

    def prepare(self, queryset: Any) -> Any:
        current = Q(entries__is_superseded=False)
        return (
            queryset.select_related(
                "placement__beneficiary",
                "placement__employer",
                "placement__contract_type",
                "commitment__market",
                "commitment__holder",
                "user_company",
            )
            .annotate(
                hours_sum=Sum("entries__hours", filter=current),
                counted_sum=Sum("entries__counted_hours", filter=current & Q(entries__state="validated")),
            )
            .order_by("-starts_on", "-pk")
        )


class MarketPeople(AssignmentList):
    """« Personnes » of a market."""

    export_name = "personnes-du-marche"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = Market.objects.visible_to(request.user).select_related("buyer")
        self.market = get_object_or_404(rows, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    def prepare(self, queryset: Any) -> Any:
        return super().prepare(queryset.filter(commitment__market=self.market))

    def table_kwargs(self) -> dict[str, Any]:
        return {"exclude": ("market",)}

    def get_title(self) -> str:
        return formats.short(self.market.object, 120)

    def get_create_url(self) -> str:
        return "" if self.market.closed_on else reverse("market_assign", args=[self.market.pk])

    create_label = "Affecter une personne"

    def extra_context(self) -> dict[str, Any]:
        closed = self.market.closed_on is not None
        return {
            "position_url": "" if closed else reverse("market_position", args=[self.market.pk]),
            "facts": f"{self.market.reference} · {self.market.buyer}",
            "aggregates_url": reverse("market_aggregates", args=[self.market.pk]),
            "tab_list": tabs_of("market", self.request.user, self.market.pk),
            "recruitment": market_recruitment(self.request.user, self.market),
            "parents": [
                ("Marchés", reverse("market_list")),
                (self.market.reference, reverse("market_detail", args=[self.market.pk])),
            ],
        }


class CompanyPeople(AssignmentList):
    """« Personnes » of a company: whom it employs, receives, or counts on its commitments."""

    export_name = "personnes-de-l-entreprise"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.company = get_object_or_404(Company.objects.visible_to(request.user), pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    def prepare(self, queryset: Any) -> Any:
        mine = (
            Q(placement__employer=self.company)
            | Q(user_company=self.company)
            | Q(commitment__holder=self.company)
        )
        return super().prepare(queryset.filter(mine))

    def get_title(self) -> str:
        return str(self.company)

    def extra_context(self) -> dict[str, Any]:
        return {
            "position_url": "",
            "facts": "Personnes qu’elle emploie, accueille ou compte sur ses engagements",
            "aggregates_url": reverse("company_aggregates", args=[self.company.pk])
            if kinds_of([self.company.pk])
            else "",
            "tab_list": tabs_of("company", self.request.user, self.company.pk),
            "parents": [
                ("Entreprises et partenaires", reverse("company_list")),
                (str(self.company), reverse("company_detail", args=[self.company.pk])),
            ],
        }


@house_required
def market_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom to assign to which commitment of a market; the contract is written on the next page."""
    market = get_object_or_404(Market.objects.visible_to(request.user), pk=pk)
    commitments = (
        Commitment.objects.visible_to(request.user)
        .filter(market=market)
        .select_related("holder", "clause__lot")
    )
    form = ChoosePersonForm(request.POST or None, user=request.user, commitments=commitments)
    if request.method == "POST" and form.is_valid():
        person, commitment = form.cleaned_data["person"], form.cleaned_data["commitment"]
        address = reverse("placement_create", args=[person.pk])
        return redirect(f"{address}?engagement={commitment.pk}")
    back = reverse("market_people", args=[pk])
    context = {
        "title": "Affecter une personne",
        "facts": f"Marché {market.reference}",
        "form": form,
        "submit_label": "Continuer",
        "intro": "Son contrat et son affectation s’écrivent à la page suivante. "
        "Si elle n’a pas encore de fiche, créez-la d’abord dans Personnes.",
        "cancel_url": back,
        "back_url": back,
        "back_label": market.reference,
    }
    return render(request, "beneficiaries/lookup_form.html", context)


@house_required
def lookup(request: HttpRequest, kind: str) -> JsonResponse:
    """Suggestions for a field that finds one row among many (`static/js/lookup.js`)."""
    if kind not in LOOKUPS:
        raise Http404
    words = request.GET.get("q", "")[:100]
    return JsonResponse({"suggestions": LOOKUPS[kind].suggest(request.user, words)})
