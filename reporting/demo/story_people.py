"""What happens to people: proofs, decisions, steps of their paths, situations, notes, files made one, files kept no more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from beneficiaries.enums import (
    Decision,
    EndReason,
    FollowUpKind,
    ImmersionPurpose,
    Milestone,
    Modality,
    OutcomeSource,
    PlacementNature,
    Qualification,
    Situation,
)
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    CountingRules,
    EligibilityCriterion,
    EligibilityPeriod,
    FollowUp,
    ImmersionAgreement,
    Outcome,
    Placement,
    Prescriber,
    Referrer,
    RetentionRun,
    TrainingCourse,
)
from beneficiaries.retention import Step
from beneficiaries.services.eligibility import record_review
from beneficiaries.services.employment import create_placement, end_placement
from beneficiaries.services.follow_ups import save_follow_up
from beneficiaries.services.merging import merge_people
from beneficiaries.services.notices import record_informed
from beneficiaries.services.outcome_links import send_outcome_link
from beneficiaries.services.outcomes import exits, follow_outcomes, record_outcome
from beneficiaries.services.people import save_person, save_referrer
from beneficiaries.services.positioning import position_person
from beneficiaries.services.proofs import add_proof, close_request, remind_proof, request_proofs
from beneficiaries.services.retention import apply_rules, make_plan
from beneficiaries.services.trainings import record_result
from beneficiaries.services.validation_watch import watch_people
from core.text import normalise
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.hires import Crew, hire, planned_end
from reporting.demo.papers import paper
from reporting.demo.story_hours import assigned_to, commitments_of, type_and_validate

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files

# Rights that are asked for, and the paper that shows each.
RSA, LONG_TERM = "rsa", "deld"


def tell_people(cast: Cast, files: Files, crew: Crew) -> None:
    """A few files of the directory, each with a different thing to see."""
    _eligibility(cast, crew)
    _positioned(cast, files)
    _steps(cast, crew)
    _renewals(cast, crew)
    _ending_period(cast, crew)
    _outcomes(cast)
    _notes(cast)
    _doubles(cast, crew)
    _retention(cast)


# --- Eligibility ------------------------------------------------------------------------------------------------


def _newcomer(cast: Cast, last: str, first: str, born: dt.date, gender: str, since: int, **more: Any) -> Any:
    """A file opened so many days ago, of somebody whom a prescriber sends."""
    prescriber = Prescriber.objects.filter(is_active=True, kind="plie").order_by("pk").first()
    person = Beneficiary(
        last_name=last,
        first_name=first,
        birth_date=born,
        gender=gender,
        commune=cast.oullins.commune,
        prescriber=prescriber or Prescriber.objects.filter(is_active=True).order_by("pk").first(),
        email=f"{normalise(last).replace(' ', '.')}@personne.invalid",
        **more,
    )
    with on_day(cast.day(since), 9):
        return save_person(person=person, user=cast.ines)


def _eligibility(cast: Cast, crew: Crew) -> None:
    """A validation about to lapse with its proofs, a proof awaited, one late and reminded, one that came."""
    rsa, long_term = (EligibilityCriterion.objects.get(code=code) for code in (RSA, LONG_TERM))
    # Decided so that three months end in a fortnight at most.
    months = CountingRules.of_territory(cast.as_of).review_validity_months
    ready = _newcomer(cast, "Vasseur", "Noémie", dt.date(1991, 6, 8), "F", -96)
    decided = cast.day(10 - months * 30)
    with on_day(decided, 10):
        for criterion, label in ((rsa, "Attestation de paiement"), (long_term, "Avis de situation")):
            add_proof(
                beneficiary=ready,
                criterion=criterion,
                upload=paper(normalise(label).replace(" ", "-"), label, str(ready)),
                dated=decided - dt.timedelta(days=12),
                user=cast.ines,
            )
        record_review(
            beneficiary=ready,
            decision=Decision.APPROVED,
            decided_on=decided,
            criteria=[(criterion, decided - dt.timedelta(days=12), "") for criterion in (rsa, long_term)],
            principal=rsa,
            unemployment="12-24",
            user=cast.ines,
        )
        record_informed(beneficiary=ready, on=decided, by=cast.ines)
    awaited = _newcomer(cast, "Marchetti", "Loris", dt.date(2003, 2, 21), "M", -9)
    late = _newcomer(cast, "Diarra", "Aminata", dt.date(1986, 10, 30), "F", -38)
    came = _newcomer(cast, "Kowalczyk", "Irène", dt.date(1974, 1, 15), "F", -30)
    with on_day(cast.day(-8), 11):
        _request(cast, awaited, [rsa], 9, "Le document peut être une photo lisible.")
        record_informed(beneficiary=awaited, on=cast.day(-8), by=cast.ines)
    with on_day(cast.day(-35), 11):
        request = _request(cast, late, [long_term], -20, "")
    with on_day(cast.day(-18), 9):
        remind_proof(request=request, due_on=cast.day(-4), by=cast.ines)
    with on_day(cast.day(-28), 11):
        request = _request(cast, came, [rsa], -10, "")
    with on_day(cast.day(-16), 11):
        add_proof(
            beneficiary=came,
            criterion=rsa,
            upload=paper("attestation-de-paiement", "Attestation de paiement", str(came)),
            dated=cast.day(-20),
            user=cast.ines,
        )
        request.refresh_from_db()
        if request.is_open:
            close_request(request=request, is_received=True, by=cast.ines)


def _request(
    cast: Cast, person: Beneficiary, criteria: list[EligibilityCriterion], due: int, message: str
) -> Any:
    return request_proofs(
        beneficiary=person,
        criteria=criteria,
        to="person",
        due_on=cast.day(due),
        message=message,
        by=cast.ines,
    )


def _positioned(cast: Cast, files: Files) -> None:
    """Somebody at work with the holder is put on its private site too, in one gesture."""
    site, team = commitments_of(files), _team(cast)
    if site and team:
        with on_day(cast.day(-2), 15):
            position_person(placement=team[0].placement, commitment=site[0], user=cast.nadia)


def _team(cast: Cast) -> list[Assignment]:
    """Those at work with the holder whose contract goes on."""
    rows = assigned_to(cast.company, cast.month(-1))
    return [row for row in rows if row.placement.ends_on and row.placement.ends_on > cast.day(30)]


def _ending_period(cast: Cast, crew: Crew) -> None:
    """Somebody at work beyond the end of the period, which is near."""
    near = EligibilityPeriod.objects.filter(
        starts_on__lte=cast.day(-40),
        ends_on__gt=cast.day(20),
        ends_on__lte=cast.as_of + dt.timedelta(days=50),
        beneficiary__merged_into__isnull=True,
    ).order_by("ends_on", "pk")
    busy = Placement.objects.filter(ends_on__isnull=True).values("beneficiary")
    at_work = Placement.objects.filter(ends_on__gte=cast.month(-1)).values("beneficiary")
    period = near.exclude(beneficiary__in=busy).exclude(beneficiary__in=at_work).first()
    if period is None:
        return
    hire(
        cast,
        period.beneficiary,
        crew.post(buyer=cast.oullins),
        starts_on=cast.day(-20),
        ends_on=planned_end(cast, 6),
        by=cast.ines,
    )
    with on_day(cast.as_of, 6):
        watch_people([period.beneficiary_id], today=cast.as_of, by=None)


# --- Steps of a path --------------------------------------------------------------------------------------------


def _step(cast: Cast, day: int, placement: Placement, **details: Any) -> Placement:
    with on_day(cast.day(day), 9):
        return create_placement(placement=placement, user=cast.ines, **details)


def _steps(cast: Cast, crew: Crew) -> None:
    """A PMSMP, a training with its result, another one that runs."""
    people = crew.take(3)
    if len(people) < 3:
        return
    plie = Prescriber.objects.filter(is_active=True, kind="plie").order_by("pk").first()
    _step(
        cast,
        -44,
        Placement(
            beneficiary=people[0],
            nature=PlacementNature.IMMERSION,
            modality=Modality.PMSMP,
            employer=cast.others[0],
            contract_type=ContractType.objects.get(code="pmsmp"),
            starts_on=cast.day(-40),
            ends_on=cast.day(-28),
            weekly_hours=35,
            end_reason=EndReason.TERM,
        ),
        agreement=ImmersionAgreement(purpose=ImmersionPurpose.CONFIRM, prescribed_by=plie),
    )
    training = ContractType.objects.get(code="formation")
    for person, start, end, course in (
        (
            people[1],
            -75,
            -54,
            TrainingCourse(
                title="Habilitation électrique, travaux hors tension",
                provider="Centre de formation des Deux Fleuves",
                qualification_aimed="Habilitation B0 H0V",
                qualification=Qualification.OBTAINED,
                obtained_on=cast.day(-54),
            ),
        ),
        (
            people[2],
            -25,
            12,
            TrainingCourse(
                title="Conduite d’engins de chantier",
                provider="Centre de formation des Deux Fleuves",
                qualification_aimed="CACES R482, catégorie A",
            ),
        ),
    ):
        known, course.qualification = course.qualification, Qualification.UNDER_WAY
        obtained, course.obtained_on = course.obtained_on, None
        step = _step(
            cast,
            start - 6,
            Placement(
                beneficiary=person,
                nature=PlacementNature.TRAINING,
                modality=Modality.TRAINING,
                employer=cast.structure,
                contract_type=training,
                starts_on=cast.day(start),
                ends_on=cast.day(end),
                weekly_hours=35,
            ),
            course=course,
        )
        if obtained:
            with on_day(cast.day(end), 16):
                record_result(
                    course=step.training_course, qualification=known, obtained_on=obtained, user=cast.ines
                )


def _renewals(cast: Cast, crew: Crew) -> None:
    """Three contracts that follow each other, with hours; another one that became a lasting job."""
    people = crew.take(2)
    if len(people) < 2:
        return
    post = crew.post(buyer=cast.oullins, rank=1)
    first, second, third = cast.month(-3), cast.month(-2), cast.month(-1)
    for start, following in ((first, second), (second, third), (third, cast.month(2))):
        row = hire(
            cast,
            people[0],
            post,
            employer=cast.structure,
            modality=Modality.SIAE_CONTRACT,
            contract="cddi",
            weekly=26,
            starts_on=start,
            ends_on=following - dt.timedelta(days=1),
        )
        shift = (start.year - cast.as_of.year) * 12 + start.month - cast.as_of.month
        type_and_validate(cast, row, {shift: "108"}, by=cast.nadia)
    row = hire(
        cast,
        people[1],
        post,
        employer=post.holder,
        starts_on=first + dt.timedelta(days=1),
        ends_on=planned_end(cast, 1),
    )
    type_and_validate(cast, row, {-3: "133", -2: "147"}, by=cast.nadia)
    with on_day(cast.day(-1), 17):
        end_placement(
            placement=row.placement,
            ends_on=third + dt.timedelta(days=8),
            end_reason=EndReason.HIRED,
            user=cast.nadia,
        )


# --- After a path -----------------------------------------------------------------------------------------------


def _outcomes(cast: Cast) -> None:
    """A few of those who left: known at the exit, at six months, awaited, late and asked by a link."""
    months = CountingRules.of_territory(cast.as_of).exit_months
    left = sorted(exits(cast.as_of, months).items(), key=lambda row: (row[1], row[0]))
    if len(left) < 6:
        return
    # Two who left a year ago, two some months ago, two of late.
    half = len(left) // 2
    chosen = [pk for pk, _ in (*left[:2], *left[half : half + 2], *left[-2:])]
    with on_day(cast.as_of, 6):
        follow_outcomes(cast.as_of, people=chosen)
    answers = (
        (0, Milestone.EXIT, Situation.CDD_LONG, True, OutcomeSource.HOUSE),
        (0, Milestone.MONTHS_6, Situation.CDI, True, OutcomeSource.EMPLOYER),
        (1, Milestone.EXIT, Situation.SEEKING, False, OutcomeSource.HOUSE),
        (1, Milestone.MONTHS_6, Situation.TRAINING, False, OutcomeSource.REFERRER),
        (2, Milestone.EXIT, Situation.INTERIM, False, OutcomeSource.PERSON),
    )
    for rank, milestone, situation, hired, source in answers:
        row = Outcome.objects.get(beneficiary=chosen[rank], milestone=milestone, cancelled_on__isnull=True)
        if row.due_on > cast.as_of:
            continue
        on = min(row.due_on + dt.timedelta(days=4), cast.as_of)
        with on_day(on, 11):
            record_outcome(
                outcome=row,
                situation=situation,
                hired_by_awardee=hired,
                source=source,
                recorded_on=on,
                user=cast.nadia if source == OutcomeSource.HOUSE else None,
            )
    late = (
        Outcome.objects.filter(situation="", cancelled_on__isnull=True, due_on__lt=cast.as_of)
        .exclude(beneficiary__email="")
        .order_by("due_on", "pk")
        .first()
    )
    if late:
        with on_day(cast.day(-1), 10):
            send_outcome_link(outcome=late, source=OutcomeSource.PERSON, user=cast.nadia)


# --- Notes, doubles, retention ----------------------------------------------------------------------------------


def _notes(cast: Cast) -> None:
    """How it goes, for somebody at work with the holder; a référente is named."""
    team = _team(cast)
    if not team:
        return
    person = Beneficiary.objects.get(pk=team[0].placement.beneficiary_id)
    if person.prescriber_id and person.referrer_id is None:
        with on_day(cast.day(-90), 9):
            person.referrer = save_referrer(
                referrer=Referrer(
                    prescriber=person.prescriber,
                    last_name="Rostand",
                    first_name="Hélène",
                    email="helene.rostand@prescripteur.invalid",
                ),
                user=cast.ines,
            )
            save_person(person=person, user=cast.ines)
    for shift, kind, words in (
        (-88, FollowUpKind.INTERVIEW, "Projet confirmé\u202f: rester dans le bâtiment. Permis B en cours, code obtenu."),
        (-52, FollowUpKind.VISIT, "Vu sur le chantier avec le chef d’équipe\u202f: ponctuel, demande à apprendre l’enduit."),
        (-31, FollowUpKind.PARTNER, "Point avec la référente\u202f: aide au permis accordée pour vingt heures."),
        (-6, FollowUpKind.CALL, "Heure de conduite posée le vendredi\u202f; l’entreprise est d’accord."),
    ):  # fmt: skip
        with on_day(cast.day(shift), 16):
            save_follow_up(
                note=FollowUp(beneficiary=person, kind=kind, happened_on=cast.day(shift), text=words),
                user=cast.ines,
            )


def _doubles(cast: Cast, crew: Crew) -> None:
    """A file that looks like another one; two others that were one person's, made one."""
    people = crew.take(2)
    if len(people) < 2:
        return
    known, twice = people
    misspelt = f"{known.last_name[:-1]}{known.last_name[-1] * 2}"
    _copy(cast, known, last_name=misspelt, since=-13)
    with_maiden_name = _copy(cast, twice, birth_date=None, since=-41, phone="06 39 98 00 27")
    with on_day(cast.day(-34), 10):
        merge_people(
            kept=Beneficiary.objects.get(pk=twice.pk),
            merged=with_maiden_name,
            taken=["phone"],
            reason="Même personne\u202f: inscrite une seconde fois par un partenaire, sans date de naissance.",
            user=cast.nadia,
        )


def _copy(cast: Cast, person: Beneficiary, *, since: int, **changed: Any) -> Beneficiary:
    """Another file of the same person, as a partner wrote it."""
    values = {
        "last_name": person.last_name,
        "first_name": person.first_name,
        "birth_date": person.birth_date,
        "gender": person.gender,
        "commune_id": person.commune_id,
    }
    with on_day(cast.day(since), 9):
        return save_person(person=Beneficiary(**(values | changed)), user=cast.thomas)


def _retention(cast: Cast) -> None:
    """The rules were applied once, on the day when the first file was due; the others wait for a decision."""
    due = make_plan(cast.as_of).due[Step.ARCHIVED]
    if not due:
        return
    day = due[0].verdict.due_on
    assert day is not None
    while day.weekday() > 4 and day < cast.as_of:
        day += dt.timedelta(days=1)
    with on_day(day, 9):
        run = RetentionRun.objects.create(made_by=cast.admin)
        apply_rules(run=run, parts=[Step.ARCHIVED.value], today=day)
