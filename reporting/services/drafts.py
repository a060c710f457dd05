"""Opening the draft of a bilan, and writing its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from markets.models import Buyer, Market, Operation
from markets.services.tasks import open_task
from reporting.enums import BilanKind, BilanState
from reporting.models import Bilan
from reporting.narrative import SECTIONS, TEXT_MAX

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def start_bilan(*, buyer: Buyer, year: int, user: User | None, rectification_reason: str = "") -> Bilan:
    """Open the draft of a buyer's year; after a publication, version n+1 with the reason and the previous text."""
    Buyer.objects.select_for_update().get(pk=buyer.pk)
    if year > timezone.localdate().year:
        raise DomainError(f"L’année {year} n’a pas commencé : son bilan se prépare une fois l’année entamée.")
    last = Bilan.objects.annual().filter(buyer=buyer, year=year).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError(f"Un bilan {year} est déjà en cours pour {buyer} : ouvrez-le.")
    return _open(last, f"Le bilan {year}", rectification_reason, user, buyer=buyer, year=year)


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
    return Bilan.objects.create(
        **subject,
        version=last.version + 1 if last else 1,
        narrative=last.narrative if last else {},
        rectification_reason=reason.strip()[:300] if last else "",
        created_by=user,
    )


@transaction.atomic
def save_narrative(*, bilan: Bilan, texts: Mapping[str, str], seen_version: int, user: User) -> Bilan:
    """Keep the text of some sections. `seen_version` is the one the person read; nothing is silently overwritten."""
    bilan = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
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
    bilan.edit_version += 1
    # What was reviewed is no longer what will be published.
    bilan.state, bilan.reviewed_by, bilan.reviewed_at = BilanState.DRAFT, None, None
    bilan.save()
    return bilan
