"""The page that a partner opens without an account: what it shows, what it takes, and what an attacker gets."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import OfferState
from beneficiaries.models import Application
from beneficiaries.services.offer_replies import CANDIDATES_MAX
from beneficiaries.services.offers import await_replies, close_offer, replies_key
from core.links import make_link
from core.models import AccessLink
from markets.models import Task
from tests.beneficiaries.recruitment import (
    award_of,
    make_application,
    make_offer,
    make_recipient,
    make_token,
)
from tests.factories import BeneficiaryFactory, HouseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(cast):
    """An offer sent to one partner: the offer, the partner, the address of its page."""
    HouseFactory(name="Maison d’Essai")
    offer = make_offer(
        award_of(cast.commitment_a), title="Peintre en bâtiment", conditions="7 h – 15 h\nPanier"
    )
    recipient = make_recipient(offer)
    return offer, recipient, reverse("job_offer_reply", args=[make_token(recipient)])


def answer(**changes):
    data = {
        "p0-last_name": "Nguyen",
        "p0-first_name": "Linh",
        "p0-birth_date": "3/2/99",
        "p0-phone": "06 01 02 03 04",
        "p0-message": "Deux ans en peinture, permis B",
        "p0-referrer_name": "Anne Petit",
        "p0-referrer_email": "a.petit@mission.example",
        "informed": "on",
    }
    return {**data, **changes}


def test_the_page_shows_the_offer_and_nothing_is_kept_by_the_browser(client, sent):
    response = client.get(sent[2])
    page = response.content.decode()
    assert "Peintre en bâtiment" in page
    assert "Alpha Bâtiment" in page
    assert "7 h – 15 h<br>Panier" in page
    assert response["Cache-Control"] == "private, no-store"
    # Nothing leaves to another site, and the form still says where it comes from.
    assert response["Referrer-Policy"] == "same-origin"
    assert "noindex" in response["X-Robots-Tag"]


def test_a_partner_proposes_someone_without_an_account(client, sent):
    offer, recipient, address = sent
    response = client.post(address, answer(), follow=True)
    assert "Merci : c’est transmis" in response.content.decode()
    row = Application.objects.get()
    assert (row.offer, row.recipient, row.state) == (offer, recipient, "proposed")
    assert (row.last_name, row.first_name, row.birth_date) == ("Nguyen", "Linh", dt.date(1999, 2, 3))
    assert (row.referrer_name, row.message) == ("Anne Petit", "Deux ans en peinture, permis B")
    assert row.beneficiary is None
    # Nobody is written to.
    assert mail.outbox == []


def test_several_people_are_proposed_at_once(client, sent):
    client.post(
        sent[2],
        answer(
            **{
                "p1-last_name": "Diallo",
                "p1-first_name": "Awa",
                "p2-last_name": "Roux",
                "p2-first_name": "Léo",
            }
        ),
    )
    assert sorted(Application.objects.values_list("last_name", flat=True)) == ["Diallo", "Nguyen", "Roux"]


def test_what_was_typed_is_kept_when_something_is_wrong(client, sent):
    response = client.post(
        sent[2],
        answer(**{"p0-birth_date": "31/02/1999", "p1-last_name": "Diallo", "informed": ""}),
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "31/02/1999\u202f» n’existe pas au calendrier" in page
    assert "une personne ne peut pas être proposée sans le savoir" in page
    assert "Indiquez le prénom." in page
    assert "Rien n’est encore transmis" in page
    for typed in ("Nguyen", "06 01 02 03 04", "31/02/1999", "Diallo", "Deux ans en peinture"):
        assert typed in page
    assert not Application.objects.exists()


def test_the_same_person_proposed_twice_is_kept_once(client, sent):
    for name in ("Nguyen", "NGUYEN", "nguyên"):
        client.post(sent[2], answer(**{"p0-last_name": name}))
    assert Application.objects.count() == 1


def test_a_partner_says_that_there_is_nobody_then_finds_someone(client, sent):
    offer, recipient, address = sent
    await_replies(offer, by=None)
    assert Task.objects.open().filter(key=replies_key(offer)).exists()
    said = client.post(address, {"nobody": "1", "note": "Personne avec le permis"}, follow=True)
    assert "vous n’avez pas de candidat" in said.content.decode()
    recipient.refresh_from_db()
    assert (recipient.declined_on, recipient.note) == (timezone.localdate(), "Personne avec le permis")
    assert not Task.objects.open().filter(key=replies_key(offer)).exists()
    client.post(address, answer())
    recipient.refresh_from_db()
    assert recipient.declined_on is None


# --- What the page must never tell --------------------------------------------------------------------------------


def test_the_answer_is_the_same_whether_the_person_has_a_file_or_not(client, sent):
    """No oracle: same page, same status, same number of queries on the people's table (none)."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    offer = sent[0]
    BeneficiaryFactory(last_name="Connu", first_name="Déjà", birth_date=dt.date(1990, 1, 1))
    pages = []
    for last_name in ("Connu", "Inconnu"):
        other = make_recipient(offer, f"Partenaire {last_name}", email=f"{last_name.lower()}@x.example")
        where = reverse("job_offer_reply", args=[make_token(other)])
        with CaptureQueriesContext(connection) as asked:
            response = client.post(
                where,
                answer(**{"p0-last_name": last_name, "p0-first_name": "Déjà", "p0-birth_date": "01/01/1990"}),
            )
        tables = [
            query["sql"]
            for query in asked
            if '"beneficiaries_beneficiary"' in query["sql"] or "namevariant" in query["sql"]
        ]
        assert tables == []
        pages.append((response.status_code, response["Location"].split("?")[1], len(asked)))
    assert pages[0] == pages[1]


def test_nothing_of_other_partners_candidates_or_of_other_offers_is_shown(client, sent, cast):
    offer, recipient, address = sent
    other = make_recipient(offer, "Mission concurrente", email="autre@mission.example")
    make_application(offer, last_name="Secret", first_name="Autre", recipient=other)
    make_application(offer, BeneficiaryFactory(last_name="Dossier", first_name="Maison"))
    make_application(offer, last_name="Mienne", first_name="Proposée", recipient=recipient)
    make_offer(award_of(cast.commitment_b), title="Charpente Bravo")
    page = client.get(address).content.decode()
    # Even its own are counted, not named: the address may have been passed on.
    assert "1 personne proposée" in page
    for secret in ("Secret", "Dossier", "Mienne", "concurrente", "Bravo", "autre@mission"):
        assert secret not in page


# --- Attackers -----------------------------------------------------------------------------------------------------


def gone(response):
    assert response.status_code == 404
    page = response.content.decode()
    assert "Ce lien n’ouvre plus rien" in page
    assert "Traceback" not in page
    return True


def test_an_invented_token_opens_nothing_and_says_so(client, sent):
    for token in ("x", "a" * 43, "..%2f..%2fetc", "é" * 20, "0" * 5_000):
        response = client.get(reverse("job_offer_reply", args=[token]))
        assert gone(response)
    assert client.post(reverse("job_offer_reply", args=["a" * 43]), answer()).status_code == 404
    assert not Application.objects.exists()


def test_an_expired_link_opens_nothing(client, sent):
    _, recipient, address = sent
    link = AccessLink.objects.get(object_id=recipient.pk)
    link.expires_at = timezone.now() - dt.timedelta(seconds=1)
    link.save()
    assert gone(client.get(address))
    assert gone(client.post(address, answer()))


def test_the_links_of_a_closed_offer_open_nothing(client, sent, cast):
    offer, _, address = sent
    close_offer(offer=offer, state=OfferState.CLOSED, note="", on=timezone.localdate(), by=cast.facilitator)
    assert gone(client.get(address))
    assert gone(client.post(address, answer()))
    assert not Application.objects.exists()


def test_a_link_of_another_kind_or_of_another_thing_opens_no_offer(client, sent):
    _, recipient, _ = sent
    other = make_link(kind="declaration", object_id=recipient.pk, days=5, by=None)
    assert gone(client.get(reverse("job_offer_reply", args=[other.token])))
    nothing = make_link(kind="offer_reply", object_id=987654, days=5, by=None)
    assert gone(client.get(reverse("job_offer_reply", args=[nothing.token])))


def test_a_form_cannot_name_another_offer_or_another_partner(client, sent, cast):
    offer, recipient, address = sent
    foreign = make_recipient(make_offer(award_of(cast.commitment_b)), "Mission Bravo", email="b@x.example")
    client.post(
        address,
        answer(
            recipient=foreign.pk,
            offer=foreign.offer_id,
            beneficiary=1,
            state="hired",
            **{"p0-state": "hired"},
        ),
    )
    row = Application.objects.get()
    assert (row.offer, row.recipient, row.state, row.beneficiary) == (offer, recipient, "proposed", None)


def test_ten_megabytes_are_refused_with_a_sentence(client, sent):
    response = client.post(sent[2], answer(**{"p0-message": "x" * 10_000_000}))
    assert response.status_code == 413
    assert "Rien n’a été enregistré" in response.content.decode()
    long = client.post(sent[2], answer(**{"p0-message": "x" * 1_001}))
    assert long.status_code == 422
    assert not Application.objects.exists()


def test_a_script_in_a_name_stays_text_everywhere(client, sent, cast, signed_in):
    nasty = "<script>alert(1)</script>"
    client.post(sent[2], answer(**{"p0-last_name": nasty, "p0-message": '"><img src=x onerror=alert(1)>'}))
    row = Application.objects.get()
    house = signed_in(cast.facilitator)
    for page in (
        house.get(reverse("application_detail", args=[row.pk])),
        house.get(reverse("job_offer_detail", args=[row.offer_id])),
        client.post(sent[2], answer(**{"p0-last_name": nasty, "informed": ""})),
    ):
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text


def test_names_without_letters_and_null_bytes_are_refused(client, sent):
    for name in ("---", "   ", "123", "Ngu\x00yen"):
        assert client.post(sent[2], answer(**{"p0-last_name": name})).status_code == 422
    assert not Application.objects.exists()


def test_a_partner_cannot_flood_an_offer(client, sent):
    offer, recipient, address = sent
    for number in range(CANDIDATES_MAX):
        make_application(offer, last_name=f"Nom{number}", first_name="A", recipient=recipient)
    response = client.post(address, answer())
    assert response.status_code == 422
    assert f"{CANDIDATES_MAX} personnes au plus" in response.content.decode()
    assert "Nguyen" in response.content.decode()
    assert Application.objects.count() == CANDIDATES_MAX


def test_whoever_asks_too_often_waits(client, sent, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "offer_reply": "3/m/ip"}
    statuses = [client.get(sent[2]).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_the_token_is_written_nowhere_in_clear_but_in_the_email(client, sent):
    token = sent[2].rstrip("/").rsplit("/", 1)[1]
    assert not AccessLink.objects.filter(digest=token).exists()
    assert token not in str(list(AccessLink.objects.order_by("pk").values()))
