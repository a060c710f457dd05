"""What each role gets at the addresses of campaigns and batches: the house reads, the administration publishes."""

from __future__ import annotations

from reporting.models import Campaign, PublicationBatch
from tests.expectations import ADMIN_FORM, ADMIN_ONLY, HOUSE_FORM, HOUSE_ONLY, Expectations, Kwargs
from tests.factories import make_bilan

EXPECTED: Expectations = {
    "campaign_list": HOUSE_ONLY,
    "campaign_open": ADMIN_ONLY,
    "campaign_detail": HOUSE_ONLY,
    "campaign_edit": ADMIN_ONLY,
    "campaign_anomalies": HOUSE_ONLY,
    "campaign_drafts": HOUSE_ONLY,
    "campaign_writers": HOUSE_ONLY,
    "campaign_publish": ADMIN_ONLY,
    "batch_detail": HOUSE_ONLY,
    "batch_progress": HOUSE_ONLY,
    "batch_cancel": ADMIN_FORM,
    "batch_retry": ADMIN_FORM,
    "batch_archive": HOUSE_FORM,
}


def _year(cast):
    """A campaign with one draft: there is something to open, and something to give."""
    if not Campaign.objects.filter(year=2025).exists():
        Campaign.objects.create(year=2025)
        make_bilan(buyer=cast.buyer_a)
    return {"year": 2025}


def _batch(cast):
    return {"pk": PublicationBatch.objects.create(campaign=Campaign.objects.get_or_create(year=2025)[0]).pk}


KWARGS: Kwargs = {
    **{
        name: _year
        for name in EXPECTED
        if name.startswith("campaign") and name not in ("campaign_list", "campaign_open")
    },
    **{name: _batch for name in EXPECTED if name.startswith("batch")},
}
