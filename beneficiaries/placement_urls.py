"""Addresses of trainings' results, situations after a path, globalisations, declarations without names."""

from django.urls import path

from beneficiaries.outcome_list import OutcomeList
from beneficiaries.views import employment, outcomes, shared_hours

urlpatterns = [
    path("personnes/contrats/<int:pk>/resultat/", employment.training_result, name="training_result"),
    # Situations after a path; the page of a link needs no account
    path("personnes/situations/", OutcomeList.as_view(), name="outcome_list"),
    path("personnes/situations/saisie/", outcomes.outcome_entry, name="outcome_entry"),
    path("personnes/<int:pk>/situation/", outcomes.beneficiary_outcomes, name="beneficiary_outcomes"),
    path("personnes/situations/<int:pk>/", outcomes.outcome_record, name="outcome_record"),
    path("personnes/situations/<int:pk>/lien/", outcomes.outcome_link, name="outcome_link"),
    path("situation/<slug:token>/", outcomes.outcome_answer, name="outcome_answer"),
    # Globalisations, declarations without names
    path("heures/globalisations/", shared_hours.MutualisationList.as_view(), name="mutualisation_list"),
    path("heures/globalisations/nouvelle/", shared_hours.mutualisation_create, name="mutualisation_create"),
    path("heures/globalisations/<int:pk>/", shared_hours.mutualisation_detail, name="mutualisation_detail"),
    path(
        "heures/globalisations/<int:pk>/modifier/", shared_hours.mutualisation_edit, name="mutualisation_edit"
    ),
    path(
        "heures/globalisations/<int:pk>/document/",
        shared_hours.mutualisation_document,
        name="mutualisation_document",
    ),
    path("heures/globalisations/<int:pk>/fin/", shared_hours.mutualisation_stop, name="mutualisation_stop"),
    path(
        "heures/globalisations/accord/<int:pk>/",
        shared_hours.mutualisation_agreement,
        name="mutualisation_agreement",
    ),
    path(
        "marches/<int:pk>/heures-sans-noms/",
        shared_hours.MarketAggregates.as_view(),
        name="market_aggregates",
    ),
    path(
        "entreprises/<int:pk>/heures-sans-noms/",
        shared_hours.CompanyAggregates.as_view(),
        name="company_aggregates",
    ),
    path(
        "marches/<int:pk>/heures-sans-noms/nouvelle/", shared_hours.market_aggregate, name="market_aggregate"
    ),
    path(
        "entreprises/<int:pk>/heures-sans-noms/nouvelle/",
        shared_hours.company_aggregate,
        name="company_aggregate",
    ),
    path("heures/sans-noms/<int:pk>/", shared_hours.aggregate_edit, name="aggregate_edit"),
]
