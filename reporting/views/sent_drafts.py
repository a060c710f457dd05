"""The projet transmis as the buyer reads and comments it, and the page of a link that hands over a published bilan."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from core import formats
from core.access import BUYER, HOUSE, role_required
from core.errors import DomainError
from core.files import file_response, read_file
from core.link_pages import link_page
from markets.models import Task
from reporting.enums import BilanFormat, BilanState, CommentSide
from reporting.forms.workflow import CommentForm
from reporting.models import BilanComment, SentDraft
from reporting.services.comments import chapter_titles, comment_draft, finish_reading
from reporting.services.deliveries import file_of_delivery, open_delivery
from reporting.services.workflow import key_of
from reporting.snapshot.labels import labels_of
from reporting.views.workflow import commented_chapters

FILE_WORDS: dict[str, str] = {
    BilanFormat.PDF: "Le document, à lire et à diffuser",
    BilanFormat.XLSX: "Tous les tableaux, dans un classeur",
    BilanFormat.JSON: "Les données, pour un logiciel",
    BilanFormat.ARCHIVE: "Le document pour les archives, avec ses données",
}


def _draft(request: HttpRequest, pk: int) -> SentDraft:
    rows = SentDraft.objects.visible_to(request.user).select_related(
        "bilan__buyer", "bilan__market", "bilan__operation", "file", "sent_by"
    )
    return get_object_or_404(rows, pk=pk)


@role_required(*HOUSE, BUYER)
def sent_draft_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The chapters as they were given, what was said of each, and a form while the projet is open to remarks."""
    draft = _draft(request, pk)
    bilan, user = draft.bilan, request.user
    request.place = "bilans"  # type: ignore[attr-defined]
    chosen = request.POST.get("chapter", "")
    bound = None
    if request.method == "POST":
        title = chapter_titles(draft.snapshot).get(chosen, "l’ensemble du document")
        bound = CommentForm(request.POST, user=user, prefix=chosen or "document", title=title)
        if bound.is_valid():
            try:
                comment_draft(draft=draft, chapter=chosen, text=bound.cleaned_data["text"], by=user)  # type: ignore[arg-type]
            except DomainError as error:
                bound.add_domain_error(error)
            else:
                messages.success(request, "L’observation est enregistrée.")
                return redirect(f"{request.path}#{chosen or 'document'}")
    last = bilan.drafts.order_by("-number").values_list("pk", flat=True).first()
    is_open = bilan.state == BilanState.SENT and last == draft.pk
    comments = list(
        BilanComment.objects.visible_to(user)
        .filter(bilan=bilan, side=CommentSide.BUYER, draft__number__lte=draft.number)
        .select_related("author", "answered_by", "draft")
        .defer("draft__snapshot")
    )
    labels = labels_of(draft.snapshot)
    context = {
        "draft": draft,
        "bilan": bilan,
        "snapshot": draft.snapshot,
        "labels": labels,
        "chapters": commented_chapters(draft.snapshot, comments, user, bound, chosen, opens=is_open),
        "comments": comments,
        "unanswered": sum(not row.outcome for row in comments),
        "is_open": is_open,
        "newer": last if last != draft.pk else None,
        "can_finish": is_open and _is_waited_for(request, draft),
        "until_words": _until(draft),
        "title": f"{labels.title} {labels.mark}",
        "draft_words": f"projet n° {draft.number}",
    }
    return render(request, "reporting/workflow/draft.html", context)


def _is_waited_for(request: HttpRequest, draft: SentDraft) -> bool:
    user: Any = request.user
    return (
        user.is_buyer
        and Task.objects.visible_to(user).open().filter(key=key_of(draft.bilan, BilanState.SENT)).exists()
    )


def _until(draft: SentDraft) -> str:
    left = (draft.comments_until - timezone.localdate()).days
    day = formats.day(draft.comments_until)
    if left < 0:
        return f"le délai est passé depuis le {day}, vos observations restent lues jusqu’à la publication"
    return f"jusqu’au {day}" + (f", dans {formats.noun(left, 'jour')}" if left else ", aujourd’hui")


@role_required(BUYER)
@require_POST
def sent_draft_done(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer has read and has nothing more to say."""
    draft = _draft(request, pk)
    if draft.bilan.state != BilanState.SENT:
        messages.error(request, "Ce projet n’attend plus d’observations.")
    elif finish_reading(draft=draft, by=request.user):  # type: ignore[arg-type]
        messages.success(request, "Merci : la maison sait que vous avez terminé votre lecture.")
    return redirect("sent_draft_detail", pk=pk)


# --- The page of a link -------------------------------------------------------------------------------------


@link_page("link")
@require_safe
def bilan_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The files of a published bilan, for who holds its link."""
    try:
        parcel = open_delivery(token)
    except DomainError as error:
        return _dead(request, error)
    bilan = parcel.delivery.bilan
    context = {
        "bilan": bilan,
        "labels": labels_of(bilan.snapshot or {}),
        "house": (bilan.snapshot or {})["house"],
        "files": [(row, FILE_WORDS.get(row.format, row.file.name)) for row in parcel.files],
        "newer": parcel.newer,
        "token": token,
    }
    return render(request, "reporting/workflow/delivery.html", context)


@link_page("link")
@require_GET
def bilan_file_by_link(request: HttpRequest, token: str, file_format: str) -> HttpResponse:
    """One file, downloaded through a link: counted, and in the log of accesses."""
    try:
        stored = file_of_delivery(token, file_format)
    except DomainError as error:
        return _dead(request, error)
    return file_response(read_file(stored), stored.name, content_type=stored.content_type)


def _dead(request: HttpRequest, error: DomainError) -> HttpResponse:
    context = {"code": 404, "title": "Lien sans effet", "sentence": error.sentence, "home_url": "/"}
    return render(request, "core/error.html", context, status=404)
