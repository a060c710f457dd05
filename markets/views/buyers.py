"""Donneurs d’ordre: list, file, departments, contacts, accesses."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.access import house_required
from core.lists import ListPage
from markets.files import file_context, responsibility_on
from markets.filters import BuyerFilter
from markets.forms.files import BuyerForm, DepartmentForm, InviteBuyerUserForm
from markets.models import Buyer, BuyerMembership, Department
from markets.services import files as services
from markets.tables import BuyerTable
from markets.views.forms import form_page
from markets.views.shared import contacts_of, current_responsibilities, file_row


class BuyerList(ListPage):
    model = Buyer
    table_class = BuyerTable
    filterset_class = BuyerFilter
    title = "Donneurs d’ordre"
    export_name = "donneurs-d-ordre"
    create_url_name = "buyer_create"
    create_label = "Ajouter un donneur d’ordre"
    empty_message = "Les donneurs d’ordre qui écrivent des clauses sociales seront ici."

    def prepare(self, queryset: Any) -> Any:
        return (
            queryset.select_related("commune")
            .annotate(
                markets_count=Count("markets"),
                open_count=Count("markets", filter=Q(markets__closed_on__isnull=True)),
            )
            .prefetch_related(current_responsibilities())
        )


@house_required
def buyer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    today_contacts, _ = contacts_of(buyer)
    return render(
        request,
        "markets/buyer_detail.html",
        {
            **file_context("buyer", buyer, request),
            "responsible": responsibility_on(buyer),
            "contacts": today_contacts,
            "departments": buyer.departments.filter(is_active=True),
        },
    )


@house_required
def buyer_create(request: HttpRequest) -> HttpResponse:
    form = BuyerForm(request.POST or None, request.FILES or None, user=request.user)
    return form_page(
        request,
        form,
        title="Ajouter un donneur d’ordre",
        back=lambda buyer: reverse("buyer_detail", args=[buyer.pk]),
        cancel_url=reverse("buyer_list"),
        back_label="Donneurs d’ordre",
        done="Le donneur d’ordre est ajouté.",
        save=lambda: _save_buyer(form, request.user),
    )


@house_required
def buyer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    back = reverse("buyer_detail", args=[pk])
    form = BuyerForm(request.POST or None, request.FILES or None, user=request.user, instance=buyer)
    return form_page(
        request,
        form,
        title="Modifier le donneur d’ordre",
        back=back,
        cancel_url=back,
        back_label=str(buyer),
        done="La fiche est enregistrée.",
        save=lambda: _save_buyer(form, request.user),
    )


def _save_buyer(form: BuyerForm, user: Any) -> Any:
    return services.change_buyer(
        buyer=form.save(commit=False),
        logo=form.cleaned_data.get("new_logo"),
        without_logo=form.cleaned_data.get("without_logo", False),
        by=user,
    )


@house_required
def buyer_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    today, former = contacts_of(buyer)
    return render(
        request,
        "markets/buyer_contacts.html",
        {
            **file_context("buyer", buyer, request),
            "departments": buyer.departments.annotate(markets_count=Count("markets")),
            "contacts": today,
            "former_contacts": former,
            "contact_create_url": reverse("buyer_contact_create", args=[pk]),
        },
    )


@house_required
def department_create(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    back = reverse("buyer_contacts", args=[pk])
    form = DepartmentForm(request.POST or None, user=request.user, instance=Department(buyer=buyer))
    return form_page(
        request,
        form,
        title="Ajouter une direction ou un service",
        facts=str(buyer),
        back=back,
        cancel_url=back,
        back_label=str(buyer),
        done="La direction est ajoutée.",
    )


@house_required
def department_edit(request: HttpRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department.objects.visible_to(request.user).select_related("buyer"), pk=pk)
    back = reverse("buyer_contacts", args=[department.buyer_id])
    form = DepartmentForm(request.POST or None, user=request.user, instance=department)
    return form_page(
        request,
        form,
        title="Modifier une direction ou un service",
        facts=str(department.buyer),
        back=back,
        cancel_url=back,
        back_label=str(department.buyer),
        done="La direction est enregistrée.",
    )


@house_required
def buyer_access(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    accesses = (
        BuyerMembership.objects.visible_to(request.user)
        .filter(buyer=buyer)
        .select_related("user", "department")
        .order_by("user__last_name", "pk")
    )
    return render(
        request,
        "markets/access.html",
        {
            **file_context("buyer", buyer, request),
            "accesses": accesses,
            "limited": True,
            "remove_url_name": "buyer_access_remove",
            "invite_url": reverse("buyer_invite", args=[pk]),
            "what_they_see": "Ces personnes voient les chiffres et les bilans de ce donneur d’ordre, "
            "jamais un nom de bénéficiaire ni un motif.",
        },
    )


@house_required
def buyer_invite(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = file_row("buyer", request.user, pk)
    back = reverse("buyer_access", args=[pk])
    form = InviteBuyerUserForm(request.POST or None, user=request.user, buyer=buyer)
    return form_page(
        request,
        form,
        title="Donner un accès",
        facts=str(buyer),
        back=back,
        cancel_url=back,
        back_label=str(buyer),
        submit_label="Envoyer l’invitation",
        done="L’accès est ouvert.",
        save=lambda: services.invite_buyer_user(buyer=buyer, by=request.user, **form.cleaned_data),
    )
