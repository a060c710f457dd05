"""A varied small territory for the figures: two buyers that share companies and people, drawn from a seed."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from beneficiaries.enums import Decision, EntryState, Modality, PlacementNature, PrescriberKind, Unemployment
from beneficiaries.models import Assignment, EligibilityReview, HeldCriterion, HoursEntry, Placement
from clauses.enums import ClauseKind
from clauses.models import Commitment
from markets.enums import Family, MarketNature, Reservation
from markets.models import Buyer, Company, Market
from tests.factories import (
    AwardFactory,
    BeneficiaryFactory,
    BuyerFactory,
    ClauseFactory,
    ClosedYearFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    ContractTypeFactory,
    EducationLevelFactory,
    EligibilityCriterionFactory,
    LotFactory,
    MarketFactory,
    OccupationFactory,
    PrescriberFactory,
    QpvFactory,
    known_to_planner,
)

YEARS = (2023, 2024, 2025)


class Territory:
    """Buyers, companies, commitments and people; `buyer` is the one whose figures are looked at."""

    def __init__(self, seed: int, people: int = 40) -> None:
        self.chance = random.Random(seed)
        self.buyer, self.other = BuyerFactory(), BuyerFactory()
        self._lists()
        self.companies = [self._company(i) for i in range(7)]
        self.commitments = {
            buyer.pk: [c for _ in range(7) for c in self._market(buyer)] for buyer in (self.buyer, self.other)
        }
        ClosedYearFactory(year=2023)
        ClosedYearFactory(year=2024)
        for _ in range(people):
            self._person()
        known_to_planner()

    def _lists(self) -> None:
        self.types = [
            ContractTypeFactory(code=code, label=code.upper(), position=i)
            for i, code in enumerate(["cdi", "cddi", "ctt", "apprentissage"])
        ]
        self.communes = [CommuneFactory(code=f"6900{i}", label=f"Commune {i}") for i in range(4)]
        self.communes[3].successor = self.communes[2]
        self.communes[3].save()
        self.qpvs = [QpvFactory(code="QN069A1"), QpvFactory(code="QN069A2")]
        self.levels = [
            EducationLevelFactory(code=code, label=code, band=band)
            for code, band in (("00", "none"), ("50", "cap_bep"), ("40", "bac"), ("20", "bac2plus"))
        ]
        self.criteria = [
            EligibilityCriterionFactory(code=code, label=code.upper(), public=public)
            for code, public in (("rsa", "rsa"), ("ass", "other_minima"), ("deld", "deld"), ("rqth", "rqth"),
                                 ("qpv", "qpv"), ("under26", "under26"), ("refugee", ""), ("plie", "plie"))
        ]  # fmt: skip
        self.jobs = [OccupationFactory(code=code, label=code) for code in ("F1703", "A1203", "K2204")]
        self.prescribers = [
            PrescriberFactory(kind=kind)
            for kind in (PrescriberKind.LOCAL_MISSION, PrescriberKind.FRANCE_TRAVAIL, PrescriberKind.PLIE)
        ]

    def _company(self, i: int) -> Company:
        company = CompanyFactory(name=f"Entreprise {i}")
        kinds = {1: ("EI",), 2: ("ETTI", "EI"), 3: ("EA",), 4: ("GEIQ",)}.get(i, ())
        for kind in kinds:
            dates = self.chance.choice(
                [{}, {"starts_on": dt.date(2024, 3, 1)}, {"ends_on": dt.date(2024, 9, 30)}]
            )
            CompanyKindFactory(company=company, kind=kind, **dates)
        return company

    def _market(self, buyer: Buyer) -> list[Commitment]:
        chance = self.chance
        notified = dt.date(chance.choice([2022, 2023, 2024, 2025]), chance.randint(1, 12), 10)
        known = list(Market.objects.filter(buyer=buyer, parent__isnull=True).order_by("pk"))
        market = MarketFactory(
            buyer=buyer,
            family=chance.choice(Family.values),
            cpv=chance.choice(["45000000", "77310000", ""]),
            nature=chance.choice([MarketNature.MARKET] * 4 + [MarketNature.INSERTION]),
            parent=chance.choice(known) if known and chance.random() < 0.25 else None,
            notified_on=notified,
            starts_on=chance.choice([None, notified + dt.timedelta(days=40)]),
            planned_end=None,
            closed_on=chance.choice([None, None, notified + dt.timedelta(days=400)]),
        )
        found = []
        for number in range(chance.randint(1, 2)):
            reservation = chance.choice([Reservation.NONE] * 3 + [Reservation.SIAE, Reservation.EA_ESAT])
            lot = LotFactory(market=market, number=str(number), reservation=reservation)
            if chance.random() < 0.15:
                AwardFactory(lot=lot, company=chance.choice(self.companies), awarded_on=notified)
                continue
            clause = ClauseFactory(lot=lot, kind=chance.choice(ClauseKind.values))
            award = AwardFactory(
                lot=lot,
                company=chance.choice(self.companies),
                amount=chance.choice([None, Decimal(chance.randint(1, 10**7)) / 100]),
                awarded_on=chance.choice([None, notified]),
            )
            commitment = CommitmentFactory(clause=clause, award=award, hours=0, starts_on=None, ends_on=None)
            for _ in range(chance.randint(0, 3)):
                CommitmentChangeFactory(
                    commitment=commitment,
                    delta=Decimal(chance.randint(1, 40_000)) / 100,
                    effective_on=dt.date(chance.choice(YEARS), chance.randint(1, 12), 5),
                )
            found.append(commitment)
        return found

    def _person(self) -> None:
        chance = self.chance
        person = BeneficiaryFactory()
        review = None
        if chance.random() < 0.93:
            review = self._review(person, dt.date(2022, 12, 1))
            if chance.random() < 0.2:
                review = self._review(
                    person, dt.date(2022, 12, 15), supersedes=review, correction_reason="Erreur de saisie."
                )
                review = chance.choice([review, review.supersedes])
        day = dt.date(chance.choice(YEARS), chance.randint(1, 12), 1)
        employer = chance.choice(self.companies)
        for _ in range(chance.randint(1, 4)):
            if chance.random() < 0.4:
                employer = chance.choice(self.companies)
            length = chance.randint(20, 300)
            placement = Placement.objects.create(
                beneficiary=person,
                nature=chance.choice([PlacementNature.EMPLOYMENT] * 8 + [PlacementNature.IMMERSION]),
                employer=employer,
                contract_type=chance.choice([*self.types, None]),
                modality=chance.choice(Modality.values),
                starts_on=day,
                ends_on=chance.choice([day + dt.timedelta(days=length)] * 4 + [None]),
                occupation=chance.choice([*self.jobs, None]),
            )
            for commitment in self._some_commitments():
                self._assignment(placement, commitment, chance.choice([review] * 4 + [None]))
            day += dt.timedelta(days=length + chance.choice([1, 2, 30, 31, 32, 60]))

    def _some_commitments(self) -> list[Commitment]:
        mine = self.commitments[self.buyer.pk if self.chance.random() < 0.75 else self.other.pk]
        return self.chance.sample(mine, min(len(mine), self.chance.choice([1, 1, 1, 2])))

    def _review(self, person: Any, decided_on: dt.date, **kwargs: Any) -> EligibilityReview:
        chance = self.chance
        held = chance.sample(self.criteria, chance.randint(0, 3))
        review = EligibilityReview.objects.create(
            beneficiary=person,
            decision=Decision.APPROVED,
            decided_on=decided_on,
            entry_age=chance.choice([None, 18, 25, 26, 33, 39, 40, 49, 50, 61]),
            entry_gender=chance.choice(["F", "M", "M", "X", ""]),
            entry_commune=chance.choice([*self.communes, None]),
            entry_qpv=chance.choice([*self.qpvs, None, None, None]),
            entry_education=chance.choice([*self.levels, None]),
            entry_unemployment=chance.choice([*Unemployment.values, ""]),
            entry_prescriber=chance.choice([*self.prescribers, None]),
            principal=held[0] if held else None,
            **kwargs,
        )
        for criterion in held:
            HeldCriterion.objects.create(review=review, criterion=criterion)
        return review

    def _assignment(self, placement: Placement, commitment: Commitment, review: Any) -> None:
        chance = self.chance
        assignment = Assignment.objects.create(
            placement=placement, commitment=commitment, starts_on=placement.starts_on, review=review
        )
        month = placement.starts_on.replace(day=1)
        for _ in range(chance.randint(1, 5)):
            if month.year > 2025:
                break
            self._entry(assignment, month)
            month = (month + dt.timedelta(days=32)).replace(day=1)

    def _entry(self, assignment: Assignment, month: dt.date) -> None:
        chance = self.chance
        hours = Decimal(chance.randint(1, 16_000)) / 100
        state = chance.choice([EntryState.VALIDATED] * 8 + [EntryState.SUBMITTED, EntryState.DRAFT])
        late = state == EntryState.VALIDATED and month.year < 2025 and chance.random() < 0.1
        validated_at = dt.datetime(2025, chance.randint(1, 12), 3, tzinfo=dt.UTC)
        common = {"assignment": assignment, "market_id": assignment.commitment.market_id, "month": month}
        replaced = state == EntryState.VALIDATED and chance.random() < 0.08
        entry = HoursEntry.objects.create(
            **common,
            hours=hours,
            state=state,
            counted_hours=chance.choice([hours, hours, hours, hours / 2, Decimal(0)]).quantize(
                Decimal("0.01")
            ),
            is_late=late,
            is_superseded=replaced,
            validated_at=validated_at if state == EntryState.VALIDATED else None,
        )
        if replaced:
            HoursEntry.objects.create(
                **common,
                hours=hours + 1,
                state=state,
                counted_hours=hours + 1,
                supersedes=entry,
                correction_reason="Bulletin de paie.",
                is_late=month.year < 2025,
                validated_at=validated_at,
            )
