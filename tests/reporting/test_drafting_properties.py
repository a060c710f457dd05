"""Whatever the year: every number of a sentence is one of its figures, nothing is said of what is withheld, twice the same."""

from __future__ import annotations

import re
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats import THIN
from reporting.drafting import proposals
from reporting.drafting.reading import Reading
from reporting.templatetags.bilan import written
from tests.reporting.made_snapshot import a_snapshot, column, figures, row, table, with_last_year

HOURS = st.none() | st.decimals(min_value=0, max_value=10**7, places=2).map(str)
COUNTS = st.none() | st.integers(min_value=0, max_value=5_000).map(str)
# A figure that is nowhere else: a sentence that holds it tells what is withheld.
SECRET = "987654"
NAMES = st.sampled_from(["Alpha", "Bêta & fils", "Lot no", "L’Étoile"])
_NUMBER = re.compile(rf"\d+(?:{THIN}\d{{3}})*(?:,\d+)?")


@st.composite
def hours_tables(draw, key, *columns):
    rows = []
    for number in range(draw(st.integers(0, 6))):
        cells = {name: draw(HOURS) for name in columns}
        rows.append(row(draw(st.just(f"k{number}")), draw(NAMES), **cells))
    shown = [column(name, name, "hours", previous=name.endswith("_previous")) for name in columns]
    return table(key, shown, rows, **{name: draw(HOURS) for name in columns})


@st.composite
def people_tables(draw, key, rows):
    found = []
    for name in rows:
        masked = draw(st.sampled_from([(), (), ("people",), ("people_previous",)]))
        cells = {"people": draw(COUNTS), "people_previous": draw(COUNTS)}
        # A careless producer that left the figure in the cell it withholds.
        found.append(row(name, name.upper(), masked, **cells))
        for column_key in masked:
            found[-1]["cells"][column_key] = SECRET
    return table(
        key,
        with_last_year("people", "Personnes"),
        found,
        people=draw(st.integers(1, 9_000).map(str)),
        people_previous=draw(COUNTS),
    )


@st.composite
def commitment_tables(draw):
    rows = []
    for number in range(draw(st.integers(0, 5))):
        engaged, done = draw(st.integers(1, 50_000)), draw(st.integers(0, 90_000))
        rows.append(
            row(
                f"k{number}",
                draw(NAMES),
                company=draw(NAMES),
                engaged=f"{engaged}.00",
                counted=f"{done}.00",
                rate=str((Decimal(done) / engaged).quantize(Decimal("0.0001"))),
                surplus=f"{max(0, done - engaged)}.00",
            )
        )
    columns = [column("company", "Entreprise", "text"), *(column(name, name, "hours") for name in ("engaged", "counted", "surplus")), column("rate", "Taux", "rate")]  # fmt: skip
    return table(draw(st.sampled_from(["rates_by_commitment", "commitments_missed"])), columns, rows)


@st.composite
def snapshots(draw):
    both = ("hours", "hours_previous")
    key = st.none() | st.integers(0, 400).map(str)
    blocks = [
        draw(hours_tables("hours_by_holder", *both)),
        draw(hours_tables("modalities", *both)),
        draw(hours_tables("contract_types", *both)),
        draw(hours_tables("occupations", "hours")),
        draw(hours_tables("market_list", "hours")),
        draw(hours_tables("hours_by_employer", "hours", "siae")),
        draw(people_tables("typology_gender", ("F", "M", "unknown"))),
        draw(people_tables("typology_age", ("0", "26", "50", "unknown"))),
        draw(people_tables("typology_qpv", ("yes", "no", "unknown"))),
        draw(people_tables("typology_education", ("none", "bac", "unknown"))),
        draw(people_tables("publics", ("rsa", "qpv"))),
        draw(commitment_tables()),
        figures("people_figures", people=(draw(key), draw(key)), new_people=draw(key), hours_per_person=(draw(HOURS), draw(HOURS))),
        figures("markets_figures", markets=(draw(key), draw(key)), markets_notified=(draw(key), draw(key)), markets_reserved=(draw(key), draw(key))),
        figures("contracts_figures", contracts=draw(key), contracts_started=draw(key)),
        figures("actions_figures", actions=draw(key), participations=draw(key), hired_after=draw(key)),
        figures("outcomes_figures", left_path=(draw(key), draw(key)), durable_share=(draw(st.sampled_from([None, "0.0000", "0.9999", "1.0000", "0.3333"])), draw(st.sampled_from([None, "0.5000"])))),
    ]  # fmt: skip
    series = [(year, draw(HOURS)) for year in range(2021, 2026)]
    return a_snapshot(*blocks, previous=draw(st.booleans()), over=draw(st.booleans()), series=series)


def numbers_of(text):
    return set(_NUMBER.findall(text))


@settings(max_examples=40)
@given(snapshots())
def test_every_number_of_a_sentence_is_one_of_its_figures(snapshot):
    # The years, and the day on which the period ends or the figures were computed.
    known = {"2021", "2022", "2023", "2024", "2025"} | numbers_of(Reading(snapshot).at_end)
    # « moins de 26 ans », « 50 ans et plus », « 6 mois » are names.
    for found in proposals(snapshot):
        sentence = re.sub(r"moins de 26 ans|de 50 ans et plus", "", found.sentence)
        quoted = set()
        for figure in found.figures:
            quoted |= numbers_of(written(figure.value, figure.kind, unit=True))
        assert numbers_of(sentence) <= quoted | known, found
        assert found.figures, found


@settings(max_examples=40)
@given(snapshots())
def test_nothing_is_said_of_a_cell_that_is_withheld(snapshot):
    for found in proposals(snapshot):
        assert SECRET not in found.sentence.replace(THIN, ""), found
        assert all(SECRET not in figure.value for figure in found.figures), found


@settings(max_examples=40)
@given(snapshots())
def test_the_same_snapshot_gives_the_same_sentences_each_under_its_own_key(snapshot):
    first = proposals(snapshot)
    assert first == proposals(snapshot)
    assert len({found.key for found in first}) == len(first)
    for found in first:
        assert found.sentence.endswith(".") and found.key.startswith(f"{found.section}.")
        # No blank stands for a figure that is not there, and no plain space before what asks for a narrow one.
        assert "None" not in found.sentence and "– " not in found.sentence
        assert not re.search(r" [;:!?%»€]|« ", found.sentence)


@settings(max_examples=40)
@given(snapshots())
def test_what_each_sentence_rests_on_stands_in_the_snapshot(snapshot):
    blocks = Reading(snapshot).blocks
    for found in proposals(snapshot):
        assert all(figure.where in blocks or figure.where == "series" for figure in found.figures)
