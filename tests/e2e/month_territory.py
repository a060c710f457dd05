"""A month to close: 25 companies of 12 people on five markets of one facilitator, and the troubles planted in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from beneficiaries.enums import CountingReason, EntryState
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.services.declarations import declare_hours, start_declaration, submit_declaration
from beneficiaries.services.hours import Cell
from core.dates import add_months
from core.history import bulk_create_tracked
from markets.models import Company
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    ContractTypeFactory,
    EligibilityCriterionFactory,
    HouseFactory,
    LotFactory,
    MarketFactory,
    PlacementFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

MARKETS = (
    "Réhabilitation du groupe scolaire Jean-Macé",
    "Prolongement du tramway T6",
    "Entretien des espaces verts de l’Ouest",
    "Résidence autonomie des Hirondelles",
    "Nettoyage des bâtiments municipaux",
)
COMPANIES = (
    "Alpes Maçonnerie", "Bâtir Ensemble", "Charpentes du Forez", "Démolition Rive Gauche", "Elan Propreté",
    "Façades Lyonnaises", "Gros Œuvre Girard", "Habitat Rénové", "Isère Étanchéité", "Jardins de Cocagne",
    "Kléber Peinture", "Loire Carrelage", "Menuiserie Novel", "Nord Terrassement", "Ouvrages et Voirie",
    "Paysages Partagés", "Quai Plomberie", "Rhône Intérim Solidaire", "Serrurerie Tassin", "Toitures Vernay",
    "Urbanéo Services", "Valserine Espaces verts", "Watt Électricité", "Xylo Agencement", "Yzeron Voirie",
)  # fmt: skip
# In the order of the grid.
LAST_NAMES = (
    "Aubry", "Benali", "Carpentier", "Diallo", "Estève", "Fontaine",
    "Garcia", "Haddad", "Keita", "Lefèvre", "Moreau", "Nguyen",
)  # fmt: skip
FIRST_NAMES = (
    "Agathe", "Bakary", "Chloé", "Djamel", "Elsa", "Farid", "Gaëlle", "Hugo", "Inès", "Jamel", "Karine", "Louis",
    "Maïa", "Nassim", "Océane", "Paul", "Quentin", "Rosa", "Samir", "Tania", "Ugo", "Violette", "Wassim", "Yann", "Zoé",
)  # fmt: skip

# Who sends what: 19 companies through their accounts, one in a browser, four in one workbook, the last one to the house.
DECLARED = COMPANIES[:19]
IN_BROWSER = COMPANIES[19]
IN_FILE = COMPANIES[20:24]
ON_PAPER = COMPANIES[24]

USUAL = Decimal(140)


@dataclass
class Month:
    """Companies, their users, their assignments in the order of the grid."""

    month: dt.date
    facilitator: User
    companies: dict[str, Company] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, list[Assignment]] = field(default_factory=dict)

    @property
    def before(self) -> dt.date:
        return add_months(self.month, -1)

    def planted(self, company: int) -> Assignment:
        """The first person of a company: where a trouble is."""
        return self.teams[COMPANIES[company]][0]


# The companies, by their rank, whose first person is in trouble.
OVER_CONTRACT, NO_VALIDATION, SUDDEN, MISSING, TWICE, TWICE_TOO, LEFT, SUDDEN_LEFT = range(8)
DECLARED_HOURS = {
    OVER_CONTRACT: Decimal(180),
    SUDDEN: Decimal(40),
    TWICE: Decimal(70),
    TWICE_TOO: Decimal(70),
    SUDDEN_LEFT: Decimal(30),
}


@transaction.atomic
def make_month() -> Month:
    """Everybody at work for two months before it, validated before; the month before is closed, the last full one is to do."""
    month = add_months(timezone.localdate().replace(day=1), -1)
    HouseFactory()
    facilitator = UserFactory(
        role=Role.FACILITATOR, email="fanny@maison.example", first_name="Fanny", last_name="Facile"
    )
    made = Month(month, facilitator)
    buyer = BuyerFactory(name="Ville de Roche-la-Claire")
    criteria, contract = [EligibilityCriterionFactory()], ContractTypeFactory()
    began = add_months(month, -4)
    markets = [
        MarketFactory(
            buyer=buyer,
            reference=f"{began.year}-{rank:03d}",
            object=words,
            notified_on=began,
            starts_on=began,
            planned_end=dt.date(month.year + 1, 12, 31),
        )
        for rank, words in enumerate(MARKETS, start=1)
    ]
    for market in markets:
        ResponsibilityFactory(market=market, facilitator=facilitator, starts_on=began)
    starts_on = add_months(month, -2)
    for rank, name in enumerate(COMPANIES):
        company = CompanyFactory(name=name)
        lot = LotFactory(market=markets[rank % 5], number=str(rank // 5 + 1))
        commitment = CommitmentFactory(lot=lot, company=company, hours=20_000, starts_on=began)
        made.companies[name] = company
        made.teams[name] = []
        for place, last_name in enumerate(LAST_NAMES):
            if rank == TWICE_TOO and place == 0:
                person = made.planted(TWICE).placement.beneficiary
                placement = PlacementFactory(
                    beneficiary=person, employer=company, contract_type=contract, starts_on=starts_on,
                    weekly_hours=Decimal("17.5"),
                )  # fmt: skip
                review = made.planted(TWICE).review
                made.teams[name].append(
                    AssignmentFactory(placement=placement, commitment=commitment, review=review)
                )
                continue
            person = BeneficiaryFactory(
                last_name=last_name,
                first_name=FIRST_NAMES[(rank + 2 * place) % 25],
                birth_date=dt.date(1970 + rank, place + 1, rank + 1),
            )
            if place == 0 and rank in (NO_VALIDATION, LEFT):
                placement = PlacementFactory(
                    beneficiary=person, employer=company, contract_type=contract, starts_on=starts_on
                )
                made.teams[name].append(AssignmentFactory(placement=placement, commitment=commitment))
                continue
            half = place == 0 and rank == TWICE
            made.teams[name].append(
                eligible_assignment(
                    beneficiary=person,
                    commitment=commitment,
                    starts_on=starts_on,
                    criteria=criteria,
                    contract_type=contract,
                    weekly_hours=Decimal("17.5") if half else Decimal(35),
                )
            )
    _write_the_months_before(made)
    for name in (*DECLARED, IN_BROWSER):
        made.users[name] = CompanyMembershipFactory(company=made.companies[name]).user
    for rank, name in enumerate(DECLARED):
        _declare(made, rank, name)
    return made


def _write_the_months_before(made: Month) -> None:
    """Hours that count; the one whose month is missing has those of two months before instead."""
    missing = made.planted(MISSING)
    halves = {made.planted(TWICE).pk, made.planted(TWICE_TOO).pk}
    rows = [
        HoursEntry(
            assignment=assignment,
            market_id=assignment.commitment.market_id,
            month=add_months(made.month, -2) if assignment == missing else made.before,
            hours=Decimal(70) if assignment.pk in halves else USUAL,
            counted_hours=Decimal(70) if assignment.pk in halves else USUAL,
            counting_reason=CountingReason.COUNTED,
            state=EntryState.VALIDATED,
            validated_at=timezone.now(),
        )
        for team in made.teams.values()
        for assignment in team
        if assignment.review_id
    ]
    bulk_create_tracked(HoursEntry, rows)


def _declare(made: Month, rank: int, name: str) -> None:
    """What the user of a company does: twelve lines, submitted."""
    user, month = made.users[name], made.month
    declaration = start_declaration(company=made.companies[name], month=month, by=user)
    cells = [
        Cell(assignment, month, "work", DECLARED_HOURS.get(rank, USUAL) if place == 0 else USUAL, 0)
        for place, assignment in enumerate(made.teams[name])
    ]
    outcomes = declare_hours(declaration=declaration, cells=cells, by=user)
    assert all(outcome.saved for outcome in outcomes), [outcome.error for outcome in outcomes]
    submit_declaration(declaration=declaration, by=user)
