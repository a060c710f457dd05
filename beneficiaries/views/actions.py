"""Collective actions: their page, whom they concern, who came, who was hired after; what a buyer reads of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from beneficiaries.actions import HIRED_WITHIN_MONTHS, figures_by_action, figures_of_actions
from beneficiaries.forms.actions import CONCERNED, ActionForm, AddAttendeeForm, ConcernedForm, UnnamedForm
from beneficiaries.models import Attendance, CollectiveAction
from beneficiaries.services import actions as services
from core import formats
from core.access import BUYER, HOUSE, house_required, role_required
from core.changes import history_of
from core.errors import DomainError
from markets.files import file_context
from markets.models import Market
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row

RELATIONS = {"market": "markets", "buyer": "buyers", "company": "companies", "prescriber": "prescribers"}
# Below so many, a buyer reads « moins de 5 » (ADR 0037).
FEWEST_SHOWN = 5


def action_or_404(request: HttpRequest, pk: int) -> CollectiveAction:
    return get_object_or_404(CollectiveAction.objects.visible_to(request.user), pk=pk)


@house_required
def action_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An action, its list of presence, and who was hired after."""
    action = action_or_404(request, pk)
    rows = list(
        Attendance.objects.visible_to(request.user)
        .filter(action=action)
        .select_related("beneficiary__commune")
        .order_by("beneficiary__search_key", "pk")
    )
    figures = figures_by_action([action])[action.pk]
    hires = {hire.beneficiary_id: hire.placement for hire in figures.hires}
    today = timezone.localdate()
    context = {
        "action": action,
        "figures": figures,
        "months": HIRED_WITHIN_MONTHS,
        "is_held": action.held_on <= today,
        "rows": [(row, hires.get(row.beneficiary_id)) for row in rows],
        "concerned": [
            {
                "kind": kind,
                "label": label,
                "rows": _linked(request, action, kind),
                "form": ConcernedForm(user=request.user, kind=kind, prefix=kind),
            }
            for kind, label in CONCERNED.items()
        ],
        "attendee_form": AddAttendeeForm(user=request.user),
        "unnamed_form": UnnamedForm(user=request.user, initial={"unnamed": action.unnamed_attendance}),
        "needs": action.needs.order_by("-first_noticed_on", "pk"),
        "entries": history_of(action),
    }
    return render(request, "beneficiaries/action_detail.html", context)


def _linked(request: HttpRequest, action: CollectiveAction, kind: str) -> list[Any]:
    related = getattr(action, RELATIONS[kind])
    rows = related.model.objects.visible_to(request.user)
    linked = related.order_by().values("pk")
    return list(rows.filter(pk__in=linked).order_by("search_key", "pk"))


@house_required
def action_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, CollectiveAction())


@house_required
def action_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, action_or_404(request, pk))


def _edit(request: HttpRequest, action: CollectiveAction) -> HttpResponse:
    is_new, label = action.pk is None, action.title
    initial = {} if action.pk else _asked(request)
    form = ActionForm(request.POST or None, instance=action, user=request.user, initial=initial)
    back = reverse("action_list") if is_new else reverse("action_detail", args=[action.pk])

    def save() -> CollectiveAction:
        if is_new:
            return services.save_action(action=form.instance, links=form.links(), by=request.user)  # type: ignore[arg-type]
        links = {name: list(getattr(form.instance, name).order_by("pk")) for name in services.LINKS}
        return services.save_action(action=form.instance, links=links, by=request.user)  # type: ignore[arg-type]

    return form_page(
        request,
        form,
        title="Nouvelle action collective" if is_new else "Modifier l’action",
        intro="D’autres marchés, donneurs d’ordre ou partenaires s’ajoutent ensuite sur sa page."
        if is_new
        else "",
        back=lambda saved: reverse("action_detail", args=[saved.pk]),
        cancel_url=back,
        back_label="Actions collectives" if is_new else label,
        done="L’action est enregistrée.",
        template="beneficiaries/lookup_form.html",
        save=save,
    )


def _asked(request: HttpRequest) -> dict[str, Any]:
    """`?marche=12`: from a market's page, the market and its buyer are filled in."""
    asked = request.GET.get("marche", "")
    if not asked.isdecimal() or len(asked) > 18:
        return {}
    market = Market.objects.visible_to(request.user).select_related("buyer").filter(pk=asked).first()
    return {"market": market, "buyer": market.buyer} if market else {}


@house_required
@require_POST
def action_concern(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Add a market, a buyer, a company or a prescriber; `retirer` takes one off."""
    action = action_or_404(request, pk)
    if kind not in RELATIONS:
        raise Http404
    related = getattr(action, RELATIONS[kind])
    taken = request.POST.get("retirer", "")
    if taken.isdecimal() and len(taken) <= 18:
        related.remove(int(taken))
        messages.success(request, "C’est retiré de l’action.")
        return redirect("action_detail", pk=pk)
    form = ConcernedForm(request.POST, user=request.user, kind=kind, prefix=kind)
    if form.is_valid():
        related.add(form.cleaned_data["row"])
        messages.success(
            request, f"Ajouté à l’action\u202f: {formats.short(str(form.cleaned_data['row']), 80)}."
        )
    else:
        messages.error(request, " ".join(form.errors.get("row", [])))
    return redirect("action_detail", pk=pk)


@house_required
@require_POST
def attendance_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One more person on the list."""
    action = action_or_404(request, pk)
    form = AddAttendeeForm(request.POST, user=request.user)
    if form.is_valid():
        person = form.cleaned_data["person"]
        try:
            services.add_attendance(action=action, person=person, by=request.user)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, f"{person} est sur la liste.")
    else:
        messages.error(request, " ".join(form.errors.get("person", [])))
    return redirect(f"{reverse('action_detail', args=[pk])}#presences")


@house_required
@require_POST
def attendance_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came, among the lines that were shown."""
    action = action_or_404(request, pk)
    form = UnnamedForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors.get("unnamed", [])))
        return redirect(f"{reverse('action_detail', args=[pk])}#presences")
    visible = set(
        Attendance.objects.visible_to(request.user).filter(action=action).values_list("pk", flat=True)
    )
    try:
        came = services.record_attendance(
            action=action,
            shown=_numbers(request, "ligne") & visible,
            came=_numbers(request, "venu"),
            unnamed=form.cleaned_data["unnamed"],
            by=request.user,  # type: ignore[arg-type]
        )
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{formats.noun(came, 'personne présente', 'personnes présentes')}.")
    return redirect(f"{reverse('action_detail', args=[pk])}#presences")


def _numbers(request: HttpRequest, name: str) -> set[int]:
    return {int(text) for text in request.POST.getlist(name) if text.isdecimal() and len(text) <= 18}


@house_required
def attendance_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take someone off the list, asked once."""
    rows = Attendance.objects.visible_to(request.user).select_related("action", "beneficiary")
    row = get_object_or_404(rows, pk=pk)
    back = reverse("action_detail", args=[row.action_id])
    return confirm_page(
        request,
        title="Retirer de la liste",
        consequence=f"{row.beneficiary} ne sera plus sur la liste de « {row.action} ».",
        details=["Sa présence ne comptera plus."] if row.came else [],
        submit_label="Retirer",
        danger=True,
        back=back,
        back_label=str(row.action),
        done=f"{row.beneficiary} n’est plus sur la liste.",
        save=lambda: services.remove_attendance(attendance=row, by=request.user),  # type: ignore[arg-type]
    )


# --- On a buyer's file ---------------------------------------------------------------------------------------


@role_required(*HOUSE, BUYER)
def buyer_actions(request: HttpRequest, pk: int) -> HttpResponse:
    """« Actions » of a buyer: the house reads everything, the buyer what took place and how many came."""
    buyer = file_row("buyer", request.user, pk)
    actions = list(
        CollectiveAction.objects.visible_to(request.user).of_buyer(buyer).order_by("-held_on", "-pk")
    )
    figures = figures_by_action(actions)
    is_house = request.user.is_house_staff  # type: ignore[union-attr]
    markets = _markets_of(request, actions, buyer)
    lines = [
        {
            "action": action,
            "markets": markets.get(action.pk, []),
            "present": formats.number(figures[action.pk].participations, 0)
            if is_house
            else written_presence(figures[action.pk].participations),
            "hired": figures[action.pk].hired,
        }
        for action in actions
    ]
    context = {
        **file_context("buyer", buyer, request),
        "lines": lines,
        "is_house": is_house,
        "whole": figures_of_actions(actions) if is_house else None,
        "months": HIRED_WITHIN_MONTHS,
    }
    return render(request, "beneficiaries/buyer_actions.html", context)


def written_presence(count: int) -> str:
    """How many came, as a buyer reads it: a small number could be told by name on a site."""
    if count == 0:
        return "aucun"
    return f"moins de {FEWEST_SHOWN}" if count < FEWEST_SHOWN else formats.number(count, 0)


def _markets_of(request: HttpRequest, actions: list[CollectiveAction], buyer: Any) -> dict[int, list[str]]:
    """The references of the buyer's own markets that each action concerns; never another buyer's."""
    through = CollectiveAction.markets.through.objects
    mine = Market.objects.visible_to(request.user).of_buyer(buyer).order_by().values("pk")
    found: dict[int, list[str]] = {}
    rows = through.filter(collectiveaction__in=[action.pk for action in actions], market__in=mine)
    for action, reference in rows.order_by("market__reference", "pk").values_list(
        "collectiveaction", "market__reference"
    ):
        found.setdefault(action, []).append(reference)
    return found
