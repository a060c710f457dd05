"""What each kind of meeting is for: whom it gathers, and an agenda to start from (convention, annexes 1.A and 1.B)."""

from __future__ import annotations

from dataclasses import dataclass

from clauses.enums import Channel


@dataclass(frozen=True)
class MeetingKind:
    """A meeting of the convention: who is asked to it, and the points that it usually goes through."""

    title: str
    with_buyer: bool
    with_company: bool
    points: tuple[str, ...]

    @property
    def agenda(self) -> str:
        return "\n".join(f"- {point}" for point in self.points)


MEETINGS: dict[str, MeetingKind] = {
    Channel.LAUNCH: MeetingKind(
        "Réunion de lancement",
        True,
        True,
        (
            "Présentation de chacun et du rôle de la maison auprès du titulaire",
            "Rappel de l’objet du marché, de son calendrier et de ses lots",
            "Engagement d’insertion : heures, public, actions promises dans l’offre",
            "Interlocuteur·rice insertion de l’entreprise",
            "Suites en cas de difficulté et pénalités prévues au marché",
            "Date de la mise au point avec le titulaire",
        ),
    ),
    Channel.KICK_OFF: MeetingKind(
        "Mise au point avec le titulaire",
        False,
        True,
        (
            "Calendrier d’intervention et métiers où les heures peuvent être réalisées",
            "Manières de recruter : embauche directe, SIAE, GEIQ, alternance",
            "Liste des SIAE et GEIQ du territoire, mises en relation souhaitées",
            "Validation de chaque candidature avant l’embauche",
            "Relevé mensuel des heures et pièces à fournir",
            "Actions promises : qui fait quoi, pour quand, avec quel justificatif",
        ),
    ),
    Channel.SITE: MeetingKind(
        "Réunion de chantier",
        True,
        True,
        (
            "Heures réalisées et heures restant à faire",
            "Accueil et encadrement des personnes en insertion",
            "Besoins de recrutement des prochains mois",
            "Difficultés et décisions",
        ),
    ),
    Channel.MID_YEAR: MeetingKind(
        "Réunion de mi-année",
        True,
        False,
        (
            "État d’avancement du marché",
            "Suivi et accompagnement des personnes",
            "Ajustements à prévoir d’ici la fin de l’année",
        ),
    ),
    Channel.YEAR_END: MeetingKind(
        "Réunion de fin d’année",
        True,
        True,
        (
            "Ce qui a été réalisé dans l’année, en heures et en personnes",
            "Difficultés rencontrées et réponses apportées",
            "Actions menées et résultats pour les personnes",
            "Attentes du donneur d’ordre pour la suite",
        ),
    ),
    Channel.STEERING: MeetingKind(
        "Comité de pilotage",
        True,
        False,
        (
            "Chiffres de la période et marchés en cours",
            "Achats à venir où une clause peut être écrite",
            "Difficultés à arbitrer",
            "Améliorations du partenariat",
        ),
    ),
    Channel.TRIPARTITE: MeetingKind(
        "Rencontre tripartite",
        True,
        True,
        (
            "Où en est l’engagement, et les contacts déjà pris",
            "Raisons de la difficulté, vues par l’entreprise",
            "Solutions possibles et délai de chacune",
            "Ce qui se passe si l’engagement n’est pas tenu",
        ),
    ),
    Channel.VISIT: MeetingKind(
        "Visite",
        False,
        True,
        (
            "Découverte des métiers et des postes",
            "Conditions d’accueil, encadrement",
            "Besoins de recrutement",
        ),
    ),
    Channel.OTHER: MeetingKind("Autre réunion", True, True, ()),
}
