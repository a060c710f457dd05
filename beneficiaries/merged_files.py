"""The address of a file that was merged leads to the one that stays, whatever its page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from beneficiaries.models import Beneficiary


class FileMerged(Exception):
    """The file was made one with another, `kept`, which the reader may open."""

    def __init__(self, kept: int) -> None:
        super().__init__(kept)
        self.kept = kept


def kept_file(request: HttpRequest, pk: int) -> int | None:
    """The number of the file that the one of this number was merged into, when the reader may open it."""
    kept = Beneficiary.objects.filter(pk=pk, merged_into__isnull=False).values("merged_into")
    people = Beneficiary.objects.visible_to(request.user)  # type: ignore[arg-type]
    return people.filter(pk__in=kept).values_list("pk", flat=True).first()


class MergedFileMiddleware:
    """Sends a reader of a merged file to the same page of the file that stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, FileMerged):
            return None
        match = request.resolver_match
        name = match.url_name if match and match.kwargs.keys() == {"pk"} else "beneficiary_detail"
        if request.method not in ("GET", "HEAD"):
            # What was sent was meant for the other file: it is read again before it is done.
            name = "beneficiary_detail"
        return redirect(reverse(name or "beneficiary_detail", args=[exception.kept]))
