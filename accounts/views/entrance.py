"""The doors for people who are not signed in: sign-in with the demo's picker, and the invitation."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import views as account_views
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.mfa.base.views import AuthenticateView
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.enums import Role
from accounts.forms import FirstPasswordForm, sent
from accounts.invitations import read_token
from accounts.models import User
from core.errors import DomainError

_INVITATION_KEY = "invitation_token"


class _OurSite:
    """allauth's views put their own `site` into the context, over the one that base.html reads."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)  # type: ignore[misc]
        context.pop("site", None)
        return context


class SecondFactor(_OurSite, AuthenticateView):
    """The code after the password."""


# Longer than it takes to write the message.
_RESET_SECONDS = 0.5


class AskReset(_OurSite, account_views.PasswordResetView):
    """Ask for a link; the answer is the same, and as long in coming, whether the address has an account or not."""

    def form_valid(self, form: Any) -> HttpResponse:
        began = time.monotonic()
        response = super().form_valid(form)
        time.sleep(max(0.0, _RESET_SECONDS - (time.monotonic() - began)))
        return response


class Closed(_OurSite, account_views.AccountInactiveView):
    """The account no longer opens; only who gave its password reads this."""


class ResetAsked(_OurSite, account_views.PasswordResetDoneView):
    """What was done, or would have been."""


class Reset(_OurSite, account_views.PasswordResetFromKeyView):
    """Choose a new password from the link."""


class ResetDone(_OurSite, account_views.PasswordResetFromKeyDoneView):
    """The password is changed."""


class SignIn(_OurSite, account_views.LoginView):
    """allauth's sign-in; in demo mode it lists the accounts that one click opens."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["demo_accounts"] = demo_accounts_by_role() if settings.DEMO else []
        return context


def demo_accounts_by_role() -> list[tuple[str, list[User]]]:
    """(role's words, its accounts) for the picker; nothing but accounts of the demo's own domain."""
    accounts = list(User.objects.demo())
    found = [(role.label, [user for user in accounts if user.role == role.value]) for role in Role]
    return [(label, users) for label, users in found if users]


@login_not_required
@never_cache
@require_POST
def demo_enter(request: HttpRequest) -> HttpResponse:
    """Sign in as a demo account. Routed in demo mode only, and refuses to work in any other."""
    if not settings.DEMO:
        raise Http404
    pk = request.POST.get("account", "")
    user = get_object_or_404(User.objects.demo(), pk=int(pk) if pk.isdecimal() else 0)
    target = get_next_redirect_url(request)
    if request.user.is_authenticated:
        logout(request)
    return perform_login(request, user, redirect_url=target)


@login_not_required
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, where histories and proxies keep it, before showing the form."""
    request.session[_INVITATION_KEY] = token
    return redirect("invitation_accept")


@login_not_required
@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def invitation_accept(request: HttpRequest) -> HttpResponse:
    """Choose the first password and come in."""
    token = request.session.get(_INVITATION_KEY, "")
    try:
        user = read_token(token)
    except DomainError as error:
        return _refused(request, error)
    form = FirstPasswordForm(sent(request), user=user)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.accept_invitation(token=token, password=form.cleaned_data["password1"])
        except DomainError as error:
            return _refused(request, error)
        if request.user.is_authenticated:
            # Whoever was signed in on this browser is not the person invited.
            logout(request)
        request.session.pop(_INVITATION_KEY, None)
        return perform_login(request, user)
    return render(request, "accounts/invitation.html", {"form": form, "invited": user})


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    request.session.pop(_INVITATION_KEY, None)
    return render(request, "accounts/invitation_refused.html", {"sentence": error.sentence}, status=410)
