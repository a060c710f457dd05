"""Who may open a page: the wrong role is 403, a row out of scope is 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


def role_required(*roles: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let only these roles (values of `accounts.enums.Role`) in; the view says so in `view.roles`."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.role not in roles:  # type: ignore[union-attr]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return decorate


# The values of accounts.enums.Role, which stands above this room.
FACILITATOR, ADMIN, BUYER, COMPANY = "facilitator", "admin", "buyer", "company"
HOUSE = (FACILITATOR, ADMIN)
EVERYONE = (FACILITATOR, ADMIN, BUYER, COMPANY)
# Pages that need no account say so, so that the matrix of roles and addresses stays complete.
PUBLIC = ("public",)
house_required = role_required(*HOUSE)
admin_required = role_required(ADMIN)
everyone_required = role_required(*EVERYONE)


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page open to whoever has its address."""
    open_view = login_not_required(view)
    open_view.roles = PUBLIC  # type: ignore[attr-defined]
    return open_view
