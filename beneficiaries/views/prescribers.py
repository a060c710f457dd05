"""Prescribers: the list, a prescriber's file and its form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.filters import PrescriberFilter
from beneficiaries.forms.people import PrescriberForm, ReferrerForm
from beneficiaries.models import Beneficiary, HoursEntry, Prescriber, Referrer
from beneficiaries.services.people import save_prescriber, save_referrer
from beneficiaries.tables import PersonTable, PrescriberTable
from core.access import house_required
from core.changes import history_of
from core.lists import ListPage

MOST_PEOPLE = 50


class PrescriberList(ListPage):
    """« Prescripteurs »."""

    model, table_class, filterset_class = Prescriber, PrescriberTable, PrescriberFilter
    title, export_name = "Prescripteurs", "prescripteurs"
    create_url_name, create_label = "prescriber_create", "Ajouter un prescripteur"
    empty_message = "Les structures qui orientent des personnes vers vous apparaîtront ici."

    def prepare(self, queryset: Any) -> Any:
        return (
            queryset.select_related("commune")
            .annotate(people_sent=Count("beneficiaries"))
            .order_by("search_key", "pk")
        )


@house_required
def prescriber_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A prescriber: how to reach it, and the people whom it follows."""
    rows = Prescriber.objects.visible_to(request.user).select_related("commune")
    prescriber = get_object_or_404(rows, pk=pk)
    today = timezone.localdate()
    people = Beneficiary.objects.visible_to(request.user).filter(prescriber=prescriber)
    followed = Q(beneficiaries__in=people.values("pk"))
    referrers = list(
        Referrer.objects.visible_to(request.user)
        .filter(prescriber=prescriber)
        .annotate(people=Count("beneficiaries", filter=followed))
        .order_by("-is_active", "search_key", "pk")
    )
    asked = request.GET.get("referent", "")
    chosen = next((row for row in referrers if str(row.pk) == asked), None)
    if chosen is not None:
        people = people.filter(referrer=chosen)
    total = people.count()
    shown = (
        people.with_eligibility(today)
        .with_employer(today)
        .with_hours_counted(HoursEntry.objects.visible_to(request.user))
        .select_related("commune")
        .order_by("search_key", "pk")[:MOST_PEOPLE]
    )
    context = {
        "prescriber": prescriber,
        "facts": [
            ("Nature", prescriber.get_kind_display()),
            ("Commune", prescriber.commune),
            ("Adresse électronique", prescriber.email),
            ("Téléphone", prescriber.phone),
        ],
        "referrers": referrers,
        "chosen": chosen,
        "table": PersonTable(data=list(shown), orderable=False),
        "total": total,
        "more_url": f"{reverse('beneficiary_list')}?prescriber={prescriber.pk}"
        if total > MOST_PEOPLE and chosen is None
        else "",
        "entries": history_of(prescriber),
    }
    return render(request, "beneficiaries/prescriber_detail.html", context)


@house_required
def prescriber_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Prescriber())


@house_required
def prescriber_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Prescriber.objects.visible_to(request.user), pk=pk))


def _edit(request: HttpRequest, prescriber: Prescriber) -> HttpResponse:
    is_new, shown_name = prescriber.pk is None, prescriber.name
    form = PrescriberForm(request.POST or None, instance=prescriber, user=request.user)
    if request.method == "POST" and form.is_valid():
        save_prescriber(prescriber=form.instance, user=request.user)
        messages.success(request, "Le prescripteur est enregistré.")
        return redirect("prescriber_detail", pk=form.instance.pk)
    back = reverse("prescriber_list") if is_new else reverse("prescriber_detail", args=[prescriber.pk])
    context = {
        "title": "Nouveau prescripteur" if is_new else f"Modifier {shown_name}",
        "form": form,
        "cancel_url": back,
        "back_url": back,
        "back_label": "Prescripteurs" if is_new else shown_name,
    }
    return render(request, "core/form.html", context)


@house_required
def referrer_create(request: HttpRequest, pk: int) -> HttpResponse:
    prescriber = get_object_or_404(Prescriber.objects.visible_to(request.user), pk=pk)
    return _edit_referrer(request, Referrer(prescriber=prescriber))


@house_required
def referrer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Referrer.objects.visible_to(request.user).select_related("prescriber")
    return _edit_referrer(request, get_object_or_404(rows, pk=pk))


def _edit_referrer(request: HttpRequest, referrer: Referrer) -> HttpResponse:
    is_new, shown_name, prescriber = referrer.pk is None, str(referrer), referrer.prescriber
    form = ReferrerForm(request.POST or None, instance=referrer, user=request.user)
    if request.method == "POST" and form.is_valid():
        save_referrer(referrer=form.instance, user=request.user)
        messages.success(request, "Le ou la référent·e est enregistré·e.")
        return redirect("prescriber_detail", pk=prescriber.pk)
    back = reverse("prescriber_detail", args=[prescriber.pk])
    context = {
        "title": "Nouveau ou nouvelle référent·e de parcours" if is_new else f"Modifier {shown_name}",
        "form": form,
        "intro": ""
        if is_new
        else "Hors poste, il ou elle n’est plus proposé·e\u202f; les personnes suivies gardent son nom jusqu’au relais.",
        "cancel_url": back,
        "back_url": back,
        "back_label": str(prescriber),
    }
    return render(request, "core/form.html", context)
