"""An offer sent to partners, its candidates in every state, what referrers were told, actions in common, needs that come back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from beneficiaries.enums import ActionKind, FeedbackMoment, NeedState, RejectionReason
from beneficiaries.models import (
    Beneficiary,
    CollectiveAction,
    ContractType,
    JobOffer,
    Occupation,
    Placement,
    Prescriber,
    ReferrerFeedback,
    TrainingNeed,
    TrainingNeedNotice,
)
from beneficiaries.offer_partners import partners_by_key
from beneficiaries.services import actions, applications, offer_replies, offers, training_needs
from beneficiaries.services.feedback import address_of, send_feedback
from beneficiaries.services.writing import save_by
from markets.models import Award
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files

Candidate = offer_replies.Candidate
# Those whom partners propose and who have no file yet.
UNKNOWN = (
    Candidate(
        "Benali",
        "Yasmine",
        dt.date(1994, 4, 12),
        phone="06 39 98 00 12",
        message="Deux ans sur des chantiers, permis B, disponible de suite.",
        referrer_name="Anne Petit",
        referrer_email="anne.petit@prescripteur.invalid",
    ),
    Candidate("Traoré", "Moussa", dt.date(2001, 9, 3), message="Sortant de formation VRD, sans véhicule."),
)


def tell_recruitment(cast: Cast, files: Files) -> None:
    """On the school, where the company that has an account holds a lot."""
    award = _award(cast, files)
    people = _people(cast)
    if award is None or len(people) < 8:
        return
    offer = _offer(cast, award)
    _candidates(cast, offer, people)
    _draft(cast, award)
    action = _actions(cast, award, people)
    _needs(cast, award, action)


def _award(cast: Cast, files: Files) -> Award | None:
    rows = Award.objects.filter(lot__market__closed_on__isnull=True)
    rows = rows.select_related("company", "lot__market__buyer")
    return (
        rows.filter(lot__market=files.school, company=cast.company).order_by("pk").first()
        or rows.filter(company=cast.company).order_by("pk").first()
    )


def _people(cast: Cast) -> list[Beneficiary]:
    """Eight people of the territory who are eligible and not at work, then others."""
    rows = Beneficiary.objects.visible_to(cast.admin).with_eligibility(cast.as_of)
    working = Placement.objects.filter(starts_on__lte=cast.as_of, ends_on__isnull=True)
    free = rows.exclude(pk__in=working.values("beneficiary"))
    eligible = list(free.filter(eligibility_state="eligible").order_by("pk")[:6])
    others = free.exclude(pk__in=[row.pk for row in eligible]).order_by("pk")[: 8 - len(eligible)]
    return [*eligible, *others]


def _offer(cast: Cast, award: Award) -> JobOffer:
    partners = list(Prescriber.objects.filter(is_active=True).order_by("pk")[:5])
    with on_day(cast.day(-24)):
        for rank, partner in enumerate(partners, 1):
            if not partner.email:
                partner.email = f"accueil{rank}@prescripteur.invalid"
                save_by(partner, cast.nadia)
        offer = JobOffer(
            award=award,
            title="Ouvrier·ère VRD, voirie et réseaux",
            occupation=Occupation.objects.filter(pk="F1702", is_active=True).first(),
            places=2,
            contract_type=ContractType.objects.filter(nature="employment", is_active=True)
            .order_by("position", "pk")
            .first(),
            starts_on=cast.day(20),
            duration="6 mois, renouvelable",
            weekly_hours=35,
            place=award.lot.market.place or "sur le chantier",
            conditions="7 h 30 – 15 h 30, panier repas.\nPermis B apprécié.",
            skills="Travail en équipe et en extérieur.\nLire une consigne simple.",
            closes_on=cast.day(6),
        )
        offers.save_offer(offer=offer, by=cast.nadia)
        subject, body = offers.offer_text(offer, by=cast.nadia)
        offers.send_offer(
            offer=offer,
            partners=partners_by_key(cast.nadia, [f"p-{row.pk}" for row in partners]),
            subject=subject,
            body=body,
            by=cast.nadia,
        )
    return offer


def _candidates(cast: Cast, offer: JobOffer, people: list[Beneficiary]) -> None:
    recipients = list(offer.recipients.order_by("pk"))
    known = people[0]
    with on_day(cast.day(-20)):
        offer_replies.propose_candidates(recipient=recipients[0], candidates=UNKNOWN)
        # Written in another way, so that the matching has something to say.
        offer_replies.propose_candidates(
            recipient=recipients[1],
            candidates=[Candidate(known.last_name.upper(), known.first_name, known.birth_date)],
        )
        offer_replies.decline_offer(
            recipient=recipients[2], note="Nos candidates et candidats VRD sont tous en poste."
        )
        rows = [
            applications.add_application(offer=offer, person=person, by=cast.nadia) for person in people[1:7]
        ]
    with on_day(cast.day(-15)):
        for row in rows[:4]:
            applications.meet_application(
                application=row,
                on=cast.day(-15),
                note="Projet confirmé, disponible à la date du poste.",
                by=cast.nadia,
            )
    with on_day(cast.day(-12)):
        applications.present_applications(
            applications=rows[:3],
            about={rows[0].pk: "Deux saisons en espaces verts, permis B, aime le travail en équipe."},
            recipients=["recrutement@entreprise.invalid"],
            intro=f"Bonjour,\n\nVoici trois candidatures pour votre offre « {offer.title} ».",
            with_contacts=False,
            key="demo",
            by=cast.nadia,
        )
        _feedback(
            cast,
            rows[0],
            progress="Ponctualité et présentation travaillées, entretien réussi.",
            next_steps="Rencontre avec le chef d’équipe.",
        )
    with on_day(cast.day(-5)):
        applications.hire_application(application=rows[0], on=cast.day(-5), by=cast.nadia)
        applications.reject_application(
            application=rows[2], reason=RejectionReason.SKILLS, on=cast.day(-5), note="", by=cast.nadia
        )
        applications.reject_application(
            application=rows[4],
            reason=RejectionReason.NOT_MOBILE,
            on=cast.day(-5),
            note="Pas de transport avant 7 h.",
            by=cast.nadia,
        )
        _feedback(
            cast,
            rows[4],
            obstacles="Pas de transport pour une embauche avant 7 h.",
            next_steps="Dossier d’aide au permis avec le PLIE.",
        )


def _feedback(cast: Cast, row: Any, **texts: str) -> None:
    prescriber, referrer, email = address_of(row.beneficiary, row)
    send_feedback(
        feedback=ReferrerFeedback(
            beneficiary=row.beneficiary,
            application=row,
            prescriber=prescriber,
            referrer=referrer,
            email=email,
            moment=FeedbackMoment.BEFORE,
            **texts,
        ),
        by=cast.nadia,
    )


def _draft(cast: Cast, award: Award) -> None:
    with on_day(cast.day(-2)):
        offers.save_offer(
            offer=JobOffer(award=award, title="Agent·e d’entretien des espaces verts"), by=cast.thomas
        )


def _actions(cast: Cast, award: Award, people: list[Beneficiary]) -> CollectiveAction:
    """A visit five months ago, where some of those hired since came; an action to come."""
    market, held = award.lot.market, cast.day(-150)
    hired = Placement.objects.filter(
        starts_on__gt=held, starts_on__lte=cast.as_of, nature="employment"
    ).order_by("pk")
    came = [row.beneficiary for row in hired.select_related("beneficiary")[:4]]
    listed = {person.pk: person for person in [*came, *people[:5]]}
    links = {"markets": [market], "buyers": [market.buyer], "companies": [award.company]}
    with on_day(held):
        visit = CollectiveAction(
            kind=ActionKind.SITE_VISIT,
            title="Visite du chantier",
            held_on=held,
            place=market.place,
            summary="Deux conducteurs de travaux ont présenté les métiers. Trois demandes d’immersion.",
        )
        actions.save_action(action=visit, links=links, by=cast.nadia)
        rows = [
            actions.add_attendance(action=visit, person=person, by=cast.nadia) for person in listed.values()
        ]
        actions.record_attendance(
            action=visit,
            shown=[row.pk for row in rows],
            came=[row.pk for row in rows[:-2]],
            unnamed=4,
            by=cast.nadia,
        )
    with on_day(cast.day(-3)):
        practice = CollectiveAction(
            kind=ActionKind.INTERVIEWS, title="Simulation d’entretiens", held_on=cast.day(9)
        )
        actions.save_action(action=practice, links={"buyers": [market.buyer]}, by=cast.ines)
        for person in people[5:]:
            actions.add_attendance(action=practice, person=person, by=cast.ines)
    return practice


def _needs(cast: Cast, award: Award, action: CollectiveAction) -> None:
    with on_day(cast.day(-120)):
        needs = [
            TrainingNeed(skill=skill, first_noticed_on=cast.day(-120))
            for skill in ("Habilitation électrique", "Lire une consigne de sécurité", "Conduite d’engins")
        ]
        for need in needs:
            training_needs.save_need(need=need, by=cast.thomas)
    for shift, rank, count in ((-110, 0, 2), (-75, 0, 1), (-74, 1, 3), (-40, 0, 4), (-12, 1, 1)):
        with on_day(cast.day(shift)):
            training_needs.add_notice(
                notice=TrainingNeedNotice(
                    need=needs[rank],
                    noticed_on=cast.day(shift),
                    people=count,
                    company=award.company,
                    market=award.lot.market,
                ),
                by=cast.thomas,
            )
    with on_day(cast.day(-3)):
        needs[1].state, needs[1].action = NeedState.PLANNED, action
        needs[1].response = "Atelier de lecture sur le chantier, avant les entretiens."
        training_needs.save_need(need=needs[1], by=cast.thomas)
