"""The page that shows how a commitment's figure came about, the papers it rests on, and the sharing in a group."""

import datetime as dt
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clauses.models import Commitment, CommitmentChange
from clauses.services import commitments as services
from core import charts
from core.errors import DomainError
from core.models import StoredFile
from tests.factories import (
    AwardFactory,
    BuyerMembershipFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CompanyMembershipFactory,
    LotFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2025, 6, 1)
PDF = b"%PDF-1.4\n%%EOF\n"
THIN = "\u202f"


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


@pytest.fixture
def group():
    """A leader with 500 h and two others without."""
    lot = LotFactory()
    leader = CommitmentFactory(lot=lot, award=AwardFactory(lot=lot, role="leader"))
    others = [
        CommitmentFactory(clause=leader.clause, award=AwardFactory(lot=lot, role="co_contractor"), hours=0)
        for _ in range(2)
    ]
    return [leader, *others]


def pdf(name="avenant.pdf", content=PDF):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def opened(client, address):
    response = client.get(address)
    if response.streaming:
        b"".join(response.streaming_content)
    response.close()
    return response.status_code


def engaged(*commitments):
    return [Commitment.objects.with_hours_engaged().get(pk=row.pk).hours_engaged for row in commitments]


# --- Papers --------------------------------------------------------------------------------------------------


def test_a_change_keeps_its_paper_and_whoever_sees_the_change_opens_it(house, cast, signed_in):
    commitment = cast.commitment_a
    house.post(
        reverse("change_create", args=[commitment.pk]),
        {"reason": "discharge", "delta": "-120", "effective_on": "1/6/2025", "document": pdf("décision.pdf")},
    )
    change = commitment.changes.get(reason="discharge")
    assert change.document.name == "décision.pdf"
    address = reverse("file_download", args=[change.document_id])
    answers = {
        user: opened(signed_in(getattr(cast, user)), address)
        for user in ("facilitator", "buyer_user_a", "company_user_a", "buyer_user_b", "company_user_b")
    }
    assert answers == {
        "facilitator": 200,
        "buyer_user_a": 200,
        "company_user_a": 200,
        "buyer_user_b": 404,
        "company_user_b": 404,
    }
    assert "décision.pdf" in house.get(reverse("commitment_detail", args=[commitment.pk])).content.decode()


@pytest.mark.parametrize("reason", ["discharge", "suspension"])
def test_what_the_buyer_grants_says_where_its_decision_is(house, reason):
    commitment = CommitmentFactory(hours=500)
    typed = {"reason": reason, "delta": "-120", "effective_on": "1/6/2025"}
    url = reverse("change_create", args=[commitment.pk])
    assert "joignez sa décision" in house.post(url, typed).context["form"].errors["document"][0]
    house.post(url, {**typed, "note": "courrier du 28/05"})
    assert engaged(commitment) == [380]


def test_a_suspension_is_given_back_when_work_is_taken_up_again(house):
    commitment = CommitmentFactory(hours=500)
    for delta, day in (("-200", "1/6/2025"), ("200", "1/9/2025")):
        house.post(
            reverse("change_create", args=[commitment.pk]),
            {"reason": "suspension", "delta": delta, "effective_on": day, "note": "courrier"},
        )
    figures = [
        Commitment.objects.with_hours_engaged(dt.date(2025, month, 1)).get(pk=commitment.pk).hours_engaged
        for month in (5, 6, 9)
    ]
    assert figures == [500, 300, 500]


def test_a_tranche_adds_hours_only(house):
    commitment = CommitmentFactory(hours=500)
    url = reverse("change_create", args=[commitment.pk])
    refused = house.post(url, {"reason": "tranche", "delta": "-10", "effective_on": "1/6/2025"})
    assert "ajoute des heures" in refused.context["form"].errors["delta"][0]
    house.post(url, {"reason": "tranche", "delta": "250", "effective_on": "1/6/2025"})
    assert engaged(commitment) == [750]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "vide"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "n’est pas d’un type accepté"),
        (b"%PDF-1.4\n" + b"0" * 21_000_000, f"dépasse 20{THIN}Mo"),
    ],
)
def test_a_bad_paper_gets_a_sentence_and_nothing_is_kept(house, content, sentence):
    commitment = CommitmentFactory(hours=500)
    response = house.post(
        reverse("change_create", args=[commitment.pk]),
        {
            "reason": "amendment",
            "delta": "10",
            "effective_on": "1/6/25",
            "note": "n° 2",
            "document": pdf(content=content),
        },
    )
    assert sentence in response.context["form"].errors["document"][0]
    assert 'value="n° 2"' in response.content.decode()
    assert commitment.changes.count() == 1
    assert not StoredFile.objects.exists()


def test_a_refused_change_keeps_no_paper(house):
    commitment = CommitmentFactory(hours=500)
    house.post(
        reverse("change_create", args=[commitment.pk]),
        {"reason": "amendment", "delta": "-501", "effective_on": "1/6/25", "document": pdf()},
    )
    assert not StoredFile.objects.exists()


# --- The timeline --------------------------------------------------------------------------------------------


def test_the_timeline_tells_the_running_total_by_effective_day(house):
    commitment = CommitmentFactory(hours=500)
    CommitmentChangeFactory(commitment=commitment, delta=Decimal("-50"), effective_on=dt.date(2025, 9, 1))
    CommitmentChangeFactory(commitment=commitment, delta=Decimal("300"), effective_on=dt.date(2025, 4, 1))
    response = house.get(reverse("commitment_detail", args=[commitment.pk]))
    assert [step["total"] for step in response.context["steps"]] == [500, 800, 750]
    html = response.content.decode()
    assert f"01/02/2025 : 500{THIN}h ; 01/04/2025 : 800{THIN}h ; 01/09/2025 : 750{THIN}h" in html
    assert "jours d’intervention" in html


def test_the_steps_are_drawn_whatever_their_figures():
    day = dt.date(2025, 2, 1)
    for points in (
        [],
        [(day, Decimal(0))],
        [(day, Decimal(500)), (day, Decimal(800))],
        [(day + dt.timedelta(n), Decimal(n * 10**6)) for n in range(60)],
    ):
        drawing = ElementTree.fromstring(charts.steps(points, title="Heures", until=day))
        texts = ["".join(node.itertext()) for node in drawing.iter("{http://www.w3.org/2000/svg}text")]
        if points:
            assert f"{points[-1][1]:,f}".replace(",", THIN) + f"{THIN}h" in texts
    # Two changes of one day are one step, at its last value.
    drawing = charts.steps([(day, Decimal(500)), (day, Decimal(800))], title="Heures", until=day)
    assert f"01/02/2025 : 800{THIN}h</desc>" in drawing


def test_who_recorded_a_change_is_the_house_s_own(cast, signed_in):
    CommitmentChangeFactory(commitment=cast.commitment_a, recorded_by=cast.facilitator, note="avenant 2")
    url = reverse("commitment_detail", args=[cast.commitment_a.pk])
    assert "Fanny Facile" in signed_in(cast.facilitator).get(url).content.decode()
    for user in (cast.buyer_user_a, cast.company_user_a):
        html = signed_in(user).get(url).content.decode()
        assert "Fanny" not in html and "avenant 2" in html


def test_fifty_changes_ask_the_database_no_more_than_one(cast, signed_in):
    def count(user):
        client = signed_in(user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("commitment_detail", args=[commitment.pk])).status_code == 200
        return len(queries)

    commitment = CommitmentFactory(hours=0)
    users = [
        cast.facilitator,
        BuyerMembershipFactory(buyer=commitment.market.buyer).user,
        CompanyMembershipFactory(company=commitment.holder).user,
    ]

    def add(n):
        services.record_change(
            commitment=commitment,
            delta=Decimal(10),
            effective_on=DAY + dt.timedelta(days=n),
            reason="amendment",
            document=pdf(f"avenant-{n}.pdf"),
            user=cast.facilitator,
        )

    add(0)
    few = [count(user) for user in users]
    for n in range(1, 6):
        add(n)
    assert [count(user) for user in users] == few
    for n in range(6, 50):
        add(n)
    assert [count(user) for user in users] == few
    assert max(few) <= 12


# --- Sharing in a group --------------------------------------------------------------------------------------


def share(group, hours, **more):
    return services.redistribute_hours(
        clause=group[0].clause,
        hours={row.pk: Decimal(figure) for row, figure in zip(group, hours, strict=True)},
        effective_on=DAY,
        user=None,
        **more,
    )


def test_a_group_is_shared_anew_with_an_equal_total(group):
    changes = share(group, ["250", "150", "100"])
    assert engaged(*group) == [250, 150, 100]
    assert sorted(change.delta for change in changes) == [-250, 100, 150]
    assert {change.reason for change in changes} == {"move"}
    # Who keeps its hours has no new line.
    assert len(share(group, ["250", "100", "150"])) == 2


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (["250", "150", "101"], f"1{THIN}h de trop"),
        (["250", "150", "99.5"], f"il manque 0,5{THIN}h"),
        (["500", "0", "0"], "rien à enregistrer"),
    ],
)
def test_a_total_that_differs_writes_nothing(group, hours, sentence):
    with pytest.raises(DomainError, match=sentence):
        share(group, hours)
    assert engaged(*group) == [500, 0, 0]


def test_a_share_that_leaves_somebody_out_is_refused(group):
    with pytest.raises(DomainError, match="entre-temps"):
        share(group[:2], ["250", "250"])


def test_a_share_over_what_somebody_wrote_meanwhile_is_refused(group):
    seen = services.newest_change(group[0].clause)
    share(group, ["400", "100", "0"])
    with pytest.raises(DomainError, match="entre-temps"):
        share(group, ["300", "0", "200"], seen=seen)
    assert engaged(*group) == [400, 100, 0]


def test_the_page_of_a_group_shares_and_keeps_what_was_typed(house, group):
    leader, second, third = group
    url = reverse("commitment_move", args=[second.pk])
    page = house.get(url)
    html = page.content.decode()
    assert all(row.holder.name in html for row in group)
    typed = {
        f"hours_{leader.pk}": "300",
        f"hours_{second.pk}": "150",
        f"hours_{third.pk}": "40",
        "effective_on": "1/6/2025",
        "note": "avenant de répartition",
        "seen": page.context["form"]["seen"].value(),
    }
    refused = house.post(url, typed)
    assert "il manque" in refused.content.decode() and 'value="40"' in refused.content.decode()
    assert engaged(*group) == [500, 0, 0]
    house.post(url, {**typed, f"hours_{third.pk}": "50"})
    assert engaged(*group) == [300, 150, 50]
    assert CommitmentChange.objects.filter(reason="move", note="avenant de répartition").count() == 3


def test_after_a_write_in_between_the_page_shows_the_new_figures_and_can_be_sent_again(house, group):
    leader, second, third = group
    url = reverse("commitment_move", args=[leader.pk])
    seen = house.get(url).context["form"]["seen"].value()
    share(group, ["400", "100", "0"])
    typed = {
        f"hours_{leader.pk}": "300",
        f"hours_{second.pk}": "150",
        f"hours_{third.pk}": "50",
        "effective_on": "1/6/25",
    }
    refused = house.post(url, {**typed, "seen": seen})
    assert "entre-temps" in refused.content.decode()
    again = refused.context["form"]["seen"].value()
    house.post(url, {**typed, "seen": again})
    assert engaged(*group) == [300, 150, 50]
