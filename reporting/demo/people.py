"""Draws people far from employment, and the decisions taken on their eligibility."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from beneficiaries import counting
from beneficiaries.enums import (
    Decision,
    EntrySource,
    EntryState,
    Gender,
    HourKind,
    Modality,
    PlacementNature,
    Route,
    Unemployment,
)
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    EligibilityReview,
    HeldCriterion,
    HoursEntry,
    Placement,
)
from beneficiaries.services.eligibility import age_on
from core.text import normalise
from markets.models import Company
from reporting.demo import lists as words
from reporting.demo.draw import DAY, Draw, moment
from reporting.demo.organisations import Organisations
from reporting.demo.purchase import Site
from reporting.demo.territory import Territory

# The status that carries the decision, and how often.
PRINCIPALS = {
    "rsa": 34,
    "deld": 22,
    "under26": 15,
    "over50": 6,
    "rqth": 6,
    "ass": 2,
    "aah": 1.5,
    "refugee": 3,
    "justice": 2,
    "ier": 1.5,
    "plie": 2.5,
    "e2c": 1,
    "epide": 0.5,
    "young_graduate": 0.5,
    "pass_iae": 1.5,
    "other": 0.5,
    "isolated_parent": 0.5,
}
AUTOMATIC = {Modality.GEIQ: "geiq", Modality.ADAPTED: "adapted", Modality.REGIE: "regie"}
EDUCATION = {
    "70": 22,
    "60": 8,
    "01": 3,
    "00": 5,
    "50": 18,
    "51": 22,
    "40": 8,
    "41": 7,
    "30": 4,
    "20": 2,
    "10": 1,
}
UNEMPLOYMENT = {
    Unemployment.LESS_THAN_6: 18,
    Unemployment.FROM_6: 17,
    Unemployment.FROM_12: 35,
    Unemployment.FROM_24: 30,
}


@dataclass
class Path:
    """One person with decisions, contracts, assignments and hours: the unit of counting."""

    territory: Territory
    draw: Draw
    person: Beneficiary
    principal: str = "rsa"
    reviews: list[EligibilityReview] = field(default_factory=list)
    sites: dict[int, Site] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    entries: list[HoursEntry] = field(default_factory=list)

    def review(
        self,
        decided_on: dt.date,
        *,
        approved: bool = True,
        corrects: EligibilityReview | None = None,
        automatic: str = "",
        **entry: Any,
    ) -> EligibilityReview:
        """Record a decision of that day, with the situation frozen as the person stands now; `entry` overrides it."""
        person, draw = self.person, self.draw
        codes = [automatic] if automatic else self._held_codes()
        facilitator = draw.pick(self.territory.staff.facilitators)
        frozen = {
            "entry_age": age_on(decided_on, person.birth_date),
            "entry_gender": person.gender,
            "entry_commune_id": person.commune_id,
            "entry_qpv_id": person.qpv_id,
            "entry_qpv_vintage": 2024 if person.qpv_id else None,
            "entry_education_id": person.education_id,
            "entry_unemployment": draw.weighted(UNEMPLOYMENT) if draw.chance(0.95) else "",
            "entry_prescriber_id": person.prescriber_id,
        }
        if corrects:
            frozen = {name: getattr(corrects, name) for name in frozen}
            frozen["entry_age"] = age_on(decided_on, person.birth_date)
        row = self.territory.add(
            EligibilityReview,
            beneficiary=person,
            route=Route.AUTOMATIC
            if any(self.territory.lists.criteria[code].automatic for code in codes)
            else Route.INDIVIDUAL,
            decision=Decision.APPROVED if approved else Decision.REFUSED,
            decided_on=decided_on,
            decided_by_id=facilitator,
            recorded_at=moment(decided_on, 11),
            valid_until=counting.add_months(decided_on, 3) if approved else None,
            refusal_reason="" if approved else "Justificatif trop ancien : la situation n’est pas établie.",
            note="Avis motivé du prescripteur." if "other" in codes else "",
            supersedes=corrects,
            correction_reason="Erreur de saisie sur la décision." if corrects else "",
            principal_id=codes[0],
            **(frozen | entry),
        )
        for code in codes:
            criterion = self.territory.lists.criteria[code]
            age = min(60, 30 * (criterion.proof_max_age_months or 3) - 30)
            self.territory.add(
                HeldCriterion,
                review=row,
                criterion_id=code,
                proof_date=decided_on - draw.number(1, age) * DAY
                if criterion.proof_max_age_months or draw.chance(0.5)
                else None,
                proof_label=criterion.proof,
            )
        self.reviews.append(row)
        return row

    def _held_codes(self) -> list[str]:
        """The principal status first, then those held beside it."""
        person, draw = self.person, self.draw
        codes = [self.principal]
        if self.principal == "isolated_parent":
            codes.append("education_3")
        if self.principal != "deld" and draw.chance(0.2):
            codes.append("deld")
        if self.principal not in ("rqth", "adapted") and draw.chance(0.04):
            codes.append("rqth")
        if person.qpv_id:
            codes.append("qpv")
        if draw.chance(0.02):
            codes.append(draw.pick(("no_shelter", "ase")))
        return codes

    def place(
        self,
        site: Site,
        starts_on: dt.date,
        ends_on: dt.date | None,
        *,
        modality: str,
        employer: Company,
        contract_type: str,
        weekly: Decimal | None,
        previous: Placement | None = None,
        occupation: str | None = None,
    ) -> Placement:
        nature = {
            Modality.TRAINING: PlacementNature.TRAINING,
            Modality.PMSMP: PlacementNature.IMMERSION,
            Modality.STAGE: PlacementNature.IMMERSION,
        }.get(Modality(modality), PlacementNature.EMPLOYMENT)
        return self.territory.add(
            Placement,
            beneficiary=self.person,
            nature=nature,
            employer=employer,
            contract_type_id=contract_type or None,
            modality=modality,
            starts_on=starts_on,
            ends_on=ends_on,
            weekly_hours=weekly,
            occupation_id=occupation or self.draw.pick(words.OCCUPATIONS[site.market.family]),
            previous=previous,
            created_at=moment(starts_on, 9),
        )

    def assign(
        self,
        placement: Placement,
        site: Site,
        *,
        starts_on: dt.date | None = None,
        ends_on: dt.date | None = None,
        review: EligibilityReview | None = None,
        positioned_on: dt.date | None = None,
    ) -> Assignment:
        starts_on = starts_on or placement.starts_on
        holder = site.commitment.holder
        row = self.territory.add(
            Assignment,
            placement=placement,
            commitment=site.commitment,
            user_company=holder if holder.pk != placement.employer_id else None,
            starts_on=starts_on,
            ends_on=ends_on or placement.ends_on,
            review=review,
            positioned_on=positioned_on,
            positioned_by_id=self.draw.pick(self.territory.staff.facilitators) if positioned_on else None,
            created_at=moment(starts_on, 9),
        )
        self.sites[row.pk] = site
        self.assignments.append(row)
        return row

    def log(
        self,
        assignment: Assignment,
        month: dt.date,
        hours: Decimal,
        *,
        kind: str = HourKind.WORK,
        state: str = EntryState.VALIDATED,
        source: str = "",
        corrects: HoursEntry | None = None,
        is_late: bool = False,
        first_day: dt.date | None = None,
        last_day: dt.date | None = None,
    ) -> HoursEntry | None:
        """Record hours of a month, unless this tool was not there yet or the month has not come."""
        draw, as_of, staff = self.draw, self.territory.as_of, self.territory.staff
        if not self.territory.first_day <= month <= as_of:
            return None
        entered_on = min(as_of, counting.month_end(month) + draw.number(1, 6) * DAY)
        if corrects:
            entered_on = min(as_of, entered_on + draw.number(10, 40) * DAY)
            corrects.is_superseded = True
        closing_day = self.territory.closing_day(month.year)
        if is_late and closing_day:
            entered_on = draw.day(closing_day, as_of)
        validated_on = min(as_of, entered_on + draw.number(0, 8) * DAY)
        facilitator = draw.pick(staff.facilitators)
        from_company = state in (EntryState.SUBMITTED, EntryState.SENT_BACK)
        source = source or (EntrySource.PORTAL if from_company else EntrySource.SCREEN)
        validated = state == EntryState.VALIDATED
        row = self.territory.add(
            HoursEntry,
            assignment=assignment,
            market=self.sites[assignment.pk].market,
            month=month,
            kind=kind,
            hours=hours,
            first_day=first_day,
            last_day=last_day,
            state=state,
            sent_back_reason="Le total dépasse le relevé de l’entreprise : vérifiez les jours du mois."
            if state == EntryState.SENT_BACK
            else "",
            source=source,
            is_late=is_late,
            entered_by_id=facilitator,
            entered_at=moment(entered_on, 9),
            validated_by_id=facilitator if validated else None,
            validated_at=moment(validated_on, 15) if validated else None,
            supersedes=corrects,
            correction_reason="Relevé rectifié par l’entreprise." if corrects else "",
            version=1 + validated,
        )
        self.entries.append(row)
        if not corrects:
            self.sites[assignment.pk].logged += float(hours)
        return row


def draw_person(
    territory: Territory, draw: Draw, organisations: Organisations, edge: str, day: dt.date
) -> Path:
    """An invented person, as they stand on the day when their path begins."""
    lists = territory.lists
    principal = draw.weighted(PRINCIPALS)
    gender = draw.weighted({Gender.MALE: 58, Gender.FEMALE: 41.5, Gender.OTHER: 0.5})
    if edge == "other_gender":
        gender = Gender.OTHER
    first_name = draw.pick(lists.women if gender == Gender.FEMALE else lists.men)
    last_name = draw.pick(lists.last_names)
    birth_name = draw.pick(lists.last_names) if gender == Gender.FEMALE and draw.chance(0.3) else ""
    if edge == "long_name":
        first_name = " ".join([first_name, *draw.some(lists.men, 9)])
        last_name = "-".join([last_name, *draw.some(lists.last_names, 7)])
    low, high = {"under26": (17, 24), "over50": (50, 62), "young_graduate": (21, 29)}.get(principal, (18, 61))
    if principal not in ("under26", "over50", "young_graduate") and draw.chance(0.75):
        low, high = 22, 49
    age = draw.number(low, high)
    birth_date = draw.day(
        day.replace(year=day.year - age - 1, day=1), day.replace(year=day.year - age, day=1)
    )
    key = normalise(f"{last_name} {first_name} {birth_name}")
    while (key, birth_date) in territory.known_people:
        birth_date += DAY
    territory.known_people.add((key, birth_date))
    home = draw.cumulated(organisations.homes, organisations.home_weights)
    if edge == "oullins_before" or (
        organisations.buyers[0].commune_id == words.OULLINS and draw.chance(0.06)
    ):
        home = lists.place(words.OULLINS)
    qpv = draw.pick(home.qpvs) if home.qpvs and draw.chance(0.38) else None
    sparse = edge == "sparse"
    person = territory.add(
        Beneficiary,
        last_name=last_name,
        first_name=first_name,
        birth_name=birth_name,
        birth_date=None if edge == "no_birth_date" or draw.chance(0.004) else birth_date,
        gender="" if sparse else gender,
        address="" if sparse else f"{draw.number(1, 140)} rue inventée",
        commune_id=None if sparse or draw.chance(0.01) else home.code,
        qpv_id=None if sparse or edge == "no_qpv" else qpv,
        qpv_vintage=2024 if qpv and not sparse and edge != "no_qpv" else None,
        education_id=None if sparse or draw.chance(0.03) else draw.weighted(EDUCATION),
        email="" if sparse else f"personne{territory.next_id(Beneficiary)}@exemple.invalid",
        prescriber=None if sparse or draw.chance(0.03) else draw.pick(organisations.prescribers),
        informed_on=None if sparse else day,
        created_at=moment(day, 8),
    )
    return Path(territory, draw, person, principal)
