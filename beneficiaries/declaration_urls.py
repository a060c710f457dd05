"""Addresses of the monthly declarations: the employer's, the house's, and those that a link opens."""

from django.urls import path

from beneficiaries.declaration_list import DeclarationBoard
from beneficiaries.views import declaration_review, declarations

urlpatterns = [
    # The employer's own
    path("heures/mes-declarations/", declarations.company_declaration_list, name="company_declaration_list"),
    path(
        "heures/mes-declarations/<int:pk>/<slug:month>/",
        declarations.company_declaration,
        name="company_declaration",
    ),
    path(
        "heures/mes-declarations/<int:pk>/<slug:month>/ligne/<int:assignment>/",
        declarations.company_declaration_row,
        name="company_declaration_row",
    ),
    # The house
    path("heures/declarations/", DeclarationBoard.as_view(), name="declaration_list"),
    path("heures/declarations/relancer/", declaration_review.declaration_remind, name="declaration_remind"),
    path(
        "heures/declarations/accepter/",
        declaration_review.declaration_accept_all,
        name="declaration_accept_all",
    ),
    path(
        "heures/declarations/<int:pk>/<slug:month>/",
        declaration_review.declaration_review,
        name="declaration_review",
    ),
    path(
        "heures/declarations/<int:pk>/<slug:month>/accepter/",
        declaration_review.declaration_accept,
        name="declaration_accept",
    ),
    path(
        "heures/declarations/<int:pk>/<slug:month>/renvoyer/",
        declaration_review.declaration_send_back,
        name="declaration_send_back",
    ),
    path(
        "heures/declarations/<int:pk>/<slug:month>/lien/",
        declaration_review.declaration_link,
        name="declaration_link",
    ),
    path(
        "heures/declarations/<int:pk>/<slug:month>/lien/retirer/",
        declaration_review.declaration_link_revoke,
        name="declaration_link_revoke",
    ),
    # Without an account
    path("lien/declaration/<str:token>/", declarations.declaration_by_link, name="declaration_by_link"),
    path(
        "lien/declaration/<str:token>/ligne/<int:assignment>/",
        declarations.declaration_row_by_link,
        name="declaration_row_by_link",
    ),
    path(
        "lien/declaration/<str:token>/justificatif/<int:proof>/",
        declarations.declaration_proof_by_link,
        name="declaration_proof_by_link",
    ),
]
