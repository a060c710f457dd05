"""Form fields that read what people type: hours with comma or `12h30`, days and months in several writings, SIRET."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db import models
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret

from core import formats
from core.text import normalise

CENT = Decimal("0.01")
HOURS_MAX = Decimal("9999999.99")
AMOUNT_MAX = Decimal("9999999999999.99")
# A month and a day far outside the trade are slips of the keyboard.
YEAR_MIN, YEAR_MAX = 1900, 2100

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+")
_CLOCK = re.compile(r"(\d+)\s*(?:h|:)\s*(\d{1,2})?", re.I)
_DAY = re.compile(r"(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{2}|\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_MONTH_NUMBERS = {normalise(name): index for index, name in enumerate(formats.MONTHS, start=1)} | {
    "janv": 1,
    "jan": 1,
    "fevr": 2,
    "fev": 2,
    "avr": 4,
    "juil": 7,
    "sept": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}


# --- Reading what was typed ---------------------------------------------------------------------------------


def parse_hours(text: str) -> Decimal | None:
    """« 12,5 », « 12.5 », « 12h30 » → 12.50 hours; empty → None. Raises ValueError with the sentence to show."""
    typed = _SPACES.sub("", text or "")
    if not typed:
        return None
    clock = _CLOCK.fullmatch(typed)
    if clock:
        minutes = int(clock[2] or 0)
        if minutes > 59:
            raise ValueError(
                f"« {text.strip()} » : une heure compte 60 minutes. Écrivez par exemple 12h30 ou 12,5."
            )
        hours = Decimal(clock[1]) + (Decimal(minutes) / 60).quantize(CENT)
    else:
        bare = typed[:-1] if typed[-1:] in "hH" else typed
        if not _NUMBER.fullmatch(bare):
            raise ValueError(
                f"« {_shown(text)} » n’est pas un nombre d’heures. Écrivez par exemple 12,5 ou 12h30."
            )
        hours = Decimal(bare.replace(",", "."))
    if hours < 0:
        raise ValueError("Un nombre d’heures ne peut pas être négatif.")
    if hours > HOURS_MAX:
        raise ValueError(f"« {_shown(text)} » dépasse tout nombre d’heures possible. Vérifiez la saisie.")
    if hours != hours.quantize(CENT):
        raise ValueError(f"« {_shown(text)} » a plus de deux décimales. Arrondissez au centième d’heure.")
    return hours.quantize(CENT)


def parse_amount(text: str) -> Decimal | None:
    """« 14 700,50 € » → 14700.50; empty → None. Raises ValueError with the sentence to show."""
    typed = _SPACES.sub("", text or "").removesuffix("€").removesuffix("HT").removesuffix("€")
    if not typed:
        return None
    if typed.count(",") == 1 and "." in typed.split(",")[0]:
        typed = typed.replace(".", "")
    if not _NUMBER.fullmatch(typed):
        raise ValueError(f"« {_shown(text)} » n’est pas un montant. Écrivez par exemple 14 700 ou 14 700,50.")
    try:
        value = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"« {_shown(text)} » n’est pas un montant.") from None
    if abs(value) > AMOUNT_MAX:
        raise ValueError(f"« {_shown(text)} » dépasse tout montant possible. Vérifiez la saisie.")
    if value != value.quantize(CENT):
        raise ValueError(f"« {_shown(text)} » a plus de deux décimales. Arrondissez au centime.")
    return value.quantize(CENT)


def parse_day(text: str) -> dt.date | None:
    """« 3/2/26 », « 03/02/2026 », « 3 février 2026 », « 2026-02-03 » → that day; empty → None."""
    typed = " ".join((text or "").split())
    if not typed:
        return None
    iso, short = _ISO_DAY.fullmatch(typed), _DAY.fullmatch(typed)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif short:
        day, month, year = (int(part) for part in short.groups())
        if len(short[3]) == 2:
            year = _full_year(year)
    else:
        words = normalise(typed).replace("1er ", "1 ").split()
        if len(words) != 3 or not (words[0].isdigit() and words[1] in _MONTH_NUMBERS and words[2].isdigit()):
            raise ValueError(f"« {_shown(text)} » n’est pas une date. Écrivez par exemple 03/02/2026.")
        day, month, year = int(words[0]), _MONTH_NUMBERS[words[1]], int(words[2])
        if len(words[2]) == 2:
            year = _full_year(year)
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"« {_shown(text)} » n’existe pas au calendrier.") from None
    return _plausible(found, text)


def parse_month(text: str) -> dt.date | None:
    """« 03/2026 », « mars 2026 », « 2026-03 », or any day of it → the first day; empty → None."""
    typed = " ".join((text or "").split())
    if not typed:
        return None
    numbers = re.fullmatch(r"(\d{1,2})[/.\-\s](\d{4}|\d{2})", typed)
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})", typed)
    words = normalise(typed).split()
    if iso:
        year, month = int(iso[1]), int(iso[2])
    elif numbers:
        month, year = int(numbers[1]), int(numbers[2])
        year = _full_year(year) if len(numbers[2]) == 2 else year
    elif len(words) == 2 and words[0] in _MONTH_NUMBERS and words[1].isdigit():
        month, year = _MONTH_NUMBERS[words[0]], int(words[1])
        year = _full_year(year) if len(words[1]) == 2 else year
    else:
        try:
            day = parse_day(typed)
        except ValueError:
            raise ValueError(f"« {_shown(text)} » n’est pas un mois. Écrivez par exemple 03/2026.") from None
        return day.replace(day=1) if day else None
    try:
        return _plausible(dt.date(year, month, 1), text)
    except ValueError as error:
        if "calendrier" in str(error) or "année" in str(error):
            raise
        raise ValueError(f"« {_shown(text)} » n’est pas un mois. Écrivez par exemple 03/2026.") from None


def clean_siret(text: str) -> str:
    """A SIRET's 14 digits, spaces removed, La Poste's exception accepted; empty → "". Raises ValueError."""
    digits = re.sub(r"[\s\u00a0\u202f\u2009.\-]", "", text or "")
    if not digits:
        return ""
    return _checked(digits, text, 14, "SIRET", stdnum_siret)


def clean_siren(text: str) -> str:
    """A SIREN's 9 digits, spaces removed; empty → "". Raises ValueError with the sentence to show."""
    digits = re.sub(r"[\s\u00a0\u202f\u2009.\-]", "", text or "")
    if not digits:
        return ""
    return _checked(digits, text, 9, "SIREN", stdnum_siren)


def _checked(digits: str, text: str, length: int, name: str, rule: Any) -> str:
    if not digits.isascii() or not digits.isdigit() or len(digits) != length:
        raise ValueError(f"« {_shown(text)} » : un {name} compte {length} chiffres.")
    try:
        return rule.validate(digits)
    except InvalidChecksum:
        raise ValueError(
            f"« {_shown(text)} » : la clé de ce {name} est fausse. Vérifiez les chiffres."
        ) from None
    except StdnumError:
        raise ValueError(f"« {_shown(text)} » n’est pas un {name}.") from None


def _full_year(two_digits: int) -> int:
    return 2000 + two_digits if two_digits < 70 else 1900 + two_digits


def _plausible(day: dt.date, text: str) -> dt.date:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError(f"« {_shown(text)} » : vérifiez l’année.")
    return day


def _shown(text: str) -> str:
    return formats.short(text, 40)


# --- Fields -------------------------------------------------------------------------------------------------


class _TypedField(forms.CharField):
    """A text field that reads its value with one of the functions above and shows it back as people write it."""

    read: Callable[[str], Any]
    inputmode = "text"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        for name in ("max_digits", "decimal_places"):
            kwargs.pop(name, None)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": self.inputmode, "autocomplete": "off"}

    def to_python(self, value: Any) -> Any:
        text = super().to_python(
            value if isinstance(value, str) or value is None else self.prepare_value(value)
        )
        try:
            return type(self).read(text or "")
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from None

    def run_validators(self, value: Any) -> None:
        """The length was that of what was typed; the value itself was checked when it was read."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        if self.disabled:
            return False
        try:
            return self.to_python(data) != (None if initial in ("", None) else self.to_python(initial))
        except forms.ValidationError:
            return True


class HoursFormField(_TypedField):
    """Hours: `12,5`, `12.5`, `12h30`."""

    read = staticmethod(parse_hours)
    inputmode = "decimal"

    def prepare_value(self, value: Any) -> Any:
        return _typed_number(value)


class AmountFormField(_TypedField):
    """Euros: `14 700`, `14 700,50 €`."""

    read = staticmethod(parse_amount)
    inputmode = "decimal"

    def prepare_value(self, value: Any) -> Any:
        return _typed_number(value)


class DateFormField(_TypedField):
    """A day: `3/2/26`, `03/02/2026`, `3 février 2026`, `2026-02-03`."""

    read = staticmethod(parse_day)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%d/%m/%Y}" if isinstance(value, dt.date) else value


class MonthFormField(_TypedField):
    """A month: `03/2026`, `mars 2026`, `2026-03`."""

    read = staticmethod(parse_month)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%m/%Y}" if isinstance(value, dt.date) else value


class SiretFormField(_TypedField):
    """A SIRET, with or without spaces."""

    read = staticmethod(clean_siret)
    inputmode = "numeric"
    empty_value = ""


def _typed_number(value: Any) -> Any:
    """A number as it is typed: no thousands, decimal comma, no useless zeros."""
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        text = format(Decimal(str(value)), "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text.replace(".", ",")
    return value


# --- Forms --------------------------------------------------------------------------------------------------


class UserFormMixin:
    """A form that knows who fills it, so that its choices show only what that person may see."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def scope_field(
        self, name: str, model: type[models.Model], narrow: Callable[[Any], Any] | None = None
    ) -> None:
        """The rows of `model` that the user may see become the choices of the field."""
        rows = model.objects.visible_to(self.user)  # type: ignore[attr-defined]
        self.fields[name].queryset = narrow(rows) if narrow else rows  # type: ignore[attr-defined]

    def add_domain_error(self, error: Any) -> None:
        """Show a DomainError beside its field, or on top."""
        field = error.field if error.field in self.fields else None  # type: ignore[attr-defined]
        self.add_error(field, error.sentence)  # type: ignore[attr-defined]


class Form(UserFormMixin, forms.Form):
    """Base of the forms that are not a model's."""


def typed_field_for(db_field: models.Field, **kwargs: Any) -> forms.Field | None:
    """The form field of a model field: the trade's own where there is one."""
    from core.fields import AmountField, HoursField, MonthField

    own = {HoursField: HoursFormField, AmountField: AmountFormField, MonthField: MonthFormField}
    for kind, form_class in own.items():
        if isinstance(db_field, kind):
            kwargs.setdefault("form_class", form_class)
    if isinstance(db_field, models.DateField) and not isinstance(db_field, models.DateTimeField):
        kwargs.setdefault("form_class", DateFormField)
    return db_field.formfield(**kwargs)


class _ModelFormMetaclass(forms.models.ModelFormMetaclass):
    """Gives every model form the trade's fields unless its Meta says otherwise."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        meta = attrs.get("Meta")
        if meta is not None and getattr(meta, "formfield_callback", None) is None:
            meta.formfield_callback = staticmethod(typed_field_for)
        return super().__new__(mcs, name, bases, attrs)


class ModelForm(UserFormMixin, forms.ModelForm, metaclass=_ModelFormMetaclass):
    """Base of the models' forms: hours, amounts, days and months are read as people write them."""
