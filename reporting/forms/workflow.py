"""Forms of the life of a bilan: who writes, who reviews, what goes back, what is sent, said and answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from core.forms import DateFormField, Form
from core.recipients import RecipientsForm
from reporting.enums import CommentOutcome, CommentSide
from reporting.models import Bilan, BilanComment
from reporting.referents import Referent
from reporting.services.comments import TEXT_MAX
from reporting.services.deliveries import RECIPIENTS_MAX
from reporting.services.sent_drafts import COMMENT_DAYS
from reporting.services.workflow import default_reviewer

WORDS_ABOUT_PEOPLE = "Jamais le nom ni la situation d’une personne."


def _colleagues(rows: Any) -> Any:
    return rows.house_staff().filter(is_active=True)


class WriterForm(Form):
    """Who writes the bilan."""

    writer = forms.ModelChoiceField(
        User.objects.none(), label="Rédigé par", required=False, empty_label="personne encore"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("writer", User, _colleagues)


class SubmitForm(Form):
    """Who reads it before the buyer does."""

    reviewer = forms.ModelChoiceField(
        User.objects.none(),
        label="Relu par",
        help_text="Cette personne le trouve parmi ce qui l’attend.",
        empty_label="choisir",
    )

    def __init__(self, *args: Any, bilan: Bilan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("reviewer", User, _colleagues)
        self.fields["reviewer"].initial = default_reviewer(bilan, self.user)


class SendBackForm(Form):
    """What is to be taken up again."""

    reason = forms.CharField(
        label="Ce qui est à reprendre",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=WORDS_ABOUT_PEOPLE,
    )


class SendForm(Form):
    """Until when the buyer may comment, and a word that goes with the projet."""

    comments_until = DateFormField(
        label="Observations jusqu’au", help_text="Par exemple 3/2/26. Un rappel part trois jours avant."
    )
    word = forms.CharField(
        label="Mot d’accompagnement",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="en tête du message et de la page du projet",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comments_until"].initial = timezone.localdate() + dt.timedelta(days=COMMENT_DAYS)


class CommentForm(Form):
    """A remark on one chapter, or on the whole document."""

    text = forms.CharField(
        label="Votre observation",
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=WORDS_ABOUT_PEOPLE,
    )

    def __init__(self, *args: Any, title: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if title:
            # The house notes what it was told, or reads again: the remark is not always its own.
            said = "Votre observation" if self.user.is_buyer else "Observation"
            self.fields["text"].label = f"{said} sur «\u202f{title}\u202f»"


class AnswerForm(Form):
    """What was done of a remark."""

    outcome = forms.ChoiceField(
        label="Suite donnée", choices=CommentOutcome.choices, widget=forms.RadioSelect
    )
    answer = forms.CharField(
        label="Réponse",
        required=False,
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, comment: BilanComment, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"outcome": comment.outcome, "answer": comment.answer})
        super().__init__(*args, **kwargs)
        reader = "le donneur d’ordre" if comment.side == CommentSide.BUYER else "la personne qui relit"
        self.fields[
            "answer"
        ].help_text = f"Une phrase que {reader} lira ; elle se passe d’être écrite quand l’observation est prise en compte."


class DeliveryForm(RecipientsForm):
    """To whom a published bilan is handed over."""

    recipients_max, parcel = RECIPIENTS_MAX, "Un bilan"

    def __init__(self, *args: Any, referents: list[Referent], had: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proposed = [(row.email, row.label) for row in referents if row.email]
        emails = [email for email, _ in proposed]
        self.offer_addresses([*proposed, *((email, email) for email in had if email not in emails)])
        if "recipients" in self.fields:
            # Who had it already is not written to again without a gesture.
            self.fields["recipients"].initial = [email for email in emails if email not in had]
        else:
            self.fields[
                "others"
            ].help_text = (
                "Adresses électroniques séparées par des virgules\u202f: aucun compte ni référent n’en a."
            )
