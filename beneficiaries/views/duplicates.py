"""« Rapprochements »: the files that are likely one person's, and the screen that makes two files one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from beneficiaries.duplicates import Pair, likely_pairs, pairs_with_people
from beneficiaries.forms.follow_ups import MergeForm
from beneficiaries.forms.people import OtherFileForm
from beneficiaries.models import Beneficiary, SeparatePeople
from beneficiaries.services.merging import merge_people, separate_people, what_hangs
from beneficiaries.services.people import likely_duplicates
from beneficiaries.views.people import person_or_404
from core import formats
from core.access import house_required
from core.errors import DomainError

PAIRS_SHOWN = 25
KEPT_FOR = 15 * 60


def _people(request: HttpRequest) -> Any:
    return Beneficiary.objects.visible_to(request.user).select_related("commune", "prescriber")


def pairs_of_directory(user: Any) -> list[Pair]:
    """The likely pairs among those whom the user may see; worked out again once a file or a separation changed."""
    rows = Beneficiary.objects.visible_to(user)
    changed = Beneficiary.history.aggregate(last=Max("history_date"), n=Max("history_id"))  # type: ignore[attr-defined]
    said = SeparatePeople.objects.visible_to(user).aggregate(last=Max("said_at"))
    key = f"pairs:{rows.count()}:{changed['n']}:{changed['last']}:{said['last']}".replace(" ", "_")
    found = cache.get(key)
    if found is None:
        found = [(pair.first, pair.second, pair.score) for pair in likely_pairs(rows)]
        cache.set(key, found, KEPT_FOR)
    return [Pair(*entry) for entry in found]


@house_required
def duplicate_list(request: HttpRequest) -> HttpResponse:
    """Pairs of likely duplicates over the whole directory, the likeliest first."""
    pairs = pairs_of_directory(request.user)
    page = Paginator(pairs, PAIRS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "pairs": pairs_with_people(list(page.object_list), _people(request)),
        "count": len(pairs),
        "page": page,
    }
    return render(request, "beneficiaries/duplicate_list.html", context)


@house_required
def person_duplicates(request: HttpRequest, pk: int) -> HttpResponse:
    """From a person's page: the files that look like this one, or another one that is chosen."""
    person = person_or_404(request, pk)
    form = OtherFileForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        if other.pk != person.pk:
            return redirect("person_merge", pk=person.pk, other=other.pk)
        form.add_error("other", "C’est cette fiche\u202f: choisissez l’autre.")
    context = {
        "person": person,
        "form": form,
        "matches": [
            match for match in likely_duplicates(person, request.user) if match.person.pk != person.pk
        ],
        "back_url": reverse("beneficiary_detail", args=[person.pk]),
    }
    return render(request, "beneficiaries/person_duplicates.html", context)


def _two_or_404(request: HttpRequest, pk: int, other: int) -> tuple[Any, Any]:
    rows = Beneficiary.objects.visible_to(request.user).select_related(
        "commune", "qpv", "education", "prescriber", "referrer"
    )
    found = {row.pk: row for row in rows.filter(pk__in=[pk, other])}
    if len(found) < 2:
        # The same file twice, one out of sight, or one that was merged meanwhile.
        raise Http404
    return found[pk], found[other]


@house_required
def person_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Side by side: what each file says, what stays, what moves; then the two are one."""
    kept, merged = _two_or_404(request, pk, other)
    form = MergeForm(request.POST or None, kept=kept, merged=merged, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            done = merge_people(
                kept=kept,
                merged=merged,
                taken=form.taken,
                reason=form.cleaned_data["reason"],
                user=request.user,
            )
        except DomainError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _done_sentence(done, merged))
            return redirect("beneficiary_detail", pk=kept.pk)
    hanging = what_hangs([kept, merged])
    context = {
        "form": form,
        "kept": kept,
        "merged": merged,
        "moves": hanging[merged.pk],
        "stays": hanging[kept.pk],
        "swap_url": reverse("person_merge", args=[merged.pk, kept.pk]),
        "separate_url": reverse("person_separate", args=[kept.pk, merged.pk]),
        "back_url": reverse("duplicate_list"),
    }
    return render(request, "beneficiaries/person_merge.html", context)


def _done_sentence(done: Any, merged: Beneficiary) -> str:
    sentence = f"Les deux fiches n’en font plus qu’une\u202f: l’adresse de la fiche n° {merged.pk} mène ici."
    if done.recount.changed:
        sign = "+" if done.recount.delta > 0 else ""
        sentence += (
            f" {formats.noun(len(done.recount.changed), 'relevé')} recomptés "
            f"({sign}{formats.hours(done.recount.delta)})."
        )
    if done.doubles:
        sentence += f" En double et gardés dans la trace\u202f: {', '.join(done.doubles)}."
    return sentence


@house_required
@require_POST
def person_separate(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """« Ce sont deux personnes »."""
    one, two = _two_or_404(request, pk, other)
    separate_people(one=one, other=two, user=request.user)
    messages.success(request, f"{one} et {two} sont deux personnes\u202f: la paire n’est plus proposée.")
    return redirect("duplicate_list")
