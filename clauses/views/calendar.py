"""« Rappels et agenda »: how often to be reminded, the secret address of one's calendar; and that address itself."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.ratelimit import consume_or_429
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clauses import feeds
from clauses.forms.reminders import ReminderForm
from core.access import everyone_required, public
from core.readonly import readonly_view


@public
@require_safe
@readonly_view
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """What a calendar reads without signing in; an unknown or revoked address is nothing at all."""
    # A calendar asks once an hour: who asks this often is guessing.
    refused = consume_or_429(request, app="allauth.account", action="calendar", limit_get=True)
    if refused is not None:
        return refused
    user = feeds.user_of_address(token)
    if user is None:
        raise Http404
    response = HttpResponse(feeds.feed_of(user), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="maillon.ics"'
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@everyone_required
@require_http_methods(["GET", "POST"])
def reminders(request: HttpRequest) -> HttpResponse:
    """How often, and the state of the calendar's address."""
    return _page(request)


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    user: Any = request.user
    request.place = "settings"  # type: ignore[attr-defined]
    is_sent = request.method == "POST" and "digest" in request.POST
    form = ReminderForm(request.POST if is_sent else None, instance=user, user=user)
    if is_sent and form.is_valid():
        form.save()
        messages.success(request, "Votre choix est enregistré.")
        return redirect("reminders")
    return render(request, "clauses/calendar_settings.html", {"form": form, "address": "", **context})


@everyone_required
@require_POST
@never_cache
def calendar_create(request: HttpRequest) -> HttpResponse:
    """Make the address, or another one; it is shown on this page only."""
    address = feeds.make_calendar_address(request.user)  # type: ignore[arg-type]
    return _page(request, address=address)


@everyone_required
@require_POST
def calendar_revoke(request: HttpRequest) -> HttpResponse:
    feeds.revoke_calendar_address(request.user)  # type: ignore[arg-type]
    messages.success(request, "L’adresse de votre agenda ne répond plus.")
    return redirect("reminders")
