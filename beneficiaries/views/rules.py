"""Réglages of the house about people: counting rules, closed years, reference lists."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from beneficiaries.enums import EntryState
from beneficiaries.forms.rules import CountingRulesForm, RulesQuestionForm
from beneficiaries.models import (
    ClosedYear,
    ContractType,
    CountingRules,
    EducationLevel,
    HoursEntry,
)
from beneficiaries.services.hours import close_year
from beneficiaries.services.rules import preview_rules, rules_in_place, save_rules
from beneficiaries.tables import (
    ContractTypeTable,
    CountingRulesTable,
    EducationLevelTable,
    rules_scope,
)
from beneficiaries.views.recounts import READ, recount_page
from core import formats
from core.access import admin_required
from core.changes import history_of
from core.errors import DomainError
from core.lists import ListPage
from markets.models import Market

ADMIN = (Role.ADMIN,)


class CountingRulesList(ListPage):
    """Every set of rules, and which of them count for a market in a month: market, then buyer, then territory."""

    model, table_class, roles = CountingRules, CountingRulesTable, ADMIN
    template_name = "beneficiaries/rules_list.html"
    title, export_name = "Règles de comptage", "regles-de-comptage"
    intro = "Pour un mois donné valent les plus proches\u202f: celles du marché, sinon du donneur d’ordre, sinon du territoire."
    create_url_name, create_label = "counting_rules_create", "Ajouter des règles"

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("buyer", "market")

    def extra_context(self) -> dict[str, Any]:
        asked = self.request.GET if {"marche", "mois"} & set(self.request.GET) else None
        form = RulesQuestionForm(asked, user=self.request.user)
        markets, month = form.question
        asked_about: list[Market | None] = [*markets] or [None]
        return {
            "question": form,
            "asked_month": month,
            "in_place": []
            if form.errors
            else [(market, rules_in_place(market, month)) for market in asked_about],
        }


@admin_required
def counting_rules_create(request: HttpRequest) -> HttpResponse:
    return _edit_rules(request, CountingRules())


@admin_required
def counting_rules_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = CountingRules.objects.visible_to(request.user).select_related("buyer", "market")
    return _edit_rules(request, get_object_or_404(rows, pk=pk))


def _edit_rules(request: HttpRequest, rules: CountingRules) -> HttpResponse:
    is_new = rules.pk is None
    form = CountingRulesForm(request.POST or None, instance=rules, user=request.user)
    back = reverse("counting_rules_list")
    if request.method == "POST" and form.is_valid():
        asked = _ask_before(request, form.instance, back)
        if asked is not None:
            return asked
        job = save_rules(rules=form.instance, user=request.user)
        if job is None:
            messages.success(request, "Les règles sont enregistrées. Elles ne touchent aucune heure saisie.")
            return redirect("counting_rules_list")
        messages.success(
            request,
            f"Les règles sont enregistrées\u202f; les heures de {formats.noun(job.total, 'personne')} sont recomptées.",
        )
        return redirect("job_detail", pk=job.pk)
    context = {
        "title": "Nouvelles règles de comptage" if is_new else "Modifier des règles de comptage",
        "intro": "Ces règles valent à partir de leur premier mois. Les heures déjà publiées dans une année close "
        "gardent leur compte\u202f; les autres sont recomptées, après que vous avez lu ce qui changera.",
        "form": form,
        "submit_label": "Voir ce qui changera",
        "entries": [] if is_new else history_of(rules, hidden=("buyer", "market")),
        "cancel_url": back,
        "back_url": back,
        "back_label": "Règles de comptage",
    }
    return render(request, "beneficiaries/rules_form.html", context)


def _ask_before(request: HttpRequest, rules: CountingRules, back: str) -> HttpResponse | None:
    """What the rules would change, before they are saved; None once it was read, or when they change nothing."""
    if READ in request.POST:
        return None
    report = preview_rules(rules)
    if not report.changes:
        return None
    return recount_page(
        request,
        report,
        title=f"Règles de comptage\u202f: {rules_scope(rules)}, à partir de {formats.month(rules.in_force_from)}",
        cancel_url=back,
        submit_label="Enregistrer et recompter",
    )


# --- Closed years --------------------------------------------------------------------------------------------


def _years(request: HttpRequest) -> list[dict[str, Any]]:
    """Every year with hours, and those that are closed, newest first."""
    waiting = ~Q(state=EntryState.VALIDATED)
    rows = (
        HoursEntry.objects.visible_to(request.user)
        .current()
        .order_by()
        .values("month__year")
        .annotate(
            entries=Count("pk"),
            waiting=Count("pk", filter=waiting),
            waiting_hours=Sum("hours", filter=waiting),
            late=Count("pk", filter=Q(is_late=True)),
        )
    )
    closed = {
        row.year: row for row in ClosedYear.objects.visible_to(request.user).select_related("closed_by")
    }
    found: dict[int, dict[str, Any]] = {
        year: {"year": year, "entries": 0, "waiting": 0, "waiting_hours": 0, "late": 0} for year in closed
    }
    found |= {row["month__year"]: {**row, "year": row["month__year"]} for row in rows}
    this_year = timezone.localdate().year
    return [
        {
            **found[year],
            "waiting_hours": found[year]["waiting_hours"] or 0,
            "closed": closed.get(year),
            "can_close": year < this_year and year not in closed,
        }
        for year in sorted(found, reverse=True)
    ]


@admin_required
def closed_year_list(request: HttpRequest) -> HttpResponse:
    """Years with hours: open or closed, and what remains to be validated."""
    return render(request, "beneficiaries/closed_years.html", {"years": _years(request)})


@admin_required
def closed_year_close(request: HttpRequest, year: int) -> HttpResponse:
    """Ask once, with what remains to be validated, then lock the year."""
    line = next((line for line in _years(request) if line["year"] == year), None)
    if line is None:
        raise Http404
    if not line["can_close"]:
        messages.warning(
            request,
            f"L’année {year} est déjà close."
            if line["closed"]
            else f"L’année {year} n’est pas finie\u202f: elle se clôt à partir du 1er janvier {year + 1}.",
        )
        return redirect("closed_year_list")
    if request.method == "POST":
        if not request.user.is_admin:
            raise PermissionDenied
        try:
            close_year(year=year, user=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, f"L’année {year} est close pour toute la maison.")
        return redirect("closed_year_list")
    details = [
        "Les heures déjà validées gardent leur compte\u202f: un changement de règles ne les recompte plus."
    ]
    if line["waiting"]:
        words = ["relevé reste à valider", "relevés restent à valider"]
        details.insert(
            0,
            f"{formats.noun(line['waiting'], *words)} ({formats.hours(line['waiting_hours'])}). Validés après la "
            "clôture, ils seront «\u202fhors bilan publié\u202f»\u202f: dans les chiffres cumulés, et imprimés l’année suivante "
            "comme régularisation.",
        )
    else:
        details.insert(0, "Toutes les heures saisies de cette année sont validées.")
    context = {
        "title": f"Clore l’année {year}",
        "consequence": f"Les {formats.noun(line['entries'], 'relevé')} de {year} seront verrouillés, "
        "pour toute la maison. Une année close ne se rouvre pas.",
        "details": details,
        "submit_label": f"Clore {year}",
        "danger": True,
        "cancel_url": reverse("closed_year_list"),
        "back_url": reverse("closed_year_list"),
        "back_label": "Années closes",
    }
    return render(request, "core/confirm.html", context)


# --- Reference lists, read only ------------------------------------------------------------------------------


class ReferenceListPage(ListPage):
    """A list that comes from a file of the project; it is changed there."""

    roles = ADMIN
    template_name = "beneficiaries/settings_list.html"
    per_page = 100
    intro = "Liste livrée avec l’application (fichiers de référence). Un code disparu est désactivé, jamais supprimé."
    empty_message = "La liste est vide\u202f: lancez le chargement des listes de référence (load_reference)."

    def get_queryset(self) -> Any:
        # A reference list is about nobody: every row is the house's.
        return self.model._default_manager.order_by(*self.model._meta.ordering)


class ContractTypeList(ReferenceListPage):
    model, table_class = ContractType, ContractTypeTable
    title, export_name = "Types de contrat", "types-de-contrat"


class EducationLevelList(ReferenceListPage):
    model, table_class = EducationLevel, EducationLevelTable
    title, export_name = "Niveaux de formation", "niveaux-de-formation"
