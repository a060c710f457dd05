"""The e-mails written by the house: what left, what is unsure, and the gesture to send again."""

from __future__ import annotations

from typing import Any

import django_filters
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import A

from core.access import admin_required
from core.errors import DomainError
from core.filters import FilterSet
from core.lists import ListPage
from core.models import Message
from core.outbox import resend_message
from core.readonly import readonly_view
from core.tables import StateColumn, Table, TextColumn


class MessageTable(Table):
    subject = TextColumn("Objet", linkify=("message_detail", {"pk": A("pk")}))
    recipients = TextColumn("À", orderable=False)
    state = StateColumn("État")
    created_at = TextColumn("Écrit le")
    sent_at = TextColumn("Envoyé le")

    def render_recipients(self, value: list[str]) -> str:
        return ", ".join(value)


class MessageFilter(FilterSet):
    state = django_filters.ChoiceFilter(label="État", choices=Message.State.choices)

    class Meta:
        model = Message
        fields = ("state",)


class MessageList(ListPage):
    """Every e-mail, the newest first."""

    model = Message
    table_class = MessageTable
    filterset_class = MessageFilter
    title = "Messages"
    roles = ("admin",)
    empty_message = "Les messages envoyés par Maillon apparaîtront ici."


def _message(request: HttpRequest, pk: int) -> Message:
    return get_object_or_404(Message.objects.visible_to(request.user), pk=pk)  # type: ignore[attr-defined]


@admin_required
@require_GET
@readonly_view
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One e-mail. Its text holds invitation links: it is shown in the demo, where nothing is sent, and nowhere else."""
    row = _message(request, pk)
    can_resend = row.state in (Message.State.UNSURE, Message.State.FAILED)
    context: dict[str, Any] = {
        "message_row": row,
        "show_body": settings.DEMO,
        "back_url": reverse("message_list"),
        "resend_url": reverse("message_resend", args=[row.pk]) if can_resend else "",
    }
    return render(request, "core/message_detail.html", context)


@admin_required
@require_POST
def message_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send once more a message that failed or may not have left."""
    row = _message(request, pk)
    try:
        resend_message(message=row, user=request.user)
        messages.success(request, "Le message va être envoyé de nouveau.")
    except DomainError as error:
        messages.error(request, error.sentence)
    return redirect("message_detail", pk=row.pk)
