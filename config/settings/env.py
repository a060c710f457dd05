"""The environment, read once: which mode we run in and where the project stands."""

import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.str("MAILLON_VAR", default=str(BASE_DIR / "var")))

# "embedded" needs nothing; "production" refuses to start when a secret is missing.
MODE = env.str("MAILLON_MODE", default="embedded")
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured("MAILLON_MODE doit valoir « embedded » ou « production ».")
PRODUCTION = MODE == "production"
TESTING = "pytest" in sys.modules
# The one-click account picker and the page of sent messages: never with production settings.
DEMO = env.bool("MAILLON_DEMO", default=False)
if DEMO and PRODUCTION:
    raise ImproperlyConfigured(
        "MAILLON_DEMO est impossible avec MAILLON_MODE=production : retirez l’une des deux."
    )


def secret(name: str, embedded_default: str) -> str:
    """A secret of the environment: required in production, a known placeholder elsewhere.

    Raises ImproperlyConfigured, with a sentence that says what to set, when production lacks it.
    """
    value = env.str(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(
            f"La variable d’environnement {name} manque : en production, Maillon ne démarre pas sans elle "
            "(voir docs/deployment.md)."
        )
    return embedded_default
