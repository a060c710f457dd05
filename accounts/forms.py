"""Forms of the accounts: sign-in, passwords, second factor, and what an admin writes of a user."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from accounts.enums import HOUSE_ROLES, Role
from accounts.models import User
from core.forms import Form, ModelForm


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; an empty POST is a form to refuse, not a form to show."""
    return request.POST if request.method == "POST" else None


PASSWORD_HELP = "Au moins 12 caractères. Une phrase que vous seul·e connaissez convient très bien."
MISMATCH = "Les deux mots de passe ne sont pas les mêmes."


def _plain(form: forms.BaseForm, **words: tuple[str, str]) -> None:
    """Give allauth's fields our label and help, and take their placeholders away: a label must stay in sight."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in words:
            field.label, field.help_text = words[name]


class SignInForm(account_forms.LoginForm):
    # Nothing is saved here: what is refused needs one sentence, not a summary.
    template_name = "account/_entrance_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, login=("Adresse électronique", ""), password=("Mot de passe", ""))
        self.fields["login"].widget.attrs.update(autocomplete="username", autofocus=True)


class AskResetForm(account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, email=("Adresse électronique", "Celle qui vous sert à vous connecter."))

    def clean_email(self) -> str:
        email = super().clean_email()
        # An invitation that expired is renewed by an admin, not by asking for a reset.
        self.users: list[User] = [user for user in self.users if user.has_usable_password()]
        return email


class ResetLinkForm(account_forms.UserTokenForm):
    def _get_user(self, uidb36: str) -> User | None:
        user = super()._get_user(uidb36)
        return user if user and user.is_active and user.has_usable_password() else None


class _TwiceMixin:
    """A new password typed twice, checked by the validators against the person it is for."""

    def clean(self) -> dict[str, Any]:
        # In place of allauth's, whose sentence is not ours.
        cleaned = forms.Form.clean(self) or {}  # type: ignore[arg-type]
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", MISMATCH)  # type: ignore[attr-defined]
        return cleaned


class ResetPasswordForm(_TwiceMixin, account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(
            self,
            password1=("Nouveau mot de passe", PASSWORD_HELP),
            password2=("Nouveau mot de passe, à nouveau", ""),
        )


class ChangePasswordForm(_TwiceMixin, account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(
            self,
            oldpassword=("Mot de passe actuel", ""),
            password1=("Nouveau mot de passe", PASSWORD_HELP),
            password2=("Nouveau mot de passe, à nouveau", ""),
        )


class ConfirmPasswordForm(account_forms.ReauthenticateForm):
    template_name = "account/_entrance_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, password=("Votre mot de passe", ""))


def _code(form: forms.BaseForm, help_text: str) -> None:
    _plain(form, code=("Code", help_text))
    form.fields["code"].widget.attrs.update(autofocus=True, inputmode="numeric")


class SecondFactorForm(factor_forms.AuthenticateForm):
    template_name = "account/_entrance_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, "Les six chiffres de votre application, ou l’un de vos codes de secours.")


class ConfirmSecondFactorForm(factor_forms.ReauthenticateForm):
    template_name = "account/_entrance_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, "Les six chiffres de votre application, ou l’un de vos codes de secours.")


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, "Les six chiffres que l’application affiche pour Maillon.")


class FirstPasswordForm(Form):
    """The password that an invited person chooses."""

    password1 = forms.CharField(
        label="Mot de passe",
        help_text=PASSWORD_HELP,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    password2 = forms.CharField(
        label="Mot de passe, à nouveau",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password1(self) -> str:
        password = self.cleaned_data["password1"]
        password_validation.validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            raise ValidationError({"password2": MISMATCH})
        return cleaned


class ProfileForm(ModelForm):
    """What a person says of themselves; the address and the role are an admin's."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = self.fields["last_name"].required = True
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"
        self.fields["phone"].widget.attrs.update(autocomplete="tel", type="tel")


_HOUSE_CHOICES = [(role.value, role.label) for role in HOUSE_ROLES]
_ROLE_HELP = "L’administration gère en plus les comptes, les règles de comptage et la clôture des années."


class InviteForm(Form):
    """Someone of the house; buyers and companies are invited from their own pages."""

    email = forms.EmailField(
        label="Adresse électronique", max_length=254, help_text="L’invitation part à cette adresse."
    )
    first_name = forms.CharField(label="Prénom", max_length=150)
    last_name = forms.CharField(label="Nom", max_length=150)
    role = forms.ChoiceField(
        label="Rôle", choices=_HOUSE_CHOICES, initial=Role.FACILITATOR.value, help_text=_ROLE_HELP
    )


class EditUserForm(ProfileForm):
    """An admin's corrections; the role moves only inside the house."""

    role = forms.ChoiceField(label="Rôle", choices=_HOUSE_CHOICES, help_text=_ROLE_HELP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.role in HOUSE_ROLES:
            self.fields["role"].initial = self.instance.role
        else:
            del self.fields["role"]
