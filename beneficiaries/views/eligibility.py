"""Eligibility: a person's decisions and periods, the assistant of a decision, correcting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access_log import record_access
from accounts.models import AccessKind
from beneficiaries.assessment import AUTOMATIC, ProofState
from beneficiaries.enums import Sufficiency
from beneficiaries.forms.eligibility import CorrectionForm, ReviewForm, frozen_preview
from beneficiaries.forms.positioning import PositionForm
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    EligibilityPeriod,
    EligibilityReview,
    HeldCriterion,
    ProofFile,
    ProofRequest,
)
from beneficiaries.services.eligibility import correct_review, record_review, validity_months
from beneficiaries.services.notices import notice_on, record_informed
from beneficiaries.services.proofs import add_proof
from beneficiaries.views.people import file_context, person_or_404
from beneficiaries.views.recounts import confirm_recount
from core import formats
from core.access import house_required
from core.dates import add_months
from core.errors import DomainError


def _reviews(request: HttpRequest) -> Any:
    held = HeldCriterion.objects.visible_to(request.user).select_related("criterion")
    return (
        EligibilityReview.objects.visible_to(request.user)
        .select_related(
            "decided_by",
            "principal",
            "superseded_by",
            "entry_commune",
            "entry_qpv",
            "entry_education",
            "entry_prescriber",
        )
        .prefetch_related(Prefetch("held_criteria", queryset=held))
    )


def _log_reading(request: HttpRequest, person: int, reviews: list[Any], criteria: list[Any]) -> None:
    """Keep that sensitive criteria of a person were shown: to whom and when, never which."""
    held = [held.criterion for review in reviews for held in review.held_criteria.all()]
    if any(row.sensitive for row in (*held, *criteria)):
        record_access(user=request.user, kind=AccessKind.SENSITIVE, subject=f"person {person}")  # type: ignore[arg-type]


def entry_facts(review: EligibilityReview) -> list[tuple[str, Any]]:
    """The situation that a decision froze, as label and value."""
    qpv = None
    if review.entry_qpv:
        vintage = f" ({review.entry_qpv_vintage})" if review.entry_qpv_vintage else ""
        qpv = f"{review.entry_qpv}{vintage}"
    return [
        ("Âge", formats.noun(review.entry_age, "an") if review.entry_age is not None else None),
        ("Genre", review.get_entry_gender_display()),
        ("Résidence", review.entry_commune),
        ("QPV", qpv),
        ("Niveau de formation", review.entry_education),
        ("Durée de chômage", review.get_entry_unemployment_display()),
        ("Prescripteur", review.entry_prescriber),
    ]


@house_required
def beneficiary_eligibility(request: HttpRequest, pk: int) -> HttpResponse:
    """« Éligibilité »: decisions, proofs, periods, positionnements. Its sensitive readings are logged."""
    person = person_or_404(request, pk)
    reviews = list(_reviews(request).filter(beneficiary=person))
    proofs = list(
        ProofFile.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related("criterion", "review", "stored", "added_by")
    )
    requests = list(
        ProofRequest.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related("asked_by")
        .prefetch_related("criteria")
    )
    asked = [row for request_row in requests for row in request_row.criteria.all()]
    _log_reading(request, person.pk, reviews, [*(proof.criterion for proof in proofs), *asked])
    today = timezone.localdate()
    periods = list(EligibilityPeriod.objects.visible_to(request.user).filter(beneficiary=person))
    positions = (
        Assignment.objects.visible_to(request.user)
        .filter(placement__beneficiary=person)
        .select_related(
            "commitment__market", "commitment__holder", "review", "positioned_by", "placement__employer"
        )
        .order_by("-starts_on", "-pk")
    )
    context = {
        **file_context(request, person),
        "reviews": [
            {"review": review, "entry": entry_facts(review), "replaced": hasattr(review, "superseded_by")}
            for review in reviews
        ],
        "proofs": proofs,
        "requests": requests,
        "periods": [{"period": period, "is_open": period.covers(today)} for period in reversed(periods)],
        "positions": positions,
        "position_form": PositionForm(user=request.user, beneficiary=person)
        if person.eligibility_state == "eligible"
        else None,
        "notice": notice_on(today),
        "today": today,
    }
    return render(request, "beneficiaries/person_eligibility.html", context)


def _person_to_review(request: HttpRequest, pk: int) -> Any:
    rows = Beneficiary.objects.visible_to(request.user).select_related(
        "commune", "qpv", "education", "prescriber"
    )
    return get_object_or_404(rows, pk=pk)


@house_required
def review_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The assistant: statuses held, what they open, which proofs lack, the decision with what it will freeze."""
    person = _person_to_review(request, pk)
    user: Any = request.user
    form = ReviewForm(request.POST or None, request.FILES or None, user=user, beneficiary=person)
    if request.method == "POST":
        form.is_valid()
        _keep_uploads(request, person, form)
        if "assess" in request.POST:
            form = ReviewForm(user=user, beneficiary=person, initial=form.as_typed())
        elif form.is_valid():
            try:
                with transaction.atomic():
                    review = record_review(beneficiary=person, user=user, **form.arguments())
                    informed = form.cleaned_data["informed_on"]
                    if informed and informed != person.informed_on:
                        record_informed(beneficiary=person, on=informed, by=user)
            except DomainError as error:
                form.add_domain_error(error)
            else:
                messages.success(request, _said(review))
                return redirect("beneficiary_eligibility", pk=person.pk)
    _log_reading(request, person.pk, [], [row.criterion for row in _shown_as_held(form)])
    return _form_page(
        request,
        form,
        person,
        title=f"Décision d’éligibilité de {person}",
        frozen=frozen_preview(person, timezone.localdate()),
    )


def _shown_as_held(form: Any) -> list[Any]:
    """Criteria that the page shows as held by the person, or with a file of theirs."""
    return [row for _, rows in form.groups() for row in rows if row.held.value() or row.kept]


def _keep_uploads(request: HttpRequest, person: Beneficiary, form: Any) -> None:
    """Keep the files at once: a form that is refused would lose them; the page says that they are on file."""
    kept = 0
    for criterion, upload, dated in form.uploads():
        try:
            add_proof(
                beneficiary=person,
                criterion=criterion,
                upload=upload,
                dated=dated,
                field=f"proof_file_{criterion.pk}",
                user=request.user,  # type: ignore[arg-type]
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            kept += 1
    if kept:
        form.read_kept_files()
        plural = "s" if kept > 1 else ""
        messages.info(request, f"{formats.noun(kept, 'justificatif')} gardé{plural} au dossier.")


@house_required
@require_POST
def review_assess(request: HttpRequest, pk: int) -> HttpResponse:
    """What the statuses ticked so far open, nothing saved: the same words as the whole page."""
    person = _person_to_review(request, pk)
    form = ReviewForm(request.POST, user=request.user, beneficiary=person)
    return render(request, "beneficiaries/_assessment.html", {**verdict_of(form), "person": person})


@house_required
def review_correct(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """The full new value of a decision; the old one stays readable."""
    review = get_object_or_404(_reviews(request).select_related("beneficiary"), pk=review_pk, beneficiary=pk)
    person = review.beneficiary
    if hasattr(review, "superseded_by"):
        messages.warning(request, "Cette décision a déjà été corrigée\u202f: corrigez la plus récente.")
        return redirect("beneficiary_eligibility", pk=pk)
    form = CorrectionForm(request.POST or None, request.FILES or None, user=request.user, review=review)
    if request.method == "POST":
        form.is_valid()
        _keep_uploads(request, person, form)
        if "assess" in request.POST:
            form = CorrectionForm(user=request.user, review=review, initial=form.as_typed())
        elif form.is_valid():
            try:
                asked, corrected = confirm_recount(
                    request,
                    lambda: correct_review(review=review, user=request.user, **form.arguments()),
                    title=f"Corriger la décision du {formats.day(review.decided_on)}",
                    cancel_url=reverse("beneficiary_eligibility", args=[pk]),
                    files_are_kept=True,
                )
            except DomainError as error:
                form.add_domain_error(error)
            else:
                if asked is not None:
                    return asked
                messages.success(request, f"La correction est enregistrée. {_said(corrected)}")
                return redirect("beneficiary_eligibility", pk=pk)
    _log_reading(request, pk, [review], [row.criterion for row in _shown_as_held(form)])
    return _form_page(
        request,
        form,
        person,
        title=f"Corriger la décision du {formats.day(review.decided_on)}",
        frozen=[],
    )


def _form_page(
    request: HttpRequest, form: Any, person: Beneficiary, *, title: str, frozen: list[tuple[str, str]]
) -> HttpResponse:
    context = {
        **verdict_of(form),
        "title": title,
        "form": form,
        "person": person,
        "frozen": frozen,
        "cancel_url": reverse("beneficiary_eligibility", args=[person.pk]),
    }
    return render(request, "beneficiaries/review_form.html", context)


def verdict_of(form: Any) -> dict[str, Any]:
    """What the assistant says of the statuses held: route, proofs, what carries the decision, its validity."""
    found = form.assessment()
    until = add_months(found.day, validity_months(found.day))
    return {"assessment": found, "lines": [_line(line) for line in found.lines], "valid_until": until}


STATES = {
    ProofState.NO_DATE: ("missing", "date à indiquer"),
    ProofState.TOO_OLD: ("late", "trop ancien"),
    ProofState.AFTER: ("late", "postérieur à la décision"),
    ProofState.NOT_IN_FORCE: ("late", "critère hors d’usage ce jour-là"),
}


def _line(line: Any) -> dict[str, Any]:
    terms = line.terms
    if line.state in STATES:
        code, words = STATES[line.state]
    elif line.proof_date or line.has_file:
        code, words = "validated", "valable" + ("" if line.has_file else ", sans fichier")
    else:
        code, words = "submitted", "à voir, sans limite d’âge"
    return {
        "line": line,
        "reach": "voie automatique" if terms.route == AUTOMATIC else Sufficiency(terms.sufficiency).label,
        "code": code,
        "words": words,
    }


def _said(review: EligibilityReview) -> str:
    if review.is_approved:
        return (
            f"La personne est validée le {formats.day(review.decided_on)}\u202f; "
            f"la validation est à utiliser avant le {formats.day(review.valid_until)}."
        )
    return f"Le refus du {formats.day(review.decided_on)} est enregistré."
