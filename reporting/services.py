"""The life of a bilan: draft, text, review, publication, rectified version; and points d’étape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import ClosedYear
from core import formats
from core.dates import month_of
from core.errors import DomainError
from core.files import store_file
from core.jobs import enqueue
from core.models import Job
from core.pdf import pdf_available
from markets.models import Buyer, Market, Operation
from markets.services.invoices import release_second_invoice
from markets.services.tasks import finish_task, open_task
from reporting.enums import BilanFormat, BilanKind, BilanState
from reporting.models import Bilan, BilanFile, ProgressReport
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
        key=_task_key(bilan),
        url=reverse("bilan_detail", args=[bilan.pk]),
        by=user,
    )
    return bilan


def _task_key(bilan: Bilan) -> str:
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
    if bilan.is_final:
        _check_over(bilan)
        return
    # Hours validated between a publication and the closing would be in no bilan, nor in a régularisation.
    if bilan.year is None or not ClosedYear.objects.is_closed(bilan.year):
        raise DomainError(
            f"L’année {bilan.year} n’est pas close : des heures validées ensuite ne seraient dans aucun bilan. "
            "Un·e administrateur·rice la clôt d’abord, dans Réglages, « Années closes »."
        )


def _check_over(bilan: Bilan) -> None:
    """A final bilan tells a whole life: its market is received or closed, and so is each market of its operation."""
    if bilan.market is not None:
        if not _is_over(bilan.market):
            raise DomainError(
                "Le bilan final se publie une fois le marché reçu ou clos : indiquez sa réception, ou clôturez-le."
            )
        return
    assert bilan.operation is not None
    running = [
        row.reference for row in bilan.operation.markets.order_by("reference", "pk") if not _is_over(row)
    ]
    if running and not bilan.operation.closed_on:
        raise DomainError(
            "Le bilan final se publie une fois l’opération close, ou ses marchés tous reçus ou clos. Encore en cours : "
            f"{', '.join(running[:5])}{'…' if len(running) > 5 else ''}."
        )


def _is_over(market: Market) -> bool:
    today = timezone.localdate()
    return any(day is not None and day <= today for day in (market.closed_on, market.received_on))


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
    bilan = (
        Bilan.objects.select_for_update(of=("self",))
        .select_related("buyer", "market__buyer", "market__operation", "operation__buyer")
        .get(pk=bilan.pk)
    )
    if bilan.is_published:
        return bilan
    _may_publish(user)
    check_ready(bilan)
    now = timezone.now()
    bilan.snapshot = compute(bilan, now=now)
    bilan.state, bilan.published_by, bilan.published_at = BilanState.PUBLISHED, user, now
    bilan.save()
    if bilan.is_final:
        finish_task(key=_task_key(bilan), outcome="Bilan final publié.", by=user)
        # Its delivery makes the second half of the participation due, unless the closing did already.
        release_second_invoice(
            market=bilan.market,
            operation=bilan.operation,
            cause="final_bilan",
            on=timezone.localdate(now),
            by=user,
        )
    return bilan


def compute(bilan: Bilan, *, now: dt.datetime) -> dict[str, Any]:
    """The figures and sentences of a bilan as they stand."""
    from reporting.snapshot import build_final_snapshot, build_snapshot

    common: dict[str, Any] = {"version": bilan.version, "narrative": bilan.narrative, "now": now}
    if bilan.is_final:
        subject = bilan.market or bilan.operation
        assert subject is not None
        return build_final_snapshot(subject=subject, **common)
    assert bilan.year is not None
    return build_snapshot(buyer=bilan.buyer, year=bilan.year, **common)


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


@transaction.atomic
def make_progress_report(
    *, market: Market, first: dt.date, last: dt.date, user: User | None
) -> ProgressReport:
    """Compute a point d’étape over whole months and keep it with its PDF; the buyers of the market see it at once.

    Raises DomainError for months out of order, to come, or all before the market.
    """
    from reporting.documents import PROGRESS_KIND, progress_pdf
    from reporting.snapshot import build_progress_snapshot
    from reporting.snapshot.labels import labels_of

    first, last = month_of(first), month_of(last)
    if last < first:
        raise DomainError("Le dernier mois précède le premier : corrigez l’un des deux.", field="last")
    if last > timezone.localdate():
        raise DomainError(f"{formats.month(last).capitalize()} n’a pas commencé.", field="last")
    if market.begins_on and last < month_of(market.begins_on):
        raise DomainError(
            f"Le marché commence le {formats.day(market.begins_on)} : choisissez des mois de sa vie.",
            field="last",
        )
    snapshot = build_progress_snapshot(market=market, first=first, last=last, now=timezone.now())
    stored = None
    if pdf_available():
        stored = store_file(
            kind=PROGRESS_KIND,
            name=f"{labels_of(snapshot).file}.pdf",
            content=progress_pdf(snapshot),
            user=user,
            allowed_types=["pdf"],
        )
    return ProgressReport.objects.create(
        market=market, first_month=first, last_month=last, snapshot=snapshot, file=stored, made_by=user
    )
