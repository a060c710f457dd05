"""Candidates: matched with the directory, met, presented without their ground, hired, not kept."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ApplicationState, RejectionReason
from beneficiaries.grounds import grounds_in
from beneficiaries.models import Application, Beneficiary, Placement, Referrer
from beneficiaries.services import applications as services
from core.errors import DomainError
from markets.models import Task
from tests.beneficiaries.recruitment import award_of, make_application, make_offer, make_recipient
from tests.factories import (
    BeneficiaryFactory,
    ContactFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    PlacementFactory,
)

pytestmark = pytest.mark.django_db

State = ApplicationState


@pytest.fixture
def offer(cast):
    award = award_of(cast.commitment_a)
    ContactFactory(
        buyer=None, company=award.company, kind="insertion", name="Paul Roy", email="p.roy@alpha.example"
    )
    return make_offer(award, title="Peintre")


def validated(**values):
    """Someone validated today, not at work yet."""
    person = BeneficiaryFactory(**values)
    EligibilityReviewFactory(
        beneficiary=person, decided_on=timezone.localdate(), criteria=[EligibilityCriterionFactory()]
    )
    return person


# --- Matching --------------------------------------------------------------------------------------------------


def test_a_candidate_is_matched_with_the_file_that_looks_like_them(cast, offer, signed_in):
    person = BeneficiaryFactory(last_name="N’Guyen", first_name="Linh", birth_date=dt.date(1999, 2, 3))
    BeneficiaryFactory(last_name="Martin", first_name="Zoé")
    recipient = make_recipient(offer)
    row = make_application(
        offer,
        last_name="Nguyen",
        first_name="Linh",
        birth_date=dt.date(1999, 2, 3),
        phone="0601020304",
        referrer_name="Anne Petit",
        referrer_email="a.petit@mission.example",
        recipient=recipient,
    )
    client = signed_in(cast.facilitator)
    page = client.get(reverse("application_detail", args=[row.pk])).content.decode()
    assert "N’Guyen Linh" in page
    assert "Martin" not in page
    done = client.post(reverse("application_match", args=[row.pk]), {"fiche": person.pk}, follow=True)
    assert "rattachée à la fiche" in done.content.decode()
    row.refresh_from_db()
    person.refresh_from_db()
    assert row.beneficiary == person
    # What the file lacked came from the partner.
    assert (person.phone, person.prescriber) == ("0601020304", recipient.prescriber)
    referrer = Referrer.objects.get()
    assert (referrer.first_name, referrer.last_name, referrer.email) == (
        "Anne",
        "Petit",
        "a.petit@mission.example",
    )
    assert (row.referrer, person.referrer) == (referrer, referrer)


def test_a_partner_corrects_nothing_in_a_file(cast, offer):
    person = BeneficiaryFactory(phone="0700000000", email="vraie@x.example")
    row = make_application(offer, phone="0699999999", email="autre@x.example")
    services.match_application(application=row, person=person, by=cast.facilitator)
    person.refresh_from_db()
    assert (person.phone, person.email) == ("0700000000", "vraie@x.example")


def test_a_referrer_who_is_known_is_not_written_twice(cast, offer):
    recipient = make_recipient(offer)
    known = Referrer.objects.create(
        prescriber=recipient.prescriber, first_name="Anne", last_name="Petit", email="a.petit@mission.example"
    )
    row = make_application(offer, recipient=recipient, referrer_name="PETIT anne")
    services.match_application(application=row, person=BeneficiaryFactory(), by=cast.facilitator)
    row.refresh_from_db()
    assert row.referrer == known


def test_a_file_is_created_in_one_gesture(cast, offer, signed_in):
    recipient = make_recipient(offer)
    row = make_application(
        offer,
        last_name="Diallo",
        first_name="Awa",
        birth_date=dt.date(2001, 5, 6),
        email="awa@x.example",
        recipient=recipient,
    )
    page = signed_in(cast.facilitator).post(reverse("application_create_person", args=[row.pk]), follow=True)
    assert "La fiche de Diallo Awa est créée" in page.content.decode()
    person = Beneficiary.objects.get(last_name="Diallo")
    assert (person.first_name, person.birth_date, person.email) == (
        "Awa",
        dt.date(2001, 5, 6),
        "awa@x.example",
    )
    assert person.prescriber == recipient.prescriber
    row.refresh_from_db()
    assert row.beneficiary == person


def test_a_second_file_of_the_same_person_is_not_created(cast, offer, signed_in):
    BeneficiaryFactory(last_name="Diallo", first_name="Awa", birth_date=dt.date(2001, 5, 6))
    row = make_application(offer, last_name="DIALLO", first_name="Awa", birth_date=dt.date(2001, 5, 6))
    page = signed_in(cast.facilitator).post(reverse("application_create_person", args=[row.pk]), follow=True)
    assert "existe déjà" in page.content.decode()
    row.refresh_from_db()
    assert row.beneficiary is None
    assert Beneficiary.objects.filter(last_name__iexact="diallo").count() == 1


def test_the_same_person_is_a_candidate_once(cast, offer):
    person = BeneficiaryFactory()
    make_application(offer, person)
    with pytest.raises(DomainError, match="déjà candidate"):
        services.match_application(application=make_application(offer), person=person, by=cast.facilitator)
    with pytest.raises(DomainError, match="déjà candidate"):
        services.add_application(offer=offer, person=person, by=cast.facilitator)


# --- Presenting --------------------------------------------------------------------------------------------------


def present(client, offer, rows, **changes):
    query = "&".join(f"c={row.pk}" for row in rows)
    address = f"{reverse('job_offer_present', args=[offer.pk])}?{query}"
    page = client.get(address)
    data = {
        "recipients": "p.roy@alpha.example",
        "intro": page.context["form"].initial["intro"] if page.status_code == 200 else "",
        "cle": "cle-1",
        **changes,
    }
    return client.post(address, data, follow=True)


def test_three_people_are_presented_in_one_email_without_their_ground(cast, offer, signed_in):
    people = [validated(last_name=f"Nom{n}", first_name="Ali", phone="0601020304") for n in range(3)]
    rows = [make_application(offer, person, note="Très motivé, sort de détention") for person in people]
    client = signed_in(cast.facilitator)
    page = present(client, offer, rows, **{f"about_{rows[0].pk}": "Deux ans de peinture, permis B"})
    assert "3 personnes présentées à Alpha Bâtiment" in page.content.decode()
    message = mail.outbox[0]
    assert (len(mail.outbox), message.to) == (1, ["p.roy@alpha.example"])
    assert message.subject == "Candidatures pour votre offre : Peintre"
    until = max(person.reviews.get().valid_until for person in people)
    assert message.body.count(f"Éligible jusqu’au {until:%d/%m/%Y}.") == 3
    assert "• Ali Nom0\n  Deux ans de peinture, permis B" in message.body
    for secret in ("détention", "RSA", "0601020304", "1990"):
        assert secret not in message.body
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.presented_on) == (State.PRESENTED, timezone.localdate())
        task = Task.objects.get(key=f"application:{row.pk}:answer")
        assert (task.person_number, task.turn) == (row.beneficiary_id, "company")
        assert task.due_on == timezone.localdate() + dt.timedelta(days=7)
        assert task not in Task.objects.visible_to(cast.company_user_a)


def test_a_double_click_writes_to_the_company_once(cast, offer, signed_in):
    rows = [make_application(offer, validated())]
    client = signed_in(cast.facilitator)
    present(client, offer, rows)
    present(client, offer, rows)
    assert len(mail.outbox) == 1


def test_words_that_tell_a_ground_do_not_leave(cast, offer, signed_in):
    row = make_application(offer, validated())
    client = signed_in(cast.facilitator)
    page = present(client, offer, [row], **{f"about_{row.pk}": "Bénéficiaire du RSA, très motivée"})
    text = page.content.decode()
    assert "dit un motif d’éligibilité" in text
    assert "très motivée" in text
    assert mail.outbox == []
    row.refresh_from_db()
    assert row.state == State.PROPOSED


def test_what_tells_a_ground_is_known_and_a_diploma_is_none():
    labels = ["Bénéficiaire du RSA", "Niveau d’études 3 (CAP, BEP) ou moins", "Allocataire de l’ASS"]
    assert grounds_in("Titulaire d’un CAP cuisine, assez mobile", labels) == []
    assert grounds_in("Sortie de détention", labels) == ["detention"]
    assert grounds_in("à l’ASS depuis mars", labels) == ["ASS"]
    assert grounds_in("reconnue travailleuse handicapée", labels) == ["handicapee"]


def test_someone_who_is_not_validated_is_flagged_and_presented_knowingly(cast, offer, signed_in):
    sure, unsure = validated(last_name="Sure"), BeneficiaryFactory(last_name="Attente", first_name="Noé")
    rows = [make_application(offer, sure), make_application(offer, unsure)]
    client = signed_in(cast.facilitator)
    board = client.get(reverse("job_offer_detail", args=[offer.pk])).content.decode()
    assert "à valider" in board
    refused = present(client, offer, rows)
    text = refused.content.decode()
    assert "Attente Noé n’est pas encore validé·e" in text
    assert "la validation doit précéder l’embauche" in text
    assert "Sure Sacha n’est" not in text
    assert mail.outbox == []
    present(client, offer, rows, know="on")
    assert "Son éligibilité est à valider par la maison avant toute embauche." in mail.outbox[0].body


def test_nobody_without_a_file_or_of_another_offer_is_presented(cast, offer, signed_in):
    unknown = make_application(offer)
    foreign = make_application(make_offer(award_of(cast.commitment_b)), validated())
    client = signed_in(cast.facilitator)
    for row in (unknown, foreign):
        response = client.get(f"{reverse('job_offer_present', args=[offer.pk])}?c={row.pk}")
        assert response.status_code == 302
    with pytest.raises(DomainError, match="pas encore de fiche"):
        services.present_applications(
            applications=[unknown],
            about={},
            recipients=["a@x.example"],
            intro="Bonjour",
            with_contacts=False,
            key="k",
            by=cast.facilitator,
        )


def test_contacts_leave_only_when_it_is_said(cast, offer, signed_in):
    row = make_application(offer, validated(phone="0601020304", email="a@person.example"))
    present(signed_in(cast.facilitator), offer, [row], with_contacts="on")
    assert "Contact\u202f: 0601020304, a@person.example" in mail.outbox[0].body


# --- States --------------------------------------------------------------------------------------------------------


def test_a_candidate_is_met_presented_and_hired_then_the_contract_is_tied(cast, offer, signed_in):
    person = validated(last_name="Diallo", first_name="Awa")
    row = make_application(offer, person)
    client = signed_in(cast.facilitator)
    today = timezone.localdate().strftime("%d/%m/%Y")
    client.post(reverse("application_meet", args=[row.pk]), {"on": today, "note": "Vue au CCAS"})
    row.refresh_from_db()
    assert (row.state, row.met_on, row.note) == (State.MET, timezone.localdate(), "Vue au CCAS")
    present(client, offer, [row])
    response = client.post(reverse("application_hire", args=[row.pk]), {"on": today})
    assert response["Location"] == (
        f"{reverse('placement_create', args=[person.pk])}?candidature={row.pk}&engagement={cast.commitment_a.pk}"
    )
    row.refresh_from_db()
    assert row.state == State.HIRED
    assert not Task.objects.open().filter(key=f"application:{row.pk}:answer").exists()
    assert Task.objects.open().filter(key=f"application:{row.pk}:contract").exists()
    contract = PlacementFactory(beneficiary=person, starts_on=timezone.localdate())
    done = client.post(reverse("application_link", args=[row.pk]), {"placement": contract.pk}, follow=True)
    assert "Le contrat est rattaché" in done.content.decode()
    row.refresh_from_db()
    assert row.placement == contract
    assert not Task.objects.open().filter(key=f"application:{row.pk}:contract").exists()


def test_the_form_of_the_contract_is_filled_from_the_offer_and_ties_it(cast, signed_in):
    award = award_of(cast.commitment_a)
    offer = make_offer(award, title="Peintre", weekly_hours="30")
    person = validated()
    row = make_application(offer, person, state=State.HIRED, decided_on=timezone.localdate())
    client = signed_in(cast.facilitator)
    address = f"{reverse('placement_create', args=[person.pk])}?candidature={row.pk}&engagement={cast.commitment_a.pk}"
    page = client.get(address)
    text = page.content.decode()
    assert "Alpha Bâtiment" in text
    assert 'value="30"' in text
    client.post(
        address,
        {
            "nature": "employment",
            "employer": award.company.name,
            "modality": "direct",
            "starts_on": (timezone.localdate() + dt.timedelta(days=3)).strftime("%d/%m/%Y"),
            "weekly_hours": "30",
        },
    )
    contract = Placement.objects.get(beneficiary=person)
    row.refresh_from_db()
    assert row.placement == contract


def test_someone_else_s_contract_is_refused(cast, offer):
    row = make_application(offer, validated(), state=State.HIRED, decided_on=timezone.localdate())
    with pytest.raises(DomainError, match="autre personne"):
        services.link_contract(application=row, placement=PlacementFactory(), by=cast.facilitator)


def test_a_candidate_is_not_kept_without_a_reason(cast, offer, signed_in):
    row = make_application(offer, BeneficiaryFactory())
    client = signed_in(cast.facilitator)
    today = timezone.localdate().strftime("%d/%m/%Y")
    address = reverse("application_reject", args=[row.pk])
    assert "Dites pourquoi" in client.post(address, {"reason": "", "on": today}).content.decode()
    client.post(address, {"reason": RejectionReason.NOT_MOBILE, "on": today, "note": "Sans permis"})
    row.refresh_from_db()
    assert (row.state, row.rejection, row.note) == (State.REJECTED, "not_mobile", "Sans permis")
    with pytest.raises(DomainError, match="Rouvrez-la"):
        services.meet_application(application=row, on=timezone.localdate(), note="", by=cast.facilitator)
    client.post(reverse("application_reopen", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.rejection, row.decided_on) == (State.PROPOSED, "", None)


@pytest.mark.parametrize("days", [1, -30])
def test_a_gesture_has_a_day_between_the_proposal_and_today(cast, offer, days):
    row = make_application(offer, BeneficiaryFactory())
    day = timezone.localdate() + dt.timedelta(days=days)
    with pytest.raises(DomainError, match="à venir" if days > 0 else "précède"):
        services.meet_application(application=row, on=day, note="", by=cast.facilitator)


def test_two_companies_never_read_each_other_s_candidates(cast):
    mine = make_application(
        make_offer(award_of(cast.commitment_a)),
        BeneficiaryFactory(),
        state=State.PRESENTED,
        presented_on=timezone.localdate(),
    )
    theirs = make_application(
        make_offer(award_of(cast.commitment_b)),
        BeneficiaryFactory(),
        state=State.PRESENTED,
        presented_on=timezone.localdate(),
    )
    make_application(mine.offer, BeneficiaryFactory())
    assert list(Application.objects.visible_to(cast.company_user_a)) == [mine]
    assert list(Application.objects.visible_to(cast.company_user_b)) == [theirs]
    assert not Application.objects.visible_to(cast.buyer_user_a).exists()


def test_the_archive_is_the_admin_s_here_too(cast, offer):
    row = make_application(offer, BeneficiaryFactory(archived_on=timezone.localdate()))
    assert row not in Application.objects.visible_to(cast.facilitator)
    assert row in Application.objects.visible_to(cast.admin)


def test_the_tab_of_a_person_shows_their_offers_and_actions(cast, offer, signed_in):
    person = BeneficiaryFactory()
    make_application(offer, person)
    page = signed_in(cast.facilitator).get(reverse("person_applications", args=[person.pk])).content.decode()
    assert "Peintre" in page
    assert "Alpha Bâtiment" in page


def test_someone_is_put_forward_from_their_file(cast, offer, signed_in):
    person = BeneficiaryFactory()
    signed_in(cast.facilitator).post(
        reverse("person_application_create", args=[person.pk]), {"offer": f"Peintre [{offer.pk}]"}
    )
    row = Application.objects.get()
    assert (row.beneficiary, row.offer, row.recipient) == (person, offer, None)
