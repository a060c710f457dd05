"""Signing in by e-mail: what opens, what is refused, and what a refusal tells."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import services
from accounts.models import AccessKind, AccessRecord
from config.settings.sign_in import PASSWORD_HASHERS
from tests.accounts.people import PASSWORD, is_signed_in, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
REFUSED = "L’adresse ou le mot de passe n’est pas le bon."


def test_a_person_signs_in_with_address_and_password_whatever_the_case(client, with_password):
    user = with_password(email="lea@exemple.fr")
    response = sign_in(client, " LEA@Exemple.fr ")
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_passwords_are_kept_as_argon2_and_by_nothing_else():
    assert PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_signing_in_gives_a_new_session_key(client, with_password):
    user = with_password()
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = fixed = session.session_key
    sign_in(client, user.email)
    assert client.session.session_key != fixed
    other = Client()
    other.cookies["sessionid"] = fixed
    assert not is_signed_in(other)


def test_the_session_ends_with_the_browser(client, with_password):
    sign_in(client, with_password().email)
    assert client.session.get_expire_at_browser_close()
    assert client.cookies["sessionid"]["httponly"]


@pytest.mark.parametrize(
    "target", ["https://ailleurs.example/", "//ailleurs.example/", "javascript:alert(1)", "\\\\x.example"]
)
def test_next_never_leads_to_another_site(client, with_password, target):
    response = sign_in(client, with_password().email, next=target)
    assert response.status_code == 302
    assert "ailleurs" not in response.url
    assert response.url.startswith("/") and not response.url.startswith("//")


def test_next_leads_to_the_page_that_was_asked(client, with_password):
    user = with_password(admin=True)
    asked = client.get(reverse("user_list"))
    assert asked.url == f"{reverse('account_login')}?next={reverse('user_list')}"
    assert f'name="next" value="{reverse("user_list")}"' in client.get(asked.url).content.decode()
    assert sign_in(client, user.email, next=reverse("user_list")).url == reverse("user_list")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, with_password):
    user = with_password()
    wrong = sign_in(client, user.email, "pas le bon du tout").content.decode()
    unknown = sign_in(client, "inconnue@exemple.fr", "pas le bon du tout").content.decode()
    assert REFUSED in wrong and REFUSED in unknown


def test_an_invited_account_cannot_sign_in_before_it_has_a_password(client, admin):
    user = services.invite_user(email="neuf@exemple.fr", role="facilitator", by=admin)
    for attempt in ("", user.password, PASSWORD):
        sign_in(client, user.email, attempt)
        assert not is_signed_in(client)


def test_a_form_without_token_is_refused(with_password):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict, with_password().email).status_code == 403
    assert not is_signed_in(strict)


def test_the_sixth_wrong_password_of_an_account_is_throttled_and_the_right_one_with_it(client, with_password):
    user, other = with_password(), with_password()
    for _ in range(5):
        assert REFUSED in sign_in(client, user.email, "pas le bon du tout").content.decode()
    page = sign_in(client, user.email).content.decode()
    assert "Trop d’essais refusés" in page
    assert not is_signed_in(client)
    sign_in(Client(REMOTE_ADDR="192.0.2.9"), user.email)
    assert AccessRecord.objects.filter(user=user).count() == 0
    sign_in(client, other.email)
    assert is_signed_in(client)


def test_many_sign_ins_from_one_address_get_the_429_page(client, db):
    for number in range(30):
        sign_in(client, f"n{number}@exemple.fr", "pas le bon du tout")
    page = sign_in(client, "n31@exemple.fr", "pas le bon du tout")
    assert page.status_code == 429
    assert "Too Many" not in page.content.decode()
    assert 'lang="fr"' in page.content.decode()


def test_a_closed_account_is_told_so_only_with_the_right_password(client, admin, with_password):
    user = with_password()
    user.is_active = False
    user.save()
    assert REFUSED in sign_in(client, user.email, "pas le bon du tout").content.decode()
    response = sign_in(client, user.email)
    assert response.url == reverse("account_inactive")
    assert "Ce compte est désactivé" in client.get(response.url).content.decode()
    assert not is_signed_in(client)


def test_closing_an_account_ends_its_sessions_and_reopening_revives_none(client, admin, with_password):
    user = with_password()
    sign_in(client, user.email)
    assert is_signed_in(client)
    services.deactivate_user(user=user, by=admin)
    assert not is_signed_in(client)
    services.reactivate_user(user=user, by=admin)
    assert not is_signed_in(client)
    sign_in(client, user.email)
    assert not is_signed_in(client)


def test_signing_out_asks_for_a_form_and_ends_the_session(client, with_password):
    sign_in(client, with_password().email)
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_nobody_signs_up(client):
    for path in ("/connexion/signup/", "/accounts/signup/", "/inscription/"):
        assert client.get(path).status_code in (302, 404)
    for name in ("account_signup", "account_email", "account_set_password", "mfa_add_webauthn", "mfa_trust"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_a_sign_in_and_a_refusal_are_logged_without_the_address(client, with_password):
    user = with_password(email="secrete@exemple.fr")
    sign_in(client, user.email, "pas le bon du tout")
    sign_in(client, user.email)
    refused, signed_in = AccessRecord.objects.order_by("pk")
    assert (refused.kind, refused.user, refused.subject) == (AccessKind.FAILED, None, "mot de passe")
    assert (signed_in.kind, signed_in.user) == (AccessKind.SIGNED_IN, user)


def test_every_entrance_page_answers_in_french_and_is_never_cached(client, db):
    for name in (
        "account_login",
        "account_reset_password",
        "account_reset_password_done",
        "account_inactive",
    ):
        page = client.get(reverse(name))
        text = page.content.decode()
        assert page.status_code == 200
        for english in ("Password", "Sign In", "E-mail", "Forgot", "Remember"):
            assert english not in text
    assert "no-store" in client.get(reverse("account_login"))["Cache-Control"]


def test_a_user_without_membership_signs_in_all_the_same(client, with_password):
    sign_in(client, with_password(buyer=True).email)
    assert is_signed_in(client)


def test_an_unusable_factory_account_stays_shut(client, db):
    user = UserFactory()
    sign_in(client, user.email, "")
    assert not is_signed_in(client)
