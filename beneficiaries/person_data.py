"""What the house gives to a person who asks for their data (article 15 of the RGPD): sections, and what is left out and why.

Each relation of a model to a person is decided here; a test walks the relations and fails for one without a decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Manager, Model

from accounts.models import AccessRecord
from beneficiaries.models import Beneficiary
from beneficiaries.timeline import timeline_of
from core import formats


@dataclass(frozen=True)
class Section:
    """Rows of one model about the person: what they are called, which fields are told, in which order."""

    title: str
    model: str
    person: str
    fields: tuple[str, ...]
    order: tuple[str, ...] = ("pk",)
    labels: dict[str, str] = field(default_factory=dict)
    # Short rows stand in a table; the others each in a block of their own.
    is_table: bool = False


@dataclass(frozen=True)
class Told:
    """A section as it is given: titles of the columns, and the values of each row."""

    title: str
    columns: list[str]
    rows: list[list[Any]]
    is_table: bool = False


MARKET, EMPLOYER = "commitment__market__reference", "placement__employer"

SECTIONS = (
    Section(
        "Décisions d’éligibilité",
        "beneficiaries.EligibilityReview",
        "beneficiary",
        (
            "decided_on",
            "decision",
            "route",
            "decided_by",
            "valid_until",
            "refusal_reason",
            "note",
            "correction_reason",
            "entry_age",
            "entry_gender",
            "entry_commune",
            "entry_qpv",
            "entry_education",
            "entry_unemployment",
            "entry_prescriber",
            "principal",
        ),
        ("decided_on", "pk"),
    ),
    Section(
        "Critères tenus, justificatifs vus",
        "beneficiaries.HeldCriterion",
        "review__beneficiary",
        ("review__decided_on", "criterion", "proof_date", "proof_label"),
        ("review__decided_on", "pk"),
        {"review__decided_on": "décision du"},
        is_table=True,
    ),
    Section(
        "Périodes d’éligibilité",
        "beneficiaries.EligibilityPeriod",
        "beneficiary",
        ("starts_on", "ends_on"),
        ("starts_on", "pk"),
        is_table=True,
    ),
    Section(
        "Justificatifs déposés",
        "beneficiaries.ProofFile",
        "beneficiary",
        ("criterion", "dated", "stored__name", "added_at", "erased_on"),
        labels={"stored__name": "fichier"},
        is_table=True,
    ),
    Section(
        "Justificatifs demandés",
        "beneficiaries.ProofRequest",
        "beneficiary",
        ("asked_on", "email", "message", "due_on", "answered_on", "closed_on"),
    ),
    Section(
        "Contrats et étapes",
        "beneficiaries.Placement",
        "beneficiary",
        (
            "nature",
            "employer",
            "contract_type",
            "modality",
            "starts_on",
            "ends_on",
            "weekly_hours",
            "occupation",
            "end_reason",
        ),
        ("starts_on", "pk"),
    ),
    Section(
        "Immersions (PMSMP)",
        "beneficiaries.ImmersionAgreement",
        "placement__beneficiary",
        ("placement__starts_on", "purpose", "prescribed_by", "amendment_on"),
        labels={"placement__starts_on": "début"},
        is_table=True,
    ),
    Section(
        "Formations",
        "beneficiaries.TrainingCourse",
        "placement__beneficiary",
        ("placement__starts_on", "title", "provider", "qualification_aimed", "qualification", "obtained_on"),
        labels={"placement__starts_on": "début"},
        is_table=True,
    ),
    Section(
        "Affectations",
        "beneficiaries.Assignment",
        "placement__beneficiary",
        (MARKET, EMPLOYER, "user_company", "starts_on", "ends_on", "positioned_on"),
        ("starts_on", "pk"),
        {MARKET: "marché", EMPLOYER: "employeur", "positioned_on": "positionnement"},
        is_table=True,
    ),
    Section(
        "Relevés d’heures",
        "beneficiaries.HoursEntry",
        "assignment__placement__beneficiary",
        (
            "month",
            "market__reference",
            "kind",
            "hours",
            "state",
            "counted_hours",
            "counting_detail",
            "correction_reason",
        ),
        ("month", "pk"),
        {"market__reference": "marché", "counting_detail": "explication"},
        is_table=True,
    ),
    Section(
        "Notes de suivi",
        "beneficiaries.FollowUp",
        "beneficiary",
        ("happened_on", "kind", "author", "text"),
        ("happened_on", "pk"),
    ),
    Section(
        "Candidatures",
        "beneficiaries.Application",
        "beneficiary",
        (
            "offer__title",
            "recipient__prescriber",
            "recipient__company",
            "message",
            "state",
            "proposed_on",
            "met_on",
            "presented_on",
            "decided_on",
            "rejection",
            "note",
        ),
        ("proposed_on", "pk"),
        {
            "offer__title": "offre",
            "recipient__prescriber": "proposée par",
            "recipient__company": "proposée par la structure",
        },
    ),
    Section(
        "Retours au référent",
        "beneficiaries.ReferrerFeedback",
        "beneficiary",
        ("written_at", "moment", "written_by", "email", "progress", "obstacles", "next_steps"),
        ("written_at", "pk"),
    ),
    Section(
        "Actions collectives",
        "beneficiaries.Attendance",
        "beneficiary",
        ("action__held_on", "action__title", "came"),
        ("action__held_on", "pk"),
        {"action__held_on": "le", "action__title": "action"},
        is_table=True,
    ),
    Section(
        "Situation après le parcours",
        "beneficiaries.Outcome",
        "beneficiary",
        (
            "milestone",
            "exit_on",
            "situation",
            "hired_by_awardee",
            "employer",
            "note",
            "source",
            "recorded_on",
        ),
        ("exit_on", "pk"),
    ),
    Section(
        "Portraits de parcours dans un bilan",
        "reporting.PathPortrait",
        "beneficiary",
        ("bilan__year", "bilan__buyer", "bilan__market__reference", "text", "consent_on", "withdrawn_on"),
        labels={"bilan__year": "bilan de l’année", "bilan__market__reference": "bilan du marché"},
    ),
    Section(
        "Fiches réunies avec celle-ci",
        "beneficiaries.PersonMerge",
        "kept",
        ("merged_at", "reason", "former"),
    ),
    Section(
        "Lignes de fichiers importés",
        "beneficiaries.ImportLine",
        "beneficiary",
        ("data_import__created_at", "number", "cells", "sentence"),
        labels={"data_import__created_at": "reçue le"},
    ),
    Section(
        "Messages",
        "core.Message",
        "person_number",
        ("created_at", "recipients", "subject", "body"),
        ("created_at", "pk"),
    ),
    Section(
        "Échéances",
        "markets.Task",
        "person_number",
        ("title", "details", "since", "due_on", "done_on", "outcome"),
        ("since", "pk"),
    ),
)

# Relations to a person that no section tells, and why.
NOT_GIVEN = {
    "beneficiaries.NameVariant.beneficiary": "made from the name, for typing errors",
    "beneficiaries.Beneficiary.merged_into": "the files made one are given by « Fiches réunies »",
    "beneficiaries.PersonMerge.merged": "told from the file that was kept",
    "beneficiaries.SeparatePeople.first": "about two people: the other one’s name is not this one’s to know",
    "beneficiaries.SeparatePeople.second": "about two people: the other one’s name is not this one’s to know",
}

IDENTITY = (
    "last_name",
    "first_name",
    "birth_name",
    "birth_date",
    "gender",
    "address",
    "commune",
    "qpv",
    "education",
    "email",
    "phone",
    "prescriber",
    "referrer",
    "informed_on",
    "created_at",
)


def relations() -> Iterator[str]:
    """« app.Model.field » of every relation to a person, histories left out: they repeat their rows."""
    for one in Beneficiary._meta.get_fields(include_hidden=True):
        if one.auto_created and not one.concrete and not hasattr(one.related_model, "instance_type"):
            yield f"{one.related_model._meta.label}.{one.field.name}"  # type: ignore[union-attr]


def told_relations() -> set[str]:
    """Those that a section tells."""
    return {f"{section.model}.{section.person}" for section in SECTIONS}


# --- Reading ------------------------------------------------------------------------------------------------


def data_of(person: Beneficiary) -> dict[str, Any]:
    """Everything that the house holds about one person: identity, then section after section; one query for each."""
    files = [
        person.pk,
        *Beneficiary.objects.filter(merged_into=person).order_by("pk").values_list("pk", flat=True),
    ]
    sections = [tell(section, files) for section in SECTIONS]
    return {
        "identity": [(label_of(person, name), value_at(person, name)) for name in IDENTITY],
        "sections": [*(section for section in sections if section.rows), _history(person), _accesses(files)],
        "empty": [section.title.lower() for section in sections if not section.rows],
    }


def tell(section: Section, files: list[int]) -> Told:
    """The rows of one section about these files."""
    model = apps.get_model(section.model)
    rows = model._default_manager.filter(**{f"{section.person}__in": files})
    rows = rows.select_related(*_related(model, section.fields)).order_by(*section.order)
    columns = [_capital(section.labels.get(name) or label_of(model, name)) for name in section.fields]
    return Told(
        section.title,
        columns,
        [[value_at(row, name) for name in section.fields] for row in rows],
        section.is_table,
    )


def _related(model: Any, names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        *parents, last = name.split("__")
        owner, path = model, list[str]()
        for part in parents:
            owner, path = owner._meta.get_field(part).related_model, [*path, part]
        if owner._meta.get_field(last).is_relation:
            path.append(last)
        if path:
            found.append("__".join(path))
    return found


def label_of(model: Any, name: str) -> str:
    """The words of a field, the last of a look-up."""
    *parents, last = name.split("__")
    for part in parents:
        model = model._meta.get_field(part).related_model
    return str(model._meta.get_field(last).verbose_name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def value_at(row: Any, name: str) -> Any:
    """The value of a look-up as people read it: the label of a choice, the words of a related row."""
    *parents, last = name.split("__")
    for part in parents:
        row = getattr(row, part)
        if row is None:
            return None
    if last == "former":
        return _told_former(row.former)
    shown = getattr(row, f"get_{last}_display", None)
    value = shown() if shown else getattr(row, last)
    if isinstance(value, Manager):
        return [str(one) for one in value.all()]
    return str(value) if isinstance(value, Model) else value


def _told_former(former: dict[str, Any]) -> dict[str, Any]:
    """What the file that was made one with this one held, by the words of its fields."""
    held = former.get("fiche", former)
    return {
        label_of(Beneficiary, name): held[name]
        for name in IDENTITY
        if name in held and held[name] not in ("", None)
    }


def _history(person: Beneficiary) -> Told:
    rows = [
        [
            entry.at,
            entry.who,
            entry.what,
            "\u202f; ".join(
                f"{change.label}\u202f: {change.old or '–'} → {change.new or '–'}" for change in entry.changes
            ),
        ]
        for entry in timeline_of(person)
    ]
    return Told("Historique de la fiche", ["Le", "Par", "Action", "Ce qui a changé"], rows, is_table=True)


def accesses_of(files: list[int]) -> Any:
    """Who read what is sensitive of these files, the last first."""
    subjects = [f"person {pk}" for pk in files]
    return AccessRecord.objects.filter(subject__in=subjects).select_related("user").order_by("-at", "-pk")


def _accesses(files: list[int]) -> Told:
    rows = [
        [record.at, str(record.user) if record.user else "compte supprimé", record.get_kind_display()]
        for record in accesses_of(files)
    ]
    return Told("Qui a consulté vos données sensibles", ["Le", "Qui", "Quoi"], rows, is_table=True)


# --- Writing ------------------------------------------------------------------------------------------------


def as_json(data: dict[str, Any]) -> dict[str, Any]:
    """The same for a machine: values as they are, columns by their words."""
    return {
        "personne": {_capital(label): value for label, value in data["identity"]},
        "sections": [
            {
                "titre": section.title,
                "lignes": [dict(zip(section.columns, row, strict=True)) for row in section.rows],
            }
            for section in data["sections"]
        ],
        "rien": data["empty"],
    }


def written(value: Any) -> str:
    """A value on paper."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, dt.datetime):
        return formats.moment(value)
    if isinstance(value, dt.date):
        return formats.day(value)
    if isinstance(value, Decimal):
        return formats.number(value)
    if isinstance(value, dict):
        return "\u202f; ".join(
            f"{key}\u202f: {written(item)}" for key, item in value.items() if written(item)
        )
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(written, value)))
    return str(value)


def as_paper(data: dict[str, Any]) -> dict[str, Any]:
    """The same for the page: everything in words, blocks without their empty values."""
    sections = []
    for section in data["sections"]:
        rows = [[written(value) for value in row] for row in section.rows]
        blocks = [
            [(label, text) for label, text in zip(section.columns, row, strict=True) if text] for row in rows
        ]
        sections.append(
            {
                "title": section.title,
                "columns": section.columns,
                "rows": rows,
                "blocks": blocks,
                "is_table": section.is_table,
            }
        )
    identity = [(_capital(label), written(value)) for label, value in data["identity"] if written(value)]
    return {"identity": identity, "sections": sections, "empty": data["empty"]}
