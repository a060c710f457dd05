"""The method chapter: rules in force, formulas, definitions, what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from beneficiaries.enums import EntrySource, HourKind
from beneficiaries.models import CountingRules
from core import formats
from reporting import indicators
from reporting.indicators.facts import sums_by
from reporting.scope import ScopeKind, bounds
from reporting.snapshot.material import Block, Column, Material, chapter, definitions, text
from reporting.snapshot.words import agree, count, hours, listed, upper_first

HOURS = (
    "Heures comptées",
    "heures validées par la maison, qui reposent sur une décision d’éligibilité prise avant le début de l’affectation, "
    "dans la période d’éligibilité de la personne, la vie du marché et le plafond mensuel. Seules ces heures sont "
    "additionnées.",
)
BY_COMPANY = (
    "Par entreprise",
    "par entreprise qui porte l’engagement (titulaire ou mandataire). La lecture par employeur, dont les SIAE, porte sur "
    "les mêmes heures : les deux ne s’additionnent pas.",
)
DEFINITIONS = (
    HOURS,
    (
        "Marchés",
        "marchés qui ont au moins une clause et dont la vie (ordre de service ou notification, jusqu’à la clôture) recoupe "
        "l’année. Un accord-cadre et ses marchés subséquents comptent pour un.",
    ),
    (
        "Opérations",
        "opérations dont au moins un de ces marchés fait partie ; elles sont notifiées dans l’année, ou ont des heures, "
        "quand l’un de leurs marchés l’est ou en a. L’objectif propre d’un site privé ne s’ajoute jamais aux engagements "
        "de ses marchés.",
    ),
    (
        "Marchés partagés",
        "d’un marché de plusieurs donneurs d’ordre, chacun a sa part des heures, des heures engagées et des montants ; "
        "les personnes, les contrats et les marchés comptent entiers chez chacun, et une fois pour le territoire. Les parts "
        "sont arrondies au centième, celui qui conduit le marché a le reste : leur somme est exacte.",
    ),
    (
        "Contrats",
        "contrats de travail d’au moins une heure comptée dans l’année ; ceux qui se suivent pour la même personne, le même "
        "employeur et la même entreprise n’en font qu’un. Les missions d’intérim sont aussi comptées une à une, à part.",
    ),
    ("Personnes", "personnes distinctes d’au moins une heure comptée dans l’année."),
    (
        "Nouvelles entrantes",
        "parmi ces personnes, celles qui ne sont dans les chiffres d’aucune année précédente pour ce donneur d’ordre.",
    ),
    (
        "Taux de réalisation",
        "heures comptées depuis le début ÷ heures engagées à la fin de l’année, par engagement. Dans un ensemble, chaque "
        "engagement est plafonné à 100 % et le surplus est montré à part ; sans objectif, le taux est sans objet.",
    ),
    BY_COMPANY,
    (
        "Régularisation",
        "heures d’années closes, validées ou corrigées après la clôture : elles sont au mois où elles ont été faites et dans "
        "les chiffres cumulés, sans changer le bilan publié. Le bilan suivant les imprime, une seule fois.",
    ),
    (
        "Année N-1",
        "chiffres du dernier bilan publié de l’année précédente, tels qu’ils ont été publiés. L’évolution est sans objet "
        "quand la base est nulle ou inconnue.",
    ),
)
# The words of the field, for who opens a bilan for the first time.
GLOSSARY = (
    ("Accord-cadre, marché subséquent", "contrat qui fixe les conditions, et commandes passées ensuite pour s’en servir."),
    ("Clause sociale d’insertion", "condition d’un marché public : réserver une part des heures à des personnes éloignées de l’emploi."),
    ("Donneur d’ordre", "qui achète : commune, métropole, bailleur, aménageur, entreprise privée volontaire."),
    ("EA, ESAT", "entreprise adaptée, établissement d’aide par le travail : elles emploient des personnes handicapées."),
    ("Facilitateur·rice", "personne de la maison qui suit les clauses : conseil à l’achat, validation des publics, relevés d’heures."),
    ("GEIQ", "groupement d’employeurs qui embauche en alternance et met ses salariés à disposition d’entreprises."),
    ("Marché d’insertion", "marché dont l’objet même est un service d’insertion ; les travaux en sont le support."),
    ("Marché réservé", "marché ou lot que seules des structures d’insertion, du travail adapté ou de l’économie sociale peuvent obtenir."),
    ("PLIE", "plan local pour l’insertion et l’emploi : accompagnement renforcé vers un emploi durable."),
    ("QPV", "quartier prioritaire de la politique de la ville."),
    ("RQTH", "reconnaissance de la qualité de travailleur handicapé."),
    ("SIAE", "structure de l’insertion par l’activité économique : entreprise d’insertion (EI), entreprise de travail temporaire "
    "d’insertion (ETTI), association intermédiaire (AI), atelier et chantier d’insertion (ACI)."),
    ("Titulaire, mandataire", "entreprise qui a obtenu le marché ; celle qui répond pour un groupement."),
)  # fmt: skip
# Of one market or operation, over its life or some months.
DEFINITIONS_OF_ONE = (
    HOURS,
    (
        "Heures de la période",
        "heures comptées à ce jour, au mois où elles ont été faites, y compris celles qui ont été validées ou corrigées "
        "après la clôture d’une année : un bilan annuel déjà publié peut en compter moins.",
    ),
    (
        "Contrats",
        "contrats de travail d’au moins une heure comptée dans la période ; ceux qui se suivent pour la même personne, le "
        "même employeur et la même entreprise n’en font qu’un. Les missions d’intérim sont aussi comptées une à une, à part.",
    ),
    ("Personnes", "personnes distinctes d’au moins une heure comptée dans la période."),
    (
        "Taux de réalisation",
        "heures comptées depuis le début ÷ heures engagées à la fin de la période, par engagement. Dans un ensemble, chaque "
        "engagement est plafonné à 100 % et le surplus est montré à part ; sans objectif, le taux est sans objet.",
    ),
    BY_COMPANY,
    (
        "Marché de plusieurs donneurs d’ordre",
        "les chiffres sont ceux du marché entier, quelles que soient les parts de chacun. Un accord-cadre réunit ses marchés "
        "subséquents.",
    ),
)


OF_TERRITORY = (
    (
        "Territoire",
        "tous les marchés que suit la maison, chacun une fois ; par donneur d’ordre, les heures d’un marché partagé sont "
        "dites selon les parts, et leur somme est le total. Une personne qui a travaillé pour deux donneurs d’ordre compte "
        "chez chacun, et une fois sur le territoire.",
    ),
    (
        "Structures de l’insertion",
        "SIAE, GEIQ, entreprises adaptées, ESAT et régies de quartier, selon leur nature le mois des heures : une lecture par "
        "employeur des mêmes heures, qui ne s’ajoute pas aux autres.",
    ),
)
# Of a reserved market’s year.
OF_RESERVED = (
    (
        "Typologie",
        "la typologie des personnes existe à un seul niveau : l’ensemble d’un donneur d’ordre et une année close, ou la vie "
        "entière d’un marché dans son bilan final. Le bilan annuel d’un marché réservé dit combien de personnes y ont "
        "travaillé et leur situation à la sortie, les petits nombres masqués ; il ne dit pas qui elles sont.",
    ),
    (
        "Engagements d’accompagnement",
        "actions promises par la structure et inscrites à la grille de suivi. Tenu : l’objectif est atteint et la preuve "
        "attendue est acceptée ; en retard : l’échéance est passée sans que l’objectif le soit.",
    ),
    (
        "Réunions",
        "celles de la convention (annexe 1.A) et les rencontres inscrites au journal de la maison, par leur date et leur "
        "nature : leur contenu reste de la maison.",
    ),
)


def method_chapter(m: Material) -> dict[str, Any]:
    blocks = [
        text("rules", "Règles de comptage en vigueur", _rules(m)),
        definitions("definitions", "Définitions et formules", _definitions_of(m)),
        *([_previous(m)] if m.is_annual else []),
        text(
            "not_known",
            "Ce que ce bilan ne dit pas" if m.is_annual or m.is_whole_life else "À savoir",
            _not_known(m),
        ),
        text("take_over", "Reprise et décisions", _take_over(m)),
        *([definitions("glossary", "Glossaire", GLOSSARY)] if m.is_annual or m.is_whole_life else []),
    ]
    answer = "Tous les chiffres viennent des relevés d’heures validés par la maison, comptés selon les règles ci-dessous."
    return chapter("method", "Méthode", answer, blocks)


def _definitions_of(m: Material) -> tuple[tuple[str, str], ...]:
    """Those of a buyer’s year, of the territory’s, of a reserved market’s, of a whole life or some months."""
    if not m.is_annual:
        return DEFINITIONS_OF_ONE
    if m.facts.scope.kind == ScopeKind.TERRITORY:
        return tuple((term, words.replace("pour ce donneur d’ordre", "sur le territoire")) for term, words in DEFINITIONS) + OF_TERRITORY  # fmt: skip
    if m.with_situations:
        left_out = {"Marchés", "Opérations", "Marchés partagés"}
        own = tuple(
            (term, words.replace("pour ce donneur d’ordre", "sur ce marché"))
            for term, words in DEFINITIONS
            if term not in left_out
        )
        return (*own, DEFINITIONS_OF_ONE[-1], *OF_RESERVED)
    return DEFINITIONS


def _rules(m: Material) -> list[str]:
    rules = m.facts.rules_in_force(m.span)
    kinds = [kind.label for kind in HourKind if kind.value in rules.kinds]
    found = [
        f"Heures retenues : {listed(kinds) or 'aucune'}.",
        f"Période d’éligibilité : {count(rules.period_months, 'mois', 'mois')} à partir du premier jour de la première "
        f"affectation ; une validation inutilisée s’éteint après {count(rules.review_validity_months, 'mois', 'mois')}.",
        f"Plafond : {formats.hours(min(rules.month_cap or rules.legal_max_month, rules.legal_max_month))} par personne et par mois, toutes affectations réunies.",
        f"Deux contrats n’en font qu’un à {count(rules.chain_gap_days, 'jour')} d’écart au plus.",
    ]
    first, last = bounds(m.span)
    changed = sorted({row.in_force_from for row in m.facts.rules if first <= row.in_force_from <= last})
    if changed:
        found.append(
            f"Règles modifiées dans {m.the_period} à partir de : {listed([formats.month(day) for day in changed])}."
        )
    own = sorted({row.market.reference for row in m.facts.rules if row.market})
    if own:
        found.append(f"Règles propres à {agree(len(own), 'un marché', 'des marchés')} : {', '.join(own)}.")
    return found


def _previous(m: Material) -> Block:
    """What the published bilan N-1 says and what the same computation gives today, where they differ."""
    rows = (m.previous or {}).get("differences", [])
    if not m.previous:
        base = f"Aucun bilan {m.year - 1} n’est publié dans l’outil."
    else:
        base = (
            f"Bilan {m.previous['year']} publié le {formats.day(m.previous['published_day'])}, version "
            f"{m.previous['version']}."
        )
    empty = "Le même calcul donne aujourd’hui les mêmes chiffres." if m.previous else "Rien à comparer."
    return m.table(
        "previous_differences",
        f"Année {m.year - 1} : chiffres publiés et chiffres recalculés",
        [
            Column("label", "Chiffre"),
            Column("published", "Publié"),
            Column("recomputed", "Recalculé"),
        ],
        [
            (
                row["key"],
                {
                    "label": row["label"],
                    "published": _said(row, "published"),
                    "recomputed": _said(row, "recomputed"),
                },
                (),
            )
            for row in rows
        ],
        base=base,
        notes=["Un écart vient d’heures recomptées ou corrigées depuis la publication."] if rows else [],
        empty=empty,
    )


def _said(row: dict[str, Any], key: str) -> str:
    value = Decimal(row[key])
    return formats.hours(value) if row["kind"] == "hours" else formats.number(value)


def _not_known(m: Material) -> list[str]:
    found = [row["sentence"] for row in m.not_recorded]
    waiting = sum(row.unvalidated for row in indicators.relations(m.facts, m.span).values())
    if waiting:
        found.insert(
            0,
            f"{upper_first(count(waiting, 'relevé'))} d’heures {m.of_period} {agree(waiting, 'n’est pas validé', 'ne sont pas validés')} : "
            "ces heures ne sont pas comptées.",
        )
    undated = sum(row.has_clause and not (row.starts_on or row.notified_on) for row in m.facts.markets)
    if undated and m.is_annual:
        found.insert(
            0,
            f"{upper_first(count(undated, 'marché'))} avec clause {agree(undated, 'n’a', 'n’ont')} ni date de notification ni "
            f"ordre de service : {agree(undated, 'il n’est compté', 'ils ne sont comptés')} dans aucune année.",
        )
    if m.is_annual and not m.is_closed:
        found.insert(0, f"L’année {m.year} n’est pas close : ces chiffres peuvent encore changer.")
    if not found:
        found.append("Tous les relevés d’heures reçus pour ces mois sont validés.")
    return found


def _take_over(m: Material) -> list[str]:
    taken = m.facts.entries(m.span).filter(source=EntrySource.TAKE_OVER)
    sums = sums_by(m.facts.scope, taken, "source", hours=Sum("counted_hours"))
    if sums:
        [(value,)] = sums.values()
        said = (
            f"{upper_first(hours(value))} {m.of_period} {agree(value, 'vient', 'viennent')} de l’ancien "
            "outil : elles gardent la validation et la granularité qu’elles y avaient, sans être soumises aux règles de "
            "validation préalable, de période et de plafond."
        )
    else:
        said = f"Aucune heure {m.of_period} ne vient d’un ancien outil."
    return [said, *_decisions(m)]


def _decisions(m: Material) -> list[str]:
    """What was decided on the counting; of the territory only how much, since each is between the house and its buyer."""
    if m.facts.scope.kind == ScopeKind.TERRITORY:
        rules = CountingRules.objects.filter(in_force_from__lte=m.facts.period.last_day).exclude(note="")
        number = rules.filter(Q(buyer__isnull=False) | Q(market__isnull=False)).count()
        if number:
            said = f"{agree(number, 'est enregistrée', 'sont enregistrées')} sur le comptage d’un donneur d’ordre ou d’un marché"
            return [
                f"{upper_first(count(number, 'décision ou précision', 'décisions ou précisions'))} {said} ; "
                f"{agree(number, 'elle est imprimée', 'chacune est imprimée')} dans le bilan du donneur d’ordre."
            ]
        return ["Aucune décision motivée d’un donneur d’ordre sur le comptage n’est enregistrée."]
    notes = sorted({row.note for row in m.facts.rules if row.note and (row.buyer_id or row.market_id)})
    if notes:
        return [f"Décision ou précision enregistrée : {note}" for note in notes]
    return ["Aucune décision motivée du donneur d’ordre sur le comptage n’est enregistrée."]
