"""Open data: what published bilans say, as CSV files with their dictionary. Read in the snapshots, never worked out again.

Only annual bilans, their last version, of public buyers; who people are is there as it is masked in each bilan.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import formats
from core.exports import Column, stream_csv
from markets.enums import BuyerKind
from markets.models import House
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.snapshot.beside import tables_of_people

LICENCE = "Licence Ouverte / Open Licence, version 2.0 (Etalab)"
# What is open of a bilan's figures; how companies are followed, and what waits, are between the house and the buyer.
INDICATORS = {
    "hours": ("heures d’insertion réalisées dans l’année", "heures"),
    "people": ("personnes d’au moins une heure comptée", ""),
    "new_people": ("dont nouvelles entrantes", ""),
    "hours_per_person": ("heures par personne, en moyenne", "heures"),
    "contracts": ("contrats de travail d’au moins une heure comptée", ""),
    "contracts_started": ("dont démarrés dans l’année", ""),
    "missions": ("missions d’intérim, comptées une à une", ""),
    "markets": ("marchés avec clause en cours dans l’année", ""),
    "markets_notified": ("dont notifiés dans l’année", ""),
    "markets_with_hours": ("dont avec des heures réalisées", ""),
    "markets_reserved": ("marchés réservés", ""),
    "markets_insertion": ("marchés d’insertion", ""),
    "operations": ("opérations servies par ces marchés", ""),
    "hours_engaged": ("heures engagées en fin d’année", "heures"),
    "hours_since_start": ("heures comptées depuis le début des engagements", "heures"),
    "rate": ("taux de réalisation, chaque engagement plafonné à 100 %", "rapport (0,87 : 87 %)"),
    "surplus": ("heures au-delà des engagements, hors du taux", "heures"),
    "commitments_met": ("engagements tenus", ""),
}
PEOPLE, OF_BUYERS = "personnes.csv", ("chiffres.csv", "heures_par_entreprise.csv")
MEASURES = {"people": "personnes", "hours": "heures", "contracts": "contrats"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One published bilan: what every line of the files says of it."""

    buyer: str
    identifier: str
    kind: str
    year: int
    version: int
    published_on: dt.date
    snapshot: Mapping[str, Any]

    @property
    def head(self) -> Row:
        return {
            "donneur_ordre": self.buyer,
            "identifiant": self.identifier,
            "type_donneur_ordre": self.kind,
            "annee": str(self.year),
            "version": self.version,
            "publie_le": self.published_on,
        }


def published(year: int | None = None) -> Any:
    """Annual bilans that are published, of buyers that are not private, the last version of each first."""
    rows = Bilan.objects.annual().published().exclude(buyer__kind=BuyerKind.PRIVATE)
    return rows.filter(year=year) if year else rows


def sources(year: int | None = None) -> Iterator[Source]:
    """The last version of each, by buyer then year; the snapshots are read one at a time."""
    last: dict[tuple[int, int], int] = {}
    for pk, buyer, on in published(year).order_by("version").values_list("pk", "buyer", "year"):
        last[buyer, on] = pk
    rows = Bilan.objects.filter(pk__in=last.values()).select_related("buyer")
    for row in rows.order_by("buyer__search_key", "buyer", "year").iterator(chunk_size=20):
        assert row.buyer and row.year and row.published_at and row.snapshot is not None
        known = row.snapshot["buyer"]
        yield Source(
            known["name"],
            known["identifier"],
            known["kind"],
            row.year,
            row.version,
            row.published_at.astimezone(formats.PARIS).date(),
            row.snapshot,
        )


def of_territory(year: int | None = None) -> Iterator[Source]:
    """The last published version of each year of the whole territory: the only one whose people are open to all.

    Masking supposes that a buyer does not read another's bilan: two of them whose people are nearly the same would tell,
    side by side, who the others are.
    """
    rows = Bilan.objects.published().filter(kind=BilanKind.TERRITORY)
    rows = rows.filter(year=year) if year else rows
    last = {row.year: row for row in rows.order_by("year", "version")}
    for on, row in sorted(last.items()):
        assert on and row.published_at and row.snapshot is not None
        day = row.published_at.astimezone(formats.PARIS).date()
        yield Source("Ensemble du territoire", "", "territoire", on, row.version, day, row.snapshot)


# --- lines ---------------------------------------------------------------------------------------------------------


def figures_of(source: Source) -> Iterator[Row]:
    """Each open figure of the bilan once, as it was printed; its label is the same from one bilan to the next."""
    for key, (label, unit) in INDICATORS.items():
        value = source.snapshot["figures"].get(key)
        if value is not None:
            yield {
                **source.head,
                "indicateur": key,
                "libelle": label,
                "unite": unit,
                "valeur": Decimal(value),
            }


def companies_of(source: Source) -> Iterator[Row]:
    """Hours and contracts by company: never masked."""
    for block in _blocks(source, "table"):
        if block["key"] != "hours_by_holder":
            continue
        for row in block["rows"]:
            cells = row["cells"]
            if row["key"] != "gone":
                yield {
                    **source.head,
                    "entreprise": cells["label"],
                    "heures": _number(cells["hours"]),
                    "contrats": _number(cells.get("contracts")),
                }


def people_of(source: Source) -> Iterator[Row]:
    """Who people are, line by line as the bilan shows it; a masked cell is empty and named."""
    for key, block in tables_of_people(source.snapshot).items():
        if not key.startswith("typology_") and key != "publics":
            continue
        for row in block["rows"]:
            if row["key"] != "gone":
                yield {
                    **source.head,
                    "tableau": key.removeprefix("typology_"),
                    "titre": block["title"],
                    "code": row["key"],
                    "modalite": row["cells"]["label"],
                    **{name: _number(row["cells"].get(column)) for column, name in MEASURES.items()},
                    "masque": ", ".join(name for column, name in MEASURES.items() if column in row["masked"]),
                }


def _blocks(source: Source, kind: str) -> Iterator[Mapping[str, Any]]:
    for chapter in source.snapshot["chapters"]:
        for block in chapter["blocks"]:
            if block["type"] == kind:
                yield block


def _number(value: str | None) -> Decimal | int | None:
    if value is None:
        return None
    return Decimal(value) if "." in value else int(value)


# --- dictionary ----------------------------------------------------------------------------------------------------

HEAD = {
    "donneur_ordre": ("texte", "Nom du donneur d’ordre, tel que le bilan l’écrit."),
    "identifiant": ("texte", "Son SIRET, s’il est connu."),
    "type_donneur_ordre": ("texte", "Commune, métropole, département, bailleur social…"),
    "annee": ("texte", "Année du bilan."),
    "version": ("entier", "Version du bilan ; 2 et plus : rectifiée. Seule la dernière est là."),
    "publie_le": ("jour", "Jour de la publication."),
}
FILES: Mapping[str, tuple[str, Callable[[Source], Iterable[Row]], Mapping[str, tuple[str, str]]]] = {
    "chiffres.csv": (
        "Les chiffres clés de chaque bilan publié",
        figures_of,
        {
            "indicateur": ("texte", "Clé de l’indicateur, stable d’une année à l’autre."),
            "libelle": ("texte", "Ce que l’indicateur compte."),
            "unite": ("texte", "Heures ou rapport ; vide : un nombre."),
            "valeur": ("décimal", "La valeur publiée."),
        },
    ),
    "heures_par_entreprise.csv": (
        "Les heures et les contrats de chaque entreprise, par donneur d’ordre et par année",
        companies_of,
        {
            "entreprise": ("texte", "Entreprise qui porte l’engagement (titulaire ou mandataire)."),
            "heures": ("décimal", "Heures d’insertion comptées dans l’année. Jamais masquées."),
            "contrats": ("entier", "Contrats de travail d’au moins une heure comptée. Jamais masqués."),
        },
    ),
    PEOPLE: (
        "La situation des personnes à leur entrée, du territoire entier, masquée comme dans son bilan",
        people_of,
        {
            "tableau": ("texte", "age, gender, residence, qpv, status, education, prescriber ; publics ne s’additionne pas."),
            "titre": ("texte", "Titre du tableau."),
            "code": ("texte", "Code de la ligne ; « + » joint des tranches regroupées, « _others » les petites lignes."),
            "modalite": ("texte", "La ligne, en clair."),
            "personnes": ("entier", "Personnes d’au moins une heure comptée dans l’année."),
            "heures": ("décimal", "Leurs heures comptées."),
            "contrats": ("entier", "Leurs contrats de travail."),
            "masque": ("texte", "Colonnes masquées de la ligne : trop peu de personnes y sont."),
        },
    ),
}  # fmt: skip
RULES = (
    "Ces fichiers reprennent les bilans annuels publiés, sans rien recalculer : chaque nombre est celui du document remis.",
    "Les tranches de moins de 5 personnes sont regroupées, puis masquées avec leurs heures et leurs contrats, et avec une "
    "autre ligne au moins. Une cellule masquée est vide, et nommée dans la colonne « masque ».",
    "La situation des personnes n’est donnée que pour le territoire entier, une fois son bilan publié : celles de deux "
    "donneurs d’ordre, lues côte à côte, pourraient faire reconnaître quelqu’un.",
    "Les donneurs d’ordre privés n’y figurent pas. Aucun nom ni identifiant de personne n’y figure.",
    "Séparateur : point-virgule ; décimales : virgule ; encodage : UTF-8.",
)


def dictionary() -> dict[str, Any]:
    """The files and their columns, for programs."""
    return {
        "licence": LICENCE,
        "regles": [formats.typeset(rule) for rule in RULES],
        "indicateurs": [
            {"cle": key, "libelle": formats.typeset(label), "unite": formats.typeset(unit)}
            for key, (label, unit) in INDICATORS.items()
        ],
        "fichiers": [
            {
                "nom": name,
                "titre": title,
                "colonnes": [
                    {"nom": column, "type": kind, "definition": words}
                    for column, (kind, words) in {**HEAD, **columns}.items()
                ],
            }
            for name, (title, _, columns) in FILES.items()
        ],
    }


def _readme(house: str, made_on: dt.date, bilans: int) -> str:
    lines = [
        f"Bilans des clauses sociales publiés par {house}",
        "",
        f"Fichiers du {formats.day(made_on)}, {formats.noun(bilans, 'bilan publié', 'bilans publiés')}.",
        "",
        *(f"{name} : {title}." for name, (title, _, _) in FILES.items()),
        "dictionnaire.csv et dictionnaire.json : chaque colonne de chaque fichier.",
        "",
        *RULES,
        "",
        f"Licence : {LICENCE}.",
        f"Citez la source : {house}, bilans des clauses sociales, avec l’année et la date de ces fichiers.",
    ]
    return "".join(f"{formats.typeset(line)}\r\n" for line in lines)


# --- files ---------------------------------------------------------------------------------------------------------


def _columns(names: Sequence[str]) -> list[Column]:
    def read(name: str) -> Callable[[Row], Any]:
        return lambda row: row[name]

    return [Column(name, "day" if name == "publie_le" else "text", read(name)) for name in names]


def archive_of(
    year: int | None, *, made_on: dt.date, step: Callable[[int], None] = lambda number: None
) -> bytes:
    """The ZIP: three tables, their dictionary twice, a note. step: told how many buyers’ bilans were read."""
    lines: dict[str, list[Row]] = {name: [] for name in FILES}
    number = 0
    for number, source in enumerate(sources(year), start=1):
        for name in OF_BUYERS:
            lines[name] += FILES[name][1](source)
        step(number)
    for source in of_territory(year):
        lines[PEOPLE] += FILES[PEOPLE][1](source)
    house = House.current().name
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:

        def write(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(name, (made_on.year, made_on.month, made_on.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)

        for name, (_, _, columns) in FILES.items():
            write(name, b"".join(stream_csv(_columns([*HEAD, *columns]), lines[name])))
        words = dictionary()
        write("dictionnaire.json", json.dumps(words, ensure_ascii=False, indent=1).encode())
        rows = [
            {
                "fichier": file["nom"],
                "colonne": row["nom"],
                "type": row["type"],
                "definition": row["definition"],
            }
            for file in words["fichiers"]
            for row in file["colonnes"]
        ]
        write(
            "dictionnaire.csv",
            b"".join(stream_csv(_columns(("fichier", "colonne", "type", "definition")), rows)),
        )
        write("LISEZMOI.txt", _readme(house, made_on, number).encode())
    return stream.getvalue()
