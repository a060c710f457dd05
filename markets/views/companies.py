"""Entreprises et partenaires: list, file, dated kinds, contacts, accesses."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.access import house_required
from core.context import address
from core.lists import ListPage
from markets.files import file_context, responsibility_on
from markets.filters import CompanyFilter
from markets.forms.files import CompanyForm, CompanyKindForm, InviteForm
from markets.models import Company, CompanyKind, CompanyMembership
from markets.services import files as services
from markets.tables import CompanyTable
from markets.views.forms import form_page
from markets.views.shared import contacts_of, current_responsibilities, file_row


class CompanyList(ListPage):
    model = Company
    table_class = CompanyTable
    filterset_class = CompanyFilter
    title = "Entreprises et partenaires"
    export_name = "entreprises"
    create_url_name = "company_create"
    create_label = "Ajouter une entreprise"
    template_name = "markets/company_list.html"
    empty_message = "Les titulaires, les SIAE et les GEIQ seront ici."

    def prepare(self, queryset: Any) -> Any:
        return (
            queryset.select_related("commune")
            .annotate(markets_count=Count("awards__lot__market", distinct=True))
            .with_pledges()
            .prefetch_related("kinds", current_responsibilities())
        )

    def extra_context(self) -> dict[str, Any]:
        # Prescribers live in a higher room: the link shows where that room has its list.
        return {"prescribers_url": address("prescriber_list")}


@house_required
def company_detail(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    today_contacts, _ = contacts_of(company)
    return render(
        request,
        "markets/company_detail.html",
        {
            **file_context("company", company, request),
            "responsible": responsibility_on(company),
            "contacts": today_contacts,
        },
    )


@house_required
def company_create(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None, user=request.user)
    return form_page(
        request,
        form,
        title="Ajouter une entreprise",
        back=lambda company: reverse("company_detail", args=[company.pk]),
        cancel_url=reverse("company_list"),
        back_label="Entreprises et partenaires",
        done="L’entreprise est ajoutée.",
    )


@house_required
def company_edit(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    back = reverse("company_detail", args=[pk])
    form = CompanyForm(request.POST or None, user=request.user, instance=company)
    return form_page(
        request,
        form,
        title="Modifier l’entreprise",
        back=back,
        cancel_url=back,
        back_label=str(company),
        done="La fiche est enregistrée.",
    )


@house_required
def company_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    today, former = contacts_of(company)
    return render(
        request,
        "markets/company_contacts.html",
        {
            **file_context("company", company, request),
            "kinds": company.kinds.all(),
            "contacts": today,
            "former_contacts": former,
            "contact_create_url": reverse("company_contact_create", args=[pk]),
        },
    )


@house_required
def kind_create(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    back = reverse("company_contacts", args=[pk])
    form = CompanyKindForm(request.POST or None, user=request.user, instance=CompanyKind(company=company))
    return form_page(
        request,
        form,
        title="Ajouter une nature",
        intro="Une entreprise peut en avoir deux à la fois, par exemple EI et ETTI.",
        facts=str(company),
        back=back,
        cancel_url=back,
        back_label=str(company),
        done="La nature est ajoutée.",
    )


@house_required
def kind_edit(request: HttpRequest, pk: int) -> HttpResponse:
    kind = get_object_or_404(CompanyKind.objects.visible_to(request.user).select_related("company"), pk=pk)
    back = reverse("company_contacts", args=[kind.company_id])
    form = CompanyKindForm(request.POST or None, user=request.user, instance=kind)
    return form_page(
        request,
        form,
        title="Modifier une nature",
        facts=str(kind.company),
        back=back,
        cancel_url=back,
        back_label=str(kind.company),
        done="La nature est enregistrée.",
    )


@house_required
def company_access(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    accesses = (
        CompanyMembership.objects.visible_to(request.user)
        .filter(company=company)
        .select_related("user")
        .order_by("user__last_name", "pk")
    )
    return render(
        request,
        "markets/access.html",
        {
            **file_context("company", company, request),
            "accesses": accesses,
            "limited": False,
            "remove_url_name": "company_access_remove",
            "invite_url": reverse("company_invite", args=[pk]),
            "keys_url": reverse("company_api_keys", args=[pk]),
            "what_they_see": "Ces personnes voient les engagements de l’entreprise et les personnes qu’elle emploie, "
            "accueille ou compte, jamais un motif d’éligibilité.",
        },
    )


@house_required
def company_invite(request: HttpRequest, pk: int) -> HttpResponse:
    company = file_row("company", request.user, pk)
    back = reverse("company_access", args=[pk])
    form = InviteForm(request.POST or None, user=request.user)
    return form_page(
        request,
        form,
        title="Donner un accès",
        facts=str(company),
        back=back,
        cancel_url=back,
        back_label=str(company),
        submit_label="Envoyer l’invitation",
        done="L’accès est ouvert.",
        save=lambda: services.invite_company_user(company=company, by=request.user, **form.cleaned_data),
    )
