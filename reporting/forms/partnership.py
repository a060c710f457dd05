"""Forms of the partnership: the note of a year, its improvement actions."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import DateFormField, Form
from core.uploads import HELP
from markets.models import Buyer
from reporting.enums import ActionOwner, ActionState
from reporting.models import ImprovementAction, PartnershipNote
from reporting.services.partnership import fingerprint


class NoteForm(Form):
    """The yearly meeting: when, who, what was said."""

    meeting_on = DateFormField(label="Réunion annuelle tenue le", required=False)
    participants = forms.CharField(
        label="Participant·es",
        required=False,
        max_length=500,
        help_text="noms et fonctions des personnes présentes pour le donneur d’ordre et la maison",
    )
    minutes = forms.CharField(
        label="Compte rendu",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text="ce qui a été dit et décidé ; jamais le nom ni la situation d’une personne en insertion",
    )
    upload = forms.FileField(label="Pièce jointe", required=False, help_text=HELP)
    without_document = forms.BooleanField(label="Retirer la pièce jointe", required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, note: PartnershipNote | None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"seen": fingerprint(note)}
        if note is not None:
            initial |= {
                "meeting_on": note.meeting_on,
                "participants": note.participants,
                "minutes": note.minutes,
            }
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        if note is None or note.document_id is None:
            del self.fields["without_document"]


class ActionForm(Form):
    """What will be improved, by whom, for when; then where it stands."""

    title = forms.CharField(label="Axe d’amélioration", max_length=300)
    owner = forms.ChoiceField(label="Porté par", choices=ActionOwner.choices, initial=ActionOwner.BOTH)
    due_on = DateFormField(label="Pour le", required=False)
    state = forms.ChoiceField(label="État", choices=ActionState.choices, initial=ActionState.TO_DO)
    progress = forms.CharField(
        label="Où en est-on",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="paraît dans le bilan ; jamais le nom ni la situation d’une personne",
    )

    def __init__(self, *args: Any, action: ImprovementAction | None = None, **kwargs: Any) -> None:
        if action is not None:
            names = ("title", "owner", "due_on", "state", "progress")
            kwargs.setdefault("initial", {name: getattr(action, name) for name in names})
        super().__init__(*args, **kwargs)


class ChooseNoteForm(Form):
    """Of which buyer and year a note is written."""

    buyer = forms.ModelChoiceField(Buyer.objects.none(), label="Donneur d’ordre")
    year = forms.IntegerField(label="Année", min_value=1990, max_value=2100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
