"""Addresses of the text of a bilan: its sections, its first text, its portraits."""

from django.urls import path

from reporting.views import narrative, portraits

urlpatterns = [
    path("bilans/<int:pk>/texte/<str:section>/", narrative.bilan_section, name="bilan_section"),
    path("bilans/<int:pk>/premier-texte/", narrative.bilan_first_text, name="bilan_first_text"),
    path("bilans/<int:pk>/portraits/", portraits.portrait_list, name="portrait_list"),
    path("bilans/<int:pk>/portraits/nouveau/", portraits.portrait_create, name="portrait_create"),
    path("portraits/<int:pk>/", portraits.portrait_edit, name="portrait_edit"),
    path("portraits/<int:pk>/accord/", portraits.portrait_consent, name="portrait_consent"),
    path("portraits/<int:pk>/accord.pdf", portraits.portrait_paper, name="portrait_paper"),
    path("portraits/<int:pk>/retirer/", portraits.portrait_withdraw, name="portrait_withdraw"),
    path("portraits/<int:pk>/supprimer/", portraits.portrait_delete, name="portrait_delete"),
]
