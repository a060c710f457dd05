"""The page that a partner opens by a link, without an account: the offer, and what they answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from beneficiaries.forms.offer_replies import NobodyForm, ReplyForms
from beneficiaries.services.offer_replies import decline_offer, propose_candidates, recipient_of_link
from beneficiaries.views.offers import offer_facts
from core.errors import DomainError
from core.link_pages import link_page
from markets.models import House

# « 2 personnes proposées » after sending; a longer number is somebody's own address.
SAID_MAX = 3


@link_page("offer_reply")
@require_http_methods(["GET", "POST"])
def offer_reply(request: HttpRequest, token: str) -> HttpResponse:
    """Read the offer and answer it; a link that opens nothing says so."""
    try:
        recipient = recipient_of_link(token)
    except DomainError as error:
        return render(
            request, "beneficiaries/offer_reply_gone.html", {"sentence": error.sentence}, status=404
        )
    replies, nobody, refusal = ReplyForms(), NobodyForm(), ""
    if request.method == "POST":
        is_nobody = "nobody" in request.POST
        replies = replies if is_nobody else ReplyForms(request.POST)
        nobody = NobodyForm(request.POST) if is_nobody else nobody
        try:
            if is_nobody and nobody.is_valid():
                decline_offer(recipient=recipient, note=nobody.cleaned_data["note"])
                return redirect(f"{request.path}?fait=personne")
            if not is_nobody and replies.is_valid():
                given = replies.given()
                propose_candidates(recipient=recipient, candidates=given)
                return redirect(f"{request.path}?fait={len(given)}")
        except DomainError as error:
            refusal = error.sentence
        # The mistakes stand in the form, further down than a telephone shows.
        refusal = refusal or "Rien n’est encore transmis : des champs sont à corriger plus bas."
    done = request.GET.get("fait", "")
    offer = recipient.offer
    context: dict[str, Any] = {
        "offer": offer,
        "facts": [(label, value) for label, value in offer_facts(offer) if value],
        "recipient": recipient,
        "house": House.current(),
        "replies": replies,
        "nobody": nobody,
        "refusal": refusal,
        "sent_now": int(done) if done.isdecimal() and len(done) == 1 and 1 <= int(done) <= SAID_MAX else 0,
        "nobody_now": done == "personne" and recipient.declined_on is not None,
        # How many, never who: the address may have been passed on.
        "proposed": recipient.applications.count(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "beneficiaries/offer_reply.html", context, status=status)
