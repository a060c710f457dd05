"""Who calls the interface: the key of a company or a buyer, in the Authorization header, and nothing else."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.ratelimit import consume
from django.http import HttpRequest
from ninja.security import HttpBearer

from accounts.access_log import record_access
from accounts.models import AccessKind
from core.problems import Problem
from markets.models import ApiToken, Buyer, Company
from markets.services.tokens import token_of

REFUSED = (
    "Donnez votre clé dans l’en-tête « Authorization: Bearer … ». Une clé expirée ou retirée n’ouvre rien : "
    "demandez-en une autre, ou créez-la dans Réglages."
)
TOO_MANY = "Trop de demandes en peu de temps : attendez une minute, puis recommencez."


class KeyAuth(HttpBearer):
    """Bearer keys; each call is limited by its key, each refusal by its address."""

    def __call__(self, request: HttpRequest) -> ApiToken:
        scheme, _, words = request.headers.get("Authorization", "").partition(" ")
        token = token_of(words.strip()) if scheme.lower() == "bearer" and words.strip() else None
        if token is None:
            self._limit(request, "api_refused")
            raise Problem(401, REFUSED, headers={"WWW-Authenticate": 'Bearer realm="Maillon"'})
        self._limit(request, "api", key=str(token.pk))
        return token

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # the whole header is read above

    def _limit(self, request: HttpRequest, action: str, key: str | None = None) -> None:
        if consume(request, app="allauth.account", action=action, key=key, limit_get=True) is None:
            raise Problem(429, TOO_MANY, headers={"Retry-After": "60"})


def company_of(request: HttpRequest) -> Company:
    """The company whose key calls. Raises Problem 403 for a buyer's key."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    if token.company is None:
        raise Problem(403, "Cette clé est celle d’un donneur d’ordre : elle ne déclare pas d’heures.")
    return token.company


def buyer_of(request: HttpRequest) -> Buyer:
    """The buyer whose key calls. Raises Problem 403 for a company's key."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    if token.buyer is None:
        raise Problem(
            403, "Cette clé est celle d’une entreprise : elle n’ouvre pas les chiffres d’un donneur d’ordre."
        )
    return token.buyer


def log_call(request: HttpRequest, what: str) -> None:
    """Keep in the log of accesses that a key read or wrote something; what: « heures 2026-10 », never a name."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    record_access(user=None, kind=AccessKind.PROGRAM, subject=f"clé {token.pk} {request.method} {what}")
