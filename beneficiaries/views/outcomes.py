"""Situations after a path: the tab of a person, answers one by one or in a row, the page of a link."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from beneficiaries.enums import OutcomeSource, Situation
from beneficiaries.forms.outcomes import KEYED, OutcomeAnswerForm, OutcomeForm
from beneficiaries.models import Outcome
from beneficiaries.outcomes import STATES, asked_now, group_of, state_of, visible_outcomes
from beneficiaries.services.outcome_links import (
    answer_question,
    open_question,
    send_outcome_link,
)
from beneficiaries.services.outcomes import is_asked, outcomes_of, record_many, record_outcome
from beneficiaries.views.people import file_context, person_or_404
from core import formats
from core.access import house_required
from core.errors import DomainError
from core.link_pages import link_page

ENTRY_ROWS = 50


# --- One person ---------------------------------------------------------------------------------------------


@house_required
def beneficiary_outcomes(request: HttpRequest, pk: int) -> HttpResponse:
    """« Situation » of a person: each exit with its three moments."""
    person = person_or_404(request, pk)
    today = timezone.localdate()
    lines = [
        {
            "outcome": row,
            "state": STATES[state_of(row, today)],
            "group": group.label if (group := group_of(row.situation)) else "",
            "is_asked": is_asked(row, today),
            "may_record": row.cancelled_on is None and (bool(row.situation) or is_asked(row, today)),
        }
        for row in outcomes_of(person)
    ]
    exits = [
        (exit_on, list(rows)) for exit_on, rows in groupby(lines, key=lambda line: line["outcome"].exit_on)
    ]
    referrer = person.referrer
    return render(
        request,
        "beneficiaries/person_outcomes.html",
        {
            **file_context(request, person),
            "exits": exits,
            "to_person": person.email,
            "to_referrer": referrer.email if referrer and referrer.is_active else "",
        },
    )


def _outcome_or_404(request: HttpRequest, pk: int) -> Outcome:
    rows = visible_outcomes(request.user).select_related("beneficiary__referrer", "employer")
    return get_object_or_404(rows, pk=pk)


@house_required
def outcome_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Say where someone stands, or correct what was said."""
    outcome = _outcome_or_404(request, pk)
    person = outcome.beneficiary
    back = reverse("beneficiary_outcomes", args=[person.pk])
    hired = {True: "oui", False: "non"}.get(outcome.hired_by_awardee, "")  # type: ignore[call-overload]
    form = OutcomeForm(
        request.POST or None,
        user=request.user,
        initial={
            "situation": outcome.situation,
            "hired_by_awardee": hired,
            "employer": outcome.employer,
            "source": outcome.source or OutcomeSource.HOUSE,
            "recorded_on": outcome.recorded_on,
            "note": outcome.note,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            record_outcome(outcome=outcome, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "La situation est enregistrée.")
            return redirect(back)
    context = {
        "title": f"Situation {outcome.get_milestone_display()}",
        "facts": f"{person}, sortie du parcours le {formats.day(outcome.exit_on)}",
        "form": form,
        "cancel_url": back,
        "back_url": back,
        "back_label": str(person),
    }
    return render(request, "core/form.html", context)


@house_required
@require_POST
def outcome_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the question to the person or to their referrer."""
    outcome = _outcome_or_404(request, pk)
    try:
        address = send_outcome_link(outcome=outcome, source=request.POST.get("a", ""), user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request, f"La question est envoyée à {address}. Le lien sert une fois, pendant 30 jours."
        )
    return redirect("beneficiary_outcomes", pk=outcome.beneficiary_id)


# --- Many at once -------------------------------------------------------------------------------------------


@house_required
@require_http_methods(["GET", "POST"])
def outcome_entry(request: HttpRequest) -> HttpResponse:
    """The answers of a list: one key for each row, saved together."""
    rows = list(
        asked_now(visible_outcomes(request.user), timezone.localdate()).select_related("beneficiary")[
            :ENTRY_ROWS
        ]
    )
    lines = [
        {
            "outcome": row,
            "value": request.POST.get(f"situation-{row.pk}", ""),
            "hired": f"hired-{row.pk}" in request.POST,
            "error": "",
        }
        for row in rows
    ]
    if request.method == "POST":
        answers = []
        for line in lines:
            if line["value"] and line["value"] not in Situation.values:
                line["error"], line["value"] = "Choisissez une situation de la liste.", ""
            elif line["value"]:
                answers.append((line["outcome"], line["value"], True if line["hired"] else None))
        if not any(line["error"] for line in lines):
            try:
                done = record_many(answers, user=request.user)  # type: ignore[arg-type]
            except DomainError as error:
                messages.error(request, error.sentence)
            else:
                said = formats.noun(done, "situation enregistrée", "situations enregistrées")
                messages.success(request, f"{said}." if done else "Aucune situation n’était choisie.")
                return redirect("outcome_entry")
    return render(
        request,
        "beneficiaries/outcome_entry.html",
        {"lines": lines, "choices": KEYED, "rows_shown": len(lines)},
    )


# --- The page of a link -------------------------------------------------------------------------------------


@link_page("link")
@require_http_methods(["GET", "POST"])
def outcome_answer(request: HttpRequest, token: str) -> HttpResponse:
    """One question to the person or to their referrer, without account; nothing of the path but a first name."""
    try:
        question = open_question(token)
        is_person = question.source == OutcomeSource.PERSON
        form = OutcomeAnswerForm(request.POST or None, is_person=is_person)
        if request.method == "POST" and form.is_valid():
            answer_question(token=token, situation=form.cleaned_data["situation"])
            return _told(request, {"done": True})
    except DomainError as error:
        return _told(request, {"gone": error.sentence}, status=404)
    return _told(
        request,
        {"form": form, "is_person": is_person, "first_name": question.outcome.beneficiary.first_name},
    )


def _told(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    base = {"form": None, "done": False, "gone": "", "is_person": False, "first_name": ""}
    return render(request, "beneficiaries/outcome_answer.html", {**base, **context}, status=status)
