"""The journal of markets, companies and buyers, meetings held and to come, and what each facilitator has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import User
from beneficiaries.models import HoursEntry
from clauses.enums import Channel
from clauses.services.interactions import plan_meeting, record_interaction
from markets.enums import Turn
from markets.models import Market
from markets.services.tasks import open_task
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.services.drafts import start_final_bilan
from reporting.services.progress import make_progress_report

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files

CALLS = (
    (-88, Channel.CALL, True, "Point sur les embauches : deux contrats signés, un troisième attendu."),
    (-67, Channel.SITE, True, "Réunion de chantier : le planning des équipes est décalé de deux semaines."),
    (-41, Channel.MAIL, True, "Relevés d’heures demandés pour le mois, reçus le lendemain."),
    (-19, Channel.VISIT, True, "Visite du poste avec l’encadrant ; accueil et équipement vérifiés."),
)


def tell_exchanges(cast: Cast, files: Files) -> None:
    """On the story’s files, and on a few markets of the territory where hours are logged."""
    with_hours = _with_hours(cast, files)
    _journal(cast, files, with_hours)
    _meetings(cast, with_hours)
    _tasks(cast, files)
    _reports(cast, with_hours)


def _with_hours(cast: Cast, files: Files) -> list[Market]:
    """Four markets of the territory where hours were logged lately, with their first holder."""
    own = [files.school.pk, files.shared.pk, files.site.pk]
    buyers = [cast.oullins.pk, cast.metropole.pk]
    lately = HoursEntry.objects.filter(month__gte=cast.month(-6), market__buyer__in=buyers)
    pks = sorted(set(lately.values_list("market", flat=True)))
    rows = Market.objects.filter(pk__in=pks, closed_on__isnull=True, notified_on__lte=cast.day(-100))
    return list(rows.exclude(pk__in=own).order_by("buyer_id", "pk")[:4])


def _holder(market: Market) -> Any:
    commitment = market.commitments.select_related("holder").order_by("pk").first()
    return commitment.holder if commitment else None


def _journal(cast: Cast, files: Files, markets: list[Market]) -> None:
    for rank, market in enumerate(markets):
        by = (cast.nadia, cast.nadia, cast.thomas, cast.ines)[rank]
        for shift, channel, reached, words in CALLS:
            on = cast.day(shift + 2 * rank)
            with on_day(on):
                record_interaction(
                    market=market,
                    company=_holder(market),
                    on=on,
                    channel=channel,
                    reached=reached,
                    participants="Conducteur de travaux",
                    summary=words,
                    by=by,
                )
    with on_day(cast.day(-29)):
        record_interaction(
            market=files.school,
            company=cast.company,
            on=cast.day(-29),
            channel=Channel.LIST_SENT,
            participants="Responsable des ressources humaines",
            summary="Liste de cinq structures du secteur, de la plus proche à la plus lointaine.",
            next_what="Dire quelles structures ont été jointes",
            next_turn=Turn.COMPANY,
            next_due=cast.day(5),
            by=cast.nadia,
        )
    for shift, channel, words in (
        (
            -16,
            Channel.CALL,
            "Deux postes de manœuvre confirmés pour le démarrage, un troisième au printemps.",
        ),
        (-5, Channel.MAIL, "Coordonnées du chef d’équipe reçues, transmises aux prescripteurs."),
    ):
        with on_day(cast.day(shift)):
            record_interaction(
                market=files.school,
                company=cast.company,
                on=cast.day(shift),
                channel=channel,
                participants="Conductrice de travaux",
                summary=words,
                by=cast.nadia,
            )
    for shift, channel, words in (
        (-76, Channel.CALL, "L’entreprise veut mieux connaître les structures du secteur."),
        (-35, Channel.VISIT, "Visite du dépôt : deux postes possibles au printemps."),
        (-14, Channel.MAIL, "Envoi de la plaquette et du calendrier des rencontres."),
    ):
        with on_day(cast.day(shift)):
            record_interaction(
                company=cast.company,
                on=cast.day(shift),
                channel=channel,
                participants="Direction",
                summary=words,
                by=cast.ines,
            )
    for buyer, by, words in (
        (cast.oullins, cast.nadia, "Point mensuel avec la direction des achats : trois achats à étudier."),
        (cast.metropole, cast.thomas, "Échange sur la liste des achats et sur les seuils de l’obligation."),
    ):
        with on_day(cast.day(-21)):
            record_interaction(
                buyer=buyer,
                on=cast.day(-21),
                channel=Channel.CALL,
                participants="Direction des achats",
                summary=words,
                by=by,
            )


def _meetings(cast: Cast, markets: list[Market]) -> None:
    with on_day(cast.day(-75)):
        held = plan_meeting(
            buyer=cast.oullins,
            channel=Channel.STEERING,
            starts_at=cast.moment(-48, 14),
            duration=120,
            place="Hôtel de ville",
            participants="Adjointe à l’insertion, direction des achats, maison de l’emploi",
            with_buyer=True,
            by=cast.nadia,
        )
    with on_day(cast.day(-48), 17):
        record_interaction(
            buyer=cast.oullins,
            on=cast.day(-48),
            channel=Channel.STEERING,
            participants="Adjointe à l’insertion, direction des achats, maison de l’emploi",
            summary="Bilan de l’année lu ensemble. La ville souhaite réserver un lot de nettoyage l’an prochain.",
            meeting=held,
            by=cast.nadia,
        )
    with on_day(cast.day(-7)):
        for market in markets[:1]:
            plan_meeting(
                market=market,
                company=_holder(market),
                channel=Channel.SITE,
                starts_at=cast.moment(3, 8, 30),
                duration=45,
                place="Base vie du chantier",
                with_company=True,
                by=cast.nadia,
            )
        plan_meeting(
            buyer=cast.metropole,
            channel=Channel.STEERING,
            starts_at=cast.moment(16, 10),
            duration=90,
            place="Hôtel de la Métropole, salle 204",
            with_buyer=True,
            by=cast.thomas,
        )
        plan_meeting(
            company=cast.company,
            channel=Channel.VISIT,
            starts_at=cast.moment(11, 9),
            duration=60,
            place="Dépôt de l’entreprise",
            details="Visite avec la mission locale.",
            with_company=True,
            by=cast.ines,
        )


def _tasks(cast: Cast, files: Files) -> None:
    """For each of the three: something overdue, something this week, something later."""
    wanted: tuple[tuple[User, dict[str, Any], str, int, int], ...] = (
        (cast.nadia, {"market": files.school}, "Relire le planning des embauches du lot 1", -20, -3),
        (cast.nadia, {"market": files.shared}, "Rappeler le titulaire au sujet des relevés", -4, 2),
        (cast.nadia, {"buyer": cast.oullins}, "Préparer la réunion annuelle de bilan", -4, 45),
        (cast.thomas, {"market": files.site}, "Vérifier l’objectif du site avec le promoteur", -33, -11),
        (cast.thomas, {"buyer": cast.metropole}, "Compléter les montants de la liste d’achats", -6, 3),
        (cast.thomas, {"market": files.site}, "Visiter le chantier au démarrage du second œuvre", -6, 60),
        (cast.ines, {"company": cast.company}, "Envoyer le calendrier des rencontres de la Charte", -15, -6),
        (cast.ines, {"company": cast.others[0]}, "Proposer un parrainage à la mission locale", -3, 4),
        (cast.ines, {"company": cast.structure}, "Mettre à jour les activités de la structure", -3, 30),
    )
    for who, target, title, since, due in wanted:
        with on_day(cast.day(since)):
            open_task(
                title=title, since=cast.day(since), due_on=cast.day(due), assignee=who, by=who, **target
            )
    with on_day(cast.day(-9)):
        open_task(
            market=files.site,
            title="Transmettre le planning des travaux du promoteur",
            turn=Turn.BUYER,
            since=cast.day(-9),
            due_on=cast.day(6),
            by=cast.thomas,
        )
    with on_day(cast.day(-13)):
        open_task(
            market=files.school,
            title="Transmettre les candidatures de peintres",
            turn=Turn.PARTNER,
            details="Mission locale et agence de France Travail.",
            since=cast.day(-13),
            due_on=cast.day(1),
            by=cast.nadia,
        )


def _reports(cast: Cast, markets: list[Market]) -> None:
    """A point d’étape on a market with hours, and the draft of a final bilan."""
    for market in markets[:1]:
        with on_day(cast.day(-5)):
            make_progress_report(market=market, first=cast.month(-6), last=cast.month(-1), user=cast.nadia)
    over = Market.objects.filter(
        buyer=cast.oullins, received_on__isnull=False, received_on__lte=cast.day(-30), parent__isnull=True
    )
    finished = over.order_by("-received_on", "pk").first()
    if finished:
        with on_day(cast.day(-4)):
            start_final_bilan(market=finished, user=cast.nadia)
