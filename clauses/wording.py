"""The wording of the clauses, ready to paste into a market's documents: our own sentences, filled from the file.

A text is plain: paragraphs parted by empty lines, list items that begin with « - », and titles, which are lines
standing alone without a final mark (`blocks_of` tells them apart for the page, the PDF and the DOCX).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from clauses.enums import ClauseKind
from core import formats

TO_FILL = "[à compléter]"


@dataclass(frozen=True)
class LotFacts:
    """A lot as the text names it, with the hours asked for."""

    name: str
    hours: Decimal
    rate: Decimal | None = None


@dataclass(frozen=True)
class TextFacts:
    """What the file knows that the text needs."""

    buyer: str
    object: str
    lots: tuple[LotFacts, ...]
    house: str
    contact: str = ""
    penalty: str = ""


@dataclass(frozen=True)
class Block:
    """A piece of a text: `title`, `paragraph` or `list` (its lines are the items)."""

    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def blocks_of(text: str) -> list[Block]:
    """The titles, paragraphs and lists of a text, in order."""
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        plain: list[str] = []
        items: list[str] = []
        for line in (line.strip() for line in part.split("\n")):
            if line.startswith("- "):
                items.append(line[2:].strip())
            elif items:
                found += [*_prose(plain), Block("list", tuple(items))]
                plain, items = [line], []
            elif line:
                plain.append(line)
        found += _prose(plain)
        if items:
            found.append(Block("list", tuple(items)))
    return found


def _prose(lines: list[str]) -> list[Block]:
    if not lines:
        return []
    is_title = len(lines) == 1 and len(lines[0]) <= 100 and lines[0][-1] not in ".;:,!?…"
    return [Block("title" if is_title else "paragraph", tuple(lines))]


def clause_text(kind: str, facts: TextFacts) -> str:
    """The whole text for one kind of clause (a value of ClauseKind)."""
    parts = [part.strip() for part in _TEXTS[ClauseKind(kind)](facts)]
    return formats.typeset("\n\n".join(part for part in parts if part))


AMOI = "l’assistant à maîtrise d’ouvrage insertion"


def _client(facts: TextFacts) -> str:
    """The buyer with an article: its name alone makes no French sentence."""
    return f"le donneur d’ordre ({facts.buyer})"


# --- Parts that several kinds share ---------------------------------------------------------------------------


def _hours_by_lot(facts: TextFacts) -> str:
    lines = [f"- {lot.name} : {formats.hours(lot.hours)} au moins ;" for lot in facts.lots]
    if lines:
        lines[-1] = lines[-1].removesuffix(" ;") + "."
    return "\n".join(lines)


def _total(facts: TextFacts) -> str:
    hours = sum((lot.hours for lot in facts.lots), Decimal(0))
    return f"Soit {formats.hours(hours)} pour l’ensemble des lots clausés." if len(facts.lots) > 1 else ""


def _publics(facts: TextFacts) -> list[str]:
    return [
        "Personnes concernées",
        f"Les heures sont réservées à des personnes dont {AMOI}, {facts.house}, a validé la situation avant leur "
        "premier jour de travail au titre du marché. Il s’agit notamment :\n"
        "- des bénéficiaires du RSA, de l’ASS ou de l’AAH ;\n"
        "- des personnes à la recherche d’un emploi depuis plus de douze mois ;\n"
        "- des jeunes de moins de 26 ans sans qualification, ou qui peinent à entrer dans l’emploi ;\n"
        "- des personnes de plus de 50 ans à la recherche d’un emploi ;\n"
        "- des personnes reconnues travailleurs handicapés ;\n"
        "- des participant·e·s d’un PLIE, d’une école de la deuxième chance, de l’EPIDE ou de l’« Itinéraire "
        "Emploi Renforcé » ;\n"
        "- des personnes réfugiées ou placées sous main de justice ;\n"
        "- des salarié·e·s d’une structure d’insertion par l’activité économique ou d’un GEIQ.",
        "Une autre situation peut être admise sur l’avis motivé d’un organisme qui suit la personne. "
        "Une heure travaillée avant la validation ne compte pas.",
    ]


def _ways() -> list[str]:
    return [
        "Manières de réaliser les heures",
        "Le titulaire retient une ou plusieurs de ces voies :\n"
        "- l’embauche directe, en CDI, en CDD ou en alternance ;\n"
        "- la mise à disposition de personnes par une entreprise de travail temporaire d’insertion (ETTI), une "
        "association intermédiaire, un GEIQ ou une agence d’intérim ;\n"
        "- la sous-traitance ou la cotraitance avec une structure d’insertion par l’activité économique, une "
        "entreprise adaptée ou un ESAT.",
    ]


def _support(facts: TextFacts) -> list[str]:
    contact = f" Contact : {facts.contact}." if facts.contact else ""
    return [
        "Accompagnement",
        f"{AMOI[0].upper()}{AMOI[1:]} du marché est la structure suivante : {facts.house}. Elle aide le titulaire, sans "
        "frais pour lui, à choisir sa manière de faire, à trouver des candidatures et à suivre ses heures. Elle valide "
        f"la situation des personnes proposées.{contact}",
    ]


def _follow_up(facts: TextFacts) -> list[str]:
    return [
        "Suivi et contrôle",
        "Dans le mois qui suit la notification, le titulaire désigne la personne chargée de l’insertion et rencontre "
        f"{AMOI}. Chaque mois, il déclare les heures faites, personne par personne, et tient à disposition les "
        "contrats et les bulletins ou relevés d’heures qui le prouvent. En groupement, le mandataire répond de "
        "l’ensemble des heures.",
        "Si un événement empêche de tenir l’engagement, le titulaire l’écrit sans attendre. Une solution est alors "
        "recherchée avec lui ; seul le donneur d’ordre peut suspendre, réduire ou reporter l’engagement.",
    ]


def _penalty(facts: TextFacts) -> list[str]:
    amount = facts.penalty.rstrip(". ") or TO_FILL
    return [
        "Pénalités",
        f"Les heures qui ne sont pas réalisées du fait du titulaire donnent lieu, après mise en demeure restée sans "
        f"effet, à la pénalité suivante : {amount}. Le refus de transmettre les pièces du suivi est traité comme une "
        "inexécution.",
    ]


def _execution(facts: TextFacts) -> list[str]:
    return [
        "À insérer au CCAP : clause sociale d’insertion",
        "Objet",
        f"Pour « {facts.object} », {_client(facts)} demande que l’exécution du marché serve aussi l’emploi de personnes "
        "qui en sont éloignées. Cette action est une condition d’exécution au sens de l’article L2112-2 du code de la "
        "commande publique : chaque soumissionnaire l’accepte en déposant son offre, et ne peut ni l’écarter ni la "
        "limiter.",
        "Volume d’heures",
        "Pendant la durée du marché, le titulaire fait travailler des personnes en insertion à hauteur de :\n"
        + _hours_by_lot(facts),
        _total(facts),
        *_publics(facts),
        *_ways(),
        *_support(facts),
        *_follow_up(facts),
        *_penalty(facts),
        "À insérer au CCTP",
        "Le titulaire organise ses équipes, l’accueil et l’encadrement de façon à réaliser les heures d’insertion prévues au "
        "CCAP. Il en rend compte aux réunions de suivi, comme du reste de la prestation.",
        "À insérer au règlement de la consultation",
        "Le marché comporte une clause sociale d’insertion, décrite au CCAP. Une offre qui la refuse est irrégulière. "
        f"Pendant la consultation, les entreprises peuvent se renseigner auprès de {AMOI} : {facts.house}.",
    ]


def _criterion_rules(facts: TextFacts) -> list[str]:
    return [
        "À insérer au règlement de la consultation : critère d’insertion",
        f"Parmi les critères de jugement, {_client(facts)} apprécie la qualité de l’action d’insertion que le candidat "
        "propose pour l’exécution du marché (article R2152-7 du code de la commande publique). Pondération du "
        f"critère : {TO_FILL} %.",
        "Le candidat décrit dans son mémoire :\n"
        "- les postes et les tâches qu’il confie, et le nombre d’heures qu’il s’engage à réaliser ;\n"
        "- l’accueil, le tutorat et l’encadrement des personnes ;\n"
        "- les formations et les qualifications préparées ;\n"
        "- les partenaires mobilisés, et la suite donnée au parcours à l’issue du marché.",
        "Les actions proposées et les heures offertes engagent le titulaire retenu. Elles sont reprises dans une grille "
        "de suivi lors de la mise au point du marché.",
    ]


def _criterion(facts: TextFacts) -> list[str]:
    return [
        *_criterion_rules(facts),
        "Repères pour dimensionner l’offre, sans valeur de minimum :\n" + _hours_by_lot(facts),
        "À insérer au CCAP : engagements d’insertion",
        "Les engagements d’insertion de l’offre retenue ont valeur contractuelle.",
        *_publics(facts),
        *_ways(),
        *_support(facts),
        *_follow_up(facts),
        *_penalty(facts),
    ]


def _execution_and_criterion(facts: TextFacts) -> list[str]:
    return [
        *_criterion_rules(facts),
        "Les heures de la condition d’exécution sont un minimum : le critère note ce que le candidat propose au-delà et "
        "la qualité de sa démarche.",
        *_execution(facts),
    ]


def _training(facts: TextFacts) -> list[str]:
    return [
        "À insérer au CCAP : clause de formation",
        "Objet",
        f"Pour « {facts.object} », {_client(facts)} demande que l’exécution du marché permette à des personnes éloignées "
        "de l’emploi d’apprendre un métier. Cette action est une condition d’exécution au sens de l’article L2112-2 du "
        "code de la commande publique.",
        "Volume d’heures",
        "Le titulaire accueille sur le marché, en contrat d’apprentissage, en contrat de professionnalisation ou dans une "
        "formation en situation de travail, des personnes à hauteur de :\n" + _hours_by_lot(facts),
        _total(facts),
        "Contenu",
        "Le parcours vise une qualification, un titre ou des compétences nommées à l’avance. Un tuteur est désigné pour "
        "chaque personne. À la fin, le titulaire remet une attestation de ce qui a été appris.",
        *_publics(facts),
        *_support(facts),
        *_follow_up(facts),
        *_penalty(facts),
    ]


def _immersion(facts: TextFacts) -> list[str]:
    return [
        "À insérer au CCAP : accueil en immersion",
        "Objet",
        f"Pour « {facts.object} », {_client(facts)} demande au titulaire d’ouvrir le chantier ou le service à des personnes "
        "qui découvrent un métier ou confirment un projet.",
        "Volume d’heures",
        "Le titulaire accueille des personnes en stage ou en période de mise en situation en milieu professionnel "
        "(PMSMP) à hauteur de :\n" + _hours_by_lot(facts),
        _total(facts),
        "Conditions d’accueil",
        "Une période suit un objet précis, écrit dans la convention ; elle dure un mois au plus et se renouvelle une fois "
        "pour le même objet. La personne n’occupe pas un poste de travail et ne remplace personne. Le titulaire désigne "
        "qui l’accueille et rend compte de la période.",
        *_support(facts),
        *_follow_up(facts),
    ]


def _voluntary(facts: TextFacts) -> list[str]:
    return [
        "Lettre d’engagement volontaire",
        f"Pour « {facts.object} », l’entreprise choisit de contribuer à l’emploi de personnes qui en sont éloignées, aux "
        f"côtés du donneur d’ordre ({facts.buyer}). Elle se donne pour objectif :\n" + _hours_by_lot(facts),
        _total(facts),
        *_publics(facts),
        *_ways(),
        *_support(facts),
        "Suivi",
        f"L’entreprise rencontre {AMOI} ({facts.house}) au démarrage, puis lui communique les heures faites. Cet engagement n’est "
        "assorti d’aucune pénalité.",
    ]


_TEXTS: dict[ClauseKind, Callable[[TextFacts], list[str]]] = {
    ClauseKind.EXECUTION: _execution,
    ClauseKind.CRITERION: _criterion,
    ClauseKind.EXECUTION_AND_CRITERION: _execution_and_criterion,
    ClauseKind.TRAINING: _training,
    ClauseKind.IMMERSION: _immersion,
    ClauseKind.VOLUNTARY: _voluntary,
}
