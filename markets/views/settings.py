"""Réglages of this room: the house, and its reference lists."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core.access import admin_required
from core.lists import ListPage
from markets.filters import CommuneFilter, CpvFilter
from markets.forms.files import HouseForm
from markets.models import Commune, CpvCode, House
from markets.services import files as services
from markets.tables import CommuneTable, CpvTable
from markets.views.forms import form_page


@admin_required
def house_settings(request: HttpRequest) -> HttpResponse:
    house = House.current()
    if not house.pk:
        house.name = ""
    form = HouseForm(request.POST or None, request.FILES or None, user=request.user, instance=house)
    return form_page(
        request,
        form,
        title="La maison",
        intro="Ces lignes figurent sur les bilans et les courriers.",
        back=reverse("house_settings"),
        cancel_url=reverse("settings"),
        back_label="Réglages",
        done="La maison est enregistrée.",
        template="markets/house_settings.html",
        house=house,
        save=lambda: services.change_house(
            house=form.save(commit=False),
            logo=form.cleaned_data.get("new_logo"),
            without_logo=form.cleaned_data.get("without_logo", False),
            by=request.user,
        ),
    )


class ReferenceList(ListPage):
    """Read-only: the lists come from files with their source (docs/reference-data.md)."""

    roles = ("admin",)
    intro = "Cette liste se charge d’un fichier avec sa source ; elle ne se modifie pas ici."
    template_name = "markets/reference_list.html"

    def get_queryset(self) -> Any:
        # A reference list belongs to nobody: every row is everybody's.
        return self.prepare(self.model._default_manager.filter(is_active=True))


class CommuneList(ReferenceList):
    model = Commune
    table_class = CommuneTable
    filterset_class = CommuneFilter
    title = "Communes"
    export_name = "communes"

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("parent", "successor")


class CpvList(ReferenceList):
    model = CpvCode
    table_class = CpvTable
    filterset_class = CpvFilter
    title = "Codes CPV"
    export_name = "codes-cpv"
