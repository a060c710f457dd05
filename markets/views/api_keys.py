"""Keys of programs: those of one company, those of the house's companies, and how the interface is used."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from typing import Any

import django_filters
import markdown
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import A

from core.access import COMPANY, HOUSE, public, role_required
from core.errors import DomainError
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.forms.api_keys import KeyForm
from markets.models import ApiToken, Company
from markets.services.tokens import create_token, revoke_token


def standing(token: ApiToken) -> tuple[str, str]:
    """The state of a key: its words and its tone."""
    if token.revoked_at:
        return "retirée", "none"
    if token.expires_on and token.expires_on < timezone.localdate():
        return "expirée", "late"
    return "en service", "good"


@role_required(*HOUSE, COMPANY)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def company_api_keys(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys of one company; a new one is shown on the answer, and nowhere after."""
    request.place = "settings" if request.user.is_company else "companies"  # type: ignore[attr-defined]
    company = get_object_or_404(Company.objects.visible_to(request.user), pk=pk)
    form = KeyForm(request.POST or None, user=request.user)
    words = ""
    if request.method == "POST" and form.is_valid():
        try:
            words = create_token(company=company, by=request.user, **form.cleaned_data).words
        except DomainError as error:
            form.add_domain_error(error)
        else:
            form = KeyForm(user=request.user)
    rows = ApiToken.objects.visible_to(request.user).filter(company=company).select_related("created_by")
    rows = rows.order_by(F("revoked_at").asc(nulls_first=True), "-created_at", "-pk")
    if request.user.is_company:
        back = ("Réglages", reverse("settings"))
    else:
        back = (str(company), reverse("company_access", args=[pk]))
    context = {
        "company": company,
        "rows": [(row, *standing(row)) for row in rows],
        "form": form,
        "words": words,
        "back_label": back[0],
        "back_url": back[1],
    }
    return render(request, "markets/api_keys.html", context)


@role_required(*HOUSE, COMPANY)
@require_POST
def company_api_key_revoke(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Take a key back at once."""
    rows = ApiToken.objects.visible_to(request.user).filter(company=pk)
    token = get_object_or_404(rows, pk=key)
    try:
        revoke_token(token=token, by=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"La clé de « {token.name} » n’ouvre plus rien.")
    return redirect("company_api_keys", pk=pk)


@role_required(COMPANY)
@require_safe
def api_keys(request: HttpRequest) -> HttpResponse:
    """« Clés d’interface » of a company's account: its company's page, or the choice of one."""
    request.place = "settings"  # type: ignore[attr-defined]
    companies = list(Company.objects.visible_to(request.user).order_by("search_key", "pk"))
    if len(companies) == 1:
        return redirect("company_api_keys", pk=companies[0].pk)
    return render(request, "markets/api_key_companies.html", {"companies": companies})


class KeyTable(Table):
    """Keys of all companies, as the house reads them."""

    company = TextColumn(
        verbose_name="Entreprise",
        order_by="company__search_key",
        linkify=("company_api_keys", [A("company_id")]),
    )
    name = TextColumn(verbose_name="Logiciel")
    prefix = TextColumn(verbose_name="Début", orderable=False)
    standing = TextColumn(accessor=lambda row: standing(row)[0], verbose_name="État")
    expires_on = DayColumn(verbose_name="Expire le")
    last_used_at = DayColumn(verbose_name="Dernier appel")

    class Meta:
        model = ApiToken
        fields = ("company", "name", "prefix", "standing", "expires_on", "last_used_at")
        caption = "Clés d’interface"

    def render_standing(self, record: ApiToken) -> Any:
        return state("", *standing(record))

    def value_standing(self, record: ApiToken) -> str:
        return standing(record)[0]


class KeyFilter(FilterSet):
    """Words of the program or of the company."""

    name = django_filters.CharFilter(label="Logiciel", lookup_expr="icontains")

    class Meta:
        model = ApiToken
        fields: list[str] = []


class KeyList(ListPage):
    """« Clés d’interface » of the house."""

    model, table_class, filterset_class = ApiToken, KeyTable, KeyFilter
    title, export_name = "Clés d’interface", "cles"
    template_name = "markets/reference_list.html"
    intro = (
        "Une clé se crée depuis la fiche d’une entreprise, onglet « Accès », ou par l’entreprise elle-même."
    )
    empty_message = "Aucun logiciel n’a de clé."

    def prepare(self, queryset: Any) -> Any:
        return queryset.filter(company__isnull=False).select_related("company")


@lru_cache(maxsize=1)
def _help() -> SafeString:
    """docs/api.md as a page: our own words, nothing that a person typed."""
    text = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
    # The page has its own title.
    text = text.partition("\n")[2]
    html = markdown.markdown(text, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    # Each table by its number: two regions of one name are not told apart by ear.
    rank = count(1)
    html = re.sub(
        "<table>",
        lambda _: (
            f'<div class="table-frame" tabindex="0" role="region" aria-label="Tableau {next(rank)}">'
            '<table class="table-list">'
        ),
        html,
    )
    html = html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
    return mark_safe(html)  # noqa: S308  a file of the project


@public
@require_safe
def api_help(request: HttpRequest) -> HttpResponse:
    """How a program talks to Maillon; open, because it says nothing of anybody."""
    return render(
        request, "markets/api_help.html", {"text": _help(), "document_url": reverse("api:openapi-json")}
    )
