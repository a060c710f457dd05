"""A forgotten password and a changed one."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import int_to_base36

from accounts import services
from core.models import Message
from tests.accounts.people import PASSWORD, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
NEW = "sept loutres dans le canal"


def ask(client: Client, email: str):
    return client.post(reverse("account_reset_password"), {"email": email})


def link_in(message: Message) -> str:
    return re.search(r"https?://[^/\s]+(/\S+)", message.body).group(1)


def choose(client: Client, link: str, password: str = NEW):
    form = client.get(link)
    assert form.status_code == 302, "the key leaves the address"
    return client.post(form.url, {"password1": password, "password2": password})


def test_a_reset_is_a_message_whose_link_sets_a_new_password_once(client, with_password, messages_to):
    user = with_password()
    assert ask(client, user.email.upper()).url == reverse("account_reset_password_done")
    (message,) = messages_to(user.email)
    link = link_in(message)
    assert choose(client, link).url == reverse("account_reset_password_from_key_done")
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert not is_signed_in(client), "a second factor must not be jumped over"
    spent = client.get(link)
    assert "Ce lien n’est plus valable" in spent.content.decode()
    assert messages_to(user.email)[-1].subject == "Votre mot de passe a été changé"


def test_the_link_of_a_reset_names_the_site_of_the_settings(client, with_password, messages_to, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://maillon.exemple"
    user = with_password()
    client.post(reverse("account_reset_password"), {"email": user.email}, headers={"host": "pirate.example"})
    body = messages_to(user.email)[0].body
    assert "https://maillon.exemple/mot-de-passe-oublie/" in body
    assert "pirate" not in body


def test_an_unknown_address_gets_the_same_answer_and_no_message(client, with_password):
    known, unknown = ask(client, with_password().email), ask(client, "inconnue@exemple.fr")
    assert known.url == unknown.url and known.status_code == unknown.status_code
    assert Message.objects.count() == 1


def test_neither_a_closed_nor_an_invited_account_gets_a_link(client, admin, with_password, messages_to):
    closed = with_password()
    closed.is_active = False
    closed.save()
    invited = services.invite_user(email="neuf@exemple.fr", role="facilitator", by=admin)
    ask(client, closed.email)
    ask(client, invited.email)
    assert messages_to(closed.email) == []
    assert [message.subject for message in messages_to(invited.email)] == ["Votre accès à Maillon"]


def test_a_link_dies_when_the_account_closes(client, with_password, messages_to):
    user = with_password()
    ask(client, user.email)
    user.is_active = False
    user.save()
    assert "Ce lien n’est plus valable" in client.get(link_in(messages_to(user.email)[0])).content.decode()


def test_a_link_dies_after_a_day(client, with_password, messages_to, settings):
    user = with_password()
    ask(client, user.email)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "Ce lien n’est plus valable" in client.get(link_in(messages_to(user.email)[0])).content.decode()


def test_an_altered_link_opens_nothing(client, with_password, messages_to):
    user, victim = with_password(), with_password()
    ask(client, user.email)
    link = link_in(messages_to(user.email)[0])
    key = re.search(r"/\w+?-(.+)/$", link).group(1)
    other = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": int_to_base36(victim.pk), "key": key},
    )
    assert "Ce lien n’est plus valable" in client.get(other).content.decode()
    assert "Ce lien n’est plus valable" in client.get(link[:-2] + "/").content.decode()


def test_asking_many_times_for_one_address_is_throttled(client, with_password, messages_to):
    user = with_password()
    for _ in range(5):
        assert ask(client, user.email).status_code == 302
    assert ask(client, user.email).status_code == 429
    assert len(messages_to(user.email)) == 5


def test_a_weak_new_password_is_refused_with_its_reason(client, with_password, messages_to):
    user = with_password()
    ask(client, user.email)
    refused = choose(client, link_in(messages_to(user.email)[0]), "123456789012")
    assert refused.status_code == 200
    assert "numérique" in refused.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, with_password, messages_to):
    user, elsewhere = with_password(), Client()
    sign_in(client, user.email)
    sign_in(elsewhere, user.email)
    response = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert response.url == reverse("account")
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert messages_to(user.email)[-1].subject == "Votre mot de passe a été changé"


def test_changing_the_password_asks_for_the_present_one(client, with_password):
    user = with_password()
    sign_in(client, user.email)
    refused = client.post(
        reverse("account_change_password"), {"oldpassword": "autre", "password1": NEW, "password2": NEW}
    )
    assert "Ce n’est pas votre mot de passe actuel." in refused.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_two_different_new_passwords_are_refused(client, with_password):
    user = with_password()
    sign_in(client, user.email)
    refused = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW + "."},
    )
    assert "Les deux mots de passe ne sont pas les mêmes." in refused.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_answer_to_a_reset_takes_as_long_for_an_unknown_address(client, with_password, monkeypatch):
    slept = []
    monkeypatch.setattr("accounts.views.entrance._RESET_SECONDS", 60.0)
    monkeypatch.setattr("accounts.views.entrance.time.sleep", slept.append)
    ask(client, with_password().email)
    ask(client, "inconnue@exemple.fr")
    assert len(slept) == 2 and all(50 < seconds <= 60 for seconds in slept)
