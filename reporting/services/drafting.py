"""What is done with the sentences proposed for a bilan: taken into its text, edited, left aside, a first text of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import transaction

from core.errors import DomainError
from reporting.drafting import Proposal, proposals
from reporting.drafting.texts import holds, with_other_sentence, with_sentence
from reporting.models import Bilan
from reporting.narrative import SECTIONS
from reporting.services.drafts import save_narrative
from reporting.services.workflow import check_open, locked

if TYPE_CHECKING:
    from accounts.models import User

ACCEPTED, EDITED, DROPPED = "accepted", "edited", "dropped"
# Sections whose first text was proposed as a whole and that nobody has saved since.
UNREAD = "unread"
SALT = "reporting.drafting"
# A first text is read in a minute: the sentences that matter most come first in each section.
FIRST_TEXT = 6


@dataclass(frozen=True)
class Offered:
    """A proposal on the page of its section: where it stands, and what the text holds of it."""

    proposal: Proposal
    state: str
    token: str
    # The sentence that was taken, where the figures give another one today.
    former: str = ""
    # Whether the former one still stands in the text, word for word.
    is_replaceable: bool = False


def offered(bilan: Bilan, section: str, snapshot: Mapping[str, Any]) -> list[Offered]:
    """The sentences of one section as they stand today, with what was done of each."""
    text = bilan.narrative.get(section, "")
    found = []
    for row in proposals(snapshot):
        if row.section != section:
            continue
        entry = bilan.drafting.get(row.key, {})
        before = entry.get("sentence", "")
        changed = before if entry.get("state") == ACCEPTED and before != row.sentence else ""
        found.append(
            Offered(
                row,
                entry.get("state", ""),
                sign(bilan, row),
                changed,
                bool(changed) and holds(text, changed),
            )
        )
    return found


def sign(bilan: Bilan, row: Proposal) -> str:
    """The sentence as the page sends it back: only what was proposed for this bilan is taken as proposed."""
    return signing.dumps([bilan.pk, row.section, row.key, row.sentence], salt=SALT)


def read_token(bilan: Bilan, section: str, token: str) -> tuple[str, str]:
    """(key, sentence) of a signed sentence of this section. Raises DomainError for any other."""
    try:
        pk, known, key, sentence = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        pk, known, key, sentence = None, "", "", ""
    if pk != bilan.pk or known != section:
        raise DomainError("Cette phrase n’est plus proposée : rechargez les phrases.")
    return key, sentence


def _edited(bilan: Bilan, section: str, taken: Iterable[str]) -> dict[str, Any]:
    """Sentences that went through the editor: what they became is the writer's."""
    return {
        key: _entry(EDITED, sentence)
        for key, sentence in (read_token(bilan, section, token) for token in taken)
    }


def _entry(state: str, sentence: str) -> dict[str, str]:
    return {"state": state, "sentence": sentence}


@transaction.atomic
def add_sentence(
    *,
    bilan: Bilan,
    section: str,
    text: str,
    token: str,
    taken: Iterable[str] = (),
    seen_version: int,
    user: User,
) -> Bilan:
    """Save the text as it is written, with the sentence at its end. Raises DomainError as `save_narrative` does."""
    key, sentence = read_token(bilan, section, token)
    return save_narrative(
        bilan=bilan,
        texts={section: with_sentence(text, sentence)},
        seen_version=seen_version,
        user=user,
        remembered=_edited(bilan, section, taken)
        | {key: _entry(ACCEPTED, sentence)}
        | _read(bilan, [section]),
    )


@transaction.atomic
def replace_sentence(
    *,
    bilan: Bilan,
    section: str,
    text: str,
    token: str,
    taken: Iterable[str] = (),
    seen_version: int,
    user: User,
) -> Bilan:
    """Save the text with the sentence of today in the place of the one that was taken, where it still stands."""
    key, sentence = read_token(bilan, section, token)
    former = bilan.drafting.get(key, {}).get("sentence", "")
    if not former or not holds(text, former):
        raise DomainError(
            "La phrase d’alors a été modifiée dans le texte : corrigez-la à la main, ou ajoutez la nouvelle."
        )
    return save_narrative(
        bilan=bilan,
        texts={section: with_other_sentence(text, former, sentence)},
        seen_version=seen_version,
        user=user,
        remembered=_edited(bilan, section, taken) | {key: _entry(ACCEPTED, sentence)},
    )


@transaction.atomic
def save_section(
    *, bilan: Bilan, section: str, text: str, taken: Iterable[str] = (), seen_version: int, user: User
) -> Bilan:
    """Save a text that someone read and wrote; `taken`: sentences that went through the editor."""
    saved = save_narrative(
        bilan=bilan,
        texts={section: text},
        seen_version=seen_version,
        user=user,
        remembered=_edited(bilan, section, taken) | _read(bilan, [section]),
    )
    if section in saved.drafting.get(UNREAD, []):
        # Read, and nothing to change.
        return _remember(saved, _read(saved, [section]))
    return saved


@transaction.atomic
def drop_sentence(*, bilan: Bilan, section: str, token: str) -> Bilan:
    """Leave a sentence aside: it is not proposed any more, even where its figures change."""
    key, sentence = read_token(bilan, section, token)
    return _remember(locked(bilan), {key: _entry(DROPPED, sentence)})


@transaction.atomic
def offer_again(*, bilan: Bilan, section: str, token: str) -> Bilan:
    """Propose again a sentence that was left aside or taken."""
    key, _ = read_token(bilan, section, token)
    return _remember(locked(bilan), {key: None})


def _remember(bilan: Bilan, entries: Mapping[str, Any]) -> Bilan:
    """What was done with sentences of a locked bilan, without a change of text: the review stands."""
    check_open(bilan)
    kept = {**bilan.drafting, **entries}
    bilan.drafting = {key: value for key, value in kept.items() if value is not None}
    bilan.save()
    return bilan


def _read(bilan: Bilan, sections: Iterable[str]) -> dict[str, list[str]]:
    """The mark of sections to read, without these."""
    unread = bilan.drafting.get(UNREAD, [])
    return {UNREAD: [key for key in unread if key not in set(sections)]} if unread else {}


@transaction.atomic
def write_first_text(*, bilan: Bilan, snapshot: Mapping[str, Any], user: User) -> list[str]:
    """A first text of every empty section, to be read; returns the sections that have one now.

    A sentence that was left aside stays so. Raises DomainError where nothing is empty, or nothing can be said.
    """
    check_open(bilan)
    empty = [key for key in SECTIONS if not bilan.narrative.get(key, "").strip()]
    if not empty:
        raise DomainError(
            "Toutes les rubriques ont déjà un texte : ouvrez-les pour voir les phrases proposées."
        )
    texts: dict[str, str] = {}
    entries: dict[str, Any] = {}
    for row in proposals(snapshot):
        used = sum(entry["section"] == row.section for entry in entries.values())
        if row.section not in empty or row.key in bilan.drafting or used >= FIRST_TEXT:
            continue
        texts[row.section] = with_sentence(texts.get(row.section, ""), row.sentence)
        entries[row.key] = {**_entry(ACCEPTED, row.sentence), "section": row.section}
    if not texts:
        raise DomainError("Les chiffres de la période ne donnent aucune phrase à proposer.")
    remembered: dict[str, Any] = {
        key: _entry(entry["state"], entry["sentence"]) for key, entry in entries.items()
    }
    remembered[UNREAD] = sorted({*bilan.drafting.get(UNREAD, []), *texts})
    try:
        save_narrative(
            bilan=bilan, texts=texts, seen_version=bilan.edit_version, user=user, remembered=remembered
        )
    except DomainError as error:
        raise DomainError(
            "Quelqu’un a écrit dans ce bilan entre-temps : vérifiez, puis recommencez."
        ) from error
    return [key for key in SECTIONS if key in texts]
