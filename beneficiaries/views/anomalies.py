"""« À vérifier »: anomalies first, grouped, each with the gesture that settles it; the rest validated in one gesture."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from beneficiaries.anomalies import Found, find_anomalies
from beneficiaries.enums import AnomalyKind
from beneficiaries.forms.hours import ChecksFilterForm, SettleForm
from beneficiaries.models import Assignment, SettledAnomaly
from beneficiaries.services.checks import (
    reopen_anomaly,
    settle_anomaly,
    validate_without_anomaly,
)
from beneficiaries.views.hours import month_of_page, say_validated
from clauses.models import Commitment
from core import formats
from core.access import house_required
from core.dates import add_months
from core.errors import DomainError

# More than that in a group is a filter's work.
MOST_SHOWN = 60
USUAL_REASON = "Vérifié avec l’entreprise"
# What each kind costs, and what is done about it: under the title of its group.
ADVICE = {
    AnomalyKind.NO_VALIDATION: "Ces heures sont gardées et ne comptent pas\u202f: aucune validation ne les précède.",
    AnomalyKind.EXPIRED: "Ces heures, ou une partie, ne comptent pas sans nouvelle validation.",
    AnomalyKind.OVER_LEGAL: "Tous employeurs réunis\u202f: l’un des relevés est sans doute trop haut.",
    AnomalyKind.OVER_CONTRACT: "Heures supplémentaires, avenant, ou erreur de saisie.",
    AnomalyKind.DUPLICATE: "Une personne a deux fois les mêmes heures.",
    AnomalyKind.AFTER_END: "La fin d’une affectation ou d’un marché est passée, ou n’a pas été prolongée.",
    AnomalyKind.SUDDEN: "Moitié moins ou deux fois plus que le mois d’avant, à jours ouvrés égaux.",
    AnomalyKind.MISSING: "Un relevé a pu être oublié.",
    AnomalyKind.SILENT: "Des heures sont dues, et rien n’est arrivé depuis trois mois.",
}


@house_required
def anomaly_list(request: HttpRequest) -> HttpResponse:
    """What looks wrong in a month (or the year up to it) of a scope; POST validates all that does not."""
    month = month_of_page(request)
    form = ChecksFilterForm(request.GET or None, user=request.user)
    values = form.cleaned_data if form.is_bound and form.is_valid() else {}
    assignments = form.narrow(Assignment.objects.visible_to(request.user))
    if request.method == "POST":
        done = validate_without_anomaly(assignments=assignments, month=month, user=request.user)
        say_validated(request, len(done.report.validated), done.left)
        return redirect(request.get_full_path())
    first = month.replace(month=1) if values.get("periode") else month
    found = find_anomalies(
        assignments,
        first,
        month,
        validated=bool(values.get("tout")),
        commitments=form.narrow_commitments(Commitment.objects.visible_to(request.user)),
    )
    context = {
        "month": month,
        "first": first,
        "filter_form": form,
        "groups": _groups(found),
        "settled": found.settled[:MOST_SHOWN],
        "settled_count": len(found.settled),
        "count": len(found.open),
        "to_validate": len(found.waiting),
        "clean": len(found.waiting - found.entries),
        "usual_reason": USUAL_REASON,
        "here": request.get_full_path(),
        **_months(request, month),
    }
    return render(request, "beneficiaries/checks/list.html", context)


def _groups(found: Found) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "label": kind.label,
            "advice": ADVICE[kind],
            "rows": rows[:MOST_SHOWN],
            "count": len(rows),
            "more": max(0, len(rows) - MOST_SHOWN),
        }
        for kind, rows in found.by_kind
    ]


def _months(request: HttpRequest, month: dt.date) -> dict[str, str]:
    def address(other: dt.date) -> str:
        query = request.GET.copy()
        query["mois"] = f"{other:%Y-%m}"
        return f"{request.path}?{query.urlencode()}"

    return {
        "previous_url": address(add_months(month, -1)),
        "next_url": address(add_months(month, 1)),
        "grid_url": f"{reverse('hours')}?mois={month:%Y-%m}",
    }


@house_required
@require_POST
def anomaly_settle(request: HttpRequest) -> HttpResponse:
    """« C’est exact », with its reason; the line goes, and the keyboard stays where it was."""
    form = SettleForm(request.POST, user=request.user)
    key = request.POST.get("key", "")
    refused = ""
    if form.is_valid():
        try:
            settle_anomaly(key=key, reason=form.cleaned_data["reason"], user=request.user)
        except DomainError as error:
            refused = error.sentence
    else:
        refused = "Dites pourquoi ces heures sont justes."
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "beneficiaries/checks/_settled.html", {"refused": refused})
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, "C’est noté, avec votre motif.")
    return redirect(_back(request))


@house_required
@require_POST
def anomaly_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an explanation back."""
    settled = get_object_or_404(SettledAnomaly.objects.visible_to(request.user), pk=pk)
    words = formats.short(settled.reason, 60)
    reopen_anomaly(settled=settled, user=request.user)
    messages.success(request, f"À vérifier de nouveau\u202f: «\u202f{words}\u202f» est retiré.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page that one came from, when it is one of ours."""
    wanted = request.POST.get("ici", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and urlsplit(wanted).path.startswith("/"):
        return wanted
    return reverse("anomaly_list")
