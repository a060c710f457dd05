"""The form of a program's key."""

from __future__ import annotations

from django import forms

from core.forms import DateFormField, Form


class KeyForm(Form):
    """Which program the key is for, and until when."""

    name = forms.CharField(
        label="Logiciel",
        max_length=120,
        help_text="celui qui s’en servira\u202f: logiciel de paie, d’intérim…",
    )
    expires_on = DateFormField(label="Expire le", required=False, help_text="sans date, dans un an")
