"""What a program is told when something is refused: RFC 9457, in French sentences, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from core import formats
from core.access import public
from core.errors import DomainError

logger = logging.getLogger("maillon.errors")

TITLES = {
    400: "Demande illisible",
    401: "Clé refusée",
    403: "Clé sans ce droit",
    404: "Introuvable",
    405: "Méthode refusée",
    409: "En conflit avec l’état présent",
    413: "Envoi trop lourd",
    422: "Demande refusée",
    429: "Trop de demandes",
    500: "Panne du logiciel",
}
NOT_FOUND = "Cette adresse ne mène à rien, ou à ce que cette clé n’ouvre pas."
BROKEN = "L’incident est consigné ; rien n’a été enregistré. Réessayez avec la même clé d’idempotence."
# What pydantic says in English, as we say it.
WORDS = {
    "missing": "Ce champ manque.",
    "extra_forbidden": "Ce champ n’existe pas.",
    "int_parsing": "Un nombre entier est attendu.",
    "int_type": "Un nombre entier est attendu.",
    "int_from_float": "Un nombre entier est attendu.",
    "bool_parsing": "« true » ou « false » est attendu.",
    "bool_type": "« true » ou « false » est attendu.",
    "string_type": "Un texte est attendu.",
    "string_too_long": "Ce texte est trop long.",
    "list_type": "Une liste est attendue.",
    "too_long": "Cette liste est trop longue : envoyez-la en plusieurs fois.",
    "too_short": "Cette liste est vide.",
    "date_from_datetime_parsing": "Une date est attendue, écrite 2026-10-31.",
    "date_parsing": "Une date est attendue, écrite 2026-10-31.",
    "date_type": "Une date est attendue, écrite 2026-10-31.",
    "model_attributes_type": "Un objet JSON est attendu.",
    "model_type": "Un objet JSON est attendu.",
}


class Problem(Exception):
    """A refusal with its status of HTTP and its sentence; `more` are further members of the answer."""

    def __init__(
        self, status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, headers or {}, more


def problem_body(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The members of the answer; « about:blank » says that the status tells what kind of problem it is."""
    return {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[500]),
        "status": status,
        "detail": formats.typeset(detail),
        **more,
    }


def answer_problem(
    status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    return JsonResponse(
        problem_body(status, detail, **more),
        status=status,
        content_type="application/problem+json",
        headers=headers or {},
        json_dumps_params={"ensure_ascii": False},
    )


def pointer_of(place: tuple[Any, ...] | list[Any]) -> str:
    """« /lines/3/hours » (RFC 6901): where in the body, without the names that the framework gives it."""
    parts = [str(part) for part in place]
    if parts and parts[0] in ("body", "path", "query", "header"):
        # The name of the function's argument follows.
        parts = parts[2:] if parts[0] == "body" else parts[1:]
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def register_problems(api: NinjaAPI) -> None:
    """Have every refusal of this interface answered as a problem."""

    @api.exception_handler(Problem)
    def _refused(request: HttpRequest, error: Problem) -> HttpResponse:
        return answer_problem(error.status, error.detail, headers=error.headers, **error.more)

    @api.exception_handler(DomainError)
    def _domain(request: HttpRequest, error: DomainError) -> HttpResponse:
        if error.field:
            return answer_problem(
                422, error.sentence, errors=[{"pointer": f"/{error.field}", "detail": error.sentence}]
            )
        return answer_problem(409, error.sentence)

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {
                "pointer": pointer_of(row.get("loc", ())),
                "detail": WORDS.get(row.get("type", ""), "Cette valeur n’est pas de la forme attendue."),
            }
            for row in error.errors[:100]
        ]
        return answer_problem(
            422, "Cette demande n’a pas la forme attendue : chaque champ en cause est nommé.", errors=errors
        )

    @api.exception_handler(Http404)
    def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer_problem(404, NOT_FOUND)

    @api.exception_handler(RequestDataTooBig)
    def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return answer_problem(413, "Cet envoi est trop lourd : envoyez-le en plusieurs fois.")

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == 400:
            return answer_problem(400, "Le corps de la demande n’est pas du JSON lisible.")
        return answer_problem(error.status_code, TITLES.get(error.status_code, NOT_FOUND))

    @api.exception_handler(RecursionError)
    def _too_deep(request: HttpRequest, error: RecursionError) -> HttpResponse:
        return answer_problem(400, "Le corps de la demande n’est pas du JSON lisible.")

    @api.exception_handler(Exception)
    def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.exception("The interface failed")
        return answer_problem(500, BROKEN)


def open_to_programs(patterns: list[URLPattern | URLResolver]) -> None:
    """Let these addresses in without a session: the key decides; what no operation answers is a problem too."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            open_to_programs(pattern.url_patterns)
        else:
            pattern.callback = _opened(pattern.callback)


def _opened(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    # The document's view is a partial, which has no name to keep.
    @wraps(getattr(view, "func", view))
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = answer_problem(404, NOT_FOUND)
        if response.status_code == 405:
            allowed = response.get("Allow", "")
            response = answer_problem(405, f"Cette adresse accepte {allowed}.", headers={"Allow": allowed})
        response["Cache-Control"] = "no-store"
        return response

    opened.csrf_exempt = True  # type: ignore[attr-defined]
    return public(opened)


@public
def unknown_address(request: HttpRequest, rest: str) -> HttpResponse:
    """Whatever else is asked under the interface's addresses: a program reads JSON."""
    return answer_problem(404, NOT_FOUND)


unknown_address.csrf_exempt = True  # type: ignore[attr-defined]
