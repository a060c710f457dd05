"""Addresses of the grid of promises that are not in hours."""

from django.urls import path

from clauses.qualitative_list import UnprovedList
from clauses.views import qualitative

urlpatterns = [
    path("marches/grille/a-justifier/", UnprovedList.as_view(), name="qualitative_unproved"),
    path("marches/<int:pk>/grille/", qualitative.market_qualitative, name="market_qualitative"),
    path("marches/<int:pk>/grille/nouvelle/", qualitative.qualitative_create, name="qualitative_create"),
    path("marches/<int:pk>/grille/reunions/", qualitative.reserved_plan, name="reserved_plan"),
    path("marches/grille/<int:pk>/", qualitative.qualitative_detail, name="qualitative_detail"),
    path("marches/grille/<int:pk>/modifier/", qualitative.qualitative_edit, name="qualitative_edit"),
    path("marches/grille/<int:pk>/abandon/", qualitative.qualitative_abandon, name="qualitative_abandon"),
    path("marches/grille/<int:pk>/realisation/", qualitative.achievement_create, name="achievement_create"),
    path("marches/grille/<int:pk>/justificatif/", qualitative.evidence_create, name="evidence_create"),
    path(
        "marches/grille/realisations/<int:pk>/examiner/",
        qualitative.achievement_decide,
        name="achievement_decide",
    ),
    path(
        "marches/grille/justificatifs/<int:pk>/examiner/", qualitative.evidence_decide, name="evidence_decide"
    ),
]
