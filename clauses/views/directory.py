"""« Envoyer une liste à une entreprise »: from the directory's filters or ticked lines to an e-mail and the journal."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clauses.forms.directory import ChooseCompanyForm, SendListForm
from clauses.services.directory import (
    DirectoryExtract,
    criteria_of,
    extract_of,
    extract_pdf,
    letter_text,
)
from core.access import house_required
from core.errors import DomainError
from core.files import file_response
from core.jobs import enqueue
from markets.directory_list import DirectoryFilter
from markets.models import Company, Market

# Set while the person waits: some five pages.
PREVIEW_MAX = 150


def _back(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in ("ligne", "entreprise"):
        query.pop(name, None)
    return f"{reverse('directory_list')}?{query.urlencode()}" if query else reverse("directory_list")


def _extract(request: HttpRequest) -> tuple[DirectoryExtract, dict[str, Any]]:
    """What the address asks for: the ticked lines, else all that the filters keep. Raises DomainError."""
    rows = Company.objects.visible_to(request.user).select_related("commune")
    rows = rows.prefetch_related("kinds", "activities")
    # Without any criterion the filters still keep to the structures of today.
    data = request.GET.copy()
    data.setdefault("q", "")
    filterset = DirectoryFilter(data, queryset=rows, request=request)
    if not filterset.is_valid():
        raise DomainError("Ces filtres ne se lisent pas : reprenez-les dans l’annuaire.")
    found = filterset.qs
    ticked = [int(pk) for pk in request.GET.getlist("ligne") if pk.isdigit() and len(pk) < 12]
    if ticked:
        found = found.filter(pk__in=ticked[:1_000])
    given = dict(filterset.form.cleaned_data)
    choices = filterset.form.fields
    given["kind_label"] = dict(choices["kind"].choices).get(given.get("kind") or "", "")
    given["sector_label"] = dict(choices["sector"].choices).get(given.get("sector") or "", "")
    if not given.get("kind"):
        given["kind_label"] = ""
    if not given.get("sector"):
        given["sector_label"] = ""
    kept = list(found.order_by(*(found.query.order_by or ("search_key", "pk"))))
    extract = extract_of(
        kept, criteria=criteria_of(given, ticked=bool(ticked)), distances=filterset.distances
    )
    return extract, {"lines": [row.pk for row in kept], "commune": given.get("commune")}


@house_required
def directory_send(request: HttpRequest) -> HttpResponse:
    """Choose the company, then the recipients and the words; the documents are made and sent by a job."""
    try:
        extract, chosen = _extract(request)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect(_back(request))
    choose = ChooseCompanyForm(request.GET if "entreprise" in request.GET else None, user=request.user)
    company = choose.cleaned_data["entreprise"] if choose.is_bound and choose.is_valid() else None
    context: dict[str, Any] = {
        "title": "Envoyer une liste de structures",
        "extract": extract,
        "back_url": _back(request),
        "criteria": [
            (name, value)
            for name, values in request.GET.lists()
            if name not in ("entreprise", "page", "tri")
            for value in values
        ],
        "preview_url": f"{reverse('directory_pdf')}?{request.GET.urlencode()}"
        if len(extract.lines) <= PREVIEW_MAX
        else "",
        "choose": choose,
        "company": company,
        "form": None,
    }
    if company is None:
        return render(request, "clauses/directory_send.html", context)
    market = _market(request, company)
    subject, body = letter_text(extract, company=company, market=market, by=request.user)
    form = SendListForm(
        request.POST or None,
        user=request.user,
        company=company,
        initial={"subject": subject, "body": body, "market": market},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        # The form's own mark: sent twice, it asks for one job and one e-mail.
        key = request.POST.get("cle", "")[:36] or uuid.uuid4().hex
        job = enqueue(
            "directory_send",
            key=f"directory_send:{key}",
            label=f"Envoi de {len(extract.lines)} structures à {company}",
            payload={
                "key": f"{request.user.pk}:{key}",
                "company": company.pk,
                "market": given["market"].pk if given["market"] else None,
                "addresses": given["addresses"],
                "subject": given["subject"],
                "body": given["body"],
                "criteria": extract.criteria,
                "lines": chosen["lines"],
                "commune": chosen["commune"].pk if chosen["commune"] else "",
            },
            user=request.user,
        )
        return redirect("job_detail", pk=job.pk)
    context |= {"form": form, "key": request.POST.get("cle", "")[:36] or uuid.uuid4().hex}
    return render(request, "clauses/directory_send.html", context)


def _market(request: HttpRequest, company: Company) -> Market | None:
    """The market that the address names, when the company works on it."""
    asked = request.GET.get("marche", "")
    if not asked.isdigit() or len(asked) > 11:
        return None
    rows = Market.objects.visible_to(request.user).filter(lots__awards__company=company, pk=int(asked))
    return rows.select_related("buyer").first()


@house_required
def directory_pdf(request: HttpRequest) -> HttpResponse:
    """The list as it would be sent, to look at before."""
    try:
        extract, _ = _extract(request)
        if len(extract.lines) > PREVIEW_MAX:
            raise DomainError(f"L’aperçu s’arrête à {PREVIEW_MAX} structures : resserrez la liste.")
        content = extract_pdf(extract)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect(_back(request))
    return file_response(content, f"structures-d-insertion_{extract.made_on:%Y-%m-%d}.pdf", inline=True)
