"""Réglages: their index, the accounts of the house and the log of accesses."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.enums import AccountState
from accounts.filters import AccessFilter, UserFilter
from accounts.forms import EditUserForm, InviteForm, sent
from accounts.models import AccessRecord, User
from accounts.registry import attachments_of, invitation_ways_of, settings_sections_of
from accounts.tables import STATE_TONES, AccessTable, UserTable
from core.access import admin_required
from core.errors import DomainError
from core.lists import ListPage


def settings_index(request: HttpRequest) -> HttpResponse:
    """What this role may set, by section."""
    return render(request, "accounts/settings.html", {"sections": settings_sections_of(request.user)})


class UserList(ListPage):
    model, table_class, filterset_class = User, UserTable, UserFilter
    title, export_name = "Comptes", "comptes"
    roles = ("admin",)
    template_name = "accounts/user_list.html"
    create_url_name, create_label = "user_invite", "Inviter une personne de la maison"
    empty_message = "Aucun compte ne répond à ces critères."

    def extra_context(self) -> dict[str, Any]:
        return {"ways": [(way.label, reverse(way.url_name)) for way in invitation_ways_of(self.request.user)]}


class AccessLog(ListPage):
    model, table_class, filterset_class = AccessRecord, AccessTable, AccessFilter
    title, export_name = "Journal des accès", "journal-des-acces"
    intro = (
        "Connexions, échecs, téléchargements et lectures de données sensibles. Un échec de mot de passe "
        "ne dit pas quelle adresse a été saisie."
    )
    roles = ("admin",)
    empty_message = "Aucun accès ne répond à ces critères."

    def prepare(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("user")


def _account(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(User.objects.visible_to(request.user), pk=pk)


@admin_required
@require_http_methods(["GET", "POST"])
def user_invite(request: HttpRequest) -> HttpResponse:
    """Invite someone of the house."""
    form = InviteForm(sent(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.invite_user(**form.cleaned_data, by=request.user)
        except DomainError as error:
            form.add_error(error.field, error.sentence)
        else:
            messages.success(request, f"L’invitation de {user} part à l’adresse {user.email}.")
            return redirect("user_detail", pk=user.pk)
    context = {
        "title": "Inviter une personne de la maison",
        "intro": "Elle reçoit un lien pour choisir son mot de passe.",
        "form": form,
        "submit_label": "Envoyer l’invitation",
        "cancel_url": reverse("user_list"),
        "back_url": reverse("user_list"),
        "back_label": "Comptes",
    }
    return render(request, "core/form.html", context)


@admin_required
def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: who it is, its state, its last accesses, and what can be done with it."""
    user = _account(request, pk)
    context = {
        "shown": user,
        "tone": STATE_TONES[user.state],
        "attachment": attachments_of([user]).get(user.pk, ""),
        "has_second_factor": is_mfa_enabled(user),
        "is_waiting": user.state in (AccountState.INVITED, AccountState.EXPIRED),
        "is_self": user.pk == request.user.pk,
        "accesses": AccessRecord.objects.visible_to(request.user).filter(user=user)[:20],
    }
    return render(request, "accounts/user_detail.html", context)


@admin_required
@require_http_methods(["GET", "POST"])
def user_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a name, a telephone, a role."""
    user = _account(request, pk)
    form = EditUserForm(sent(request), instance=user, user=request.user)
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data.pop("role", None)
        user.refresh_from_db()
        try:
            if role:
                services.change_role(user=user, role=role, by=request.user)
            services.edit_user(user=user, **form.cleaned_data, by=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else "role", error.sentence)
        else:
            messages.success(request, f"Le compte de {user} est enregistré.")
            return redirect("user_detail", pk=user.pk)
    back = reverse("user_detail", kwargs={"pk": pk})
    context = {
        "title": f"Modifier le compte {user.email}",
        "form": form,
        "cancel_url": back,
        "back_url": back,
        "back_label": user.email,
    }
    return render(request, "core/form.html", context)


@admin_required
@require_http_methods(["GET", "POST"])
def user_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account, asked once."""
    user = _account(request, pk)
    if request.method == "POST":
        return _do(request, user, services.deactivate_user, f"Le compte de {user} est désactivé.")
    back = reverse("user_detail", kwargs={"pk": pk})
    context = {
        "title": f"Désactiver le compte de {user}",
        "consequence": "Cette personne ne pourra plus se connecter et ses sessions ouvertes se ferment maintenant.",
        "details": [
            "Ce qu’elle a saisi reste, avec son nom.",
            "Vous pourrez réactiver le compte : elle choisira alors un nouveau mot de passe.",
        ],
        "submit_label": "Désactiver ce compte",
        "danger": True,
        "cancel_url": back,
        "back_url": back,
        "back_label": user.email,
    }
    return render(request, "core/confirm.html", context)


@admin_required
@require_POST
def user_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account again; an invitation goes out with it."""
    user = _account(request, pk)
    return _do(
        request,
        user,
        services.reactivate_user,
        f"Le compte de {user} est réactivé, une invitation part à son adresse.",
    )


@admin_required
@require_POST
def user_resend_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a fresh link to someone who has not come yet."""
    user = _account(request, pk)
    return _do(
        request,
        user,
        services.resend_invitation,
        f"Une nouvelle invitation part à l’adresse {user.email}. La précédente ne sert plus.",
    )


@admin_required
@require_http_methods(["GET", "POST"])
def user_remove_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Help someone who lost telephone and recovery codes, asked once."""
    user = _account(request, pk)
    if request.method == "POST":
        return _do(request, user, services.remove_second_factor, f"Le second facteur de {user} est retiré.")
    back = reverse("user_detail", kwargs={"pk": pk})
    context = {
        "title": f"Retirer le second facteur de {user}",
        "consequence": "Son mot de passe suffira pour se connecter. Un message l’en avertit.",
        "details": ["Assurez-vous d’abord, de vive voix, que c’est bien cette personne qui le demande."],
        "submit_label": "Retirer le second facteur",
        "danger": True,
        "cancel_url": back,
        "back_url": back,
        "back_label": user.email,
    }
    return render(request, "core/confirm.html", context)


def _do(request: HttpRequest, user: User, service: Any, sentence: str) -> HttpResponse:
    try:
        service(user=user, by=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, sentence)
    return redirect("user_detail", pk=user.pk)
