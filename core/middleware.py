"""Sign-in is the rule of every page; a form sent after the session's end is kept, not thrown away."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase

from core.views.errors import session_lost, wants_fragment


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Redirects to sign-in as Django does, except what would lose something typed."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:  # type: ignore[override]
        if request.method == "POST" or wants_fragment(request):
            return session_lost(request)
        return super().handle_no_permission(request, view_func)
