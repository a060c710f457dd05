"""People are found whatever accents, case, hyphens, order of names, and with one typing error a word."""

from __future__ import annotations

import csv
import datetime as dt
import random
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.models import Beneficiary, NameVariant
from beneficiaries.name_likeness import Name, dates_near, is_near, likeness, variants
from beneficiaries.name_search import (
    find_people,
    index_people,
    likely_same,
    people_are_found_by_their_variants,
)
from beneficiaries.registrations_directory import index_once
from core.history import bulk_load_generated
from core.search import index_rows
from core.text import normalise
from tests.factories import BeneficiaryFactory, known_to_planner

NAMES = Path(__file__).parents[3] / "shared" / "data" / "identites" / "prenoms_noms_fr.csv"
BORN = dt.date(1988, 3, 14)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def found(text: str, limit: int = 5) -> list[str]:
    return [str(match.person) for match in find_people(Beneficiary.objects.order_by("pk"), text, limit)]


# Words


def test_the_variants_of_a_word_are_itself_and_itself_less_each_letter():
    assert variants("anne") == {"anne", "nne", "ane", "ann"}
    assert variants("ba") == {"ba"}


@given(st.text(LETTERS, min_size=3, max_size=12), st.data())
def test_a_word_with_one_error_always_shares_a_variant_with_the_word(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    missing = word[:place] + word[place + 1 :]
    added = word[:place] + letter + word[place:]
    replaced = word[:place] + letter + word[place + 1 :]
    swapped = word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :] if place else word
    for typed in (missing, added, replaced, swapped):
        assert (variants(typed) | {typed}) & variants(word)
        assert is_near(typed, word) or len(typed) < 3


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (dt.date(1988, 3, 4), dt.date(1988, 4, 3), True),
        (dt.date(1988, 3, 14), dt.date(1983, 3, 14), True),
        (dt.date(1988, 3, 14), dt.date(1988, 3, 24), True),
        (dt.date(1988, 3, 14), dt.date(1988, 3, 25), False),
        (dt.date(1988, 3, 14), dt.date(1999, 3, 14), False),
    ],
)
def test_two_birth_dates_are_near_by_a_digit_or_by_day_for_month(one, other, near):
    assert dates_near(one, other) is near


@pytest.mark.parametrize(
    ("one", "other", "likely"),
    [
        # The names close and the same birth date.
        (("Lefevre", "Elodie", "", BORN), ("LEFÈVRE", "Élodie", "", BORN), 100),
        (("Lefebre", "Elodie", "", BORN), ("Lefèvre", "Élodi", "", BORN), 95),
        (("Elodie", "Lefevre", "", BORN), ("Lefèvre", "Élodie", "", BORN), 100),
        (("Martin", "Elodie", "Lefèvre", BORN), ("Lefevre", "Élodie", "", BORN), 100),
        (("Lefèvre", "Marie", "", BORN), ("Lefèvre", "Marie-Anne", "", BORN), 95),
        (("Ben Ahmed", "Ali", "", BORN), ("Benahmed", "Ali", "", BORN), 100),
        (("Martin", "Elodie", "", BORN), ("Lefèvre", "Élodie", "", BORN), None),
        (("Lefèvre", "Paul", "", BORN), ("Lefèvre", "Élodie", "", BORN), None),
        # The same names and another birth date.
        (("Lefèvre", "Élodie", "", BORN), ("Lefevre", "Elodie", "", dt.date(1988, 3, 15)), 90),
        (("Lefèvre", "Élodie", "", None), ("Lefevre", "Elodie", "", BORN), 80),
        (("Lefèvre", "Élodie", "", BORN), ("Lefevre", "Elodie", "", dt.date(1990, 7, 2)), None),
        (("Lefèvre", "Élodie", "", None), ("Lefebre", "Elodie", "", BORN), None),
    ],
)
def test_how_likely_two_files_are_one_persons(one, other, likely):
    (last, first, birth, born), (other_last, other_first, other_birth, other_born) = one, other
    names = Name.of(last, first, birth), Name.of(other_last, other_first, other_birth)
    assert likeness(names[0], born, names[1], other_born) == likely
    assert likeness(names[1], other_born, names[0], born) == likely


# The directory


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "de la rochefoucauld",
        "ROCHEFOUCAULD jean",
        "jeanbaptiste",
        "jean-batiste rochefoucauld",
        "rochefoucald",
        "rochefoucuald bapt",
        "Rochefoucauldt Jean-Baptiste",
        "rochefouc",
    ],
)
def test_someone_is_found_by_near_words_whole_or_not(typed):
    BeneficiaryFactory(last_name="de La Rochefoucauld", first_name="Jean-Baptiste")
    BeneficiaryFactory(last_name="Dupont", first_name="Marie")
    assert found(typed) == ["de La Rochefoucauld Jean-Baptiste"]


@pytest.mark.django_db
def test_those_who_bear_the_words_come_before_near_spellings():
    BeneficiaryFactory(last_name="Martyn", first_name="Anne")
    BeneficiaryFactory(last_name="Martinez", first_name="Anne")
    BeneficiaryFactory(last_name="Martin", first_name="Anne")
    matches = find_people(Beneficiary.objects.order_by("pk"), "anne martin", 5)
    assert [(match.person.last_name, match.near) for match in matches] == [
        ("Martin", False),
        ("Martinez", False),
        ("Martyn", True),
    ]


@pytest.mark.django_db
def test_someone_else_is_not_near():
    BeneficiaryFactory(last_name="Martin", first_name="Anne")
    for typed in ("durand", "martin paul-henri", "xy", "", "…"):
        assert found(typed) == []


@pytest.mark.django_db
def test_the_index_follows_each_save_and_each_deletion():
    person = BeneficiaryFactory(last_name="Haddad", first_name="Karim")
    person.last_name = "Benali"
    person.save()
    assert found("hadad") == []
    assert found("bnali") == ["Benali Karim"]
    assert list(people_are_found_by_their_variants()) == []
    person.delete()
    assert not NameVariant.objects.exists()


@pytest.mark.django_db
def test_a_bulk_load_indexes_with_the_words_of_the_search_and_the_command_writes_all_again(capsys):
    rows = [
        Beneficiary(
            pk=rank,
            last_name="Haddad",
            first_name=name,
            search_key=f"haddad {name.lower()}",
            created_at=timezone.now(),
        )
        for rank, name in enumerate(["Karim", "Karima"], start=1)
    ]
    bulk_load_generated(Beneficiary, rows)
    assert len(list(people_are_found_by_their_variants())) == 2
    index_rows(Beneficiary, rows)
    assert list(people_are_found_by_their_variants()) == []
    assert found("hadad karima") == ["Haddad Karima", "Haddad Karim"]
    NameVariant.objects.filter(beneficiary=1).delete()
    call_command("rebuild_search")
    assert "Variantes des noms" in capsys.readouterr().out
    assert list(people_are_found_by_their_variants()) == []


@pytest.mark.django_db
def test_people_who_were_there_before_the_index_are_indexed_by_the_migration():
    person = BeneficiaryFactory(last_name="Haddad", first_name="Karim")
    NameVariant.objects.all().delete()
    index_once()
    assert list(people_are_found_by_their_variants()) == []
    held = NameVariant.objects.filter(beneficiary=person).count()
    index_once()
    assert NameVariant.objects.filter(beneficiary=person).count() == held > 0


def typo(word: str, chance: random.Random) -> str:
    """One error of a hand: a letter missing, doubled, swapped with the next, replaced."""
    place = chance.randrange(len(word))
    kind = chance.choice(["missing", "doubled", "swapped", "replaced"])
    if kind == "missing":
        return word[:place] + word[place + 1 :]
    if kind == "doubled":
        return word[: place + 1] + word[place:]
    if kind == "swapped":
        place = min(place, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + chance.choice(LETTERS.replace(word[place], "")) + word[place + 1 :]


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.django_db
def test_two_hundred_seeded_typing_errors_find_their_person_among_the_first_five():
    """One error in each word of the name, four kinds, on a directory of 5,000 people: at least 95 times in 100."""
    with NAMES.open(encoding="utf-8", newline="") as stream:
        names = [(row["valeur"], row["type"]) for row in csv.DictReader(stream)]
    lasts = [value for value, kind in names if kind == "nom"]
    firsts = [value for value, kind in names if kind != "nom"]
    assert (len(lasts), len(firsts)) == (400, 215)
    chance = random.Random(20261122)
    people = []
    for rank in range(1, 5_001):
        last, first = chance.choice(lasts), chance.choice(firsts)
        people.append(
            Beneficiary(
                pk=rank,
                last_name=last,
                first_name=first,
                birth_date=dt.date(1960, 1, 1) + dt.timedelta(days=rank * 3),
                search_key=normalise(f"{last} {first}"),
                created_at=timezone.now(),
            )
        )
    bulk_load_generated(Beneficiary, people)
    index_rows(Beneficiary, people)
    known_to_planner()
    lost = []
    for person in chance.sample(people, 200):
        words = [typo(word, chance) for word in normalise(f"{person.last_name} {person.first_name}").split()]
        chance.shuffle(words)
        typed = " ".join(words)
        if person not in [
            match.person for match in find_people(Beneficiary.objects.order_by("pk"), typed, 5)
        ]:
            lost.append((typed, str(person)))
    assert len(lost) <= 10, lost


# The same person


@pytest.mark.django_db
def test_likely_the_same_are_found_through_the_index():
    for last, first, birth, born in (
        ("Lefèvre", "Élodie", "", BORN),
        ("Lefevre", "Elodie", "", dt.date(1988, 3, 15)),
        ("Lefèvre", "Elodie", "", None),
        ("Martin", "Élodie", "Lefèvre", BORN),
        ("Lefèvre", "Paul", "", BORN),
        ("Lefevre", "Élodie", "", dt.date(1971, 6, 2)),
    ):
        BeneficiaryFactory(last_name=last, first_name=first, birth_name=birth, birth_date=born)
    matches = likely_same("LEFEVRE", "Élodie", BORN, Beneficiary.objects.order_by("pk"))
    assert [(str(match.person), match.score) for match in matches] == [
        ("Lefèvre Élodie", 100),
        ("Martin Élodie", 100),
        ("Lefevre Elodie", 90),
        ("Lefèvre Elodie", 80),
    ]
    near = likely_same("Lefebre", "Elodie", BORN, Beneficiary.objects.order_by("pk"))
    assert [(str(match.person), match.score) for match in near] == [
        ("Lefèvre Élodie", 95),
        ("Martin Élodie", 95),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("last", "first"), [("小龍", "李"), ("العربي", "محمد"), ("E", "O"), ("De Oliveira Dos Santos", "Ana")]
)
def test_names_of_other_scripts_and_of_one_letter_are_compared_too(last, first):
    person = BeneficiaryFactory(last_name=last, first_name=first, birth_date=BORN)
    rows = Beneficiary.objects.order_by("pk")
    assert [match.person for match in likely_same(last, first, BORN, rows)] == [person]
    assert [match.person for match in find_people(rows, f"{first} {last}", 5)] == [person]


@pytest.mark.django_db
def test_rows_indexed_alone_are_found_too():
    person = BeneficiaryFactory(last_name="Diallo", first_name="Aïssatou")
    NameVariant.objects.filter(beneficiary=person).delete()
    # Two words of 6 and 8 letters without a double letter beside: 7 + 9 variants, less those that are alike.
    assert index_people([person]) == len(variants("diallo")) + len(variants("aissatou"))
    assert found("dialo aissatu") == ["Diallo Aïssatou"]
