"""What the forms of recruitment find by typed words: awards, offers, markets, buyers, structures, prescribers."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from beneficiaries.enums import OfferState
from beneficiaries.lookups import LOOKUPS, Lookup
from beneficiaries.models import JobOffer, Prescriber
from core import formats
from core.text import WORD_MAX, typed_words
from markets.models import Award, Buyer, Company, Market


def _awards_by_words(rows: Any, words: str) -> Any:
    """A market's own reference names it; else words of the market and of the company."""
    named = rows.filter(lot__market__reference__iexact=words.strip()[:WORD_MAX])
    if named.exists():
        return named
    for word in typed_words(words):
        rows = rows.filter(Q(lot__market__search_key__contains=word) | Q(company__search_key__contains=word))
    return rows


def award_label(row: Award) -> str:
    market = row.lot.market
    return f"{row.company}, {market.reference}, lot {row.lot.number}, {formats.short(market.object, 50)}"


def _offers_by_words(rows: Any, words: str) -> Any:
    for word in typed_words(words):
        rows = rows.filter(Q(search_key__contains=word) | Q(award__company__search_key__contains=word))
    return rows


def _by_words(rows: Any, words: str) -> Any:
    return rows.matching(words)


LOOKUPS.update(
    {
        "award": Lookup(
            rows=lambda user: (
                Award.objects.visible_to(user)
                .filter(lot__market__closed_on__isnull=True)
                .select_related("lot__market", "company")
                .order_by("lot__market__reference", "pk")
            ),
            find=_awards_by_words,
            label=award_label,
            nothing="aucune attribution d’un marché ouvert ne correspond. "
            "Tapez la référence du marché ou le nom de l’entreprise.",
            several="plusieurs attributions correspondent. Choisissez parmi\u202f:",
        ),
        "offer": Lookup(
            rows=lambda user: (
                JobOffer.objects.visible_to(user)
                .filter(state__in=[OfferState.DRAFT, OfferState.OPEN])
                .select_related("award__company")
                .order_by("-created_at", "-pk")
            ),
            find=_offers_by_words,
            label=lambda row: f"{row.title}, {row.award.company}",
            nothing="aucune offre en cours ne correspond. Tapez un mot de son intitulé, ou l’entreprise.",
            several="plusieurs offres correspondent. Choisissez parmi\u202f:",
        ),
        "market": Lookup(
            rows=lambda user: Market.objects.visible_to(user).order_by("reference", "pk"),
            find=_by_words,
            label=lambda row: f"{row.reference}, {formats.short(row.object, 60)}",
            nothing="aucun marché ne correspond. Tapez sa référence ou un mot de son objet.",
            several="plusieurs marchés correspondent. Choisissez parmi\u202f:",
        ),
        "buyer": Lookup(
            rows=lambda user: Buyer.objects.visible_to(user).order_by("search_key", "pk"),
            find=_by_words,
            label=str,
            nothing="aucun donneur d’ordre ne porte ce nom.",
            several="plusieurs donneurs d’ordre correspondent. Choisissez parmi\u202f:",
        ),
        "company": Lookup(
            rows=lambda user: Company.objects.visible_to(user).order_by("search_key", "pk"),
            find=_by_words,
            label=str,
            nothing="aucune entreprise ne porte ce nom. Elle doit déjà avoir sa fiche.",
            several="plusieurs entreprises correspondent. Choisissez parmi\u202f:",
        ),
        "prescriber": Lookup(
            rows=lambda user: (
                Prescriber.objects.visible_to(user).filter(is_active=True).order_by("search_key", "pk")
            ),
            find=_by_words,
            label=str,
            nothing="aucun prescripteur ne porte ce nom.",
            several="plusieurs prescripteurs correspondent. Choisissez parmi\u202f:",
        ),
    }
)
