"""What the database refuses, and the sentence that a form shows for it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clauses.models import Clause, Commitment
from markets.models import (
    Award,
    Buyer,
    Company,
    CompanyKind,
    Contact,
    Lot,
    Market,
    Responsibility,
)
from tests.factories import (
    AwardFactory,
    BuyerFactory,
    ClauseFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyKindFactory,
    DepartmentFactory,
    LotFactory,
    MarketFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
EARLY, LATE = dt.date(2025, 1, 1), dt.date(2025, 12, 31)


def same_identifier(model, factory):
    return lambda: model(name="Autre", identifier=factory().identifier)


BROKEN = {
    "buyer identifier": (same_identifier(Buyer, BuyerFactory), "donneur d’ordre porte déjà cet identifiant"),
    "company identifier": (same_identifier(Company, CompanyFactory), "entreprise porte déjà cet identifiant"),
    "market amount": (
        lambda: Market(buyer=BuyerFactory(), reference="R", object="O", amount=Decimal("-1")),
        "montant ne peut pas être négatif",
    ),
    "market end before start": (
        lambda: Market(buyer=BuyerFactory(), reference="R", object="O", starts_on=LATE, planned_end=EARLY),
        "La fin prévue précède l’ordre de service",
    ),
    "market end before notification": (
        lambda: Market(buyer=BuyerFactory(), reference="R", object="O", notified_on=LATE, planned_end=EARLY),
        "La fin prévue précède la notification",
    ),
    "market closed before notification": (
        lambda: Market(buyer=BuyerFactory(), reference="R", object="O", notified_on=LATE, closed_on=EARLY),
        "La clôture précède la notification",
    ),
    "lot amount": (
        lambda: Lot(market=MarketFactory(), number="9", amount=Decimal("-1")),
        "montant ne peut pas être négatif",
    ),
    "award amount": (
        lambda: Award(lot=LotFactory(), company=CompanyFactory(), amount=Decimal("-1")),
        "montant ne peut pas être négatif",
    ),
    "kind dates": (
        lambda: CompanyKind(company=CompanyFactory(), kind="EI", starts_on=LATE, ends_on=EARLY),
        "date de fin précède",
    ),
    "contact of nobody": (
        lambda: Contact(name="Seul"),
        "appartient à un donneur d’ordre ou à une entreprise",
    ),
    "contact of two": (
        lambda: Contact(name="Deux", buyer=BuyerFactory(), company=CompanyFactory()),
        "appartient à un donneur d’ordre ou à une entreprise",
    ),
    "contact dates": (
        lambda: Contact(name="X", buyer=BuyerFactory(), starts_on=LATE, ends_on=EARLY),
        "date de fin précède",
    ),
    "responsibility of two": (
        lambda: Responsibility(
            market=MarketFactory(), buyer=BuyerFactory(), facilitator=UserFactory(), starts_on=EARLY
        ),
        "porte sur un marché, une entreprise ou un donneur d’ordre",
    ),
    "responsibility dates": (
        lambda: Responsibility(
            market=MarketFactory(), facilitator=UserFactory(), starts_on=LATE, ends_on=EARLY
        ),
        "date de fin précède",
    ),
    "clause minimum": (
        lambda: Clause(lot=LotFactory(), minimum_hours=Decimal("-1")),
        "minimum d’heures ne peut pas être négatif",
    ),
    "clause effort rate": (
        lambda: Clause(lot=LotFactory(), effort_rate=Decimal("101")),
        "entre 0 et 100",
    ),
    "clause euros per hour": (
        lambda: Clause(lot=LotFactory(), euros_per_hour=Decimal("0")),
        "supérieur à zéro",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_refused_with_a_sentence_and_by_the_database(name):
    make, sentence = BROKEN[name]
    row = make()
    with pytest.raises(ValidationError, match=sentence):
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def twice(row, **changes):
    fields = {
        field.name: getattr(row, field.name) for field in row._meta.concrete_fields if not field.primary_key
    }
    return type(row)(**{**fields, **changes})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (DepartmentFactory, "a déjà une direction de ce nom"),
        (MarketFactory, "a déjà un marché de cette référence"),
        (LotFactory, "a déjà un lot de ce numéro"),
        (AwardFactory, "est déjà attributaire de ce lot"),
        (CompanyKindFactory, "a déjà cette nature"),
        (ClauseFactory, "a déjà une clause de cette nature"),
        (CommitmentFactory, "porte déjà un engagement sur cette clause"),
    ],
)
def test_the_same_row_twice_is_refused_with_a_sentence_and_by_the_database(make, sentence):
    again = twice(make())
    with pytest.raises(ValidationError, match=sentence):
        again.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


def test_two_organisations_without_identifier_live_side_by_side():
    BuyerFactory(identifier="")
    BuyerFactory(identifier="")
    assert Buyer.objects.filter(identifier="").count() == 2


def test_a_commitment_takes_its_market_and_holder_from_its_source():
    commitment = CommitmentFactory()
    other = CommitmentFactory()
    commitment.market, commitment.holder = other.market, other.holder
    commitment.save()
    found = Commitment.objects.get(pk=commitment.pk)
    assert (found.market, found.holder) == (commitment.clause.lot.market, commitment.award.company)
