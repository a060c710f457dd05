"""What a campaign knows of each buyer: whether it is concerned, where its bilan stands, what is missing.

Nothing is counted here: each figure is asked of the room that holds it, for all the buyers of a page at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from beneficiaries.completeness import (
    BUYER_OF_OUTCOME,
    anomalies_by_buyer,
    unanswered,
    unanswered_by_buyer,
    unvalidated,
    unvalidated_by_buyer,
)
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.outcomes import visible_outcomes
from clauses.models import Commitment, QualitativeCommitment
from clauses.qualitative_list import due_in, unproved_by_buyer
from markets.models import Agreement, Market, MarketParty, Responsibility
from reporting.enums import BilanState, CommentSide
from reporting.models import Bilan, BilanComment, BilanDelivery
from reporting.narrative import SECTIONS
from reporting.scope import year_bounds

HOURS, OUTCOMES, EVIDENCE, REMARKS, DELIVERY = "heures", "situations", "preuves", "observations", "remise"
LACKS = (
    (HOURS, "des heures à valider"),
    (OUTCOMES, "des situations à recueillir"),
    (EVIDENCE, "des preuves manquantes"),
    (REMARKS, "des observations sans réponse"),
    (DELIVERY, "publié, à remettre"),
)


def concerned(buyers: Any, year: int) -> Any:
    """Those of these buyers with a market alive in the year (led or shared), hours, an agreement in force, or a bilan."""
    first, last = year_bounds(year)
    alive = Market.objects.alive_between(first, last).order_by()
    shared = MarketParty.objects.filter(market__in=alive.values("pk")).order_by()
    worked = HoursEntry.objects.counted().filter(month__range=(first, last)).order_by()
    agreed = Agreement.objects.filter(starts_on__lte=last, ends_on__gte=first).order_by()
    agreed = agreed.filter(Q(terminated_on__isnull=True) | Q(terminated_on__gt=first))
    return buyers.filter(
        Q(pk__in=alive.values("buyer"))
        | Q(pk__in=shared.values("buyer"))
        | Q(pk__in=worked.values("market__buyer"))
        | Q(pk__in=agreed.values("buyer"))
        | Q(pk__in=Bilan.objects.annual().filter(year=year).order_by().values("buyer"))
    )


def with_bilans(buyers: Any, year: int) -> Any:
    """Add the last version (`bilan_pk`, `bilan_state`), the last published one, and who writes or would."""
    mine = Bilan.objects.annual().filter(buyer=OuterRef("pk"), year=year).order_by("-version")
    published = mine.filter(state=BilanState.PUBLISHED)
    today = timezone.localdate()
    answers_for = Responsibility.objects.on(today).filter(buyer=OuterRef("pk")).order_by("pk")
    return buyers.annotate(
        bilan_pk=Subquery(mine.values("pk")[:1]),
        bilan_state=Subquery(mine.values("state")[:1]),
        published_pk=Subquery(published.values("pk")[:1]),
        published_at=Subquery(published.values("published_at")[:1]),
        bilan_writer=Coalesce(
            Subquery(mine.values("writer")[:1]), Subquery(answers_for.values("facilitator")[:1])
        ),
    )


def lacking(buyers: Any, lack: str, year: int, user: Any) -> Any:
    """Those of these buyers (with their bilans) that something holds back: a code of LACKS."""
    today = timezone.localdate()
    match lack:
        case "heures":
            rows = unvalidated(HoursEntry.objects.visible_to(user), year)
            return buyers.filter(pk__in=rows.order_by().values("market__buyer"))
        case "situations":
            rows = unanswered(visible_outcomes(user), year, today)
            return buyers.filter(pk__in=rows.order_by().values(BUYER_OF_OUTCOME))
        case "preuves":
            lines = due_in(QualitativeCommitment.objects.visible_to(user), year).unproved()
            return buyers.filter(pk__in=lines.order_by().values("market__buyer"))
        case "observations":
            return buyers.filter(bilan_pk__in=_remarks(user).values("bilan"))
        case _:
            delivered = BilanDelivery.objects.filter(bilan=OuterRef("published_pk"))
            return buyers.filter(~Exists(delivered), published_pk__isnull=False)


def _remarks(user: Any) -> Any:
    """What buyers said of their projets, without answer."""
    return BilanComment.objects.visible_to(user).filter(side=CommentSide.BUYER).open().order_by()


def counts_of(buyers: Any) -> dict[str, int]:
    """How many buyers are concerned, published, delivered, and how many in each state: one query."""
    states = {state: Count("pk", filter=Q(bilan_state=state)) for state in BilanState.values}
    delivered = Exists(BilanDelivery.objects.filter(bilan=OuterRef("published_pk")))
    return (
        buyers.annotate(is_delivered=delivered)
        .order_by()
        .aggregate(
            total=Count("pk"),
            with_published=Count("pk", filter=Q(published_pk__isnull=False)),
            delivered=Count("pk", filter=Q(is_delivered=True)),
            none=Count("pk", filter=Q(bilan_pk__isnull=True)),
            **states,
        )
    )


@dataclass
class Standing:
    """Where one buyer stands in a campaign; a figure of None is one that means nothing yet."""

    writer: str = ""
    is_proposed: bool = False
    version: int = 1
    hours: int = 0
    outcomes: int = 0
    evidence: int = 0
    anomalies: int | None = None
    empty_texts: int | None = None
    drafts: int = 0
    remarks: int = 0
    delivered_on: dt.date | None = None
    downloaded_on: dt.date | None = None


@dataclass
class Reader:
    """What the figures are asked with: whose eyes, which year, the names of the house."""

    user: Any
    year: int
    names: dict[int, str] = field(default_factory=dict)

    def standings_of(self, buyers: Iterable[Any], *, with_anomalies: bool = False) -> None:
        """Give each buyer (with its bilans) its `standing`: five queries, and ten more for the anomalies."""
        buyers = list(buyers)
        keys = [buyer.pk for buyer in buyers]
        today = timezone.localdate()
        hours = unvalidated_by_buyer(HoursEntry.objects.visible_to(self.user), self.year, keys)
        outcomes = unanswered_by_buyer(visible_outcomes(self.user), self.year, today, keys)
        evidence = unproved_by_buyer(QualitativeCommitment.objects.visible_to(self.user), self.year, keys)
        anomalies = self.anomalies_of(keys) if with_anomalies else None
        bilans = self._bilans(buyers)
        for buyer in buyers:
            bilan = bilans.get(buyer.bilan_pk)
            published = bilans.get(buyer.published_pk)
            standing = Standing(
                writer=self.names.get(buyer.bilan_writer, ""),
                is_proposed=bilan is None or bilan.writer_id is None,
                hours=hours.get(buyer.pk, 0),
                outcomes=outcomes.get(buyer.pk, 0),
                evidence=evidence.get(buyer.pk, 0),
                anomalies=None if anomalies is None else anomalies.get(buyer.pk, 0),
            )
            if bilan is not None:
                standing.version = bilan.version
                standing.drafts, standing.remarks = bilan.drafts_sent, bilan.remarks
                if not bilan.is_published:
                    standing.empty_texts = sum(
                        not (bilan.narrative.get(key) or "").strip() for key in SECTIONS
                    )
            if published is not None:
                standing.delivered_on = _day(published.first_sent)
                standing.downloaded_on = _day(published.first_read)
            buyer.standing = standing

    def anomalies_of(self, buyers: list[int]) -> dict[int, int]:
        return anomalies_by_buyer(
            Assignment.objects.visible_to(self.user),
            Commitment.objects.visible_to(self.user),
            self.year,
            timezone.localdate(),
            buyers,
        )

    def _bilans(self, buyers: list[Any]) -> dict[int, Any]:
        """The last versions and the last published ones, with what was sent, said and delivered: one query."""
        keys = {pk for buyer in buyers for pk in (buyer.bilan_pk, buyer.published_pk) if pk}
        deliveries = BilanDelivery.objects.filter(bilan=OuterRef("pk")).order_by()
        sent = deliveries.order_by("sent_at", "pk").values("sent_at")[:1]
        read = deliveries.filter(first_download_at__isnull=False).order_by("first_download_at", "pk")
        remarks = (
            _remarks(self.user).filter(bilan=OuterRef("pk")).values("bilan").annotate(number=Count("pk"))
        )
        rows = Bilan.objects.visible_to(self.user).filter(pk__in=keys).defer("snapshot", "drafting")
        rows = rows.annotate(
            drafts_sent=Count("drafts"),
            remarks=Coalesce(Subquery(remarks.values("number")), 0),
            first_sent=Subquery(sent),
            first_read=Subquery(read.values("first_download_at")[:1]),
        )
        return {row.pk: row for row in rows.order_by("pk")}


def _day(moment: dt.datetime | None) -> dt.date | None:
    return timezone.localdate(moment) if moment else None
