"""Addresses of the life of a bilan and of the partnership."""

from django.urls import path

from reporting.partnership_list import PartnershipList
from reporting.views import partnership, sent_drafts, workflow

urlpatterns = [
    path("bilans/<int:pk>/redaction/", workflow.bilan_writer, name="bilan_writer"),
    path("bilans/<int:pk>/proposer/", workflow.bilan_submit, name="bilan_submit"),
    path("bilans/<int:pk>/relecture/", workflow.bilan_reading, name="bilan_reading"),
    path("bilans/<int:pk>/renvoyer/", workflow.bilan_send_back, name="bilan_send_back"),
    path("bilans/<int:pk>/transmettre/", workflow.bilan_send, name="bilan_send"),
    path("bilans/<int:pk>/remettre/", workflow.bilan_deliver, name="bilan_deliver"),
    path("bilans/observations/<int:pk>/", workflow.bilan_comment_answer, name="bilan_comment_answer"),
    path("bilans/projets/<int:pk>/", sent_drafts.sent_draft_detail, name="sent_draft_detail"),
    path("bilans/projets/<int:pk>/termine/", sent_drafts.sent_draft_done, name="sent_draft_done"),
    path("bilans/lien/<str:token>/", sent_drafts.bilan_by_link, name="bilan_by_link"),
    path(
        "bilans/lien/<str:token>/<str:file_format>/",
        sent_drafts.bilan_file_by_link,
        name="bilan_file_by_link",
    ),
    path("bilans/partenariat/", PartnershipList.as_view(), name="partnership_list"),
    path("bilans/partenariat/nouvelle/", partnership.partnership_start, name="partnership_start"),
    path("bilans/partenariat/<int:pk>/partage/", partnership.partnership_share, name="partnership_share"),
    path(
        "bilans/partenariat/<int:pk>/axes/nouveau/", partnership.improvement_create, name="improvement_create"
    ),
    path("bilans/partenariat/axes/<int:pk>/", partnership.improvement_edit, name="improvement_edit"),
    path("acheteurs/<int:pk>/partenariat/", partnership.buyer_partnership, name="buyer_partnership"),
    path("acheteurs/<int:pk>/partenariat/<int:year>/", partnership.partnership_note, name="partnership_note"),
]
