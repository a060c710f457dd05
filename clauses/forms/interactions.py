"""Forms of the journal, the meetings and the tasks."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clauses.agendas import MEETINGS
from clauses.enums import MEETING_CHANNELS, Channel
from clauses.models import Interaction
from clauses.names import names_cited
from core.formats import PARIS
from core.forms import DateFormField, Form
from markets.enums import TaskKind, Turn
from markets.forms.files import DATE_HELP, RowForm
from markets.models import Company, Contact, Market, Task

NEVER_A_PERSON = (
    "Ce qui a été dit et décidé avec l’entreprise ou sur le marché, jamais le nom ni la situation "
    "d’une personne en insertion."
)
_CLOCK = re.compile(r"(\d{1,2})\s*(?:h|:)\s*(\d{2})?|(\d{1,2})", re.I)
CHOSEN_MAX = 200


def parse_clock(text: str) -> dt.time | None:
    """« 14h30 », « 14:30 », « 9h », « 9 » → that time; empty → None. Raises ValueError with the sentence to show."""
    typed = " ".join((text or "").split())
    if not typed:
        return None
    found = _CLOCK.fullmatch(typed)
    hour, minute = (int(found[1] or found[3]), int(found[2] or 0)) if found else (99, 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"« {typed[:20]} » n’est pas une heure. Écrivez par exemple 14h30.")
    return dt.time(hour, minute)


class ClockFormField(forms.CharField):
    """A time of the day: `14h30`, `9h`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H}h{value:%M}" if isinstance(value, dt.time) else value

    def clean(self, value: Any) -> dt.time | None:  # type: ignore[override]
        try:
            return parse_clock(super().clean(value))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class UploadInput(forms.ClearableFileInput):
    template_name = "django/forms/widgets/file.html"


def colleagues(user: Any) -> Any:
    """Those of the house who can be given something to do."""
    return User.objects.visible_to(user).house_staff().filter(is_active=True)


def companies_of(market: Market, user: Any) -> Any:
    """The companies that hold a lot of a market."""
    return (
        Company.objects.visible_to(user).filter(awards__lot__market=market).distinct().order_by("name", "pk")
    )


class NamesMixin:
    """Keeps the names of the people in insertion out of what is written about a file."""

    names_fields: tuple[str, ...] = ()
    names_place = "le journal"

    def check_names(self, market: Market | None, company: Company | None) -> None:
        """Refuse a name once; a box lets a namesake through."""
        cleaned = self.cleaned_data  # type: ignore[attr-defined]
        cited = {
            field: names_cited(str(cleaned.get(field) or ""), market=market, company=company)
            for field in self.names_fields
        }
        if not any(cited.values()):
            return
        box = forms.BooleanField(
            label="C’est un homonyme, pas une personne en insertion", required=False, initial=False
        )
        self.fields["homonym"] = box  # type: ignore[attr-defined]
        if self.data.get(self.add_prefix("homonym")):  # type: ignore[attr-defined]
            return
        for field, names in cited.items():
            if names:
                self.add_error(  # type: ignore[attr-defined]
                    field,
                    f"« {names[0]} » est une personne suivie sur ce dossier : {self.names_place} ne parle jamais d’une "
                    "personne. Retirez le nom, ou cochez la case sous le formulaire s’il s’agit d’un homonyme.",
                )


class InteractionForm(NamesMixin, RowForm):
    """A contact that took place; on a new one also what follows and what it ends."""

    names_fields = ("summary", "next_what")
    upload = forms.FileField(
        label="Pièce jointe",
        required=False,
        widget=UploadInput,
        help_text="PDF, image, Word, tableur ou ODT, 20 Mo au plus.",
    )
    without_document = forms.BooleanField(label="Retirer la pièce jointe", required=False)
    next_what = forms.CharField(
        label="Quoi",
        required=False,
        max_length=200,
        help_text="Par exemple : envoyer les deux candidatures reçues. Laissez vide s’il n’y a rien à faire.",
    )
    next_turn = forms.ChoiceField(
        label="À qui d’agir", choices=Turn.choices, required=False, initial=Turn.HOUSE
    )
    next_due = DateFormField(label="Avant le", required=False, help_text=DATE_HELP)
    finished = forms.ModelMultipleChoiceField(
        label="Cet échange clôt",
        queryset=Task.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Interaction
        fields = ("on", "channel", "reached", "market", "company", "participants", "summary")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row, user = self.instance, self.user
        is_new = row.pk is None
        self.fields["summary"].help_text = NEVER_A_PERSON
        self.fields["summary"].widget.attrs.update(rows=6, autofocus=is_new)
        self.fields["participants"].help_text = "Noms et qualités des interlocuteurs."
        if kind != "company":
            del self.fields["market"]
        else:
            markets = Market.objects.visible_to(user).filter(lots__awards__company=row.company_id)
            self._choices("market", markets.distinct(), "-notified_on")
            self.fields["market"].label_from_instance = lambda market: market.reference  # type: ignore[attr-defined]
        if kind != "market":
            del self.fields["company"]
        else:
            # Whoever was written down once stays a choice, even after the lot changed hands.
            found = Company.objects.visible_to(user).filter(
                Q(awards__lot__market=row.market_id) | Q(pk=row.company_id)
            )
            self._choices("company", found.distinct(), "name")
        if is_new:
            del self.fields["without_document"]
            # A meeting is closed by its own report.
            tasks = (
                Task.objects.visible_to(user)
                .open()
                .filter(**{kind: getattr(row, f"{kind}_id")})
                .exclude(kind=TaskKind.MEETING)
            )
            self.fields["finished"].empty_label = None  # type: ignore[attr-defined]
            self.fields["finished"].queryset = tasks  # type: ignore[attr-defined]
            self.fields["finished"].label_from_instance = _task_label  # type: ignore[attr-defined]
            if not tasks[:1]:
                del self.fields["finished"]
        else:
            for name in ("next_what", "next_turn", "next_due", "finished"):
                del self.fields[name]
            if not row.document_id:
                del self.fields["without_document"]

    def _choices(self, name: str, rows: Any, order: str) -> None:
        self.fields[name].queryset = rows.order_by(order, "pk")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        row = self.instance
        self.check_names(cleaned.get("market") or row.market, cleaned.get("company") or row.company)
        if cleaned.get("next_due") and not cleaned.get("next_what"):
            self.add_error("next_what", "Dites ce qu’il y a à faire avant cette date, ou retirez la date.")
        due = cleaned.get("next_due")
        if due and due < timezone.localdate():
            self.add_error("next_due", "Choisissez un jour à venir.")
        needs_company = cleaned.get("next_what") and cleaned.get("next_turn") == Turn.COMPANY
        if needs_company and "company" in self.fields and not cleaned.get("company"):
            self.add_error("company", "Dites quelle entreprise doit agir.")
        return cleaned


def _task_label(task: Task) -> str:
    return task.title + (f", avant le {task.due_on:%d/%m/%Y}" if task.due_on else "")


class MeetingForm(NamesMixin, Form):
    """When, where, with whom, and what about."""

    names_fields = ("details", "participants")
    day = DateFormField(label="Jour", help_text=DATE_HELP)
    clock = ClockFormField(label="Heure", help_text="Par exemple 14h30.")
    duration = forms.IntegerField(
        label="Durée en minutes", min_value=5, max_value=600, initial=60, widget=forms.TextInput
    )
    place = forms.CharField(
        label="Lieu",
        required=False,
        max_length=200,
        help_text="Une adresse, une salle ou un lien de visioconférence.",
    )
    company = forms.ModelChoiceField(
        label="Entreprise",
        queryset=Company.objects.none(),
        required=False,
        empty_label="Toutes les entreprises du marché",
    )
    with_buyer = forms.BooleanField(label="Le donneur d’ordre y est convié", required=False)
    with_company = forms.BooleanField(label="L’entreprise y est conviée", required=False)
    participants = forms.CharField(
        label="Participants",
        required=False,
        max_length=300,
        help_text="Noms et qualités, si vous les connaissez.",
    )
    details = forms.CharField(
        label="Ordre du jour",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text="Lu par les invités ; une proposition est faite selon la réunion, à adapter.",
    )

    def __init__(self, *args: Any, kind: str, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.row = kind, row
        if kind == "market":
            self.fields["company"].queryset = companies_of(row, self.user)  # type: ignore[attr-defined]
        else:
            del self.fields["company"]
            # A company's own meeting is with it, a buyer's with it: no box to tick.
            del self.fields["with_buyer"], self.fields["with_company"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company = cleaned.get("company") or (self.row if self.kind == "company" else None)
        self.check_names(self.row if self.kind == "market" else None, company)
        day, clock = cleaned.get("day"), cleaned.get("clock")
        if day and clock is not None:
            cleaned["starts_at"] = dt.datetime.combine(day, clock, tzinfo=PARIS)
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the services take."""
        given = dict(self.cleaned_data)
        for name in ("day", "clock", "homonym"):
            given.pop(name, None)
        if self.kind == "company":
            given |= {"with_buyer": False, "with_company": True}
        elif self.kind == "buyer":
            given |= {"with_buyer": True, "with_company": False}
        if given.get("company") and not given["with_company"]:
            given["company"] = None
        return given


def meeting_initial(channel: str, duration: int = 60) -> dict[str, Any]:
    """What a new meeting of that kind starts from."""
    kind = MEETINGS[channel]
    return {
        "duration": duration,
        "with_buyer": kind.with_buyer,
        "with_company": kind.with_company,
        "details": kind.agenda,
    }


def meeting_values(meeting: Task) -> dict[str, Any]:
    """What the form of a planned meeting shows."""
    starts = meeting.starts_at.astimezone(PARIS) if meeting.starts_at else None
    return {
        "day": starts.date() if starts else meeting.due_on,
        "clock": starts.time() if starts else None,
        "duration": meeting.duration,
        "place": meeting.place,
        "company": meeting.company_id,
        "with_buyer": meeting.with_buyer,
        "with_company": meeting.with_company,
        "participants": meeting.participants,
        "details": meeting.details
        or (MEETINGS[meeting.channel].agenda if meeting.channel in MEETINGS else ""),
    }


class InvitationForm(Form):
    """To whom the invitation goes: contacts on file, colleagues, other addresses."""

    contacts = forms.MultipleChoiceField(
        label="Contacts du dossier", required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="Autres adresses",
        required=False,
        max_length=2000,
        help_text="Séparées par des virgules ou des espaces.",
    )

    def __init__(self, *args: Any, meeting: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (contact.email.lower(), f"{contact.name} ({owner}), {contact.email}")
            for contact, owner in contacts_for(meeting, self.user)
        ]
        self.fields["contacts"].choices = list(dict(choices).items())  # type: ignore[attr-defined]
        if not choices:
            del self.fields["contacts"]

    def clean_others(self) -> list[str]:
        found = []
        for address in re.split(r"[\s,;]+", self.cleaned_data["others"]):
            if not address:
                continue
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"« {address[:60]} » n’est pas une adresse électronique.") from None
            found.append(address)
        return found

    @property
    def addresses(self) -> list[str]:
        return [*self.cleaned_data.get("contacts", []), *self.cleaned_data["others"]]


def contacts_for(meeting: Task, user: Any) -> list[tuple[Contact, str]]:
    """Today's contacts with an address, of the buyer and of the companies that the meeting gathers."""
    today = timezone.localdate()
    buyer = meeting.buyer_id or (meeting.market.buyer_id if meeting.market and meeting.with_buyer else None)
    wanted = Q(buyer=buyer) if buyer else Q(pk__in=[])
    if meeting.company_id:
        wanted |= Q(company=meeting.company_id)
    elif meeting.market and meeting.with_company:
        wanted |= Q(company__in=companies_of(meeting.market, user).order_by().values("pk"))
    rows = (
        Contact.objects.visible_to(user)
        .filter(wanted)
        .exclude(email="")
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("buyer", "company")
        .order_by("buyer", "company", "name", "pk")
    )
    return [(row, str(row.buyer or row.company)) for row in rows[:CHOSEN_MAX]]


class CancelForm(Form):
    reason = forms.CharField(label="Motif", required=False, max_length=200, help_text="Lu par les invités.")


class TaskForm(NamesMixin, Form):
    """Something to do, by whom and until when."""

    names_fields = ("title", "details")
    title = forms.CharField(label="Quoi", max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))
    turn = forms.ChoiceField(label="À qui d’agir", choices=Turn.choices, initial=Turn.HOUSE)
    due_on = DateFormField(label="Avant le", required=False, help_text=DATE_HELP)
    assignee = forms.ModelChoiceField(
        label="Confié à",
        queryset=User.objects.none(),
        required=False,
        empty_label="La personne qui suit le dossier",
    )
    details = forms.CharField(label="Précisions", required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, kind: str, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.row = kind, row
        self.fields["assignee"].queryset = colleagues(self.user)  # type: ignore[attr-defined]
        company: Any = forms.ModelChoiceField(
            label="Entreprise", queryset=Company.objects.none(), required=False, empty_label="–"
        )
        if kind == "market":
            company.queryset = companies_of(row, self.user)
            company.help_text = (
                "À préciser quand c’est à une entreprise d’agir : elle le verra sur son accueil."
            )
            self.fields["company"] = company
            self.order_fields(["title", "turn", "company", "due_on", "assignee", "details"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company = cleaned.get("company") or (self.row if self.kind == "company" else None)
        self.check_names(self.row if self.kind == "market" else None, company)
        due = cleaned.get("due_on")
        if due and due < timezone.localdate():
            self.add_error("due_on", "Choisissez un jour à venir.")
        if self.kind == "market" and cleaned.get("turn") == Turn.COMPANY and not cleaned.get("company"):
            self.add_error("company", "Dites quelle entreprise doit agir.")
        return cleaned


class DoneForm(Form):
    outcome = forms.CharField(label="Suite donnée", required=False, max_length=300)


class PostponeForm(Form):
    due_on = DateFormField(label="Nouvelle échéance", help_text=DATE_HELP)
    reason = forms.CharField(label="Motif", max_length=100)


class AssignForm(Form):
    to = forms.ModelChoiceField(
        label="Confier à",
        queryset=User.objects.none(),
        required=False,
        empty_label="La personne qui suit le dossier",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues(self.user)  # type: ignore[attr-defined]


class ChannelForm(forms.Form):
    """The filter of a journal."""

    moyen = forms.ChoiceField(
        label="Moyen", required=False, choices=[("", "Tous"), *Channel.choices], widget=forms.Select
    )


MEETING_CHOICES = [(channel.value, MEETINGS[channel].title) for channel in MEETING_CHANNELS]
