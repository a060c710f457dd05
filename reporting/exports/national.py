"""The yearly consolidation that the national network gathers: one flat file, one line for each value of a dimension.

Hours, contracts and markets are those of the territory; who people are is read in the published bilan of the territory
or, where there is none, masked as that bilan would mask it: the file never tells more than it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from beneficiaries.enums import Modality
from beneficiaries.models import ClosedYear
from clauses.enums import ClauseKind
from core.exports import Column, Sheet, stream_csv, write_xlsx
from markets.enums import BuyerKind, Family
from markets.models import CpvCode, House
from reporting import indicators
from reporting.enums import BilanKind
from reporting.masking import THRESHOLD
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.beside import beside_territory, tables_of_people
from reporting.snapshot.material import Block, Material
from reporting.snapshot.persons import people_chapter
from reporting.snapshot.previous import earlier_tables
from reporting.snapshot.words import upper_first

UNKNOWN = ("unknown", "Non renseigné")
# Table of the chapter on people → dimension of the file. Communes are left out: nobody asks for them, few live there.
OF_PEOPLE = {
    "typology_gender": "sexe",
    "typology_age": "age",
    "typology_qpv": "qpv",
    "publics": "public",
    "typology_education": "niveau_formation",
    "typology_status": "statut_principal",
    "typology_prescriber": "prescripteur",
}
MEASURES = {"hours": "heures", "contracts": "contrats", "people": "personnes", "markets": "marches"}


@dataclass(frozen=True)
class Line:
    """One value of one dimension; None is what the file does not give there, `masked` names what is withheld."""

    dimension: str
    code: str
    label: str
    hours: Decimal | None = None
    contracts: int | None = None
    people: int | None = None
    markets: int | None = None
    masked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Consolidation:
    """A year of the territory, ready to be written."""

    year: int
    house: str
    lines: tuple[Line, ...]
    # Where the lines about people come from, or why there are none.
    people_from: str


def consolidation_of(year: int) -> Consolidation:
    """The lines of a year, in the order of the dictionary."""
    facts = indicators.Facts(Scope.territory(), Period.of_year(year))
    house = House.current()
    blocks, source = _people_blocks(facts, year)
    lines = (*_whole(facts, year), *_purchase(facts, year), *_work(facts, year), *_people(blocks))
    return Consolidation(year, house.name if house else "", lines, source)


def _people_blocks(facts: indicators.Facts, year: int) -> tuple[Mapping[str, Block], str]:
    """The masked tables of people: as published, else as they would be."""
    bilans = Bilan.objects.filter(kind=BilanKind.TERRITORY, year=year)
    published = bilans.published().order_by("-version").first()
    if published is not None and published.snapshot is not None:
        return tables_of_people(
            published.snapshot
        ), f"bilan du territoire publié, version {published.version}"
    if not ClosedYear.objects.is_closed(year):
        return {}, f"l’année {year} n’est pas close : aucune ligne ne dit qui sont les personnes"
    material = Material(
        facts=facts,
        span=year,
        is_closed=True,
        previous=None,
        series=[],
        names={},
        earlier=earlier_tables(bilans),
        beside=beside_territory(facts),
        when=f"en {year}",
    )
    source = "année close, masquée comme le serait le bilan du territoire, qui n’est pas publié"
    return tables_of_people({"chapters": [people_chapter(material)]}), source


def _withheld(people: int | None) -> tuple[str, ...]:
    """Few people on a line are withheld, hours and contracts of a line of purchase never are."""
    return ("people",) if people is not None and 0 < people < THRESHOLD else ()


def _line(dimension: str, code: str, label: str, row: Any, markets: int | None = None) -> Line:
    masked = _withheld(row.people)
    return Line(
        dimension, code, label, row.hours, row.contracts, None if masked else row.people, markets, masked
    )


def _whole(facts: indicators.Facts, year: int) -> Iterator[Line]:
    people = indicators.people(facts)[year]
    yield Line(
        "ensemble",
        "total",
        "Ensemble du territoire",
        indicators.hours(facts)[year],
        indicators.contracts(facts, year).count,
        people,
        indicators.markets(facts)[year].count,
    )


def _purchase(facts: indicators.Facts, year: int) -> Iterator[Line]:
    kinds = indicators.by_buyer_kind(facts)[year]
    for kind in BuyerKind:
        if kind.value in kinds:
            row = kinds[kind.value]
            yield _line("type_donneur_ordre", kind.value, upper_first(kind.label), row, row.markets)
    families = indicators.by_family(facts)[year]
    markets = indicators.markets_by(facts, year, lambda row: row.family)
    for family in Family:
        if family.value in families.keys() | markets.keys():
            line = families.get(family.value, indicators.Line())
            yield _line(
                "famille_achat", family.value, upper_first(family.label), line, markets.get(family.value, 0)
            )
    divisions = indicators.by_cpv_division(facts)[year]
    markets = indicators.markets_by(facts, year, lambda row: row.cpv[:2])
    labels = dict(
        CpvCode.objects.filter(code__in=[code for code in divisions.keys() | markets.keys() if code])
        .order_by("code")
        .values_list("code", "label")
    )
    for code in sorted(divisions.keys() | markets.keys(), key=lambda code: (not code, code)):
        line = divisions.get(code, indicators.Line())
        key, label = (code, labels.get(code, code)) if code else UNKNOWN
        yield _line("division_cpv", key, label, line, markets.get(code, 0))
    by_clause = indicators.markets_by_clause_kind(facts)[year]
    for clause in ClauseKind:
        if clause.value in by_clause:
            yield Line(
                "nature_clause", clause.value, upper_first(clause.label), markets=by_clause[clause.value]
            )


def _work(facts: indicators.Facts, year: int) -> Iterator[Line]:
    types = indicators.by_contract_type(facts)[year]
    labels = {work.contract_type: work.contract_label for work in facts.works}
    for code in sorted(types, key=lambda code: (code is None, code or "")):
        key, label = (code, labels[code] or code) if code else UNKNOWN
        yield _line("type_contrat", key, label, types[code])
    modalities = indicators.by_modality(facts)[year]
    for modality in Modality:
        if modality.value in modalities:
            yield _line("modalite", modality.value, upper_first(modality.label), modalities[modality.value])


def _people(blocks: Mapping[str, Block]) -> Iterator[Line]:
    for table, dimension in OF_PEOPLE.items():
        for row in blocks[table]["rows"] if table in blocks else ():
            if row["key"] == "gone":
                continue
            cells = row["cells"]
            measures = {key: _number(cells.get(key)) for key in ("hours", "contracts", "people")}
            masked = tuple(key for key in MEASURES if key in row["masked"])
            yield Line(dimension, row["key"], cells["label"], masked=masked, **measures)


def _number(value: str | None) -> Any:
    if value is None:
        return None
    return Decimal(value) if "." in value else int(value)


# --- files ---------------------------------------------------------------------------------------------------------


def _measure(key: str) -> Callable[[tuple[int, Line]], Any]:
    return lambda row: getattr(row[1], key)


COLUMNS = (
    Column("annee", "text", lambda row: str(row[0]), 8),
    Column("dimension", "text", lambda row: row[1].dimension, 20),
    Column("code", "text", lambda row: row[1].code, 18),
    Column("modalite", "text", lambda row: row[1].label, 52),
    Column("heures", "hours", _measure("hours"), 14),
    Column("contrats", "number", _measure("contracts"), 10),
    Column("personnes", "number", _measure("people"), 10),
    Column("marches", "number", _measure("markets"), 10),
    Column("masque", "text", lambda row: ", ".join(MEASURES[key] for key in row[1].masked), 28),
)
# Name, type, unit, what it is.
DICTIONARY = (
    ("annee", "texte", "", "Année civile des heures."),
    ("dimension", "texte", "", "Ce selon quoi la ligne ventile : voir la liste des dimensions."),
    ("code", "texte", "", "Code de la valeur, stable d’une année à l’autre ; « + » joint des tranches regroupées."),
    ("modalite", "texte", "", "La valeur, en clair."),
    ("heures", "nombre à deux décimales", "heures", "Heures d’insertion comptées : validées, éligibles, de l’année."),
    ("contrats", "entier", "contrats", "Contrats de travail d’au moins une heure comptée ; ceux qui se suivent n’en font qu’un."),
    ("personnes", "entier", "personnes", "Personnes distinctes d’au moins une heure comptée."),
    ("marches", "entier", "marchés", "Marchés avec clause en cours dans l’année ; un accord-cadre et ses marchés subséquents n’en font qu’un."),
    ("masque", "texte", "", "Colonnes masquées sur cette ligne, parce que trop peu de personnes y sont. Vide et non masqué : sans objet."),
)  # fmt: skip
# Name, whether its lines add up, what it is.
DIMENSIONS = (
    ("ensemble", "", "Le territoire entier ; un marché partagé est compté une fois."),
    ("type_donneur_ordre", "heures", "Nature du donneur d’ordre. D’un marché partagé, chacun a sa part des heures."),
    ("famille_achat", "heures", "Travaux, services, fournitures, prestations intellectuelles."),
    ("division_cpv", "heures", "Deux premiers chiffres du CPV du marché."),
    ("nature_clause", "rien", "Fondement de la clause ; un marché peut en avoir plusieurs."),
    ("type_contrat", "heures, contrats", "Type du contrat de travail."),
    ("modalite", "heures, contrats", "Embauche directe, mise à disposition, sous-traitance à une SIAE…"),
    ("sexe", "tout", "Genre à l’entrée."),
    ("age", "tout", "Tranche d’âge à l’entrée ; les tranches trop peu nombreuses sont regroupées."),
    ("qpv", "tout", "Résidence en quartier prioritaire de la politique de la ville, à l’entrée."),
    ("public", "rien", "Publics à l’entrée, non exclusifs : une personne peut relever de plusieurs."),
    ("niveau_formation", "tout", "Niveau de formation à l’entrée."),
    ("statut_principal", "tout", "Critère principal de la décision d’éligibilité."),
    ("prescripteur", "tout", "Nature du prescripteur à l’entrée."),
)  # fmt: skip
RULES = (
    f"Les lignes qui disent qui sont les personnes n’existent que pour une année close. Celles de moins de {THRESHOLD} personnes "
    "sont regroupées, puis masquées avec leurs heures et leurs contrats, et avec une autre ligne au moins.",
    f"Sur les autres lignes, un nombre de personnes de 1 à {THRESHOLD - 1} est masqué ; heures, contrats et marchés ne le sont jamais.",
    "Les personnes ne s’additionnent que dans les dimensions où chacune n’est que sur une ligne.",
)


def csv_of(found: Consolidation) -> bytes:
    """The flat file: semicolons, decimal commas, UTF-8 with its mark."""
    return b"".join(stream_csv(COLUMNS, [(found.year, line) for line in found.lines]))


def xlsx_of(found: Consolidation) -> bytes:
    """The same lines, with the dictionary and the rules on their own sheets."""
    stream = io.BytesIO()
    head = (f"{found.house}, consolidation {found.year}", f"Personnes : {found.people_from}.")
    write_xlsx(
        [
            Sheet("Consolidation", COLUMNS, [(found.year, line) for line in found.lines], head),
            Sheet("Dictionnaire", DICTIONARY_COLUMNS, DICTIONARY),
            Sheet("Dimensions", DIMENSION_COLUMNS, DIMENSIONS, RULES),
        ],
        stream,
    )
    return stream.getvalue()


def _cell(index: int) -> Callable[[tuple[str, ...]], str]:
    return lambda row: row[index]


DICTIONARY_COLUMNS = (
    Column("Colonne", "text", _cell(0), 16),
    Column("Type", "text", _cell(1), 26),
    Column("Unité", "text", _cell(2), 14),
    Column("Définition", "text", _cell(3), 110),
)
DIMENSION_COLUMNS = (
    Column("Dimension", "text", _cell(0), 22),
    Column("S’additionnent", "text", _cell(1), 22),
    Column("Définition", "text", _cell(2), 100),
)
