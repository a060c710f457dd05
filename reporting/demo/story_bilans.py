"""The campaign of the last closed year, its bilans in every state, the yearly points with two buyers, the portraits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Beneficiary, HoursEntry
from clauses.services.reserved import is_reserved
from core.errors import DomainError
from markets.models import Buyer, Market
from reporting.demo.bilans import closed_years, publish, publish_bilan
from reporting.demo.cast import Cast, gather_cast
from reporting.demo.clock import on_day
from reporting.demo.outbox import count_as_sent
from reporting.demo.story_situations import tell_situations
from reporting.demo.story_watch import tell_watch
from reporting.enums import ActionOwner, ActionState, BilanFormat, CommentOutcome
from reporting.models import Bilan, PartnershipNote
from reporting.narrative import SECTIONS
from reporting.portraits import people_of
from reporting.referents import referents_of
from reporting.services.campaigns import open_campaign
from reporting.services.comments import answer_comment, chapter_titles, comment_bilan, comment_draft
from reporting.services.deliveries import deliver_bilan, note_download
from reporting.services.drafting import save_section, write_first_text
from reporting.services.drafts import (
    save_narrative,
    start_bilan,
    start_reserved_bilan,
    start_territory_bilan,
)
from reporting.services.partnership import fingerprint, save_action, save_note, share_note
from reporting.services.portraits import record_consent, write_portrait
from reporting.services.publication import compute
from reporting.services.sent_drafts import send_draft
from reporting.services.workflow import assign_writer, review_bilan, send_back_bilan, submit_bilan

Say = Callable[[str], None]

# An earlier year does without the variant for the archives, which costs as much as the PDF.
EARLIER_FORMATS = (BilanFormat.PDF, BilanFormat.XLSX, BilanFormat.JSON)
SHORT = {
    "essentiel": "L’année confirme ce que les précédentes annonçaient : les engagements sont tenus, les recrutements "
    "demandent plus de temps sur les petits lots.",
    "heures": "Les heures viennent d’abord de la mise à disposition, puis de l’embauche directe.",
    "partenariat": "Un point à mi-année, une réunion de bilan, une saisine en amont de chaque achat de travaux.",
    "ameliorations": "Annoncer les besoins de recrutement deux mois avant le démarrage.",
}
TERRITORY = {
    "essentiel": "Ce bilan du territoire est celui d’une **démonstration** : personnes, entreprises et chiffres sont "
    "inventés.\n\nLes donneurs d’ordre sont plus nombreux à inscrire une clause, et les marchés de services prennent "
    "le relais des travaux.",
    "partenariat": "Les bilans des donneurs d’ordre sont lus avec chacun, avant celui-ci.",
}
RESERVED = {
    "essentiel": "La structure a tenu le rythme prévu ; l’encadrement a été stable toute l’année.",
    "personnes": "L’accompagnement a porté d’abord sur la mobilité et la reprise d’un rythme de travail.",
    "ameliorations": "Mieux relier les chantiers aux formations courtes du territoire.",
}
AGREED = (
    "Après plusieurs années sans emploi, une première mission d’une semaine a servi d’essai. Elle a été suivie d’une "
    "autre, puis d’un contrat plus long. « J’avais peur de ne pas tenir. Le chef d’équipe m’a montré une fois, et "
    "ensuite j’ai fait. » Le permis était en cours quand ce récit a été écrit."
)
AWAITED = (
    "Le chantier était à vingt minutes à pied, et c’est ce qui a permis de commencer. Les horaires ont été adaptés "
    "le temps de trouver une garde d’enfant. L’envie, aujourd’hui : une qualification."
)


@transaction.atomic
def tell_bilans(*, as_of: dt.date, say: Say) -> None:
    """After the territory and its follow-up, all or nothing; what costs time is a handful whatever the size."""
    cast = gather_cast(as_of)
    tell_watch(cast)
    say("contrats publiés")
    years = closed_years()
    if not years:
        return
    year = years[-1]
    for earlier in years[:-1]:
        # Published before anybody was asked what became of them: its rectified version says more.
        with on_day(_working_day(min(dt.date(earlier + 1, 4, 17), cast.day(-40)))):
            publish_bilan(earlier, say=say, formats=EARLIER_FORMATS)
    people = sum(tell_situations(cast, told) for told in years)
    say(f"situations de {people} personnes sorties")
    _notes(cast, year)
    say("notes de partenariat, axes d’amélioration")
    with on_day(cast.day(-35)):
        open_campaign(year=year, due_on=cast.day(26), user=cast.admin)
    with on_day(cast.day(-20)):
        _deliver(cast, publish_bilan(year, say=say))
    _sent_to_metropole(cast, year)
    say(f"projet transmis, {cast.metropole}")
    _others(cast, year)
    _reserved(cast, year)
    with on_day(cast.day(-6)):
        territory = start_territory_bilan(year=year, user=cast.admin)
        _write(territory, TERRITORY, cast.admin)
        review_bilan(bilan=territory, user=cast.admin)
    for earlier in years[:-1]:
        _rectified(cast, earlier, say)
    count_as_sent(as_of)
    say("bilans en cours, portraits, version rectifiée")


def _working_day(day: dt.date) -> dt.date:
    while day.weekday() > 4:
        day -= dt.timedelta(days=1)
    return day


def _write(bilan: Bilan, texts: Mapping[str, str], by: User) -> Bilan:
    bilan.refresh_from_db()
    return save_narrative(bilan=bilan, texts=texts, seen_version=bilan.edit_version, user=by)


def _first_text(bilan: Bilan, by: User) -> None:
    """The sentences that the figures give; the others' short text where they give none."""
    try:
        write_first_text(bilan=bilan, snapshot=compute(bilan, now=timezone.now()), user=by)
    except DomainError:
        _write(bilan, SHORT, by)


def _read(bilan: Bilan, by: User) -> None:
    """Every section was read by who writes."""
    for section in SECTIONS:
        bilan.refresh_from_db()
        save_section(
            bilan=bilan,
            section=section,
            text=bilan.narrative.get(section, ""),
            seen_version=bilan.edit_version,
            user=by,
        )


def _colleague(cast: Cast, bilan: Bilan) -> User:
    """Somebody else than who writes."""
    return cast.nadia if bilan.writer_id != cast.nadia.pk else cast.thomas


# --- The first two buyers -----------------------------------------------------------------------------------


def _deliver(cast: Cast, bilan: Bilan) -> None:
    """Handed over two days later; the first one who was written to downloads it."""
    addresses = [row.email for row in referents_of(cast.oullins, cast.as_of) if row.email][:3]
    if not addresses or not bilan.files.exists():
        return
    with on_day(cast.day(-18)):
        deliveries = deliver_bilan(bilan=bilan, addresses=addresses, by=cast.admin)
    with on_day(cast.day(-15), 8):
        note_download(deliveries[0])


def _sent_to_metropole(cast: Cast, year: int) -> None:
    """A whole life up to the projet: written from the figures, read, with two portraits; two remarks came back."""
    with on_day(cast.day(-30)):
        bilan = start_bilan(buyer=cast.metropole, year=year, user=cast.thomas)
        bilan = assign_writer(bilan=bilan, writer=cast.thomas, by=cast.admin)
        _first_text(bilan, cast.thomas)
    with on_day(cast.day(-28)):
        _read(bilan, cast.thomas)
        _portraits(cast, bilan, cast.thomas)
        bilan = submit_bilan(bilan=bilan, reviewer=cast.nadia, by=cast.thomas)
    with on_day(cast.day(-26)):
        review_bilan(bilan=bilan, user=cast.nadia)
    with on_day(cast.day(-14)):
        draft = send_draft(
            bilan=bilan,
            comments_until=cast.day(9),
            word="Voici le projet du bilan, à lire avant notre réunion. Chaque chapitre peut recevoir vos observations.",
            user=cast.thomas,
        )
    # The one account of the Métropole sees its department alone: the house notes what it was told.
    _two_remarks(cast, draft, by=cast.thomas, answered_by=cast.thomas)


def _two_remarks(cast: Cast, draft: Any, *, by: User, answered_by: User) -> None:
    """One answered, one open."""
    known = chapter_titles(draft.snapshot)
    with on_day(cast.day(-8), 15):
        answered = comment_draft(
            draft=draft,
            chapter="hours" if "hours" in known else "",
            text="Les heures de fin d’année paraissent faibles : tous les relevés étaient-ils arrivés ?",
            by=by,
        )
        comment_draft(
            draft=draft,
            chapter="partnership" if "partnership" in known else "",
            text="Peut-on ajouter la rencontre de juin avec les services techniques ?",
            by=by,
        )
    with on_day(cast.day(-5), 10):
        answer_comment(
            comment=answered,
            outcome=CommentOutcome.ANSWERED,
            answer="Ceux de décembre sont arrivés après la clôture : ils paraîtront en régularisation l’an prochain.",
            by=answered_by,
        )


def _portraits(cast: Cast, bilan: Bilan, by: User) -> None:
    """Two people of the bilan: one agreed to what is told, the other has not answered yet."""
    people = people_of(bilan, by).filter(anonymised_on=None, merged_into=None).order_by("pk")[:2]
    for person, text in zip(people, (AGREED, AWAITED), strict=False):
        portrait = _portrait(bilan, person, text, by)
        if portrait is not None and text is AGREED:
            record_consent(portrait=portrait, on=timezone.localdate(), user=by)


def _portrait(bilan: Bilan, person: Beneficiary, text: str, by: User) -> Any:
    try:
        return write_portrait(bilan=bilan, person=person, text=text, user=by)
    except DomainError:
        # A name of the territory may be a word of the text.
        return None


def _rectified(cast: Cast, year: int, say: Say) -> None:
    """Version 2 of the first buyer's: what was recorded of people since, and a portrait."""
    with on_day(cast.day(-12)):
        bilan = start_bilan(
            buyer=cast.oullins,
            year=year,
            user=cast.nadia,
            rectification_reason="Situations à six et douze mois recueillies depuis ; un portrait de parcours ajouté.",
        )
        _portraits(cast, bilan, cast.nadia)
        words = "La situation des personnes sorties est désormais renseignée."
        bilan = _write(bilan, {"personnes": words}, cast.nadia)
        bilan = review_bilan(bilan=bilan, user=cast.admin)
    with on_day(cast.day(-11)):
        publish(bilan, cast.admin, say, EARLIER_FORMATS)


# --- The other buyers ---------------------------------------------------------------------------------------


def _others(cast: Cast, year: int) -> None:
    """A draft that somebody writes, one to review, one reviewed with its remarks, one that waits to be published."""
    buyers = list(Buyer.objects.exclude(pk__in=[cast.oullins.pk, cast.metropole.pk]).order_by("pk")[:4])
    for buyer, tell in zip(buyers, (_in_writing, _to_review, _with_remarks, _reviewed), strict=False):
        with on_day(cast.day(-25)):
            bilan = start_bilan(buyer=buyer, year=year, user=cast.admin)
            if bilan.writer is None or bilan.writer == cast.admin:
                bilan = assign_writer(bilan=bilan, writer=cast.ines, by=cast.admin)
        assert bilan.writer is not None
        tell(cast, bilan, bilan.writer)


def _in_writing(cast: Cast, bilan: Bilan, writer: User) -> None:
    with on_day(cast.day(-3)):
        _first_text(bilan, writer)


def _to_review(cast: Cast, bilan: Bilan, writer: User) -> None:
    with on_day(cast.day(-7)):
        _first_text(bilan, writer)
        _read(bilan, writer)
    with on_day(cast.day(-2)):
        submit_bilan(bilan=bilan, reviewer=_colleague(cast, bilan), by=writer)


def _with_remarks(cast: Cast, bilan: Bilan, writer: User) -> None:
    """Sent back once with a reason, rewritten, reviewed; one remark is settled, one is left for the projet."""
    reviewer = _colleague(cast, bilan)
    with on_day(cast.day(-21)):
        _write(bilan, SHORT, writer)
        submit_bilan(bilan=bilan, reviewer=reviewer, by=writer)
    with on_day(cast.day(-19)):
        settled = comment_bilan(
            bilan=bilan, chapter="hours", text="Dire pourquoi la mise à disposition domine.", by=reviewer
        )
        comment_bilan(
            bilan=bilan,
            chapter="partnership",
            text="Ajouter la date de la réunion quand elle sera fixée.",
            by=reviewer,
        )
        send_back_bilan(bilan=bilan, reason="Le chapitre des heures reste à expliquer.", by=reviewer)
    with on_day(cast.day(-16)):
        more = (
            SHORT["heures"]
            + " Les lots sont courts : peu d’entreprises ouvrent un contrat pour si peu de semaines."
        )
        _write(bilan, {"heures": more}, writer)
        answer_comment(comment=settled, outcome=CommentOutcome.TAKEN, answer="", by=writer)
        submit_bilan(bilan=bilan, reviewer=reviewer, by=writer)
    with on_day(cast.day(-13)):
        review_bilan(bilan=bilan, user=reviewer)


def _reviewed(cast: Cast, bilan: Bilan, writer: User) -> None:
    with on_day(cast.day(-10)):
        bilan = _write(bilan, SHORT, writer)
        bilan = submit_bilan(bilan=bilan, reviewer=_colleague(cast, bilan), by=writer)
        review_bilan(bilan=bilan, user=_colleague(cast, bilan))


# --- A reserved market --------------------------------------------------------------------------------------


def _reserved(cast: Cast, year: int) -> None:
    """That of a reserved market of the first buyer, sent to it: its account comments."""
    market = _reserved_market(cast, year)
    if market is None:
        return
    with on_day(cast.day(-24)):
        bilan = start_reserved_bilan(market=market, year=year, user=cast.nadia)
        bilan = _write(bilan, RESERVED, cast.nadia)
        bilan = review_bilan(bilan=bilan, user=cast.nadia)
    with on_day(cast.day(-12)):
        draft = send_draft(bilan=bilan, comments_until=cast.day(12), word="", user=cast.nadia)
    _two_remarks(cast, draft, by=cast.claude, answered_by=cast.nadia)


def _reserved_market(cast: Cast, year: int) -> Market | None:
    """The first one that lived that year, with hours where there is one."""
    rows = Market.objects.filter(buyer=cast.oullins, parent=None).order_by("pk")
    alive = [
        row
        for row in rows
        if row.begins_on is not None
        and row.begins_on.year <= year
        and (row.closed_on is None or row.closed_on.year >= year)
        and is_reserved(row)
    ]
    with_hours = (row for row in alive if HoursEntry.objects.filter(market=row, month__year=year).exists())
    return next(with_hours, alive[0] if alive else None)


# --- The yearly points --------------------------------------------------------------------------------------


def _notes(cast: Cast, year: int) -> None:
    """Two years of the first buyer, with what became of what was decided; one year of the second, not shared yet."""
    before = _note(
        cast,
        cast.oullins,
        year - 1,
        held_on=_working_day(min(dt.date(year, 3, 18), cast.day(-60))),
        minutes="La ville souhaite être alertée plus tôt des retards. Les relevés mensuels sont trop longs à réunir.",
        by=cast.nadia,
    )
    with on_day(_working_day(min(dt.date(year, 3, 20), cast.day(-58)))):
        kept = [
            save_action(note=before, title=title, owner=owner, due_on=due_on, by=cast.nadia)
            for title, owner, due_on in (
                ("Saisir la maison avant la rédaction des pièces du marché", ActionOwner.BUYER, None),
                ("Réserver un lot de nettoyage", ActionOwner.BOTH, cast.day(75)),
                ("Tenir un comité de suivi chaque mois", ActionOwner.BOTH, None),
            )
        ]
    outcomes = (
        (ActionState.DONE, "Chaque achat de travaux passe par la maison depuis l’été."),
        (ActionState.ONGOING, "Le lot est dans la liste des achats, sa consultation se prépare."),
        (ActionState.DROPPED, "Un point par trimestre suffit : le comité mensuel n’a pas trouvé son public."),
    )
    with on_day(cast.day(-47)):
        for row, (state, progress) in zip(kept, outcomes, strict=True):
            save_action(
                note=before,
                action=row,
                title=row.title,
                owner=row.owner,
                due_on=row.due_on,
                state=state,
                progress=progress,
                by=cast.nadia,
            )
    now = _note(
        cast,
        cast.oullins,
        year,
        held_on=cast.day(-48),
        minutes="Bilan de l’année lu ensemble, chapitre par chapitre. La ville souhaite réserver un lot de nettoyage et "
        "mieux suivre les sorties à six mois.",
        by=cast.nadia,
    )
    with on_day(cast.day(-46)):
        save_action(
            note=now,
            title="Demander les situations à six mois aux titulaires dès la fin des contrats",
            owner=ActionOwner.HOUSE,
            due_on=cast.day(40),
            by=cast.nadia,
        )
        save_action(
            note=now,
            title="Inscrire la clause dans les marchés de prestations intellectuelles",
            owner=ActionOwner.BUYER,
            due_on=cast.day(110),
            state=ActionState.ONGOING,
            progress="Deux marchés sont à l’étude.",
            by=cast.nadia,
        )
    with on_day(cast.day(-45)):
        for note in (before, now):
            share_note(note=note, shared=True, by=cast.nadia)
    _note(
        cast,
        cast.metropole,
        year - 1,
        held_on=_working_day(min(dt.date(year, 4, 8), cast.day(-60))),
        minutes="Les opérations pluriannuelles demandent un bilan à part.",
        by=cast.thomas,
    )


def _note(
    cast: Cast, buyer: Buyer, year: int, *, held_on: dt.date, minutes: str, by: User
) -> PartnershipNote:
    with on_day(held_on, 17):
        return save_note(
            buyer=buyer,
            year=year,
            meeting_on=held_on,
            participants="Adjointe à l’insertion, direction des achats, maison de l’emploi",
            minutes=minutes,
            seen=fingerprint(PartnershipNote.objects.filter(buyer=buyer, year=year).first()),
            by=by,
        )
