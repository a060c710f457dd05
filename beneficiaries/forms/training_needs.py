"""Training needs: the need itself, and each time it is met again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from beneficiaries import recruitment_lookups  # noqa: F401  fills LOOKUPS
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import CollectiveAction, TrainingNeed, TrainingNeedNotice
from core import formats
from core.forms import ModelForm

PEOPLE_MAX = 1_000
RESPONSE_MAX = 4_000
# The actions that may answer a need: the latest ones are enough to choose from.
ACTIONS_SHOWN = 100


class NeedForm(ModelForm):
    occupation = LookupField(
        "occupation", label="Métier (ROME)", required=False, help_text="un mot de l’intitulé, ou le code"
    )

    class Meta:
        model = TrainingNeed
        fields = ("skill", "occupation", "first_noticed_on", "state", "response", "action")
        widgets = {"response": forms.Textarea(attrs={"rows": 4, "maxlength": RESPONSE_MAX})}
        error_messages = {
            "skill": {"required": "Nommez le savoir-faire ou le savoir-être."},
            "first_noticed_on": {"required": "Indiquez quand le besoin a été repéré."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        latest = CollectiveAction.objects.visible_to(self.user).order_by("-held_on", "-pk")
        chosen = [self.instance.action_id] if self.instance.action_id else []
        shown = [*latest.values_list("pk", flat=True)[:ACTIONS_SHOWN], *chosen]
        field = self.fields["action"]
        field.queryset = latest.filter(pk__in=shown)
        field.empty_label = "aucune"
        field.label_from_instance = lambda row: f"{formats.day(row.held_on)}, {row.title}"

    def clean_response(self) -> str:
        text = self.cleaned_data["response"]
        if len(text) > RESPONSE_MAX:
            raise ValidationError(f"Ce texte dépasse {RESPONSE_MAX} caractères\u202f: raccourcissez-le.")
        return text


class NoticeForm(ModelForm):
    """One line: when, where, how many people."""

    company = LookupField("company", label="Entreprise", required=False)
    market = LookupField("market", label="Marché", required=False)
    people = forms.IntegerField(
        label="Personnes",
        min_value=1,
        max_value=PEOPLE_MAX,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"}),
        error_messages={
            "required": "Dites combien de personnes sont concernées.",
            "invalid": "Écrivez un nombre entier.",
            "min_value": "Un constat concerne une personne au moins.",
            "max_value": f"Un constat concerne {PEOPLE_MAX} personnes au plus\u202f: vérifiez ce nombre.",
        },
    )

    class Meta:
        model = TrainingNeedNotice
        fields = ("noticed_on", "people", "company", "market", "note")
        error_messages = {"noticed_on": {"required": "Indiquez le jour du constat."}}

    def __init__(self, *args: Any, need: TrainingNeed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.instance.need = need
