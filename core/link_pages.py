"""Pages that a link opens without an account: not asked for too often, and kept by nobody on the way."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal.ratelimit import consume_or_429
from django.http import HttpRequest, HttpResponse

from core.access import public

LinkView = Callable[..., HttpResponse]


def link_page(limit: str) -> Callable[[LinkView], LinkView]:
    """A public page of a link (`core.links`): who asks more often than `limit` (a name of the settings) is guessing.

    Whoever holds the address reads the page: no cache keeps it, no search engine, no other site is told of it.
    """

    def decorate(view: LinkView) -> LinkView:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            refused = consume_or_429(request, app="allauth.account", action=limit, limit_get=True)
            if refused is not None:
                return refused
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            # « no-referrer » would have browsers send a form with an origin of « null », which the CSRF check refuses.
            response["Referrer-Policy"] = "same-origin"
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return public(opened)

    return decorate
