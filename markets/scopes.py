"""The seam by which a higher room says on which markets a company works without holding an award."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User

# Each gives a queryset of market ids; `beneficiaries` adds « employer or user company there ».
company_market_sources: list[Callable[["User"], Any]] = []
