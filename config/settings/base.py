"""Where things are, language and time."""

from bootstrap_wrapper import get_bootstrap_css_dir

from config.settings.env import BASE_DIR, DEMO, PRODUCTION, TESTING, VAR_DIR, env, secret  # noqa: F401

VAR_DIR.mkdir(parents=True, exist_ok=True)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY", "embedded-mode-only-not-a-secret-0123456789abcdefghijklmnopqrstuvwxyz")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "fr"
USE_I18N = True
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap/css", get_bootstrap_css_dir())]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
REFERENCE_DIR = BASE_DIR / "reference"
DEMO_DATA_DIR = BASE_DIR / "demo_data"
SOFTWARE_VERSION = "0.1.0"
