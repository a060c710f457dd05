"""`manage.py create_admin`, the first thing typed on a new server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from accounts.enums import Role
from accounts.management.commands import create_admin
from accounts.models import User
from tests.accounts.people import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def types(monkeypatch):
    def set_answers(*answers: str) -> None:
        left: Iterator[str] = iter(answers)
        monkeypatch.setattr(create_admin.getpass, "getpass", lambda prompt: next(left))

    return set_answers


def test_it_asks_the_password_twice_and_makes_an_admin(types, messages_to):
    types(PASSWORD, PASSWORD)
    call_command("create_admin", email="Chef@Maison.example", first_name="Chef", last_name="Fe")
    user = User.objects.get(email="chef@maison.example")
    assert user.role == Role.ADMIN and user.check_password(PASSWORD)
    assert messages_to("chef@maison.example") == []


def test_it_refuses_a_weak_password_and_asks_again(types, capsys):
    types("123", PASSWORD, "autre chose", PASSWORD, PASSWORD)
    call_command("create_admin", email="chef@maison.example")
    assert User.objects.get().check_password(PASSWORD)
    refusals = capsys.readouterr().err
    assert "trop court" in refusals and "ne sont pas les mêmes" in refusals


def test_after_three_tries_nothing_is_made(types):
    types("123", "123", "123")
    with pytest.raises(CommandError, match="le compte n’est pas créé"):
        call_command("create_admin", email="chef@maison.example")
    assert not User.objects.exists()


def test_it_prints_an_invitation_instead(client, capsys):
    call_command("create_admin", email="chef@maison.example", invite=True)
    link = capsys.readouterr().out.split()[-1]
    response = client.get(link[link.index("/invitation/") :])
    client.post(response.url, {"password1": PASSWORD, "password2": PASSWORD})
    user = User.objects.get()
    assert user.is_admin and user.check_password(PASSWORD)


def test_an_address_already_taken_is_said(types):
    UserFactory(email="chef@maison.example")
    types(PASSWORD, PASSWORD)
    with pytest.raises(CommandError, match="Un compte existe déjà"):
        call_command("create_admin", email="chef@maison.example")
