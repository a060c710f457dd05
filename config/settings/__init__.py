"""All settings, one small file per concern; the environment decides, the defaults need none."""

from config.settings.base import *  # noqa: F403
from config.settings.apps import *  # noqa: F403
from config.settings.database import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.sign_in import *  # noqa: F403
from config.settings.files import *  # noqa: F403
from config.settings.mail import *  # noqa: F403
from config.settings.tasks import *  # noqa: F403
from config.settings.logs import *  # noqa: F403
