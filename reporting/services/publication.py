"""Publishing a bilan: its figures frozen, its files made from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from beneficiaries.models import ClosedYear
from core.errors import DomainError
from core.jobs import enqueue
from core.models import Job
from markets.models import Buyer, Market, MarketParty
from markets.services.invoices import release_second_invoice
from markets.services.tasks import finish_task
from reporting.enums import BilanFormat, BilanKind, BilanStepKind
from reporting.models import Bilan, BilanFile, BilanStep
from reporting.scope import Scope, ScopeKind
from reporting.services.comments import check_answered
from reporting.services.drafts import task_key
from reporting.services.workflow import PUBLISH, move, sync_tasks

if TYPE_CHECKING:
    from accounts.models import User


def _may_publish(user: User | None) -> None:
    # None is the shell of the server. The job asks again: anyone of the house may start a failed one once more.
    if user is not None and not user.is_admin:
        raise DomainError("Seul·e un·e administrateur·rice publie un bilan.")


@dataclass(frozen=True)
class Known:
    """What a caller that asks for many bilans has read once: the closed years, the bilans with a remark unanswered."""

    closed: frozenset[int]
    unanswered: frozenset[int]


def check_ready(bilan: Bilan, *, known: Known | None = None) -> None:
    """Raise DomainError where a bilan cannot be published yet: not reviewed, a remark waits, its year is not closed."""
    if bilan.state not in PUBLISH.sources:
        raise DomainError(PUBLISH.refusal)
    if known is None or bilan.pk in known.unanswered:
        check_answered(bilan)
    if bilan.is_final:
        check_over(bilan)
        return
    # Hours validated between a publication and the closing would be in no bilan, nor in a régularisation.
    is_closed = ClosedYear.objects.is_closed if known is None else known.closed.__contains__
    if bilan.year is None or not is_closed(bilan.year):
        raise DomainError(
            f"L’année {bilan.year} n’est pas close : des heures validées ensuite ne seraient dans aucun bilan. "
            "Un·e administrateur·rice la clôt d’abord, dans Réglages, « Années closes »."
        )


def check_over(bilan: Bilan) -> None:
    """A final bilan tells a whole life: its market is received or closed, and so is each market of its operation."""
    if bilan.market is not None:
        if not _is_over(bilan.market):
            raise DomainError(
                "Le bilan final se transmet et se publie une fois le marché reçu ou clos : indiquez sa réception, ou clôturez-le."
            )
        return
    assert bilan.operation is not None
    running = [
        row.reference for row in bilan.operation.markets.order_by("reference", "pk") if not _is_over(row)
    ]
    if running and not bilan.operation.closed_on:
        raise DomainError(
            "Le bilan final se transmet et se publie une fois l’opération close, ou ses marchés tous reçus ou clos. Encore en cours : "
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
    one_after_the_other(bilan)
    now = timezone.now()
    bilan.snapshot = compute(bilan, now=now)
    move(bilan, PUBLISH, by=user)
    sync_tasks(bilan, user)
    if bilan.is_final:
        finish_task(key=task_key(bilan), outcome="Bilan final publié.", by=user)
        # Its delivery makes the second half of the participation due, unless the closing did already.
        release_second_invoice(
            market=bilan.market,
            operation=bilan.operation,
            cause="final_bilan",
            on=timezone.localdate(now),
            by=user,
        )
    return bilan


def one_after_the_other(bilan: Bilan) -> None:
    """Hold, until the transaction ends, the buyers that read this bilan beside others.

    Of two that are read side by side, the second withholds what both would tell (`snapshot.beside`): published at the same
    moment, neither would see the other. The territory's is beside every buyer's.
    """
    rows = Buyer.objects.order_by("pk")
    if bilan.buyer_id is not None:
        rows = rows.filter(pk__in=readers_of(bilan))
    # No key is changed: markets and hours of these buyers are written meanwhile.
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def told_so_far(bilan: Bilan) -> int:
    """How many times a bilan of the same readers, or the territory's, was published or sent: it only grows."""
    told = BilanStep.objects.filter(kind__in=[BilanStepKind.PUBLISHED, BilanStepKind.SENT])
    if bilan.buyer_id is not None:
        readers = readers_of(bilan)
        theirs = Q(kind=BilanKind.TERRITORY)
        for path in ("buyer", "market__buyer", "market__parties__buyer", "operation__markets__buyer"):
            theirs |= Q(**{f"{path}__in": readers})
        told = told.filter(bilan__in=Bilan.objects.filter(theirs).order_by().values("pk"))
    return told.count()


def readers_of(bilan: Bilan) -> set[int]:
    """The buyers in whose hands a bilan is: its own, and those of the market, or of the operation's markets."""
    if bilan.market_id is not None:
        markets = Market.objects.filter(pk=bilan.market_id)
    elif bilan.operation_id is not None:
        markets = Scope(ScopeKind.OPERATION, bilan.operation_id).markets()
    else:
        markets = Market.objects.none()
    found = set(markets.order_by("pk").values_list("buyer", flat=True))
    parties = MarketParty.objects.filter(market__in=markets.order_by().values("pk")).order_by("pk")
    found.update(parties.values_list("buyer", flat=True))
    return found | ({bilan.buyer_id} if bilan.buyer_id is not None else set())


def compute(bilan: Bilan, *, now: dt.datetime) -> dict[str, Any]:
    """The figures and sentences of a bilan as they stand, with the portraits that were agreed."""
    from reporting.snapshot.portraits import with_portraits

    return with_portraits(_computed(bilan, now=now), bilan)


def _computed(bilan: Bilan, *, now: dt.datetime) -> dict[str, Any]:
    from reporting.snapshot import (
        build_final_snapshot,
        build_reserved_snapshot,
        build_snapshot,
        build_territory_snapshot,
    )

    common: dict[str, Any] = {"version": bilan.version, "narrative": bilan.narrative, "now": now}
    if bilan.is_final:
        subject = bilan.market or bilan.operation
        assert subject is not None
        return build_final_snapshot(subject=subject, **common)
    assert bilan.year is not None
    if bilan.kind == BilanKind.TERRITORY:
        return build_territory_snapshot(year=bilan.year, **common)
    if bilan.kind == BilanKind.RESERVED:
        assert bilan.market is not None
        return build_reserved_snapshot(market=bilan.market, year=bilan.year, **common)
    assert bilan.buyer is not None
    return build_snapshot(buyer=bilan.buyer, year=bilan.year, **common)


def make_files(
    *,
    bilan: Bilan,
    user: User | None,
    formats: Collection[str] = tuple(BilanFormat.values),
    step: Callable[[int], None] | None = None,
) -> list[BilanFile]:
    """Make from the snapshot alone the files that are missing; `step(n)` is called after each.

    Each is made first, then kept in one transaction with its row: a process that dies leaves no half of it, and one that
    was taken for dead makes no second one.
    """
    from reporting.documents import content_of

    assert bilan.snapshot is not None
    made = []
    known = {row.format: row for row in bilan.files.all()}
    for number, file_format in enumerate(formats, start=2):
        row = known.get(file_format)
        if row is None:
            row = _keep(bilan, file_format, content_of(bilan.snapshot, file_format), user)
        made.append(row)
        if step is not None:
            step(number)
    return made


@transaction.atomic
def _keep(bilan: Bilan, file_format: str, content: bytes, user: User | None) -> BilanFile:
    """The file with its row, or the one that another process kept meanwhile."""
    from reporting.documents import keep_document

    Bilan.objects.select_for_update(of=("self",)).only("pk").get(pk=bilan.pk)
    row = BilanFile.objects.filter(bilan=bilan, format=file_format).first()
    if row is not None:
        return row
    stored = keep_document(bilan=bilan, file_format=file_format, content=content, user=user)
    return BilanFile.objects.create(bilan=bilan, format=file_format, file=stored)
