"""Globalisations: when they apply, what they credit, and what they leave alone."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beneficiaries.models import HoursEntry, Mutualisation
from beneficiaries.services import mutualisation as services
from clauses.progress import hours_counted
from core.errors import DomainError
from reporting.indicators.work import hours_since_start
from tests.factories import (
    CommitmentFactory,
    HoursEntryFactory,
    eligible_assignment,
    make_bilan,
    mutualisation,
)

pytestmark = pytest.mark.django_db
D = dt.date


def worked(commitment: Any, *months: tuple[dt.date, str]) -> None:
    assignment = eligible_assignment(commitment=commitment)
    for month, hours in months:
        HoursEntryFactory(assignment=assignment, month=month, hours=Decimal(hours), counted=True)


def counted(*commitments: Any, until: dt.date | None = None) -> list[Decimal]:
    found = hours_counted([row.pk for row in commitments], until)
    return [found[row.pk] for row in commitments]


def test_hours_are_credited_by_the_key_over_the_months_agreed_and_the_total_stays():
    one, two, other = CommitmentFactory(), CommitmentFactory(), CommitmentFactory()
    worked(one, (D(2025, 2, 1), "50"), (D(2025, 3, 1), "200"), (D(2025, 4, 1), "100"))
    worked(other, (D(2025, 3, 1), "70"))
    mutualisation({one: 60, two: 40}, starts_on=D(2025, 3, 1), ends_on=D(2025, 4, 1))
    # 300 h together: 180 and 120; the 50 h of February stay where they are.
    assert counted(one, two, other) == [Decimal("230.00"), Decimal("120.00"), Decimal("70.00")]
    # Until March: 200 h together.
    assert counted(one, two, until=D(2025, 3, 31)) == [Decimal("170.00"), Decimal("80.00")]
    assert counted(one, two, until=D(2025, 2, 28)) == [Decimal("50.00"), Decimal("0.00")]
    # One commitment asked for alone has the same credit.
    assert counted(two) == [Decimal("120.00")]


def test_nothing_is_credited_before_the_document_and_every_agreement(cast):
    one, two = cast.commitment_a, cast.commitment_b
    worked(one, (D(2025, 3, 1), "100"))
    row = mutualisation({one: 50, two: 50}, in_effect=False)
    assert counted(one, two) == [Decimal("100.00"), Decimal("0.00")]
    first, second = row.shares.order_by("pk")
    paper = mutualisation({CommitmentFactory(): 100, CommitmentFactory(): 0}).document
    services.record_agreement(share=first, agreed_on=D(2025, 2, 3), user=cast.facilitator)
    services.attach_document(row=row, document=paper, user=cast.facilitator)
    assert counted(one, two) == [Decimal("100.00"), Decimal("0.00")]
    services.record_agreement(share=second, agreed_on=D(2025, 2, 3), user=cast.facilitator)
    assert counted(one, two) == [Decimal("50.00"), Decimal("50.00")]


def test_hours_realised_stay_where_they_were_worked_and_the_rate_follows_the_key(cast):
    one, two = cast.commitment_a, cast.commitment_b
    worked(one, (D(2025, 3, 1), "400"))
    mutualisation({one: 25, two: 75})
    # Taux de réalisation of buyer B: 300 h of the 777 engaged, though no hour was worked on its market.
    assert hours_since_start([one.pk, two.pk], D(2025, 12, 31)) == {
        one.pk: Decimal("100.00"),
        two.pk: Decimal("300.00"),
    }
    realised = {row.market_id: row.counted_hours for row in HoursEntry.objects.counted()}
    assert realised == {one.market_id: Decimal("400.00")}


def test_a_bilan_prints_hours_where_they_were_worked_and_says_what_is_credited(cast):
    # 400 h worked on the market of buyer A, a quarter kept: B has 300 h of its 777 without an hour on its market.
    worked(cast.commitment_a, (D(2025, 3, 1), "400"))
    mutualisation({cast.commitment_a: 25, cast.commitment_b: 75})
    found = {}
    for buyer in (cast.buyer_a, cast.buyer_b):
        snapshot = make_bilan(buyer=buyer, year=2025, published=True).snapshot
        chapters = {chapter["key"]: chapter for chapter in snapshot["chapters"]}
        text = json.dumps(chapters["rates"], ensure_ascii=False)
        figures = {
            figure["key"]: figure["value"]
            for block in chapters["rates"]["blocks"]
            for figure in block.get("items", [])
        }
        found[buyer] = (text, figures)
    text, figures = found[cast.buyer_b]
    assert (
        Decimal(figures["hours_since_start"]) == 300 and "dont 300\u202fh créditées par globalisation" in text
    )
    # 300 ÷ 777.
    assert figures["rate"] == "0.3861"
    text, figures = found[cast.buyer_a]
    assert "moins 300\u202fh créditées ailleurs par globalisation" in text
    call_command("check_consistency", stdout=StringIO())


def test_what_was_signed_changes_no_more_but_may_end_earlier(cast):
    one, two = cast.commitment_a, cast.commitment_b
    worked(one, (D(2025, 3, 1), "100"), (D(2025, 6, 1), "100"))
    row = mutualisation({one: 0, two: 100})
    with pytest.raises(DomainError, match="elle ne change plus"):
        services.save_mutualisation(
            row=row, shares={one: Decimal(50), two: Decimal(50)}, user=cast.facilitator
        )
    with pytest.raises(DomainError, match="choisissez un mois plus tôt"):
        services.stop_mutualisation(row=row, ends_on=D(2027, 1, 1), user=cast.facilitator)
    services.stop_mutualisation(row=row, ends_on=D(2025, 4, 1), user=cast.facilitator)
    assert counted(one, two) == [Decimal("100.00"), Decimal("100.00")]


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ((60, 30), "Les parts font 90 %"),
        ((100,), "au moins deux engagements"),
        ((70, 40), "Les parts font 110 %"),
    ],
)
def test_a_key_makes_a_hundred_percent_of_two_commitments_at_least(cast, shares, sentence):
    commitments = [cast.commitment_a, cast.commitment_b][: len(shares)]
    row = Mutualisation(label="X", signed_on=D(2025, 1, 6), starts_on=D(2025, 1, 1), ends_on=D(2025, 6, 1))
    with pytest.raises(DomainError) as refusal:
        services.save_mutualisation(
            row=row,
            shares={one: Decimal(share) for one, share in zip(commitments, shares, strict=True)},
            user=cast.facilitator,
        )
    assert sentence in refusal.value.sentence.replace("\u202f", " ")
    assert not Mutualisation.objects.exists()


def test_a_commitment_is_in_one_globalisation_at_a_time(cast):
    mutualisation({cast.commitment_a: 50, cast.commitment_b: 50}, in_effect=False, ends_on=D(2025, 6, 1))
    shares = {cast.commitment_a: Decimal(50), cast.other_commitment_a: Decimal(50)}

    def row(start: dt.date) -> Mutualisation:
        return Mutualisation(label="X", signed_on=D(2025, 1, 6), starts_on=start, ends_on=D(2025, 12, 1))

    with pytest.raises(DomainError, match="est déjà dans la globalisation"):
        services.save_mutualisation(row=row(D(2025, 6, 1)), shares=shares, user=cast.facilitator)
    services.save_mutualisation(row=row(D(2025, 7, 1)), shares=shares, user=cast.facilitator)


def test_changing_a_share_asks_for_the_agreement_again(cast):
    row = mutualisation({cast.commitment_a: 50, cast.commitment_b: 50}, in_effect=False)
    for share in row.shares.order_by("pk")[:1]:
        services.record_agreement(share=share, agreed_on=D(2025, 2, 3), user=cast.facilitator)
    services.save_mutualisation(
        row=row,
        shares={cast.commitment_a: Decimal(60), cast.commitment_b: Decimal(40)},
        user=cast.facilitator,
    )
    assert [share.agreed_on for share in row.shares.order_by("pk")] == [None, None]


def test_the_pages_prepare_it_and_the_market_and_the_commitment_say_what_is_credited(cast, signed_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    worked(cast.commitment_a, (D(2025, 3, 1), "200"))
    client = signed_in(cast.facilitator)
    form = {
        "label": "Globalisation des écoles",
        "signed_on": "6/1/25",
        "starts_on": "01/2025",
        "ends_on": "12/2025",
        "commitment_1": f"Alpha [{cast.commitment_a.pk}]",
        "share_1": "40 %",
        "commitment_2": f"Bravo [{cast.commitment_b.pk}]",
        "share_2": "50",
    }
    page = client.post(reverse("mutualisation_create"), form).content.decode()
    assert "Les parts font 90" in page
    page = client.post(
        reverse("mutualisation_create"), {**form, "share_2": "60"}, follow=True
    ).content.decode()
    assert "Joignez le document signé" in page and "Enregistrez l’accord de Ville de Bravo" in page
    row = Mutualisation.objects.get()
    for share in row.shares.order_by("pk"):
        client.post(reverse("mutualisation_agreement", args=[share.pk]), {"agreed_on": "6/1/25"})
    wrong = SimpleUploadedFile("signée.pdf", b"pas un pdf", content_type="application/pdf")
    assert client.post(reverse("mutualisation_document", args=[row.pk]), {"upload": wrong}).status_code == 200
    paper = SimpleUploadedFile("signée.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    page = client.post(
        reverse("mutualisation_document", args=[row.pk]), {"upload": paper}, follow=True
    ).content.decode()
    assert "s’applique" in page and "120" in page
    page = client.get(reverse("market_detail", args=[cast.commitment_b.market_id])).content.decode()
    assert "dont 120\u202fh créditées par la globalisation" in page
    page = client.get(reverse("commitment_detail", args=[cast.commitment_a.pk])).content.decode()
    assert "moins 120\u202fh travaillées ici et créditées ailleurs" in page
    # The buyer reads it on its own market too, and nothing of the other one.
    page = signed_in(cast.buyer_user_b).get(reverse("market_detail", args=[cast.commitment_b.market_id]))
    assert (
        "créditées par la globalisation" in page.content.decode() and "ALPHA-1" not in page.content.decode()
    )


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_worked_and_agreed_no_hour_is_made_or_lost(data):
    commitments = [CommitmentFactory() for _ in range(3)]
    for commitment in commitments:
        for month in data.draw(st.sets(st.integers(1, 12), max_size=3)):
            hours = data.draw(st.decimals("0.01", "150", places=2))
            worked(commitment, (D(2025, month, 1), str(hours)))
    cut = sorted(data.draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2)))
    key = [Decimal(part) / 100 for part in (cut[0], cut[1] - cut[0], 10_000 - cut[1])]
    first = data.draw(st.integers(1, 12))
    before = counted(*commitments)
    mutualisation(
        dict(zip(commitments, key, strict=True)),
        starts_on=D(2025, first, 1),
        ends_on=D(2025, data.draw(st.integers(first, 12)), 1),
    )
    until = D(2025, data.draw(st.integers(1, 12)), 28)
    assert sum(counted(*commitments)) == sum(before)
    assert all(hours >= 0 for hours in counted(*commitments, until=until))
