"""A select box written without templates is the one that Django would write."""

from __future__ import annotations

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from core.rendering import FormRenderer

CHOICES = [
    ("", "tous"),
    ("a<b>", "L’Haÿ & fils <b>"),
    ("Groupe « 1 »", [("1", "un"), (2, "deux"), (None, "rien")]),
]


@pytest.mark.parametrize("value", ["", "a<b>", 2, "2", None, "absent"])
@pytest.mark.parametrize("widget_class", [forms.Select, forms.SelectMultiple, forms.NullBooleanSelect])
@pytest.mark.parametrize(
    "attrs", [{}, {"id": "id_x", "required": True, "disabled": False, "data-x": 'quo"te'}]
)
def test_a_select_box_is_the_one_that_django_writes(widget_class, value, attrs):
    widget = widget_class(choices=CHOICES) if widget_class is not forms.NullBooleanSelect else widget_class()
    given = [value] if widget_class is forms.SelectMultiple else value
    ours = widget.render("x", given, attrs, renderer=FormRenderer())
    theirs = widget.render("x", given, attrs, renderer=DjangoTemplates())
    assert parse_html(ours) == parse_html(theirs)
