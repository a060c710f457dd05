"""« Passer mes dossiers »: the relay of a whole portfolio, for oneself or, for an admin, for a colleague."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import formats
from core.access import house_required
from core.errors import DomainError
from markets.forms.portfolios import LeaveForm, PortfolioForm
from markets.models import Responsibility
from markets.services import portfolios as services


def _colleague(request: HttpRequest, pk: int) -> User:
    """The person whose files are handed over: oneself, or anyone of the house for an admin."""
    user: Any = request.user
    person = get_object_or_404(User.objects.visible_to(user).house_staff(), pk=pk)
    if person.pk != user.pk and not user.is_admin:
        raise PermissionDenied(
            "Vous pouvez passer vos dossiers ; ceux d’un·e collègue, l’administration le peut."
        )
    request.place = "settings"  # type: ignore[attr-defined]
    return person


@house_required
def portfolio(request: HttpRequest) -> HttpResponse:
    """The choice: hand over for good, or name a stand-in for a leave; for an admin, each colleague's count."""
    user: Any = request.user
    request.place = "settings"  # type: ignore[attr-defined]
    today = timezone.localdate()
    people: list[tuple[User, int]] = []
    if user.is_admin:
        counts: dict[int, int] = {}
        held = (
            Responsibility.objects.visible_to(user).on(today).order_by().values_list("facilitator", flat=True)
        )
        for pk in held:
            counts[pk] = counts.get(pk, 0) + 1
        found = User.objects.visible_to(user).filter(pk__in=counts).order_by("last_name", "first_name", "pk")
        people = [(person, counts[person.pk]) for person in found if person.pk != user.pk]
    return render(
        request,
        "markets/portfolio.html",
        {"mine": services.portfolio_of(user, today), "people": people},
    )


@house_required
def portfolio_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview how many files change hands, then do it."""
    person = _colleague(request, pk)
    return _relay(
        request,
        person,
        PortfolioForm(request.POST or None, user=request.user),
        title="Passer tous les dossiers",
        submit_label="Passer les dossiers",
        intro="Les dossiers ouverts changent de responsable à la date choisie, et les échéances suivent. "
        "Les marchés clos restent où ils sont.",
        save=lambda given: services.hand_over_portfolio(former=person, by=request.user, **given),  # type: ignore[arg-type]
        done=lambda found, given: f"{found.words} passent à {given['to']} le {formats.day(given['on'])}.",
    )


@house_required
def portfolio_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Name a stand-in for all files, for the time of a leave."""
    person = _colleague(request, pk)
    return _relay(
        request,
        person,
        LeaveForm(request.POST or None, user=request.user),
        title="Nommer un·e suppléant·e pendant une absence",
        submit_label="Nommer",
        intro="La suppléance donne à cette personne tous les dossiers ouverts dans son portefeuille, ses échéances "
        "et ses rappels ; la responsabilité ne change pas.",
        save=lambda given: services.name_stand_in(user=person, by=request.user, **given),  # type: ignore[arg-type]
        done=lambda found, given: f"{given['stand_in']} supplée {person} sur {found.words}.",
    )


def _relay(
    request: HttpRequest, person: User, form: Any, *, save: Any, done: Any, intro: str, **context: Any
) -> HttpResponse:
    """Ask once more with the figures of the chosen day before anything changes."""
    preview = None
    if request.method == "POST" and form.is_valid():
        found = services.portfolio_of(person, form.cleaned_data["on"])
        if "confirme" not in request.POST:
            preview = found
        else:
            try:
                found = save(form.cleaned_data)
            except DomainError as error:
                form.add_domain_error(error)
            else:
                messages.success(request, done(found, form.cleaned_data))
                return redirect("portfolio")
    today = services.portfolio_of(person, timezone.localdate())
    back = reverse("portfolio")
    return render(
        request,
        "markets/portfolio_form.html",
        {
            "form": form,
            "facts": f"{person} : {today.words}",
            "intro": intro,
            "preview": preview,
            "back_url": back,
            "back_label": "Passer des dossiers",
            "cancel_url": back,
            **context,
            **({"submit_label": "Confirmer"} if preview else {}),
        },
    )
