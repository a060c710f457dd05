"""The page of the search: what the house holds under a few words, within what the user may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from core.access import everyone_required
from core.readonly import readonly_view
from core.search import SHORTEST, Found, search, sources_for, words_asked


@readonly_view
@everyone_required
def search_page(request: HttpRequest) -> HttpResponse:
    """Rows by source, each with its address; nothing is said of what the user may not see."""
    user: Any = request.user
    text = request.GET.get("q", "")[:100].strip()
    words = words_asked(text)
    answers = search(user, text)
    return render(
        request,
        "core/search.html",
        {
            "text": text,
            "too_short": bool(text) and sum(map(len, words)) < SHORTEST,
            "groups": [_group(answer, user, text) for answer in answers],
            "labels": [source.label.casefold() for source in sources_for(user)],
        },
    )


def _group(answer: Found, user: Any, text: str) -> dict[str, Any]:
    source = answer.source
    rest = f"{reverse(source.list_url_name)}?{urlencode({'q': text})}" if source.list_url_name else ""
    return {
        "key": source.key,
        "label": source.label,
        "rows": [(row, source.address(row, user), source.facts(row, user)) for row in answer.rows],
        "more": answer.more,
        "rest": rest,
    }
