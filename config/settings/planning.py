"""Delays of the purchase's preparation, which a house may set otherwise."""

from config.settings.env import env

# The house answers a saisine within so many days: the convention fixes none, so the delay of its formal letters
# (15 days) serves, short enough for a buyer who writes its documents meanwhile.
PURCHASE_ANSWER_DAYS = env.int("PURCHASE_ANSWER_DAYS", default=15)
# A purchase launched within so many days and not yet targeted waits on « Accueil »: the time to advise and to write.
PURCHASE_TARGETING_DAYS = env.int("PURCHASE_TARGETING_DAYS", default=60)
