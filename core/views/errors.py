"""Refusals: pages that need neither database nor session, and lost sessions that lose nothing typed."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string

from core import formats

logger = logging.getLogger("maillon.errors")

PAGES = {
    400: ("Demande incompréhensible", "Le navigateur a envoyé une demande que Maillon ne peut pas lire."),
    403: (
        "Page réservée",
        "Votre rôle ne donne pas accès à cette page. Si vous en avez besoin, demandez-le à la maison.",
    ),
    404: (
        "Page introuvable",
        "Cette adresse ne mène à rien, ou à un dossier qui ne vous est pas ouvert.",
    ),
    413: ("Envoi trop lourd", ""),
    429: (
        "Trop d’essais",
        "Il y a eu trop d’essais en peu de temps. Attendez quelques minutes, puis recommencez.",
    ),
    500: (
        "Panne du logiciel",
        "La page n’a pas pu être préparée. L’incident est consigné ; ce qui était enregistré l’est toujours. "
        "Réessayez dans un instant.",
    ),
}


def refusal(request: HttpRequest | None, code: int, sentence: str = "") -> HttpResponse:
    """The page of a refusal; to a script, its sentence alone."""
    title, usual = PAGES[code]
    sentence = sentence or usual
    if request is not None and wants_fragment(request):
        return HttpResponse(sentence, status=code, content_type="text/plain; charset=utf-8")
    context = {"code": code, "title": title, "sentence": sentence, "home_url": "/"}
    try:
        # Without the request: no context processor, so no session and no database.
        page: str = render_to_string("core/error.html", context)
    except Exception:
        logger.exception("The page of refusals could not be rendered")
        page = (
            f'<!doctype html><html lang="fr"><title>{title}</title><h1>{title}</h1><p>{sentence}</p></html>'
        )
    return HttpResponse(page, status=code)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, and 413 when what was sent is over a limit."""
    if isinstance(exception, TooManyFieldsSent):
        most = formats.number(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS, 0)
        return refusal(
            request,
            413,
            f"Cet envoi compte plus de {most} champs. Rien n’a été enregistré : enregistrez en plusieurs fois.",
        )
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        most = formats.size(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return refusal(
            request, 413, f"Cet envoi dépasse {most}. Rien n’a été enregistré : envoyez-le en plusieurs fois."
        )
    return refusal(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; a PermissionDenied may carry its own sentence."""
    return refusal(request, 403, str(exception or ""))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: what does not exist and what is out of scope look alike."""
    return refusal(request, 404)


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429, from allauth's limits."""
    return refusal(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return refusal(request, 500)


# --- Lost sessions ------------------------------------------------------------------------------------------


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asks (htmx, fetch) rather than a person who follows a link or sends a form."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        or headers.get("X-Requested-With") == "XMLHttpRequest"
        or headers.get("Sec-Fetch-Mode", "navigate") in ("cors", "same-origin")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is of another time: offer to send the same again with a fresh one."""
    return session_lost(request)


def session_lost(request: HttpRequest) -> HttpResponse:
    """403 with a sentence; what was typed comes back ready to be sent again, or stays in the page that sent it."""
    user = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    if is_signed_in:
        sentence = (
            "Cette page était ouverte depuis trop longtemps. Rien n’a été enregistré, et rien n’est perdu."
        )
        sign_in_url = ""
    else:
        sentence = (
            "Votre session a pris fin avant l’enregistrement. Rien n’est perdu : reconnectez-vous, "
            "puis envoyez de nouveau."
        )
        sign_in_url = resolve_url(settings.LOGIN_URL)
    context: dict[str, Any] = {"sentence": sentence, "sign_in_url": sign_in_url}
    if wants_fragment(request):
        return HttpResponse(render_to_string("core/_session_expired.html", context), status=403)
    if request.method != "POST" or not _comes_from_our_page(request) or _carries_secret(request):
        return refusal(request, 403, "Cette page a expiré. Revenez en arrière, rechargez-la et recommencez.")
    if request.FILES:
        context["sentence"] = f"{sentence} Le fichier joint, lui, est à choisir de nouveau."
    get_token(request)
    context["action"] = request.get_full_path()
    context["fields"] = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    response = render(request, "core/session_expired.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response


def _comes_from_our_page(request: HttpRequest) -> bool:
    """Only a form of ours is offered again: another site's must not be sent with one click of ours."""
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source or source == "null":
        return False
    parts = urlsplit(source)
    return (
        parts.netloc == request.get_host()
        or f"{parts.scheme}://{parts.netloc}" in settings.CSRF_TRUSTED_ORIGINS
    )


def _carries_secret(request: HttpRequest) -> bool:
    return any("password" in name for name in request.POST)
