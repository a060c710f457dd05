"""The two registers of personal data: where words stand, and what is given to the person; nothing escapes either."""

from __future__ import annotations

import pytest
from django.apps import apps

from beneficiaries.person_data import NOT_GIVEN, relations, told_relations
from beneficiaries.personal_data import FILES, ROOMS, WORDS, model_of, texts_of
from core.files import _may_open
from core.models import ReferenceRow


def our_models() -> list[type]:
    """Every model of the rooms, histories left out: they are what their model is."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in ROOMS and not hasattr(model, "instance_type")
    ]


def test_every_text_of_every_model_says_whether_it_may_hold_words_about_a_person() -> None:
    undeclared = []
    for model in our_models():
        texts = set(texts_of(model))
        label = model._meta.label
        declared = WORDS[label].declared() if label in WORDS else set()
        undeclared += [f"{label}.{name}" for name in sorted(texts - declared)]
    assert undeclared == [], "say it in beneficiaries/personal_data.py"


def test_nothing_is_declared_in_vain() -> None:
    known = {model._meta.label: model for model in our_models()}
    assert sorted(WORDS.keys() - known.keys()) == []
    for label, words in WORDS.items():
        fields = {field.name for field in known[label]._meta.concrete_fields}
        assert sorted(words.declared() - fields) == [], label
        assert not issubclass(known[label], ReferenceRow), label


@pytest.mark.parametrize("label", sorted(label for label, words in WORDS.items() if words.person))
def test_what_is_about_a_person_leads_to_them_in_its_history_too(label: str) -> None:
    model, words = model_of(label), WORDS[label]
    history = getattr(model, "history", None)
    for path in words.person:
        str(model._base_manager.filter(**{f"{path}__in": [1]}).query)
        if history is not None:
            str(history.filter(**{f"{path}__in": [1]}).query)


def test_every_kind_of_file_says_whose_words_it_may_hold() -> None:
    assert sorted(_may_open.keys() - FILES.keys()) == [], "say it in beneficiaries/personal_data.py"
    assert sorted(FILES.keys() - _may_open.keys()) == []


def test_every_relation_to_a_person_is_given_to_them_or_says_why_not() -> None:
    found = set(relations())
    assert sorted(found - told_relations() - NOT_GIVEN.keys()) == [], "say it in beneficiaries/person_data.py"
    assert sorted(NOT_GIVEN.keys() - found) == []
    direct = {name for name in told_relations() if "__" not in name and not name.endswith("person_number")}
    assert sorted(direct - found) == []
