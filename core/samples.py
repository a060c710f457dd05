"""Invented content for the catalogue page of components: every part once, in its states."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from core import charts, formats, tables
from core.templatetags.maillon import STATES

LONG_NAME = (
    "Groupement momentané d’entreprises solidaires pour la réhabilitation thermique et acoustique des bâtiments "
    "scolaires, périscolaires et administratifs du secteur nord, représenté par son mandataire la Société générale "
    "d’exemple et de démonstration, avec ses cotraitants et leurs sous-traitants agréés par le donneur d’ordre"
)


MARKETS = [
    (
        "Réhabilitation du groupe scolaire",
        dt.date(2025, 3, 12),
        1850,
        Decimal("1204.5"),
        Decimal("0.651"),
        "en bonne voie",
    ),
    (
        "Entretien des espaces verts, lot 2",
        dt.date(2024, 11, 4),
        620,
        Decimal(180),
        Decimal("0.29"),
        "à surveiller",
    ),
    (LONG_NAME, dt.date(2025, 1, 20), 213_036, Decimal(0), Decimal(0), "en retard"),
    ("Nettoyage des locaux", None, 0, Decimal("35.25"), None, "sans objet"),
]
YEARS = [
    (2021, Decimal(29_100)),
    (2022, Decimal(31_400)),
    (2023, None),
    (2024, Decimal(36_700)),
    (2025, Decimal(33_000)),
]
AGES = [
    ("Moins de 26 ans", 9_240),
    ("26 à 39 ans", 12_870),
    ("40 à 49 ans", 6_600),
    ("50 ans et plus", 4_290),
]
ENTRIES = [
    {
        "at": dt.datetime(2026, 3, 12, 9, 5),
        "who": "Camille Exemple",
        "what": "modification",
        "changes": [{"label": "fin prévue", "old": "30/09/2026", "new": "30/11/2026"}],
    },
    {"at": dt.datetime(2025, 3, 12, 16, 40), "who": "Camille Exemple", "what": "création", "changes": []},
]


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Objet du marché", max_length=200)
    family = forms.ChoiceField(
        label="Famille d’achat",
        choices=[("works", "travaux"), ("services", "services"), ("supplies", "fournitures")],
    )
    hours = forms.DecimalField(label="Heures à réaliser", help_text="12,5 ou 12h30.", min_value=Decimal(0))
    starts = forms.CharField(label="Ordre de service", required=False, help_text="Par exemple 3/2/26.")
    kinds = forms.MultipleChoiceField(
        label="Heures qui comptent",
        choices=[("work", "travail"), ("training", "formation"), ("tutoring", "tutorat")],
        widget=forms.CheckboxSelectMultiple,
    )
    reserved = forms.ChoiceField(
        label="Marché réservé",
        choices=[("no", "non"), ("yes", "oui")],
        widget=forms.RadioSelect,
        initial="no",
    )
    comment = forms.CharField(label="Commentaire", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    notify = forms.BooleanField(label="Prévenir le donneur d’ordre", required=False)


class SampleTable(tables.Table):
    """Columns of every kind, with a total."""

    name = tables.TextColumn(verbose_name="Marché")
    notified = tables.DayColumn(verbose_name="Notifié le")
    due = tables.HoursColumn(verbose_name="Engagées", total=True)
    done = tables.HoursColumn(verbose_name="Comptées", total=True)
    share = tables.RateColumn(verbose_name="Réalisé")
    state = tables.StateColumn(verbose_name="État", accessor="state")

    class Meta:
        orderable = True


def components_context() -> dict[str, Any]:
    """What `core/components.html` shows."""
    modalities = [
        charts.Row("Embauche directe", Decimal(13_530), "41\u202f%", main=True),
        charts.Row("Mise à disposition, ETTI", Decimal(8_910), "27\u202f%"),
        charts.Row(LONG_NAME, Decimal(5_940), "18\u202f%"),
        charts.Row("Sous-traitance SIAE", Decimal(0), "0\u202f%"),
        charts.Row("Formation", None),
    ]
    years = [charts.Row(str(year), hours) for year, hours in YEARS]
    ages = [charts.Row(label, Decimal(hours)) for label, hours in AGES]
    return {
        "title": "Composants",
        "states": list(STATES),
        "table": _table("-done"),
        "form": SampleForm(),
        "form_refused": SampleForm({"hours": "beaucoup", "family": "works"}, prefix="refus"),
        "facts": [
            ("Donneur d’ordre", "Ville fictive"),
            ("SIRET", formats.siret("13000354400033")),
            ("Fin prévue", formats.day(dt.date(2026, 11, 30))),
            ("Réception", None),
        ],
        "entries": ENTRIES,
        "charts": [
            _chart(charts.bars_horizontal, "Heures par modalité en 2025", modalities),
            _chart(charts.columns_by_year, "Heures réalisées, par année", years),
            _chart(charts.line_by_year, "Heures réalisées au fil des années", years),
            _chart(charts.stacked_share, "Heures par âge à l’entrée", ages),
        ],
        "tab_list": [
            ("Synthèse", "#synthese"),
            ("Engagements", "#engagements", 3),
            ("Heures", "#heures"),
            ("Journal", "#journal"),
        ],
    }


def _table(ordering: str) -> SampleTable:
    names = ("name", "notified", "due", "done", "share", "state")
    rows = [dict(zip(names, row, strict=True)) for row in MARKETS]
    table = SampleTable(rows, order_by=ordering)
    table.totals = {
        name: sum((Decimal(str(row[name])) for row in rows), Decimal(0)) for name in ("due", "done")
    }
    return table


def _chart(draw: Any, title: str, rows: list[charts.Row]) -> dict[str, Any]:
    beside = [(row.label, formats.hours(row.value)) for row in rows]
    return {"title": title, "svg": draw(rows, title=title, on_screen=True), "rows": beside}
