"""What each role gets at the addresses of the accounts, and those of core that are about nobody's data."""

from __future__ import annotations

from tests.expectations import ADMIN_ONLY, PUBLIC, SIGNED_IN, Expectations, Kwargs

FORM_ONLY = 405

EXPECTED: Expectations = {
    "account_login": {"anonymous": 200, "others": 302},
    "mfa_authenticate": {"anonymous": 302, "others": 302},
    "account_logout": {"anonymous": 302, "others": 200},
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "invitation": {"anonymous": 302, "others": 302},
    "invitation_accept": {"anonymous": 410, "others": 410},
    "account": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    # Without a second factor yet, towards the password; what touches it asks to confirm oneself first.
    "mfa_reauthenticate": {"anonymous": 302, "others": 302},
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": {"anonymous": 302, "others": 302},
    "mfa_deactivate_totp": {"anonymous": 302, "others": 404},
    "mfa_view_recovery_codes": {"anonymous": 302, "others": 404},
    "mfa_generate_recovery_codes": {"anonymous": 302, "others": 302},
    "mfa_download_recovery_codes": {"anonymous": 302, "others": 404},
    "settings": SIGNED_IN,
    "user_list": ADMIN_ONLY,
    "user_invite": ADMIN_ONLY,
    "user_detail": ADMIN_ONLY,
    "user_edit": ADMIN_ONLY,
    "user_deactivate": ADMIN_ONLY,
    "user_reactivate": {**ADMIN_ONLY, "admin": FORM_ONLY},
    "user_resend_invitation": {**ADMIN_ONLY, "admin": FORM_ONLY},
    "user_remove_second_factor": ADMIN_ONLY,
    "access_log": ADMIN_ONLY,
}

KWARGS: Kwargs = {
    "account_reset_password_from_key": lambda cast: {"uidb36": "1", "key": "x-y"},
    "invitation": lambda cast: {"token": "nothing"},
    "user_detail": lambda cast: {"pk": cast.facilitator.pk},
    "user_edit": lambda cast: {"pk": cast.facilitator.pk},
    "user_deactivate": lambda cast: {"pk": cast.facilitator.pk},
    "user_reactivate": lambda cast: {"pk": cast.facilitator.pk},
    "user_resend_invitation": lambda cast: {"pk": cast.facilitator.pk},
    "user_remove_second_factor": lambda cast: {"pk": cast.facilitator.pk},
}
