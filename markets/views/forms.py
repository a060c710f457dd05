"""What every form page does: read, save, say so, go back; a refusal stands beside its field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError


def form_page(
    request: HttpRequest,
    form: Any,
    *,
    title: str,
    back: str | Callable[[Any], str],
    back_label: str = "Retour",
    cancel_url: str,
    done: str,
    save: Callable[[], Any] | None = None,
    template: str = "core/form.html",
    **context: Any,
) -> HttpResponse:
    """Show `form`; once it is right, `save()` and go to `back` (an address, or a function of what was saved).

    done: the sentence said afterwards.
    """
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                saved = (save or form.save)()
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, done)
            return redirect(back(saved) if callable(back) else back)
    return render(
        request,
        template,
        {
            "title": title,
            "form": form,
            "back_url": cancel_url,
            "back_label": back_label,
            "cancel_url": cancel_url,
            **context,
        },
    )


def confirm_page(
    request: HttpRequest,
    form: Any = None,
    *,
    title: str,
    consequence: str,
    submit_label: str,
    back: str,
    back_label: str,
    done: str | Callable[[Any], str],
    save: Callable[[], Any],
    details: Sequence[str] = (),
    danger: bool = False,
    after: str | Callable[[Any], str] = "",
) -> HttpResponse:
    """Say what a gesture does, ask once, `save()`, and go `after`, else `back`.

    done, after: words and an address, or functions of what was saved. A refusal stands beside its field; without a form
    it is said on the page that one came from.
    """
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            with transaction.atomic():
                saved = save()
        except DomainError as error:
            if form is None:
                messages.error(request, error.sentence)
                return redirect(back)
            form.add_domain_error(error)
        else:
            messages.success(request, done(saved) if callable(done) else done)
            return redirect((after(saved) if callable(after) else after) or back)
    return render(
        request,
        "core/confirm.html",
        {
            "title": title,
            "consequence": consequence,
            "details": details,
            "form": form,
            "submit_label": submit_label,
            "danger": danger,
            "cancel_url": back,
            "back_url": back,
            "back_label": back_label,
        },
    )
