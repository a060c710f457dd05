"""« Grille de suivi »: promises that are not in hours, what was done, the proofs, and the meetings of reserved markets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from clauses.enums import ReviewState
from clauses.forms.interactions import companies_of
from clauses.forms.qualitative import AbandonForm, AchievementForm, DecisionForm, EvidenceForm, LineForm
from clauses.models import Achievement, Evidence, QualitativeCommitment
from clauses.qualitative_state import LINE_LABELS, LINE_TONES, LineState, state_of
from clauses.services import qualitative as services
from clauses.services.reserved import is_reserved, plan_reserved_meetings
from core import formats
from core.access import COMPANY, EVERYONE, HOUSE, house_required, role_required
from core.changes import HistoryEntry, Part, history_of
from core.errors import DomainError
from core.exports import Column, export_response
from core.files import file_for
from core.models import StoredFile
from markets.files import file_context
from markets.models import Market, Task
from markets.views.forms import form_page
from markets.views.shared import file_row

SENDERS = (*HOUSE, COMPANY)


@dataclass(frozen=True)
class GridRow:
    """A line of the grid as the page shows it."""

    row: QualitativeCommitment
    state: LineState

    @property
    def label(self) -> str:
        return LINE_LABELS[self.state]

    @property
    def tone(self) -> str:
        return LINE_TONES[self.state]

    @property
    def target(self) -> str:
        """« 2 visites, avec une classe »."""
        row = self.row
        number = (
            "" if row.target_number is None else f"{formats.number(row.target_number)} {row.unit}".strip()
        )
        return ", ".join(part for part in (number, row.target_text) if part)

    @property
    def done(self) -> str:
        known: Any = self.row
        if self.row.target_number is not None:
            return formats.number(known.done)
        return "atteint" if known.is_completed else "en cours" if known.has_begun else formats.ABSENT

    @property
    def evidence(self) -> tuple[str, str]:
        """The state of the proofs in words, and its tone: what waits for a decision comes first."""
        known: Any = self.row
        if known.evidence_waits:
            return "à examiner", "wait"
        if known.evidence_accepted:
            return "accepté", "done"
        if known.evidence_refused:
            return "refusé", "late"
        return ("attendu", "none") if self.row.needs_evidence else ("non demandé", "none")

    @property
    def waits_for_house(self) -> bool:
        known: Any = self.row
        return self.row.abandoned_on is None and (known.evidence_waits or known.achievement_waits)


def _rows(user: Any) -> Any:
    return (
        QualitativeCommitment.objects.visible_to(user)
        .select_related("market", "company")
        .with_progress()
        .order_by("company__name", "company", "due_on", "pk")
    )


def line_row(user: Any, pk: int) -> QualitativeCommitment:
    """A line that `user` may see, with its progress; 404 otherwise."""
    return get_object_or_404(_rows(user).select_related("market__buyer", "commitment__clause"), pk=pk)


def _shown(row: QualitativeCommitment) -> GridRow:
    return GridRow(row, state_of(services.line_of(row), timezone.localdate()))


def grid_url(market_pk: int) -> str:
    return reverse("market_qualitative", args=[market_pk])


def may_open_evidence(user: Any, stored: StoredFile) -> bool:
    """The house and the company of the line. A proof may name people, so that buyers never open one."""
    return not user.is_buyer and Evidence.objects.visible_to(user).filter(file=stored).exists()


COLUMNS = (
    Column("Entreprise", "text", lambda shown: str(shown.row.company), 30),
    Column("Origine", "text", lambda shown: shown.row.get_origin_display(), 24),
    Column("Action", "text", lambda shown: shown.row.action, 60),
    Column("Objectif", "text", lambda shown: shown.target, 30),
    Column("Objectif (nombre)", "number", lambda shown: shown.row.target_number),
    Column(
        "Fait (nombre)",
        "number",
        lambda shown: shown.row.done if shown.row.target_number is not None else None,
    ),
    Column("Échéance", "day", lambda shown: shown.row.due_on),
    Column("Justificatif", "text", lambda shown: shown.evidence[0]),
    Column("État", "text", lambda shown: shown.label),
    Column("Motif de l’abandon", "text", lambda shown: shown.row.abandon_reason, 40),
)


@role_required(*EVERYONE)
def market_qualitative(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The grid of a market: a company reads its own lines, a buyer its own market."""
    market = file_row("market", request.user, pk)
    user: Any = request.user
    rows = [_shown(row) for row in _rows(user).filter(market=market)]
    if request.GET.get("export") == "xlsx":
        return export_response(
            "grille-de-suivi",
            "xlsx",
            COLUMNS,
            rows,
            notes=[f"{market.buyer} · {market.reference}", f"État au {formats.day(timezone.localdate())}"],
        )
    states = Counter(shown.state for shown in rows)
    is_house = user.role in HOUSE
    return render(
        request,
        "clauses/qualitative_grid.html",
        {
            **file_context("market", market, request, with_head=False),
            "rows": rows,
            "counts": _counts(rows, states),
            "is_house": is_house,
            "may_send": user.role in SENDERS,
            "shows_company": not user.is_company or len({shown.row.company_id for shown in rows}) > 1,
            **_meetings(market, user),
        },
    )


def _counts(rows: list[GridRow], states: Counter[LineState]) -> list[tuple[str, str]]:
    """The figures above the grid: a number and what it counts."""
    kept, late, unproved = states[LineState.MET], states[LineState.LATE], states[LineState.UNPROVED]
    waiting = sum(shown.waits_for_house for shown in rows)
    followed = len(rows) - states[LineState.ABANDONED]
    return [
        (formats.number(kept, 0), f"{'action tenue' if kept < 2 else 'actions tenues'} sur {followed}"),
        (formats.number(late, 0), "en retard"),
        (formats.number(unproved, 0), "preuve manquante" if unproved < 2 else "preuves manquantes"),
        (formats.number(waiting, 0), "à examiner par la maison"),
    ]


def _meetings(market: Market, user: Any) -> dict[str, Any]:
    """The meetings that the convention asks for on reserved markets, as far as `user` is asked to them."""
    if not is_reserved(market):
        return {"is_reserved": False, "meetings": []}
    tasks = Task.objects.visible_to(user).filter(market=market, key__startswith=f"reserved:{market.pk}:")
    return {"is_reserved": True, "meetings": tasks.order_by("due_on", "pk")}


@house_required
@require_POST
def reserved_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """« Planifier les réunions »: those that are missing, from this year to the end of the market."""
    market = file_row("market", request.user, pk)
    try:
        added = plan_reserved_meetings(market=market, by=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, formats.typeset(error.sentence))
    else:
        messages.success(
            request,
            f"{formats.noun(added, 'réunion ajoutée', 'réunions ajoutées')}."
            if added
            else "Toutes les réunions sont déjà planifiées.",
        )
    return redirect(grid_url(pk))


# --- Lines ---------------------------------------------------------------------------------------------------


@house_required
def qualitative_create(request: HttpRequest, pk: int) -> HttpResponse:
    market = file_row("market", request.user, pk)
    if not companies_of(market, request.user).exists():
        return render(request, "clauses/qualitative_no_company.html", {"market": market})
    row = QualitativeCommitment(market=market)
    if is_reserved(market):
        row.origin = "accompaniment"
    return _line_form(request, row, "Ajouter une action", "L’action est dans la grille.")


@house_required
def qualitative_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _line_form(request, line_row(request.user, pk), "Modifier l’action", "L’action est enregistrée.")


def _line_form(request: HttpRequest, row: QualitativeCommitment, title: str, done: str) -> HttpResponse:
    market: Any = row.market
    form = LineForm(request.POST or None, user=request.user, instance=row)
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=title,
        facts=f"{market.buyer} · {market.reference}",
        back=grid_url(market.pk),
        cancel_url=services.line_url(row) if row.pk else grid_url(market.pk),
        back_label="Grille de suivi",
        done=done,
        save=lambda: services.save_line(row=form.save(commit=False), by=request.user),  # type: ignore[arg-type]
    )


@house_required
def qualitative_abandon(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an action up with a reason, or take an abandoned one up again."""
    row = line_row(request.user, pk)
    back = services.line_url(row)
    is_resumed = row.abandoned_on is not None
    form: Any = None if is_resumed else AbandonForm(request.POST or None, user=request.user)
    if request.method == "POST" and (is_resumed or form.is_valid()):
        try:
            if is_resumed:
                services.resume_line(row=row, by=request.user)  # type: ignore[arg-type]
            else:
                services.abandon_line(row=row, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(request, formats.typeset(error.sentence))
        else:
            messages.success(request, "L’action est reprise." if is_resumed else "L’action est abandonnée.")
        return redirect(back)
    return render(
        request,
        "core/confirm.html",
        {
            "title": "Reprendre l’action" if is_resumed else "Abandonner l’action",
            "consequence": (
                f"« {row.action} » sera de nouveau attendue de {row.company}, avant le {formats.day(row.due_on)}."
                if is_resumed
                else f"Plus rien ne sera attendu de {row.company} pour « {row.action} ». Ce qui a été noté reste dans "
                "la grille."
            ),
            "form": form,
            "submit_label": "Reprendre" if is_resumed else "Abandonner",
            "danger": not is_resumed,
            "cancel_url": back,
            "back_url": back,
            "back_label": "Retour à l’action",
        },
    )


@role_required(*EVERYONE)
def qualitative_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A line with what was done and its proofs; asked for by the grid, its row alone."""
    user: Any = request.user
    row = line_row(user, pk)
    if request.htmx:  # type: ignore[attr-defined]
        return _grid_row(request, row)
    request.place = "markets"  # type: ignore[attr-defined]
    sent = {"qualitative": row}
    return render(
        request,
        "clauses/qualitative_detail.html",
        {
            "row": row,
            "shown": _shown(row),
            "market": row.market,
            "facts": f"{row.company} · {row.market.reference}",
            "achievements": Achievement.objects.visible_to(user)
            .filter(**sent)
            .select_related("sent_by", "decided_by")
            .order_by("on", "pk"),
            "evidence": Evidence.objects.visible_to(user)
            .filter(**sent)
            .select_related("sent_by", "decided_by", "file")
            .order_by("on", "pk"),
            "is_house": user.role in HOUSE,
            "may_send": user.role in SENDERS and row.abandoned_on is None,
            "opens_files": not user.is_buyer,
            "entries": _history(row) if user.role in HOUSE else [],
        },
    )


def _history(row: QualitativeCommitment) -> list[HistoryEntry]:
    """The line, and what was sent and decided about it."""
    hidden = ("qualitative", "sent_by", "decided_by", "decided_at", "file")
    parts = [
        Part(
            Achievement.history.filter(qualitative=row),
            lambda record: f"réalisation du {record.on:%d/%m/%Y}",
            hidden,
        ),
        Part(
            Evidence.history.filter(qualitative=row),
            lambda record: f"justificatif du {record.on:%d/%m/%Y}",
            hidden,
        ),
    ]
    return history_of(row, hidden=("market",), parts=parts)


# --- What is sent, and decided -------------------------------------------------------------------------------


def _grid_row(request: HttpRequest, row: QualitativeCommitment, **context: Any) -> HttpResponse:
    """The row of the grid, as htmx puts it in its place; with a form under it when there is one."""
    user: Any = request.user
    return render(
        request,
        "clauses/qualitative_row.html",
        {
            "shown": _shown(row),
            "is_house": user.role in HOUSE,
            "may_send": user.role in SENDERS,
            "shows_company": not user.is_company,
            "form": None,
            "form_title": "",
            "said": "",
            **context,
        },
    )


def _send(
    request: HttpRequest, pk: int, form_class: Any, save: Any, title: str, labels: tuple[str, str]
) -> HttpResponse:
    """Record something about a line: on its own page, or under its row when htmx asks.

    labels: what is said afterwards when the house records, and when a company sends.
    """
    user: Any = request.user
    row = line_row(user, pk)
    form = form_class(
        request.POST or None,
        request.FILES or None,
        user=user,
        row=row,
        initial={"on": timezone.localdate()},
        # Several rows of the grid may have their form open at once.
        auto_id=f"id_{pk}_%s",
    )
    done = labels[0] if user.is_house_staff else labels[1]
    if request.htmx:  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid():
            try:
                save(row=row, by=user, **form.sent())
            except DomainError as error:
                form.add_domain_error(error)
            else:
                (row,) = _rows(user).filter(pk=pk)
                return _grid_row(request, row, said=done)
        next(iter(form.fields.values())).widget.attrs["autofocus"] = True
        return _grid_row(request, row, form=form, form_title=title)
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=title,
        facts=f"{row.action} · {row.company}",
        back=services.line_url(row),
        cancel_url=services.line_url(row),
        back_label=formats.short(row.action, 60),
        done=done,
        submit_label="Enregistrer" if user.is_house_staff else "Transmettre",
        save=lambda: save(row=row, by=user, **form.sent()),
    )


@role_required(*SENDERS)
def achievement_create(request: HttpRequest, pk: int) -> HttpResponse:
    return _send(
        request,
        pk,
        AchievementForm,
        services.record_achievement,
        "Noter une réalisation",
        ("La réalisation est notée.", "La réalisation est transmise à la maison, qui l’examinera."),
    )


@role_required(*SENDERS)
def evidence_create(request: HttpRequest, pk: int) -> HttpResponse:
    return _send(
        request,
        pk,
        EvidenceForm,
        services.attach_evidence,
        "Joindre un justificatif",
        (
            "Le justificatif est joint et accepté.",
            "Le justificatif est transmis à la maison, qui l’examinera.",
        ),
    )


@house_required
def achievement_decide(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, Achievement, pk, "Examiner la réalisation")


@house_required
def evidence_decide(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, Evidence, pk, "Examiner le justificatif")


def _decide(request: HttpRequest, model: Any, pk: int, title: str) -> HttpResponse:
    rows = model.objects.visible_to(request.user).select_related(
        "qualitative__market", "qualitative__company", "sent_by", "decided_by"
    )
    sent = get_object_or_404(rows, pk=pk)
    row = sent.qualitative
    form = DecisionForm(request.POST or None, user=request.user, initial={"seen": sent.state})
    request.place = "markets"  # type: ignore[attr-defined]

    def save() -> Any:
        given = form.cleaned_data
        return services.decide(
            sent=sent,
            accepted=given["decision"] == ReviewState.ACCEPTED,
            reason=given["reason"],
            seen=given["seen"],
            by=request.user,  # type: ignore[arg-type]
        )

    return form_page(
        request,
        form,
        title=title,
        facts=f"{row.action} · {row.company}",
        template="clauses/qualitative_decide.html",
        sent=sent,
        row=row,
        file=file_for(request.user, sent.file_id) if model is Evidence else None,
        quantity="" if model is Evidence else _quantity(sent),
        back=services.line_url(row),
        cancel_url=services.line_url(row),
        back_label=formats.short(row.action, 60),
        done="La décision est enregistrée ; l’entreprise la voit dans sa grille.",
        submit_label="Enregistrer la décision",
        save=save,
    )


def _quantity(sent: Achievement) -> str:
    quantity: Decimal | None = sent.quantity
    if quantity is not None:
        return f"{formats.number(quantity)} {sent.qualitative.unit}".strip()
    return "objectif atteint" if sent.completes else ""
