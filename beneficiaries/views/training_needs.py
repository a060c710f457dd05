"""Training needs: their page, the notices that show that they come back, the answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import NeedState
from beneficiaries.forms.training_needs import NeedForm, NoticeForm
from beneficiaries.models import TrainingNeed
from beneficiaries.services.training_needs import add_notice, save_need
from beneficiaries.training_need_list import NEED_TONES
from core.access import house_required
from core.changes import history_of
from core.errors import DomainError
from markets.views.forms import form_page


@house_required
def need_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A need, each time it was met, and a line to add one more."""
    rows = TrainingNeed.objects.visible_to(request.user).select_related("occupation", "action", "created_by")
    need = get_object_or_404(rows, pk=pk)
    form = NoticeForm(
        request.POST or None, user=request.user, need=need, initial={"noticed_on": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            add_notice(notice=form.instance, by=request.user)  # type: ignore[arg-type]
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Le constat est noté.")
            return redirect("need_detail", pk=pk)
    notices = list(need.notices.select_related("company", "market").order_by("-noticed_on", "-pk"))
    context = {
        "need": need,
        "tone": NEED_TONES[NeedState(need.state)],
        "notices": notices,
        "people": sum(row.people for row in notices),
        "places": len(
            {(row.company_id, row.market_id) for row in notices if row.company_id or row.market_id}
        ),
        "form": form,
        "entries": history_of(need),
    }
    return render(request, "beneficiaries/need_detail.html", context)


@house_required
def need_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, TrainingNeed(first_noticed_on=timezone.localdate()))


@house_required
def need_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = TrainingNeed.objects.visible_to(request.user).select_related("occupation")
    return _edit(request, get_object_or_404(rows, pk=pk))


def _edit(request: HttpRequest, need: TrainingNeed) -> HttpResponse:
    is_new, label = need.pk is None, need.skill
    form = NeedForm(request.POST or None, instance=need, user=request.user)
    back = reverse("need_list") if is_new else reverse("need_detail", args=[need.pk])
    return form_page(
        request,
        form,
        title="Nouveau besoin de formation" if is_new else "Modifier le besoin",
        back=lambda saved: reverse("need_detail", args=[saved.pk]),
        cancel_url=back,
        back_label="Besoins de formation" if is_new else label,
        done="Le besoin est enregistré.",
        template="beneficiaries/lookup_form.html",
        save=lambda: save_need(need=form.instance, by=request.user),  # type: ignore[arg-type]
    )
