"""Addresses of privacy: a person's data, how long files are kept."""

from django.urls import path

from beneficiaries.views import privacy, retention

urlpatterns = [
    path("personnes/<int:pk>/donnees/", privacy.person_data, name="person_data"),
    path("personnes/<int:pk>/donnees/reunir/", privacy.person_export, name="person_export"),
    path("personnes/<int:pk>/donnees/rouvrir/", privacy.person_restore, name="person_restore"),
    path("reglages/conservation/", retention.retention, name="retention"),
    path("reglages/conservation/detail/", retention.retention_plan, name="retention_plan"),
    path("reglages/conservation/appliquer/", retention.retention_apply, name="retention_apply"),
    path("reglages/conservation/archive/", retention.ArchiveList.as_view(), name="archive_list"),
    path(
        "reglages/conservation/durees/", retention.RetentionRulesList.as_view(), name="retention_rules_list"
    ),
    path(
        "reglages/conservation/durees/nouvelles/",
        retention.retention_rules_create,
        name="retention_rules_create",
    ),
    path(
        "reglages/conservation/durees/<int:pk>/", retention.retention_rules_edit, name="retention_rules_edit"
    ),
]
