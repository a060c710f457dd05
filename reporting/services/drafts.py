"""Opening the draft of a bilan, and writing its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clauses.services.reserved import is_reserved
from core import formats
from core.errors import DomainError
from markets.models import Buyer, House, Market, Operation
from markets.services.tasks import open_task
from reporting.enums import BilanKind, BilanStepKind
from reporting.models import Bilan
from reporting.narrative import SECTIONS, TEXT_MAX
from reporting.services.portraits import carry_portraits
from reporting.services.workflow import default_writer, locked, sync_tasks, text_changed, write_step

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def start_bilan(*, buyer: Buyer, year: int, user: User | None, rectification_reason: str = "") -> Bilan:
    """Open the draft of a buyer's year; after a publication, version n+1 with the reason and the previous text."""
    Buyer.objects.select_for_update().get(pk=buyer.pk)
    _check_begun(year)
    last = Bilan.objects.annual().filter(buyer=buyer, year=year).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError(f"Un bilan {year} est déjà en cours pour {buyer} : ouvrez-le.")
    return _open(last, f"Le bilan {year}", rectification_reason, user, buyer=buyer, year=year)


def _check_begun(year: int) -> None:
    if year > timezone.localdate().year:
        raise DomainError(
            f"L’année {year} n’a pas commencé : son bilan se prépare une fois l’année entamée.", field="year"
        )


@transaction.atomic
def start_territory_bilan(*, year: int, user: User | None, rectification_reason: str = "") -> Bilan:
    """Open the draft of the house’s own yearly report; then version n+1. Raises DomainError for a year to come."""
    # The row of the house stands for the territory: two people who begin at once follow each other.
    list(House.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    _check_begun(year)
    last = Bilan.objects.filter(kind=BilanKind.TERRITORY, year=year).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError(f"Le bilan {year} du territoire est déjà en cours : ouvrez-le.", field="year")
    return _open(
        last,
        f"Le bilan {year} du territoire",
        rectification_reason,
        user,
        kind=BilanKind.TERRITORY,
        year=year,
    )


@transaction.atomic
def start_reserved_bilan(
    *, market: Market, year: int, user: User | None, rectification_reason: str = ""
) -> Bilan:
    """Open the draft of a reserved market’s year (convention, annexe 1.A); then version n+1.

    Raises DomainError for a market that is neither reserved nor for insertion, a marché subséquent, a year to come or
    out of the market’s life.
    """
    market = (
        Market.objects.select_for_update(of=("self",)).select_related("parent", "buyer").get(pk=market.pk)
    )
    if market.parent is not None:
        raise DomainError(
            f"Ce marché subséquent se lit dans le bilan de son accord-cadre, {market.parent.reference}."
        )
    if not is_reserved(market):
        raise DomainError(
            "Ce bilan est celui des marchés réservés et des marchés d’insertion : aucun lot de ce marché n’est réservé."
        )
    _check_begun(year)
    begins = market.begins_on
    if begins is None:
        raise DomainError("Renseignez d’abord la notification ou l’ordre de service du marché.")
    if year < begins.year:
        raise DomainError(
            f"Le marché commence le {formats.day(begins)} : choisissez une année de sa vie.", field="year"
        )
    if market.closed_on is not None and year > market.closed_on.year:
        raise DomainError(
            f"Le marché est clos depuis le {formats.day(market.closed_on)} : choisissez une année de sa vie.",
            field="year",
        )
    about = {"kind": BilanKind.RESERVED, "market": market, "year": year}
    last = Bilan.objects.filter(**about).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError(f"Le bilan {year} de ce marché est déjà en cours : ouvrez-le.", field="year")
    return _open(last, f"Le bilan {year}", rectification_reason, user, buyer_id=market.buyer_id, **about)


@transaction.atomic
def start_final_bilan(
    *,
    market: Market | None = None,
    operation: Operation | None = None,
    user: User | None,
    rectification_reason: str = "",
) -> Bilan:
    """Open the draft of the final bilan of a market, or of an operation, over its whole life; then version n+1."""
    assert (market is None) != (operation is None)
    subject: Market | Operation
    if market is not None:
        subject = Market.objects.select_for_update(of=("self",)).select_related("parent").get(pk=market.pk)
        if subject.parent is not None:
            raise DomainError(
                f"Ce marché subséquent se lit dans le bilan final de son accord-cadre, {subject.parent.reference}."
            )
    else:
        subject = Operation.objects.select_for_update().get(pk=operation.pk)  # type: ignore[union-attr]
    owner = {"market": market, "operation": operation}
    last = Bilan.objects.filter(kind=BilanKind.FINAL, **owner).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError("Un bilan final est déjà en cours : ouvrez-le.")
    values = {"kind": BilanKind.FINAL, "buyer_id": subject.buyer_id, **owner}
    bilan = _open(last, "Le bilan final", rectification_reason, user, **values)
    open_task(
        title=f"Finir et publier le bilan final : {subject.reference or subject}",
        market=market,
        buyer=None if market is not None else subject.buyer,
        key=task_key(bilan),
        url=reverse("bilan_detail", args=[bilan.pk]),
        by=user,
    )
    return bilan


def task_key(bilan: Bilan) -> str:
    return (
        f"final_bilan:market:{bilan.market_id}"
        if bilan.market_id
        else f"final_bilan:operation:{bilan.operation_id}"
    )


def _open(last: Bilan | None, said: str, reason: str, user: User | None, **subject: Any) -> Bilan:
    """A first draft, or that of a rectified version with its reason and the former text."""
    if last is not None and not reason.strip():
        raise DomainError(
            f"{said} est publié : une version rectifiée se motive, dites ce qui change.",
            field="rectification_reason",
        )
    bilan = Bilan(
        **subject,
        version=last.version + 1 if last else 1,
        narrative=last.narrative if last else {},
        drafting=last.drafting if last else {},
        rectification_reason=reason.strip()[:300] if last else "",
        created_by=user,
    )
    bilan.writer = default_writer(bilan, user)
    bilan.save()
    if last is not None:
        carry_portraits(last=last, bilan=bilan)
    write_step(bilan, BilanStepKind.STARTED, by=user, reason=bilan.rectification_reason)
    sync_tasks(bilan, user)
    return bilan


@transaction.atomic
def save_narrative(
    *,
    bilan: Bilan,
    texts: Mapping[str, str],
    seen_version: int,
    user: User,
    remembered: Mapping[str, Any] | None = None,
) -> Bilan:
    """Keep the text of some sections. `seen_version` is the one the person read; nothing is silently overwritten.

    remembered: what was done with the sentences proposed (`services.drafting`), kept with the text they went into.
    """
    bilan = locked(bilan)
    if bilan.is_published:
        raise DomainError("Ce bilan est publié : son texte ne change plus. Faites une version rectifiée.")
    changed = {
        key: texts[key] for key in SECTIONS if key in texts and texts[key] != bilan.narrative.get(key, "")
    }
    if not changed:
        return bilan
    if seen_version != bilan.edit_version:
        raise DomainError(
            "Quelqu’un a enregistré ce texte entre-temps. Le vôtre est gardé ci-dessous : comparez, "
            "puis enregistrez de nouveau pour le remplacer."
        )
    for key, text in changed.items():
        if len(text) > TEXT_MAX:
            raise DomainError(
                f"« {SECTIONS[key][0]} » dépasse {TEXT_MAX // 1000} 000 caractères : raccourcissez-le."
            )
    bilan.narrative = {**bilan.narrative, **changed}
    bilan.drafting = {**bilan.drafting, **(remembered or {})}
    bilan.edit_version += 1
    bilan.save()
    text_changed(bilan, by=user)
    return bilan
