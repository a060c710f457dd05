"""Pages without data: health, keyboard help, legal pages, the catalogue of components."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from core.access import admin_required, public
from core.registry import current_house
from core.samples import components_context


@public
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """« ok » when the process answers and the database too; 503 otherwise. Says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"etat": "base de données injoignable"}, status=503)
    return JsonResponse({"etat": "ok"})


@public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@public
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address whatever the page says."""
    return redirect(static("img/favicon.svg"), permanent=False)


@public
@require_safe
def keyboard_help(request: HttpRequest) -> HttpResponse:
    """The keys of the pages and of the grid."""
    return render(request, "core/keyboard_help.html")


@public
@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    """Who publishes, who hosts, under which licence."""
    return render(request, "core/legal_notice.html", {"house": current_house()})


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about whom, how long, and the rights of each."""
    return render(request, "core/privacy.html", {"house": current_house()})


@public
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The declaration of accessibility."""
    return render(request, "core/accessibility.html", {"house": current_house()})


@admin_required
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every component of the pages, on one page."""
    return render(request, "core/components.html", components_context())
