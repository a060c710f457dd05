"""Réglages: the notice on personal data, its versions and the text in force."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.eligibility_papers import notice_pdf, notice_text, parts_of
from beneficiaries.forms.notices import NoticeForm
from beneficiaries.models import Beneficiary, InformationNotice
from beneficiaries.services.notices import notice_on, save_notice
from core.access import admin_required
from core.errors import DomainError
from core.files import file_response
from markets.views.forms import form_page


@admin_required
def notice_settings(request: HttpRequest) -> HttpResponse:
    """The text in force, its former versions, and how many people were not given it."""
    today = timezone.localdate()
    notices = list(InformationNotice.objects.visible_to(request.user).select_related("created_by"))
    current = notice_on(today)
    context = {
        "current": current,
        "parts": parts_of(notice_text(current)) if current else [],
        "notices": [
            {"row": row, "is_current": row == current, "is_to_come": row.in_force_from > today}
            for row in notices
        ],
        "not_informed": Beneficiary.objects.visible_to(request.user).filter(informed_on__isnull=True).count(),
    }
    return render(request, "beneficiaries/notice_settings.html", context)


@admin_required
def notice_create(request: HttpRequest) -> HttpResponse:
    """A new text from a day on, begun from the one in force."""
    today = timezone.localdate()
    current = notice_on(today)
    form = NoticeForm(
        request.POST or None,
        user=request.user,
        initial={"in_force_from": today, "text": current.text if current else ""},
    )
    back = reverse("notice_settings")
    return form_page(
        request,
        form,
        title="Nouvelle version de la notice",
        intro="Les personnes déjà informées gardent la version qui leur a été remise.",
        back=back,
        back_label="Notice d’information",
        cancel_url=back,
        done="La notice est enregistrée.",
        save=lambda: save_notice(user=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@admin_required
def notice_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as PDF, without a name: to print in advance."""
    notice = get_object_or_404(InformationNotice.objects.visible_to(request.user), pk=pk)
    try:
        content = notice_pdf(notice, person=None, on=notice.in_force_from)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("notice_settings")
    return file_response(content, f"notice-donnees-{notice.in_force_from:%Y-%m-%d}.pdf")
