"""The other markets of the story: shared between buyers, on a private site, with orders, reserved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from clauses.enums import ClauseKind, PenaltyKind, QualitativeOrigin
from clauses.models import Clause, Commitment, QualitativeCommitment
from clauses.services.awards import Member, Promise, award_lot
from clauses.services.commitments import record_order
from clauses.services.interactions import record_interaction
from clauses.services.qualitative import record_achievement, save_line
from clauses.services.reserved import plan_reserved_meetings, structures_of
from core.dates import add_months
from markets.enums import (
    AwardRole,
    Family,
    MarketNature,
    OperationKind,
    PartyRole,
    Procedure,
    TaskKind,
    Technique,
)
from markets.models import Buyer, Company, Lot, Market, MarketDocument, Operation, Task
from markets.services.documents import save_document
from markets.services.files import hand_over
from markets.services.operations import save_party
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.papers import paper
from reporting.demo.rows import save_row
from reporting.demo.story_school import tell_school


@dataclass
class Files:
    """The files that the story opened, and those of the territory that it goes on with."""

    school: Market
    shared: Market
    site: Market
    operation: Operation
    reserved: Market | None


def tell_markets(cast: Cast, school: Market) -> Files:
    """The school from its clauses to its kick-off, then the other markets."""
    tell_school(cast, school)
    shared = _shared_market(cast)
    operation = _operation(cast, school, shared)
    site = _private_site(cast)
    _orders(cast)
    return Files(school, shared, site, operation, _reserved(cast))


def _market(
    cast: Cast,
    buyer: Buyer,
    *,
    reference: str,
    object: str,
    hours: int,
    amount: int,
    holder: Company,
    by: User,
    starts: int = 10,
    **values: Any,
) -> Market:
    """A market notified two months ago, its one lot awarded with its minimum of hours."""
    with on_day(cast.day(-75)):
        market = save_row(
            Market(
                buyer=buyer,
                reference=reference,
                object=object,
                amount=Decimal(amount),
                commune=buyer.commune,
                notified_on=cast.day(-70),
                starts_on=cast.day(starts),
                planned_end=add_months(cast.as_of, 14),
                **values,
            ),
            by,
        )
        lot = save_row(Lot(market=market, number="1", object=object, amount=Decimal(amount)), by)
        hand_over(target=market, to=by, on=cast.day(-75), by=by)
        kind = ClauseKind.VOLUNTARY if market.nature == MarketNature.PRIVATE else ClauseKind.EXECUTION
        clause = save_row(
            Clause(
                lot=lot,
                kind=kind,
                minimum_hours=Decimal(hours),
                penalty_kind=PenaltyKind.RATE,
                penalty_rate=Decimal(30),
            ),
            by,
        )
    with on_day(cast.day(-68)):
        award_lot(
            lot=lot,
            members=[Member(holder, AwardRole.HOLDER, Decimal(amount))],
            awarded_on=cast.day(-74),
            promises=[Promise(clause, Decimal(hours))],
            by=by,
        )
    with on_day(cast.day(-55), 16):
        for meeting in Task.objects.open().filter(market=market, kind=TaskKind.MEETING).order_by("pk"):
            record_interaction(
                market=market,
                company=holder,
                on=cast.day(-55),
                channel=meeting.channel,
                participants="Donneur d’ordre, titulaire" if meeting.with_buyer else "Titulaire",
                summary="Engagement rappelé, interlocuteurs nommés, calendrier des embauches à confirmer.",
                meeting=meeting,
                by=by,
            )
    with on_day(cast.day(-60)):
        for document in MarketDocument.objects.filter(market=market).order_by("pk"):
            document.received_on = cast.day(-60)
            save_document(document=document, file=paper("piece", str(document), reference), by=by)
    return market


def _shared_market(cast: Cast) -> Market:
    """Led by the town, 40 % for a department of the Métropole."""
    market = _market(
        cast,
        cast.oullins,
        reference=f"{cast.as_of.year}-CH-102",
        object="Aménagement des abords du groupe scolaire Les Charmilles et de la place voisine",
        hours=900,
        amount=640_000,
        holder=cast.others[2],
        by=cast.nadia,
        family=Family.WORKS,
        cpv="45233260",
        procedure=Procedure.ADAPTED,
    )
    with on_day(cast.day(-66)):
        save_party(
            market=market,
            buyer=cast.metropole,
            department=cast.department,
            role=PartyRole.MEMBER,
            share=Decimal(40),
            by=cast.nadia,
        )
    return market


def _operation(cast: Cast, *markets: Market) -> Operation:
    with on_day(cast.day(-64)):
        operation = save_row(
            Operation(
                buyer=cast.oullins,
                reference="OP-CHARMILLES",
                name="Groupe scolaire Les Charmilles et ses abords",
                commune=cast.oullins.commune,
                starts_on=cast.day(-70),
                ends_on=add_months(cast.as_of, 20),
            ),
            cast.nadia,
        )
        for market in markets:
            market.operation = operation
            save_row(market, cast.nadia)
    return operation


def _private_site(cast: Cast) -> Market:
    """A site that bears its own target; one voluntary market draws on it."""
    with on_day(cast.day(-80)):
        site = save_row(
            Operation(
                buyer=cast.metropole,
                reference="SITE-TANNEURS",
                name="Îlot Les Tanneurs, programme privé",
                kind=OperationKind.PRIVATE,
                target_hours=Decimal(1200),
                commune=cast.metropole.commune,
                starts_on=cast.day(-80),
                ends_on=add_months(cast.as_of, 24),
                notes="Objectif inscrit dans la charte d’engagement du promoteur (société fictive).",
            ),
            cast.thomas,
        )
    market = _market(
        cast,
        cast.metropole,
        department=cast.department,
        reference=f"{cast.as_of.year}-TAN-01",
        object="Construction de 32 logements, îlot Les Tanneurs",
        hours=400,
        amount=3_800_000,
        holder=cast.company,
        by=cast.thomas,
        starts=-50,
        nature=MarketNature.PRIVATE,
        family=Family.WORKS,
        cpv="45211340",
        operation=site,
    )
    with on_day(cast.day(-40)):
        save_line(
            row=QualitativeCommitment(
                market=market,
                company=cast.company,
                action="Réserver deux places de stage aux élèves du collège voisin",
                target_number=Decimal(2),
                unit="stages",
                due_on=cast.day(75),
            ),
            by=cast.thomas,
        )
    return market


def _orders(cast: Cast) -> None:
    """Two orders and a credit note on a framework agreement, at so many euros an hour."""
    market = _market(
        cast,
        cast.oullins,
        reference=f"{cast.as_of.year}-EV-103",
        object="Entretien des espaces verts, bons de commande, secteur Les Tilleuls",
        hours=150,
        amount=480_000,
        holder=cast.company,
        by=cast.ines,
        family=Family.SERVICES,
        cpv="77310000",
        technique=Technique.FRAMEWORK,
    )
    with on_day(cast.day(-58)):
        clause = Clause.objects.get(lot__market=market)
        clause.euros_per_hour = Decimal(400)
        save_row(clause, cast.ines)
    commitment = Commitment.objects.get(market=market)
    for shift, amount, note in (
        (-52, 84_000, "Bon de commande n° 1, taille d’automne"),
        (-24, 36_500, "Bon de commande n° 2, plantations"),
        (-7, -4_500, "Avoir sur le bon de commande n° 2"),
    ):
        with on_day(cast.day(shift)):
            record_order(
                commitment=commitment,
                amount=Decimal(amount),
                effective_on=cast.day(shift),
                note=note,
                document=paper("bon-de-commande", note, f"{amount} € hors taxes"),
                user=cast.ines,
            )


def _reserved(cast: Cast) -> Market | None:
    """A reserved market of the territory: its meetings of the year, and the accompaniment that was promised."""
    rows = Market.objects.filter(
        buyer=cast.oullins,
        closed_on__isnull=True,
        notified_on__lte=cast.day(-200),
        planned_end__gt=cast.day(200),
    )
    for market in rows.order_by("pk"):
        if not (market.lots.reserved().exists() or market.nature == MarketNature.INSERTION):
            continue
        structures = structures_of(market)
        if not structures:
            continue
        with on_day(cast.day(-10)):
            plan_reserved_meetings(market=market, by=cast.nadia)
            for action, shift, number, unit in (
                ("Entretien d’accompagnement mensuel pour chaque salarié", 30, 12, "entretiens"),
                ("Ateliers de préparation à la sortie", 90, 4, "ateliers"),
            ):
                row = save_line(
                    row=QualitativeCommitment(
                        market=market,
                        company=structures[0],
                        origin=QualitativeOrigin.ACCOMPANIMENT,
                        action=action,
                        target_number=Decimal(number),
                        unit=unit,
                        due_on=cast.day(shift),
                        needs_evidence=False,
                    ),
                    by=cast.nadia,
                )
                record_achievement(row=row, on=cast.day(-11), quantity=Decimal(number // 2), by=cast.nadia)
        return market
    return None
