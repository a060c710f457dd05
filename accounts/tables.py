"""Tables of the accounts' lists."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString

from accounts.enums import AccountState
from accounts.models import AccessKind, AccessRecord, User
from accounts.registry import attachments_of
from core import formats
from core.tables import StateColumn, Table, TextColumn
from core.templatetags.maillon import state

STATE_TONES = {
    AccountState.ACTIVE: "good",
    AccountState.INVITED: "wait",
    AccountState.EXPIRED: "late",
    AccountState.CLOSED: "none",
}


class MomentColumn(TextColumn):
    """A day and an hour, Paris time."""

    export_kind = "moment"

    def render(self, value: Any) -> str:
        return formats.moment(value)

    def value(self, value: Any) -> Any:
        return value


class UserTable(Table):
    name = TextColumn(
        "Nom",
        accessor="label",
        linkify=("user_detail", {"pk": tables.A("pk")}),
        order_by=("last_name", "first_name"),
    )
    email = TextColumn("Adresse électronique")
    role = TextColumn("Rôle")
    attachment = TextColumn("Rattachement", empty_values=(), orderable=False, accessor="pk")
    state = TextColumn("État", orderable=False)
    last_login = MomentColumn("Dernière connexion")

    class Meta:
        model = User
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._attached: dict[int, str] | None = None

    def _attachment(self, record: User) -> str:
        # One question for the page shown, whatever its length.
        if self._attached is None:
            shown = self.page.object_list.data if hasattr(self, "page") else self.data.data
            self._attached = attachments_of(shown)
        return self._attached.get(record.pk, "")

    def render_attachment(self, record: User) -> str:
        return self._attachment(record) or formats.ABSENT

    def value_attachment(self, record: User) -> str:
        return self._attachment(record)

    def render_state(self, record: User) -> SafeString:
        return state(record.state, record.state.label, STATE_TONES[record.state])

    def value_state(self, record: User) -> str:
        return str(record.state.label)


class AccessTable(Table):
    at = MomentColumn("Le")
    user = TextColumn("Qui", order_by=("user__last_name", "user__first_name"))
    kind = StateColumn(
        "Quoi",
        tones={
            AccessKind.SIGNED_IN: "none",
            AccessKind.FAILED: "late",
            AccessKind.SENSITIVE: "watch",
            AccessKind.DOWNLOAD: "none",
        },
    )
    subject = TextColumn("Objet")

    class Meta:
        model = AccessRecord
        fields = ()
