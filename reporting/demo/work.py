"""Draws the paths: contracts, assignments and hours, the usual ones and every edge that the rules know."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate

from beneficiaries.enums import EntrySource, EntryState, HourKind, Modality
from beneficiaries.models import Assignment, HoursEntry, Placement
from clauses.enums import ClauseKind
from core.dates import add_months, month_end
from markets.enums import Reservation
from markets.models import Company
from reporting.demo import lists as words
from reporting.demo.counted import count_path
from reporting.demo.draw import DAY, Draw, months_between, quarter_hours
from reporting.demo.organisations import ORDINARY, Organisations
from reporting.demo.people import AUTOMATIC, Path, draw_person
from reporting.demo.purchase import Purchase, Site
from reporting.demo.sizes import Block
from reporting.demo.territory import Territory

# Months of a path, and how often; steered by the hours that the block still lacks.
LENGTHS = {1: 12, 2: 13, 3: 15, 4: 12, 6: 17, 8: 12, 12: 12, 18: 7}
WEEKLY = {"35": 52, "30": 10, "28": 10, "26": 14, "24": 8, "20": 6}
MODALITIES = {
    Modality.DIRECT: 33,
    Modality.ETTI: 29,
    Modality.AI: 6,
    Modality.GEIQ: 10,
    Modality.ETT: 4,
    Modality.ADAPTED: 3,
    Modality.REGIE: 4,
    Modality.SIAE_CONTRACT: 8,
    Modality.TRAINING: 1.5,
    Modality.PMSMP: 1,
    Modality.STAGE: 0.5,
}
CONTRACTS: dict[str, dict[str, float]] = {
    Modality.DIRECT: {
        "cdd": 55,
        "cdi": 20,
        "cui_pec": 6,
        "apprentissage": 6,
        "professionnalisation": 6,
        "cdd_usage": 4,
        "other": 3,
    },
    Modality.ETTI: {"ctt": 90, "cdi_interimaire": 4, "cdpi": 6},
    Modality.AI: {"cdd_usage": 100},
    Modality.GEIQ: {"professionnalisation": 70, "apprentissage": 30},
    Modality.ETT: {"ctt": 85, "cdi_interimaire": 15},
    Modality.ADAPTED: {"cdd_tremplin": 40, "cdi": 35, "esat": 25},
    Modality.REGIE: {"cddi": 70, "cdd": 30},
    Modality.SIAE_CONTRACT: {"cddi": 88, "cdi_inclusion": 12},
    Modality.TRAINING: {"formation": 100},
    Modality.PMSMP: {"pmsmp": 100},
    Modality.STAGE: {"stage": 100},
}
EMPLOYER_KINDS: dict[str, tuple[str, ...]] = {
    Modality.ETTI: ("ETTI",),
    Modality.AI: ("AI",),
    Modality.GEIQ: ("GEIQ",),
    Modality.ETT: ("ETT",),
    Modality.ADAPTED: ("EA", "EATT", "ESAT"),
    Modality.REGIE: ("REGIE",),
    Modality.SIAE_CONTRACT: ("EI", "ACI", "EITI"),
}
MISSIONS = ("ctt", "cdd_usage")
SHARE_OF_EDGES = 0.06


class Workforce:
    """Sends the people of one block to its sites."""

    def __init__(
        self,
        territory: Territory,
        block: Block,
        draw: Draw,
        organisations: Organisations,
        purchase: Purchase,
    ) -> None:
        self.territory, self.block, self.draw = territory, block, draw
        self.organisations, self.purchase = organisations, purchase
        self._alive: dict[dt.date, tuple[list[Site], list[float]]] = {}
        self._hours_wanted = block.hours / block.people
        self._hours = 0.0
        self._people_years = 0
        since = add_months(territory.last_month, -29)
        sites = [site for site in purchase.sites if site.weight]
        still_open = [site for site in sites if site.last_day > territory.last_month]
        # Where edges happen that need years: sites open all that time, else the one that was opened first.
        self._long_sites = [site for site in still_open if site.first_day <= since] or [
            min(still_open, key=lambda site: (site.first_day, site.commitment.pk))
        ]
        past = [site for site in sites if site.planned_end > territory.first_day]
        self._closed_sites = [site for site in past if site.market.closed_on] or self._long_sites
        self._overrun_sites = [
            site for site in past if site.market.closed_on is None and site.planned_end < territory.last_month
        ] or self._long_sites
        self.long_site = purchase.long_site or self._long_sites[0]

    def send_everyone(self, *, first_edges: int = 1) -> None:
        """Draw people until the reference year counts as many as the block wants."""
        year = self.territory.reference_year
        already = self.territory.counted_people[year]
        wanted = round(self.block.people * (0.4 + 0.6 * self.territory.reference_share))
        if self.block.is_first:
            for edge in EDGES:
                for rank in range(first_edges):
                    self.send_one(edge, elsewhere=rank > 0)
        edges = tuple(EDGES)
        while self.territory.counted_people[year] - already < wanted:
            self.send_one(self.draw.pick(edges) if self.draw.chance(SHARE_OF_EDGES) else "")

    def send_one(self, edge: str, *, elsewhere: bool = True) -> None:
        """Draw one person's path, and count it. An edge happens on the first buyer's sites, or elsewhere."""
        if edge and elsewhere:
            self.long_site = self.draw.pick(self._long_sites)
        territory = self.territory
        before = territory.all_hours, territory.all_people_years
        path = EDGES[edge](self, edge) if edge else self.usual("")
        count_path(path)
        self._hours += territory.all_hours - before[0]
        self._people_years += territory.all_people_years - before[1]

    # --- where, when, by whom -----------------------------------------------------------------------------

    def site_on(self, month: dt.date) -> Site | None:
        """A commitment where somebody can begin in that month; the more it owes, the more come."""
        if month not in self._alive:
            last = month_end(month)
            sites = [
                site
                for site in self.purchase.sites
                if site.weight and site.first_day <= month and site.last_day > last
            ]
            self._alive[month] = sites, list(accumulate(site.weight for site in sites))
        sites, weights = self._alive[month]
        if not sites:
            return None
        site = self.draw.cumulated(sites, weights)
        for _ in range(5):
            if site.logged < site.limit:
                break
            site = self.draw.cumulated(sites, weights)
        return site

    def length(self) -> int:
        """Months of a path: longer ones while people have fewer hours than wanted, shorter ones otherwise."""
        one, other = self.draw.weighted(LENGTHS), self.draw.weighted(LENGTHS)
        wants_more = self._hours < self._people_years * self._hours_wanted
        return max(one, other) if wants_more else min(one, other)

    def first_month(self, months: int) -> dt.date:
        """A month to begin in, such that some of the path falls in the time of the territory."""
        territory, draw = self.territory, self.draw
        span = territory.years * 12 - 12 + territory.last_month.month
        return add_months(territory.first_day, draw.number(1 - months, span - 1))

    def modality_at(self, site: Site) -> str:
        draw, kinds = self.draw, site.kinds
        if site.clause.kind == ClauseKind.IMMERSION:
            return Modality.PMSMP if draw.chance(0.7) else Modality.STAGE
        if site.lot.reservation == Reservation.EA_ESAT or set(kinds) & {"EA", "EATT", "ESAT"}:
            return Modality.ADAPTED
        if "REGIE" in kinds:
            return Modality.REGIE
        if "AI" in kinds:
            return Modality.AI
        if set(kinds) & {"EI", "ACI", "EITI"}:
            return Modality.SIAE_CONTRACT
        if site.clause.kind == ClauseKind.TRAINING and draw.chance(0.5):
            return Modality.TRAINING
        return draw.weighted(MODALITIES)

    def employer_at(self, site: Site, modality: str) -> Company:
        holder = site.commitment.holder
        kinds = EMPLOYER_KINDS.get(modality, ())
        if modality == Modality.TRAINING:
            return self.draw.pick(self.organisations.by_kind[ORDINARY])
        if not kinds or set(kinds) & set(site.kinds):
            return holder
        if modality == Modality.SIAE_CONTRACT and site.partners:
            return self.draw.pick(site.partners)
        kinds = tuple(kind for kind in kinds if self.organisations.by_kind[kind])
        return self.draw.pick(self.organisations.by_kind[self.draw.pick(kinds)])

    # --- the usual path -----------------------------------------------------------------------------------

    def begin(self, edge: str, decided_on: dt.date) -> Path:
        return draw_person(self.territory, self.draw, self.organisations, edge, decided_on)

    def usual(self, edge: str, *, modality: str | None = None, contract: str | None = None) -> Path:
        """A validated person, one site after the other until the months are used up."""
        draw, territory = self.draw, self.territory
        months = self.length()
        month = self.first_month(months)
        site = self.site_on(month)
        while site is None:
            month = self.first_month(months)
            site = self.site_on(month)
        start = draw.weekday(month, month.replace(day=20))
        modality = modality or self.modality_at(site)
        path = self.begin(edge, start - draw.number(4, 45) * DAY)
        automatic = AUTOMATIC.get(Modality(modality), "")
        review = path.review(path.person.created_at.date(), automatic=automatic)
        end = add_months(start, months) - DAY
        weekly = Decimal(draw.weighted(WEEKLY))
        previous: Placement | None = None
        employer = self.employer_at(site, modality)
        contract = contract or draw.weighted(CONTRACTS[modality])
        if modality == Modality.PMSMP:
            end = min(end, start + 27 * DAY)
        while start <= end and start <= territory.as_of and site is not None:
            until = min(end, site.last_day)
            # A site that needs little takes nobody for long.
            needed = math.ceil(max(0.0, site.limit - site.logged) / (float(weekly) * 3.7))
            until = min(until, add_months(start, max(1, needed)) - DAY)
            if contract in MISSIONS:
                until = min(until, add_months(start, draw.number(1, 4)) - DAY)
            is_open = until > territory.as_of and contract in ("cdi", "cdi_inclusion", "cdi_interimaire")
            placement = path.place(
                site,
                start,
                None if is_open else until,
                modality=modality,
                employer=employer,
                contract_type=contract,
                weekly=weekly,
                previous=previous,
            )
            is_first = not path.assignments
            assignment = path.assign(
                placement,
                site,
                review=review,
                positioned_on=None if is_first else start - draw.number(0, 5) * DAY,
            )
            self.log_months(path, assignment, weekly, until)
            previous = placement
            # Missions follow each other, sometimes after a pause longer than the one that makes a new contract.
            start = until + (draw.number(32, 70) if draw.chance(0.08) else draw.number(1, 10)) * DAY
            if start > site.last_day or site.logged >= site.limit:
                site = self.site_on(start.replace(day=1))
                if site is not None and modality in (Modality.DIRECT, Modality.SIAE_CONTRACT):
                    # Another holder is another employer: what follows is then no renewal.
                    following = self.employer_at(site, modality)
                    previous = placement if following.pk == employer.pk else None
                    employer = following
        return path

    def log_months(
        self,
        path: Path,
        assignment: Assignment,
        weekly: Decimal,
        until: dt.date | None = None,
        *,
        first: dt.date | None = None,
        state: str = "",
        kind: str = "",
        share: float = 1.0,
    ) -> list[HoursEntry]:
        """Log the months of an assignment that this tool knows, in the states that their age explains."""
        draw, territory = self.draw, self.territory
        first = max(first or assignment.starts_on, territory.first_day)
        last = min(until or assignment.ends_on or territory.as_of, territory.as_of)
        placement = assignment.placement
        with_others = not kind
        kind = kind or {
            Modality.TRAINING: HourKind.TRAINING,
            Modality.PMSMP: HourKind.IMMERSION,
            Modality.STAGE: HourKind.IMMERSION,
        }.get(Modality(placement.modality), HourKind.WORK)
        with_school = with_others and placement.contract_type_id in (
            "apprentissage",
            "professionnalisation",
        )
        logged = []
        for month in months_between(first, last):
            month_state = state or self.state_of(month)
            if not month_state:
                continue
            from_day, to_day = max(month, first), min(month_end(month), last)
            days = (to_day - from_day).days + 1
            hours = quarter_hours(float(weekly) * days / 7 * draw.share(0.72, 1.0) * share)
            if hours < 2:
                continue
            source = EntrySource.IMPORT if draw.chance(0.08) else EntrySource.API if draw.chance(0.02) else ""
            row = path.log(assignment, month, hours, kind=kind, state=month_state, source=source)
            if row is None:
                continue
            logged.append(row)
            if with_school and draw.chance(0.5):
                path.log(
                    assignment,
                    month,
                    quarter_hours(float(weekly) * share),
                    kind=HourKind.TRAINING,
                    state=month_state,
                )
            elif with_others and draw.chance(0.01):
                path.log(
                    assignment, month, Decimal(draw.number(2, 8)), kind=HourKind.TUTORING, state=month_state
                )
        return logged

    def state_of(self, month: dt.date) -> str:
        """The state of a month's hours on the day of the territory; empty when nothing is logged yet."""
        territory, draw = self.territory, self.draw
        if territory.closing_day(month.year):
            return EntryState.VALIDATED
        if month > territory.last_month:
            return EntryState.DRAFT if territory.as_of.day > 20 and draw.chance(0.1) else ""
        if month == territory.last_month:
            return draw.weighted(
                {
                    EntryState.VALIDATED: 45,
                    EntryState.SUBMITTED: 25,
                    EntryState.DRAFT: 15,
                    EntryState.SENT_BACK: 5,
                    "": 10,
                }
            )
        if month == add_months(territory.last_month, -1):
            return draw.weighted(
                {
                    EntryState.VALIDATED: 90,
                    EntryState.SUBMITTED: 6,
                    EntryState.SENT_BACK: 3,
                    EntryState.DRAFT: 1,
                }
            )
        return EntryState.VALIDATED

    # --- the edges ----------------------------------------------------------------------------------------

    def hire(
        self,
        path: Path,
        site: Site,
        start: dt.date,
        months: int,
        *,
        modality: str = Modality.DIRECT,
        contract: str = "cdd",
        employer: Company | None = None,
        previous: Placement | None = None,
        weekly: str = "35",
    ) -> Placement:
        return path.place(
            site,
            start,
            add_months(start, months) - DAY,
            modality=modality,
            employer=employer or self.employer_at(site, modality),
            contract_type=contract,
            weekly=Decimal(weekly),
            previous=previous,
        )

    def ago(self, months: int, day: int = 6) -> dt.date:
        """A day so many months before the last whole month, never before the long site opened."""
        start = add_months(self.territory.last_month, -months).replace(day=day)
        return max(start, self.long_site.first_day)

    def recent(self) -> tuple[dt.date, Site]:
        """A start some months ago, and the site where it happens."""
        return self.ago(self.draw.number(3, 7), self.draw.number(2, 20)), self.long_site

    def edge_review(self, edge: str) -> Path:
        """No decision, a refused one, one that came late, on the day itself or too long before."""
        start, site = self.recent()
        path = self.begin(edge, start - 20 * DAY)
        review = None
        if edge == "refused":
            review = path.review(start - 15 * DAY, approved=False)
        elif edge == "review_after_start":
            review = path.review(start + 9 * DAY)
        elif edge == "same_day":
            review = path.review(start)
        elif edge == "lapsed":
            review = path.review(start - 120 * DAY)
        elif edge == "corrected_review":
            wrong = path.review(start - 15 * DAY, approved=False)
            review = path.review(start - 12 * DAY, corrects=wrong)
        elif edge == "corrected_situation":
            wrong = path.review(start - 15 * DAY, entry_education_id=None)
            review = path.review(start - 15 * DAY, corrects=wrong, entry_education_id="51")
        assignment = path.assign(self.hire(path, site, start, 3), site, review=review)
        self.log_months(path, assignment, Decimal(35))
        return path

    def edge_only_refused(self, edge: str) -> Path:
        """Refused, and never hired."""
        day = self.ago(self.draw.number(1, 6))
        path = self.begin(edge, day)
        path.review(day, approved=False)
        return path

    def edge_waiting(self, edge: str) -> Path:
        """Validated and not hired yet, or known and not decided yet."""
        day = self.territory.as_of - self.draw.number(5, 60) * DAY
        path = self.begin(edge, day)
        if edge == "validated_unused":
            path.review(day)
        return path

    def edge_periods(self, edge: str) -> Path:
        """What happens around the 24 months of a period."""
        site = self.long_site
        start = self.ago(27, 12)
        path = self.begin(edge, start - 10 * DAY)
        review = path.review(start - 10 * DAY)
        if edge == "period_ends_inside":
            # Works on past the end of the period, which falls inside a month.
            placement = self.hire(path, site, start, 27, contract="cui_pec", weekly="26")
            assignment = path.assign(placement, site, review=review)
            self.log_months(path, assignment, Decimal(26))
            return path
        first = self.hire(path, site, start, 4)
        self.log_months(path, path.assign(first, site, review=review), Decimal(35))
        again = start + 760 * DAY
        if edge == "second_period":
            review = path.review(again - 12 * DAY)
        second = self.hire(path, site, again, 2, modality=Modality.ETTI, contract="ctt")
        assignment = path.assign(second, site, review=review, positioned_on=again - 2 * DAY)
        self.log_months(path, assignment, Decimal(35))
        return path

    def edge_market_life(self, edge: str) -> Path:
        """Hours around the planned end and the closing of a market."""
        planned, sites = {
            "market_closed": (self.purchase.closed_site, self._closed_sites),
            "after_planned_end": (self.purchase.overrun_site, self._overrun_sites),
        }[edge]
        site = planned if planned and self.draw.chance(0.3) else self.draw.pick(sites)
        end = site.market.closed_on if edge == "market_closed" else site.planned_end
        end = min(end or site.planned_end, self.territory.last_month)
        start = max(site.first_day, add_months(end, -3).replace(day=4))
        path = self.begin(edge, start - 9 * DAY)
        review = path.review(start - 9 * DAY)
        assignment = path.assign(self.hire(path, site, start, 5), site, review=review)
        self.log_months(path, assignment, Decimal(28))
        return path

    def edge_outside(self, edge: str) -> Path:
        """Hours in a month when the assignment was over; a part of them with their first and last day."""
        start, site = self.ago(6, 3), self.long_site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        placement = self.hire(path, site, start, 5)
        ends_on = add_months(start, 1).replace(day=14)
        assignment = path.assign(placement, site, ends_on=ends_on, review=review)
        self.log_months(path, assignment, Decimal(35))
        month = add_months(start.replace(day=1), 2)
        path.log(assignment, month, Decimal("42.50"))
        straddling = path.assign(
            placement, site, starts_on=add_months(start, 3), review=review, positioned_on=add_months(start, 3)
        )
        month = add_months(start.replace(day=1), 3)
        path.log(straddling, month, Decimal(98), first_day=month, last_day=month_end(month))
        return path

    def edge_kinds(self, edge: str) -> Path:
        """Work, training, tutoring and immersion in the same months."""
        start, site = self.recent()
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY, automatic="geiq")
        placement = self.hire(path, site, start, 3, modality=Modality.GEIQ, contract="professionnalisation")
        assignment = path.assign(placement, site, review=review)
        for kind, share in ((HourKind.WORK, 0.7), (HourKind.TRAINING, 0.2), (HourKind.TUTORING, 0.05)):
            self.log_months(path, assignment, Decimal(35), kind=kind, share=share)
        self.log_months(path, assignment, Decimal(35), kind=HourKind.IMMERSION, share=0.05)
        return path

    def edge_cap(self, edge: str) -> Path:
        """Two contracts at once, above the legal maximum of a month."""
        start, site = self.ago(5, 1), self.long_site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        month = start.replace(day=1)
        for modality, contract, hours in ((Modality.DIRECT, "cdd", 151), (Modality.ETTI, "ctt", 96)):
            placement = self.hire(path, site, start, 2, modality=modality, contract=contract)
            path.log(path.assign(placement, site, review=review), month, Decimal(hours))
        return path

    def edge_two_markets(self, edge: str) -> Path:
        """One contract on two markets, then another company: recorded positionnements, no new examination."""
        start, site = self.ago(8, 4), self.long_site
        other = self.site_on(add_months(start.replace(day=1), 1)) or site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        placement = self.hire(path, site, start, 4, modality=Modality.ETTI, contract="ctt")
        self.log_months(path, path.assign(placement, site, review=review), Decimal(20))
        if other is not site:
            second = path.assign(
                placement, other, starts_on=add_months(start, 1), review=review, positioned_on=start
            )
            self.log_months(path, second, Decimal(14))
        after = add_months(start, 5)
        positioned_on = None if edge == "not_positioned" else after - 4 * DAY
        hired = self.hire(path, site, after, 2, previous=None)
        self.log_months(
            path, path.assign(hired, site, review=review, positioned_on=positioned_on), Decimal(35)
        )
        return path

    def edge_renewed(self, edge: str) -> Path:
        """Missions of one employer that follow each other, and one after a long pause."""
        start, site = self.ago(9, 6), self.long_site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        employer = self.employer_at(site, Modality.ETTI)
        previous = None
        for rank, gap in enumerate((0, 3, 20, 55)):
            start += gap * DAY
            previous = self.hire(
                path,
                site,
                start,
                1,
                modality=Modality.ETTI,
                contract="ctt",
                employer=employer,
                previous=previous if gap <= 30 else None,
            )
            positioned_on = start - DAY if rank else None
            assignment = path.assign(previous, site, review=review, positioned_on=positioned_on)
            self.log_months(path, assignment, Decimal(35))
            start = previous.ends_on or start
        return path

    def edge_correction(self, edge: str) -> Path:
        """A validated entry replaced by a new value, before or after its year was closed."""
        territory = self.territory
        late = edge != "corrected_entry" and territory.closing_day(territory.as_of.year - 1)
        if late:
            start = max(dt.date(territory.as_of.year - 1, 9, 7), self.long_site.first_day)
        else:
            start = self.ago(4)
        site = self.long_site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        assignment = path.assign(self.hire(path, site, start, 3), site, review=review)
        logged = self.log_months(path, assignment, Decimal(30), state=EntryState.VALIDATED)
        if not logged:
            return path
        if edge == "late_entry" and late:
            path.log(assignment, logged[-1].month, Decimal("21.00"), kind=HourKind.TRAINING, is_late=True)
        elif edge == "pending_in_closed_year" and late:
            month = logged[-1].month
            path.log(assignment, month, Decimal("7.00"), kind=HourKind.TRAINING, state=EntryState.DRAFT)
        else:
            wrong = logged[-1]
            hours = max(Decimal(1), wrong.hours - Decimal("10.50"))
            path.log(assignment, wrong.month, hours, corrects=wrong, is_late=bool(late), source=wrong.source)
        return path

    def edge_state(self, edge: str) -> Path:
        """A month that waits: draft, submitted, sent back."""
        start, site = self.ago(1, 4), self.long_site
        path = self.begin(edge, start - 12 * DAY)
        review = path.review(start - 12 * DAY)
        assignment = path.assign(self.hire(path, site, start, 3), site, review=review)
        path.log(assignment, start.replace(day=1), Decimal("91.25"))
        path.log(assignment, self.territory.last_month, Decimal("112.50"), state=edge.removeprefix("state_"))
        return path

    def edge_take_over(self, edge: str) -> Path:
        """Hours of the former tool: counted as they stand, without a decision kept here."""
        first_day = self.territory.first_day
        site = self.long_site
        start = max(site.first_day, first_day)
        path = self.begin(edge, start)
        placement = self.hire(path, site, start, 3, contract="other")
        assignment = path.assign(placement, site)
        # The former tool knew the quarter only.
        path.log(assignment, start.replace(day=1), Decimal("210.00"), source=EntrySource.TAKE_OVER)
        return path

    def edge_oullins_before(self, edge: str) -> Path:
        """Lived in Oullins when it was a commune; its successor is where the same address stands today."""
        start = dt.date(2023, 12, 18)
        path = self.begin(edge, start - 14 * DAY)
        review = path.review(start - 14 * DAY, entry_commune_id=words.OULLINS_BEFORE)
        site = self.long_site
        if site.first_day <= start < site.last_day:
            assignment = path.assign(self.hire(path, site, start, 4), site, review=review)
            self.log_months(path, assignment, Decimal(35))
        return path

    def edge_person(self, edge: str) -> Path:
        """The usual path of somebody of whom something is missing or unusual."""
        return self.usual(edge)

    def edge_modality(self, edge: str) -> Path:
        """One path of that modality and contract type, so that none is missing."""
        modality, contract = edge.split("/")
        return self.usual(edge, modality=modality, contract=contract)


EDGES: dict[str, Callable[[Workforce, str], Path]] = {
    **dict.fromkeys(
        (
            "no_review",
            "refused",
            "review_after_start",
            "same_day",
            "lapsed",
            "corrected_review",
            "corrected_situation",
        ),
        Workforce.edge_review,
    ),
    "only_refused": Workforce.edge_only_refused,
    **dict.fromkeys(("validated_unused", "undecided"), Workforce.edge_waiting),
    **dict.fromkeys(("period_ends_inside", "period_used_up", "second_period"), Workforce.edge_periods),
    **dict.fromkeys(("market_closed", "after_planned_end"), Workforce.edge_market_life),
    "outside_assignment": Workforce.edge_outside,
    "every_kind": Workforce.edge_kinds,
    "over_cap": Workforce.edge_cap,
    **dict.fromkeys(("two_markets", "not_positioned"), Workforce.edge_two_markets),
    "renewed": Workforce.edge_renewed,
    **dict.fromkeys(
        ("corrected_entry", "late_entry", "late_correction", "pending_in_closed_year"),
        Workforce.edge_correction,
    ),
    **dict.fromkeys(("state_draft", "state_submitted", "state_sent_back"), Workforce.edge_state),
    "take_over": Workforce.edge_take_over,
    "oullins_before": Workforce.edge_oullins_before,
    **dict.fromkeys(
        ("no_birth_date", "no_qpv", "sparse", "long_name", "other_gender"), Workforce.edge_person
    ),
    **dict.fromkeys(
        (f"{modality}/{contract}" for modality, contracts in CONTRACTS.items() for contract in contracts),
        Workforce.edge_modality,
    ),
}
