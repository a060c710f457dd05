"""The second factor: activated after confirming oneself, asked at sign-in, replaced by a recovery code once."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.adapter import SecondFactorAdapter
from accounts.models import AccessKind, AccessRecord
from core.errors import DomainError
from tests.accounts.people import PASSWORD, is_signed_in, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def activate(client: Client) -> str:
    """Activate the factor of who is signed in; returns the application's secret."""
    url = reverse("mfa_activate_totp")
    page = client.get(url)
    if page.status_code == 302:
        client.post(page.url, {"password": PASSWORD, "next": url})
        page = client.get(url)
    secret = re.search(r"<code>(\w+)</code>", page.content.decode()).group(1)
    assert client.post(url, {"code": code_of(secret)}).url == reverse("mfa_view_recovery_codes")
    # A code serves once; the next question of this test comes in the same half minute.
    cache.clear()
    return secret


@pytest.fixture
def protected(with_password):
    user = with_password()
    client = Client()
    sign_in(client, user.email)
    secret = activate(client)
    return user, secret, client


def test_the_second_factor_is_asked_after_the_password(client, protected):
    user, secret, _ = protected
    response = sign_in(client, user.email, next=reverse("mfa_index"))
    assert response.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    page = client.get(response.url).content.decode()
    assert "Votre compte demande un code en plus du mot de passe." in page
    done = client.post(response.url, {"code": code_of(secret)})
    assert done.url == reverse("mfa_index")
    assert is_signed_in(client)


def test_a_wrong_code_opens_nothing_and_is_in_the_owners_log(client, protected):
    user, _, _ = protected
    sign_in(client, user.email)
    page = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Ce code n’est pas le bon." in page.content.decode()
    assert not is_signed_in(client)
    record = AccessRecord.objects.get(kind=AccessKind.FAILED)
    assert (record.user, record.subject) == (user, "second facteur")


def test_wrong_codes_are_throttled(client, protected):
    user, secret, _ = protected
    sign_in(client, user.email)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    page = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert "Trop d’essais refusés" in page.content.decode()
    assert not is_signed_in(client)


def test_a_code_serves_once(client, protected):
    user, secret, _ = protected
    sign_in(client, user.email)
    code = code_of(secret)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(client)
    second = Client()
    sign_in(second, user.email)
    second.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_signed_in(second)


def test_the_code_page_is_nothing_without_the_password_first(client, protected):
    assert client.get(reverse("mfa_authenticate")).url == reverse("account_login")


def test_giving_up_at_the_code_goes_back_to_the_password(client, protected):
    user, _, _ = protected
    sign_in(client, user.email)
    client.post(reverse("account_logout"), {"next": reverse("account_login")})
    assert client.get(reverse("mfa_authenticate")).url == reverse("account_login")


def test_a_recovery_code_replaces_the_telephone_once(client, protected):
    user, _, signed_in = protected
    page = signed_in.get(reverse("mfa_view_recovery_codes")).content.decode()
    codes = re.findall(r"<code>(\d{8})</code>", page)
    assert len(codes) == 10
    file = signed_in.get(reverse("mfa_download_recovery_codes"))
    assert codes[0] in file.content.decode()
    assert "codes-de-secours-maillon.txt" in file["Content-Disposition"]
    sign_in(client, user.email)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert is_signed_in(client)
    second = Client()
    sign_in(second, user.email)
    second.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert not is_signed_in(second)
    assert "Il vous en reste 9." in signed_in.get(reverse("mfa_index")).content.decode()


def test_new_recovery_codes_spend_the_former_ones(protected):
    _, _, client = protected
    before = re.findall(
        r"<code>(\d{8})</code>", client.get(reverse("mfa_view_recovery_codes")).content.decode()
    )
    assert "10 codes encore valables ne serviront plus." in client.get(
        reverse("mfa_generate_recovery_codes")
    ).content.decode().replace("\u202f", " ")
    client.post(reverse("mfa_generate_recovery_codes"))
    after = re.findall(
        r"<code>(\d{8})</code>", client.get(reverse("mfa_view_recovery_codes")).content.decode()
    )
    assert set(before).isdisjoint(after)


def test_activating_asks_to_confirm_oneself_when_the_password_is_old(with_password):
    user, client = with_password(), Client()
    client.force_login(user)
    response = client.get(reverse("mfa_activate_totp"))
    assert response.url.startswith(reverse("account_reauthenticate"))
    refused = client.post(reverse("account_reauthenticate"), {"password": "autre chose"})
    assert "Ce n’est pas votre mot de passe." in refused.content.decode()


def test_removing_the_factor_makes_the_password_enough_again(client, protected, messages_to):
    user, _, signed_in = protected
    assert "Votre mot de passe suffira" in signed_in.get(reverse("mfa_deactivate_totp")).content.decode()
    assert signed_in.post(reverse("mfa_deactivate_totp")).url == reverse("mfa_index")
    sign_in(client, user.email)
    assert is_signed_in(client)
    assert "Second facteur retiré" in [message.subject for message in messages_to(user.email)]


def test_a_reset_password_does_not_jump_over_the_second_factor(client, protected, messages_to):
    user, _, _ = protected
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", messages_to(user.email)[-1].body).group(1)
    form = client.get(link)
    client.post(form.url, {"password1": "sept loutres au port", "password2": "sept loutres au port"})
    sign_in(client, user.email, "sept loutres au port")
    assert not is_signed_in(client)


def test_the_secrets_lie_encrypted_and_follow_the_keys(protected, settings):
    user, secret, _ = protected
    kept = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    settings.FILES_KEYS = [Fernet.generate_key().decode(), *settings.FILES_KEYS]
    call_command("rotate_second_factors")
    settings.FILES_KEYS = settings.FILES_KEYS[:1]
    kept.refresh_from_db()
    assert SecondFactorAdapter().decrypt(kept.data["secret"]) == secret


def test_an_admin_removes_a_lost_factor_and_the_person_is_told(client, admin, protected, messages_to):
    user, _, _ = protected
    client.force_login(admin)
    client.post(reverse("user_remove_second_factor", args=[user.pk]))
    assert not Authenticator.objects.filter(user=user).exists()
    assert messages_to(user.email)[-1].subject == "Votre second facteur a été retiré"


def test_nobody_else_removes_a_factor(protected):
    user, _, _ = protected
    with pytest.raises(DomainError):
        services.remove_second_factor(user=user, by=UserFactory())
    assert Authenticator.objects.filter(user=user).exists()


def test_an_account_without_factor_has_none_to_remove(admin):
    with pytest.raises(DomainError, match="n’a pas de second facteur"):
        services.remove_second_factor(user=UserFactory(), by=admin)
