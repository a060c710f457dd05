"""The follow-up of a few files, told through the services so that tasks, histories and documents are true.

A fixed handful whatever the size of the territory: the two first buyers and their markets, around today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from reporting.demo.cast import gather_cast
from reporting.demo.hires import gather_crew
from reporting.demo.outbox import count_as_sent
from reporting.demo.story_difficulties import tell_difficulties
from reporting.demo.story_exchanges import tell_exchanges
from reporting.demo.story_fees import tell_fees
from reporting.demo.story_hours import tell_hours
from reporting.demo.story_markets import tell_markets
from reporting.demo.story_people import tell_people
from reporting.demo.story_planning import tell_agreements, tell_purchases
from reporting.demo.story_recruitment import tell_recruitment


@transaction.atomic
def tell_follow_up(*, as_of: dt.date, say: Callable[[str], None]) -> None:
    """Tell it on a territory that was just loaded for that day, all or nothing."""
    cast = gather_cast(as_of)
    tell_agreements(cast)
    started = tell_purchases(cast)
    say("conventions, achats prévus, préconisations")
    files = tell_markets(cast, started)
    say("attribution, pièces, grilles de suivi, opérations")
    tell_fees(cast, files)
    say("participation financière")
    tell_difficulties(cast, files)
    say("difficultés")
    tell_exchanges(cast, files)
    say("journal, réunions, échéances, point d’étape")
    tell_recruitment(cast, files)
    say("offres, candidatures, actions collectives")
    crew = gather_crew(cast)
    tell_hours(cast, files, crew)
    say("déclarations, imports, reprise, anomalies, globalisation")
    tell_people(cast, files, crew)
    say("justificatifs, parcours, situations, rapprochements, conservation")
    count_as_sent(as_of)
