"""The interface of a buyer's software: its published bilans, its figures of any whole months, its markets. Reading only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema

from core import formats
from core.errors import DomainError
from core.problems import Problem
from markets.api_auth import buyer_of, log_call
from markets.models import Buyer, MarketParty
from reporting.figures import figures_of, markets_of, period_of, period_words
from reporting.indicators import Facts
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.labels import labels_of
from reporting.snapshot.pictures import without_pictures

router = Router()


class BuyerOut(Schema):
    buyer: str
    identifier: str
    key: str = Field(description="Nom donné à la clé.")
    expires_on: dt.date | None


class BilanOut(Schema):
    id: int
    kind: str = Field(description="annual, reserved ou final.")
    title: str
    year: int | None
    version: int = Field(description="2 et plus : une version rectifiée ; la plus haute est celle qui vaut.")
    published_on: dt.date


class BilansOut(Schema):
    bilans: list[BilanOut]


class ScopeOut(Schema):
    kind: str
    id: int | None
    name: str


class PeriodOut(Schema):
    label: str
    year: int | None
    first_day: dt.date
    last_day: dt.date
    closed: bool = Field(description="L’année est close : ses chiffres ne bougent plus.")


class FigureOut(Schema):
    key: str = Field(description="La même clé que dans « figures » d’un bilan publié.")
    label: str
    unit: str = Field(description="h, % (un rapport : 0.87 est 87 %), € ou rien.")
    value: str | None = Field(description="Nombre décimal écrit en clair ; null : non connu, ou sans objet.")
    published: str | None = Field(
        None, description="Ce que dit le bilan publié de cette année, s’il y en a un : il fait foi."
    )


class TableOut(Schema):
    key: str
    title: str
    rows: list[dict[str, Any]] = Field(
        description="`key`, `label`, des nombres décimaux écrits en clair, et `masked` : les colonnes masquées."
    )


class PublishedOut(Schema):
    id: int
    version: int


class FiguresOut(Schema):
    scope: ScopeOut
    period: PeriodOut
    published: PublishedOut | None = Field(
        description="Le bilan publié de cette année : ses chiffres font foi."
    )
    figures: list[FigureOut]
    tables: list[TableOut]


class MarketOut(Schema):
    id: int
    label: str
    hours: str = Field(description="Heures comptées dans la période.")
    hours_engaged: str | None = Field(description="Heures dues en fin de période ; null : aucun engagement.")
    hours_since_start: str | None = Field(description="Heures comptées depuis le début du marché.")


class MarketsOut(Schema):
    period: PeriodOut
    markets: list[MarketOut]


def published_bilans(buyer: Buyer) -> Any:
    """What is published of the buyer's, and the bilans of the markets that it shares."""
    shared = MarketParty.objects.filter(buyer=buyer).order_by().values("market")
    return Bilan.objects.published().filter(Q(buyer=buyer) | Q(market__in=shared))


def _period(year: str, first: str, last: str) -> Period:
    """Raises Problem 422."""
    try:
        return period_of(
            year.strip(), (first.strip(), last.strip() or first.strip()) if first or last else None
        )
    except DomainError as error:
        pointer = f"/{error.field}" if error.field else ""
        raise Problem(
            422, error.sentence, errors=[{"pointer": pointer, "detail": formats.typeset(error.sentence)}]
        ) from error


@router.get("/buyer", response=BuyerOut, summary="À qui est cette clé", url_name="buyer")
def read_buyer(request: HttpRequest) -> dict[str, Any]:
    buyer = buyer_of(request)
    token: Any = request.auth  # type: ignore[attr-defined]
    log_call(request, "compte")
    return {
        "buyer": str(buyer),
        "identifier": buyer.identifier,
        "key": token.name,
        "expires_on": token.expires_on,
    }


@router.get("/bilans", response=BilansOut, summary="Vos bilans publiés", url_name="bilans")
def read_bilans(request: HttpRequest) -> dict[str, Any]:
    """Les bilans publiés, le plus récent d’abord. Un projet n’y est pas."""
    buyer = buyer_of(request)
    rows = published_bilans(buyer).select_related("buyer", "market", "operation")
    log_call(request, "bilans")
    return {
        "bilans": [
            {
                "id": row.pk,
                "kind": row.kind,
                "title": str(row),
                "year": row.year,
                "version": row.version,
                "published_on": row.published_at.astimezone(formats.PARIS).date(),
            }
            for row in rows.defer("snapshot", "narrative").order_by("-published_at", "-pk")
        ]
    }


@router.get("/bilans/{number}", response=dict[str, Any], summary="Un bilan publié", url_name="bilan")
def read_bilan(request: HttpRequest, number: int) -> dict[str, Any]:
    """Les chiffres arrêtés du bilan, tels que les portent son PDF et son annexe : les mêmes cellules y sont masquées."""
    buyer = buyer_of(request)
    row = published_bilans(buyer).filter(pk=number).first() if number < 2**63 else None
    if row is None or row.snapshot is None:
        raise Http404
    log_call(request, f"bilan {row.pk}")
    snapshot: dict[str, Any] = row.snapshot
    return {"id": row.pk, "title": labels_of(snapshot).head, "snapshot": without_pictures(snapshot)}


@router.get(
    "/figures", response=FiguresOut, summary="Vos chiffres d’une année ou de mois", url_name="figures"
)
def read_figures(
    request: HttpRequest,
    year: str = Query("", description="2025 : l’année civile, telle que le bilan la compte."),
    first: str = Query("", alias="from", description="2025-03 : à la place de l’année, le premier mois."),
    last: str = Query("", alias="to", description="2025-06 : le dernier mois, compris."),
) -> dict[str, Any]:
    """Une année donne les chiffres que son bilan aurait aujourd’hui et, à côté, ceux du bilan publié ; d’autres mois, les
    heures telles qu’elles sont ce jour, corrections comprises. Ni nom, ni motif, ni typologie : elle n’est que dans les
    bilans publiés."""
    buyer, period = buyer_of(request), _period(year, first, last)
    found = figures_of(Facts(Scope.of(buyer), period), for_buyer=True)
    log_call(request, f"chiffres {period.first_day} {period.last_day}")
    published, told = _published(buyer, period)
    figures = [{**row, "published": told.get(row["key"])} for row in found["figures"]]
    return {**found, "figures": figures, "published": published}


def _published(buyer: Buyer, period: Period) -> tuple[dict[str, int] | None, dict[str, str]]:
    """The published bilan of the year, and its figures; what was corrected since moves the others only."""
    if not period.is_annual:
        return None, {}
    rows = published_bilans(buyer).annual().filter(buyer=buyer, year=period.year).order_by("-version")
    row = rows.values_list("pk", "version", "snapshot__figures").first()
    return ({"id": row[0], "version": row[1]}, row[2] or {}) if row else (None, {})


@router.get("/markets", response=MarketsOut, summary="Vos marchés et leurs heures", url_name="markets")
def read_markets(
    request: HttpRequest,
    year: str = Query("", description="2025 : l’année civile."),
    first: str = Query("", alias="from", description="2025-03 : à la place de l’année, le premier mois."),
    last: str = Query("", alias="to", description="2025-06 : le dernier mois, compris."),
) -> dict[str, Any]:
    """Les marchés de la période qui portent un engagement ou des heures. D’un marché partagé, votre part."""
    buyer, period = buyer_of(request), _period(year, first, last)
    rows = markets_of(Facts(Scope.of(buyer), period), period.span)["rows"]
    log_call(request, f"marchés {period.first_day} {period.last_day}")
    return {
        "period": period_words(period.span),
        "markets": [{**row, "id": int(row["key"])} for row in rows],
    }
