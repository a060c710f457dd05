"""A file of published contracts, invented, that the watch reads: followed here, to look at, left with a reason."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

from clauses.models import PublishedContract
from clauses.services.coverage import leave_aside, watch_file
from markets.models import Buyer, Market
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day

INVENTED = " (inventé pour la démonstration)"
CLAUSE, CRITERION, RESERVED, NOTHING = (
    "Clause sociale",
    "Critère social",
    "Marché réservé",
    "Pas de considération sociale",
)
ELSEWHERE = "2026-EXT"


def tell_watch(cast: Cast) -> None:
    """One market that the house follows already, four that it does not, one of which it left aside."""
    known = (
        Market.objects.filter(buyer=cast.oullins, parent=None).exclude(reference="").order_by("pk").first()
    )
    lines = [
        _line(cast, cast.oullins, f"{ELSEWHERE}-01", "Nettoyage des écoles", "90911200", 180_000, -75, CLAUSE),
        # Above the threshold since the duty, without any consideration.
        _line(cast, cast.oullins, f"{ELSEWHERE}-02", "Restauration scolaire", "55524000", 1_450_000, -32, NOTHING),
        _line(cast, cast.metropole, f"{ELSEWHERE}-03", "Conseil en mobilité", "79410000", 95_000, -140, CRITERION),
        _line(cast, cast.metropole, f"{ELSEWHERE}-04", "Entretien des berges", "77310000", 240_000, -110, RESERVED),
    ]  # fmt: skip
    if known is not None:
        lines.append(
            _line(cast, cast.oullins, known.reference, known.object[:200], "45214200", 640_000, -200, CLAUSE)
        )
    content = json.dumps({"marches": {"marche": lines}}, ensure_ascii=False).encode()
    with on_day(cast.day(-6)):
        watch_file(io.BytesIO(content), name="donnees-essentielles-demonstration.json", user=cast.nadia)
    with on_day(cast.day(-4)):
        contract = PublishedContract.objects.get(buyer=cast.metropole, number=f"{ELSEWHERE}-03")
        leave_aside(
            contract=contract,
            reason="Prestations intellectuelles sans heures d’insertion\u202f: le critère porte sur la parité.",
            user=cast.thomas,
        )


def _line(
    cast: Cast, buyer: Buyer, number: str, what: str, cpv: str, amount: int, notified: int, social: str
) -> dict[str, Any]:
    """A contract as the données essentielles write it."""
    day = cast.day(notified)
    return {
        "id": number,
        "acheteur": {"id": buyer.identifier},
        "nature": "Marché",
        "objet": what + INVENTED,
        "codeCPV": cpv,
        "procedure": "Appel d'offres ouvert",
        "dureeMois": 36,
        "dateNotification": day.isoformat(),
        "datePublicationDonnees": (day + dt.timedelta(days=5)).isoformat(),
        "montant": amount,
        "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": cast.others[0].identifier}}],
        "considerationsSociales": {"considerationSociale": [social]},
    }
