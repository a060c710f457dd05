"""What follows a recommendation that is ready: sent, answered, replaced by a version, taken up in the market."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from clauses.forms.recommendations import (
    AnswerForm,
    SendForm,
    TakeUpForm,
)
from clauses.models import Clause, ScenarioLot
from clauses.recommendation_paper import paper_of
from clauses.services import recommendation_answers as answers
from clauses.services import recommendations as services
from clauses.views.recommendations import READERS, draft_row, recommendation_row
from core import formats
from core.access import HOUSE, house_required, role_required
from markets.views.forms import confirm_page, form_page


@house_required
def recommendation_send(request: HttpRequest, pk: int) -> HttpResponse:
    row = draft_row(request.user, pk)
    back = reverse("recommendation_detail", args=[pk])
    missing = services.what_is_missing(row)
    if missing and request.method != "POST":
        messages.warning(request, missing)
        return redirect("recommendation_edit", pk=pk)
    today = timezone.localdate()
    buyer = row.target.buyer
    paper = paper_of(row, on=today)
    advised = paper.advised
    total = formats.hours(advised.total.hours) if advised else formats.ABSENT
    form = SendForm(
        request.POST or None,
        user=request.user,
        buyer=buyer,
        initial={
            "subject": formats.short(f"Préconisation d’insertion : {row.title}", 200),
            "body": "Bonjour,\n\n"
            f"Vous trouverez ci-joint notre préconisation pour « {row.title} » : "
            f"{total} d’insertion dans le scénario que nous préconisons, avec le raisonnement et le texte à insérer "
            "dans vos pièces.\n\n"
            "Vous pouvez y répondre dans Maillon, à l’adresse ci-dessous, ou par retour de message.\n\n"
            f"Bien cordialement,\n{request.user}",
            "due_on": today + dt.timedelta(days=answers.ANSWER_DAYS),
        },
    )
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title="Envoyer la préconisation",
        facts=f"{buyer} · {row}",
        intro="Le PDF et le DOCX partent en pièces jointes. Une fois envoyée, la préconisation ne change plus : une "
        "correction est une nouvelle version.",
        back=back,
        cancel_url=back,
        back_label=str(row),
        submit_label="Envoyer",
        done="La préconisation est envoyée ; la réponse du donneur d’ordre est attendue.",
        save=lambda: answers.send_recommendation(
            recommendation=row,
            recipients=form.cleaned_data["recipients"],
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
            due_on=form.cleaned_data["due_on"],
            by=request.user,
        ),
    )


@role_required(*READERS)
def recommendation_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer answers under its own account; the house records what it was told, and when."""
    row = recommendation_row(request.user, pk)
    user: Any = request.user
    is_house = user.role in HOUSE
    back = reverse("recommendation_detail", args=[pk])
    if request.method != "POST" and (not row.waits_for_answer or answers.is_replaced(row)):
        messages.info(request, "Cette préconisation n’attend pas de réponse.")
        return redirect(back)
    form = AnswerForm(
        request.POST or None,
        user=user,
        recommendation=row,
        is_house=is_house,
        initial={"on": timezone.localdate()},
    )
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title="Enregistrer la réponse" if is_house else "Répondre à la préconisation",
        facts=f"{row.target.buyer} · {row}",
        intro="" if is_house else "Votre réponse est transmise à la maison, qui prépare la suite.",
        back=back,
        cancel_url=back,
        back_label=str(row),
        submit_label="Enregistrer la réponse" if is_house else "Répondre",
        done="La réponse est enregistrée.",
        save=lambda: answers.record_answer(
            recommendation=row,
            answer=form.cleaned_data["answer"],
            on=form.cleaned_data.get("on") or timezone.localdate(),
            text=form.cleaned_data["text"],
            chosen=form.cleaned_data["chosen"],
            by=user,
        ),
    )


@house_required
def recommendation_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then copy a sent recommendation into a new draft."""
    row = recommendation_row(request.user, pk)
    if row.is_draft:
        raise Http404
    back = reverse("recommendation_detail", args=[pk])
    return confirm_page(
        request,
        title="Préparer une nouvelle version",
        consequence=f"« {row} » sera copiée dans un brouillon. La version envoyée reste comme elle est.",
        submit_label="Préparer la nouvelle version",
        back=back,
        back_label=str(row),
        done=lambda copy: f"La version {copy.number} est ouverte en brouillon.",
        save=lambda: answers.start_new_version(recommendation=row, by=request.user),
        after=lambda copy: reverse("recommendation_edit", args=[copy.pk]),
    )


@house_required
def recommendation_take_up(request: HttpRequest, pk: int) -> HttpResponse:
    """« Reprendre dans le marché »: see which clauses would be written on which lots, then write them, once."""
    row = recommendation_row(request.user, pk)
    back = reverse("recommendation_detail", args=[pk])
    refusal = answers.why_not_taken_up(row)
    if refusal:
        messages.warning(request, refusal)
        return redirect(back)
    market = answers.market_of(row)
    if market is None or row.chosen_id is None:
        raise Http404
    lots = ScenarioLot.objects.visible_to(request.user).filter(scenario=row.chosen_id)
    with_hours = [lot for lot in lots.order_by("position", "pk") if lot.hours > 0]
    form = TakeUpForm(request.POST or None, user=request.user, parts=with_hours, market=market)
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title="Reprendre dans le marché",
        facts=f"{market} · {row.chosen}",
        intro="Chaque ligne écrira une clause sur le lot du marché choisi, avec son minimum d’heures, son taux d’effort "
        "et sa pénalité. Cela se fait une fois.",
        back=reverse("market_commitments", args=[market.pk]),
        cancel_url=back,
        back_label=str(row),
        submit_label="Écrire les clauses",
        done="Les clauses sont écrites sur les lots du marché.",
        template="clauses/recommendation_take_up.html",
        parts=with_hours,
        existing=Clause.objects.visible_to(request.user)
        .filter(lot__market=market)
        .select_related("lot")
        .order_by("lot", "pk"),
        penalty=row.penalty_text,
        save=lambda: answers.take_up(recommendation=row, lots=form.chosen(), by=request.user),
    )
