"""Every address of Maillon, one include per room."""

from django.urls import include, path

from config.api import urls as api_urls
from core.problems import unknown_address

handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.permission_denied"
handler404 = "core.views.errors.not_found"
handler429 = "core.views.errors.too_many_requests"  # allauth looks for it here
handler500 = "core.views.errors.server_error"

urlpatterns = [
    path("", include("reporting.urls")),
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("", include("markets.urls")),
    path("", include("clauses.urls")),
    path("", include("beneficiaries.urls")),
    path("api/v1/", api_urls),
    path("api/<path:rest>", unknown_address, name="api_unknown"),
]
