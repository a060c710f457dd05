"""Recommendations: their lists, the draft estimated live, its texts and its documents."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from clauses.forms.recommendations import (
    EstimationBoard,
    StartForm,
    TextForm,
)
from clauses.models import ClauseText, Recommendation, Scenario, ScenarioLot
from clauses.preparation import Part, preparation_of
from clauses.recommendation_documents import docx_of, file_name, pdf_of
from clauses.recommendation_paper import compare, paper_of
from clauses.services import recommendation_answers as answers
from clauses.services import recommendations as services
from core import formats
from core.access import HOUSE, house_required, role_required
from core.errors import DomainError
from core.files import file_response
from markets.files import file_context
from markets.models import Market, PlannedPurchase, Task
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row

READERS = ("facilitator", "admin", "buyer")
KINDS: dict[str, Any] = {"achat": PlannedPurchase, "marche": Market}
# The shape of each state, among those that the pages know.
SHAPES = {
    "draft": "draft",
    "sent": "submitted",
    "accepted": "validated",
    "amended": "to_watch",
    "refused": "refused",
}


def recommendation_row(user: Any, pk: int) -> Recommendation:
    """A recommendation that `user` may see, with what its page reads; 404 otherwise."""
    rows = Recommendation.objects.visible_to(user).select_related(
        "purchase__buyer",
        "purchase__market__buyer",
        "market__buyer",
        "created_by",
        "sent_by",
        "answered_by",
        "chosen",
        "pdf",
        "docx",
    )
    return get_object_or_404(rows, pk=pk)


def draft_row(user: Any, pk: int) -> Recommendation:
    """A draft; 404 otherwise, because what was sent has no such page."""
    row = recommendation_row(user, pk)
    if not row.is_draft:
        raise Http404
    return row


def target_url(row: Recommendation) -> str:
    """The tab of the purchase or of the market where the recommendation stands."""
    if row.market_id:
        return reverse("market_preparation", args=[row.market_id])
    return reverse("purchase_recommendations", args=[row.purchase_id])


def target_label(target: PlannedPurchase | Market) -> str:
    return target.reference or formats.short(target.object, 60)


def rows_of(target: PlannedPurchase | Market, user: Any) -> list[Recommendation]:
    """The recommendations of a file that this user sees, the latest first, each with its advised total."""
    # A market shows what was recommended on the purchase that it came of, too.
    of_file = (
        Q(market=target) | Q(purchase__market=target) if isinstance(target, Market) else Q(purchase=target)
    )
    found = list(
        Recommendation.objects.visible_to(user)
        .filter(of_file)
        .select_related("market", "purchase", "chosen")
        .prefetch_related("scenarios__lots")
        .order_by("-pk")
    )
    for row in found:
        shown = [part for part in row.scenarios.all() if part.pk == row.chosen_id or part.is_advised]
        # What the buyer chose, else what the house advises.
        shown.sort(key=lambda part: part.pk != row.chosen_id)
        row.total = sum((lot.hours for lot in shown[0].lots.all()), 0) if shown else 0  # type: ignore[attr-defined]
        row.shape = SHAPES[row.state]  # type: ignore[attr-defined]
    return found


def list_context(target: PlannedPurchase | Market, user: Any) -> dict[str, Any]:
    rows = rows_of(target, user)
    kind = "marche" if isinstance(target, Market) else "achat"
    return {
        "rows": rows,
        "has_draft": any(row.is_draft and target in (row.market, row.purchase) for row in rows),
        "create_url": reverse("recommendation_create", args=[kind, target.pk]) if user.role in HOUSE else "",
    }


def recommendation_part(market: Market, user: Any) -> Part | None:
    """The first section of « Préparation »."""
    return Part("Préconisation", "clauses/recommendation_rows.html", list_context(market, user), position=10)


@role_required(*READERS)
def market_preparation(request: HttpRequest, pk: int) -> HttpResponse:
    """« Préparation » of a market: what was recommended, and what the other modules of this room add."""
    market = file_row("market", request.user, pk)
    user: Any = request.user
    return render(
        request,
        "clauses/market_preparation.html",
        {
            **file_context("market", market, request),
            "parts": preparation_of(market, user),
            "is_house": user.role in HOUSE,
        },
    )


@role_required(*READERS)
def purchase_recommendations(request: HttpRequest, pk: int) -> HttpResponse:
    """« Préconisation » of a planned purchase."""
    purchase = file_row("purchase", request.user, pk)
    user: Any = request.user
    return render(
        request,
        "clauses/purchase_recommendations.html",
        {
            **file_context("purchase", purchase, request),
            "part": list_context(purchase, user),
            "is_house": user.role in HOUSE,
        },
    )


@house_required
def recommendation_create(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    rows = KINDS[kind].objects.visible_to(request.user).select_related("buyer")
    target = get_object_or_404(rows, pk=pk)
    request.place = "markets"  # type: ignore[attr-defined]
    name = "market_preparation" if kind == "marche" else "purchase_recommendations"
    back = reverse(name, args=[pk])
    form = StartForm(
        request.POST or None, user=request.user, initial={"title": formats.short(target.object, 200)}
    )
    return form_page(
        request,
        form,
        title="Préparer une préconisation",
        facts=f"{target.buyer} · {target_label(target)}",
        intro="Les lots sont proposés depuis le dossier ; vous pourrez en ajouter et en retirer.",
        back=lambda row: reverse("recommendation_edit", args=[row.pk]),
        cancel_url=back,
        back_label=target_label(target),
        submit_label="Commencer le chiffrage",
        done="Le brouillon est ouvert.",
        save=lambda: services.start_recommendation(target=target, by=request.user, **form.cleaned_data),
    )


@role_required(*READERS)
def recommendation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The recommendation as the buyer reads it, and for the house what can be done next."""
    row = recommendation_row(request.user, pk)
    user: Any = request.user
    request.place = "markets"  # type: ignore[attr-defined]
    paper = paper_of(row, on=timezone.localdate())
    is_house = user.role in HOUSE
    waits = row.waits_for_answer and not answers.is_replaced(row)
    lots = [line.row for view in paper.scenarios if view.row.is_advised for line in view.lots]
    texts = []
    if is_house and row.is_draft:
        by_kind = {text.kind: text for text in row.texts.select_related("recommendation__market__buyer")}
        for kind in services.kinds_of(lots):
            if kind in by_kind:
                text = by_kind[kind]
                text.recommendation = row
                texts.append({"row": text, "has_moved": services.has_moved(text, lots)})
    return render(
        request,
        "clauses/recommendation_detail.html",
        {
            "row": row,
            "paper": paper,
            "target": row.target,
            "target_url": target_url(row),
            "target_label": target_label(row.target),
            "shape": SHAPES[row.state],
            "facts": _facts(row),
            "awaited": _awaited(row) if waits else "",
            "is_house": is_house,
            "waits": waits,
            "is_replaced": row.waits_for_answer and not waits,
            "drafted": texts,
            "missing": services.what_is_missing(row) if is_house and row.is_draft else "",
            "not_taken_up": answers.why_not_taken_up(row) if is_house else "",
            "market": answers.market_of(row),
        },
    )


def _facts(row: Recommendation) -> str:
    words = (str(row.target.buyer), row.target.reference, f"version {row.number}")
    return " · ".join(word for word in words if word)


def _awaited(row: Recommendation) -> str:
    """Until when the answer is awaited, in words; it is the buyer's own to know."""
    due = Task.objects.open().filter(key=answers.answer_key(row)).values_list("due_on", flat=True).first()
    return f"avant le {formats.day(due)}" if due else ""


# --- The estimation, live -------------------------------------------------------------------------------------


@house_required
def recommendation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The scenarios and their lots; « Recalculer » and every change give the figures, « Enregistrer » keeps them."""
    row = draft_row(request.user, pk)
    if request.method != "POST":
        return _board_page(request, row, EstimationBoard(None, user=request.user, recommendation=row))
    gone = [request.POST[name] for name in ("remove_lot", "remove_scenario") if request.POST.get(name)]
    board = EstimationBoard(request.POST, user=request.user, recommendation=row, without=gone)
    if "recalculate" in request.POST or not board.is_valid():
        return _board_page(request, row, board)
    edition = request.POST.get("edition", "")
    saved = None
    try:
        saved = services.save_estimation(
            recommendation=row,
            edition=int(edition) if edition.isdigit() else -1,
            values=board.values(),
            advised=board.advised,
            scenarios=board.scenario_rows(),
            lots=board.lot_rows(),
            by=request.user,
        )
        _change_rows(request, saved)
    except DomainError as error:
        # The next save names the edition that stands now.
        if isinstance(error, services.StaleEdition):
            row.edition = error.edition
        elif saved:
            row.edition = saved.edition
        return _board_page(request, row, board, refusal=error.sentence)
    if "finish" in request.POST:
        messages.success(request, "La préconisation est enregistrée.")
        return redirect("recommendation_detail", pk=pk)
    messages.success(request, "Le chiffrage est enregistré.")
    return redirect("recommendation_edit", pk=pk)


def _change_rows(request: HttpRequest, row: Recommendation) -> None:
    """Add or remove what the button asks for, once the rest is saved."""
    post = request.POST
    if "add_scenario" in post:
        services.add_scenario(recommendation=row, by=request.user)
    elif post.get("add_lot", "").isdigit():
        scenarios = Scenario.objects.visible_to(request.user).filter(recommendation=row)
        services.add_lot(scenario=get_object_or_404(scenarios, pk=post["add_lot"]), by=request.user)
    elif post.get("remove_lot", "").removeprefix("lot").isdigit():
        lots = ScenarioLot.objects.visible_to(request.user).filter(scenario__recommendation=row)
        lot = lots.filter(pk=post["remove_lot"].removeprefix("lot")).first()
        if lot:
            services.remove_lot(lot=lot, by=request.user)
    elif post.get("remove_scenario", "").removeprefix("scenario").isdigit():
        scenarios = Scenario.objects.visible_to(request.user).filter(recommendation=row)
        scenario = scenarios.filter(pk=post["remove_scenario"].removeprefix("scenario")).first()
        if scenario:
            services.remove_scenario(scenario=scenario, by=request.user)


@house_required
@require_POST
def recommendation_estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of what is typed, nothing saved: the same code as the saved page."""
    row = draft_row(request.user, pk)
    board = EstimationBoard(request.POST, user=request.user, recommendation=row)
    return render(request, "clauses/recommendation_live.html", {**_board_context(board), "oob": True})


def _board_context(board: EstimationBoard) -> dict[str, Any]:
    parts = board.views()
    views = [view for _, view, _ in parts]
    return {
        "parts": parts,
        "views": views,
        "comparison": compare(views),
        "complaints": board.complaints() if board.is_bound else [],
    }


def _board_page(
    request: HttpRequest, row: Recommendation, board: EstimationBoard, refusal: str = ""
) -> HttpResponse:
    request.place = "markets"  # type: ignore[attr-defined]
    costs = {trade: board.costs.get(trade, board.costs.get("")) for trade in {*board.shares, *board.costs}}
    trades = {
        trade: {
            "share": formats.number(board.shares[trade]) if trade in board.shares else "",
            "cost": "" if costs[trade] is None else formats.number(costs[trade]),
        }
        for trade in sorted(costs.keys() - {""})
    }
    return render(
        request,
        "clauses/recommendation_edit.html",
        {
            "row": row,
            "head": board.head,
            **_board_context(board),
            "trades": trades,
            "refusal": refusal,
            "facts": f"{row.title} · {_facts(row)}",
            "target_url": target_url(row),
            "target_label": target_label(row.target),
            "oob": False,
        },
    )


@house_required
def recommendation_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = draft_row(request.user, pk)
    back = reverse("recommendation_detail", args=[pk])
    return confirm_page(
        request,
        title="Supprimer le brouillon",
        consequence=f"Le brouillon « {row} » sera supprimé, avec ses scénarios et ses textes.",
        submit_label="Supprimer le brouillon",
        danger=True,
        back=back,
        back_label=str(row),
        done="Le brouillon est supprimé.",
        save=lambda: services.delete_draft(recommendation=row, by=request.user),
        after=target_url(row),
    )


# --- Texts and documents --------------------------------------------------------------------------------------


@house_required
def recommendation_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The wording of one clause, in the facilitator's hand, or made again from the file."""
    texts = ClauseText.objects.visible_to(request.user).filter(recommendation__state="draft")
    text = get_object_or_404(
        texts.select_related("recommendation__purchase__buyer", "recommendation__market__buyer"), pk=pk
    )
    row = text.recommendation
    back = reverse("recommendation_detail", args=[row.pk])
    if request.method == "POST" and "remake" in request.POST:
        try:
            services.remake_text(text=text, by=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, "Le texte est refait depuis le dossier.")
        return redirect(back)
    form = TextForm(request.POST or None, user=request.user, initial={"body": text.body})
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=f"Texte : {text}".replace(" :", f"{formats.THIN}:"),
        facts=str(row),
        intro="Un titre tient sur une ligne sans point final ; une ligne qui commence par un tiret est un élément de "
        "liste. Ce texte figurera tel quel dans le PDF et le DOCX.",
        back=back,
        cancel_url=back,
        back_label=str(row),
        done="Le texte est enregistré.",
        template="clauses/recommendation_text.html",
        text=text,
        save=lambda: services.save_text(text=text, by=request.user, **form.cleaned_data),
    )


@role_required(*READERS)
def recommendation_document(request: HttpRequest, pk: int, extension: str) -> HttpResponse:
    """The PDF or the DOCX: as it was sent, or for the house what a draft would give today."""
    if extension not in ("pdf", "docx"):
        raise Http404
    row = recommendation_row(request.user, pk)
    stored = row.pdf_id if extension == "pdf" else row.docx_id
    if stored:
        return redirect("file_download", pk=stored)
    paper = paper_of(row, on=timezone.localdate())
    try:
        content = pdf_of(paper) if extension == "pdf" else docx_of(paper)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("recommendation_detail", pk=pk)
    return file_response(content, f"projet-{file_name(paper, extension)}")
