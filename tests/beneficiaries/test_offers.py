"""Offers: written, sent to chosen partners, read by their company, closed."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ApplicationState, OfferState
from beneficiaries.models import JobOffer
from beneficiaries.offer_partners import partners_by_key, partners_for
from beneficiaries.services.offers import await_replies, close_offer, replies_key, save_offer, send_offer
from beneficiaries.waiting_recruitment import recruitment_waiting
from core import jobs
from core.errors import DomainError
from core.models import AccessLink
from core.search import search
from markets.models import Task
from tests.beneficiaries.recruitment import (
    award_of,
    make_action,
    make_application,
    make_offer,
    make_recipient,
    make_token,
)
from tests.factories import (
    BeneficiaryFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    ContactFactory,
    EligibilityReviewFactory,
    HouseFactory,
    OccupationFactory,
    PrescriberFactory,
    ReferrerFactory,
    ResponsibilityFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(settings, monkeypatch):
    """Jobs wait for `work()`, as they do for a thread: a request that sends does not work them itself."""
    settings.JOBS_RUNNER = "thread"
    monkeypatch.setattr(jobs, "wake_thread", lambda: None)

    def done() -> None:
        while jobs.run_waiting():
            pass

    return done


@pytest.fixture
def around(cast):
    """Partners around Villeurbanne, and one of each far away."""
    HouseFactory(name="Maison d’Essai")
    here = CommuneFactory(code="69266", label="Villeurbanne")
    far = CommuneFactory(code="13055", label="Marseille", department_code="13")
    near_siae = CompanyFactory(
        name="Régal Insertion", commune=here, latitude=45.77, longitude=4.88, email="pro@regal.example"
    )
    CompanyKindFactory(company=near_siae, kind="ACI")
    far_siae = CompanyFactory(
        name="Calanques Services", commune=far, latitude=43.3, longitude=5.4, email="a@b.example"
    )
    CompanyKindFactory(company=far_siae, kind="EI")
    geiq = CompanyFactory(name="GEIQ du Rhône", commune=here, latitude=45.76, longitude=4.87)
    CompanyKindFactory(company=geiq, kind="GEIQ")
    ContactFactory(buyer=None, company=geiq, kind="main", name="Accueil", email="accueil@geiq.example")
    ContactFactory(buyer=None, company=geiq, kind="insertion", name="Parcours", email="parcours@geiq.example")
    mission = PrescriberFactory(
        name="Mission locale de Villeurbanne", commune=here, email="ml@mission.example"
    )
    regional = PrescriberFactory(name="France Travail région", commune=None)
    ReferrerFactory(prescriber=regional, last_name="Petit", email="petit@ft.example")
    PrescriberFactory(name="PLIE de Marseille", commune=far, email="plie@13.example")
    return {"here": here, "siae": near_siae, "geiq": geiq, "mission": mission, "regional": regional}


def choose(cast, around, **changes):
    given = {
        "families": ["prescribers", "siae", "geiq"],
        "commune": around["here"],
        "within_km": 25,
        **changes,
    }
    return partners_for(cast.facilitator, **given)


def test_partners_come_from_the_territory_prescribers_first_and_structures_by_distance(cast, around):
    found = choose(cast, around)
    # The prescriber of the commune, the one without a place, then structures by distance from the middle of Villeurbanne.
    assert [row.name for row in found][:2] == ["Mission locale de Villeurbanne", "France Travail région"]
    assert sorted(row.name for row in found[2:]) == ["GEIQ du Rhône", "Régal Insertion"]
    assert [row.name for row in choose(cast, around, families=["geiq"])] == ["GEIQ du Rhône"]
    assert [row.name for row in choose(cast, around, families=["siae"], sector="paint")] == []
    everywhere = choose(cast, around, commune=None, families=["siae"])
    assert [row.name for row in everywhere] == ["Calanques Services", "Régal Insertion"]


def test_a_partner_without_address_of_its_own_is_written_to_at_the_right_contact(cast, around):
    by_name = {row.name: row.email for row in choose(cast, around)}
    # A GEIQ's contact for insertion before the main one; a prescriber's first referrer.
    assert by_name["GEIQ du Rhône"] == "parcours@geiq.example"
    assert by_name["France Travail région"] == "petit@ft.example"


def test_each_partner_gets_an_email_with_a_link_of_its_own(cast, around, signed_in, work):
    offer = make_offer(award_of(cast.commitment_a), state="draft", place="Lyon 3e", title="Peintre")
    client = signed_in(cast.facilitator)
    page = client.get(
        reverse("job_offer_send", args=[offer.pk]),
        {"families": ["prescribers", "siae"], "commune": "Villeurbanne", "within": "25"},
    )
    assert "Mission locale de Villeurbanne" in page.content.decode()
    keys = [f"p-{around['mission'].pk}", f"c-{around['siae'].pk}"]
    form = page.context["form"]
    done = client.post(
        reverse("job_offer_send", args=[offer.pk]),
        {"partners": keys, "subject": form.initial["subject"], "body": form.initial["body"], "cle": "a"},
        follow=True,
    )
    assert "L’offre part à 2 partenaires" in done.content.decode()
    work()
    offer.refresh_from_db()
    assert (offer.state, offer.sent_on) == (OfferState.OPEN, timezone.localdate())
    sent = {message.to[0]: message for message in mail.outbox}
    assert set(sent) == {"ml@mission.example", "pro@regal.example"}
    links = {
        address: re.search(r"/lien/offre/([\w-]+)/", message.body)[1] for address, message in sent.items()
    }
    assert len(set(links.values())) == 2
    body = sent["ml@mission.example"].body
    assert "Peintre" in body
    assert "Alpha Bâtiment" in body
    assert sent["ml@mission.example"].subject == "Offre d’emploi : Peintre, Lyon 3e"
    # Each link opens for its own partner.
    for address, token in links.items():
        assert client.get(reverse("job_offer_reply", args=[token])).context["recipient"].email == address
    # A double click writes to nobody twice.
    client.post(
        reverse("job_offer_send", args=[offer.pk]),
        {"partners": keys, "subject": "Offre", "body": "Bonjour", "cle": "a"},
    )
    work()
    assert len(mail.outbox) == 2
    row = AccessLink.objects.get(object_id=offer.recipients.get(email="ml@mission.example").pk)
    assert timezone.localdate(row.expires_at) == offer.closes_on + dt.timedelta(days=7)


def test_the_answers_awaited_are_one_deadline_that_names_who_is_silent(cast, around):
    offer = make_offer(award_of(cast.commitment_a), state="draft")
    partners = partners_by_key(cast.facilitator, [f"p-{around['mission'].pk}", f"c-{around['siae'].pk}"])
    send_offer(offer=offer, partners=partners, subject="Offre", body="Bonjour", by=cast.facilitator)
    task = Task.objects.get(key=replies_key(offer))
    assert task.due_on == offer.closes_on
    assert task.details == "Sans réponse\u202f: Mission locale de Villeurbanne, Régal Insertion"
    assert task not in Task.objects.visible_to(cast.company_user_a)
    assert task not in Task.objects.visible_to(cast.buyer_user_a)


def test_sending_again_replaces_the_link_and_keeps_the_partner_once(cast, around):
    offer = make_offer(award_of(cast.commitment_a), state="draft")
    partners = partners_by_key(cast.facilitator, [f"p-{around['mission'].pk}"])
    for _ in range(2):
        send_offer(offer=offer, partners=partners, subject="Offre", body="Bonjour", by=cast.facilitator)
    assert offer.recipients.count() == 1
    assert len(mail.outbox) == 2
    assert AccessLink.objects.usable(timezone.now()).count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"closes_on": None}, "jusqu’à quand"),
        ({"closes_on": dt.date(2026, 1, 2)}, "étaient attendues jusqu’au 02/01/2026"),
        ({"state": "closed"}, "Cette offre est close"),
    ],
)
def test_an_offer_that_cannot_be_answered_is_not_sent(cast, around, changes, sentence):
    offer = make_offer(award_of(cast.commitment_a), **{"state": "draft", **changes})
    partners = partners_by_key(cast.facilitator, [f"p-{around['mission'].pk}"])
    with pytest.raises(DomainError, match=sentence):
        send_offer(offer=offer, partners=partners, subject="Offre", body="Bonjour", by=cast.facilitator)
    assert mail.outbox == []
    assert offer.recipients.count() == 0


def test_a_partner_without_address_is_not_sent_anything(cast, around):
    silent = PrescriberFactory(name="Sans adresse", commune=around["here"])
    offer = make_offer(award_of(cast.commitment_a), state="draft")
    with pytest.raises(DomainError, match="au moins un partenaire"):
        send_offer(
            offer=offer,
            partners=partners_by_key(cast.facilitator, [f"p-{silent.pk}"]),
            subject="Offre",
            body="Bonjour",
            by=cast.facilitator,
        )


def test_an_offer_is_written_from_a_market_and_its_bad_input_is_said(cast, signed_in):
    OccupationFactory(code="F1703", label="Maçonnerie")
    client = signed_in(cast.facilitator)
    address = f"{reverse('job_offer_create')}?marche={cast.commitment_a.market_id}"
    award = award_of(cast.commitment_a)
    data = {
        "award": award.pk,
        "title": "Maçon·ne",
        "occupation": "F1703",
        "places": "3",
        "weekly_hours": "35",
        "place": "Villeurbanne",
        "closes_on": "",
    }
    refused = client.post(address, {**data, "places": "0", "weekly_hours": "60"})
    page = refused.content.decode()
    assert "Une offre porte sur 1 à 500 postes." in page
    assert "entre 0 et 48 heures" in page
    assert "Villeurbanne" in page
    past = client.post(address, {**data, "closes_on": "01/01/2020"})
    assert "Ce jour est passé" in past.content.decode()
    done = client.post(address, data, follow=True)
    offer = JobOffer.objects.get()
    assert (offer.award, offer.places, offer.occupation_id) == (award, 3, "F1703")
    assert (offer.state, offer.created_by) == (OfferState.DRAFT, cast.facilitator)
    assert "n’est pas encore diffusée" in done.content.decode()


def test_another_market_s_award_is_no_choice(cast, signed_in):
    client = signed_in(cast.facilitator)
    address = f"{reverse('job_offer_create')}?marche={cast.commitment_a.market_id}"
    data = {"award": award_of(cast.commitment_b).pk, "title": "Maçon·ne", "places": "1"}
    assert client.post(address, data).status_code == 200
    assert not JobOffer.objects.exists()


def test_the_links_follow_the_day_until_which_candidates_are_awaited(cast):
    offer = make_offer(award_of(cast.commitment_a))
    recipient = make_recipient(offer)
    make_token(recipient)
    await_replies(offer, by=None)
    offer.closes_on = timezone.localdate() + dt.timedelta(days=40)
    save_offer(offer=offer, by=cast.facilitator)
    link = AccessLink.objects.get(object_id=recipient.pk)
    assert timezone.localdate(link.expires_at) == timezone.localdate() + dt.timedelta(days=47)
    assert Task.objects.get(key=replies_key(offer)).due_on == offer.closes_on


# --- Who reads ------------------------------------------------------------------------------------------------


def test_a_company_reads_its_own_offers_and_who_was_presented_by_name_only(cast, signed_in):
    offer = make_offer(award_of(cast.commitment_a), title="Maçon Alpha")
    draft = make_offer(award_of(cast.commitment_a), title="Brouillon Alpha", state="draft")
    other = make_offer(award_of(cast.commitment_b), title="Charpente Bravo")
    shown = BeneficiaryFactory(
        last_name="Montrée", first_name="Aya", phone="0601020304", email="aya@x.example"
    )
    EligibilityReviewFactory(beneficiary=shown, refused=True)
    hidden = BeneficiaryFactory(last_name="Cachée", first_name="Nour")
    make_application(
        offer,
        shown,
        state=ApplicationState.PRESENTED,
        presented_on=timezone.localdate(),
        note="Sort de détention",
        recipient=make_recipient(offer, "SPIP du Rhône"),
    )
    make_application(offer, hidden)
    client = signed_in(cast.company_user_a)
    listed = client.get(reverse("job_offer_list")).content.decode()
    assert "Maçon Alpha" in listed
    assert "Brouillon" not in listed
    assert "Bravo" not in listed
    page = client.get(reverse("job_offer_detail", args=[offer.pk])).content.decode()
    assert "Montrée Aya" in page
    for secret in (
        "Cachée",
        "Nour",
        "détention",
        "SPIP",
        "0601020304",
        "aya@x",
        "refusé",
        "1990",
        "valider ",
    ):
        assert secret not in page
    assert client.get(reverse("job_offer_detail", args=[draft.pk])).status_code == 404
    assert client.get(reverse("job_offer_detail", args=[other.pk])).status_code == 404


def test_a_company_is_told_on_its_home_that_its_answer_is_awaited(cast, signed_in):
    offer = make_offer(award_of(cast.commitment_a))
    make_application(
        offer, BeneficiaryFactory(), state=ApplicationState.PRESENTED, presented_on=timezone.localdate()
    )
    assert (
        "personne présentée, votre réponse est attendue"
        in signed_in(cast.company_user_a).get(reverse("home")).content.decode()
    )
    assert "personne présentée" not in signed_in(cast.company_user_b).get(reverse("home")).content.decode()


# --- Closing ---------------------------------------------------------------------------------------------------


def test_closing_an_offer_closes_its_links_its_deadline_and_its_candidates(cast, signed_in):
    offer = make_offer(award_of(cast.commitment_a))
    recipient = make_recipient(offer)
    token = make_token(recipient)
    waiting = make_application(offer, BeneficiaryFactory())
    hired = make_application(
        offer, BeneficiaryFactory(), state=ApplicationState.HIRED, decided_on=timezone.localdate()
    )
    client = signed_in(cast.facilitator)
    page = client.get(reverse("job_offer_close", args=[offer.pk])).content.decode()
    assert "1 lien envoyé cessera de répondre" in page
    assert "1 candidature est encore en cours" in page
    client.post(
        reverse("job_offer_close", args=[offer.pk]),
        {
            "state": "filled",
            "on": timezone.localdate().strftime("%d/%m/%Y"),
            "note": "Une embauche",
            "settle": "on",
        },
    )
    for row in (offer, waiting, hired):
        row.refresh_from_db()
    assert (offer.state, offer.closing_note) == (OfferState.FILLED, "Une embauche")
    assert (waiting.state, waiting.rejection) == (ApplicationState.REJECTED, "filled")
    assert hired.state == ApplicationState.HIRED
    assert client.get(reverse("job_offer_reply", args=[token])).status_code == 404
    assert not Task.objects.open().filter(key=replies_key(offer)).exists()


def test_an_offer_is_not_closed_on_a_day_to_come_nor_before_it_was_sent(cast):
    offer = make_offer(award_of(cast.commitment_a))
    today = timezone.localdate()
    for day, sentence in (
        (today + dt.timedelta(days=1), "à venir"),
        (today - dt.timedelta(days=3), "précède"),
    ):
        with pytest.raises(DomainError, match=sentence):
            close_offer(offer=offer, state=OfferState.CLOSED, note="", on=day, by=cast.facilitator)


def test_a_closed_offer_is_opened_again_and_then_may_be_sent(cast, around, signed_in):
    offer = make_offer(award_of(cast.commitment_a))
    close_offer(offer=offer, state=OfferState.CLOSED, note="", on=timezone.localdate(), by=cast.facilitator)
    signed_in(cast.facilitator).post(reverse("job_offer_reopen", args=[offer.pk]))
    offer.refresh_from_db()
    assert (offer.state, offer.closed_on) == (OfferState.OPEN, None)


# --- Queries ---------------------------------------------------------------------------------------------------


def fill(offer, count):
    recipients = [make_recipient(offer, f"Mission {n}", email=f"m{n}@x.example") for n in range(count)]
    for n in range(count):
        make_application(offer, BeneficiaryFactory(), recipient=recipients[n] if n % 2 else None)
        make_application(offer, last_name=f"Sans{n}", recipient=recipients[n])


def test_the_pages_of_offers_ask_as_many_queries_for_one_row_as_for_six(
    cast, signed_in, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    one, six = make_offer(award_of(cast.commitment_a)), make_offer(award_of(cast.commitment_b))
    fill(one, 1)
    fill(six, 6)
    client = signed_in(cast.facilitator)
    counts = []
    for offer in (one, six):
        client.get(reverse("job_offer_detail", args=[offer.pk]))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("job_offer_detail", args=[offer.pk]))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] <= 14
    for n in range(6):
        make_offer(award_of(cast.commitment_a), title=f"Offre {n}")
    with django_assert_max_num_queries(12):
        client.get(reverse("job_offer_list"))


def test_a_market_shows_its_offers_and_its_actions_to_the_house(cast, signed_in):
    make_offer(award_of(cast.commitment_a), title="Maçon Alpha")
    make_offer(award_of(cast.commitment_b), title="Charpente Bravo")
    action = make_action(title="Visite Alpha")
    action.markets.add(cast.commitment_a.market)
    page = signed_in(cast.facilitator).get(reverse("market_people", args=[cast.commitment_a.market_id]))
    text = page.content.decode()
    assert "Maçon Alpha" in text
    assert "Visite Alpha" in text
    assert "Bravo" not in text


def test_candidates_to_look_at_wait_on_the_home_of_who_answers_for_the_market(cast, signed_in):
    offer = make_offer(award_of(cast.commitment_a))
    make_application(offer)
    make_application(make_offer(award_of(cast.commitment_b)))
    client = signed_in(cast.facilitator)
    assert "candidature à examiner" not in client.get(reverse("home")).content.decode()
    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)
    text = client.get(reverse("home")).content.decode()
    assert "candidature à examiner" in text
    listed = client.get(reverse("job_offer_list"), {"attente": "oui", "mine": "on"})
    assert [row.record for row in listed.context["table"].rows] == [offer]
    assert "2 candidatures à examiner" in " ".join(
        f"{item.count} {item.label}" for item in recruitment_waiting(cast.admin)
    )


def test_an_offer_is_found_by_the_search_of_who_may_read_it(cast):
    offer = make_offer(award_of(cast.commitment_a), title="Étancheur toiture")
    draft = make_offer(award_of(cast.commitment_a), title="Étancheur brouillon", state="draft")
    found = {
        user: {row for group in search(user, "etanch") for row in group.rows}
        for user in (cast.facilitator, cast.company_user_a, cast.company_user_b, cast.buyer_user_a)
    }
    assert found[cast.facilitator] == {offer, draft}
    assert found[cast.company_user_a] == {offer}
    assert found[cast.company_user_b] == found[cast.buyer_user_a] == set()
