"""How the yearly lists of buyers are worded: the titles of their columns, and the words of their cells."""

from __future__ import annotations

from core.spreadsheets import (
    Wanted,
)

WANTED = (
    Wanted(
        "reference",
        "Référence",
        (
            "référence de l’achat",
            "n° de marché",
            "n° marché",
            "numéro de marché",
            "n° de consultation",
            "n° consultation",
            "n° d’achat",
            "n° achat",
            "numéro",
            "code achat",
            "identifiant",
            "ref",
            "id",
            "n°",
        ),
        help="Elle distingue les achats : charger la liste une seconde fois les met à jour.",
    ),
    Wanted(
        "object",
        "Objet",
        (
            "objet du marché",
            "objet de l’achat",
            "objet de la consultation",
            "intitulé",
            "libellé",
            "désignation",
            "projet",
            "besoin",
            "description",
        ),
    ),
    Wanted(
        "family",
        "Famille d’achat",
        ("famille", "type de marché", "type d’achat", "catégorie", "type", "nature des prestations"),
        help="Travaux, services, fournitures ou prestations intellectuelles.",
    ),
    Wanted("nature", "Nature du contrat", ("type de contrat", "forme du contrat")),
    Wanted("cpv", "CPV", ("code cpv", "codecpv", "cpv principal", "nomenclature")),
    Wanted(
        "amount",
        "Montant prévu hors taxes",
        (
            "montant prévu ht",
            "montant estimé ht",
            "montant prévisionnel ht",
            "montant ht",
            "montant estimé",
            "montant prévisionnel",
            "montant",
            "estimation",
            "valeur estimée",
            "enveloppe",
            "budget",
        ),
        help="Tous lots réunis, sur toute la durée.",
    ),
    Wanted(
        "planned_on",
        "Lancement prévu",
        (
            "date de lancement",
            "date prévisionnelle de lancement",
            "lancement",
            "date de publication",
            "publication",
            "date prévisionnelle",
            "date prévue",
            "calendrier",
            "échéance",
            "trimestre",
            "période",
            "date",
            "date de notification",
            "datenotification",
        ),
        help="Une date, un mois (mars 2027) ou un trimestre (2e trimestre 2027).",
    ),
    Wanted("months", "Durée (mois)", ("durée en mois", "durée", "dureemois", "durée du marché")),
    Wanted("lots", "Nombre de lots", ("nb de lots", "nb lots", "nombre lots", "lots", "allotissement")),
    Wanted("procedure", "Procédure", ("type de procédure", "mode de passation", "procédure envisagée")),
    Wanted("technique", "Technique d’achat", ("technique", "forme du marché", "forme")),
    Wanted("commune", "Lieu d’exécution", ("lieu", "commune", "ville", "site", "localisation")),
    Wanted(
        "department",
        "Direction, service",
        (
            "direction",
            "service",
            "service acheteur",
            "service prescripteur",
            "direction opérationnelle",
            "pôle",
        ),
    ),
    Wanted("notes", "Remarques", ("observations", "commentaires", "commentaire", "remarque", "précisions")),
    Wanted(
        "buyer",
        "Donneur d’ordre, pour vérifier",
        ("siret acheteur", "acheteur id", "siret", "donneur d’ordre", "acheteur", "collectivité"),
        help="Les lignes d’un autre donneur d’ordre sont refusées.",
    ),
)
LABELS = {entry.name: entry.label for entry in WANTED}
# The words of markets.enums.Family; a test holds them equal.
FAMILY_WORDS = {
    "works": "travaux",
    "services": "services",
    "supplies": "fournitures",
    "intellectual": "prestations intellectuelles",
}
MISSING = {
    "",
    "nc",
    "na",
    "n a",
    "nd",
    "sans objet",
    "a definir",
    "a preciser",
    "non defini",
    "non renseigne",
    "inconnu",
    "neant",
    "null",
    "none",
    "x",
}
FAMILIES = (
    (
        "intellectual",
        r"(prestations? )?intellectuelles?|pi\b|maitrise d oeuvre|prestations? intellectuelles?|etudes?\b",
    ),
    ("works", r"travaux|t\b|tx\b|marches? de travaux"),
    ("supplies", r"fournitures?\b|f\b|marches? de fournitures?"),
    ("services", r"services?\b|s\b|prestations?\b|marches? de services?|fcs\b"),
)
NATURES = (
    ("concession", r".*\bconcession|.*\bdsp\b|.*delegation de service public"),
    ("insertion", r".*\binsertion"),
    ("private", r".*\bprive"),
    ("market", r".*\bmarche|.*\baccord cadre|public"),
)
PROCEDURES = (
    ("direct", r".*sans publicite|.*gre a gre|.*sans mise en concurrence"),
    ("dialogue", r".*dialogue"),
    ("negotiated", r".*negoci|pan\b|pfn\b"),
    ("restricted_tender", r"aor\b|.*restreint"),
    ("open_tender", r"aoo?\b|.*appel d offres"),
    ("adapted", r"mapa\b|pa\b|.*adaptee?"),
    ("other", r"autre"),
)
TECHNIQUES = (
    ("subsequent", r".*subsequent|ms\b"),
    ("framework", r".*accord cadre|ac\b|.*bons? de commande|abc\b"),
    ("dynamic", r".*dynamique|sad\b"),
    ("none", r"aucune|sans|non\b|ordinaire|marche (simple|ordinaire|public)?"),
    ("other", r"autre|catalogue|.*concours|.*enchere"),
)
