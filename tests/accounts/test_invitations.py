"""An invitation opens one account, once, for seven days."""

from __future__ import annotations

import re
import time

import pytest
from django.core import signing
from django.urls import reverse

from accounts import services
from accounts.enums import AccountState, Role
from accounts.invitations import SALT, make_token, read_token
from accounts.models import User
from core.errors import DomainError
from tests.accounts.people import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
WEEK = 7 * 86_400


@pytest.fixture
def invited(admin):
    return services.invite_user(
        email=" Lea.Dupont@Exemple.fr ", role=Role.FACILITATOR, first_name="Léa", last_name="Dupont", by=admin
    )


def link_in(body: str) -> str:
    return re.search(r"https?://[^/\s]+(/\S+)", body).group(1)


def test_inviting_writes_a_message_with_a_link_and_no_usable_password(invited, messages_to):
    assert invited.email == "lea.dupont@exemple.fr"
    assert not invited.has_usable_password()
    assert invited.state == AccountState.INVITED
    (message,) = messages_to("lea.dupont@exemple.fr")
    assert message.subject == "Votre accès à Maillon"
    assert "Bonjour Léa," in message.body
    assert "7 jours" in message.body
    assert "facilitateur·rice" in message.body
    assert read_token(link_in(message.body).split("/")[2]) == invited


def test_the_link_lets_the_person_choose_a_password_and_come_in(client, invited, messages_to):
    link = link_in(messages_to(invited.email)[0].body)
    response = client.get(link)
    assert response.status_code == 302
    assert response.url == reverse("invitation_accept")
    page = client.get(response.url)
    assert "Bienvenue Léa" in page.content.decode()
    response = client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(invited.pk)
    invited.refresh_from_db()
    assert invited.check_password(PASSWORD)
    assert invited.state == AccountState.ACTIVE


def test_the_password_of_an_invited_person_is_checked(client, invited):
    client.get(reverse("invitation", args=[make_token(invited)]))
    refused = client.post(
        reverse("invitation_accept"), {"password1": "lea.dupont1", "password2": "lea.dupont1"}
    )
    text = refused.content.decode()
    assert refused.status_code == 200
    assert "12 caractères" in text
    different = client.post(
        reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD + "!"}
    )
    assert "Les deux mots de passe ne sont pas les mêmes." in different.content.decode()
    invited.refresh_from_db()
    assert not invited.has_usable_password()


def test_an_invitation_still_opens_just_before_its_seventh_day_and_no_later(invited, monkeypatch):
    token = make_token(invited)
    now = time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + WEEK - 60)
    assert read_token(token) == invited
    monkeypatch.setattr(signing.time, "time", lambda: now + WEEK + 60)
    with pytest.raises(DomainError, match="a expiré : elle valait 7 jours"):
        read_token(token)


def test_an_expired_link_says_so_and_sets_no_password(client, invited, monkeypatch):
    client.get(reverse("invitation", args=[make_token(invited)]))
    now = time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + WEEK + 60)
    page = client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert page.status_code == 410
    assert "Cette invitation a expiré" in page.content.decode()
    invited.refresh_from_db()
    assert not invited.has_usable_password()


def test_a_used_link_opens_nothing_a_second_time(client, invited):
    token = make_token(invited)
    services.accept_invitation(token=token, password=PASSWORD)
    with pytest.raises(DomainError, match="il a déjà servi"):
        services.accept_invitation(token=token, password="un autre mot de passe")
    client.get(reverse("invitation", args=[token]))
    assert client.get(reverse("invitation_accept")).status_code == 410
    invited.refresh_from_db()
    assert invited.check_password(PASSWORD)


def test_sending_again_spends_the_former_link(admin, invited, messages_to):
    former = make_token(invited)
    services.resend_invitation(user=invited, by=admin)
    with pytest.raises(DomainError, match="une invitation plus récente"):
        read_token(former)
    assert len(messages_to(invited.email)) == 2
    invited.refresh_from_db()
    assert read_token(make_token(invited)) == invited


def test_closing_the_account_withdraws_the_link_for_good(admin, invited):
    token = make_token(invited)
    services.deactivate_user(user=invited, by=admin)
    with pytest.raises(DomainError):
        read_token(token)
    services.reactivate_user(user=invited, by=admin)
    with pytest.raises(DomainError):
        read_token(token)


def test_another_address_spends_the_link(invited):
    token = make_token(invited)
    invited.email = "ailleurs@exemple.fr"
    invited.save()
    with pytest.raises(DomainError):
        read_token(token)


@pytest.mark.parametrize("index", [0, 5, 20, -1])
def test_an_altered_link_opens_nothing(invited, index):
    token = make_token(invited)
    letters = list(token)
    letters[index] = "A" if letters[index] != "A" else "B"
    with pytest.raises(DomainError):
        read_token("".join(letters))


@pytest.mark.parametrize("payload", [None, "texte", [1], [1, 2, 3], {"pk": 1}, ["x", "y"], [1, None]])
def test_a_signed_thing_that_is_no_invitation_opens_nothing(db, payload):
    with pytest.raises(DomainError):
        read_token(signing.dumps(payload, salt=SALT))


def test_a_token_of_another_use_opens_nothing(invited):
    pk, fingerprint = signing.loads(make_token(invited), salt=SALT)
    with pytest.raises(DomainError):
        read_token(signing.dumps([pk, fingerprint], salt="autre.usage"))


def test_the_token_leaves_the_address_before_the_form_is_shown(client, invited):
    token = make_token(invited)
    response = client.get(reverse("invitation", args=[token]))
    assert token not in response.url
    assert token not in client.get(response.url).content.decode()


def test_accepting_on_someone_elses_browser_signs_them_out_first(client, invited, admin):
    client.force_login(admin)
    client.get(reverse("invitation", args=[make_token(invited)]))
    client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert client.session["_auth_user_id"] == str(invited.pk)


def test_accepting_gives_a_new_session_key(client, invited):
    client.get(reverse("invitation", args=[make_token(invited)]))
    before = client.session.session_key
    client.post(reverse("invitation_accept"), {"password1": PASSWORD, "password2": PASSWORD})
    assert client.session.session_key != before


def test_an_address_is_invited_once_whatever_its_case(admin, invited):
    with pytest.raises(DomainError, match="Un compte existe déjà") as refused:
        services.invite_user(email="LEA.dupont@exemple.FR", role=Role.ADMIN, by=admin)
    assert refused.value.field == "email"
    assert User.objects.filter(email__iexact="lea.dupont@exemple.fr").count() == 1


def test_what_is_no_address_is_refused(admin):
    with pytest.raises(DomainError, match="n’est pas une adresse électronique"):
        services.invite_user(email="léa arobase exemple", role=Role.FACILITATOR, by=admin)


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.ADMIN])
@pytest.mark.parametrize("trait", ["facilitator", "buyer", "company"])
def test_only_an_admin_invites_into_the_house(role, trait):
    by = UserFactory(**({} if trait == "facilitator" else {trait: True}))
    with pytest.raises(DomainError, match="Seul·e un·e administrateur·rice"):
        services.invite_user(email="x@exemple.fr", role=role, by=by)
    assert not User.objects.filter(email="x@exemple.fr").exists()


def test_someone_who_has_a_password_gets_no_second_invitation(admin, with_password):
    user = with_password()
    with pytest.raises(DomainError, match="a déjà choisi son mot de passe"):
        services.resend_invitation(user=user, by=admin)
