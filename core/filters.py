"""The base of every list's filters: a search by words, and choices that show only what one may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django import forms
from django.db import models
from django.db.models import QuerySet


def scoped(model: type[models.Model], narrow: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """The queryset of a choice filter: `ModelChoiceFilter(queryset=scoped(Buyer))`."""

    def queryset(request: Any) -> Any:
        rows = model.objects.visible_to(request.user)  # type: ignore[attr-defined]
        return narrow(rows) if narrow else rows

    return queryset


class SearchFilter(django_filters.CharFilter):
    """Words in any order, whatever their accents, case or hyphens."""

    def filter(self, qs: Any, value: str) -> Any:
        return qs.matching(value) if value else qs


class FilterSet(django_filters.FilterSet):
    """Filters of a list; `q` comes by itself where the model can be searched."""

    filters: Any
    search_label = "Rechercher"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "q" not in self.filters and hasattr(self.queryset, "matching"):
            search = SearchFilter(
                label=self.search_label,
                widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
            )
            search.parent, search.field_name, search.model = self, "q", self.queryset.model
            self.filters = type(self.filters)([("q", search), *self.filters.items()])

    @property
    def active(self) -> int:
        """How many filters narrow the list."""
        if not self.is_bound or not self.form.is_valid():
            return 0
        return sum(_is_given(value) for value in self.form.cleaned_data.values())


def _is_given(value: Any) -> bool:
    if isinstance(value, slice):
        return value.start is not None or value.stop is not None
    if isinstance(value, QuerySet | list | tuple | str):
        return len(value) > 0
    # A box that is not ticked narrows nothing.
    return value is not None and value is not False
