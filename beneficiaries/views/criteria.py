"""Réglages: the criteria as they are in force on a day, their dated changes, those of the house's own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django_tables2 import A

from accounts.enums import Role
from beneficiaries.enums import Sufficiency
from beneficiaries.forms.criteria import CloseCriterionForm, DayForm, NewCriterionForm, TermsForm
from beneficiaries.models import CriterionTerms, EligibilityCriterion
from beneficiaries.services.criteria import (
    add_criterion,
    as_terms,
    change_criterion,
    changes_on,
    close_criterion,
)
from core import formats
from core.access import admin_required
from core.lists import ListPage
from core.tables import CountColumn, Table, TextColumn, state
from markets.views.forms import form_page


class CriterionTable(Table):
    """Criteria with what they ask on the day of the list."""

    label = TextColumn(verbose_name="Critère", linkify=("criterion_detail", [A("pk")]))
    sufficiency = TextColumn(accessor="asked__sufficiency", verbose_name="Portée", orderable=False)
    route = TextColumn(accessor="get_route_display", verbose_name="Voie", order_by="route")
    proof = TextColumn(accessor="asked__proof", verbose_name="Justificatif", orderable=False)
    age = CountColumn(accessor="asked__max_age_months", verbose_name="Âge maximal (mois)", orderable=False)
    sensitive = TextColumn(verbose_name="Sensible")
    source = TextColumn(accessor="pk", verbose_name="Source", orderable=False)
    in_force = TextColumn(accessor="asked__in_force", verbose_name="État", orderable=False)

    class Meta:
        model = EligibilityCriterion
        fields = ("label", "sufficiency", "route", "proof", "age", "sensitive", "source", "in_force")
        caption = "Critères d’éligibilité"

    def render_sufficiency(self, value: str) -> str:
        return str(Sufficiency(value).label)

    def value_sufficiency(self, value: str) -> str:
        return self.render_sufficiency(value)

    def render_sensitive(self, value: bool) -> str:
        return "oui, lectures journalisées" if value else "non"

    def value_sensitive(self, value: bool) -> str:
        return self.render_sensitive(value)

    def render_source(self, record: Any) -> str:
        if record.added_on:
            return "ajouté par la maison"
        if record.change:
            return f"changé par la maison le {formats.day(record.change.in_force_from)}"
        return "liste de référence"

    def value_source(self, record: Any) -> str:
        return self.render_source(record)

    def render_in_force(self, value: bool) -> Any:
        return state("active", "en vigueur") if value else state("inactive", "hors d’usage")

    def value_in_force(self, value: bool) -> str:
        return "en vigueur" if value else "hors d’usage"


class CriterionList(ListPage):
    """« Critères d’éligibilité », as they are on the day asked for."""

    model, table_class, roles = EligibilityCriterion, CriterionTable, (Role.ADMIN,)
    template_name = "beneficiaries/criterion_list.html"
    per_page = 100
    title, export_name = "Critères d’éligibilité", "criteres"
    intro = (
        "La liste livrée avec l’application ne se modifie pas. La maison y ajoute ses changements datés\u202f: "
        "une décision est jugée sur ce qui était demandé son jour."
    )
    create_url_name, create_label = "criterion_create", "Ajouter un critère"
    empty_message = "La liste est vide\u202f: lancez le chargement des listes de référence (load_reference)."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.form = DayForm(request.GET or None, user=request.user)
        asked = self.form.cleaned_data.get("jour") if self.form.is_valid() else None
        self.day = asked or timezone.localdate()
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        # A reference list is about nobody: every row is the house's.
        return EligibilityCriterion.objects.order_by("position", "code")

    def finish(self, rows: list[Any]) -> list[Any]:
        changes = changes_on(self.day)
        for row in rows:
            row.change = changes.get(row.pk)
            row.asked = as_terms(row, self.day, row.change)
        return rows

    def extra_context(self) -> dict[str, Any]:
        return {"day_form": self.form, "day": self.day}


def _criterion(code: str) -> EligibilityCriterion:
    return get_object_or_404(EligibilityCriterion.objects.order_by("code"), pk=code)


@admin_required
def criterion_detail(request: HttpRequest, code: str) -> HttpResponse:
    """What one criterion asks today, what it asked before and will ask, and who changed it."""
    criterion = _criterion(code)
    today = timezone.localdate()
    changes = list(
        CriterionTerms.objects.visible_to(request.user)
        .filter(criterion=criterion)
        .select_related("created_by")
        .order_by("-in_force_from")
    )
    current = next((row for row in changes if row.in_force_from <= today), None)
    context = {
        "criterion": criterion,
        "terms": as_terms(criterion, today, current),
        "changes": [
            {"row": row, "is_current": row is current, "is_to_come": row.in_force_from > today}
            for row in changes
        ],
        "facts": _facts(criterion, as_terms(criterion, today, current)),
        "file_facts": _facts(criterion, as_terms(criterion, today, None)),
    }
    return render(request, "beneficiaries/criterion_detail.html", context)


def _facts(criterion: EligibilityCriterion, terms: Any) -> list[tuple[str, Any]]:
    age = (
        f"{terms.max_age_months} mois au jour de la décision"
        if terms.max_age_months
        else "valable à l’embauche"
    )
    return [
        ("Justificatif demandé", terms.proof),
        ("Âge maximal", age),
        ("Portée", Sufficiency(terms.sufficiency).label),
        ("Voie", criterion.get_route_display()),
        ("Sensible", "oui, chaque lecture est journalisée" if criterion.sensitive else "non"),
        ("Retenu depuis", formats.day(criterion.valid_from) if criterion.valid_from else None),
    ]


@admin_required
def criterion_create(request: HttpRequest) -> HttpResponse:
    """A criterion of the house's own."""
    form = NewCriterionForm(request.POST or None, user=request.user)
    back = reverse("criterion_list")
    return form_page(
        request,
        form,
        title="Ajouter un critère",
        intro="Ce critère est celui de la maison\u202f: un rechargement de la liste de référence n’y touche pas. "
        "Une fois retenu par une décision, il ne s’efface plus\u202f; il se ferme.",
        back=lambda row: reverse("criterion_detail", args=[row.pk]),
        back_label="Critères d’éligibilité",
        cancel_url=back,
        done="Le critère est ajouté.",
        save=lambda: add_criterion(user=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@admin_required
def criterion_change(request: HttpRequest, code: str) -> HttpResponse:
    """What a criterion asks from a day on."""
    criterion = _criterion(code)
    today = timezone.localdate()
    now = as_terms(criterion, today, changes_on(today).get(criterion.pk))
    form = TermsForm(
        request.POST or None,
        user=request.user,
        initial={
            "proof": now.proof,
            "proof_max_age_months": now.max_age_months,
            "sufficiency": now.sufficiency,
        },
    )
    back = reverse("criterion_detail", args=[code])
    return form_page(
        request,
        form,
        title="Changer les conditions d’un critère",
        facts=criterion.label,
        intro="Les décisions prises avant ce jour gardent ce qui était demandé alors.",
        back=back,
        back_label=criterion.label,
        cancel_url=back,
        done="Le changement est enregistré.",
        save=lambda: change_criterion(criterion=criterion, user=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@admin_required
def criterion_close(request: HttpRequest, code: str) -> HttpResponse:
    """The last day of a criterion."""
    criterion = _criterion(code)
    form = CloseCriterionForm(request.POST or None, user=request.user)
    back = reverse("criterion_detail", args=[code])
    return form_page(
        request,
        form,
        title="Fermer un critère",
        facts=criterion.label,
        intro="Il ne sera plus proposé après ce jour. Les décisions qui l’ont retenu restent valables.",
        back=back,
        back_label=criterion.label,
        cancel_url=back,
        submit_label="Fermer le critère",
        done="Le critère est fermé. Pour le rouvrir, changez ses conditions à partir d’un jour.",
        save=lambda: close_criterion(criterion=criterion, user=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )
