"""« Mon compte »: what each person does with their own account."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account_views
from allauth.mfa.recovery_codes.views import DownloadRecoveryCodesView
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.forms import ProfileForm, sent
from accounts.models import AccessKind, AccessRecord
from accounts.registry import attachments_of

SHOWN_SIGN_INS = 10


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name and telephone, password, second factor, last sign-ins."""
    user = request.user
    form = ProfileForm(sent(request), instance=user, user=user)
    if request.method == "POST":
        if form.is_valid():
            form.save()
            messages.success(request, "Vos informations sont enregistrées.")
            return redirect("account")
        # The page's header must not show what was refused.
        user.refresh_from_db()
    sign_ins = AccessRecord.objects.visible_to(user).filter(
        user=user, kind__in=[AccessKind.SIGNED_IN, AccessKind.FAILED]
    )
    context = {
        "form": form,
        "attachment": attachments_of([user]).get(user.pk, ""),
        "has_password": user.has_usable_password(),
        "has_second_factor": is_mfa_enabled(user),
        "sign_ins": sign_ins[:SHOWN_SIGN_INS],
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """allauth's page, save for the demo's accounts, which have no password to change."""
    if not request.user.has_usable_password():
        messages.info(request, "Ce compte de démonstration s’ouvre d’un clic et n’a pas de mot de passe.")
        return redirect("account")
    return account_views.password_change(request)


class RecoveryCodesFile(DownloadRecoveryCodesView):
    """The recovery codes as a text file whose name says what it is."""

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **response_kwargs)
        response["Content-Disposition"] = 'attachment; filename="codes-de-secours-maillon.txt"'
        return response
