"""The one-click picker of the demonstration, and why production cannot have it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, clear_url_caches, reverse, set_urlconf

import accounts.urls
from accounts import services
from accounts.enums import Role
from accounts.models import User
from accounts.views import entrance
from tests.accounts.people import is_signed_in
from tests.factories import UserFactory

SECRETS = {"SECRET_KEY": "x" * 60, "FILES_KEYS": "bWFpbGxvbi1lbWJlZGRlZC1tb2RlLW9ubHkta2V5LTA="}


def start(tmp_path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {
        "PATH": os.environ["PATH"],
        "MAILLON_VAR": str(tmp_path),
        "PYTHONPATH": str(project_settings.BASE_DIR),
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=bare | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def demo(settings, db):
    """The project as it stands with MAILLON_DEMO=1: the route is decided when the addresses are read."""
    settings.DEMO = True
    _reload()
    yield services.ensure_demo_account(name="bea", role=Role.BUYER, first_name="Béa", last_name="Démo")
    settings.DEMO = False
    _reload()


def _reload() -> None:
    importlib.reload(accounts.urls)
    importlib.reload(importlib.import_module(project_settings.ROOT_URLCONF))
    clear_url_caches()
    set_urlconf(None)


def test_production_refuses_to_start_with_the_demo(tmp_path):
    started = start(
        tmp_path, "import config.settings", MAILLON_MODE="production", MAILLON_DEMO="1", **SECRETS
    )
    assert started.returncode != 0
    assert "MAILLON_DEMO est impossible avec MAILLON_MODE=production" in started.stderr


@pytest.mark.parametrize(("demo", "routed"), [("0", False), ("1", True)])
def test_the_route_exists_in_demo_mode_only(tmp_path, demo, routed):
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; import django; django.setup();"
        "import accounts.urls; print([p.name for p in accounts.urls.urlpatterns])"
    )
    started = start(tmp_path, code, MAILLON_DEMO=demo)
    assert started.returncode == 0, started.stderr
    assert ("demo_enter" in started.stdout) is routed


def test_without_demo_there_is_no_route_no_picker_and_the_view_itself_refuses(client, db, settings):
    services.ensure_demo_account(name="bea", role=Role.BUYER, first_name="Béa", last_name="Démo")
    with pytest.raises(NoReverseMatch):
        reverse("demo_enter")
    assert client.post("/demo/entrer", {"account": "1"}).status_code in (302, 404)
    assert "Béa Démo" not in client.get(reverse("account_login")).content.decode()
    request = RequestFactory().post("/demo/entrer", {"account": "1"})
    with pytest.raises(entrance.Http404):
        entrance.demo_enter(request)


def test_one_click_on_the_sign_in_page_enters(demo, client):
    text = client.get(reverse("account_login") + "?next=/mon-compte/").content.decode()
    assert "Béa Démo" in text and "Donneur d’ordre" in text
    response = client.post(reverse("demo_enter"), {"account": demo.pk, "next": "/mon-compte/"})
    assert response.url == "/mon-compte/"
    assert is_signed_in(client)


def test_the_picker_opens_no_other_account_and_no_closed_one(demo, client):
    real = UserFactory(admin=True)
    for account in (str(real.pk), "", "abc", "-1", "9" * 30, "²"):
        assert client.post(reverse("demo_enter"), {"account": account}).status_code == 404
    demo.is_active = False
    demo.save()
    assert client.post(reverse("demo_enter"), {"account": demo.pk}).status_code == 404
    assert not is_signed_in(client)


def test_the_picker_takes_a_form_with_its_token_and_leads_nowhere_else(demo, client):
    assert client.get(reverse("demo_enter")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("demo_enter"), {"account": demo.pk}).status_code == 403
    away = client.post(reverse("demo_enter"), {"account": demo.pk, "next": "https://ailleurs.example/"})
    assert away.url.startswith("/")


def test_changing_account_in_one_click_leaves_the_former_session(demo, client):
    other = services.ensure_demo_account(name="ana", role=Role.ADMIN, first_name="Ana", last_name="Démo")
    client.post(reverse("demo_enter"), {"account": demo.pk})
    before = client.session.session_key
    client.post(reverse("demo_enter"), {"account": other.pk})
    assert client.session["_auth_user_id"] == str(other.pk)
    assert client.session.session_key != before


def test_a_demo_account_has_no_password_to_change(demo, client):
    client.force_login(demo)
    assert client.get(reverse("account_change_password")).url == reverse("account")
    assert "n’a pas de mot de passe" in client.get(reverse("account")).content.decode()


def test_making_a_demo_account_twice_makes_one(db):
    for _ in range(2):
        services.ensure_demo_account(name="bea", role=Role.BUYER, first_name="Béa", last_name="Démo")
    user = User.objects.get(email="bea@demo.maillon.invalid")
    assert not user.has_usable_password()


def test_the_command_says_which_accounts_there_are(demo, capsys):
    call_command("demo_accounts")
    assert capsys.readouterr().out == "donneur d’ordre : Béa Démo (bea@demo.maillon.invalid)\n"


def test_the_command_says_so_outside_the_demo(db):
    with pytest.raises(CommandError, match="MAILLON_DEMO=1"):
        call_command("demo_accounts")
