"""Addresses of the imports."""

from django.urls import path

from beneficiaries.import_list import ImportList
from beneficiaries.views import imports

urlpatterns = [
    path("heures/imports/", ImportList.as_view(), name="import_list"),
    path("heures/imports/nouveau/", imports.import_create, name="import_create"),
    path("heures/imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("heures/imports/<int:pk>/colonnes/", imports.import_columns, name="import_columns"),
    path("heures/imports/<int:pk>/refus/", imports.import_refused, name="import_refused"),
    path("heures/imports/<int:pk>/decider-tout/", imports.import_decide_all, name="import_decide_all"),
    path("heures/imports/<int:pk>/faire/<slug:what>/", imports.import_do, name="import_do"),
    path("heures/imports/lignes/<int:pk>/decider/", imports.import_decide, name="import_decide"),
]
