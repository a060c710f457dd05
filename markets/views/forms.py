"""What every form page of this room does: read, save, say so, go back; a refusal stands beside its field."""

from __future__ import annotations

from collections.abc import Callable
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
