"""Conventions of the two buyers, their purchases to come, and the recommendations made on them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from accounts.models import User
from clauses.models import Recommendation, Scenario, ScenarioLot
from clauses.services.recommendation_answers import record_answer, send_recommendation
from clauses.services.recommendations import add_scenario, save_estimation, start_recommendation
from core import formats
from core.dates import add_months, month_end
from markets.duty import DUTY_FROM
from markets.enums import AgreementIndicator, Derogation, Family, Procedure, Targeting
from markets.models import Agreement, Buyer, Contact, FeeReview, Market, PlannedPurchase
from markets.services.agreements import record_amendment, save_agreement, terminate_agreement
from markets.services.fees import save_fee_review
from markets.services.planning import decide_targeting, record_request, save_purchase, start_market
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.papers import paper

PROCEDURE = (
    "La maison est saisie de chaque achat de travaux et de services dès la définition du besoin. Elle répond sous "
    "quinze jours par une préconisation. La direction des achats arrête le ciblage et reprend le texte de la clause "
    "dans les pièces du marché."
)
PENALTY = "35 € par heure d’insertion non réalisée, après mise en demeure."


def tell_agreements(cast: Cast) -> None:
    """One agreement whose notice is near, with an avenant; one that consents to letters; one that was ended."""
    first = dt.date(cast.as_of.year - 2, 1, 1)
    end = month_end(cast.month(4))
    with on_day(first):
        oullins = _agreement(
            cast.oullins,
            reference="Convention clauses sociales, Oullins-Pierre-Bénite",
            starts_on=first,
            ends_on=add_months(end.replace(day=1), -12) - dt.timedelta(days=1),
            referent=cast.nadia,
            by=cast.admin,
        )
    with on_day(cast.day(-300)):
        record_amendment(
            agreement=oullins,
            effective_on=cast.day(-300),
            signed_on=cast.day(-305),
            subject="Prolongation d’un an et ajout des achats de fournitures au champ de la convention",
            new_ends_on=end,
            upload=paper("avenant-1", "Avenant n° 1 à la convention", "Prolongation d’un an."),
            by=cast.nadia,
        )
    with on_day(first):
        metropole = _agreement(
            cast.metropole,
            reference="Convention cadre de la Métropole",
            starts_on=first,
            ends_on=dt.date(cast.as_of.year + 2, 12, 31),
            referent=cast.thomas,
            letter_consent=True,
            by=cast.admin,
        )
    for agreement, amounts in ((oullins, (1200, 1250)), (metropole, (1500, 1600))):
        for year, amount in zip((first.year, cast.as_of.year), amounts, strict=True):
            with on_day(dt.date(year, 1, 6)):
                save_fee_review(
                    review=FeeReview(
                        agreement=agreement,
                        year=year,
                        amount=Decimal(amount),
                        reason="Montant de départ" if year == first.year else "Révision annuelle",
                    ),
                    by=cast.admin,
                )
    third = Buyer.objects.exclude(pk__in=[cast.oullins.pk, cast.metropole.pk]).order_by("pk").first()
    if third:
        with on_day(first):
            ended = _agreement(
                third,
                reference=f"Convention {third}",
                starts_on=first,
                ends_on=dt.date(cast.as_of.year + 1, 6, 30),
                referent=cast.ines,
                by=cast.admin,
            )
        with on_day(cast.day(-150)):
            terminate_agreement(
                agreement=ended,
                notified_on=cast.day(-150),
                on=cast.day(-20),
                reason="Le bailleur rejoint une convention commune aux bailleurs du territoire.",
                by=cast.ines,
            )


def _agreement(
    buyer: Buyer,
    *,
    reference: str,
    starts_on: dt.date,
    ends_on: dt.date,
    referent: User,
    by: User,
    **more: Any,
) -> Agreement:
    return save_agreement(
        agreement=Agreement(
            buyer=buyer,
            reference=reference[:60],
            signed_on=starts_on - dt.timedelta(days=20),
            starts_on=starts_on,
            ends_on=ends_on,
            procedure=PROCEDURE,
            procedure_agreed_on=starts_on,
            indicators=list(AgreementIndicator.values),
            buyer_referent=Contact.objects.filter(buyer=buyer, ends_on__isnull=True).order_by("pk").first(),
            house_referent=referent,
            **more,
        ),
        upload=paper("convention", reference, "Articles 1 à 9 et annexes."),
        by=by,
    )


# --- Purchases ----------------------------------------------------------------------------------------------


def tell_purchases(cast: Cast) -> Market:
    """Eight purchases in every state, three recommendations; returns the market that came of the first one."""
    # The duty of 22 August 2026 is shown whatever the day of the territory.
    launch = max(cast.day(120), DUTY_FROM + dt.timedelta(days=24))
    year = launch.year
    common: dict[str, Any] = {"year": year, "planned_on": launch}

    school = _purchase(
        cast.oullins,
        by=cast.claude,
        on=cast.day(-170),
        reference=f"PA-{cast.as_of.year}-12",
        object="Réhabilitation du groupe scolaire Les Charmilles",
        family=Family.WORKS,
        cpv="45214200",
        amount=6_200_000,
        lots=3,
        months=20,
        procedure=Procedure.OPEN_TENDER,
        **common | {"year": cast.as_of.year, "planned_on": cast.day(-80)},
    )
    _ask(school, asked=cast.day(-165), by=cast.claude)
    _decide(school, Targeting.KEPT, "Trois lots adaptés, durée suffisante.", on=cast.day(-155), by=cast.nadia)
    market = _recommended_school(cast, school)

    cleaning = _purchase(
        cast.oullins,
        by=cast.claude,
        on=cast.day(-40),
        reference=f"PA-{year}-02",
        object="Nettoyage des maisons de quartier et des salles associatives",
        family=Family.SERVICES,
        cpv="90911200",
        amount=320_000,
        months=48,
        procedure=Procedure.OPEN_TENDER,
        **common,
    )
    _ask(cleaning, asked=cast.day(-36), by=cast.claude)
    _decide(
        cleaning, Targeting.KEPT, "Reprise de personnel : PACT Propreté.", on=cast.day(-22), by=cast.nadia
    )
    _recommended_cleaning(cast, cleaning)

    gardens = _purchase(
        cast.oullins,
        by=cast.claude,
        on=cast.day(-25),
        reference=f"PA-{year}-03",
        object="Entretien des cimetières et des jardins familiaux",
        family=Family.SERVICES,
        cpv="77310000",
        amount=180_000,
        months=36,
        **common,
    )
    _ask(gardens, asked=cast.day(-18), by=cast.claude)

    lifts = _purchase(
        cast.oullins,
        by=cast.claude,
        on=cast.day(-60),
        reference=f"PA-{year}-04",
        object="Fourniture et pose d’un logiciel de gestion des équipements",
        family=Family.SUPPLIES,
        cpv="48000000",
        amount=260_000,
        months=24,
        **common,
    )
    duty = lifts.year >= DUTY_FROM.year
    _decide(
        lifts,
        Targeting.DISMISSED,
        "Achat sans main-d’œuvre sur place.",
        on=cast.day(-50),
        by=cast.nadia,
        derogation=Derogation.NO_LINK if duty else "",
        derogation_note="Licences et paramétrage à distance : aucun poste à confier." if duty else "",
    )
    furniture = _purchase(
        cast.oullins,
        by=cast.nadia,
        on=cast.day(-60),
        reference=f"PA-{year}-05",
        object="Mobilier de réemploi pour les écoles",
        family=Family.SUPPLIES,
        cpv="39160000",
        amount=45_000,
        months=12,
        **common,
    )
    _decide(
        furniture, Targeting.DISMISSED, "Achat ponctuel de petit montant.", on=cast.day(-50), by=cast.nadia
    )

    gym = _purchase(
        cast.metropole,
        by=cast.thomas,
        on=cast.day(-30),
        department=cast.department,
        reference=f"{year}-BAT-07",
        object="Construction d’un gymnase, site La Draisienne",
        family=Family.WORKS,
        cpv="45212200",
        amount=7_500_000,
        lots=2,
        months=18,
        procedure=Procedure.OPEN_TENDER,
        **common,
    )
    _decide(gym, Targeting.KEPT, "Au-dessus du seuil, métiers variés.", on=cast.day(-14), by=cast.thomas)
    _drafted_gym(cast, gym)
    roofs = _purchase(
        cast.metropole,
        by=cast.thomas,
        on=cast.day(-30),
        department=cast.department,
        reference=f"{year}-BAT-08",
        object="Réfection des toitures de trois collèges",
        family=Family.WORKS,
        cpv="45261000",
        amount=900_000,
        months=8,
        **common,
    )
    with on_day(cast.day(-12)):
        record_request(purchase=roofs, asked_on=cast.day(-26), answered_on=cast.day(-13), by=cast.thomas)
    _purchase(
        cast.metropole,
        by=cast.thomas,
        on=cast.day(-30),
        department=cast.department,
        reference=f"{year}-BAT-09",
        object="Gardiennage et accueil des bâtiments administratifs",
        family=Family.SERVICES,
        cpv="79714000",
        months=48,
        lots=2,
        notes="Montant attendu de la direction des bâtiments.",
        **common,
    )
    return market


def _purchase(
    buyer: Buyer, *, by: User, on: dt.date, amount: int | None = None, **values: Any
) -> PlannedPurchase:
    with on_day(on):
        return save_purchase(
            purchase=PlannedPurchase(
                buyer=buyer,
                commune=buyer.commune,
                amount=None if amount is None else Decimal(amount),
                **values,
            ),
            by=by,
        )


def _ask(purchase: PlannedPurchase, *, asked: dt.date, by: User) -> None:
    with on_day(asked):
        record_request(purchase=purchase, asked_on=asked, by=by)


def _decide(
    purchase: PlannedPurchase, targeting: str, reason: str, *, on: dt.date, by: User, **more: str
) -> None:
    with on_day(on):
        decide_targeting(purchase=purchase, targeting=targeting, reason=reason, on=on, by=by, **more)


# --- Recommendations ----------------------------------------------------------------------------------------


def _recommended_school(cast: Cast, purchase: PlannedPurchase) -> Market:
    """Sent, accepted, and its market opened."""
    with on_day(cast.day(-150)):
        draft = start_recommendation(
            target=purchase, title="Réhabilitation du groupe scolaire Les Charmilles", by=cast.nadia
        )
        _estimate(
            draft,
            [
                {"label": "Gros œuvre", "amount": 2_600_000, "trade": "Maçonnerie", "share": 50, "rate": 7},
                {
                    "label": "Peinture, sols souples",
                    "amount": 900_000,
                    "trade": "Peinture intérieure",
                    "share": 70,
                    "rate": 8,
                },
                {
                    "label": "Charpente métallique",
                    "amount": 2_700_000,
                    "trade": "Charpente métallique",
                    "share": 20,
                    "rate": 5,
                },
            ],
            by=cast.nadia,
        )
    if cast.has_pdf:
        with on_day(cast.day(-145)):
            sent = _send(draft, purchase.buyer, by=cast.nadia, due_on=cast.day(-125))
        with on_day(cast.day(-132)):
            chosen = Scenario.objects.get(recommendation=sent, is_advised=True)
            record_answer(
                recommendation=sent,
                answer="accepted",
                on=cast.day(-132),
                text="D’accord sur les trois lots, avec la visite de chantier demandée.",
                chosen=chosen,
                by=cast.claude,
            )
    with on_day(cast.day(-128)):
        purchase.refresh_from_db()
        return start_market(
            purchase=purchase, reference=f"{cast.as_of.year}-CH-101", facilitator=cast.nadia, by=cast.nadia
        )


def _recommended_cleaning(cast: Cast, purchase: PlannedPurchase) -> None:
    """Sent, its answer awaited."""
    with on_day(cast.day(-15)):
        draft = start_recommendation(
            target=purchase, title="Nettoyage des maisons de quartier", by=cast.nadia
        )
        _estimate(
            draft,
            [{"amount": 320_000, "months": 48, "taken_over": Decimal(210), "rate": 10}],
            by=cast.nadia,
        )
    if cast.has_pdf:
        with on_day(cast.day(-12)):
            _send(draft, purchase.buyer, by=cast.nadia, due_on=cast.day(3))


def _drafted_gym(cast: Cast, purchase: PlannedPurchase) -> None:
    """A draft that compares two scenarios."""
    with on_day(cast.day(-6)):
        draft = start_recommendation(
            target=purchase, title="Gymnase de La Draisienne, deux scénarios", by=cast.thomas
        )
        lots = [
            {"label": "Clos couvert", "amount": 5_200_000, "trade": "Maçonnerie", "share": 50, "rate": 5},
            {
                "label": "Second œuvre",
                "amount": 2_300_000,
                "trade": "Peinture intérieure",
                "share": 70,
                "rate": 5,
            },
        ]
        _estimate(draft, lots, by=cast.thomas, note="Les deux lots, effort modéré.")
        draft.refresh_from_db()
        second = add_scenario(recommendation=draft, by=cast.thomas)
        _estimate(
            draft,
            [lots[0] | {"rate": 8}, lots[1] | {"kind": ""}],
            scenario=second,
            by=cast.thomas,
            note="Le gros lot seul, effort plus fort.",
        )


def _estimate(
    draft: Recommendation,
    values: list[dict[str, Any]],
    *,
    by: User,
    scenario: Scenario | None = None,
    note: str = "",
) -> None:
    draft.refresh_from_db()
    advised = Scenario.objects.get(recommendation=draft, is_advised=True)
    changed = scenario or advised
    changed.note = note
    lots = list(ScenarioLot.objects.filter(scenario=changed).order_by("position", "pk"))
    for lot, given in zip(lots, values, strict=True):
        for name, value in given.items():
            setattr(lot, name, Decimal(value) if name in ("amount", "share", "rate") else value)
    save_estimation(
        recommendation=draft,
        edition=draft.edition,
        values={
            "context": "Échange avec la direction des achats et visite du site.",
            "penalty_text": PENALTY,
        },
        advised=advised.pk,
        scenarios=[changed],
        lots=lots,
        by=by,
    )


def _send(draft: Recommendation, buyer: Buyer, *, by: User, due_on: dt.date) -> Recommendation:
    contacts = Contact.objects.filter(buyer=buyer, ends_on__isnull=True).exclude(email="").order_by("pk")
    return send_recommendation(
        recommendation=draft,
        recipients=[contact.email for contact in contacts[:2]] or ["achats@exemple.invalid"],
        subject=f"Préconisation : {formats.short(draft.title, 150)}",
        body="Bonjour,\n\nVoici notre préconisation. Nous attendons votre réponse en ligne.",
        due_on=due_on,
        by=by,
    )
