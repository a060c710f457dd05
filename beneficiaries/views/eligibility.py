"""Eligibility: a person's decisions and periods, recording a decision, correcting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import record_access
from accounts.models import AccessKind
from beneficiaries.forms.eligibility import CorrectionForm, ReviewForm, frozen_preview
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    EligibilityPeriod,
    EligibilityReview,
    HeldCriterion,
)
from beneficiaries.services.eligibility import correct_review, record_review
from beneficiaries.views.people import file_context, person_or_404
from core import formats
from core.access import house_required
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


def _log_reading(request: HttpRequest, reviews: list[Any]) -> None:
    """Keep that sensitive criteria of a person were shown: to whom and when, never which."""
    if any(held.criterion.sensitive for review in reviews for held in review.held_criteria.all()):
        record_access(
            user=request.user, kind=AccessKind.SENSITIVE, subject=f"person {reviews[0].beneficiary_id}"
        )


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
    """« Éligibilité »: decisions with their criteria, periods, positionnements. Its sensitive readings are logged."""
    person = person_or_404(request, pk)
    reviews = list(_reviews(request).filter(beneficiary=person))
    _log_reading(request, reviews)
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
        "periods": [{"period": period, "is_open": period.covers(today)} for period in reversed(periods)],
        "positions": positions,
    }
    return render(request, "beneficiaries/person_eligibility.html", context)


@house_required
def review_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new decision: criteria with their proofs, and what it will freeze."""
    person = get_object_or_404(
        Beneficiary.objects.visible_to(request.user).select_related(
            "commune", "qpv", "education", "prescriber"
        ),
        pk=pk,
    )
    form = ReviewForm(request.POST or None, user=request.user, beneficiary=person)
    if request.method == "POST" and form.is_valid():
        try:
            review = record_review(beneficiary=person, user=request.user, **form.arguments())
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, _said(review))
            return redirect("beneficiary_eligibility", pk=person.pk)
    return _form_page(
        request,
        form,
        person,
        title=f"Décision d’éligibilité de {person}",
        frozen=frozen_preview(person, timezone.localdate()),
    )


@house_required
def review_correct(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """The full new value of a decision; the old one stays readable."""
    review = get_object_or_404(_reviews(request).select_related("beneficiary"), pk=review_pk, beneficiary=pk)
    person = review.beneficiary
    if hasattr(review, "superseded_by"):
        messages.warning(request, "Cette décision a déjà été corrigée\u202f: corrigez la plus récente.")
        return redirect("beneficiary_eligibility", pk=pk)
    form = CorrectionForm(request.POST or None, user=request.user, review=review)
    if request.method == "POST" and form.is_valid():
        try:
            corrected = correct_review(review=review, user=request.user, **form.arguments())
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, f"La correction est enregistrée. {_said(corrected)}")
            return redirect("beneficiary_eligibility", pk=pk)
    _log_reading(request, [review])
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
        "title": title,
        "form": form,
        "person": person,
        "frozen": frozen,
        "cancel_url": reverse("beneficiary_eligibility", args=[person.pk]),
    }
    return render(request, "beneficiaries/review_form.html", context)


def _said(review: EligibilityReview) -> str:
    if review.is_approved:
        return (
            f"La personne est validée le {formats.day(review.decided_on)}\u202f; "
            f"la validation est à utiliser avant le {formats.day(review.valid_until)}."
        )
    return f"Le refus du {formats.day(review.decided_on)} est enregistré."
