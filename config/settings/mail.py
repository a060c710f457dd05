"""How e-mail leaves the house: every one is a core.Message row first."""

from config.settings.env import PRODUCTION, env

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Maillon <ne-pas-repondre@maillon.invalid>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if PRODUCTION:
    vars().update(env.email("EMAIL_URL"))
else:
    # In embedded mode nothing leaves: the « Messages » page shows what would have been sent.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
