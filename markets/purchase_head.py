"""What stands above the tabs of a planned purchase: its figures, its targeting, and whose turn it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import HOUSE
from markets.duty import DutyState, state_of
from markets.enums import Targeting
from markets.files import Head, NextStep
from markets.models import PlannedPurchase
from markets.models.thresholds import current_thresholds

# The targeting's words with the shape and tone of a known state.
_CODES = {Targeting.TO_STUDY: "to_review", Targeting.KEPT: "on_track", Targeting.DISMISSED: "no_target"}


def duty_state(purchase: PlannedPurchase) -> DutyState:
    """Where a loaded purchase stands with the duty; its thresholds are read once."""
    if not hasattr(purchase, "known_duty"):
        purchase.known_duty = purchase.duty_under(current_thresholds())  # type: ignore[attr-defined]
    return state_of(
        purchase.known_duty.reach,  # type: ignore[attr-defined]
        targeting=purchase.targeting,
        derogation=purchase.derogation,
    )


def answer_due(purchase: PlannedPurchase) -> dt.date | None:
    """Until when the house answers an open saisine."""
    if not purchase.asked_on or purchase.answered_on:
        return None
    return purchase.asked_on + dt.timedelta(days=settings.PURCHASE_ANSWER_DAYS)


def purchase_head(purchase: PlannedPurchase, user: Any) -> Head:
    lots = formats.noun(purchase.lots, "lot")
    months = f", {purchase.months} mois" if purchase.months else ""
    return Head(
        figures=[
            (formats.amount(purchase.amount), "prévus hors taxes", f"{lots}{months}"),
            (formats.day(purchase.planned_on), "lancement prévu", ""),
        ],
        code=_CODES[Targeting(purchase.targeting)],
        words=purchase.get_targeting_display(),
        next_step=_next_step(purchase, user),
    )


def _next_step(purchase: PlannedPurchase, user: Any) -> NextStep | None:
    is_house = user.role in HOUSE

    def house(words: str, url_name: str, label: str, tone: str = "watch") -> NextStep:
        # Without the right to do it, one reads who must.
        url = reverse(url_name, args=[purchase.pk]) if is_house else ""
        return NextStep("À la maison :", words, tone, url, label)

    due = answer_due(purchase)
    if purchase.market_id:
        return None
    if due:
        tone = "late" if due < timezone.localdate() else "watch"
        return house(
            f"répondre à la saisine avant le {formats.day(due)}.",
            "purchase_request",
            "Noter la réponse",
            tone,
        )
    if purchase.targeting == Targeting.TO_STUDY:
        return house("décider du ciblage avec l’acheteur.", "purchase_targeting", "Noter le ciblage")
    if duty_state(purchase) == DutyState.TO_JUSTIFY:
        return house(
            "motiver la dérogation : la condition sociale est obligatoire.",
            "purchase_targeting",
            "Donner le motif",
            "late",
        )
    if purchase.targeting == Targeting.KEPT:
        return house("passer le marché quand il est lancé.", "purchase_start", "Passer le marché", "none")
    return None
