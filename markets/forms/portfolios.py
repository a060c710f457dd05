"""Forms of the relay of a whole portfolio."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from core.forms import DateFormField, Form
from markets.forms.files import DATE_HELP, StaffChoiceField


class _StaffForm(Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("to", "stand_in"):
            if name in self.fields:
                self.scope_field(name, User, lambda rows: rows.house_staff().filter(is_active=True))
        self.fields["on"].initial = timezone.localdate()


class PortfolioForm(_StaffForm):
    """To whom all the files of a colleague go, and from which day."""

    to = StaffChoiceField(label="Facilitateur·rice qui reprend")
    stand_in = StaffChoiceField(label="Suppléant·e", required=False)
    on = DateFormField(label="À partir du", help_text=DATE_HELP)


class LeaveForm(_StaffForm):
    """Who stands in, from when to when."""

    stand_in = StaffChoiceField(label="Suppléant·e")
    on = DateFormField(label="Du", help_text=DATE_HELP)
    until = DateFormField(
        label="Jusqu’au", required=False, help_text="Laissez vide si la date du retour n’est pas connue."
    )
