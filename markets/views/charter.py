"""« Charte des 1000 » of a company: what it pledged, by axis, and what is done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from core.access import house_required
from markets.files import file_context
from markets.forms.charter import PledgeDoneForm, PledgeForm
from markets.models import CharterPledge
from markets.services import charter as services
from markets.views.forms import form_page
from markets.views.shared import file_row


@house_required
def company_charter(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    pledges = list(CharterPledge.objects.visible_to(request.user).filter(company=company))
    today = timezone.localdate()
    return render(
        request,
        "markets/charter_company.html",
        {
            **file_context("company", company, request),
            "pledges": pledges,
            "today": today,
            "signed_on": min((pledge.signed_on for pledge in pledges), default=None),
            "done_count": sum(1 for pledge in pledges if pledge.done_on),
            "axes_count": len({pledge.axis for pledge in pledges}),
        },
    )


@house_required
def charter_create(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    first = (
        CharterPledge.objects.visible_to(request.user).filter(company=company).order_by("signed_on").first()
    )
    pledge = CharterPledge(company=company, signed_on=first.signed_on if first else None)
    form = PledgeForm(request.POST or None, user=request.user, instance=pledge)
    back = reverse("company_charter", args=[pk])
    return form_page(
        request,
        form,
        title="Ajouter un engagement de la Charte des 1000",
        facts=str(company),
        back=back,
        cancel_url=back,
        back_label=str(company),
        done="L’engagement est ajouté.",
        save=lambda: services.save_pledge(pledge=form.save(commit=False), by=request.user),
    )


def _pledge(request: HttpRequest, pk: int) -> CharterPledge:
    rows = CharterPledge.objects.visible_to(request.user).select_related("company")
    return get_object_or_404(rows, pk=pk)


@house_required
def charter_edit(request: HttpRequest, pk: int) -> HttpResponse:
    pledge = _pledge(request, pk)
    form = PledgeForm(request.POST or None, user=request.user, instance=pledge)
    back = reverse("company_charter", args=[pledge.company_id])
    return form_page(
        request,
        form,
        title="Modifier un engagement de la Charte des 1000",
        facts=str(pledge.company),
        back=back,
        cancel_url=back,
        back_label=str(pledge.company),
        done="L’engagement est enregistré.",
        save=lambda: services.save_pledge(pledge=form.save(commit=False), by=request.user),
    )


@house_required
def charter_done(request: HttpRequest, pk: int) -> HttpResponse:
    """« Marquer réalisée »: the day, once."""
    pledge = _pledge(request, pk)
    form = PledgeDoneForm(request.POST or None, user=request.user, initial={"on": timezone.localdate()})
    back = reverse("company_charter", args=[pledge.company_id])
    return form_page(
        request,
        form,
        title="Action réalisée",
        intro=pledge.action,
        facts=str(pledge.company),
        back=back,
        cancel_url=back,
        back_label=str(pledge.company),
        submit_label="Marquer réalisée",
        done="L’action est notée réalisée.",
        save=lambda: services.mark_pledge_done(pledge=pledge, on=form.cleaned_data["on"], by=request.user),
    )
