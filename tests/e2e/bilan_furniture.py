"""A row of everything that has a page around the bilans: campaign, batch, projet, portrait, yearly point, published contract."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from clauses.models import PublishedContract
from core.dates import add_months
from reporting.models import Bilan, PublicationBatch, PublicationItem
from reporting.services.campaigns import open_campaign
from reporting.services.comments import comment_bilan, comment_draft
from reporting.services.deliveries import deliver_bilan
from reporting.services.drafts import start_bilan, start_territory_bilan
from reporting.services.partnership import save_action, save_note, share_note
from reporting.services.portraits import write_portrait
from reporting.services.publication import make_files
from reporting.services.sent_drafts import send_draft
from reporting.services.workflow import review_bilan
from tests.e2e.territory import Territory
from tests.factories import HoursEntryFactory


def furnish_the_bilans(territory: Territory, *, published: Bilan, draft: Bilan) -> None:
    """`published` is frozen without its files, `draft` is that of the running year."""
    house, buyer, today = territory.facilitator, territory.buyer, timezone.localdate()
    make_files(bilan=published, user=territory.admin, formats=("json",))
    deliver_bilan(bilan=published, addresses=["regine@ville.example"], by=house)
    campaign = open_campaign(year=territory.year, due_on=None, user=territory.admin)
    batch = PublicationBatch.objects.create(campaign=campaign, created_by=territory.admin)
    PublicationItem.objects.create(batch=batch, bilan=published)
    # The projet of a year before, with a remark of the buyer; that of the territory waits to be published.
    earlier = start_bilan(buyer=buyer, year=territory.year - 1, user=house)
    review_bilan(bilan=earlier, user=house)
    sent = send_draft(bilan=earlier, comments_until=add_months(today, 1), user=house)
    comment_draft(draft=sent, chapter="hours", text="Ce mois paraît faible.", by=territory.buyer_user)
    review_bilan(bilan=start_territory_bilan(year=territory.year, user=house), user=house)
    HoursEntryFactory(
        assignment=territory.assignments["Arnaud"],
        month=dt.date(draft.year or 0, 1, 1),
        hours=Decimal(70),
        counted=True,
    )
    person = territory.assignments["Arnaud"].placement.beneficiary
    write_portrait(bilan=draft, person=person, text="Une première mission, puis une autre.", user=house)
    comment_bilan(bilan=draft, chapter="hours", text="À expliquer.", by=territory.admin)
    note = save_note(
        buyer=buyer, year=territory.year, meeting_on=today, minutes="Bilan lu ensemble.", by=house
    )
    save_action(note=note, title="Saisir la maison plus tôt", by=house)
    share_note(note=note, shared=True, by=house)
    PublishedContract.objects.create(
        buyer=buyer,
        number="2026-17",
        lot_key="nettoyage|",
        object="Nettoyage des écoles",
        amount=Decimal(250_000),
        notified_on=today,
        considerations=["clause"],
        source="essai.json",
    )
