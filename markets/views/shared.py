"""Gestures that buyers, companies and markets share: relay, contacts, accesses."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from core.access import house_required
from markets.files import file_context, file_history
from markets.forms.files import ContactForm, HandOverForm
from markets.models import (
    Buyer,
    BuyerMembership,
    Company,
    CompanyMembership,
    Contact,
    Market,
    PlannedPurchase,
    Responsibility,
)
from markets.services import files as services
from markets.views.forms import confirm_page, form_page

MODELS: dict[str, Any] = {
    "market": Market,
    "buyer": Buyer,
    "company": Company,
    "purchase": PlannedPurchase,
}


def file_row(kind: str, user: Any, pk: int) -> Any:
    """The row of a file that `user` may see, with what its head reads; 404 otherwise."""
    rows = MODELS[kind].objects.visible_to(user)
    if kind == "market":
        rows = rows.select_related("buyer", "department", "commune", "parent", "operation")
    elif kind == "company":
        rows = rows.select_related("commune").prefetch_related("kinds").with_pledges()
    elif kind == "purchase":
        rows = rows.select_related("buyer__commune", "department", "commune", "market", "targeted_by")
    else:
        rows = rows.select_related("commune")
    return get_object_or_404(rows, pk=pk)


def current_responsibilities(today: Any = None) -> Prefetch:
    """For lists: who answers today, one query for the page."""
    rows = Responsibility.objects.on(today or timezone.localdate()).select_related("facilitator")
    return Prefetch("responsibilities", queryset=rows, to_attr="current_responsibilities")


def detail_url(kind: str, pk: int) -> str:
    return reverse(f"{kind}_detail", args=[pk])


@house_required
def hand_over(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """« Passer le relais »: one gesture ends the former responsibility and opens the new one."""
    row = file_row(kind, request.user, pk)
    current = row.responsibilities.filter(ends_on__isnull=True).select_related("facilitator").first()
    form = HandOverForm(request.POST or None, user=request.user, current=current)
    past = row.responsibilities.select_related("facilitator", "stand_in")
    return form_page(
        request,
        form,
        title="Passer le relais" if current else "Nommer un·e responsable",
        intro=f"{current.facilitator} en est responsable jusqu’à la veille du jour choisi."
        if current
        else "",
        facts=str(row),
        back=detail_url(kind, pk),
        cancel_url=detail_url(kind, pk),
        back_label=str(row),
        submit_label="Passer le relais" if current else "Nommer",
        done="Le relais est passé.",
        template="markets/hand_over.html",
        past=past,
        save=lambda: services.hand_over(target=row, by=request.user, **form.cleaned_data),
    )


@house_required
def history(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """What happened to a file and to what hangs on it; the figures of today are not its matter."""
    row = file_row(kind, request.user, pk)
    return render(
        request,
        "markets/history.html",
        {**file_context(kind, row, request, with_head=False), "entries": file_history(kind, row)},
    )


@house_required
def contact_create(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    row = file_row(kind, request.user, pk)
    back = reverse(f"{kind}_contacts", args=[pk])
    form = ContactForm(request.POST or None, user=request.user, instance=Contact(**{kind: row}))
    return form_page(
        request,
        form,
        title="Ajouter un contact",
        facts=str(row),
        back=back,
        cancel_url=back,
        back_label=str(row),
        done="Le contact est ajouté.",
    )


@house_required
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(
        Contact.objects.visible_to(request.user).select_related("buyer", "company"), pk=pk
    )
    kind = "buyer" if contact.buyer_id else "company"
    owner = contact.buyer or contact.company
    back = reverse(f"{kind}_contacts", args=[owner.pk])
    form = ContactForm(request.POST or None, user=request.user, instance=contact)
    return form_page(
        request,
        form,
        title="Modifier un contact",
        intro="Si cette personne n’est plus là, donnez la date de son départ : elle reste dans l’historique.",
        facts=str(owner),
        back=back,
        cancel_url=back,
        back_label=str(owner),
        done="Le contact est enregistré.",
    )


@house_required
def access_remove(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Ask once, then take someone's access to a buyer or a company away."""
    model: Any = BuyerMembership if kind == "buyer" else CompanyMembership
    membership = get_object_or_404(model.objects.visible_to(request.user).select_related("user", kind), pk=pk)
    owner = getattr(membership, kind)
    back = reverse(f"{kind}_access", args=[owner.pk])
    person = membership.user
    left = (person.buyer_memberships.count() if kind == "buyer" else person.company_memberships.count()) - 1
    return confirm_page(
        request,
        title="Retirer un accès",
        consequence=f"{person} ({person.email}) ne verra plus rien de {owner}.",
        details=[
            "Son compte reste ouvert"
            + (
                ", avec ses autres accès."
                if left
                else ", mais ne montrera plus rien. Un·e administrateur·rice peut le désactiver."
            )
        ],
        submit_label="Retirer l’accès",
        danger=True,
        back=back,
        back_label=str(owner),
        done=f"{person} n’a plus accès à {owner}.",
        save=lambda: services.remove_access(membership=membership, by=request.user),
    )


def contacts_of(owner: Any) -> tuple[list[Contact], list[Contact]]:
    """Contacts of today, then the former ones."""
    today = timezone.localdate()
    rows = list(owner.contacts.all())
    former = [row for row in rows if row.ends_on and row.ends_on < today]
    return [row for row in rows if row not in former], former
