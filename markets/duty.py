"""Whether a purchase must bear a social condition, from 22 August 2026: pure, with its sentence and its article.

Loi n° 2021-1104 du 22 août 2021 (« Climat et résilience »), article 35, V; code de la commande publique, articles
L2112-2-1 (marchés) and L3114-2-1 (concessions). The European thresholds are dated reference rows
(`reference/procurement_thresholds.csv`). What this does not know: contracts of defence or security, and network
operators (« entités adjudicatrices »), whose threshold for supplies and services is higher; the page says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core import formats

# Consultations engaged, or notices sent, from this day on (article 35, V of the law).
DUTY_FROM = dt.date(2026, 8, 22)
MARKETS_ARTICLE = "article L2112-2-1 du code de la commande publique"
CONCESSIONS_ARTICLE = "article L3114-2-1 du code de la commande publique"
# « Travaux d’une durée inférieure à six mois » (L2112-2-1).
SHORT_WORKS_MONTHS = 6

# Values of markets.enums; named here so that this module needs no Django.
WORKS, CONCESSION, PRIVATE, STATE, PUBLIC_BODY = "works", "concession", "private", "state", "public_body"
SUPPLIES_SERVICES, OTHER = "supplies_services", "other"


class Reach(StrEnum):
    """What the law says of a purchase."""

    NOT_CONCERNED = "not_concerned"
    UNKNOWN = "unknown"
    CONCERNED = "concerned"


class DutyState(StrEnum):
    """Where a purchase stands with the duty, once its targeting is known too."""

    NOT_CONCERNED = "not_concerned"
    UNKNOWN = "unknown"
    TO_DECIDE = "to_decide"
    MET = "met"
    DEROGATED = "derogated"
    TO_JUSTIFY = "to_justify"


DUTY_LABELS = {
    DutyState.NOT_CONCERNED: "non concerné",
    DutyState.UNKNOWN: "à préciser",
    DutyState.TO_DECIDE: "à décider",
    DutyState.MET: "condition prévue",
    DutyState.DEROGATED: "dérogation motivée",
    DutyState.TO_JUSTIFY: "dérogation à motiver",
}
# Tones of the style sheet.
DUTY_TONES = {
    DutyState.NOT_CONCERNED: "none",
    DutyState.UNKNOWN: "watch",
    DutyState.TO_DECIDE: "wait",
    DutyState.MET: "good",
    DutyState.DEROGATED: "done",
    DutyState.TO_JUSTIFY: "late",
}


@dataclass(frozen=True)
class Threshold:
    """A European threshold in force from a day on: what it is about, whose it is, and its amount in euros."""

    scope: str  # works, supplies_services or concession
    buyer: str  # state, other, or "" for every buyer
    amount: Decimal
    valid_from: dt.date
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class Duty:
    """The answer, the sentence to show, the article it rests on, and the threshold compared with, if any."""

    reach: Reach
    sentence: str
    article: str
    threshold: Decimal | None = None


def scope_of(nature: str, family: str) -> str:
    """Which threshold a purchase is compared with; intellectual services are services."""
    if nature == CONCESSION:
        return CONCESSION
    return WORKS if family == WORKS else SUPPLIES_SERVICES


def threshold_of(thresholds: Iterable[Threshold], *, scope: str, buyer: str, on: dt.date) -> Threshold | None:
    """The latest threshold that had begun on that day; None when none had."""
    known = [
        row for row in thresholds if row.scope == scope and row.buyer in ("", buyer) and row.valid_from <= on
    ]
    return max(known, key=lambda row: row.valid_from, default=None)


def duty_of(
    *,
    nature: str,
    family: str,
    buyer_kind: str,
    amount: Decimal | None,
    planned_on: dt.date | None,
    year: int,
    thresholds: Sequence[Threshold],
) -> Duty:
    """What the law says of a purchase. Without a planned day, its year decides as far as it can.

    amount: euros excluding tax, all lots together (the need as a whole is compared with the threshold).
    """
    article = CONCESSIONS_ARTICLE if nature == CONCESSION else MARKETS_ARTICLE

    def answer(reach: Reach, sentence: str, threshold: Decimal | None = None) -> Duty:
        return Duty(reach, sentence, article, threshold)

    if nature == PRIVATE or buyer_kind == PRIVATE:
        return answer(
            Reach.NOT_CONCERNED,
            "Un achat privé ne relève pas du code de la commande publique, sauf acheteur qui y est soumis.",
        )
    if (planned_on and planned_on < DUTY_FROM) or (planned_on is None and year < DUTY_FROM.year):
        when = f"le {formats.day(planned_on)}" if planned_on else f"en {year}"
        return answer(
            Reach.NOT_CONCERNED,
            f"L’achat est lancé {when}, avant l’entrée en vigueur de l’obligation, le {formats.day(DUTY_FROM)}.",
        )
    scope = scope_of(nature, family)
    day = planned_on or dt.date(year, 12, 31)
    whose = STATE if buyer_kind == STATE else OTHER
    row = threshold_of(thresholds, scope=scope, buyer=whose, on=day)
    if row is None:
        return answer(
            Reach.UNKNOWN, "Aucun seuil européen n’est chargé pour cette date : voyez les réglages."
        )
    limit = row.amount
    named = f"le seuil européen de {formats.amount(limit)}"
    if amount is None:
        return answer(Reach.UNKNOWN, f"Le montant prévu manque : il se compare avec {named}.", limit)
    low = limit
    if buyer_kind == PUBLIC_BODY:
        # An establishment of the State other than industrial and commercial has the State's threshold.
        states = threshold_of(thresholds, scope=scope, buyer=STATE, on=day)
        low = min(limit, states.amount) if states else limit
    if amount < low:
        return answer(
            Reach.NOT_CONCERNED, f"{formats.amount(amount)} hors taxes, c’est moins que {named}.", limit
        )
    if amount < limit:
        return answer(
            Reach.UNKNOWN,
            f"Un établissement public de l’État, hors établissements industriels et commerciaux, a le seuil de "
            f"l’État, {formats.amount(low)} : il serait concerné. Les autres ont {named}.",
            limit,
        )
    if planned_on is None and year == DUTY_FROM.year:
        return answer(
            Reach.UNKNOWN,
            f"{formats.amount(amount)} hors taxes atteint {named}, mais la date de lancement manque : l’obligation "
            f"vaut à partir du {formats.day(DUTY_FROM)}.",
            limit,
        )
    known = ""
    if row.valid_to and day > row.valid_to:
        known = f" Ce seuil est celui en vigueur jusqu’au {formats.day(row.valid_to)}, le dernier connu."
    return answer(
        Reach.CONCERNED,
        f"{formats.amount(amount)} hors taxes atteint {named} : une condition d’exécution sociale est obligatoire, "
        f"sauf dérogation motivée.{known}",
        limit,
    )


def state_of(reach: Reach, *, targeting: str, derogation: str) -> DutyState:
    """Where the purchase stands: a kept one bears its condition, a dismissed one needs a ground of derogation."""
    if reach == Reach.NOT_CONCERNED:
        return DutyState.NOT_CONCERNED
    if reach == Reach.UNKNOWN:
        return DutyState.UNKNOWN
    if targeting == "kept":
        return DutyState.MET
    if targeting == "dismissed":
        return DutyState.DEROGATED if derogation else DutyState.TO_JUSTIFY
    return DutyState.TO_DECIDE


def refuse_ground(ground: str, *, nature: str, family: str, months: int | None) -> str:
    """Why this ground cannot be used for this purchase, or nothing when it can."""
    if nature == CONCESSION and ground in ("immediate", "short"):
        return (
            "Pour une concession, l’article L3114-2-1 ne prévoit que deux motifs : l’absence de lien suffisant "
            "avec l’objet du contrat, et l’atteinte à la concurrence ou la difficulté d’exécution."
        )
    if ground == "short" and family != WORKS:
        return "Ce motif ne vaut que pour des travaux de moins de six mois."
    if ground == "short" and months is not None and months >= SHORT_WORKS_MONTHS:
        return f"Ces travaux durent {months} mois : le motif ne vaut que pour moins de six mois."
    return ""
