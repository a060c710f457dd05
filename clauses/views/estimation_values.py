"""Réglages: the dated values that estimations begin with, those of the project and those of the house."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from clauses.forms.recommendations import HourlyCostForm, LabourShareForm
from clauses.models import HourlyCost, LabourShare
from clauses.services.recommendations import save_value
from core.access import admin_required
from markets.views.forms import form_page

# Part of the address → model, form, title of a new one.
KINDS: dict[str, tuple[Any, Any, str]] = {
    "part": (LabourShare, LabourShareForm, "Ajouter une part de main d’œuvre"),
    "cout": (HourlyCost, HourlyCostForm, "Ajouter un coût horaire"),
}


@admin_required
def estimation_values(request: HttpRequest) -> HttpResponse:
    """Both lists, what holds today marked as such."""
    today = timezone.localdate()
    lists = []
    for model in (LabourShare, HourlyCost):
        rows = list(model.objects.visible_to(request.user).order_by("label", "-valid_from", "pk"))
        current: dict[str, Any] = {}
        for row in model.objects.in_force(today):
            current.setdefault(row.label, row.pk)
        held = set(current.values())
        lists.append([(row, row.pk in held) for row in rows])
    return render(request, "clauses/estimation_values.html", {"shares": lists[0], "costs": lists[1]})


@admin_required
def estimation_value_create(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    model, form_class, title = KINDS[kind]
    return _form(request, form_class, model(valid_from=timezone.localdate()), title, "La valeur est ajoutée.")


@admin_required
def estimation_value_edit(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Only a value of the house: those of the project come from their file, and are replaced by a newer one."""
    if kind not in KINDS:
        raise Http404
    model, form_class, _ = KINDS[kind]
    row = model.objects.visible_to(request.user).filter(pk=code).first()
    if row is None or not row.is_of_the_house:
        raise Http404
    return _form(request, form_class, row, "Modifier une valeur", "La valeur est enregistrée.")


def _form(request: HttpRequest, form_class: Any, row: Any, title: str, done: str) -> HttpResponse:
    back = reverse("estimation_values")
    form = form_class(request.POST or None, user=request.user, instance=row)
    return form_page(
        request,
        form,
        title=title,
        intro="La valeur la plus récente d’un métier est proposée aux prochains chiffrages ; les préconisations déjà "
        "écrites gardent la leur.",
        back=back,
        cancel_url=back,
        back_label="Valeurs de chiffrage",
        done=done,
        save=lambda: save_value(row=form.save(commit=False), by=request.user),
    )
