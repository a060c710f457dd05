"""A field for one row among very many: typed words or a chosen suggestion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model
from django.urls import reverse_lazy

from beneficiaries.lookups import LOOKUPS
from markets.fields import CompanyFormField


class LookupField(forms.CharField):
    """Reads « Maçonnerie » or « Maçonnerie [F1703] » as the row; `static/js/lookup.js` fills the suggestions.

    The form gives it its user: `bind_fields(form)`.
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        self.kind, self.lookup = kind, LOOKUPS[kind]
        self.user: Any = None
        kwargs.setdefault("max_length", 400)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "autocomplete": "off",
            "data-lookup": reverse_lazy("lookup", args=[self.kind]),
        }

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Model):
            return value
        text = super().to_python(value)
        if not text:
            return None
        try:
            return self.lookup.read(self.user, text)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from None

    def run_validators(self, value: Any) -> None:
        """The row itself was found among those that the user may choose."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Model):
            return self.lookup.write(value)
        if value in (None, "") or self.user is None:
            return value
        if isinstance(value, int) or (isinstance(value, str) and "[" not in value and len(value) <= 20):
            row = self.lookup.rows(self.user).filter(pk=value).first() if _is_key(self, value) else None
            return self.lookup.write(row) if row is not None else value
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


def _is_key(field: LookupField, value: Any) -> bool:
    model = field.lookup.rows(field.user).model
    return isinstance(value, int) or model._meta.pk.get_internal_type() == "CharField"


def bind_fields(form: forms.BaseForm) -> None:
    """Give the form's user to its lookup fields: they find only what that person may see."""
    user = form.user  # type: ignore[attr-defined]
    for field in form.fields.values():
        if isinstance(field, LookupField):
            field.user = user
        elif isinstance(field, CompanyFormField):
            field.scope(user)
