"""The WSGI entry point; stay off ASGI (stack.md §6)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from core.jobs import start_embedded_worker  # noqa: E402 - needs the applications

start_embedded_worker()
