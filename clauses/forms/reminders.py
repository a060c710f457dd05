"""How often a person is reminded by e-mail."""

from __future__ import annotations

from django import forms

from accounts.models import User
from core.forms import ModelForm


class ReminderForm(ModelForm):
    class Meta:
        model = User
        fields = ("digest",)
        widgets = {"digest": forms.RadioSelect}
