"""Addresses of clauses: the pages of markets that count hours, clauses and commitments."""

from django.urls import path

from clauses import grid_urls, recommendation_urls
from clauses.coverage_list import CoverageList
from clauses.escalation_list import EscalationList
from clauses.views import (
    awards,
    board,
    calendar,
    commitments,
    coverage,
    decp,
    directory,
    escalation,
    escalation_steps,
    fees,
    interactions,
    markets,
    operations,
    tenders,
)

urlpatterns = [
    path("entreprises/annuaire/envoyer/", directory.directory_send, name="directory_send"),
    path("entreprises/annuaire/liste.pdf", directory.directory_pdf, name="directory_pdf"),
    *recommendation_urls.urlpatterns,
    *grid_urls.urlpatterns,
    path("marches/", markets.MarketList.as_view(), name="market_list"),
    path("marches/publies/", CoverageList.as_view(), name="coverage_list"),
    path("marches/publies/fichier/", coverage.coverage_drop, name="coverage_drop"),
    path("marches/publies/<int:pk>/marche/", coverage.coverage_match, name="coverage_match"),
    path("marches/publies/<int:pk>/laisser/", coverage.coverage_leave, name="coverage_leave"),
    path("marches/publies/<int:pk>/revenir/", coverage.coverage_undo, name="coverage_undo"),
    path("marches/decp/", decp.decp_upload, name="decp_import"),
    path("marches/decp/<int:pk>/", decp.decp_report, name="decp_report"),
    path("marches/<int:pk>/", markets.market_detail, name="market_detail"),
    path("marches/lots/<int:pk>/attribuer/", awards.lot_award, name="lot_award"),
    path("marches/lots/<int:pk>/analyse/", tenders.offer_grid, name="offer_grid"),
    path("marches/lots/<int:pk>/analyse/criteres/", tenders.offer_criteria, name="offer_criteria"),
    path("marches/lots/<int:pk>/analyse/offres/nouvelle/", tenders.offer_create, name="offer_create"),
    path("marches/lots/<int:pk>/analyse/clore/", tenders.offer_close, name="offer_close"),
    path("marches/lots/<int:pk>/analyse/rouvrir/", tenders.offer_reopen, name="offer_reopen"),
    path("marches/lots/<int:pk>/analyse/rapport.pdf", tenders.offer_report, name="offer_report"),
    path("marches/analyses/offres/<int:pk>/modifier/", tenders.offer_edit, name="offer_edit"),
    path("marches/analyses/offres/<int:pk>/retirer/", tenders.offer_remove, name="offer_remove"),
    path("operations/<int:pk>/", operations.operation_detail, name="operation_detail"),
    path("marches/<int:pk>/engagements/", markets.market_commitments, name="market_commitments"),
    path("acheteurs/<int:pk>/marches/", markets.buyer_markets, name="buyer_markets"),
    path("acheteurs/conventions/<int:pk>/participation/", fees.agreement_fees, name="agreement_fees"),
    path("entreprises/<int:pk>/engagements/", markets.company_commitments, name="company_commitments"),
    path("marches/lots/<int:pk>/clauses/nouvelle/", commitments.clause_create, name="clause_create"),
    path("marches/clauses/<int:pk>/modifier/", commitments.clause_edit, name="clause_edit"),
    path(
        "marches/clauses/<int:pk>/engagements/nouveau/",
        commitments.commitment_create,
        name="commitment_create",
    ),
    path("marches/engagements/<int:pk>/", commitments.commitment_detail, name="commitment_detail"),
    path("marches/engagements/<int:pk>/modifier/", commitments.commitment_edit, name="commitment_edit"),
    path("marches/engagements/<int:pk>/evolution/", commitments.change_create, name="change_create"),
    path("marches/engagements/<int:pk>/commande/", commitments.order_create, name="order_create"),
    path("marches/engagements/<int:pk>/repartir/", commitments.commitment_move, name="commitment_move"),
    path("echeances/", board.TaskBoard.as_view(), name="task_list"),
    path("echeances/<int:pk>/", board.task_detail, name="task_detail"),
    path("echeances/<int:pk>/fait/", board.task_done, name="task_done"),
    path("echeances/<int:pk>/reporter/", board.task_postpone, name="task_postpone"),
    path("echeances/<int:pk>/confier/", board.task_assign, name="task_assign"),
    path("journal/<int:pk>/modifier/", interactions.interaction_edit, name="interaction_edit"),
    path("reunions/<int:pk>/", interactions.meeting_detail, name="meeting_detail"),
    path("reunions/<int:pk>/modifier/", interactions.meeting_edit, name="meeting_edit"),
    path("reunions/<int:pk>/annuler/", interactions.meeting_cancel, name="meeting_cancel"),
    path("reunions/<int:pk>/inviter/", interactions.meeting_invite, name="meeting_invite"),
    path("reunions/<int:pk>/compte-rendu/", interactions.meeting_report, name="meeting_report"),
    path("reunions/<int:pk>/reunion.ics", interactions.meeting_file, name="meeting_file"),
    path("calendrier/<str:token>.ics", calendar.calendar_feed, name="calendar_feed"),
    path("mon-compte/rappels/", calendar.reminders, name="reminders"),
    path("mon-compte/agenda/nouvelle-adresse/", calendar.calendar_create, name="calendar_create"),
    path("mon-compte/agenda/retirer/", calendar.calendar_revoke, name="calendar_revoke"),
    *(
        path(f"{place}/<int:pk>/{address}/", view, {"kind": kind}, name=f"{kind}_{name}")
        for kind, place in (("market", "marches"), ("company", "entreprises"), ("buyer", "acheteurs"))
        for address, view, name in (
            ("journal", interactions.journal, "journal"),
            ("journal/nouveau", interactions.interaction_create, "interaction_create"),
            ("reunions/nouvelle", interactions.meeting_create, "meeting_create"),
            ("echeances/nouvelle", board.task_create, "task_create"),
        )
    ),
    path("marches/difficultes/", EscalationList.as_view(), name="escalation_list"),
    path("marches/courriers/", escalation.escalation_letters, name="escalation_letters"),
    path("marches/<int:pk>/difficultes/", escalation.market_escalations, name="market_escalations"),
    path("marches/<int:pk>/difficultes/ouvrir/", escalation_steps.escalation_open, name="escalation_open"),
    path("marches/difficultes/<int:pk>/", escalation.escalation_detail, name="escalation_detail"),
    path("marches/difficultes/<int:pk>/refus/", escalation_steps.refusal_create, name="escalation_refusal"),
    path("marches/difficultes/<int:pk>/courrier/", escalation_steps.letter_propose, name="escalation_letter"),
    path(
        "marches/difficultes/<int:pk>/courrier/projet/",
        escalation.letter_preview,
        name="escalation_letter_preview",
    ),
    path(
        "marches/difficultes/<int:pk>/courrier/accord/",
        escalation_steps.letter_decide,
        name="escalation_letter_decide",
    ),
    path(
        "marches/difficultes/<int:pk>/courrier/envoi/", escalation_steps.letter_send, name="escalation_send"
    ),
    path("marches/difficultes/<int:pk>/alerte/", escalation_steps.alert_create, name="escalation_alert"),
    path(
        "marches/difficultes/<int:pk>/defaillance/",
        escalation_steps.default_create,
        name="escalation_default",
    ),
    path(
        "marches/difficultes/<int:pk>/penalite/", escalation_steps.penalty_decide, name="escalation_penalty"
    ),
    path(
        "marches/difficultes/<int:pk>/rencontre/prevoir/",
        escalation_steps.meeting_plan,
        name="escalation_meeting_plan",
    ),
    path(
        "marches/difficultes/<int:pk>/rencontre/", escalation_steps.meeting_create, name="escalation_meeting"
    ),
    path("marches/difficultes/<int:pk>/clore/", escalation_steps.escalation_close, name="escalation_close"),
    path("marches/difficultes/<int:pk>/dossier/", escalation.escalation_file, name="escalation_file"),
]
