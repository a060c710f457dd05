"""Candidates of an offer: matched with a file, met, presented, hired or not; each wait is a deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ApplicationState, EligibilityState, OfferState, RejectionReason
from beneficiaries.grounds import grounds_in
from beneficiaries.models import (
    Application,
    Beneficiary,
    EligibilityCriterion,
    Placement,
    Prescriber,
    Referrer,
)
from beneficiaries.services.offers import await_replies, locked_offer
from beneficiaries.services.people import save_person
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.outbox import write_message
from core.text import normalise
from markets.enums import Turn
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User
    from beneficiaries.models import JobOffer

State = ApplicationState
# How long a company has to say what it thinks of someone, and the house to write the contract.
ANSWER_DAYS, CONTRACT_DAYS = 7, 7
ALREADY = "Cette personne est déjà candidate à cette offre."


def task_key(application: Application, what: str) -> str:
    """« application:12:answer »: what is awaited about a candidate (`answer`, `contract`, `feedback`)."""
    return f"application:{application.pk}:{what}"


def locked_applications(pks: Iterable[int]) -> list[Application]:
    """These candidates, locked in one order, with what their deadlines are written on: one query."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(
        "offer__award__company",
        "offer__award__lot__market",
        "beneficiary",
        "recipient__prescriber",
        "recipient__company",
    )
    return list(rows.filter(pk__in=list(pks)).order_by("pk"))


def _locked(application: Application) -> Application:
    return locked_applications([application.pk])[0]


def _still_open(row: Application) -> None:
    if row.state in (State.HIRED, State.REJECTED):
        raise DomainError(
            f"Cette candidature est close\u202f: {row.get_state_display()} le {formats.day(row.decided_on)}. "
            "Rouvrez-la d’abord."
        )


def _check_day(day: dt.date, first: dt.date, field: str) -> None:
    if day > timezone.localdate():
        raise DomainError("Ce jour est à venir\u202f: enregistrez le geste une fois fait.", field=field)
    if day < first:
        raise DomainError(
            f"Ce jour précède la candidature, proposée le {formats.day(first)}.",
            field=field,
        )


# --- Who they are --------------------------------------------------------------------------------------------


@transaction.atomic
def add_application(*, offer: JobOffer, person: Beneficiary, note: str = "", by: User) -> Application:
    """Put someone of the directory forward for an offer. Raises DomainError for a closed offer and a second time."""
    offer = locked_offer(offer.pk)
    if offer.state in (OfferState.FILLED, OfferState.CLOSED):
        raise DomainError("Cette offre est close\u202f: rouvrez-la avant d’y proposer quelqu’un.")
    if offer.applications.filter(beneficiary=person).exists():
        raise DomainError(ALREADY, field="person")
    row = Application(
        offer=offer,
        beneficiary=person,
        referrer=person.referrer,
        proposed_on=timezone.localdate(),
        note=note,
    )
    save_by(row, by)
    return row


@transaction.atomic
def match_application(*, application: Application, person: Beneficiary, by: User) -> Application:
    """Say that a candidate is this person of the directory; what their file lacks is taken from the partner.

    Raises DomainError when they are a candidate of that offer already, or have another file.
    """
    return _match(_locked(application), person, by)


def _match(row: Application, person: Beneficiary, by: User) -> Application:
    if row.beneficiary_id is not None:
        raise DomainError("Cette candidature est déjà rattachée à une fiche.")
    if row.offer.applications.filter(beneficiary=person).exists():
        raise DomainError(f"{ALREADY} Classez celle-ci en doublon.")
    row.beneficiary = person
    row.referrer = row.referrer or _referrer_of(row, by) or person.referrer
    try:
        with transaction.atomic():
            save_by(row, by, "rapprochée de la fiche")
    except IntegrityError:
        raise DomainError(f"{ALREADY} Classez celle-ci en doublon.") from None
    _fill_in(person, row, by)
    return row


def _fill_in(person: Beneficiary, row: Application, by: User) -> None:
    """Only what the file does not say: a partner corrects nothing by a link."""
    prescriber = row.recipient.prescriber if row.recipient else None
    given = {
        "phone": row.phone,
        "email": row.email,
        "prescriber": prescriber,
        "referrer": row.referrer if person.prescriber_id in (None, _prescriber_id(row)) else None,
    }
    changed = False
    for name, value in given.items():
        if value and not getattr(person, name):
            setattr(person, name, value)
            changed = True
    if changed:
        save_by(person, by, "complétée par la candidature")


def _prescriber_id(row: Application) -> int | None:
    return row.recipient.prescriber_id if row.recipient else None


def _referrer_of(row: Application, by: User) -> Referrer | None:
    """The referrer whom the partner wrote, found in their organisation or added to it."""
    prescriber: Prescriber | None = row.recipient.prescriber if row.recipient else None
    if prescriber is None or not row.referrer_name.strip():
        return None
    rows = list(Referrer.objects.filter(prescriber=prescriber).order_by("pk"))
    address, name = row.referrer_email.lower(), normalise(row.referrer_name)
    for known in rows:
        written = {
            normalise(f"{known.first_name} {known.last_name}"),
            normalise(f"{known.last_name} {known.first_name}"),
        }
        if (address and known.email.lower() == address) or name in written:
            return known
    first, _, last = row.referrer_name.strip().rpartition(" ")
    made = Referrer(
        prescriber=prescriber, first_name=first[:100], last_name=last[:100], email=row.referrer_email
    )
    save_by(made, by, "indiqué·e par le partenaire")
    return made


@transaction.atomic
def create_person_for(*, application: Application, by: User) -> Beneficiary:
    """Open a file for a candidate, with what the partner wrote. Raises SamePerson when there is one already."""
    row = _locked(application)
    if row.beneficiary_id is not None:
        raise DomainError("Cette candidature est déjà rattachée à une fiche.")
    if not normalise(row.last_name) or not normalise(row.first_name):
        raise DomainError("Il manque le nom ou le prénom\u202f: créez la fiche à la main, puis rattachez-la.")
    person = Beneficiary(last_name=row.last_name, first_name=row.first_name, birth_date=row.birth_date)
    save_person(person=person, user=by)
    _match(row, person, by)
    return person


# --- What becomes of them ------------------------------------------------------------------------------------


@transaction.atomic
def meet_application(*, application: Application, on: dt.date, note: str, by: User) -> Application:
    """Note that a candidate was met (presélection)."""
    row = _locked(application)
    _still_open(row)
    _check_day(on, row.proposed_on, "on")
    if row.presented_on and on > row.presented_on:
        raise DomainError(
            f"La personne a été présentée le {formats.day(row.presented_on)}\u202f: la rencontre la précède.",
            field="on",
        )
    row.met_on, row.note = on, note
    if row.state == State.PROPOSED:
        row.state = State.MET
    save_by(row, by)
    return row


def presentation_warnings(people: Sequence[Any]) -> list[str]:
    """One sentence for each who may not be hired yet. people: loaded `with_eligibility`."""
    words = {
        EligibilityState.TO_REVIEW: "n’est pas encore validé·e",
        EligibilityState.EXPIRED: "a une validation expirée",
        EligibilityState.REFUSED: "a été refusé·e",
    }
    return [
        f"{person} {words[EligibilityState(person.eligibility_state)]}\u202f: la validation doit précéder l’embauche, "
        "sinon les heures ne compteront pas."
        for person in people
        if person.eligibility_state != EligibilityState.ELIGIBLE
    ]


def check_words(text: str, field: str) -> None:
    """Raises DomainError when what is written to a company tells why someone is eligible."""
    labels = EligibilityCriterion.objects.values_list("label", flat=True)
    found = grounds_in(text, labels)
    if found:
        raise DomainError(
            f"«\u202f{', '.join(found[:3])}\u202f» dit un motif d’éligibilité\u202f: une entreprise ne doit pas le lire. "
            "Retirez ces mots.",
            field=field,
        )


@transaction.atomic
def present_applications(
    *,
    applications: Sequence[Application],
    about: Mapping[int, str],
    recipients: Sequence[str],
    intro: str,
    with_contacts: bool,
    key: str,
    by: User,
) -> list[Application]:
    """Present candidates of one offer to its company, in one e-mail: their names and what matters, never the ground.

    about: what is said of each, by application. key: the form's own mark, so that a double click writes once.
    Raises DomainError without address, for one without file, a closed one, words that tell a ground.
    """
    rows = locked_applications(row.pk for row in applications)
    if not rows:
        raise DomainError("Cochez au moins une personne à présenter.")
    offer = rows[0].offer
    if any(row.offer_id != offer.pk for row in rows):
        raise DomainError("Présentez à la fois les candidats d’une seule offre.")
    addresses = sorted({address.strip().lower() for address in recipients if address.strip()})
    if not addresses:
        raise DomainError("Choisissez au moins un destinataire, ou écrivez une adresse.", field="recipients")
    if offer.state in (OfferState.FILLED, OfferState.CLOSED):
        raise DomainError("Cette offre est close\u202f: rouvrez-la avant d’y présenter quelqu’un.")
    check_words(intro, "intro")
    for row in rows:
        _still_open(row)
        if row.beneficiary is None:
            raise DomainError(f"{row} n’a pas encore de fiche\u202f: rapprochez ou créez la fiche d’abord.")
        check_words(about.get(row.pk, ""), f"about_{row.pk}")
    today = timezone.localdate()
    people = Beneficiary.objects.with_eligibility(today).in_bulk([row.beneficiary_id for row in rows])
    lines = []
    for row in rows:
        person = people[row.beneficiary_id]
        said = [f"• {person.first_name} {person.last_name}"]
        if about.get(row.pk, "").strip():
            said.append(about[row.pk].strip())
        if with_contacts and (person.phone or person.email):
            said.append("Contact\u202f: " + ", ".join(filter(None, [person.phone, person.email])))
        said.append(
            f"Éligible jusqu’au {formats.day(person.eligible_until)}."
            if person.eligible_until
            else "Son éligibilité est à valider par la maison avant toute embauche."
        )
        lines.append("\n  ".join(said))
    write_message(
        key=f"presentation:{offer.pk}:{key}",
        recipients=addresses,
        subject=f"Candidatures pour votre offre\u202f: {offer.title}",
        body=f"{intro.rstrip()}\n\n" + "\n\n".join(lines) + f"\n\n{by}\n",
        # About several, their names are looked for in its text when one of them is anonymised.
        person=rows[0].beneficiary_id if len(rows) == 1 else None,
    )
    for row in rows:
        row.state, row.presented_on = State.PRESENTED, row.presented_on or today
        save_by(row, by)
        open_task(
            key=task_key(row, "answer"),
            title=f"Réponse de {offer.award.company} sur {row.beneficiary}",
            details=f"Offre «\u202f{offer.title}\u202f», présentée le {formats.day(row.presented_on)}.",
            market=offer.award.lot.market,
            company=offer.award.company,
            person=row.beneficiary_id,
            turn=Turn.COMPANY,
            url=reverse("application_detail", args=[row.pk]),
            due_on=today + dt.timedelta(days=ANSWER_DAYS),
            by=by,
        )
    return rows


@transaction.atomic
def hire_application(*, application: Application, on: dt.date, by: User) -> Application:
    """Note that a company takes someone on; the contract is to be written next."""
    row = _locked(application)
    _still_open(row)
    if row.beneficiary is None:
        raise DomainError("Rapprochez ou créez la fiche de la personne d’abord.")
    _check_day(on, row.proposed_on, "on")
    row.state, row.decided_on, row.rejection = State.HIRED, on, ""
    save_by(row, by)
    finish_task(key=task_key(row, "answer"), on=max(on, row.proposed_on), outcome="embauchée", by=by)
    open_task(
        key=task_key(row, "contract"),
        title=f"Contrat à enregistrer\u202f: {row.beneficiary}, chez {row.offer.award.company}",
        market=row.offer.award.lot.market,
        company=row.offer.award.company,
        person=row.beneficiary_id,
        url=reverse("application_detail", args=[row.pk]),
        due_on=timezone.localdate() + dt.timedelta(days=CONTRACT_DAYS),
        by=by,
    )
    return row


@transaction.atomic
def link_contract(*, application: Application, placement: Placement, by: User) -> Application:
    """Tie the contract that a hire became to its application; one that was not yet noted as hired becomes so.

    Raises DomainError when the contract is someone else's.
    """
    row = _locked(application)
    if row.beneficiary_id is None or placement.beneficiary_id != row.beneficiary_id:
        raise DomainError("Ce contrat est celui d’une autre personne.", field="placement")
    if row.state == State.REJECTED:
        raise DomainError("Cette candidature n’a pas été retenue\u202f: rouvrez-la d’abord.")
    row.placement = placement
    row.decided_on = row.decided_on or max(row.proposed_on, min(placement.starts_on, timezone.localdate()))
    row.state = State.HIRED
    save_by(row, by, "contrat enregistré")
    for what in ("answer", "contract"):
        finish_task(key=task_key(row, what), outcome="contrat enregistré", by=by)
    return row


@transaction.atomic
def reject_application(
    *, application: Application, reason: str, on: dt.date, note: str, by: User
) -> Application:
    """Note that a candidate is not kept, and why. note: added to the remarks."""
    row = _locked(application)
    if reason not in RejectionReason.values:
        raise DomainError("Dites pourquoi la personne n’est pas retenue.", field="reason")
    _check_day(on, row.proposed_on, "on")
    reject(row, reason=reason, on=on, note=note, by=by)
    return row


def reject(row: Application, *, reason: str, on: dt.date, note: str, by: User) -> None:
    """The same for a row that is locked already."""
    _still_open(row)
    row.state, row.rejection, row.decided_on = State.REJECTED, reason, on
    if note.strip():
        row.note = f"{row.note}\n{note}".strip()
    save_by(row, by)
    finish_task(key=task_key(row, "answer"), outcome=row.get_rejection_display(), by=by)


@transaction.atomic
def reopen_application(*, application: Application, by: User) -> Application:
    """Take back a decision noted by mistake; a contract that was signed keeps it."""
    row = _locked(application)
    if row.state not in (State.HIRED, State.REJECTED):
        raise DomainError("Cette candidature n’est pas close.")
    if row.placement_id is not None:
        raise DomainError("Un contrat est enregistré\u202f: cette candidature reste «\u202fembauchée\u202f».")
    row.state = State.PRESENTED if row.presented_on else State.MET if row.met_on else State.PROPOSED
    row.decided_on, row.rejection = None, ""
    save_by(row, by, "réouverture")
    finish_task(key=task_key(row, "contract"), outcome="candidature rouverte", by=by)
    await_replies(row.offer, by=by)
    return row
