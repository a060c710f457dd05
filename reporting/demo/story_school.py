"""The market that the story follows from its clauses to its kick-off: bids, awards, documents, promises."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from accounts.models import User
from clauses.enums import Channel, ClauseKind, EvidenceKind, PenaltyKind
from clauses.models import Clause, Commitment, OfferCriterion, QualitativeCommitment, Recommendation
from clauses.services.awards import Member, Promise, award_lot
from clauses.services.commitments import open_commitment, redistribute_hours
from clauses.services.interactions import change_meeting, record_interaction
from clauses.services.qualitative import attach_evidence, decide, record_achievement, save_line
from clauses.services.recommendation_answers import take_up
from clauses.services.recommendations import advised_lots
from clauses.services.tenders import close_grid, start_grid, write_assessment
from core.dates import add_months
from markets.enums import (
    AwardRole,
    DocumentKind,
)
from markets.models import Award, Company, Lot, Market, MarketDocument, Task
from markets.services.documents import save_document
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.papers import paper
from reporting.demo.rows import save_row


def tell_school(cast: Cast, market: Market) -> None:
    """What happened on it, in order."""
    _clauses(cast, market)
    _bids(cast, market)
    _awards(cast, market)
    _documents(cast, market)
    _first_meetings(cast, market)
    _promises(cast, market)


LOTS = (("Gros œuvre", 2_600_000), ("Peinture, sols souples", 900_000), ("Charpente métallique", 2_700_000))


def _lots(market: Market) -> list[Lot]:
    return list(Lot.objects.filter(market=market).order_by("pk"))


def _clauses(cast: Cast, market: Market) -> None:
    """Written from the recommendation that was accepted; by hand where no document could be made."""
    with on_day(cast.day(-120)):
        for lot, (name, amount) in zip(_lots(market), LOTS, strict=True):
            lot.object, lot.amount = name, Decimal(amount)
            save_row(lot, cast.nadia)
        accepted = Recommendation.objects.filter(purchase__market=market, state="accepted").first()
        if accepted:
            by_number = {lot.number: lot for lot in _lots(market)}
            parts = [(part, by_number[part.number]) for part in advised_lots(accepted)]
            take_up(recommendation=accepted, lots=parts, by=cast.nadia)
        else:
            for lot, hours in zip(_lots(market), (3033, 1680, 900), strict=True):
                save_row(Clause(lot=lot, minimum_hours=Decimal(hours)), cast.nadia)
        for clause in Clause.objects.filter(lot__market=market).order_by("pk"):
            clause.kind = ClauseKind.EXECUTION_AND_CRITERION
            clause.penalty_kind, clause.penalty_rate = PenaltyKind.RATE, Decimal(35)
            save_row(clause, cast.nadia)


def _bids(cast: Cast, market: Market) -> None:
    """The first lot's analysis is closed with three bids, the third lot's is under way."""
    first, _, third = _lots(market)
    with on_day(cast.day(-62)):
        _analysis(
            cast,
            first,
            (
                (cast.company, 3600, (8, 7, 8, 7)),
                (cast.others[0], 3100, (6, 7, 5, 6)),
                (cast.others[1], 3033, (4, 5, 4, 3)),
            ),
        )
    with on_day(cast.day(-57)):
        close_grid(
            grid=start_grid(lot=first, by=cast.nadia),
            notes="L’offre la mieux notée s’engage au-delà du minimum, avec un tuteur nommé pour chaque poste.",
            on=cast.day(-57),
            by=cast.nadia,
        )
    with on_day(cast.day(-9)):
        _analysis(cast, third, ((cast.others[2], 950, (6, 5, 6, 7)), (cast.others[3], None, (7, 6))))


def _analysis(cast: Cast, lot: Lot, bids: tuple[tuple[Company, int | None, tuple[int, ...]], ...]) -> None:
    grid = start_grid(lot=lot, by=cast.nadia)
    grid.weight = Decimal(10)
    save_row(grid, cast.nadia)
    criteria = list(OfferCriterion.objects.filter(grid=grid).order_by("position", "pk"))
    reasons = {
        8: "Réponse complète et précise, moyens nommés.",
        7: "Réponse solide, à confirmer au démarrage.",
        6: "Réponse correcte, peu détaillée.",
        5: "Intentions sans moyens décrits.",
    }
    for company, hours, marks in bids:
        write_assessment(
            grid=grid,
            bidder=str(company),
            company=company,
            hours_offered=None if hours is None else Decimal(hours),
            comment="Mémoire technique lu et comparé au cadre de réponse.",
            points={
                criterion.pk: (Decimal(mark), reasons.get(mark, "Réponse insuffisante."))
                for criterion, mark in zip(criteria, marks, strict=False)
            },
            by=cast.nadia,
        )


def _awards(cast: Cast, market: Market) -> None:
    """The first lot to one company with an offer above the minimum, the second to a group that shares its hours."""
    with on_day(cast.day(-48)):
        market.notified_on, market.starts_on = cast.day(-46), cast.day(5)
        market.planned_end = add_months(market.starts_on, 20)
        save_row(market, cast.nadia)
    first, second, _ = _lots(market)
    with on_day(cast.day(-45)):
        clause = first.clauses.get()
        award_lot(
            lot=first,
            members=[Member(cast.company, AwardRole.HOLDER, first.amount)],
            awarded_on=cast.day(-50),
            promises=[Promise(clause, clause.minimum_hours, Decimal(400))],
            by=cast.nadia,
        )
        clause = second.clauses.get()
        leader, partner = cast.others[0], cast.others[1]
        (commitment,) = award_lot(
            lot=second,
            members=[
                Member(leader, AwardRole.LEADER, Decimal(600_000)),
                Member(partner, AwardRole.CO_CONTRACTOR, Decimal(250_000)),
                Member(cast.structure, AwardRole.SUBCONTRACTOR, Decimal(50_000)),
            ],
            joint_and_several=True,
            awarded_on=cast.day(-50),
            promises=[Promise(clause, clause.minimum_hours)],
            by=cast.nadia,
        )
    with on_day(cast.day(-28)):
        other = open_commitment(
            clause=clause,
            award=Award.objects.get(lot=second, company=partner),
            starts_on=market.starts_on,
            ends_on=market.planned_end,
            effective_on=cast.day(-28),
            user=cast.nadia,
        )
        whole = clause.minimum_hours or Decimal(0)
        part = Decimal(500)
        redistribute_hours(
            clause=clause,
            hours={commitment.pk: whole - part, other.pk: part},
            effective_on=cast.day(-28),
            note="Part des sols souples confiée au cotraitant.",
            document=paper("convention-groupement", "Convention de groupement", "Répartition des heures."),
            user=cast.nadia,
        )


def _documents(cast: Cast, market: Market) -> None:
    """Those of the first lot have come, but one; those of the second are still expected."""
    first = _lots(market)[0]
    for kind in (DocumentKind.ENGAGEMENT, DocumentKind.ADMINISTRATIVE):
        with on_day(cast.day(-38)):
            document = MarketDocument.objects.get(market=market, lot=first, kind=kind)
            document.received_on = cast.day(-38)
            save_document(
                document=document,
                file=paper(f"{kind}", document.get_kind_display().capitalize(), str(market)),
                by=cast.claude,
            )


def _first_meetings(cast: Cast, market: Market) -> None:
    """The launch has its report; the kick-off of each lot is planned."""
    launch = Task.objects.get(key=f"market:{market.pk}:launch")
    first, second, _ = _lots(market)
    with on_day(cast.day(-40)):
        _fix(launch, cast.moment(-33, 10), "Mairie, salle des mariages", cast.nadia)
    with on_day(cast.day(-33), 15):
        record_interaction(
            market=market,
            company=cast.company,
            on=cast.day(-33),
            channel=Channel.LAUNCH,
            participants="Direction des achats, titulaires des lots 1 et 2, facilitatrice",
            summary="Engagement rappelé lot par lot. Le titulaire du lot 1 propose un tuteur. Premier point dans deux mois.",
            meeting=launch,
            next_what="Envoyer la liste des structures au titulaire du lot 1",
            next_due=cast.day(-4),
            by=cast.nadia,
        )
    with on_day(cast.day(-6)):
        _fix(
            Task.objects.get(key=f"lot:{first.pk}:kick_off"),
            cast.moment(4, 14),
            "Mairie, salle 12",
            cast.nadia,
        )
        _fix(
            Task.objects.get(key=f"lot:{second.pk}:kick_off"),
            cast.moment(9, 9, 30),
            "Visioconférence",
            cast.nadia,
        )


def _fix(meeting: Task, starts_at: dt.datetime, place: str, by: User) -> None:
    change_meeting(
        meeting=meeting,
        starts_at=starts_at,
        duration=60,
        place=place,
        with_buyer=meeting.with_buyer,
        with_company=meeting.with_company,
        company=meeting.company,
        by=by,
    )


# --- Promises that are not in hours ---------------------------------------------------------------------------


def _promises(cast: Cast, market: Market) -> None:
    """Lines kept, late, whose proof awaits the house, refused, and to come."""
    commitment = Commitment.objects.get(market=market, holder=cast.company)

    def line(
        action: str, shift: int, number: int | None = None, unit: str = "", text: str = ""
    ) -> QualitativeCommitment:
        with on_day(cast.day(-30)):
            return save_line(
                row=QualitativeCommitment(
                    commitment=commitment,
                    company=cast.company,
                    market=market,
                    action=action,
                    target_number=None if number is None else Decimal(number),
                    unit=unit,
                    target_text=text,
                    due_on=cast.day(shift),
                ),
                by=cast.nadia,
            )

    kept = line("Nommer un tuteur pour chaque poste", -12, 2, "tuteurs")
    with on_day(cast.day(-20)):
        done = record_achievement(
            row=kept, on=cast.day(-20), quantity=Decimal(2), note="Deux chefs d’équipe.", by=cast.andrea
        )
        proof = _proof(cast, kept, "designation-tuteurs", "Désignation des tuteurs", cast.day(-20))
    with on_day(cast.day(-18)):
        decide(sent=done, accepted=True, by=cast.nadia)
        decide(sent=proof, accepted=True, by=cast.nadia)
    line("Visite du chantier pour les publics suivis par la mission locale", -5, 1, "visite")
    waiting = line("Former les tuteurs à l’accueil", 10, 2, "demi-journées")
    with on_day(cast.day(-3)):
        record_achievement(
            row=waiting, on=cast.day(-4), quantity=Decimal(2), note="Deux demi-journées.", by=cast.andrea
        )
        _proof(cast, waiting, "feuille-presence", "Feuille de présence", cast.day(-4))
    refused = line(
        "Afficher les postes ouverts auprès des prescripteurs", 6, text="affichage et envoi aux prescripteurs"
    )
    with on_day(cast.day(-9)):
        sent = record_achievement(
            row=refused, on=cast.day(-9), completes=True, note="Affichage au siège.", by=cast.andrea
        )
        paper_sent = _proof(cast, refused, "affiche", "Affiche", cast.day(-9))
    with on_day(cast.day(-8)):
        decide(sent=sent, accepted=True, by=cast.nadia)
        decide(
            sent=paper_sent,
            accepted=False,
            reason="Le document est l’affiche vierge : joignez la preuve d’envoi.",
            by=cast.nadia,
        )
    line("Proposer deux contrats d’apprentissage", 200, 2, "contrats")


def _proof(cast: Cast, row: QualitativeCommitment, name: str, title: str, on: dt.date) -> Any:
    return attach_evidence(
        row=row,
        upload=paper(name, title, str(row)),
        kind=EvidenceKind.ATTENDANCE if "presence" in name else EvidenceKind.CERTIFICATE,
        on=on,
        by=cast.andrea,
    )
