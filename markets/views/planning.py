"""Achats prévus: the list, one purchase, its targeting, its saisine, its market; the thresholds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from core import formats
from core.access import BUYER, HOUSE, house_required, role_required
from core.context import address
from core.lists import ListPage
from markets.advice import RULE, advise
from markets.directory import able_to_answer, sectors_of_cpv
from markets.duty import DUTY_FROM, DUTY_LABELS, DUTY_TONES, Reach
from markets.files import file_context, responsibility_on
from markets.forms.planning import (
    AdviceForm,
    PurchaseForm,
    RequestForm,
    StartMarketForm,
    TargetingForm,
)
from markets.models import Buyer, PlannedPurchase, ProcurementThreshold
from markets.models.thresholds import current_thresholds
from markets.purchase_head import answer_due, duty_state
from markets.purchase_list import (
    PurchaseFilter,
    PurchaseTable,
    ThresholdTable,
    duty_counts,
    targeting_counts,
)
from markets.services import planning as services
from markets.views.forms import confirm_page, form_page
from markets.views.settings import ReferenceList
from markets.views.shared import file_row

SEES_PURCHASES = (*HOUSE, BUYER)
purchases_required = role_required(*SEES_PURCHASES)
# Lines shown in the preview of a list: the file to correct has them all.
SHOWN_MAX = 40


class PurchaseList(ListPage):
    model = PlannedPurchase
    table_class = PurchaseTable
    filterset_class = PurchaseFilter
    title = "Achats prévus"
    roles = SEES_PURCHASES
    export_name = "achats-prevus"
    create_url_name = "purchase_create"
    create_label = "Ajouter un achat"
    template_name = "markets/purchase_list.html"
    part_template_name = "markets/_purchase_list.html"

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        is_house = self.request.user.role in HOUSE
        whose = "des achats de chaque donneur d’ordre" if is_house else "de vos achats"
        return f"La liste annuelle {whose} sera ici : chargez-la d’un tableur, ou ajoutez un achat."

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("buyer").with_duty(current_thresholds())

    def table_kwargs(self) -> dict[str, Any]:
        return {} if self.request.user.role in HOUSE or "buyer" in self._filters else {"exclude": ("buyer",)}

    @property
    def _filters(self) -> Any:
        return self.filterset.filters if self.filterset else {}

    def extra_context(self) -> dict[str, Any]:
        bound = self.filterset is not None and self.filterset.is_bound
        if bound and not self.filterset.is_valid():
            rows = self.get_queryset().none()
        else:
            rows = self.filterset.qs if self.filterset else self.get_queryset()
        return {
            "duty": duty_counts(rows),
            "targeting": targeting_counts(rows),
            "duty_from": DUTY_FROM,
            "import_url": address("purchase_import"),
        }


@house_required
def buyer_purchases(request: HttpRequest, pk: int) -> HttpResponse:
    """The list of one buyer, a year at a time, the latest first."""
    buyer = file_row("buyer", request.user, pk)
    mine = PlannedPurchase.objects.visible_to(request.user).filter(buyer=buyer)
    years = list(mine.order_by("-year").values_list("year", flat=True).distinct())
    asked = request.GET.get("annee", "")
    year = int(asked) if asked.isdecimal() and int(asked[:9]) in years else (years[0] if years else None)
    rows = mine.filter(year=year).with_duty(current_thresholds())
    purchases = list(rows.order_by("planned_on", "pk"))
    for purchase in purchases:
        _name_duty(purchase, purchase.duty_state)
    return render(
        request,
        "markets/buyer_purchases.html",
        {
            **file_context("buyer", buyer, request),
            "years": years,
            "year": year,
            "purchases": purchases,
            "total": rows.order_by().aggregate(total=Sum("amount"))["total"],
            "duty": duty_counts(rows),
            "duty_from": DUTY_FROM,
            "import_url": f"{reverse('purchase_import')}?{urlencode({'buyer': pk})}",
            "create_url": f"{reverse('purchase_create')}?{urlencode({'acheteur': pk})}",
        },
    )


def _name_duty(purchase: PlannedPurchase, state: Any) -> None:
    purchase.duty_state = state  # type: ignore[attr-defined]
    purchase.duty_words = DUTY_LABELS[state]  # type: ignore[attr-defined]
    purchase.duty_tone = DUTY_TONES[state]  # type: ignore[attr-defined]


# --- One purchase -------------------------------------------------------------------------------------------


@purchases_required
def purchase_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    purchase = file_row("purchase", user, pk)
    is_house = user.role in HOUSE
    _name_duty(purchase, duty_state(purchase))
    advice = _advice(request, purchase) if is_house else {}
    if request.htmx and request.htmx.target == "conseil" and is_house:  # type: ignore[attr-defined]
        return render(request, "markets/_purchase_advice.html", {"purchase": purchase, **advice})
    return render(
        request,
        "markets/purchase_detail.html",
        {
            **file_context("purchase", purchase, request),
            **advice,
            "is_house": is_house,
            "may_edit": is_house or purchase.targeting == "to_study",
            "duty": purchase.known_duty,
            "answer_due": answer_due(purchase),
            "today": timezone.localdate(),
        },
    )


def _advice(request: HttpRequest, purchase: PlannedPurchase) -> dict[str, Any]:
    """How many structures can answer, in the sector and within the distance chosen, and what that advises."""
    form = AdviceForm(request.GET or None, user=request.user, purchase=purchase)
    sector, within = "", 50
    if form.is_bound and form.is_valid():
        sector, within = form.cleaned_data["sector"], form.cleaned_data["within"]
    else:
        form = AdviceForm(user=request.user, purchase=purchase, initial={"within": within})
    commune = purchase.commune or purchase.buyer.commune
    cpv = "" if sector else purchase.cpv
    count = able_to_answer(cpv=cpv, sector=sector, commune=commune, within_km=within).count()
    query = {"sector": sector, "commune": commune.pk if commune else "", "within": within if commune else ""}
    return {
        "advice_form": form,
        "advice": advise(count),
        "advice_count": count,
        "advice_rule": RULE,
        "advice_commune": commune,
        "advice_sectors": ", ".join(found.label for found in sectors_of_cpv(cpv)) if cpv else "",
        "directory_url": f"{reverse('directory_list')}?{urlencode({k: v for k, v in query.items() if v})}",
    }


@purchases_required
def purchase_create(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("acheteur", "")
    buyer = (
        Buyer.objects.visible_to(request.user).filter(pk=int(asked)).first()
        if asked.isdecimal() and len(asked) < 12
        else None
    )
    form = PurchaseForm(
        request.POST or None,
        user=request.user,
        initial={"buyer": buyer, "year": timezone.localdate().year, "lots": 1},
    )
    return form_page(
        request,
        form,
        title="Ajouter un achat prévu",
        back=lambda purchase: reverse("purchase_detail", args=[purchase.pk]),
        cancel_url=reverse("purchase_list"),
        back_label="Achats prévus",
        done="L’achat est ajouté à la liste.",
        save=lambda: services.save_purchase(purchase=form.save(commit=False), by=request.user),
    )


@purchases_required
def purchase_edit(request: HttpRequest, pk: int) -> HttpResponse:
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    if request.user.is_buyer and purchase.targeting != "to_study":  # type: ignore[union-attr]
        messages.info(
            request, "Le ciblage de cet achat est décidé : dites à la maison ce qui change, elle le notera."
        )
        return redirect(back)
    form = PurchaseForm(request.POST or None, user=request.user, instance=purchase)
    return form_page(
        request,
        form,
        title="Modifier l’achat prévu",
        facts=str(purchase.buyer),
        back=back,
        cancel_url=back,
        back_label=formats.short(purchase.object, 60),
        done="L’achat est enregistré.",
        save=lambda: services.save_purchase(purchase=form.save(commit=False), by=request.user),
    )


@purchases_required
def purchase_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then take a purchase off the list."""
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    return confirm_page(
        request,
        title="Retirer un achat de la liste",
        consequence=f"« {purchase} » ne sera plus sur la liste {purchase.year} de {purchase.buyer}.",
        details=[
            "Un achat qui n’aura pas lieu peut aussi être écarté, avec son motif : il reste alors visible."
        ],
        submit_label="Retirer l’achat",
        danger=True,
        back=back,
        back_label=formats.short(purchase.object, 60),
        done="L’achat est retiré de la liste.",
        save=lambda: services.remove_purchase(purchase=purchase, by=request.user),  # type: ignore[arg-type]
        after=f"{reverse('purchase_list')}?{urlencode({'buyer': purchase.buyer_id})}",
    )


@house_required
def purchase_targeting(request: HttpRequest, pk: int) -> HttpResponse:
    """What facilitator and buyer decided together; the house records it."""
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    state = duty_state(purchase)
    duty = purchase.known_duty
    form = TargetingForm(
        request.POST or None,
        user=request.user,
        purchase=purchase,
        is_concerned=duty.reach != Reach.NOT_CONCERNED,
    )
    _name_duty(purchase, state)
    return form_page(
        request,
        form,
        title="Cibler l’achat",
        facts=f"{purchase.buyer} · {formats.short(purchase.object, 100)}",
        back=back,
        cancel_url=back,
        back_label=formats.short(purchase.object, 60),
        done="Le ciblage est enregistré.",
        template="markets/purchase_targeting.html",
        save=lambda: services.decide_targeting(purchase=purchase, by=request.user, **form.cleaned_data),
        purchase=purchase,
        duty=duty,
    )


@house_required
def purchase_request(request: HttpRequest, pk: int) -> HttpResponse:
    """The saisine of the buyer, and the day when the house answered."""
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    today = timezone.localdate()
    form = RequestForm(
        request.POST or None,
        user=request.user,
        initial={
            "asked_on": purchase.asked_on or today,
            "answered_on": purchase.answered_on or (today if purchase.asked_on else None),
        },
    )
    return form_page(
        request,
        form,
        title="Saisine de la maison",
        intro=f"Sans réponse, une échéance attend la maison {settings.PURCHASE_ANSWER_DAYS} jours après la saisine.",
        facts=f"{purchase.buyer} · {formats.short(purchase.object, 100)}",
        back=back,
        cancel_url=back,
        back_label=formats.short(purchase.object, 60),
        done="La saisine est enregistrée.",
        save=lambda: services.record_request(purchase=purchase, by=request.user, **form.cleaned_data),
    )


@role_required(BUYER)
def purchase_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer asks the house for its advice on a purchase."""
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    return confirm_page(
        request,
        title="Demander l’avis de la maison",
        consequence=f"La maison sera saisie aujourd’hui de « {purchase} » et répondra sous "
        f"{settings.PURCHASE_ANSWER_DAYS} jours.",
        details=[
            "Vérifiez d’abord le montant, le nombre de lots, la procédure et la date : la préconisation en dépend."
        ],
        submit_label="Saisir la maison",
        back=back,
        back_label=formats.short(purchase.object, 60),
        done="La maison est saisie : elle vous répondra.",
        save=lambda: services.ask_advice(purchase=purchase, by=request.user),  # type: ignore[arg-type]
    )


@house_required
def purchase_start(request: HttpRequest, pk: int) -> HttpResponse:
    """« Passer le marché »: the market is opened with what the purchase already says."""
    purchase = file_row("purchase", request.user, pk)
    back = reverse("purchase_detail", args=[pk])
    if purchase.market_id:
        messages.info(request, "Cet achat a déjà son marché.")
        return redirect("market_detail", pk=purchase.market_id)
    responsible = responsibility_on(purchase.buyer)
    form = StartMarketForm(
        request.POST or None,
        user=request.user,
        initial={
            "reference": purchase.reference,
            "facilitator": responsible.facilitator_id if responsible else request.user.pk,
        },
    )
    return form_page(
        request,
        form,
        title="Passer le marché",
        intro=f"Le marché reprend l’objet, le montant, la procédure et le lieu de l’achat, avec "
        f"{formats.noun(purchase.lots, 'lot')}. Vous compléterez ensuite ses dates et ses attributaires.",
        facts=f"{purchase.buyer} · {formats.short(purchase.object, 100)}",
        back=lambda market: reverse("market_lots", args=[market.pk]),
        cancel_url=back,
        back_label=formats.short(purchase.object, 60),
        submit_label="Passer le marché",
        done="Le marché est ouvert. Décrivez maintenant ses lots.",
        save=lambda: services.start_market(purchase=purchase, by=request.user, **form.cleaned_data),
    )


# --- The thresholds -----------------------------------------------------------------------------------------


class ThresholdList(ReferenceList):
    model = ProcurementThreshold
    table_class = ThresholdTable
    title = "Seuils de la commande publique"
    intro = (
        "Seuils européens, hors taxes. Ils sont révisés tous les deux ans et se chargent d’un fichier avec sa source ; "
        "ceux d’une période passée restent."
    )
    export_name = "seuils-commande-publique"
