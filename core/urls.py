"""Addresses of core."""

from django.urls import path

from core.views import files, jobs, messages, pages, search

urlpatterns = [
    path("sante", pages.health, name="health"),
    path("recherche/", search.search_page, name="search"),
    path("robots.txt", pages.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("aide/clavier/", pages.keyboard_help, name="keyboard_help"),
    path("mentions-legales/", pages.legal_notice, name="legal_notice"),
    path("confidentialite/", pages.privacy, name="privacy"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("composants/", pages.components, name="components"),
    path("fichiers/<uuid:pk>/", files.file_download, name="file_download"),
    path("travaux/", jobs.JobList.as_view(), name="job_list"),
    path("travaux/<int:pk>/", jobs.job_detail, name="job_detail"),
    path("travaux/<int:pk>/avancement/", jobs.job_progress, name="job_progress"),
    path("travaux/<int:pk>/annuler/", jobs.job_cancel, name="job_cancel"),
    path("travaux/<int:pk>/relancer/", jobs.job_retry, name="job_retry"),
    path("messages/", messages.MessageList.as_view(), name="message_list"),
    path("messages/<int:pk>/", messages.message_detail, name="message_detail"),
    path("messages/<int:pk>/renvoyer/", messages.message_resend, name="message_resend"),
]
