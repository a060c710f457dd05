"""Pages of the text of a bilan: one section beside the sentences proposed for it, a first text of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from core import formats
from core.access import house_required
from core.errors import DomainError
from reporting.drafting.texts import with_sentence
from reporting.forms import NarrativeForm
from reporting.models import Bilan, PathPortrait
from reporting.narrative import SECTIONS, to_html
from reporting.services.drafting import (
    UNREAD,
    Offered,
    add_sentence,
    drop_sentence,
    offer_again,
    offered,
    read_token,
    replace_sentence,
    save_section,
    write_first_text,
)
from reporting.services.publication import compute

# What a button of the page asks for, beside « Enregistrer »; its value is the signed sentence.
GESTURES = ("apercu", "ajouter", "remplacer", "modifier", "ecarter", "remontrer")


@dataclass
class Page:
    """What the page of a section shows: the form as it is typed, what was said, the sentences where they were asked."""

    bilan: Bilan
    section: str
    form: NarrativeForm
    text: str
    theirs: str = ""
    # What the last gesture did, for who does not see the page change.
    said: str = ""
    gone: str = ""


@house_required
def bilan_section(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Write one section, beside the sentences that the facts of the period allow."""
    bilan = bilan_of(request, pk)
    if section not in SECTIONS:
        raise Http404
    if bilan.is_published:
        messages.error(
            request, "Ce bilan est publié : son texte ne change plus. Faites une version rectifiée."
        )
        return redirect("bilan_detail", pk=pk)
    form = NarrativeForm(request.POST or None, user=request.user, bilan=bilan, section=section)
    page = Page(bilan, section, form, bilan.narrative.get(section, ""))
    if request.method != "POST":
        if "phrases" in request.GET and _is_htmx(request):
            return render(request, "reporting/bilan/_phrases.html", _phrases(page))
        return _render(request, page)
    gesture = next((name for name in GESTURES if name in request.POST), "enregistrer")
    if not form.is_valid():
        page.text = request.POST.get("text", "")
        return _render(request, page, gesture)
    page.text = form.cleaned_data["text"]
    try:
        answer = _do(request, page, gesture)
    except DomainError as error:
        form.add_domain_error(error)
        seen = form.cleaned_data["seen_version"]
        page.bilan.refresh_from_db(fields=["edit_version", "narrative", "drafting"])
        if seen != page.bilan.edit_version:
            page.theirs = page.bilan.narrative.get(section, "")
        # What comes next replaces theirs knowingly: the text is kept, the version is the one just read.
        form.data = {**request.POST.dict(), "seen_version": str(page.bilan.edit_version)}
        return _render(request, page, gesture)
    return answer if answer is not None else _render(request, page, gesture)


def _do(request: HttpRequest, page: Page, gesture: str) -> HttpResponse | None:
    """Do what was asked; an answer where the page is left."""
    token = request.POST.get(gesture, "")
    taken, seen = page.form.cleaned_data["taken"], page.form.cleaned_data["seen_version"]
    about: dict[str, Any] = {"bilan": page.bilan, "section": page.section}
    writing = about | {"text": page.text, "seen_version": seen, "user": request.user}
    match gesture:
        case "enregistrer":
            save_section(**writing, taken=taken)
            messages.success(request, f"« {SECTIONS[page.section][0]} » est enregistré.")
            return redirect("bilan_detail", pk=page.bilan.pk)
        case "ajouter" | "remplacer":
            if gesture == "ajouter":
                page.bilan = add_sentence(**writing, token=token, taken=taken)
                page.said = "La phrase est à la fin du texte, enregistré."
            else:
                page.bilan = replace_sentence(**writing, token=token, taken=taken)
                page.said = "La phrase d’aujourd’hui a pris la place de l’ancienne, le texte est enregistré."
            page.text, page.gone = page.bilan.narrative[page.section], token
            page.form = NarrativeForm(user=request.user, bilan=page.bilan, section=page.section)
        case "modifier":
            _, sentence = read_token(token=token, **about)
            page.text = with_sentence(page.text, sentence)
            page.form.data = {
                **request.POST.dict(),
                "text": page.text,
                "taken": " ".join([*taken, token]),
            }
            page.said = "La phrase est dans l’éditeur : modifiez-la, puis enregistrez."
            page.gone = token
        case "ecarter":
            page.bilan = drop_sentence(**about, token=token)
            page.said = "La phrase est écartée."
            page.gone = token
        case "remontrer":
            page.bilan = offer_again(**about, token=token)
            page.said = "La phrase est de nouveau proposée."
    return None


def _render(request: HttpRequest, page: Page, gesture: str = "") -> HttpResponse:
    context = {
        "bilan": page.bilan,
        "section": page.section,
        "title": SECTIONS[page.section][0],
        "help": SECTIONS[page.section][1],
        "form": page.form,
        # Cleaned by nh3 in `to_html`.
        "preview": mark_safe(to_html(page.text)),  # noqa: S308
        "theirs": page.theirs,
        "said": page.said,
        "is_unread": page.section in page.bilan.drafting.get(UNREAD, []),
    }
    if _is_htmx(request):
        if gesture == "apercu":
            return render(request, "reporting/bilan/_preview.html", context)
        if gesture == "remontrer" and not page.form.errors:
            return render(request, "reporting/bilan/_phrases.html", context | _phrases(page))
        gone = _gone(page) if page.gone else None
        answer = render(
            request, "reporting/bilan/_gesture.html", context | {"gone": gone, "gesture": gesture}
        )
        if page.form.errors:
            # Whatever the button was to change, what went wrong is said above the text.
            answer["HX-Retarget"], answer["HX-Reswap"] = "#editeur", "innerHTML"
        return answer
    context["phrases"] = None
    if "phrases" in request.GET:
        context |= _phrases(page)
    return render(request, "reporting/bilan/section.html", context)


def _gone(page: Page) -> dict[str, str]:
    """The card of a sentence that was just taken or left aside."""
    key, sentence = read_token(page.bilan, page.section, page.gone)
    return {"id": card_id(key), "sentence": sentence, "token": page.gone}


def _phrases(page: Page) -> dict[str, Any]:
    """The sentences of the section, computed from the figures as they stand today."""
    snapshot = compute(page.bilan, now=timezone.now())
    places = _places(page.bilan, snapshot)
    # « Modifier » without saving yet: the text that is typed is the one that is read.
    bilan = page.bilan
    rows = [_card(row, places) for row in offered(bilan, page.section, snapshot)]
    return {
        "bilan": bilan,
        "section": page.section,
        "phrases": {
            "new": [row for row in rows if not row["state"] or row["former"]],
            "taken": [row for row in rows if row["state"] in ("accepted", "edited") and not row["former"]],
            "dropped": [row for row in rows if row["state"] == "dropped"],
        },
    }


def _card(row: Offered, places: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    found = row.proposal
    where = {figure.where: places[figure.where] for figure in found.figures if figure.where in places}
    return {
        "id": card_id(found.key),
        "sentence": found.sentence,
        "state": row.state,
        "token": row.token,
        "former": row.former,
        "is_replaceable": row.is_replaceable,
        "figures": found.figures,
        "places": [{"url": url, "title": title} for url, title in where.values()],
    }


def card_id(key: str) -> str:
    return f"phrase-{key.replace('.', '-')}"


def _places(bilan: Bilan, snapshot: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Where each block stands on the page of the bilan: address and name; a block without a title is its chapter's."""
    page = f"{reverse('bilan_detail', args=[bilan.pk])}?chiffres=1"
    found = {}
    for chapter in snapshot["chapters"]:
        for block in chapter["blocks"]:
            is_table = block["type"] == "table" and block["title"]
            anchor = f"t-{block['key']}" if is_table else chapter["key"]
            found[block["key"]] = (f"{page}#{anchor}", block["title"] if is_table else chapter["title"])
    return found


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


# --- A first text of every section --------------------------------------------------------------------------------


@house_required
@require_POST
def bilan_first_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a first text of the empty sections, each to be read."""
    bilan = bilan_of(request, pk)
    try:
        if bilan.is_published:
            raise DomainError("Ce bilan est publié : son texte ne change plus. Faites une version rectifiée.")
        snapshot = compute(bilan, now=timezone.now())
        written = write_first_text(bilan=bilan, snapshot=snapshot, user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        titles = ", ".join(SECTIONS[key][0] for key in written)
        messages.success(
            request,
            f"Un premier texte est proposé : {titles}. Ouvrez chaque rubrique, relisez, corrigez, enregistrez.",
        )
    return redirect("bilan_detail", pk=pk)


def writing_context(bilan: Bilan) -> dict[str, Any]:
    """The sections of a draft and where each stands, and its portraits: the part « Texte » of its page."""
    unread = bilan.drafting.get(UNREAD, [])
    sections = [
        {
            "key": key,
            "title": title,
            "help": about,
            "written": bool(bilan.narrative.get(key, "").strip()),
            "unread": key in unread,
        }
        for key, (title, about) in SECTIONS.items()
    ]
    portraits = list(
        PathPortrait.objects.filter(bilan=bilan)
        .order_by("pk")
        .only("consent_on", "withdrawn_on", "beneficiary")
    )
    agreed = sum(row.is_agreed for row in portraits)
    words = formats.noun(len(portraits), "portrait")
    if agreed < len(portraits):
        words += f", {formats.number(len(portraits) - agreed)} sans accord"
    return {
        "sections": sections,
        "has_empty": not all(row["written"] for row in sections),
        "portraits": words if portraits else "",
        "all_agreed": agreed == len(portraits),
    }


def bilan_of(request: HttpRequest, pk: int) -> Bilan:
    """A bilan that the user may see, with what its figures and its name need; 404 otherwise."""
    rows = Bilan.objects.visible_to(request.user).select_related(
        "buyer", "market__buyer", "market__operation", "operation__buyer"
    )
    return get_object_or_404(rows, pk=pk)
