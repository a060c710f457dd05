"""What became of the people: situations after a path, trainings, long paths; masked before they are written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from beneficiaries.enums import Milestone, SituationGroup
from reporting import indicators
from reporting.indicators.results import Cohort, People, Situations, Trainings
from reporting.masking import THRESHOLD, Masked, Row, Table, mask
from reporting.outcome_masking import (
    ONGOING,
    UNKNOWN,
    is_too_near,
    left_of,
    mask_benefits,
    mask_situations,
    positive_share,
    share_of,
)
from reporting.snapshot.beside import LinesOf, hide_beside, subtracted_from, told_by
from reporting.snapshot.material import Block, Column, Material, chapter, text
from reporting.snapshot.purchase import share
from reporting.snapshot.words import agree, count, listed, upper_first

TITLE = "Situation des personnes"
NOT_RECORDED = "non renseigné"
MASKED = "masqué : trop peu de personnes"
# Another document that is read already tells a few people when this one is beside it.
MASKED_BESIDE = "masqué : un autre bilan est déjà lu"
GROUP_LABELS = {
    SituationGroup.DURABLE: "Emploi durable (CDI, CDD de 6 mois et plus, création d’entreprise)",
    SituationGroup.TRANSITION: "Emploi de transition (CDD de moins de 6 mois, intérim, SIAE)",
    SituationGroup.POSITIVE: "Sortie positive (alternance, formation)",
    SituationGroup.OTHER: "Autre sortie (recherche d’emploi, sans activité, sans nouvelles)",
}
MILESTONES = {Milestone.MONTHS_6: ("m6", "6 mois"), Milestone.MONTHS_12: ("m12", "12 mois")}
SITUATIONS = "outcomes_situations"
# Rows that hold others.
INSIDE = {"aiming": ("trained",), "obtained": ("trained", "aiming")}


def outcomes_chapter(m: Material) -> dict[str, Any]:
    """Key figures, then the tables that may be read; without a closed year or a whole life, a sentence (rule 9)."""
    if m.no_typology and not m.with_situations:
        return chapter("outcomes", TITLE, m.no_typology, [])
    if not m.is_closed:
        why = f"L’année {m.year} n’est pas close : la situation des personnes ne paraît que pour une année close."
        return chapter("outcomes", TITLE, why, [])
    found = indicators.situations(m.facts)[m.span]
    if not found.people:
        return chapter("outcomes", TITLE, f"Aucune personne n’a d’heure comptée {m.when}.", [])
    shown = _Shown(m, found)
    blocks = [m.key_figures("outcomes_figures", list(_figures(m, shown))), _rule(), *shown.blocks()]
    return chapter("outcomes", TITLE, _answer(m, shown), blocks)


class _Shown:
    """The tables of the chapter as they may be read, and why the others may not."""

    def __init__(self, m: Material, found: Situations) -> None:
        self.m, self.found = m, found
        self.cohorts = indicators.cohorts(m.facts)[m.span]
        self.trainings = indicators.trainings(m.facts)[m.span]
        self.long = indicators.long_paths(m.facts)[m.span]
        self.withheld: list[str] = []
        self.told: list[str] = []
        self.subtracted: list[str] = []
        self.told_beside: set[str] = set()
        situations, hired = mask_situations(_situations_table(found), _hired_table(found))
        self.situations = self._readable(situations, _lines_of_situations)
        # Who is still in their path is read in both: the second table goes with the first.
        hired = hired if self.situations else Masked(hired.key, hired.title, withheld=True)
        self.hired = self._readable(hired, _lines_of_hires, said=bool(found.hired | found.not_hired))
        self.rated: dict[Milestone, Masked | None] = {}
        self._rates()
        self.benefits = self._benefits()

    def _readable(
        self, table: Masked, lines_of: LinesOf | None = None, *, said: bool = True
    ) -> Masked | None:
        """The table, unless it is withheld or another document would make it tell a few people.

        lines_of: where people stand today, of a table whose lines they change.
        """
        if table.withheld:
            self.withheld += [table.title] if said else []
            return None
        if version := told_by(table, self.m.earlier):
            self.told.append(f"{table.title} ({version})")
            self.told_beside.add(table.key)
            return None
        others = self.m.beside
        if lines_of:
            here = frozenset().union(*lines_of(self.m.facts).values())
            others = [other.of(table.key, lines_of, here) for other in others]
        if name := subtracted_from(table, others):
            self.subtracted.append(f"{table.title} ({name})")
            self.told_beside.add(table.key)
            return None
        return table

    def why_masked(self, key: str) -> str:
        return MASKED_BESIDE if key in self.told_beside else MASKED

    def _rates(self) -> None:
        """The cohorts, each without telling few people beside the tables that are already read."""
        read = [self.found.left] if self.situations else []
        for milestone, cohort in self.cohorts.items():
            self.rated[milestone] = None
            if not cohort.respondents:
                continue
            table = mask(_cohort_table(milestone, cohort))
            if any(is_too_near(one, cohort.people) or is_too_near(cohort.people, one) for one in read):
                table = Masked(table.key, table.title, withheld=True)
            self.rated[milestone] = self._readable(table, partial(_lines_of_cohort, milestone=milestone))
            if self.rated[milestone]:
                read.append(cohort.people)

    def _benefits(self) -> Masked | None:
        rows = list(_benefit_rows(self.trainings, self.long))
        if not rows:
            return None
        masked = mask_benefits(rows, inside=INSIDE, total=len(self.found.people))
        return self._readable(hide_beside(masked, self.m.beside))

    def blocks(self) -> Iterator[Block]:
        m = self.m
        if self.situations and self._is_recorded:
            yield _situations_block(m, self.situations)
        elif not self._is_recorded:
            sentence = f"Aucune situation de personnes sorties de leur parcours {m.when} n’est renseignée."
            m.not_recorded.append(
                {"key": "outcomes", "title": "Situation des personnes sorties", "sentence": sentence}
            )
            yield text(
                "outcomes_not_recorded",
                "Situation à la fin de l’année" if m.is_annual else "Situation",
                [sentence],
            )
        for milestone, cohort in self.cohorts.items():
            if table := self.rated[milestone]:
                yield _cohort_block(m, milestone, table)
            elif not cohort.respondents:
                yield _cohort_not_recorded(m, milestone)
        yield from _hired_blocks(m, self)
        yield from _benefit_blocks(m, self)
        yield from self._reasons()

    @property
    def _is_recorded(self) -> bool:
        """Whether a situation is recorded of somebody who left, or nobody did."""
        return not self.found.left or self.found.unknown != self.found.left

    def _reasons(self) -> Iterator[Block]:
        if self.withheld:
            yield text(
                "outcomes_withheld",
                "Ce qui n’est pas détaillé",
                [
                    "Trop peu de personnes pour un détail qui ne les ferait pas reconnaître : "
                    f"{listed(self.withheld)}."
                ],
            )
        if self.told:
            yield text(
                "outcomes_told",
                "Ce qui reste lisible dans une version déjà communiquée",
                [
                    "Depuis une version déjà communiquée de ce bilan, trop peu de personnes ont changé de ligne pour que "
                    f"ces tableaux paraissent de nouveau sans risque de les reconnaître : {listed(self.told)}."
                ],
            )
        if self.subtracted:
            yield text(
                "outcomes_subtracted",
                "Ce qu’un autre bilan détaille déjà",
                [
                    "Lus à côté d’un bilan déjà communiqué, ces tableaux feraient connaître par soustraction la situation "
                    f"de quelques personnes : {listed(self.subtracted)}."
                ],
            )


# --- who is in each line ----------------------------------------------------------------------------------------


def _lines_of_situations(facts: indicators.Facts) -> dict[str, People]:
    found = indicators.situations(facts)[facts.period.span]
    groups = {group.value: people for group, people in found.by_group.items()}
    return groups | {ONGOING: found.ongoing, UNKNOWN: found.unknown}


def _lines_of_hires(facts: indicators.Facts) -> dict[str, People]:
    found = indicators.situations(facts)[facts.period.span]
    return {"yes": found.hired, "no": found.not_hired, ONGOING: found.ongoing, UNKNOWN: found.hired_unknown}


def _lines_of_cohort(facts: indicators.Facts, milestone: Milestone) -> dict[str, People]:
    found = indicators.cohorts(facts)[facts.period.span][milestone]
    return {group.value: people for group, people in found.by_group.items()} | {UNKNOWN: found.silent}


# --- tables, before any masking ----------------------------------------------------------------------------------


def _situations_table(found: Situations) -> Table:
    rows = [Row(group.value, GROUP_LABELS[group], len(found.by_group[group])) for group in GROUP_LABELS]
    rows.append(Row(ONGOING, "En cours de parcours", len(found.ongoing)))
    return Table(
        SITUATIONS,
        "Situation la plus récente",
        rows,
        Row(UNKNOWN, "Non renseigné", len(found.unknown)),
    )


def _hired_table(found: Situations) -> Table:
    return Table(
        "outcomes_hired",
        "Embauche par l’attributaire",
        [
            Row("yes", "Embauchées par l’attributaire", len(found.hired)),
            Row("no", "Non embauchées par l’attributaire", len(found.not_hired)),
            Row(ONGOING, "En cours de parcours", len(found.ongoing)),
        ],
        Row(UNKNOWN, "Non renseigné", len(found.hired_unknown)),
    )


def _cohort_table(milestone: Milestone, cohort: Cohort) -> Table:
    key, label = MILESTONES[milestone]
    labels = GROUP_LABELS | {SituationGroup.OTHER: "Autre (recherche d’emploi, sans activité)"}
    return Table(
        f"outcomes_{key}",
        f"Situation {label} après la sortie",
        [Row(group.value, labels[group], len(cohort.by_group[group])) for group in labels],
        Row(UNKNOWN, "Sans réponse", len(cohort.silent)),
    )


def _benefit_rows(trained: Trainings | None, long: indicators.LongPaths | None) -> Iterator[Row]:
    """Outermost first: a row comes after those that hold it."""
    if trained:
        yield Row("trained", "Formations suivies", len(trained.people), trained.hours, trained.count)
        yield Row("aiming", "dont visant une qualification", len(trained.aiming), contracts=trained.aimed_at)
        yield Row(
            "obtained", "dont qualification obtenue", len(trained.obtained), contracts=trained.qualifications
        )
    if long:
        yield Row("long", "Parcours sur plusieurs marchés", len(long.people), long.hours)


# --- blocks -------------------------------------------------------------------------------------------------------


def _figures(m: Material, shown: _Shown) -> Iterator[dict[str, Any]]:
    """Each made of rows that are readable; what nobody recorded and what is masked say so."""
    found, table = shown.found, shown.situations
    left = left_of(table) if table else None
    yield m.figure(
        "left_path",
        agree(
            2 if left is None else left,
            "personne sortie de son parcours",
            "personnes sorties de leur parcours",
        ),
        "number",
        left,
        "" if left is not None else shown.why_masked(SITUATIONS),
    )
    durable = share_of(table, [SituationGroup.DURABLE], without=(ONGOING, UNKNOWN)) if table else None
    note = "parmi les sorties renseignées"
    if durable is None:
        note = NOT_RECORDED if found.unknown == found.left else shown.why_masked(SITUATIONS)
    yield m.figure("durable_share", "des sorties en emploi durable", "rate", durable, note)
    for milestone, (key, label) in MILESTONES.items():
        cohort, rated = shown.cohorts[milestone], shown.rated[milestone]
        rate = positive_share(rated) if rated else None
        note = "parmi les personnes qui ont répondu"
        if rate is None:
            note = shown.why_masked(f"outcomes_{key}") if cohort.respondents else NOT_RECORDED
        yield m.figure(f"positive_{key}", f"en emploi ou en formation {label} après", "rate", rate, note)


def _answer(m: Material, shown: _Shown) -> str:
    table = shown.situations
    left = left_of(table) if table else None
    if left is None and SITUATIONS in shown.told_beside:
        return f"Le nombre de personnes sorties {m.when} ne paraît pas : lu à côté d’un bilan déjà communiqué, il en ferait reconnaître quelques-unes."
    if left is None:
        return f"Trop peu de personnes sont sorties de leur parcours, ou y sont encore, {m.when} pour que leur nombre paraisse."
    if not left:
        return f"Aucune des personnes {m.of_period} n’est sortie de son parcours : toutes y sont encore."
    said = f"{upper_first(count(left, 'personne'))} {agree(left, 'est sortie de son parcours', 'sont sorties de leur parcours')} {m.when}"
    durable = table.shown(SituationGroup.DURABLE) if table else None
    if not shown._is_recorded:
        return f"{said} ; leur situation n’est pas renseignée."
    if durable:
        return f"{said}, dont {durable} en emploi durable."
    return f"{said}."


def _rule() -> Block:
    return text(
        "outcomes_rule",
        "",
        [
            "Une personne est sortie de son parcours quand aucune affectation ne suit la dernière pendant plusieurs mois. "
            f"Pour que personne ne puisse être reconnu, les lignes de moins de {THRESHOLD} personnes sont masquées, avec "
            "une autre ligne au moins."
        ],
    )


def _people_block(
    m: Material, table: Masked, column: str, *, base: str, formula: str = "", notes: Sequence[str] = ()
) -> Block:
    """A table of people by situation, with that of the published bilan N-1 beside."""
    return m.table(
        table.key,
        table.title,
        [Column("label", column), Column("people", m.column("Personnes"), "number", True)],
        [
            (
                row.key,
                {"label": row.label, "people": row.people},
                ("people",) if row.key in table.hidden else (),
            )
            for row in table.rows
        ],
        totals={"label": "Ensemble", "people": sum(row.people for row in table.rows)},
        base=base,
        formula=formula,
        notes=notes,
    )


def _situations_block(m: Material, table: Masked) -> Block:
    people = sum(row.people for row in table.rows)
    return _people_block(
        m,
        table,
        "Situation",
        base=f"Base : {count(people, 'personne')} d’au moins une heure comptée {m.when}.",
        formula="Situation la plus récente qui soit enregistrée depuis la sortie (à la sortie, à 6 mois ou à 12 mois). "
        "En cours : la dernière affectation n’est pas finie, ou une autre l’a suivie à temps.",
    )


def _cohort_block(m: Material, milestone: Milestone, table: Masked) -> Block:
    _, label = MILESTONES[milestone]
    total, silent = sum(row.people for row in table.rows), table.shown(UNKNOWN)
    base = f"Cohorte : {count(total, 'personne')} dont l’échéance des {label} après la sortie tombe {m.when}"
    if silent is not None:
        base += f" ; {count(total - silent, 'répondante', 'répondantes')}"
    said = []
    durable, positive = share_of(table, [SituationGroup.DURABLE]), positive_share(table)
    if durable is not None:
        said.append(f"En emploi durable : {share(durable)} des répondantes.")
    if positive is not None:
        said.append(f"En emploi ou en formation : {share(positive)} des répondantes.")
    return _people_block(
        m,
        table,
        f"Situation à {label}",
        base=f"{base}.",
        formula="Taux = personnes de la ligne ÷ répondantes. « Sans nouvelles » et « non connue » ne sont pas des réponses.",
        notes=[
            *said,
            "Une personne y figure si une heure de son parcours a été comptée ici ; celles qui ont repris un parcours "
            "avant le terme n’y sont pas.",
        ],
    )


def _cohort_not_recorded(m: Material, milestone: Milestone) -> Block:
    key, label = MILESTONES[milestone]
    sentence = f"Situation à {label} : non renseignée, aucune réponse n’est enregistrée pour les sorties dont l’échéance des {label} tombe {m.when}."
    m.not_recorded.append({"key": f"outcomes_{key}", "title": f"Situation à {label}", "sentence": sentence})
    return text(f"outcomes_{key}_not_recorded", "", [sentence])


def _hired_blocks(m: Material, shown: _Shown) -> Iterator[Block]:
    found = shown.found
    if shown.hired and found.hired | found.not_hired:
        people = len(found.people)
        yield _people_block(
            m,
            shown.hired,
            "Embauche",
            base=f"Base : {count(people, 'personne')} d’au moins une heure comptée {m.when}.",
            formula="Ce que dit la dernière réponse enregistrée depuis la sortie.",
        )
    elif found.left and not found.hired | found.not_hired:
        sentence = "Embauche par l’attributaire : non renseignée pour les personnes sorties."
        m.not_recorded.append({"key": "hired", "title": "Embauche par l’attributaire", "sentence": sentence})
        yield text("outcomes_hired_not_recorded", "", [sentence])


def _benefit_blocks(m: Material, shown: _Shown) -> Iterator[Block]:
    if not shown.trainings:
        sentence = (
            f"Formations et qualifications : non renseignées, aucune formation n’est enregistrée {m.when}."
        )
        m.not_recorded.append(
            {"key": "trainings", "title": "Formations et qualifications obtenues", "sentence": sentence}
        )
        yield text("trainings_not_recorded", "", [sentence])
    table = shown.benefits
    if table is None:
        return
    yield m.table(
        table.key,
        table.title,
        [
            Column("label", "Formation ou parcours"),
            Column("people", m.column("Personnes"), "number", True),
            Column("count", "Formations", "number"),
            Column("hours", "Heures", "hours"),
        ],
        [
            (
                row.key,
                {
                    "label": row.label,
                    "people": row.people,
                    "count": None if row.key == "long" else row.contracts,
                    "hours": row.hours if row.key in ("trained", "long") else None,
                },
                ("people", "count", "hours") if row.key in table.hidden else (),
            )
            for row in table.rows
        ],
        base=f"Base : {count(len(shown.found.people), 'personne')} d’au moins une heure comptée {m.when}.",
        formula="Formations : celles qui ont des heures comptées dans la période ; le résultat est celui qui est enregistré "
        "à ce jour. Parcours sur plusieurs marchés : personnes qui ont des heures comptées sur deux marchés au moins de ce "
        "périmètre, depuis le début ; leurs heures y sont toutes, un accord-cadre et ses marchés subséquents sont un seul "
        "marché, et les marchés d’autres donneurs d’ordre ne sont pas regardés.",
        notes=["Une personne peut être sur plusieurs lignes : elles ne s’additionnent pas."],
    )
