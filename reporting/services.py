"""The life of a bilan: draft, text, review, publication, rectified version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import ClosedYear
from core.errors import DomainError
from core.jobs import enqueue
from core.models import Job
from markets.models import Buyer
from reporting.enums import BilanFormat, BilanState
from reporting.models import Bilan, BilanFile
from reporting.narrative import SECTIONS, TEXT_MAX

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def start_bilan(*, buyer: Buyer, year: int, user: User | None, rectification_reason: str = "") -> Bilan:
    """Open the draft of a buyer's year; after a publication, version n+1 with the reason and the previous text."""
    Buyer.objects.select_for_update().get(pk=buyer.pk)
    if year > timezone.localdate().year:
        raise DomainError(f"L’année {year} n’a pas commencé : son bilan se prépare une fois l’année entamée.")
    last = Bilan.objects.filter(buyer=buyer, year=year).order_by("-version").first()
    if last is not None and not last.is_published:
        raise DomainError(f"Un bilan {year} est déjà en cours pour {buyer} : ouvrez-le.")
    if last is not None and not rectification_reason.strip():
        raise DomainError(
            f"Le bilan {year} est publié : une version rectifiée se motive, dites ce qui change.",
            field="rectification_reason",
        )
    return Bilan.objects.create(
        buyer=buyer,
        year=year,
        version=last.version + 1 if last else 1,
        narrative=last.narrative if last else {},
        rectification_reason=rectification_reason.strip()[:300] if last else "",
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


@transaction.atomic
def review_bilan(*, bilan: Bilan, user: User | None) -> Bilan:
    """Say that text and figures were read and are right."""
    bilan = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
    if bilan.state != BilanState.DRAFT:
        raise DomainError("Seul un brouillon se relit.")
    bilan.state, bilan.reviewed_by, bilan.reviewed_at = BilanState.REVIEWED, user, timezone.now()
    bilan.save()
    return bilan


@transaction.atomic
def send_back_to_draft(*, bilan: Bilan, user: User) -> Bilan:
    """Reopen a reviewed bilan for writing."""
    bilan = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
    if bilan.state != BilanState.REVIEWED:
        raise DomainError("Seul un bilan relu revient en brouillon.")
    bilan.state, bilan.reviewed_by, bilan.reviewed_at = BilanState.DRAFT, None, None
    bilan.save()
    return bilan


def _may_publish(user: User | None) -> None:
    # None is the shell of the server. The job asks again: anyone of the house may start a failed one once more.
    if user is not None and not user.is_admin:
        raise DomainError("Seul·e un·e administrateur·rice publie un bilan.")


def check_ready(bilan: Bilan) -> None:
    """Raise DomainError where a bilan cannot be published yet: not reviewed, or its year not closed."""
    if bilan.state != BilanState.REVIEWED:
        raise DomainError("Un bilan se publie une fois relu.")
    # Hours validated between a publication and the closing would be in no bilan, nor in a régularisation.
    if not ClosedYear.objects.is_closed(bilan.year):
        raise DomainError(
            f"L’année {bilan.year} n’est pas close : des heures validées ensuite ne seraient dans aucun bilan. "
            "Un·e administrateur·rice la clôt d’abord, dans Réglages, « Années closes »."
        )


def ask_for_publication(*, bilan: Bilan, user: User) -> Job:
    """Publish in a job that shows its progress; asked twice, it is the same job."""
    _may_publish(user)
    check_ready(bilan)
    return enqueue(
        "publish_bilan",
        key=f"bilan:{bilan.pk}",
        label=f"Publication : {bilan}",
        payload={"bilan": bilan.pk},
        user=user,
        total=len(BilanFormat) + 1,
    )


@transaction.atomic
def freeze(*, bilan: Bilan, user: User | None) -> Bilan:
    """Publish: compute the snapshot and freeze it. Doing it again changes nothing."""
    from reporting.snapshot import build_snapshot

    bilan = Bilan.objects.select_for_update(of=("self",)).select_related("buyer").get(pk=bilan.pk)
    if bilan.is_published:
        return bilan
    _may_publish(user)
    check_ready(bilan)
    now = timezone.now()
    bilan.snapshot = build_snapshot(
        buyer=bilan.buyer, year=bilan.year, version=bilan.version, narrative=bilan.narrative, now=now
    )
    bilan.state, bilan.published_by, bilan.published_at = BilanState.PUBLISHED, user, now
    bilan.save()
    return bilan


def make_files(
    *,
    bilan: Bilan,
    user: User | None,
    formats: Collection[str] = tuple(BilanFormat.values),
    step: Callable[[int], None] | None = None,
) -> list[BilanFile]:
    """Make from the snapshot alone the files that are missing; `step(n)` is called after each."""
    from reporting.documents import make_document

    made = []
    known = {row.format: row for row in bilan.files.all()}
    for number, file_format in enumerate(formats, start=2):
        row = known.get(file_format)
        if row is None:
            stored = make_document(bilan=bilan, file_format=file_format, user=user)
            row = BilanFile.objects.create(bilan=bilan, format=file_format, file=stored)
        made.append(row)
        if step is not None:
            step(number)
    return made
