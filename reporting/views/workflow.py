"""Gestures of the house on the life of a bilan: writer, review, sending back, projet, answers, delivery."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import house_required
from core.errors import DomainError
from markets.views.forms import confirm_page, form_page
from reporting.enums import CommentSide
from reporting.forms.workflow import (
    AnswerForm,
    CommentForm,
    DeliveryForm,
    SendBackForm,
    SendForm,
    SubmitForm,
    WriterForm,
)
from reporting.life import chapter_title
from reporting.models import Bilan, BilanComment
from reporting.referents import referents_of
from reporting.services.comments import answer_comment, comment_bilan, where
from reporting.services.deliveries import LINK_DAYS, check_may_deliver, deliver_bilan
from reporting.services.publication import compute
from reporting.services.sent_drafts import ask_to_send, check_may_send
from reporting.services.workflow import SEND_BACK, SUBMIT, assign_writer, send_back_bilan, submit_bilan


def house_bilan(request: HttpRequest, pk: int) -> Bilan:
    rows = Bilan.objects.visible_to(request.user).select_related(
        "buyer", "writer", "market__buyer", "market__operation", "operation__buyer"
    )
    return get_object_or_404(rows, pk=pk)


def _page(pk: int) -> str:
    return reverse("bilan_detail", args=[pk])


def _refused(request: HttpRequest, pk: int, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("bilan_detail", pk=pk)


@house_required
def bilan_writer(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose who writes."""
    bilan = house_bilan(request, pk)
    if bilan.is_published:
        return _refused(request, pk, "Ce bilan est publié : il ne s’écrit plus.")
    form = WriterForm(request.POST or None, user=request.user, initial={"writer": bilan.writer})
    return form_page(
        request,
        form,
        title="Qui rédige",
        facts=str(bilan),
        back=_page(pk),
        back_label="Bilan",
        cancel_url=_page(pk),
        done="C’est noté.",
        save=lambda: assign_writer(bilan=bilan, writer=form.cleaned_data["writer"], by=request.user),  # type: ignore[arg-type]
    )


@house_required
def bilan_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose the draft to who reads it."""
    bilan = house_bilan(request, pk)
    if bilan.state not in SUBMIT.sources:
        return _refused(request, pk, SUBMIT.refusal)
    form = SubmitForm(request.POST or None, user=request.user, bilan=bilan)
    empty = [title for title, written in _written(bilan) if not written]
    intro = (
        f"Sections encore vides : {', '.join(empty)}. Elles ne paraîtront pas."
        if empty
        else "Toutes les sections du texte sont écrites."
    )
    return form_page(
        request,
        form,
        title="Proposer à la relecture",
        facts=str(bilan),
        intro=intro,
        back=_page(pk),
        back_label="Bilan",
        cancel_url=_page(pk),
        submit_label="Proposer",
        done="Le bilan est proposé à la relecture.",
        save=lambda: submit_bilan(bilan=bilan, reviewer=form.cleaned_data["reviewer"], by=request.user),  # type: ignore[arg-type]
    )


def _written(bilan: Bilan) -> list[tuple[str, bool]]:
    from reporting.narrative import SECTIONS

    return [(title, bool(bilan.narrative.get(key, "").strip())) for key, (title, _) in SECTIONS.items()]


@house_required
def bilan_reading(request: HttpRequest, pk: int) -> HttpResponse:
    """« Relecture »: the document as it stands, a remark under each chapter."""
    bilan = house_bilan(request, pk)
    if bilan.is_published:
        return redirect("bilan_detail", pk=pk)
    chapter = request.POST.get("chapter", "")
    bound = None
    if request.method == "POST":
        bound = CommentForm(
            request.POST, user=request.user, prefix=chapter or "document", title=chapter_title(chapter)
        )
        if bound.is_valid():
            try:
                comment_bilan(bilan=bilan, chapter=chapter, text=bound.cleaned_data["text"], by=request.user)  # type: ignore[arg-type]
            except DomainError as error:
                bound.add_domain_error(error)
            else:
                messages.success(request, "La remarque est notée.")
                return redirect(f"{request.path}#{chapter or 'document'}")
    snapshot = compute(bilan, now=timezone.now())
    rows = bilan.comments.filter(side=CommentSide.HOUSE).select_related("author", "answered_by")
    context = {
        "bilan": bilan,
        "snapshot": snapshot,
        "chapters": commented_chapters(snapshot, list(rows), request.user, bound, chapter),
        "can_send_back": bilan.state in SEND_BACK.sources,
    }
    return render(request, "reporting/workflow/reading.html", context)


def commented_chapters(
    snapshot: dict[str, Any],
    comments: list[BilanComment],
    user: Any,
    bound: CommentForm | None,
    chosen: str,
    *,
    opens: bool = True,
) -> list[dict[str, Any]]:
    """The chapters with their remarks and their form, then the whole document with those of no chapter of it."""
    keys = {chapter["key"] for chapter in snapshot["chapters"]}
    found = []
    for chapter in [*snapshot["chapters"], None]:
        key = chapter["key"] if chapter else ""
        is_chosen = bound is not None and (chosen if chosen in keys else "") == key
        form = bound if is_chosen else None
        if form is None and opens:
            form = CommentForm(
                user=user,
                prefix=key or "document",
                title=chapter["title"] if chapter else "l’ensemble du document",
            )
        mine = [row for row in comments if (row.chapter if row.chapter in keys else "") == key]
        found.append({"key": key, "chapter": chapter, "comments": mine, "form": form, "is_open": is_chosen})
    return found


@house_required
def bilan_send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the bilan back to who writes it, with the reason."""
    bilan = house_bilan(request, pk)
    if bilan.state not in SEND_BACK.sources:
        return _refused(request, pk, SEND_BACK.refusal)
    form = SendBackForm(request.POST or None, user=request.user)
    return form_page(
        request,
        form,
        title="Renvoyer à la rédaction",
        facts=str(bilan),
        intro=f"{bilan.writer or 'La personne qui rédige'} reçoit ce motif par courriel et le trouve parmi ce qui "
        "l’attend. Vos remarques par chapitre restent sur le bilan.",
        back=_page(pk),
        back_label="Bilan",
        cancel_url=_page(pk),
        submit_label="Renvoyer",
        done="Le bilan est renvoyé à la rédaction.",
        save=lambda: send_back_bilan(bilan=bilan, reason=form.cleaned_data["reason"], by=request.user),  # type: ignore[arg-type]
    )


@house_required
def bilan_send(request: HttpRequest, pk: int) -> HttpResponse:
    """« Transmettre le projet »: until when, a word, who will be told."""
    bilan = house_bilan(request, pk)
    try:
        check_may_send(bilan)
    except DomainError as error:
        return _refused(request, pk, error.sentence)
    form = SendForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            job = ask_to_send(bilan=bilan, user=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return redirect("job_detail", pk=job.pk)
    context = {
        "title": "Transmettre le projet",
        "facts": str(bilan),
        "form": form,
        "told": told_words(bilan),
        "submit_label": "Transmettre",
        "back_url": _page(pk),
        "back_label": "Bilan",
        "cancel_url": _page(pk),
    }
    return render(request, "reporting/workflow/send.html", context)


def told_words(bilan: Bilan) -> list[str]:
    """Who reads the projet in the application, who gets its PDF, who has no address."""
    assert bilan.buyer is not None
    people = referents_of(bilan.buyer)
    said = []
    readers = [row.label for row in people if row.has_account]
    contacts = [row.label for row in people if not row.has_account and row.email]
    without = [row.name for row in people if not row.email]
    if readers:
        said.append(f"Lit le projet et note ses observations dans Maillon : {' ; '.join(readers)}.")
    else:
        said.append(
            f"Personne chez {bilan.buyer} n’a de compte qui voit le donneur d’ordre entier : ses observations vous "
            "reviendront autrement, vous les noterez sur la page du projet."
        )
    if contacts:
        said.append(f"Reçoit le PDF par courriel, sans compte : {' ; '.join(contacts)}.")
    if without:
        said.append(f"Sans adresse électronique, à prévenir autrement : {' ; '.join(without)}.")
    return said


@house_required
def bilan_comment_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was done of a remark."""
    comment = get_object_or_404(
        BilanComment.objects.visible_to(request.user).select_related("bilan__buyer", "draft", "author"), pk=pk
    )
    is_buyers = comment.side == CommentSide.BUYER
    back = (
        f"{reverse('sent_draft_detail', args=[comment.draft_id])}#observation-{pk}"
        if is_buyers
        else f"{_page(comment.bilan_id)}#relecture"
    )
    if comment.bilan.is_published:
        return _refused(
            request, comment.bilan_id, "Ce bilan est publié : ses observations restent comme elles sont."
        )
    form = AnswerForm(request.POST or None, user=request.user, comment=comment)
    return form_page(
        request,
        form,
        title="Donner suite à une observation",
        facts=f"{where(comment) if is_buyers else chapter_title(comment.chapter)} · {comment.author}, le "
        f"{formats.day(timezone.localdate(comment.at))}",
        template="reporting/workflow/answer.html",
        comment=comment,
        back=back,
        back_label="Projet transmis" if is_buyers else "Bilan",
        cancel_url=back,
        done="La réponse est enregistrée.",
        save=lambda: answer_comment(comment=comment, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
def bilan_deliver(request: HttpRequest, pk: int) -> HttpResponse:
    """« Remettre »: the referents, each with a link of their own."""
    bilan = house_bilan(request, pk)
    try:
        check_may_deliver(bilan)
    except DomainError as error:
        return _refused(request, pk, error.sentence)
    referents = referents_of(bilan.buyer) if bilan.buyer is not None else []
    had = list(bilan.deliveries.order_by("email").values_list("email", flat=True))
    form = DeliveryForm(request.POST or None, user=request.user, referents=referents, had=had)
    details = [
        f"Sans adresse électronique : {row.name}. Renseignez-la sur la fiche du donneur d’ordre, ou écrivez-la ci-dessous."
        for row in referents
        if not row.email
    ]
    if had:
        details.append(f"Déjà remis à {', '.join(had)} : le nouveau lien remplace le précédent.")
    return confirm_page(
        request,
        form,
        title=f"Remettre : {bilan}",
        consequence=f"Chaque adresse reçoit son lien vers les fichiers, valable {LINK_DAYS} jours, sans compte. Les "
        "téléchargements sont notés.",
        details=details,
        submit_label="Remettre le bilan",
        back=_page(pk),
        back_label="Bilan",
        done=lambda rows: f"Le bilan est remis à {formats.noun(len(rows), 'adresse')}.",
        save=lambda: deliver_bilan(bilan=bilan, addresses=form.cleaned_data["addresses"], by=request.user),  # type: ignore[arg-type]
    )
