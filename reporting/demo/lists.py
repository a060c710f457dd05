"""What the generator knows of the world: reference files, names, and the words of the trade."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings


class Place(NamedTuple):
    """A commune or an arrondissement where people live."""

    code: str
    name: str
    population: int
    qpvs: tuple[str, ...]


class Criterion(NamedTuple):
    """A ground of eligibility, as far as drawing one needs it."""

    code: str
    proof: str
    proof_max_age_months: int | None
    automatic: bool


@dataclass(frozen=True)
class Lists:
    """Reference lists and names, read from the project's own files."""

    metropole: tuple[Place, ...]  # where people of the Métropole live (Lyon by arrondissements)
    metropole_communes: tuple[Place, ...]  # who can buy (Lyon as a whole)
    region_communes: tuple[Place, ...]
    criteria: dict[str, Criterion]
    women: tuple[str, ...]
    men: tuple[str, ...]
    last_names: tuple[str, ...]

    def place(self, code: str) -> Place:
        return next(place for place in self.metropole_communes if place.code == code)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def read_lists() -> Lists:
    reference, names = settings.REFERENCE_DIR, settings.DEMO_DATA_DIR
    qpvs: dict[str, list[str]] = {}
    for row in _rows(reference / "qpv.csv"):
        for code in row["commune_codes"].split(";"):
            qpvs.setdefault(code, []).append(row["code"])

    def places(file: str) -> list[tuple[dict[str, str], Place]]:
        return [
            (
                row,
                Place(
                    row["code"],
                    row["name"],
                    int(row["population"] or 0),
                    tuple(qpvs.get(row["parent_code"] or row["code"], ())),
                ),
            )
            for row in _rows(reference / file)
            if not row["valid_to"]
        ]

    metropole = places("communes.csv")
    region = [place for _, place in places("communes_aura.csv")]
    first_names = _rows(names / "first_names.csv")
    return Lists(
        metropole=tuple(place for _, place in metropole if place.code != "69123"),
        metropole_communes=tuple(place for row, place in metropole if row["kind"] == "commune"),
        region_communes=tuple(sorted(region, key=lambda place: (-place.population, place.code))),
        criteria={
            row["code"]: Criterion(
                row["code"],
                row["proof"][:250],
                int(row["proof_max_age_months"]) if row["proof_max_age_months"] else None,
                row["route"] == "automatic",
            )
            for row in _rows(reference / "eligibility_criteria.csv")
        },
        women=tuple(row["name"] for row in first_names if row["gender"] == "F"),
        men=tuple(row["name"] for row in first_names if row["gender"] == "M"),
        last_names=tuple(row["name"] for row in _rows(names / "last_names.csv")),
    )


# Oullins before it became Oullins-Pierre-Bénite: a residence of that time stays what it was.
OULLINS = "69149"
OULLINS_BEFORE = "69149-2023"

FICTITIOUS = "Démonstration : les marchés, les personnes et les chiffres sont inventés."

# Purchase: (object, CPV) by family. {} takes the name of a place that does not exist.
OBJECTS: dict[str, tuple[tuple[str, str], ...]] = {
    "works": (
        ("Réhabilitation thermique du groupe scolaire {}", "45214200"),
        ("Construction du gymnase {}", "45212200"),
        ("Rénovation de 48 logements, résidence {}", "45211340"),
        ("Réfection des couvertures et étanchéité, site {}", "45261000"),
        ("Aménagement des espaces publics du quartier {}", "45233260"),
        ("Peintures et sols souples, résidence {}", "45442100"),
        ("Extension de la crèche {}", "45214100"),
        ("Mise en accessibilité des bâtiments, secteur {}", "45454000"),
        ("Voirie et réseaux divers, secteur {}", "45233140"),
        ("Désamiantage et déconstruction, îlot {}", "45111000"),
    ),
    "services": (
        ("Nettoyage des locaux, secteur {}", "90911200"),
        ("Entretien des espaces verts, secteur {}", "77310000"),
        ("Propreté urbaine, quartier {}", "90610000"),
        ("Restauration collective, site {}", "55524000"),
        ("Collecte et tri des encombrants, secteur {}", "90511000"),
        ("Gardiennage et surveillance, site {}", "79714000"),
        ("Déménagements et manutention, site {}", "98392000"),
        ("Blanchisserie des tenues, site {}", "98310000"),
    ),
    "supplies": (
        ("Mobilier scolaire de réemploi, lot {}", "39160000"),
        ("Paniers de fruits et légumes locaux, site {}", "03221000"),
        ("Vêtements de travail, site {}", "18110000"),
    ),
    "intellectual": (
        ("Maîtrise d’œuvre de la réhabilitation du site {}", "71221000"),
        ("Conception et animation de concertations, quartier {}", "79416000"),
    ),
}
SITES = (
    "Les Tilleuls",
    "Les Charmilles",
    "La Sablière",
    "Le Grand Clos",
    "Les Coquelicots",
    "Bellerive",
    "La Roseraie",
    "Les Platanes",
    "Le Vieux Puits",
    "Clair-Vallon",
    "La Magnanerie",
    "Les Quatre Vents",
    "Beaumarchais-Nord",
    "La Draisienne",
    "Les Tanneurs",
    "Montgriffon",
    "Le Bief",
    "Les Canuts d’en Haut",
    "La Tuilerie",
    "Val-d’Ozette",
)
LOTS = {
    "works": (
        "Gros œuvre",
        "Menuiseries",
        "Plâtrerie, peinture",
        "Électricité",
        "Plomberie, chauffage",
        "Couverture, étanchéité",
        "Espaces extérieurs",
    ),
    "services": ("Secteur nord", "Secteur sud", "Vitrerie", "Sites isolés", "Prestations ponctuelles"),
    "supplies": ("Fournitures courantes", "Fournitures spécifiques"),
    "intellectual": ("Conception", "Suivi"),
}
OCCUPATIONS = {
    "works": ("F1703", "F1606", "F1602", "F1603", "F1613", "F1610", "F1704", "F1702"),
    "services": ("K2204", "A1203", "K2303", "G1603", "K2304", "N1105"),
    "supplies": ("H3302", "N1103", "N4105"),
    "intellectual": ("M1607",),
}
SECTORS = {
    "works": (
        "Maçonnerie",
        "Peinture",
        "Étanchéité",
        "Électricité",
        "Menuiserie",
        "Travaux publics",
        "Plomberie",
        "Façades",
    ),
    "services": ("Propreté", "Espaces verts", "Restauration", "Collecte", "Logistique"),
}
COMPANY_STEMS = (
    "Chavanne",
    "Perrachon",
    "Mornant-Vial",
    "Sérézin",
    "Brosselin",
    "Tardivel",
    "Coudert",
    "Roanneau",
    "Fontvieille",
    "Gerbaud",
    "Malavert",
    "Ozanon",
    "Pelussain",
    "Rivoiret",
    "Trébuchon",
    "Vaugnerey",
)
INSERTION_STEMS = (
    "Passerelle",
    "Tremplin du Rhône",
    "Envol",
    "Coup de main",
    "Ricochet",
    "L’Escale",
    "Rebond",
    "Déclic",
    "Nouvel élan",
    "Le Relais des Gones",
    "Trait d’union",
    "Atout Métiers",
)
LANDLORD_STEMS = (
    "Deux Fleuves",
    "Monts et Rives",
    "Confluent",
    "Grand Rocher",
    "Trois Collines",
    "Presqu’île Sud",
)
FIRST_PRESCRIBERS = (
    ("France Travail, agence des Deux Fleuves", "france_travail"),
    ("Mission locale des Deux Fleuves", "local_mission"),
    ("Cap emploi des Deux Fleuves", "cap_emploi"),
    ("PLIE des Deux Fleuves", "plie"),
    ("Maison du territoire des Deux Fleuves", "metropole"),
    ("CCAS des Deux Fleuves", "ccas"),
    ("SPIP, antenne des Deux Fleuves", "spip"),
    ("Association Seconde Rive", "association"),
    ("Passerelle Intérim", "siae"),
    ("Sans prescripteur connu", "other"),
)
LONG_WORDS = (
    "pour la réhabilitation thermique et acoustique des bâtiments scolaires, périscolaires et administratifs du "
    "secteur nord, y compris désamiantage, mise en accessibilité, réfection des réseaux et des espaces extérieurs"
)
