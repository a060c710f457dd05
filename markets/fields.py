"""Form fields that find a commune or a company by what people type: its name or its number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.text import normalise
from markets.models import Commune, Company

# Beyond this, a page would carry more names than anyone reads: a name or a number is typed.
SUGGESTED_MAX = 500


class SuggestInput(forms.TextInput):
    """A text input with the browser's own suggestions; works without JavaScript."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions: Iterable[str] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        suggestions = list(self.suggestions)
        list_id = f"{(attrs or {}).get('id') or name}_suggestions"
        shown = super().render(
            name, value, {**(attrs or {}), "list": list_id} if suggestions else attrs, renderer
        )
        if not suggestions:
            return shown
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', shown, list_id, options)


def commune_label(commune: Commune) -> str:
    """« Bron (69) », as `CommuneFormField` reads it back."""
    return f"{commune.label} ({commune.department_code})" if commune.department_code else commune.label


class CommuneFormField(forms.CharField):
    """A commune by its name, « Bron », « Bron (69) », or its INSEE code, « 69029 »."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Commune")
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "Son nom ou son code INSEE : Bron, ou 69029.")
        kwargs.setdefault("max_length", 120)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Commune):
            return commune_label(value)
        if isinstance(value, str) and re.fullmatch(r"\d[\dAB]\d{3}(-\d{4})?", value):
            found = Commune.objects.filter(pk=value).first()
            return commune_label(found) if found else value
        return value

    def clean(self, value: Any) -> Commune | None:
        text = super().clean(value)
        if not text:
            return None
        asked = re.fullmatch(r"(.*?)\s*\((\w{2,3})\)", text)
        name, department = (asked[1], asked[2]) if asked else (text, "")
        is_code = re.fullmatch(r"\d[\dAB]\d{3}(-\d{4})?", text.strip())
        by_code = Commune.objects.filter(pk=text.strip()).first() if is_code else None
        if by_code:
            return by_code
        wanted = normalise(name)
        rows = Commune.objects.filter(is_active=True)
        if department:
            rows = rows.filter(department_code=department)
        pks = [pk for pk, label in rows.values_list("pk", "label") if normalise(label) == wanted]
        found = list(Commune.objects.filter(pk__in=pks).order_by("valid_to", "pk"))
        # A name may be both today's commune and one that ended: today's is meant.
        today = [row for row in found if row.valid_to is None]
        if len(today or found) == 1:
            return (today or found)[0]
        if not found:
            raise ValidationError(
                f"« {text} » n’est pas une commune connue. Vérifiez l’orthographe ou donnez le code INSEE."
            )
        raise ValidationError(
            "Plusieurs communes portent ce nom : précisez "
            + " ou ".join(f"« {commune_label(row)} »" for row in (today or found)[:4])
            + "."
        )


class CompanyFormField(forms.CharField):
    """A company that the user may see, by its name or its identifier (SIRET with or without spaces)."""

    widget = SuggestInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Entreprise")
        kwargs.setdefault("help_text", "Son nom ou son SIRET. Elle doit déjà avoir sa fiche.")
        kwargs.setdefault("max_length", 300)
        super().__init__(**kwargs)
        self.queryset = Company.objects.none()

    def scope(self, user: Any) -> None:
        """Companies come from what `user` may see; the field suggests them while they are few."""
        self.queryset = Company.objects.visible_to(user)
        self.widget.suggestions = _Names(self.queryset)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Company):
            return value.name
        if isinstance(value, int):
            found = self.queryset.filter(pk=value).first()
            return found.name if found else ""
        return value

    def clean(self, value: Any) -> Company | None:
        if self.disabled and isinstance(value, int):
            # A field that cannot be changed hands back what the row holds.
            return self.queryset.filter(pk=value).first()
        text = super().clean(value)
        if not text:
            return None
        number = re.sub(r"[\s\u00a0\u202f.\-]", "", text).upper()
        found = list(self.queryset.filter(identifier=number)[:2]) if number else []
        if not found:
            found = list(self.queryset.filter(name__iexact=text.strip())[:2])
        if not found:
            wanted = normalise(text)
            near = self.queryset.matching(text)[:200]
            found = [row for row in near if wanted in (normalise(row.name), normalise(row.short_name))]
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError("Plusieurs entreprises portent ce nom : donnez le SIRET.")
        raise ValidationError(
            f"« {text} » n’a pas de fiche. Vérifiez le nom ou le SIRET, ou ajoutez d’abord l’entreprise."
        )


class _Names:
    """The names of a queryset, read only when the form is shown."""

    def __init__(self, queryset: Any) -> None:
        self.queryset = queryset

    def __iter__(self) -> Any:
        return iter(self.queryset.order_by("name").values_list("name", flat=True)[:SUGGESTED_MAX])
