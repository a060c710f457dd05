"""The interface of payroll software: an employer's people of a month, its hours, its declaration."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Header, Router, Schema
from pydantic import ConfigDict, field_validator

from beneficiaries.api_lines import REFUSED, write_lines
from beneficiaries.declaration_dates import due_on, written
from beneficiaries.declaration_grid import may_write, own_assignments
from beneficiaries.enums import DeclarationState
from beneficiaries.models import HoursEntry, MonthDeclaration
from beneficiaries.services import declarations as services
from core import formats
from core.forms import parse_month
from core.problems import Problem, problem_body
from markets.api_auth import company_of, log_call
from markets.models import Company
from markets.services.tokens import KEY_MAX, Answer, OtherBody, answer_once, body_digest

router = Router()
LINES_MAX = 2_000
# NUL and the halves of pairs: JSON writes them, PostgreSQL and UTF-8 do not.
_UNHELD = re.compile("[\x00\ud800-\udfff]")
PROBLEMS = (
    "Un refus est un « problem » (RFC 9457, `application/problem+json`) : `status`, `title`, `detail` en français, "
    "et `errors` avec l’endroit de la demande (`pointer`)."
)


class Strict(Schema):
    """A body where a field that does not exist is a slip, not something to pass over."""

    model_config = ConfigDict(extra="forbid")


class PersonIn(Strict):
    last_name: str = Field(max_length=150, description="Nom, ou nom de naissance.")
    first_name: str = Field(max_length=150, description="Prénom.")
    birth_date: dt.date = Field(description="Date de naissance, 1990-05-17.")


class LineIn(Strict):
    assignment: int | None = Field(None, description="Numéro de l’affectation, lu dans `/assignments`.")
    person: PersonIn | None = Field(None, description="À défaut du numéro : la personne.")
    market: str | None = Field(None, max_length=100, description="Référence du marché, avec `person`.")
    kind: str = Field("work", max_length=20, description="work, training, tutoring ou immersion.")
    hours: Any = Field(
        ...,
        description="Heures : 12.5, « 12,5 » ou « 12h30 » ; `null` efface la ligne.",
        json_schema_extra={"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]},
    )
    version: int | None = Field(
        None, description="Version lue : la ligne est refusée si elle a changé depuis. Facultatif."
    )

    @field_validator("hours", "kind", mode="before")
    @classmethod
    def legible(cls, sent: Any) -> Any:
        """As sent, but for what no database holds, which is shown as such, and for what is no figure at all."""
        if isinstance(sent, str):
            return _UNHELD.sub("\ufffd", sent)
        return True if isinstance(sent, dict | list) else sent


class HoursIn(Strict):
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    all_or_nothing: bool = Field(False, description="Une ligne refusée, et rien n’est écrit (réponse 422).")


class SubmissionIn(Strict):
    name: str = Field(max_length=150, description="Nom de la personne qui déclare.")
    note: str = Field("", max_length=2_000, description="Message à la maison.")
    no_hours: bool = Field(False, description="Aucune heure ce mois.")


class AccountOut(Schema):
    company: str
    key: str = Field(description="Nom donné à la clé.")
    expires_on: dt.date | None


class HoursOut(Schema):
    kind: str
    hours: float
    version: int
    state: str = Field(description="draft, submitted, sent_back ou validated.")
    sent_back_reason: str = Field(description="Ce qui est à corriger, quand `state` vaut sent_back.")
    can_write: bool


class PersonOut(Schema):
    last_name: str
    first_name: str


class MarketOut(Schema):
    reference: str
    object: str


class AssignmentOut(Schema):
    id: int
    person: PersonOut
    market: MarketOut
    user_company: str | None
    starts_on: dt.date
    ends_on: dt.date | None
    eligible_until: dt.date | None
    hours: list[HoursOut]


class AssignmentsOut(Schema):
    month: str
    assignments: list[AssignmentOut]


class DeclarationOut(Schema):
    month: str
    state: str = Field(description="draft, submitted, sent_back ou accepted.")
    due_on: dt.date
    no_hours: bool
    submitted_at: dt.datetime | None
    submitted_name: str
    sent_back_reason: str
    total_hours: float
    can_write: bool


class ResultOut(Schema):
    pointer: str
    status: str = Field(description="accepted, unchanged, refused ou not_written.")
    assignment: int | None
    kind: str
    hours: float | None
    version: int | None
    detail: str | None = None


class WrittenOut(Schema):
    declaration: DeclarationOut
    accepted: int
    unchanged: int
    refused: int
    results: list[ResultOut]


def month_of(text: str) -> dt.date:
    """« 2026-10 » of an address. Raises Problem 422."""
    try:
        found = parse_month(text) if len(text) == 7 and text[4] == "-" else None
    except ValueError:
        found = None
    if found is None:
        raise Problem(
            422,
            "Un mois s’écrit 2026-10.",
            errors=[{"pointer": "/month", "detail": "Un mois s’écrit 2026-10."}],
        )
    return found


# --- Reading -------------------------------------------------------------------------------------------------


@router.get("/account", response=AccountOut, summary="À qui est cette clé", url_name="account")
def read_account(request: HttpRequest) -> dict[str, Any]:
    company = company_of(request)
    token: Any = request.auth  # type: ignore[attr-defined]
    log_call(request, "compte")
    return {"company": str(company), "key": token.name, "expires_on": token.expires_on}


@router.get(
    "/assignments", response=AssignmentsOut, summary="Vos affectations d’un mois", url_name="assignments"
)
def read_assignments(request: HttpRequest, month: str) -> dict[str, Any]:
    """Les personnes que vous employez au titre d’une clause ce mois-là, et les heures déjà déclarées."""
    company, when = company_of(request), month_of(month)
    row = _row(company, when)
    is_open = row is None or row.is_open
    known = list(own_assignments(company, when))
    rows = HoursEntry.objects.current().filter(assignment__in=[one.pk for one in known], month=when)
    hours: dict[int, list[dict[str, Any]]] = {}
    for entry in rows.order_by("assignment_id", "kind"):
        hours.setdefault(entry.assignment_id, []).append(_hours_out(entry, is_open))
    log_call(request, f"affectations {written(when)}")
    return {
        "month": written(when),
        "assignments": [_assignment_out(one, when, hours.get(one.pk, [])) for one in known],
    }


def _hours_out(entry: HoursEntry, is_open: bool) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "hours": float(entry.hours),
        "version": entry.version,
        "state": entry.state,
        "sent_back_reason": entry.sent_back_reason if entry.state == "sent_back" else "",
        "can_write": is_open and may_write(entry),
    }


def _assignment_out(one: Any, month: dt.date, hours: list[dict[str, Any]]) -> dict[str, Any]:
    person, market = one.placement.beneficiary, one.commitment.market
    until = one.eligible_until
    return {
        "id": one.pk,
        "person": {"last_name": person.last_name, "first_name": person.first_name},
        "market": {"reference": market.reference, "object": market.object},
        "user_company": str(one.user_company) if one.user_company else None,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        # A date that has passed would say « expiré », which is the house's to tell.
        "eligible_until": until if until and until >= month else None,
        "hours": hours,
    }


@router.get(
    "/declarations/{month}",
    response=DeclarationOut,
    summary="Où en est la déclaration d’un mois",
    url_name="declaration",
)
def read_declaration(request: HttpRequest, month: str) -> dict[str, Any]:
    company, when = company_of(request), month_of(month)
    log_call(request, f"déclaration {written(when)}")
    return _declaration_out(company, when)


def _row(company: Company, month: dt.date) -> MonthDeclaration | None:
    return MonthDeclaration.objects.filter(company=company, month=month).first()


def _declaration_out(company: Company, month: dt.date) -> dict[str, Any]:
    row = _row(company, month) or MonthDeclaration(company=company, month=month)
    total = sum(services.entries_of(row).values_list("hours", flat=True), start=0)
    return {
        "month": written(month),
        "state": str(row.state),
        "due_on": due_on(month).isoformat(),
        "no_hours": row.no_hours,
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "submitted_name": row.submitted_name,
        "sent_back_reason": row.sent_back_reason if row.state == DeclarationState.SENT_BACK else "",
        "total_hours": float(total),
        "can_write": row.is_open,
    }


# --- Writing -------------------------------------------------------------------------------------------------


@router.api_operation(
    ["PUT", "POST"],
    "/declarations/{month}/hours",
    response={200: WrittenOut},
    summary="Déclarer des heures",
    url_name="hours",
)
def write_hours(
    request: HttpRequest,
    month: str,
    body: HoursIn,
    idempotency_key: str = Header(
        "", alias="Idempotency-Key", description="Une clé par envoi, 200 signes au plus."
    ),
) -> HttpResponse:
    """Écrit les lignes en brouillon : chacune est acceptée ou refusée, avec sa raison. Rien n’est soumis."""
    company, when = company_of(request), month_of(month)

    def act() -> Answer:
        declaration = services.start_declaration(company=company, month=when, by=None)
        found = write_lines(declaration, company, when, body.lines, all_or_nothing=body.all_or_nothing)
        answer = found.answer()
        if body.all_or_nothing and found.count(REFUSED):
            refused = formats.noun(found.count(REFUSED), "ligne est refusée", "lignes sont refusées")
            errors = [
                {"pointer": row["pointer"], "detail": row["detail"]}
                for row in answer["results"]
                if row["status"] == REFUSED
            ]
            return Answer(422, problem_body(422, f"{refused} : rien n’est écrit.", errors=errors, **answer))
        return Answer(200, {"declaration": _declaration_out(company, when), **answer})

    log_call(request, f"heures {written(when)}")
    return _once(request, idempotency_key, body, act)


@router.post(
    "/declarations/{month}/submission",
    response={200: DeclarationOut},
    summary="Soumettre le mois",
    url_name="submission",
)
def submit_month(
    request: HttpRequest,
    month: str,
    body: SubmissionIn,
    idempotency_key: str = Header(
        "", alias="Idempotency-Key", description="Une clé par envoi, 200 signes au plus."
    ),
) -> HttpResponse:
    """Envoie le mois à la maison : il ne se change plus, sauf si elle le renvoie."""
    company, when = company_of(request), month_of(month)

    def act() -> Answer:
        declaration = services.start_declaration(company=company, month=when, by=None)
        services.submit_declaration(
            declaration=declaration,
            by=None,
            name=_clean(body.name),
            note=_clean(body.note),
            no_hours=body.no_hours,
        )
        return Answer(200, _declaration_out(company, when))

    log_call(request, f"soumission {written(when)}")
    return _once(request, idempotency_key, body, act)


def _clean(text: str) -> str:
    """Words that both databases hold: no half of a pair, no NUL."""
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")


def _once(request: HttpRequest, key: str, body: Schema, act: Any) -> HttpResponse:
    key = _clean(key).strip()
    if not key or len(key) > KEY_MAX:
        raise Problem(
            400,
            f"Donnez à cet envoi son en-tête « Idempotency-Key », {KEY_MAX} signes au plus : renvoyé avec la même clé, "
            "il ne s’écrit pas deux fois.",
        )
    digest = body_digest(request.method or "", request.path, body.model_dump(mode="json"))
    try:
        answer = answer_once(token=request.auth, key=key, digest=digest, act=act)  # type: ignore[attr-defined]
    except OtherBody as error:
        raise Problem(422, error.sentence) from error
    kind = "application/json" if answer.status < 400 else "application/problem+json"
    response = JsonResponse(
        answer.body, status=answer.status, content_type=kind, json_dumps_params={"ensure_ascii": False}
    )
    if answer.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response
