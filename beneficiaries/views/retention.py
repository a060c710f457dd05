"""« Conservation » in Réglages: what a run would do today, applying it, what was applied, and how long files are kept."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_tables2 import A

from accounts.enums import Role
from beneficiaries.forms.privacy import PART_LABELS, RetentionRulesForm, RunForm
from beneficiaries.models import Beneficiary, RetentionRules, RetentionRun
from beneficiaries.retention import Step
from beneficiaries.services.retention import (
    APPLY,
    FILES,
    Plan,
    make_plan,
    plan_columns,
    save_retention_rules,
    start_run,
    told,
)
from core import formats
from core.access import admin_required
from core.changes import history_of
from core.errors import DomainError
from core.exports import Column, export_response
from core.filters import FilterSet
from core.lists import ListPage
from core.models import Job
from core.readonly import readonly_view
from core.signals import list_exported
from core.tables import CountColumn, DayColumn, Table, TextColumn

ADMIN = (Role.ADMIN,)
# Files named by their numbers on the page; the export has them all.
SHOWN = 10
RUNS_SHOWN = 12

STEP_TITLES = {
    Step.ARCHIVED: "À mettre en archive restreinte",
    Step.PROOFS_ERASED: "Justificatifs à effacer",
    Step.ANONYMISED: "À anonymiser",
}


@admin_required
@require_GET
@readonly_view
def retention(request: HttpRequest) -> HttpResponse:
    """What the rules would do today, without doing it."""
    today = timezone.localdate()
    plan = make_plan(today)
    runs = RetentionRun.objects.visible_to(request.user).select_related("made_by", "report")[:RUNS_SHOWN]
    context = {
        "plan": plan,
        "rules": RetentionRules.objects.in_force(today),
        "steps": [
            {
                "title": STEP_TITLES[step],
                "rows": rows[:SHOWN],
                "count": len(rows),
                "more": max(0, len(rows) - SHOWN),
            }
            for step, rows in plan.due.items()
        ],
        "held": plan.held[:SHOWN],
        "held_more": max(0, len(plan.held) - SHOWN),
        "under_way": Job.objects.visible_to(request.user)
        .filter(key=APPLY, state__in=[Job.State.QUEUED, Job.State.RUNNING])
        .first(),
        "runs": [{"run": run, "done": [(label, n) for label, n in told(run).items() if n]} for run in runs],
    }
    return render(request, "beneficiaries/privacy/retention.html", context)


@admin_required
@require_GET
def retention_plan(request: HttpRequest) -> HttpResponseBase:
    """The whole plan of the day as a workbook: numbers of files, never a name."""
    plan = make_plan(timezone.localdate())
    rows = [(STEP_TITLES[step], row) for step, found in plan.due.items() for row in found]
    rows += [("Gardée", row) for row in plan.held]
    columns = [Column("Étape", "text", lambda line: line[0], 30)]
    columns += [
        Column(one.header, one.kind, lambda line, get=one.get: get(line[1]), one.width)
        for one in plan_columns()
    ]
    list_exported.send(sender=RetentionRun, user=request.user, name="conservation", format="xlsx")
    return export_response("conservation", "xlsx", columns, rows)


@admin_required
def retention_apply(request: HttpRequest) -> HttpResponse:
    """Ask once, step by step, with what each will do to how many."""
    plan = make_plan(timezone.localdate())
    form = RunForm(request.POST if request.method == "POST" else None, user=request.user, plan=plan)
    if not plan.total:
        messages.info(request, "Rien n’est à faire aujourd’hui\u202f: aucune durée n’est échue.")
        return redirect("retention")
    if request.method == "POST" and form.is_valid():
        try:
            row = start_run(parts=form.cleaned_data["parts"], user=request.user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return redirect("job_detail", pk=row.pk)
    context = {
        "title": "Appliquer les durées de conservation",
        "consequence": f"{formats.noun(plan.total, 'fiche ou fichier', 'fiches et fichiers')} au terme de leur "
        "conservation. Une fiche ne franchit qu’une étape à chaque application.",
        "details": _consequences(plan),
        "form": form,
        "submit_label": "Appliquer",
        "danger": True,
        "cancel_url": reverse("retention"),
        "back_url": reverse("retention"),
        "back_label": "Conservation",
    }
    return render(request, "core/confirm.html", context)


def _consequences(plan: Plan) -> list[str]:
    sentences = {
        "archived": "L’archive restreinte\u202f: seule l’administration voit encore la fiche\u202f; elle peut être rouverte.",
        "proofs_erased": "L’effacement des justificatifs\u202f: les fichiers disparaissent, leur date reste. Il ne se défait pas.",
        "anonymised": "L’anonymisation\u202f: nom, naissance, coordonnées, textes, fichiers, historique et messages "
        "disparaissent. Les heures et les chiffres restent. Elle ne se défait pas.",
        FILES: "Les fichiers d’import, les justificatifs d’heures et l’identité des candidatures sans fiche disparaissent. "
        "Les heures restent. Cela ne se défait pas.",
    }
    return [sentences[part] for part in PART_LABELS if plan.count(part)]


# --- The archive --------------------------------------------------------------------------------------------


class ArchiveFilter(FilterSet):
    """Words of the name; what became of the file."""

    step = django_filters.ChoiceFilter(
        label="Étape",
        choices=[
            ("archived", "archivées"),
            ("proofs_erased", "justificatifs effacés"),
            ("anonymised", "anonymisées"),
        ],
        method="by_step",
        empty_label="toutes",
    )

    class Meta:
        model = Beneficiary
        fields = ("step",)

    def by_step(self, rows: Any, name: str, value: str) -> Any:
        """The files whose last step is that one."""
        if value == "anonymised":
            return rows.filter(anonymised_on__isnull=False)
        rows = rows.filter(anonymised_on__isnull=True)
        return rows.filter(proofs_erased_on__isnull=value == "archived")


class ArchiveTable(Table):
    """Files of the restricted archive."""

    number = CountColumn(accessor="pk", verbose_name="Fiche n°", linkify=("person_data", [A("pk")]))
    name = TextColumn(accessor="last_name", verbose_name="Nom, prénom", order_by="search_key")
    archived_on = DayColumn(verbose_name="En archive depuis le")
    proofs_erased_on = DayColumn(verbose_name="Justificatifs effacés le")
    anonymised_on = DayColumn(verbose_name="Anonymisée le")

    class Meta:
        model = Beneficiary
        fields = ("number", "name", "archived_on", "proofs_erased_on", "anonymised_on")
        caption = "Archive restreinte"

    def render_name(self, record: Beneficiary) -> str:
        return str(record)

    def value_name(self, record: Beneficiary) -> str:
        return str(record)


class ArchiveList(ListPage):
    """The restricted archive: for the admins alone."""

    model, table_class, filterset_class, roles = Beneficiary, ArchiveTable, ArchiveFilter, ADMIN
    template_name = "beneficiaries/settings_list.html"
    title, export_name = "Archive restreinte", "archive"
    intro = "Ces fiches ne sont plus dans les listes ni dans les recherches de la maison. Leurs heures comptent toujours."
    empty_message = "Aucune fiche n’est en archive restreinte."

    def get_queryset(self) -> Any:
        return Beneficiary.objects.visible_to(self.request.user).filter(archived_on__isnull=False)


# --- How long -----------------------------------------------------------------------------------------------


class RetentionRulesTable(Table):
    """Each set of lengths, the latest first."""

    in_force_from = DayColumn(verbose_name="À partir du", linkify=("retention_rules_edit", [A("pk")]))
    active_months = CountColumn(verbose_name="Base active (mois)")
    proof_months = CountColumn(verbose_name="Justificatifs (mois)")
    anonymise_months = CountColumn(verbose_name="Anonymisation (mois)")
    note = TextColumn(verbose_name="Source, précisions")

    class Meta:
        model = RetentionRules
        fields = ("in_force_from", "active_months", "proof_months", "anonymise_months", "note")
        caption = "Durées de conservation"


class RetentionRulesList(ListPage):
    """How long files are kept, from which day on."""

    model, table_class, roles = RetentionRules, RetentionRulesTable, ADMIN
    template_name = "beneficiaries/settings_list.html"
    title, export_name = "Durées de conservation", "durees-de-conservation"
    intro = "Les dernières en vigueur s’appliquent. Aucune durée ne vaut tant qu’un marché, une difficulté, une période d’éligibilité ou une situation reste ouverte."
    create_url_name, create_label = "retention_rules_create", "Ajouter des durées"


@admin_required
def retention_rules_create(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    last = RetentionRules.objects.in_force(today)
    fresh = RetentionRules(
        in_force_from=today,
        active_months=last.active_months,
        proof_months=last.proof_months,
        anonymise_months=last.anonymise_months,
    )
    return _edit_rules(request, fresh)


@admin_required
def retention_rules_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit_rules(request, get_object_or_404(RetentionRules.objects.visible_to(request.user), pk=pk))


def _edit_rules(request: HttpRequest, rules: RetentionRules) -> HttpResponse:
    is_new = rules.pk is None
    form = RetentionRulesForm(request.POST or None, instance=rules, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            save_retention_rules(rules=form.instance, user=request.user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(
                request, "Les durées sont enregistrées. Rien n’est effacé avant que vous l’appliquiez."
            )
            return redirect("retention")
    back = reverse("retention_rules_list")
    context = {
        "title": "Nouvelles durées de conservation" if is_new else "Modifier des durées de conservation",
        "intro": "Enregistrer ne supprime rien\u202f: la page Conservation dit ce qui serait fait, et vous l’appliquez.",
        "form": form,
        "entries": [] if is_new else history_of(rules),
        "cancel_url": back,
        "back_url": back,
        "back_label": "Durées de conservation",
    }
    return render(request, "beneficiaries/privacy/rules_form.html", context)
