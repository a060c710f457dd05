"""Draws what is bought and promised: markets, lots, awards, clauses, commitments and how their figure grew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from beneficiaries.counting import period_end
from clauses.enums import ChangeReason, ClauseKind
from clauses.models import Clause, Commitment, CommitmentChange
from core.dates import add_months
from markets.enums import AwardRole, Family, MarketNature, Procedure, Reservation, Source, Technique
from markets.models import Award, Buyer, Company, Lot, Market, Responsibility
from reporting.demo import lists as words
from reporting.demo.draw import DAY, Draw, moment
from reporting.demo.organisations import ORDINARY, Organisations
from reporting.demo.sizes import Block
from reporting.demo.territory import Territory

DURATIONS = {6: 10, 12: 25, 18: 15, 24: 20, 36: 15, 48: 15}
FAMILIES = {"works": 56, "services": 36, "supplies": 4, "intellectual": 4}
CLAUSE_KINDS = {
    ClauseKind.EXECUTION: 66,
    ClauseKind.EXECUTION_AND_CRITERION: 16,
    ClauseKind.CRITERION: 6,
    ClauseKind.TRAINING: 7,
    ClauseKind.IMMERSION: 5,
}
RESERVED_FOR = {
    Reservation.SIAE: ("EI", "ACI", "AI"),
    Reservation.EA_ESAT: ("EA", "ESAT", "EATT"),
    Reservation.ESS: ("REGIE", "ACI"),
}
# The first markets of the first block: every nature, ground and technique is there whatever the seed.
# buyer: rank; months: (since notification, length); the rest are fields of the market or of its first lot.
PLAN: tuple[dict[str, Any], ...] = (
    {
        "buyer": 0,
        "months": (45, 60),
        "technique": Technique.FRAMEWORK,
        "family": Family.SERVICES,
        "lots": 1,
        "clauses": (ClauseKind.EXECUTION,),
    },
    {"buyer": 0, "months": (30, 36), "reservation": Reservation.SIAE, "family": Family.SERVICES},
    {"buyer": 0, "months": (26, 48), "nature": MarketNature.INSERTION, "family": Family.SERVICES},
    {"buyer": 0, "months": (20, 30), "family": Family.WORKS, "lots": 4},
    {"buyer": 0, "months": (34, 24), "closed": True, "lots": 1, "clauses": (ClauseKind.EXECUTION,)},
    {"buyer": 0, "months": (28, 20), "closed": False, "lots": 1, "clauses": (ClauseKind.EXECUTION,)},
    {"buyer": 0, "months": (14, 24), "group": True},
    {"buyer": 0, "months": (18, 36), "reservation": Reservation.EA_ESAT, "family": Family.SERVICES},
    {"buyer": 0, "months": (10, 24), "clauses": (ClauseKind.EXECUTION_AND_CRITERION, ClauseKind.IMMERSION)},
    {"buyer": 0, "months": (9, 12), "clauses": (ClauseKind.TRAINING,)},
    {"buyer": 0, "months": (2, 12), "no_target": True},
    {"buyer": 0, "months": (24, 36), "subsequent_of_first": True, "family": Family.SERVICES},
    {"buyer": 1, "months": (40, 48), "nature": MarketNature.CONCESSION, "technique": Technique.NONE},
    {"buyer": 1, "months": (12, 24), "reservation": Reservation.PRISON},
    {"buyer": 1, "months": (12, 24), "reservation": Reservation.ESS},
    {"buyer": 1, "months": (15, 24), "reservation": Reservation.TO_SPECIFY},
    {"buyer": 2, "months": (16, 36), "nature": MarketNature.PRIVATE, "clauses": (ClauseKind.VOLUNTARY,)},
    {"buyer": 2, "months": (22, 36), "technique": Technique.DYNAMIC},
    {"buyer": 2, "months": (22, 24), "technique": Technique.OTHER, "bare": True},
    {"buyer": 1, "months": (5, 18), "clauses": (), "long": True},
    {"buyer": 1, "months": (33, 48), "group": True, "lots": 3},
    {"buyer": 3, "months": (18, 24), "clauses": (ClauseKind.CRITERION,)},
)


@dataclass
class Site:
    """A commitment where people can be sent, with what sending them needs to know."""

    commitment: Commitment
    market: Market
    lot: Lot
    clause: Clause
    kinds: tuple[str, ...]
    first_day: dt.date
    planned_end: dt.date
    # The last day on which somebody works there, unless it is meant to be wrong.
    last_day: dt.date
    raw: float
    partners: list[Company] = field(default_factory=list)
    engaged: Decimal = Decimal(0)
    weight: float = 0.0
    # Hours that the holder lets come before it hires no more, and those that came.
    limit: float = 0.0
    logged: float = 0.0

    @property
    def months(self) -> int:
        return max(1, (self.planned_end - self.first_day).days // 30)


@dataclass
class Purchase:
    """Everything that is bought in one block."""

    organisations: Organisations
    sites: list[Site] = field(default_factory=list)
    long_site: Site | None = None
    closed_site: Site | None = None
    overrun_site: Site | None = None


def draw_purchase(territory: Territory, block: Block, draw: Draw, organisations: Organisations) -> Purchase:
    """Draw markets until as many are alive in the reference year as the block wants."""
    made = Purchase(organisations)
    references: dict[int, Iterator[int]] = {buyer.pk: count(1) for buyer in organisations.buyers}
    buyer_weights = _buyer_weights(block, organisations)
    plans = iter(PLAN if block.is_first else ())
    framework: list[Market] = []
    alive = 0
    first, last = dt.date(territory.reference_year, 1, 1), dt.date(territory.reference_year, 12, 31)
    while alive < block.markets:
        plan = next(plans, {})
        buyer = (
            organisations.buyers[plan["buyer"]]
            if plan
            else draw.cumulated(organisations.buyers, buyer_weights)
        )
        market = _draw_market(territory, draw, organisations, buyer, plan, references, framework)
        if market is None:
            continue
        sites = _draw_lots(territory, draw, organisations, market, plan)
        _draw_follow_up(territory, draw, market)
        made.sites += sites
        begins_on = market.begins_on or last
        alive += bool(sites) and begins_on <= last and (market.closed_on or last) >= first
        if plan is PLAN[0]:
            made.long_site = sites[0]
            framework.append(market)
        elif plan is PLAN[4]:
            made.closed_site = sites[0]
        elif plan is PLAN[5]:
            made.overrun_site = sites[0]
        elif market.technique == Technique.FRAMEWORK and market.parent is None:
            framework = [*framework[-3:], market]
    _engage(territory, block, draw, made)
    return made


def _buyer_weights(block: Block, organisations: Organisations) -> list[float]:
    """Cumulated; the second buyer is the biggest, the first one (a town) about the tenth, unless the block says so."""
    weights: list[float] = []
    for rank, _ in enumerate(organisations.buyers):
        weight = 1 / (10 if rank == 0 else rank) ** 0.8
        weights.append(weight + (weights[-1] if weights else 0))
    return weights


def _draw_market(
    territory: Territory,
    draw: Draw,
    organisations: Organisations,
    buyer: Buyer,
    plan: dict[str, Any],
    references: dict[int, Iterator[int]],
    frameworks: list[Market],
) -> Market | None:
    as_of = territory.as_of
    if plan:
        since, months = plan["months"]
        notified_on = add_months(as_of, -since) - draw.number(0, 25) * DAY
    else:
        months = draw.weighted(DURATIONS)
        notified_on = draw.weekday(add_months(territory.first_day, -60), as_of - 5 * DAY)
    starts_on = notified_on + draw.number(10, 60) * DAY if draw.chance(0.85) else None
    begins_on = starts_on or notified_on
    planned_end = period_end(begins_on, months)
    closed_on = received_on = None
    if planned_end < as_of:
        slack = draw.number(0, 120) * DAY
        if plan.get("closed", draw.chance(0.85)) and planned_end + slack <= as_of:
            closed_on = planned_end + slack
            received_on = draw.day(planned_end, closed_on)
        elif draw.chance(0.5):
            received_on = planned_end
    if closed_on and closed_on < territory.first_day and not plan:
        return None

    family = plan.get("family") or draw.weighted(FAMILIES)
    text, cpv = draw.pick(words.OBJECTS[family])
    object_ = text.format(draw.pick(words.SITES))
    if plan.get("long"):
        object_ = f"{object_} {words.LONG_WORDS} ({words.LONG_WORDS})"
    technique = plan.get("technique") or (
        Technique.FRAMEWORK
        if draw.chance(0.2)
        else Technique.SUBSEQUENT
        if draw.chance(0.05)
        else Technique.NONE
    )
    parent = None
    if plan.get("subsequent_of_first"):
        parent = frameworks[0]
    elif technique == Technique.SUBSEQUENT:
        parent = next((row for row in frameworks if row.buyer_id == buyer.pk), None)
    if parent:
        technique = Technique.SUBSEQUENT
    elif technique == Technique.SUBSEQUENT:
        technique = Technique.NONE
    departments = organisations.departments[buyer.pk]
    bare = plan.get("bare", False)
    if bare:
        # What little is known of a market that nobody has completed yet.
        starts_on, amount, cpv = None, None, ""
    else:
        amount = Decimal(round(draw.size(0.9) * 300_000, -2))
    department = draw.pick(departments) if departments and draw.chance(0.75) else None
    if parent:
        # It is bought for the service of its framework, and is the same purchase.
        department, object_, cpv, family = parent.department, parent.object, parent.cpv, parent.family
    return territory.add(
        Market,
        buyer=buyer,
        department=department,
        reference=f"{notified_on.year}-{next(references[buyer.pk]):04d}",
        decp_id=f"{notified_on:%Y}{draw.number(1000, 9999)}" if draw.chance(0.6) else "",
        object=object_,
        cpv=cpv,
        family=family,
        nature=plan.get("nature", MarketNature.MARKET),
        procedure=draw.weighted(
            {
                Procedure.ADAPTED: 45,
                Procedure.OPEN_TENDER: 40,
                Procedure.RESTRICTED_TENDER: 4,
                Procedure.NEGOTIATED: 5,
                Procedure.DIALOGUE: 1,
                Procedure.DIRECT: 2,
                Procedure.OTHER: 3,
            }
        ),
        technique=technique,
        parent=parent,
        amount=amount,
        commune_id=None if bare else buyer.commune_id,
        place="",
        notified_on=notified_on,
        starts_on=starts_on,
        planned_end=planned_end,
        received_on=received_on,
        closed_on=closed_on,
        notes=words.FICTITIOUS if plan else "",
        source=Source.DEMO,
        created_at=moment(max(notified_on, territory.first_day)),
    )


def _draw_lots(
    territory: Territory, draw: Draw, organisations: Organisations, market: Market, plan: dict[str, Any]
) -> list[Site]:
    count_of_lots = plan.get("lots") or (1 if draw.chance(0.7) else draw.number(2, 4))
    sites: list[Site] = []
    for number in range(1, count_of_lots + 1):
        reservation = plan.get("reservation", Reservation.NONE) if number == 1 else Reservation.NONE
        if not plan and draw.chance(0.04):
            reservation = draw.pick(
                (Reservation.SIAE, Reservation.SIAE, Reservation.EA_ESAT, Reservation.ESS)
            )
        lot = territory.add(
            Lot,
            market=market,
            number=str(number),
            object=words.LOTS[market.family][(number - 1) % len(words.LOTS[market.family])]
            if count_of_lots > 1
            else "",
            amount=(market.amount / count_of_lots).quantize(Decimal("0.01")) if market.amount else None,
            reservation=reservation,
        )
        leader, partners = _draw_awards(territory, draw, organisations, lot, plan)
        clauses = plan.get("clauses")
        if clauses is None:
            if (number > 1 and draw.chance(0.4)) or (not plan and draw.chance(0.03)):
                clauses = ()
            elif market.nature == MarketNature.PRIVATE:
                clauses = (ClauseKind.VOLUNTARY,)
            else:
                clauses = (draw.weighted(CLAUSE_KINDS),)
                if clauses[0] == ClauseKind.EXECUTION and draw.chance(0.06):
                    clauses = (ClauseKind.EXECUTION, ClauseKind.IMMERSION)
        for kind in clauses:
            sites.append(_draw_site(territory, draw, organisations, lot, kind, leader, partners, plan))
    return sites


def _draw_awards(
    territory: Territory, draw: Draw, organisations: Organisations, lot: Lot, plan: dict[str, Any]
) -> tuple[Award, list[Award]]:
    kinds = RESERVED_FOR.get(Reservation(lot.reservation), ())
    if lot.market.nature == MarketNature.INSERTION:
        kinds = ("ACI", "EI")
    candidates = [company for kind in kinds for company in organisations.by_kind[kind]]
    if not candidates:
        candidates = organisations.by_kind[ORDINARY]
    holder = draw.pick(candidates)
    awarded_on = lot.market.notified_on
    group = plan.get("group", not kinds and draw.chance(0.12))
    leader = territory.add(
        Award,
        lot=lot,
        company=holder,
        role=AwardRole.LEADER if group else AwardRole.HOLDER,
        amount=lot.amount,
        joint_and_several=group and draw.chance(0.5),
        awarded_on=awarded_on,
    )
    partners: list[Award] = []
    used = {holder.pk}
    if group:
        company = draw.pick([row for row in organisations.by_kind[ORDINARY] if row.pk not in used])
        used.add(company.pk)
        partners.append(
            territory.add(
                Award, lot=lot, company=company, role=AwardRole.CO_CONTRACTOR, awarded_on=awarded_on
            )
        )
    if draw.chance(0.18) or group:
        siae = [
            row for row in organisations.by_kind["EI"] + organisations.by_kind["ACI"] if row.pk not in used
        ]
        if siae:
            partners.append(
                territory.add(
                    Award,
                    lot=lot,
                    company=draw.pick(siae),
                    role=AwardRole.SUBCONTRACTOR,
                    amount=(lot.amount * Decimal("0.1")).quantize(Decimal("0.01")) if lot.amount else None,
                    awarded_on=min(territory.as_of, awarded_on + 30 * DAY) if awarded_on else None,
                )
            )
    return leader, partners


def _draw_site(
    territory: Territory,
    draw: Draw,
    organisations: Organisations,
    lot: Lot,
    kind: str,
    leader: Award,
    partners: list[Award],
    plan: dict[str, Any],
) -> Site:
    market = lot.market
    framework = market.technique == Technique.FRAMEWORK
    clause = territory.add(
        Clause,
        lot=lot,
        kind=kind,
        effort_rate=Decimal(draw.pick((5, 7, 10))) if draw.chance(0.5) else None,
        euros_per_hour=Decimal(draw.pick((500, 1_000, 2_000))) if framework else None,
        penalty_text="45 € par heure non réalisée" if draw.chance(0.6) else "",
        source=Source.DEMO,
    )
    begins_on = market.begins_on
    assert begins_on and market.planned_end
    # A lot does not always begin with the market; without dates, those of the market hold.
    own_dates = draw.chance(0.6)
    starts_on = min(begins_on + draw.number(0, 45) * DAY, market.planned_end)
    commitment = territory.add(
        Commitment,
        clause=clause,
        award=leader,
        market=market,
        holder=leader.company,
        starts_on=starts_on if own_dates else None,
        ends_on=market.planned_end if own_dates else None,
    )
    raw = (
        0.0 if plan.get("no_target") else draw.size(0.8) * max(1, (market.planned_end - begins_on).days // 30)
    )
    if kind == ClauseKind.IMMERSION:
        raw *= 0.15
    end = market.planned_end if market.closed_on is None else min(market.planned_end, market.closed_on)
    return Site(
        commitment=commitment,
        market=market,
        lot=lot,
        clause=clause,
        kinds=organisations.kinds_of[leader.company_id],
        first_day=starts_on if own_dates else begins_on,
        planned_end=market.planned_end,
        last_day=end,
        raw=raw,
        partners=[row.company for row in partners if row.role == AwardRole.SUBCONTRACTOR],
    )


def _draw_follow_up(territory: Territory, draw: Draw, market: Market) -> None:
    """Who answers for the market in the house, with relays and stand-ins."""
    begins_on = market.notified_on or territory.first_day
    staff = list(territory.staff.facilitators)
    first = draw.pick(staff)
    stand_in = draw.pick([pk for pk in staff if pk != first]) if draw.chance(0.25) else None
    relay_on = begins_on + draw.number(90, 400) * DAY
    if draw.chance(0.15) and relay_on <= territory.as_of:
        eve = relay_on - DAY
        territory.add(
            Responsibility,
            market=market,
            facilitator_id=first,
            stand_in_id=stand_in,
            starts_on=begins_on,
            ends_on=eve,
        )
        second = draw.pick([pk for pk in staff if pk != first])
        territory.add(Responsibility, market=market, facilitator_id=second, starts_on=relay_on)
    else:
        territory.add(
            Responsibility, market=market, facilitator_id=first, stand_in_id=stand_in, starts_on=begins_on
        )


def _engage(territory: Territory, block: Block, draw: Draw, made: Purchase) -> None:
    """Give every commitment its hours, so that together they ask for what the block's people work in a year."""
    first, last = dt.date(territory.reference_year, 1, 1), dt.date(territory.reference_year, 12, 31)
    asked: dict[bool, float] = {True: 0.0, False: 0.0}

    def belongs_to_first(site: Site) -> bool:
        return site.market.buyer_id == made.organisations.buyers[0].pk

    for site in made.sites:
        days = (min(site.planned_end, last) - max(site.first_day, first)).days + 1
        life = (site.planned_end - site.first_day).days + 1
        asked[belongs_to_first(site)] += site.raw * max(0, days) / max(1, life)
    scale = {True: block.hours / sum(asked.values()), False: block.hours / sum(asked.values())}
    if block.first_buyer_share is not None:
        scale[True] = block.hours * block.first_buyer_share / asked[True]
        scale[False] = block.hours * (1 - block.first_buyer_share) / asked[False]
    for site in made.sites:
        if site.raw == 0:
            # No order has come yet: nothing is due, somebody may work there all the same.
            site.weight = 0.0
            continue
        site.engaged = Decimal(max(35, round(site.raw * scale[belongs_to_first(site)] / 5) * 5))
        # Some sites hire more than they owe, others less.
        site.weight = float(site.engaged) / site.months * draw.pick((0.3, 0.7, 0.9, 1.0, 1.1, 1.25, 1.5))
        site.limit = float(site.engaged) * draw.share(0.85, 1.25)
        _draw_changes(territory, draw, site)
    _price(territory, draw, made)


def _price(territory: Territory, draw: Draw, made: Purchase) -> None:
    """Amounts in keeping with the hours: about 30 € an hour, half of it labour, and a share of that for insertion."""
    hours: dict[int, Decimal] = {}
    for site in made.sites:
        hours[site.market.pk] = hours.get(site.market.pk, Decimal(0)) + site.engaged
    lots: dict[int, list[Lot]] = {}
    for lot in territory.rows[Lot]:
        lots.setdefault(lot.market_id, []).append(lot)
    awards: dict[int, list[Award]] = {}
    for award in territory.rows[Award]:
        awards.setdefault(award.lot_id, []).append(award)
    for market in territory.rows[Market]:
        if market.amount is None or not hours.get(market.pk):
            continue
        is_reserved = lots[market.pk][0].reservation != Reservation.NONE
        is_for_insertion = is_reserved or market.nature == MarketNature.INSERTION
        works = market.family in (Family.WORKS, Family.INTELLECTUAL)
        euros_per_hour = 45 if is_for_insertion else draw.number(200, 600) if works else draw.number(90, 220)
        market.amount = (hours[market.pk] * euros_per_hour).quantize(Decimal(1))
        of_lot = (market.amount / len(lots[market.pk])).quantize(Decimal("0.01"))
        for lot in lots[market.pk]:
            lot.amount = of_lot
            for award in awards.get(lot.pk, ()):
                if award.amount is not None:
                    is_whole = award.role != AwardRole.SUBCONTRACTOR
                    award.amount = of_lot if is_whole else (of_lot / 10).quantize(Decimal("0.01"))


def _draw_changes(territory: Territory, draw: Draw, site: Site) -> None:
    """The append-only steps that add up to the engaged hours."""
    engaged, clause, market = site.engaged, site.clause, site.market
    notified_on = market.notified_on or site.first_day
    as_of = territory.as_of

    def change(
        delta: Decimal, day: dt.date, reason: str, note: str = "", to: Commitment | None = None
    ) -> None:
        day = min(day, as_of)
        territory.add(
            CommitmentChange,
            commitment=to or site.commitment,
            effective_on=day,
            recorded_at=moment(day),
            recorded_by_id=draw.pick(territory.staff.facilitators),
            delta=delta,
            reason=reason,
            note=note,
        )

    if market.technique == Technique.FRAMEWORK:
        orders = draw.number(2, 6)
        part = (engaged / orders).quantize(Decimal("1"))
        step = max(20, (min(site.planned_end, as_of) - site.first_day).days // orders)
        for rank in range(orders):
            day = site.first_day + rank * step * DAY
            if day <= as_of:
                change(part, day, ChangeReason.ORDER, f"Bon de commande n° {rank + 1}")
        return
    above = Decimal(0)
    if clause.kind in (ClauseKind.CRITERION, ClauseKind.EXECUTION_AND_CRITERION):
        above = (engaged * Decimal("0.2")).quantize(Decimal("1"))
    minimum = engaged - above
    clause.minimum_hours = minimum
    change(minimum, notified_on, ChangeReason.MINIMUM)
    if above:
        change(above, notified_on, ChangeReason.OFFER, "Offre au-dessus du minimum")
    later = site.first_day + site.months * 12 * DAY
    quarter = (engaged / 4).quantize(Decimal("1"))
    chance = draw.number(1, 100)
    is_grouped = site.commitment.award.role == AwardRole.LEADER
    if chance <= 10 and later <= as_of:
        change(quarter, later, ChangeReason.AMENDMENT, "Avenant n° 1")
    elif chance <= 16 and later <= as_of:
        change(-quarter, later, ChangeReason.DISCHARGE, "Décharge accordée par le donneur d’ordre")
    elif chance <= 22 and later <= as_of:
        change(quarter, later, ChangeReason.TRANCHE, "Tranche optionnelle affermie")
    if is_grouped and (co_contractor := _co_contractor(territory, site)) and later <= as_of:
        other = territory.add(
            Commitment,
            clause=clause,
            award=co_contractor,
            market=market,
            holder=co_contractor.company,
            starts_on=site.commitment.starts_on,
            ends_on=site.commitment.ends_on,
        )
        moved = (engaged / 5).quantize(Decimal("1"))
        note = "Répartition dans le groupement"
        change(-moved, later, ChangeReason.MOVE, note)
        change(moved, later, ChangeReason.MOVE, note, to=other)


def _co_contractor(territory: Territory, site: Site) -> Award | None:
    return next(
        (row for row in territory.rows[Award] if row.lot is site.lot and row.role == AwardRole.CO_CONTRACTOR),
        None,
    )
