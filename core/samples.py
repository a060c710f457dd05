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


def _table(rows: list[dict[str, Any]], ordering: str = "") -> SampleTable:
    table = SampleTable(rows, order_by=ordering)
    table.totals = {name: sum((row[name] for row in rows), Decimal(0)) for name in ("due", "done")}
    return table


def components_context() -> dict[str, Any]:
    """What `core/components.html` shows."""
    rows = [
        {"name": "Réhabilitation du groupe scolaire", "notified": dt.date(2025, 3, 12), "due": Decimal(1850),
         "done": Decimal("1204.5"), "share": Decimal("0.651"), "state": "en bonne voie"},
        {"name": "Entretien des espaces verts, lot 2", "notified": dt.date(2024, 11, 4), "due": Decimal(620),
         "done": Decimal(180), "share": Decimal("0.29"), "state": "à surveiller"},
        {"name": LONG_NAME, "notified": dt.date(2025, 1, 20), "due": Decimal(213_036), "done": Decimal(0),
         "share": Decimal(0), "state": "en retard"},
        {"name": "Nettoyage des locaux", "notified": None, "due": Decimal(0), "done": Decimal("35.25"),
         "share": None, "state": "sans objet"},
    ]  # fmt: skip
    bars = [
        charts.Row("Embauche directe", Decimal(13_530), "41\u202f%", main=True),
        charts.Row("Mise à disposition, ETTI", Decimal(8_910), "27\u202f%"),
        charts.Row(LONG_NAME, Decimal(5_940), "18\u202f%"),
        charts.Row("Sous-traitance SIAE", Decimal(0), "0\u202f%"),
        charts.Row("Formation", None),
    ]
    years = [("2021", 29_100), ("2022", 31_400), ("2023", None), ("2024", 36_700), ("2025", 33_000)]
    shares = [
        ("Moins de 26 ans", 9_240),
        ("26 à 39 ans", 12_870),
        ("40 à 49 ans", 6_600),
        ("50 ans et plus", 4_290),
    ]
    return {
        "title": "Composants",
        "states": list(STATES),
        "table": _table(rows, "-done"),
        "form": SampleForm(),
        "form_refused": SampleForm({"hours": "beaucoup", "family": "works"}, prefix="refus"),
        "facts": [
            ("Donneur d’ordre", "Ville fictive"),
            ("SIRET", formats.siret("13000354400033")),
            ("Fin prévue", formats.day(dt.date(2026, 11, 30))),
            ("Réception", None),
        ],
        "entries": [
            {"at": dt.datetime(2026, 3, 12, 9, 5), "who": "Camille Exemple", "what": "modification",
             "changes": [{"label": "fin prévue", "old": "30/09/2026", "new": "30/11/2026"}]},
            {"at": dt.datetime(2025, 3, 12, 16, 40), "who": "Camille Exemple", "what": "création", "changes": []},
        ],
        "charts": [
            {"title": "Heures par modalité en 2025", "svg": charts.bars_horizontal(bars, title="Heures par modalité en 2025"),
             "rows": [(row.label, formats.hours(row.value)) for row in bars]},
            {"title": "Heures réalisées, par année", "svg": charts.columns_by_year(years, title="Heures réalisées, par année"),
             "rows": [(label, formats.hours(value)) for label, value in years]},
            {"title": "Heures par âge à l’entrée", "svg": charts.stacked_share(shares, title="Heures par âge à l’entrée"),
             "rows": [(label, formats.hours(value)) for label, value in shares]},
        ],
        "tab_list": [("Synthèse", "#synthese"), ("Engagements", "#engagements", 3), ("Heures", "#heures"), ("Journal", "#journal")],
    }  # fmt: skip
