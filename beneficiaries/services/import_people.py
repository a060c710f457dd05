"""People of a file set beside those who have one: what would be added or completed, then writing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from beneficiaries.import_matching import Known, Match, Pool
from beneficiaries.import_plan import LEAVE, NEW, Decisions, Plan, Planned, Question, answer_to
from beneficiaries.import_reading import Identity, Line
from beneficiaries.import_rows import note_made, write_made
from beneficiaries.models import Beneficiary, DataImport, EducationLevel, ImportedRow, Prescriber
from beneficiaries.name_search import likely_same
from beneficiaries.people_import import PeopleReading
from beneficiaries.services.writing import save_by
from core import formats
from core.text import normalise
from markets.services.planning import _commune_finder

if TYPE_CHECKING:
    from accounts.models import User

SLICE = 500
# What a line completes where the file of the house says nothing; it never replaces.
COMPLETED = ("birth_date", "birth_name", "gender", "address", "phone", "email", "education_id", "commune_id", "prescriber_id")  # fmt: skip
WORDS = {
    "birth_date": "date de naissance",
    "birth_name": "nom de naissance",
    "gender": "genre",
    "address": "adresse",
    "phone": "téléphone",
    "email": "courriel",
    "education_id": "formation",
    "commune_id": "commune",
    "prescriber_id": "prescripteur",
}


def pool_for(identities: Iterable[Identity]) -> Pool:
    """People born on one of the file's days, and those without a birth date who bear one of its names."""
    births = sorted({who.birth_date for who in identities if who.birth_date})
    pool = Pool()
    for first in range(0, len(births), SLICE):
        _add(pool, Beneficiary.objects.filter(birth_date__in=births[first : first + SLICE]))
    keys = sorted({normalise(f"{who.last_name} {who.first_name}") for who in identities})
    for first in range(0, len(keys), SLICE):
        _add(pool, Beneficiary.objects.filter(search_key__in=keys[first : first + SLICE]))
    return pool


def _add(pool: Pool, rows: Any) -> None:
    found = rows.filter(merged_into__isnull=True, anonymised_on__isnull=True).order_by("pk")
    for known in found.values_list("pk", "last_name", "first_name", "birth_name", "birth_date"):
        if known[0] not in pool.people:
            pool.add(Known(*known))


def find_person(who: Identity, pool: Pool) -> Match:
    """The person of a file among those of the house; those who may be the same where nobody is for certain."""
    match = pool.find(who)
    if match.person and who.birth_date is None and match.person.birth_date is not None:
        sentence = "Une fiche porte ce nom, et le fichier ne donne pas de date de naissance : est-ce la même personne ?"
        return Match(proposals=(match.person,), sentence=sentence)
    if match.person or match.proposals:
        return match
    rows = Beneficiary.objects.filter(merged_into__isnull=True, anonymised_on__isnull=True)
    found = likely_same(who.last_name, who.first_name, who.birth_date, rows, limit=5)
    if not found:
        return match
    people = tuple(
        Known(
            row.person.pk,
            row.person.last_name,
            row.person.first_name,
            row.person.birth_name,
            row.person.birth_date,
        )
        for row in found
    )
    if found[0].score >= 100 and (len(found) == 1 or found[1].score < 100):
        return Match(people[0])
    return Match(proposals=people, sentence="Une fiche lui ressemble : est-ce la même personne ?")


def ask_who(planned: Planned, who: Identity, match: Match, decisions: Decisions) -> int | None:
    """The person chosen; None for a new one, a line left out or a question that waits (`planned.question`)."""
    key = f"who|{who.key}"
    answer = answer_to(planned, key, decisions)
    if planned.left_out or answer == NEW:
        return None
    proposed = {f"p:{known.pk}": known for known in match.proposals}
    if answer in proposed:
        planned.corrected = True
        planned.notes.append(f"Lu comme {proposed[answer].label}.")
        return proposed[answer].pk
    choices = [(value, known.label) for value, known in proposed.items()]
    planned.question = Question(
        key, match.sentence, (*choices, (NEW, "Une nouvelle personne"), (LEAVE, "Laisser de côté"))
    )
    return None


def people_of(row: DataImport, reading: PeopleReading, decisions: Decisions) -> set[int]:
    """Those whose files may be completed."""
    pool = pool_for([line.identity for line in reading.lines if line.identity])
    found = set()
    for line in reading.lines:
        if line.identity and (person := pool.find(line.identity).person):
            found.add(person.pk)
    return found | {int(answer[2:]) for answer in decisions.values() if answer.startswith("p:")}


def plan_people(row: DataImport, reading: PeopleReading, decisions: Decisions) -> Plan:
    """Who would be added, whose file would be completed; writes nothing."""
    plan = Plan(work={"create": [], "change": []})
    pool = pool_for([line.identity for line in reading.lines if line.identity])
    resolve = make_resolver()
    in_file: dict[str, int] = {}
    for line in reading.lines:
        planned = Planned(line)
        plan.lines.append(planned)
        who = line.identity
        if line.errors or who is None:
            continue
        twin = in_file.setdefault(f"{who.words}|{who.birth_date}", line.number)
        if twin != line.number:
            planned.refusals.append(f"La même personne est déjà à la ligne {twin}.")
            continue
        resolve(planned)
        match = find_person(who, pool)
        pk = match.person.pk if match.person else None
        if match.person is None and match.proposals:
            pk = ask_who(planned, who, match, decisions)
            if planned.question or planned.left_out:
                continue
        if match.note:
            planned.notes.append(match.note)
        if pk is None:
            planned.writes = True
            planned.effects.append("Nouvelle fiche")
            plan.work["create"].append(planned)
        else:
            planned.person = pk
            plan.work["change"].append(planned)
    _complete(plan)
    written = [planned for planned in plan.lines if planned.writes]
    plan.facts.update({"people": len(written), "new_people": len(plan.work["create"])})
    return plan


def _complete(plan: Plan) -> None:
    """Compare the people found with what the file says of them."""
    planned_of = {planned.person: planned for planned in plan.work["change"]}
    ids = sorted(pk for pk in planned_of if pk)
    kept = []
    for first in range(0, len(ids), SLICE):
        for person in Beneficiary.objects.filter(pk__in=ids[first : first + SLICE]).order_by("pk"):
            planned = planned_of[person.pk]
            values = values_of(planned.line)
            missing = [name for name in COMPLETED if values.get(name) and not getattr(person, name)]
            differ = [
                name
                for name in COMPLETED
                if values.get(name) and getattr(person, name) and getattr(person, name) != values[name]
            ]
            if differ:
                said = ", ".join(WORDS[name] for name in differ)
                planned.notes.append(f"La fiche dit autre chose ({said}) : elle n’est pas changée.")
            planned.stands = True
            if missing:
                planned.writes = True
                planned.effects.append("Fiche complétée : " + ", ".join(WORDS[name] for name in missing))
                kept.append((person, {name: values[name] for name in missing}))
            else:
                planned.effects.append("Déjà connue")
    plan.work["change"] = kept


def values_of(line: Line) -> dict[str, Any]:
    """The fields of a person's file, as a line gives them."""
    who = line.identity
    assert who is not None
    names = (
        "birth_name",
        "gender",
        "address",
        "phone",
        "email",
        "education_id",
        "commune_id",
        "prescriber_id",
    )
    return {
        "last_name": who.last_name,
        "first_name": who.first_name,
        "birth_date": who.birth_date,
        **{name: line.values.get(name) or None for name in names},
    }


def make_resolver() -> Callable[[Planned], None]:
    """A function that turns the words of a line into rows of the lists: commune, education, prescriber."""
    finder = _commune_finder()
    levels = set(EducationLevel.objects.order_by("pk").values_list("pk", flat=True))
    prescribers = {
        key: pk
        for pk, key in Prescriber.objects.filter(is_active=True)
        .order_by("-pk")
        .values_list("pk", "search_key")
    }
    known: dict[tuple[str, str, str], str | None] = {}

    def resolve(planned: Planned) -> None:
        values = planned.line.values
        place = values.get("place", ("", "", ""))
        if any(place):
            if place not in known:
                known[place] = _commune(place, finder)
            values["commune_id"] = known[place]
            if known[place] is None:
                said = " ".join(part for part in place if part)
                planned.line.notes.append(
                    f"« {formats.short(said, 60)} » n’est pas une commune connue, ou il y en a plusieurs : "
                    "la commune reste à renseigner."
                )
        if values.get("education") in levels:
            values["education_id"] = values["education"]
        if named := values.get("prescriber"):
            values["prescriber_id"] = prescribers.get(normalise(named))
            if values["prescriber_id"] is None:
                planned.line.notes.append(
                    f"« {formats.short(named, 60)} » n’est pas un prescripteur inscrit."
                )

    return resolve


def _commune(place: tuple[str, str, str], finder: Callable[[str], str | None]) -> str | None:
    code, postcode, city = place
    if code and (found := finder(code)):
        return found
    return finder(f"{postcode} {city}".strip()) if city else None


def new_person(line: Line) -> Beneficiary:
    """A person's file as a line gives it."""
    values = {name: value for name, value in values_of(line).items() if value is not None}
    return Beneficiary(**values)


def write_people(row: DataImport, plan: Plan, *, user: User | None) -> set[int]:
    """Add the new people, complete the others."""
    made = []
    for planned in plan.work["create"]:
        person = new_person(planned.line)
        save_by(person, user, "import")  # type: ignore[arg-type]
        planned.person = person.pk
        made.append(person.pk)
    note_made(row, "beneficiary", made)
    kept: Sequence[ImportedRow] = [
        ImportedRow(
            data_import=row, model="beneficiary", object_id=person.pk, kept={"filled": sorted(values)}
        )
        for person, values in plan.work["change"]
    ]
    for person, values in plan.work["change"]:
        for name, value in values.items():
            setattr(person, name, value)
        save_by(person, user, "import")  # type: ignore[arg-type]
    write_made(kept)
    return set()
