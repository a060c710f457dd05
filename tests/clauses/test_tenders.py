"""The analysis of bids: criteria, marks, ranking, closing, the report; for the house and the market's buyer alone."""

import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from clauses.models import OfferAssessment, OfferCriterion, OfferGrid, OfferScore
from clauses.offer_table import comparison_of
from clauses.services.tenders import (
    CriterionLine,
    close_grid,
    reopen_grid,
    start_grid,
    write_assessment,
    write_criteria,
)
from core.errors import DomainError
from tests.factories import CompanyFactory, LotFactory

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def lot(cast):
    return LotFactory(market=cast.commitment_a.market, number="7")


@pytest.fixture
def grid(cast, lot):
    return start_grid(lot=lot, by=cast.facilitator)


def bid(grid, name, marks, hours=None, by=None):
    points = {
        criterion.pk: (D(mark), "")
        for criterion, mark in zip(grid.criteria.all(), marks, strict=True)
        if mark is not None
    }
    return write_assessment(grid=grid, bidder=name, hours_offered=hours, points=points, by=by)


def test_a_grid_begins_with_criteria_that_weigh_100(grid, lot, cast):
    assert sum(row.weight for row in grid.criteria.all()) == 100
    assert start_grid(lot=lot, by=cast.facilitator) == grid and OfferGrid.objects.count() == 1


def test_weights_that_do_not_make_100_are_refused_with_what_is_missing(grid):
    with pytest.raises(DomainError, match=r"totalisent 95 %.*Ajoutez 5 %"):
        write_criteria(
            grid=grid,
            lines=[CriterionLine("A", D(60)), CriterionLine("B", D(35))],
            scale=10,
            weight=None,
            by=None,
        )
    assert grid.criteria.count() == 4


def test_a_criterion_keeps_its_marks_when_it_is_renamed_and_takes_them_when_it_goes(grid):
    first, second, *_ = grid.criteria.all()
    offer = bid(grid, "Alpha Bâtiment", (8, 6, 5, 10))
    write_criteria(
        grid=grid,
        lines=[
            CriterionLine("Heures", D(70), pk=first.pk),
            CriterionLine("Tuteur", D(30), pk=second.pk),
        ],
        scale=10,
        weight=D(15),
        by=None,
    )
    assert [(row.label, row.weight) for row in grid.criteria.all()] == [("Heures", 70), ("Tuteur", 30)]
    assert set(offer.scores.values_list("points", flat=True)) == {D(8), D(6)}


def test_a_scale_below_a_mark_already_given_is_refused(grid):
    bid(grid, "Alpha Bâtiment", (8, 6, 5, 10))
    lines = [CriterionLine(row.label, row.weight, pk=row.pk) for row in grid.criteria.all()]
    with pytest.raises(DomainError, match="un barème de 5 ne suffit pas"):
        write_criteria(grid=grid, lines=lines, scale=5, weight=None, by=None)


def test_bids_are_ranked_the_best_first(grid):
    bid(grid, "Alpha", (8, 6, 5, 10))  # 74
    bid(grid, "Beta", (10, 10, 10, 0))  # 75
    bid(grid, "Gamma", (8, 6, 5, 10))  # 74
    bid(grid, "Delta", (10, 10, 10, None))  # not final
    columns = comparison_of(grid).columns
    assert [(column.assessment.bidder, column.rank) for column in columns] == [
        ("Beta", 1),
        ("Alpha", 2),
        ("Gamma", 2),
        ("Delta", None),
    ]


def test_the_same_bidder_is_not_entered_twice(grid):
    bid(grid, "Alpha", (1, 1, 1, 1))
    with pytest.raises(DomainError, match="déjà dans la grille"):
        bid(grid, " alpha ", (2, 2, 2, 2))


def test_points_above_the_scale_are_refused_and_nothing_is_written(grid):
    with pytest.raises(DomainError, match="de 0 à 10"):
        bid(grid, "Alpha", (11, 1, 1, 1))
    assert not OfferAssessment.objects.exists() and not OfferScore.objects.exists()


def test_an_analysis_is_closed_once_every_mark_is_given_and_then_changes_no_more(grid):
    with pytest.raises(DomainError, match="Aucune offre"):
        close_grid(grid=grid, notes="", by=None)
    offer = bid(grid, "Alpha", (1, 1, 1, None))
    with pytest.raises(DomainError, match="Il manque 1 note à l’offre de « Alpha »"):
        close_grid(grid=grid, notes="", by=None)
    last = grid.criteria.last()
    write_assessment(grid=grid, assessment=offer, bidder="Alpha", points={last.pk: (D(2), "")}, by=None)
    closed = close_grid(grid=grid, notes="Alpha l’emporte.", by=None)
    assert not closed.is_open
    for change in (
        lambda: bid(closed, "Beta", (1, 1, 1, 1)),
        lambda: write_criteria(
            grid=closed, lines=[CriterionLine("A", D(100))], scale=10, weight=None, by=None
        ),
    ):
        with pytest.raises(DomainError, match="L’analyse est close"):
            change()
    reopen_grid(grid=closed, by=None)
    bid(grid, "Beta", (1, 1, 1, 1))


@pytest.mark.parametrize("model", [OfferGrid, OfferCriterion, OfferAssessment, OfferScore])
def test_the_house_and_the_buyer_see_it_and_nobody_else(cast, grid, model):
    bid(grid, "Alpha", (1, 1, 1, 1))
    for user in (cast.facilitator, cast.admin, cast.buyer_user_a):
        assert model.objects.visible_to(user).exists()
    for user in (cast.buyer_user_b, cast.company_user_a, cast.company_user_b):
        assert not model.objects.visible_to(user).exists()


def test_no_page_gives_it_to_a_company_or_to_another_buyer(cast, signed_in, grid, lot):
    bid(grid, "Zénith Travaux", (1, 1, 1, 1))
    for name in ("offer_grid", "offer_report"):
        url = reverse(name, args=[lot.pk])
        assert signed_in(cast.company_user_a).get(url).status_code == 403
        assert signed_in(cast.buyer_user_b).get(url).status_code == 404
        assert signed_in(cast.buyer_user_a).get(url).status_code == 200
    page = signed_in(cast.buyer_user_a).get(reverse("offer_grid", args=[lot.pk])).content.decode()
    assert "Zénith Travaux" in page and "Ajouter une offre" not in page
    for url in ("market_detail", "market_list"):
        args = [lot.market_id] if url == "market_detail" else []
        assert "Zénith" not in signed_in(cast.company_user_a).get(reverse(url, args=args)).content.decode()


def test_a_buyer_reads_and_does_not_write(cast, signed_in, grid, lot):
    client = signed_in(cast.buyer_user_a)
    for name in ("offer_criteria", "offer_create", "offer_close", "lot_award"):
        assert client.get(reverse(name, args=[lot.pk])).status_code == 403
    OfferGrid.objects.filter(pk=grid.pk).delete()
    client.post(reverse("offer_grid", args=[lot.pk]))
    assert not OfferGrid.objects.exists()


def test_the_whole_analysis_on_the_pages(cast, signed_in, lot):
    client = signed_in(cast.facilitator)
    client.post(reverse("offer_grid", args=[lot.pk]))
    grid = OfferGrid.objects.get()
    first, *_others = grid.criteria.all()
    data = {"scale": "5", "weight": "15 %", "label_0": "Heures", "weight_0": "100", "expected_0": ""}
    for index in range(1, 4):
        data |= {f"label_{index}": "", f"weight_{index}": ""}
    client.post(reverse("offer_criteria", args=[lot.pk]), data)
    assert [(row.pk, row.label) for row in grid.criteria.all()] == [(first.pk, "Heures")]
    company = CompanyFactory(name="Alpha Toiture")
    url = reverse("offer_create", args=[lot.pk])
    refused = client.post(url, {"bidder": "Alpha", f"points_{first.pk}": "9", "hours_offered": "800"})
    assert "de 0 à 5" in refused.content.decode() and 'value="800"' in refused.content.decode()
    assert not OfferAssessment.objects.exists()
    good = {
        "bidder": "Alpha",
        "company": company.name,
        "hours_offered": "800",
        f"points_{first.pk}": "4,5",
        f"reason_{first.pk}": "planning réaliste",
    }
    assert client.post(url, good).status_code == 302
    page = client.get(reverse("offer_grid", args=[lot.pk])).content.decode()
    assert "planning réaliste" in page and "13,5" in page  # 4.5 / 5 × 15 points
    client.post(reverse("offer_close", args=[lot.pk]), {"notes": "Alpha répond au besoin."})
    pdf = client.get(reverse("offer_report", args=[lot.pk]))
    assert pdf["Content-Type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert "Alpha répond au besoin." in text and "13,5" in text and "confidentiel" in text


def test_as_many_queries_with_one_bid_as_with_six(cast, signed_in, grid, lot):
    client = signed_in(cast.facilitator)

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("offer_grid", args=[lot.pk]))
        return len(captured)

    bid(grid, "Un", (1, 1, 1, 1))
    count()
    one = count()
    for number in range(5):
        bid(grid, f"Offre {number}", (1, 2, 3, 4))
    assert count() == one <= 12
