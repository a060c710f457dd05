"""The dashboard of a buyer: its markets, the year's totals, its published bilans. No name, no ground."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.enums import Role
from core.access import HOUSE, role_required
from markets.models import Buyer


@role_required(*HOUSE, Role.BUYER)
def buyer_dashboard(request: HttpRequest, pk: int) -> HttpResponse:
    """Figures of one buyer, or of the department the user is limited to."""
    get_object_or_404(Buyer.objects.visible_to(request.user), pk=pk)
    raise NotImplementedError
