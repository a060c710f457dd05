"""All settings, one small file per concern; the environment decides, the defaults need none."""

from config.settings.apps import *
from config.settings.base import *
from config.settings.database import *
from config.settings.files import *
from config.settings.hours import *
from config.settings.logs import *
from config.settings.mail import *
from config.settings.planning import *
from config.settings.security import *
from config.settings.sign_in import *
from config.settings.tasks import *
