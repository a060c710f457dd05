"""What happened in a span: the dated facts of the files and of the journal. Kinds, days and markets, never a free text."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q

from beneficiaries.enums import ActionKind
from beneficiaries.models import CollectiveAction
from clauses.enums import Channel
from clauses.models import Interaction
from markets.models import Agreement, AgreementAmendment
from reporting.indicators.facts import Facts, once
from reporting.scope import ScopeKind, Span, bounds, within

# Kind → what it is called, one and several; in the order in which paper keeps them where there are many.
EVENT_KINDS: dict[str, tuple[str, str]] = {
    "agreement": ("convention signée", "conventions signées"),
    "amendment": ("avenant à la convention signé", "avenants à la convention signés"),
    "notified": ("marché notifié", "marchés notifiés"),
    "received": ("marché reçu", "marchés reçus"),
    "closed": ("marché clos", "marchés clos"),
    Channel.STEERING: ("comité de pilotage", "comités de pilotage"),
    Channel.YEAR_END: ("réunion de fin d’année", "réunions de fin d’année"),
    Channel.MID_YEAR: ("réunion de mi-année", "réunions de mi-année"),
    f"action_{ActionKind.INFORMATION}": ("information collective", "informations collectives"),
    f"action_{ActionKind.JOB_MEETING}": ("rencontre métiers", "rencontres métiers"),
    f"action_{ActionKind.SITE_VISIT}": (
        "visite d’entreprise ou de chantier, avec des candidats",
        "visites d’entreprise ou de chantier, avec des candidats",
    ),
    f"action_{ActionKind.INTERVIEWS}": ("simulation d’entretiens", "simulations d’entretiens"),
    f"action_{ActionKind.AWARENESS}": ("sensibilisation des référents", "sensibilisations des référents"),
    f"action_{ActionKind.BEHAVIOUR}": (
        "action sur le savoir-être, la préparation à l’emploi",
        "actions sur le savoir-être, la préparation à l’emploi",
    ),
    f"action_{ActionKind.OTHER}": ("autre action collective", "autres actions collectives"),
    Channel.LAUNCH: ("réunion de lancement", "réunions de lancement"),
    Channel.KICK_OFF: ("mise au point avec le titulaire", "mises au point avec le titulaire"),
    Channel.TRIPARTITE: ("rencontre tripartite", "rencontres tripartites"),
    Channel.VISIT: ("visite de suivi", "visites de suivi"),
    Channel.SITE: ("réunion de chantier", "réunions de chantier"),
}
MEETINGS = [kind for kind in EVENT_KINDS if kind in Channel.values]


class Event(NamedTuple):
    """One dated fact. market: reference and object, both empty for what is about the buyer as a whole."""

    day: dt.date
    kind: str
    reference: str = ""
    object: str = ""


@once
def events(facts: Facts, span: Span) -> list[Event]:
    """Every event of the span, the earliest first; the same fact written twice on a day for a market is one."""
    found = {
        *_markets(facts, span),
        *_meetings(facts, span),
        *_actions(facts, span),
        *_agreements(facts, span),
    }
    order = list(EVENT_KINDS)
    return sorted(found, key=lambda event: (event.day, order.index(event.kind), event.reference))


def events_by_kind(facts: Facts, span: Span) -> dict[str, int]:
    """How many of each kind, in the order of `EVENT_KINDS`."""
    counted: dict[str, int] = defaultdict(int)
    for event in events(facts, span):
        counted[event.kind] += 1
    return {kind: counted[kind] for kind in EVENT_KINDS if kind in counted}


def _markets(facts: Facts, span: Span) -> Iterator[Event]:
    first, last = bounds(span)
    rows = facts.scope.markets().order_by("pk")
    for pk, reference, title, *days in rows.values_list(
        "pk", "reference", "object", "notified_on", "received_on", "closed_on"
    ):
        for kind, day in zip(("notified", "received", "closed"), days, strict=True):
            if day is not None and first <= day <= last and facts.scope.holds(pk, day):
                yield Event(day, kind, reference, title)


def _meetings(facts: Facts, span: Span) -> Iterator[Event]:
    """Meetings about a market of the scope, or about its buyer; those about a company alone may be another buyer's."""
    about = Q(market__in=facts.scope.markets().order_by().values("pk")) & facts.scope.in_hand("on")
    if facts.scope.kind == ScopeKind.BUYER:
        about |= Q(buyer=facts.scope.id)
    elif facts.scope.kind == ScopeKind.TERRITORY:
        about |= Q(buyer__isnull=False)
    rows = Interaction.objects.filter(about, within(span, "on"), channel__in=MEETINGS).order_by("on", "pk")
    for day, channel, reference, title in rows.values_list(
        "on", "channel", "market__reference", "market__object"
    ):
        yield Event(day, channel, reference or "", title or "")


def _actions(facts: Facts, span: Span) -> Iterator[Event]:
    """Collective actions, once each: the market is said where there is one only."""
    markets = facts.scope.markets().order_by().values("pk")
    through = CollectiveAction.markets.through.objects
    about = Q(pk__in=through.filter(market__in=markets).values("collectiveaction"))
    if facts.scope.kind == ScopeKind.BUYER:
        named = CollectiveAction.buyers.through.objects.filter(buyer=facts.scope.id)
        about |= Q(pk__in=named.values("collectiveaction"))
    elif facts.scope.kind == ScopeKind.TERRITORY:
        about = Q()
    rows = list(
        CollectiveAction.objects.filter(about, within(span, "held_on"))
        .order_by("held_on", "pk")
        .values_list("pk", "held_on", "kind")
    )
    theirs: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    links = through.filter(market__in=markets, collectiveaction__in=[pk for pk, _day, _kind in rows])
    for pk, market, reference, title in links.order_by("pk").values_list(
        "collectiveaction", "market", "market__reference", "market__object"
    ):
        theirs[pk].append((market, reference, title))
    for pk, day, kind in rows:
        if theirs[pk] and not any(facts.scope.holds(market, day) for market, _, _ in theirs[pk]):
            continue
        [(_, reference, title)] = theirs[pk] if len(theirs[pk]) == 1 else [(0, "", "")]
        yield Event(day, f"action_{kind}", reference, title)


def _agreements(facts: Facts, span: Span) -> Iterator[Event]:
    if facts.scope.kind not in (ScopeKind.BUYER, ScopeKind.TERRITORY):
        return
    mine = Q(buyer=facts.scope.id) if facts.scope.kind == ScopeKind.BUYER else Q()
    signed = within(span, "signed_on")
    agreements = Agreement.objects.filter(mine, signed).order_by("signed_on", "pk")
    for day, name in agreements.values_list("signed_on", "buyer__name"):
        assert day is not None
        yield Event(day, "agreement", object="" if facts.scope.kind == ScopeKind.BUYER else name)
    theirs = Q(agreement__buyer=facts.scope.id) if facts.scope.kind == ScopeKind.BUYER else Q()
    amendments = AgreementAmendment.objects.filter(theirs, signed).order_by("signed_on", "pk")
    for day, name in amendments.values_list("signed_on", "agreement__buyer__name"):
        assert day is not None
        yield Event(day, "amendment", object="" if facts.scope.kind == ScopeKind.BUYER else name)
