"""Globalisations, and declarations without names: their lists, forms and papers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.forms.shared_hours import (
    AggregateForm,
    AgreementForm,
    MutualisationForm,
    SignedDocumentForm,
    StopForm,
)
from beneficiaries.models import AggregateDeclaration, Mutualisation, MutualisationShare
from beneficiaries.mutualisation import pool_of
from beneficiaries.services import mutualisation as services
from beneficiaries.services.aggregates import save_declaration
from beneficiaries.shared_hours_list import AggregateTable, MutualisationList
from core import formats
from core.access import house_required
from core.lists import ListPage
from core.registry import tabs_of
from core.uploads import keep_upload
from markets.models import Company, Market
from markets.views.forms import form_page

__all__ = ["MutualisationList"]
MUTUALISATION_FILE = "mutualisation"
AGGREGATE_FILE = "aggregate_declaration"


# --- Globalisations -----------------------------------------------------------------------------------------


def _mutualisation(request: HttpRequest, pk: int) -> Mutualisation:
    request.place = "hours"  # type: ignore[attr-defined]
    rows = Mutualisation.objects.visible_to(request.user).select_related("document", "created_by")
    return get_object_or_404(rows, pk=pk)


def _shares(row: Mutualisation) -> list[MutualisationShare]:
    return list(
        row.shares.select_related(
            "mutualisation", "commitment__market__buyer", "commitment__holder", "commitment__clause__lot"
        ).order_by("pk")
    )


def _url(row: Any) -> str:
    return reverse("mutualisation_detail", args=[row.pk])


@house_required
def mutualisation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is agreed, what is missing before it takes effect, and what it credits to each commitment."""
    row = _mutualisation(request, pk)
    shares = _shares(row)
    in_effect = services.is_in_effect(row, shares)
    credits = {credit.commitment: credit for credit in pool_of(shares)}
    lines: list[dict[str, Any]] = [
        {"share": share, "credit": credits[share.commitment_id]} for share in shares
    ]
    return render(
        request,
        "beneficiaries/mutualisation_detail.html",
        {
            "row": row,
            "lines": lines,
            "total": sum((line["credit"].worked for line in lines), 0),
            "in_effect": in_effect,
            "missing": [] if in_effect else services.what_is_missing(row, shares),
        },
    )


@house_required
def mutualisation_create(request: HttpRequest) -> HttpResponse:
    return _mutualisation_form(
        request, Mutualisation(), "Nouvelle globalisation", reverse("mutualisation_list")
    )


@house_required
def mutualisation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _mutualisation(request, pk)
    return _mutualisation_form(request, row, "Modifier la globalisation", _url(row))


def _mutualisation_form(request: HttpRequest, row: Mutualisation, title: str, back: str) -> HttpResponse:
    request.place = "hours"  # type: ignore[attr-defined]
    form = MutualisationForm(request.POST or None, instance=row, user=request.user)
    return form_page(
        request,
        form,
        template="beneficiaries/mutualisation_form.html",
        title=title,
        intro="Des heures travaillées sur un marché sont créditées aux engagements d’autres marchés, selon une clé signée par "
        "les donneurs d’ordre. Elle ne s’applique qu’avec le document signé et l’accord de chacun. Changer une part efface "
        "l’accord déjà noté pour elle.",
        back=_url,
        cancel_url=back,
        back_label="Globalisations",
        done="La globalisation est enregistrée.",
        save=lambda: services.save_mutualisation(row=form.instance, shares=form.shares, user=request.user),
    )


@house_required
def mutualisation_document(request: HttpRequest, pk: int) -> HttpResponse:
    row = _mutualisation(request, pk)
    form = SignedDocumentForm(request.POST or None, request.FILES or None, user=request.user)

    def save() -> Any:
        stored = keep_upload(kind=MUTUALISATION_FILE, upload=form.cleaned_data["upload"], user=request.user)  # type: ignore[arg-type]
        return services.attach_document(row=row, document=stored, user=request.user)  # type: ignore[arg-type]

    return form_page(
        request,
        form,
        title="Document signé",
        facts=row.label,
        intro="Une fois le document joint et tous les accords notés, la globalisation s’applique et ne change plus.",
        back=_url(row),
        cancel_url=_url(row),
        back_label=formats.short(row.label, 60),
        done="Le document est joint.",
        save=save,
    )


@house_required
def mutualisation_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """Date the agreement of a buyer for its market's share."""
    rows = MutualisationShare.objects.visible_to(request.user).select_related(
        "mutualisation", "commitment__market__buyer"
    )
    share = get_object_or_404(rows, pk=pk)
    request.place = "hours"  # type: ignore[attr-defined]
    form = AgreementForm(request.POST or None, user=request.user, initial={"agreed_on": share.agreed_on})
    market = share.commitment.market
    return form_page(
        request,
        form,
        title="Accord du donneur d’ordre",
        facts=f"{market.buyer}, marché {market.reference}",
        intro="Quand tous les accords sont notés et le document joint, la globalisation s’applique et ne change plus.",
        back=_url(share.mutualisation),
        cancel_url=_url(share.mutualisation),
        back_label=formats.short(share.mutualisation.label, 60),
        done="L’accord est enregistré.",
        save=lambda: services.record_agreement(share=share, user=request.user, **form.cleaned_data),
    )


@house_required
def mutualisation_stop(request: HttpRequest, pk: int) -> HttpResponse:
    row = _mutualisation(request, pk)
    form = StopForm(request.POST or None, user=request.user)
    return form_page(
        request,
        form,
        title="Mettre fin à la globalisation",
        facts=row.label,
        intro=f"Elle va jusqu’en {formats.month(row.ends_on)}. Les heures des mois d’après resteront là où elles sont travaillées.",
        back=_url(row),
        cancel_url=_url(row),
        back_label=formats.short(row.label, 60),
        done="La fin de la globalisation est enregistrée.",
        save=lambda: services.stop_mutualisation(row=row, user=request.user, **form.cleaned_data),
    )


# --- Declarations without names -----------------------------------------------------------------------------


class AggregateList(ListPage):
    """Declarations without names of a file; base of the two lists."""

    model, table_class = AggregateDeclaration, AggregateTable
    template_name = "beneficiaries/aggregate_list.html"
    create_label = "Ajouter une déclaration"
    empty_message = "Les heures déclarées sans noms par un ESAT ou une EA apparaîtront ici."
    kind = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        model: Any = Market if self.kind == "market" else Company
        self.file = get_object_or_404(model.objects.visible_to(request.user), pk=kwargs["pk"])
        request.place = "markets" if self.kind == "market" else "companies"  # type: ignore[attr-defined]
        return super().get(request, *args, **kwargs)

    def prepare(self, queryset: Any) -> Any:
        mine = {"commitment__market": self.file} if self.kind == "market" else {"company": self.file}
        return queryset.filter(**mine).select_related("company", "commitment__market", "document")

    def get_create_url(self) -> str:
        return reverse(f"{self.kind}_aggregate", args=[self.file.pk])

    def extra_context(self) -> dict[str, Any]:
        return {
            "tab_list": tabs_of(self.kind, self.request.user, self.file.pk),
            "back_url": reverse(f"{self.kind}_hours", args=[self.file.pk]),
            "back_label": f"Heures, {self.label()}",
        }

    def label(self) -> str:
        return self.file.reference if self.kind == "market" else str(self.file)

    def get_title(self) -> str:
        return "Heures déclarées sans noms"

    intro = "Par un ESAT ou une entreprise adaptée : en dehors des personnes, jamais additionnées aux heures des personnes."


class MarketAggregates(AggregateList):
    kind, export_name = "market", "heures-sans-noms-du-marche"

    def table_kwargs(self) -> dict[str, Any]:
        return {"exclude": ("market",)}


class CompanyAggregates(AggregateList):
    kind, export_name = "company", "heures-sans-noms-de-la-structure"

    def table_kwargs(self) -> dict[str, Any]:
        return {"exclude": ("company",)}


@house_required
def market_aggregate(request: HttpRequest, pk: int) -> HttpResponse:
    market = get_object_or_404(Market.objects.visible_to(request.user), pk=pk)
    back = reverse("market_aggregates", args=[pk])
    return _aggregate_form(request, AggregateDeclaration(), back, market.reference, "markets", market=market)


@house_required
def company_aggregate(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company.objects.visible_to(request.user), pk=pk)
    back = reverse("company_aggregates", args=[pk])
    return _aggregate_form(request, AggregateDeclaration(), back, str(company), "companies", company=company)


@house_required
def aggregate_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = AggregateDeclaration.objects.visible_to(request.user).select_related(
        "company", "commitment__market", "commitment__holder", "commitment__clause__lot"
    )
    row = get_object_or_404(rows, pk=pk)
    market = row.commitment.market
    back = reverse("market_aggregates", args=[market.pk])
    return _aggregate_form(request, row, back, market.reference, "markets", market=market)


def _aggregate_form(
    request: HttpRequest, row: AggregateDeclaration, back: str, label: str, place: str, **scope: Any
) -> HttpResponse:
    request.place = place  # type: ignore[attr-defined]
    is_new = row.pk is None
    today = timezone.localdate()
    initial = {} if row.pk else {"first_month": today.replace(month=1, day=1)}
    form = AggregateForm(
        request.POST or None,
        request.FILES or None,
        instance=row,
        user=request.user,
        initial=initial,
        **scope,
    )

    def save() -> Any:
        upload = form.cleaned_data["upload"]
        stored = keep_upload(kind=AGGREGATE_FILE, upload=upload, user=request.user) if upload else None  # type: ignore[arg-type]
        return save_declaration(row=form.instance, document=stored, user=request.user)  # type: ignore[arg-type]

    return form_page(
        request,
        form,
        template="beneficiaries/lookup_form.html",
        title="Déclarer des heures sans noms" if is_new else "Modifier une déclaration sans noms",
        facts=label,
        intro="Pour un ESAT ou une entreprise adaptée qui ne donne pas de noms. Ces heures se lisent à part, en note\u202f: "
        "elles ne s’ajoutent ni aux heures comptées, ni aux personnes.",
        back=back,
        cancel_url=back,
        back_label=label,
        done="La déclaration est enregistrée.",
        save=save,
    )
