"""Delays of the monthly declarations and life of the programs' keys, which a house may set otherwise."""

from config.settings.env import env

# An employer declares a month before this day of the next one: payslips are made by then.
DECLARATION_DUE_DAY = env.int("DECLARATION_DUE_DAY", default=10)
# What is sent back is corrected within so many days.
DECLARATION_CORRECTION_DAYS = env.int("DECLARATION_CORRECTION_DAYS", default=7)
# The house looks at what was submitted within so many days.
DECLARATION_REVIEW_DAYS = env.int("DECLARATION_REVIEW_DAYS", default=10)
# A link without account opens its month for so many days.
DECLARATION_LINK_DAYS = env.int("DECLARATION_LINK_DAYS", default=45)
# A program's key that is given no end ends after so many days; none lives longer than the second figure.
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=365)
API_TOKEN_MAX_DAYS = env.int("API_TOKEN_MAX_DAYS", default=730)
# An answer is kept so long for a program that asks again under the same key.
API_ANSWER_DAYS = env.int("API_ANSWER_DAYS", default=30)
