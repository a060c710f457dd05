"""Candidates: put forward, met, presented, hired, not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from beneficiaries import recruitment_lookups  # noqa: F401  fills LOOKUPS
from beneficiaries.enums import RejectionReason
from beneficiaries.forms.fields import LookupField, bind_fields
from beneficiaries.models import Application, Placement
from core import formats
from core.forms import DateFormField, Form
from core.recipients import RecipientsForm

ABOUT_MAX, NOTE_MAX = 1_500, 2_000


class AddCandidateForm(Form):
    """Someone of the directory, put forward for an offer."""

    person = LookupField(
        "person",
        label="Personne",
        help_text="le nom et le prénom, dans n’importe quel ordre",
        error_messages={"required": "Indiquez la personne."},
    )
    note = forms.CharField(
        label="Remarques", required=False, max_length=NOTE_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


class ChooseOfferForm(Form):
    """An offer for someone, from their file."""

    offer = LookupField(
        "offer",
        label="Offre",
        help_text="un mot de l’intitulé, ou l’entreprise",
        error_messages={"required": "Indiquez l’offre."},
    )
    note = forms.CharField(
        label="Remarques", required=False, max_length=NOTE_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)


class MeetForm(Form):
    """When a candidate was met, and what came out of it."""

    on = DateFormField(label="Rencontrée le", error_messages={"required": "Indiquez le jour."})
    note = forms.CharField(
        label="Remarques",
        required=False,
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="lues par la maison seulement",
    )


class PresentForm(RecipientsForm):
    """To whom candidates are presented, and what is said of each."""

    recipients_max, parcel = 10, "Une présentation"

    intro = forms.CharField(label="Message", max_length=4_000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(
        self,
        *args: Any,
        applications: Sequence[Application],
        addresses: Sequence[tuple[str, str]],
        not_validated: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.applications = applications
        self.offer_addresses([(email, f"{name} ({email})") for email, name in addresses])
        if addresses:
            self.fields["recipients"].initial = [addresses[0][0]]
        for row in applications:
            self.fields[f"about_{row.pk}"] = forms.CharField(
                label=f"Ce que l’entreprise doit savoir de {row}",
                required=False,
                max_length=ABOUT_MAX,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text="compétences, disponibilité, mobilité\u202f; jamais le motif d’éligibilité",
            )
        self.fields["with_contacts"] = forms.BooleanField(
            label="Donner leur téléphone et leur adresse électronique",
            required=False,
            help_text="avec leur accord",
        )
        if not_validated:
            self.fields["know"] = forms.BooleanField(
                label="Je présente ces personnes en sachant que la validation doit précéder l’embauche",
                error_messages={
                    "required": "Cochez cette case pour présenter quelqu’un qui n’est pas validé."
                },
            )

    @property
    def about(self) -> dict[int, str]:
        return {row.pk: self.cleaned_data[f"about_{row.pk}"] for row in self.applications}


class HireForm(Form):
    """When the company took someone on."""

    on = DateFormField(label="Décidée le", error_messages={"required": "Indiquez le jour."})


class LinkContractForm(Form):
    """The contract that a hire became, among those of the person."""

    placement = forms.ModelChoiceField(
        label="Contrat",
        queryset=Placement.objects.none(),
        empty_label=None,
        error_messages={"required": "Choisissez le contrat."},
    )

    def __init__(self, *args: Any, placements: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["placement"].queryset = placements
        self.fields["placement"].label_from_instance = lambda row: (
            f"{row}, depuis le {formats.day(row.starts_on)}"
        )


class RejectForm(Form):
    """Why a candidate is not kept."""

    reason = forms.ChoiceField(
        label="Motif",
        choices=[("", "à choisir"), *RejectionReason.choices],
        error_messages={"required": "Dites pourquoi la personne n’est pas retenue."},
    )
    on = DateFormField(label="Le", error_messages={"required": "Indiquez le jour."})
    note = forms.CharField(
        label="Précisions", required=False, max_length=NOTE_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )


class MatchForm(Form):
    """Another file than those that are likely."""

    person = LookupField(
        "person",
        label="Une autre fiche",
        help_text="le nom et le prénom, dans n’importe quel ordre",
        error_messages={"required": "Indiquez la personne."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_fields(self)
