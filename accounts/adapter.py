"""How allauth behaves here: closed sign-up, every e-mail a core.Message row, secrets of the second factor encrypted."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse

from core.outbox import write_message


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail for accounts that come from an invitation."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "L’adresse ou le mot de passe n’est pas le bon.",
        "enter_current_password": "Ce n’est pas votre mot de passe actuel.",
        "incorrect_password": "Ce n’est pas votre mot de passe.",
        "incorrect_code": "Ce code n’est pas le bon. Un code change toutes les 30 secondes et ne sert qu’une fois.",
        "too_many_login_attempts": "Trop d’essais refusés. Attendez cinq minutes avant d’essayer à nouveau.",
        "rate_limited": "Trop d’essais refusés. Attendez cinq minutes avant d’essayer à nouveau.",
        "invalid_password_reset": "Ce lien n’est plus valable.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        message = self.render_mail(template_prefix, email, {"email": email, **context})
        write_message(
            key=f"{template_prefix.rpartition('/')[2]}:{uuid.uuid4().hex}",
            recipients=[email],
            subject=message.subject,
            body=str(message.body),
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        # From the settings, so that a forged Host header never ends up in someone's e-mail.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL.rstrip("/") + path.replace("UID-KEY", key)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FILES_KEYS])


class SecondFactorAdapter(DefaultMFAAdapter):
    """The secrets of authenticator applications and recovery codes lie encrypted in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_generate_recovery_codes": "Activez d’abord un second facteur : les codes de secours le remplacent.",
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def rotate(self, encrypted_text: str) -> str:
        """The same secret under the newest key of FILES_KEYS."""
        return _fernet().rotate(encrypted_text.encode()).decode()

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return str(user.get_username())
