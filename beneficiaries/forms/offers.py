"""Job offers: the post, to whom it is sent, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from beneficiaries import recruitment_lookups  # noqa: F401  fills LOOKUPS
from beneficiaries.enums import OfferState
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import ContractType, JobOffer
from beneficiaries.offer_partners import FAMILIES, Partner
from core.forms import DateFormField, Form, HoursFormField, ModelForm
from markets.fields import CommuneFormField
from markets.models import Award, Market, Sector

PLACES_MAX = 500
REACHES = [("10", "10 km"), ("25", "25 km"), ("50", "50 km"), ("100", "100 km")]


class OfferForm(ModelForm):
    """A post to be filled on an award; from a market's page, its awards are the choices."""

    award = LookupField(
        "award",
        label="Marché et entreprise",
        help_text="la référence du marché ou le nom de l’entreprise attributaire",
        error_messages={"required": "Indiquez pour quelle entreprise, sur quel marché."},
    )
    occupation = LookupField(
        "occupation", label="Métier (ROME)", required=False, help_text="un mot de l’intitulé, ou le code"
    )
    weekly_hours = HoursFormField(label="Heures par semaine", required=False)

    class Meta:
        model = JobOffer
        fields = (
            "award",
            "title",
            "occupation",
            "places",
            "contract_type",
            "starts_on",
            "duration",
            "weekly_hours",
            "place",
            "conditions",
            "skills",
            "closes_on",
        )
        error_messages = {
            "title": {"required": "Donnez l’intitulé du poste."},
            "places": {"required": "Dites combien de postes sont à pourvoir."},
        }
        widgets = {
            "places": forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
            "conditions": forms.Textarea(attrs={"rows": 4}),
            "skills": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "duration": "par exemple\u202f: 6 mois, renouvelable",
            "closes_on": "demandé pour diffuser l’offre\u202f: les liens envoyés aux partenaires s’arrêtent une semaine après",
        }

    def __init__(self, *args: Any, market: Market | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
        self.fields["contract_type"].queryset = ContractType.objects.filter(
            is_active=True, nature="employment"
        )
        self.fields["contract_type"].empty_label = "non précisé"
        for name in ("conditions", "skills"):
            self.fields[name].max_length = 4_000
            self.fields[name].widget.attrs["maxlength"] = 4_000
        if self.instance.pk:
            # Candidates were found for that company: another one is another offer.
            del self.fields["award"]
        elif market is not None:
            rows = Award.objects.visible_to(self.user).filter(lot__market=market)
            self.fields["award"] = AwardField(
                queryset=rows.select_related("company", "lot").order_by("lot__number", "pk"),
                label="Entreprise",
                empty_label=None,
                error_messages={"required": "Indiquez pour quelle entreprise."},
            )
        self.order_fields(self.Meta.fields)

    def clean_places(self) -> int:
        places = self.cleaned_data["places"]
        if not 1 <= places <= PLACES_MAX:
            raise ValidationError(f"Une offre porte sur 1 à {PLACES_MAX} postes.")
        return places

    def clean_conditions(self) -> str:
        return _bounded(self.cleaned_data["conditions"])

    def clean_skills(self) -> str:
        return _bounded(self.cleaned_data["skills"])

    def clean_weekly_hours(self) -> Any:
        weekly = self.cleaned_data["weekly_hours"]
        if weekly is not None and not 0 < weekly <= 48:
            raise ValidationError("La durée hebdomadaire se situe entre 0 et 48 heures.")
        return weekly

    def clean_closes_on(self) -> Any:
        day = self.cleaned_data["closes_on"]
        if day and "closes_on" in self.changed_data and day < timezone.localdate():
            raise ValidationError("Ce jour est passé\u202f: donnez une date à venir.")
        return day


def _bounded(text: str) -> str:
    if len(text) > 4_000:
        raise ValidationError("Ce texte dépasse 4 000 caractères\u202f: raccourcissez-le.")
    return text


class AwardField(forms.ModelChoiceField):
    """An award of one market."""

    def label_from_instance(self, obj: Award) -> str:
        return f"{obj.company}, lot {obj.lot.number}"


class PartnerFilterForm(Form):
    """Which partners to choose among: kinds, territory, sector."""

    families = forms.MultipleChoiceField(
        label="Quels partenaires", choices=FAMILIES, required=False, widget=forms.CheckboxSelectMultiple
    )
    commune = CommuneFormField(label="Autour de", help_text="")
    within = forms.ChoiceField(label="Distance", choices=REACHES, required=False)
    sector = forms.ChoiceField(label="Secteur des structures", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sectors = Sector.objects.filter(is_active=True).values_list("code", "label")
        self.fields["sector"].choices = [("", "tous"), *sectors]


class SendOfferForm(Form):
    """The partners that were ticked, and the words of the e-mail."""

    partners = forms.MultipleChoiceField(
        label="Partenaires",
        required=True,
        error_messages={"required": "Cochez au moins un partenaire."},
    )
    subject = forms.CharField(label="Objet", max_length=200)
    body = forms.CharField(label="Message", max_length=8_000, widget=forms.Textarea(attrs={"rows": 16}))

    def __init__(self, *args: Any, partners: Sequence[Partner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partners"].choices = [(row.key, row.name) for row in partners if row.email]


class CloseOfferForm(Form):
    """How an offer ends."""

    state = forms.ChoiceField(
        label="L’offre est",
        choices=[
            (OfferState.FILLED, OfferState.FILLED.label),
            (OfferState.CLOSED, OfferState.CLOSED.label),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si l’offre est pourvue."},
    )
    on = DateFormField(label="Le", error_messages={"required": "Indiquez le jour."})
    note = forms.CharField(
        label="Suite donnée",
        max_length=300,
        required=False,
        help_text="par exemple\u202f: deux embauches en CDDI",
    )
    settle = forms.BooleanField(
        label="Classer les candidatures encore en cours",
        required=False,
        initial=True,
        help_text="elles sont notées non retenues\u202f: poste pourvu, ou recrutement abandonné",
    )
