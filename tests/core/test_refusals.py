"""Refusals say a sentence without a database; a lost session loses nothing that was typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.test import Client, RequestFactory

from core.models import Job
from core.views import errors
from tests.factories import UserFactory

HTMX = {"HX-Request": "true"}


def page(view: Any, *args: Any, **headers: str) -> tuple[int, str]:
    response = view(RequestFactory().get("/", headers=headers), *args)
    return response.status_code, response.content.decode()


# No `db` here: a query would fail the test.
@pytest.mark.parametrize(
    ("view", "args", "status", "words"),
    [
        (errors.bad_request, [Exception()], 400, "incompréhensible"),
        (errors.permission_denied, [PermissionDenied()], 403, "Votre rôle"),
        (errors.permission_denied, [PermissionDenied("Ce lien a expiré.")], 403, "Ce lien a expiré."),
        (errors.not_found, [Exception()], 404, "introuvable"),
        (errors.bad_request, [RequestDataTooBig()], 413, "Mo"),
        (errors.bad_request, [TooManyFieldsSent()], 413, "plus de 5\u202f000 champs"),
        (errors.too_many_requests, [], 429, "Attendez quelques minutes"),
        (errors.server_error, [], 500, "consigné"),
    ],
)
def test_a_refusal_is_a_page_in_french_that_needs_no_database(
    view: Any, args: Any, status: int, words: str
) -> None:
    found, html = page(view, *args)
    assert found == status
    assert words in html
    assert '<html lang="fr">' in html
    assert "<h1>" in html


def test_a_script_gets_the_sentence_alone() -> None:
    assert page(errors.permission_denied, PermissionDenied("Ce lien a expiré."), **HTMX) == (
        403,
        "Ce lien a expiré.",
    )


def test_a_template_that_breaks_still_gives_a_sentence(monkeypatch: Any) -> None:
    def broken(*_: Any) -> str:
        raise ValueError

    monkeypatch.setattr(errors, "render_to_string", broken)
    status, html = page(errors.server_error)
    assert status == 500
    assert "consigné" in html


@pytest.mark.django_db
def test_too_many_fields_are_refused_as_413(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    client.cookies["csrftoken"] = "a" * 32
    response = client.post("/travaux/1/annuler/", {f"f{n}": "1" for n in range(5)})
    assert response.status_code == 413
    assert "plus de 3 champs" in response.content.decode()


@pytest.mark.django_db
def test_a_form_sent_after_the_session_s_end_comes_back_with_what_was_typed() -> None:
    client = Client(headers={"Origin": "http://testserver"})
    response = client.post("/travaux/1/annuler/?mois=2026-03", {"h": ["7,5", "8"], "note": "vu « lundi »"})
    html = response.content.decode()
    assert response.status_code == 403
    assert "Rien n’est perdu" in html
    assert 'action="/travaux/1/annuler/?mois=2026-03"' in html
    assert '<input type="hidden" name="h" value="7,5">' in html
    assert '<input type="hidden" name="h" value="8">' in html
    assert "vu « lundi »" in html
    assert "/connexion/" in html
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_what_came_back_is_accepted_once_signed_in() -> None:
    user = UserFactory()
    row = Job.objects.create(kind="any", key="any", label="Un travail", created_by=user)
    address = f"/travaux/{row.pk}/annuler/"
    client = Client(enforce_csrf_checks=True, headers={"Origin": "http://testserver"})
    lost = client.post(address, {"note": "à garder"})
    assert lost.status_code == 403
    client.force_login(user)
    # Signing in renews the token: the page of before is offered once more, with the right one.
    again = client.post(address, {"note": "à garder", "csrfmiddlewaretoken": "of another time"})
    assert again.status_code == 403
    assert "depuis trop longtemps" in again.content.decode()
    assert 'value="à garder"' in again.content.decode()
    token = again.context["csrf_token"]
    assert client.post(address, {"note": "à garder", "csrfmiddlewaretoken": str(token)}).status_code == 302
    row.refresh_from_db()
    assert row.state == Job.State.CANCELLED


@pytest.mark.django_db
def test_a_script_gets_the_sentence_and_keeps_its_page() -> None:
    for headers in (HTMX, {"X-Requested-With": "XMLHttpRequest"}, {"Sec-Fetch-Mode": "cors"}):
        response = Client().post("/travaux/1/annuler/", {"h": "7,5"}, headers=headers)
        html = response.content.decode()
        assert response.status_code == 403
        assert "Votre session a pris fin" in html
        assert "<html" not in html
    assert Client().get("/travaux/1/avancement/", headers=HTMX).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("origin", [{"Origin": "https://ailleurs.example"}, {"Origin": "null"}, {}])
def test_a_form_of_another_site_is_never_offered_again(origin: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    response = client.post("/travaux/1/annuler/", {"h": "7,5"}, headers=origin)
    assert response.status_code == 403
    assert "7,5" not in response.content.decode()


@pytest.mark.django_db
def test_a_password_is_never_written_back_into_a_page() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/connexion/", {"password": "tres-secret"}, headers={"Origin": "http://testserver"}
    )
    assert response.status_code == 403
    assert "tres-secret" not in response.content.decode()


@pytest.mark.django_db
def test_a_page_asked_without_session_leads_to_sign_in_and_back() -> None:
    response = Client().get("/travaux/?state=done")
    assert response.status_code == 302
    assert response["Location"] == "/connexion/?next=/travaux/%3Fstate%3Ddone"


@pytest.mark.django_db
def test_health_says_ok_and_nothing_else() -> None:
    response = Client().get("/sante")
    assert response.json() == {"etat": "ok"}


@pytest.mark.django_db
def test_health_says_when_the_database_is_away(monkeypatch: Any) -> None:
    from django.db import DatabaseError

    from core.views import pages

    class Away:
        def cursor(self) -> None:
            raise DatabaseError("host=10.0.0.3 password=secret")

    monkeypatch.setattr(pages, "connection", Away())
    response = Client().get("/sante")
    assert response.status_code == 503
    assert "secret" not in response.content.decode()


@pytest.mark.django_db
def test_robots_stay_out() -> None:
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    assert Client().get("/favicon.ico")["Location"].endswith("favicon.svg")
