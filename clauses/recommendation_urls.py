"""Addresses of recommendations and of the values that estimations begin with."""

from django.urls import path

from clauses.views import estimation_values, recommendation_answers, recommendations

urlpatterns = [
    path("marches/<int:pk>/preparation/", recommendations.market_preparation, name="market_preparation"),
    path(
        "achats/<int:pk>/preconisation/",
        recommendations.purchase_recommendations,
        name="purchase_recommendations",
    ),
    *(
        path(f"marches/preconisations/{address}", view, name=f"recommendation_{name}")
        for address, view, name in (
            ("nouvelle/<str:kind>/<int:pk>/", recommendations.recommendation_create, "create"),
            ("<int:pk>/", recommendations.recommendation_detail, "detail"),
            ("<int:pk>/chiffrage/", recommendations.recommendation_edit, "edit"),
            ("<int:pk>/calcul/", recommendations.recommendation_estimate, "estimate"),
            ("<int:pk>/supprimer/", recommendations.recommendation_delete, "delete"),
            ("textes/<int:pk>/", recommendations.recommendation_text, "text"),
            ("<int:pk>/document.<str:extension>", recommendations.recommendation_document, "document"),
            ("<int:pk>/envoyer/", recommendation_answers.recommendation_send, "send"),
            ("<int:pk>/reponse/", recommendation_answers.recommendation_answer, "answer"),
            ("<int:pk>/nouvelle-version/", recommendation_answers.recommendation_version, "version"),
            ("<int:pk>/reprendre/", recommendation_answers.recommendation_take_up, "take_up"),
        )
    ),
    path(
        "reglages/valeurs-de-chiffrage/",
        estimation_values.estimation_values,
        name="estimation_values",
    ),
    path(
        "reglages/valeurs-de-chiffrage/<str:kind>/nouvelle/",
        estimation_values.estimation_value_create,
        name="estimation_value_create",
    ),
    path(
        "reglages/valeurs-de-chiffrage/<str:kind>/<str:code>/",
        estimation_values.estimation_value_edit,
        name="estimation_value_edit",
    ),
]
