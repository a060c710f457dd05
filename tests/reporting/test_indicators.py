"""Every indicator against a second computation, written by hand in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from reporting import indicators
from reporting.indicators import Facts
from reporting.masking import Merge
from reporting.scope import Period, Scope
from tests.factories import ClosedYearFactory
from tests.reporting.territory import YEARS, Territory

pytestmark = pytest.mark.django_db

SEEDS = (1, 2)

COUNTED = """
    FROM beneficiaries_hoursentry e
    JOIN markets_market m ON m.id = e.market_id
    JOIN beneficiaries_assignment a ON a.id = e.assignment_id
    JOIN beneficiaries_placement p ON p.id = a.placement_id
    JOIN clauses_commitment c ON c.id = a.commitment_id
    WHERE m.buyer_id = {buyer} AND e.state = 'validated' AND NOT e.is_late AND e.counted_hours > 0
    AND (NOT e.is_superseded OR EXISTS (
        SELECT 1 FROM beneficiaries_hoursentry late WHERE late.supersedes_id = e.id AND late.is_late))
"""
ANNUAL = COUNTED + " AND e.month >= '{year}-01-01' AND e.month <= '{year}-12-31' "


def rows(sql: str, **values: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**values))
        return cursor.fetchall()


def days(later: str, earlier: str) -> str:
    """Days between two dates, in the words of each database."""
    if connection.vendor == "sqlite":
        return f"(julianday({later}) - julianday({earlier}))"
    return f"({later} - {earlier})"


def money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


@pytest.fixture(scope="module", params=SEEDS)
def territory(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Territory]:
    """Drawn once for the whole module, which only reads it, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Territory(request.param)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def facts(territory: Territory) -> Facts:
    return Facts(Scope.of(territory.buyer), Period(YEARS))


def test_hours_people_and_newcomers(territory, facts):
    hours, people, new = indicators.hours(facts), indicators.people(facts), indicators.new_people(facts)
    for year in YEARS:
        scope = {"buyer": territory.buyer.pk, "year": year}
        [(total, distinct)] = rows(
            "SELECT SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id)" + ANNUAL, **scope
        )
        assert hours[year] == money(total) and people[year] == distinct
        [(newcomers,)] = rows(
            f"""
            SELECT COUNT(*) FROM (
                SELECT p.beneficiary_id, MIN(e.month) AS first {COUNTED} GROUP BY p.beneficiary_id
            ) x WHERE x.first >= '{{year}}-01-01' AND x.beneficiary_id IN (SELECT p.beneficiary_id {ANNUAL})
            """,
            **scope,
        )
        assert new[year] == newcomers
    assert sum(people.values()) > 0


@pytest.mark.parametrize(
    ("function", "column"),
    [
        (indicators.by_holder, "c.holder_id"),
        (indicators.by_employer, "p.employer_id"),
        (indicators.by_contract_type, "p.contract_type_id"),
        (indicators.by_modality, "p.modality"),
        (indicators.by_occupation, "p.occupation_id"),
        (indicators.by_market, "m.id"),
        (indicators.by_family, "m.family"),
        (indicators.by_cpv_division, "SUBSTR(m.cpv, 1, 2)"),
    ],
)
def test_hours_and_people_by_every_attribute(territory, facts, function, column):
    for year in YEARS:
        expected = {
            key: (money(hours), people)
            for key, hours, people in rows(
                f"SELECT {column}, SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id) {ANNUAL} GROUP BY 1",
                buyer=territory.buyer.pk,
                year=year,
            )
        }
        assert {key: (line.hours, line.people) for key, line in function(facts)[year].items()} == expected


def test_hours_by_month(territory, facts):
    expected = {
        str(month): money(hours)
        for month, hours in rows(
            f"SELECT e.month, SUM(e.counted_hours) {ANNUAL} GROUP BY 1", buyer=territory.buyer.pk, year=2024
        )
    }
    assert {str(month): hours for month, hours in indicators.by_month(facts, 2024).items()} == expected


def test_hours_of_employers_that_were_an_siae_in_the_month(territory, facts):
    for year in YEARS:
        expected = {
            key: money(hours)
            for key, hours in rows(
                f"""
                SELECT p.employer_id, SUM(e.counted_hours) {ANNUAL}
                AND EXISTS (SELECT 1 FROM markets_companykind k WHERE k.company_id = p.employer_id
                    AND k.kind IN ('EI', 'ETTI', 'ACI', 'AI', 'EITI')
                    AND (k.starts_on IS NULL OR k.starts_on <= e.month)
                    AND (k.ends_on IS NULL OR k.ends_on >= e.month))
                GROUP BY 1
                """,
                buyer=territory.buyer.pk,
                year=year,
            )
        }
        assert indicators.by_siae(facts)[year] == expected


CHAINS = """
    WITH active AS (
        SELECT DISTINCT p.id, p.beneficiary_id, p.employer_id, c.holder_id, p.starts_on,
            COALESCE(p.ends_on, DATE('9000-01-01')) AS ends_on {annual} AND p.nature = 'employment'
    ),
    before AS (
        SELECT DISTINCT p.beneficiary_id, p.employer_id, c.holder_id, p.starts_on,
            COALESCE(p.ends_on, DATE('9000-01-01')) AS ends_on {counted}
            AND p.starts_on < '{year}-01-01' AND (e.month < '{year}-01-01')
    ),
    walked AS (
        SELECT active.*, MAX(ends_on) OVER (PARTITION BY beneficiary_id, employer_id, holder_id
            ORDER BY starts_on, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM active
    ),
    marked AS (
        SELECT walked.*, CASE WHEN until IS NULL OR {gap} - 1 > 30 THEN 1 ELSE 0 END AS opens FROM walked
    ),
    chained AS (
        SELECT marked.*, SUM(opens) OVER (PARTITION BY beneficiary_id, employer_id, holder_id
            ORDER BY starts_on, id) AS chain FROM marked
    ),
    begun AS (
        SELECT beneficiary_id, employer_id, holder_id, chain, MIN(starts_on) AS starts_on
        FROM chained GROUP BY beneficiary_id, employer_id, holder_id, chain
    ),
    chains AS (
        SELECT begun.*, CASE WHEN starts_on >= '{year}-01-01' AND NOT EXISTS (
            SELECT 1 FROM before b WHERE b.beneficiary_id = begun.beneficiary_id
            AND b.employer_id = begun.employer_id AND b.holder_id = begun.holder_id
            AND {gap_before} - 1 <= 30) THEN 1 ELSE 0 END AS is_new FROM begun
    )
"""


def chains_sql(territory: Territory, year: int, select: str) -> list[tuple]:
    annual = ANNUAL.format(buyer=territory.buyer.pk, year=year)
    counted = COUNTED.format(buyer=territory.buyer.pk)
    head = CHAINS.format(
        annual=annual,
        counted=counted,
        year=year,
        gap=days("starts_on", "until"),
        gap_before=days("begun.starts_on", "b.ends_on"),
    )
    recursive = head.replace("WITH active", "WITH RECURSIVE active", 1)
    with connection.cursor() as cursor:
        cursor.execute(recursive + select)
        return cursor.fetchall()


def test_contracts_by_holder_and_those_started_in_the_year(territory, facts):
    for year in YEARS:
        expected = {
            holder: (number, new)
            for holder, number, new in chains_sql(
                territory, year, "SELECT holder_id, COUNT(*), SUM(is_new) FROM chains GROUP BY 1"
            )
        }
        found = indicators.by_holder(facts)[year]
        assert {
            holder: (line.contracts, line.started) for holder, line in found.items() if line.contracts
        } == expected


def test_a_contract_shared_by_two_holders_is_one_in_the_whole(territory, facts):
    """The whole is what holds together: placements of one chain, for whichever holder."""
    select = """,
        edges AS (
            SELECT x.id AS a, y.id AS b, 0 AS is_new FROM chained x JOIN chained y
            ON x.beneficiary_id = y.beneficiary_id AND x.employer_id = y.employer_id
            AND x.holder_id = y.holder_id AND x.chain = y.chain
        ),
        reach(a, b) AS (
            SELECT a, b FROM edges UNION SELECT reach.a, edges.b FROM reach JOIN edges ON edges.a = reach.b
        ),
        heads AS (SELECT a, MIN(b) AS head FROM reach GROUP BY a)
        SELECT heads.head, MIN(chains.is_new) FROM heads JOIN chained ON chained.id = heads.a
        JOIN chains ON chains.beneficiary_id = chained.beneficiary_id AND chains.employer_id = chained.employer_id
            AND chains.holder_id = chained.holder_id AND chains.chain = chained.chain
        GROUP BY heads.head
    """
    for year in YEARS:
        expected = chains_sql(territory, year, select)
        found = indicators.contracts(facts, year)
        assert found.count == len(expected)
        assert found.started == sum(new for _, new in expected)
        for attribute in (indicators.by_contract_type, indicators.by_modality):
            assert sum(line.contracts for line in attribute(facts)[year].values()) == found.count
        [(missions,)] = rows(
            f"SELECT COUNT(DISTINCT p.id) {ANNUAL} AND p.contract_type_id = 'ctt' AND p.nature = 'employment'",
            buyer=territory.buyer.pk,
            year=year,
        )
        assert found.missions == missions


ALIVE = """
    m.buyer_id = {buyer} AND COALESCE(m.starts_on, m.notified_on) <= '{year}-12-31'
    AND (m.closed_on IS NULL OR m.closed_on >= '{year}-01-01')
"""
HAS_CLAUSE = """
    EXISTS (SELECT 1 FROM clauses_clause k JOIN markets_lot l ON l.id = k.lot_id WHERE l.market_id = m.id)
"""


def test_markets(territory, facts):
    for year in YEARS:
        scope = {"buyer": territory.buyer.pk, "year": year}
        alive = f"FROM markets_market m LEFT JOIN markets_market f ON f.id = m.parent_id WHERE {ALIVE}"
        [(number, notified)] = rows(
            f"""
            SELECT COUNT(DISTINCT COALESCE(m.parent_id, m.id)), COUNT(DISTINCT CASE WHEN
                CASE WHEN m.parent_id IS NULL THEN m.notified_on ELSE f.notified_on END
                BETWEEN '{{year}}-01-01' AND '{{year}}-12-31' THEN COALESCE(m.parent_id, m.id) END)
            {alive} AND {HAS_CLAUSE}
            """,
            **scope,
        )
        [(worked,)] = rows(
            f"""
            SELECT COUNT(DISTINCT COALESCE(m.parent_id, m.id)) {alive} AND {HAS_CLAUSE}
            AND COALESCE(m.parent_id, m.id) IN (SELECT COALESCE(m.parent_id, m.id) {ANNUAL})
            """,
            **scope,
        )
        [(insertion,)] = rows(
            f"SELECT COUNT(DISTINCT COALESCE(m.parent_id, m.id)) {alive} AND m.nature = 'insertion'", **scope
        )
        found = indicators.markets(facts)[year]
        assert (found.count, found.notified, found.with_hours, found.insertion) == (
            number, notified, worked, insertion,
        )  # fmt: skip
        kinds = dict(
            rows(
                f"""
                SELECT k.kind, COUNT(DISTINCT COALESCE(m.parent_id, m.id)) FROM clauses_clause k
                JOIN markets_lot l ON l.id = k.lot_id JOIN markets_market m ON m.id = l.market_id
                WHERE {ALIVE} GROUP BY 1
                """,
                **scope,
            )
        )
        assert indicators.markets_by_clause_kind(facts)[year] == kinds


def test_reserved_purchases_and_euros_awarded(territory, facts):
    held = """EXISTS (SELECT 1 FROM markets_companykind k WHERE k.company_id = w.company_id AND k.kind IN ({kinds})
        AND (k.starts_on IS NULL OR k.starts_on <= COALESCE(w.awarded_on, m.notified_on))
        AND (k.ends_on IS NULL OR k.ends_on >= COALESCE(w.awarded_on, m.notified_on)))"""
    for year in YEARS:
        scope = {"buyer": territory.buyer.pk, "year": year}
        expected = {
            ground: (markets, lots)
            for ground, markets, lots in rows(
                f"""
                SELECT l.reservation, COUNT(DISTINCT COALESCE(m.parent_id, m.id)), COUNT(*) FROM markets_lot l
                JOIN markets_market m ON m.id = l.market_id WHERE {ALIVE} AND l.reservation <> 'none' GROUP BY 1
                """,
                **scope,
            )
        }
        found = indicators.reserved(facts)[year]
        assert {ground: (found.markets[ground], found.lots[ground]) for ground in found.markets} == expected
        [(every,)] = rows(
            f"""
            SELECT COUNT(DISTINCT COALESCE(m.parent_id, m.id)) FROM markets_lot l
            JOIN markets_market m ON m.id = l.market_id WHERE {ALIVE} AND l.reservation <> 'none'
            """,
            **scope,
        )
        assert found.count == every
        for kinds, amount in (
            ("'EI','ETTI','ACI','AI','EITI'", found.awarded_to_siae),
            ("'EA','EATT','ESAT'", found.awarded_to_adapted),
        ):
            [(euros,)] = rows(
                f"""
                SELECT SUM(w.amount) FROM markets_award w JOIN markets_lot l ON l.id = w.lot_id
                JOIN markets_market m ON m.id = l.market_id
                WHERE m.buyer_id = {{buyer}} AND m.parent_id IS NULL AND {held.format(kinds=kinds)}
                AND COALESCE(w.awarded_on, m.notified_on) BETWEEN '{{year}}-01-01' AND '{{year}}-12-31'
                """,
                **scope,
            )
            assert amount == money(euros)


def test_rates_commitment_by_commitment(territory, facts):
    for year in YEARS:
        expected = {
            pk: (money(engaged), money(counted))
            for pk, engaged, counted in rows(
                f"""
                SELECT c.id,
                    (SELECT SUM(g.delta) FROM clauses_commitmentchange g
                        WHERE g.commitment_id = c.id AND g.effective_on <= '{{year}}-12-31'),
                    (SELECT SUM(e.counted_hours) FROM beneficiaries_hoursentry e
                        JOIN beneficiaries_assignment a ON a.id = e.assignment_id
                        WHERE a.commitment_id = c.id AND e.state = 'validated' AND NOT e.is_superseded
                        AND e.month <= '{{year}}-12-31')
                FROM clauses_commitment c JOIN markets_market m ON m.id = c.market_id WHERE {ALIVE}
                """,
                buyer=territory.buyer.pk,
                year=year,
            )
        }
        found = indicators.rates(facts, year)
        assert {row.id: (row.engaged, row.counted) for row in found.rows} == expected
        targets = [pair for pair in expected.values() if pair[0] > 0]
        assert found.engaged == sum((engaged for engaged, _ in targets), Decimal(0))
        assert found.capped == sum((min(pair) for pair in targets), Decimal(0))
        assert found.surplus == sum((max(counted - engaged, 0) for engaged, counted in targets), Decimal(0))
        assert found.met == sum(counted >= engaged for engaged, counted in targets)


def test_relation_with_each_company(territory, facts):
    expected = {
        holder: (str(last) if last else None, waiting)
        for holder, last, waiting in rows(
            """
            SELECT c.holder_id, MAX(CASE WHEN e.state = 'validated' THEN e.month END),
                COUNT(CASE WHEN e.state <> 'validated' AND e.month >= '2025-01-01' THEN 1 END)
            FROM beneficiaries_hoursentry e JOIN beneficiaries_assignment a ON a.id = e.assignment_id
            JOIN clauses_commitment c ON c.id = a.commitment_id JOIN markets_market m ON m.id = e.market_id
            WHERE m.buyer_id = {buyer} AND NOT e.is_superseded AND e.month <= '2025-12-31' GROUP BY 1
            """,
            buyer=territory.buyer.pk,
        )
    }
    found = indicators.relations(facts, 2025)
    assert found
    for holder, row in found.items():
        last = str(row.last_month) if row.last_month else None
        assert (last, row.unvalidated) == expected.get(holder, (None, 0))


def close(year: int, day: dt.date) -> None:
    row = ClosedYearFactory(year=year)
    type(row).objects.filter(pk=row.pk).update(closed_at=dt.datetime(*day.timetuple()[:3], tzinfo=dt.UTC))


def test_late_hours_are_printed_once_the_year_after_as_a_difference(territory):
    """Over both bilans, what late rows add is the distance between the annual figures and the cumulative ones."""
    close(2024, dt.date(2025, 1, 1)), close(2025, dt.date(2025, 8, 1))
    scope = Scope.of(territory.buyer)
    late = """
        FROM beneficiaries_hoursentry e JOIN markets_market m ON m.id = e.market_id
        WHERE m.buyer_id = {buyer} AND e.state = 'validated' AND e.is_late AND e.month < '2025-01-01'
    """
    printed = {}
    for year, window in {
        2025: "AND e.validated_at <= '2025-08-01'",
        2026: "AND e.validated_at > '2025-08-01'",
    }.items():
        [(added,)] = rows(f"SELECT SUM(e.counted_hours) {late} {window}", buyer=territory.buyer.pk)
        [(taken,)] = rows(
            f"""SELECT SUM(o.counted_hours) FROM beneficiaries_hoursentry o
            WHERE o.id IN (SELECT e.supersedes_id {late} {window})""",
            buyer=territory.buyer.pk,
        )
        printed[year] = money(added) - money(taken)
        found = indicators.regularisation(scope, year)
        assert sum(found.values(), Decimal(0)) == printed[year]
    [(annual,)] = rows(
        f"SELECT SUM(e.counted_hours) {COUNTED} AND e.month < '2025-01-01'", buyer=territory.buyer.pk
    )
    [(standing,)] = rows(
        """SELECT SUM(e.counted_hours) FROM beneficiaries_hoursentry e JOIN markets_market m ON m.id = e.market_id
        WHERE m.buyer_id = {buyer} AND e.state = 'validated' AND NOT e.is_superseded AND e.month < '2025-01-01'""",
        buyer=territory.buyer.pk,
    )
    assert money(annual) + printed[2025] + printed[2026] == money(standing)
    assert printed[2025] != 0 and printed[2026] != 0


FIRST_REVIEW = f"""
    WITH ranked AS (
        SELECT p.beneficiary_id, a.review_id, a.starts_on,
            ROW_NUMBER() OVER (PARTITION BY p.beneficiary_id ORDER BY e.month, e.id) AS place {ANNUAL}
    ),
    chosen AS (
        SELECT r.beneficiary_id, COALESCE(
            (SELECT n.id FROM beneficiaries_eligibilityreview n WHERE n.supersedes_id = r.review_id),
            r.review_id,
            (SELECT MAX(s.id) FROM beneficiaries_eligibilityreview s WHERE s.beneficiary_id = r.beneficiary_id
                AND s.decision = 'approved' AND s.decided_on <= r.starts_on AND NOT EXISTS (
                    SELECT 1 FROM beneficiaries_eligibilityreview n WHERE n.supersedes_id = s.id))
        ) AS review_id FROM ranked r WHERE r.place = 1
    ),
    hours AS (SELECT p.beneficiary_id, SUM(e.counted_hours) AS hours {ANNUAL} GROUP BY p.beneficiary_id)
"""
DIMENSIONS = {
    "age": """CASE WHEN v.entry_age < 26 THEN '0' WHEN v.entry_age < 40 THEN '26' WHEN v.entry_age < 50 THEN '40'
        WHEN v.entry_age >= 50 THEN '50' ELSE 'unknown' END""",
    "gender": "CASE WHEN v.entry_gender IS NULL OR v.entry_gender = '' THEN 'unknown' ELSE v.entry_gender END",
    "residence": "COALESCE(t.successor_id, v.entry_commune_id, 'unknown')",
    "qpv": """CASE WHEN v.entry_qpv_id IS NOT NULL THEN 'yes' WHEN v.entry_commune_id IS NOT NULL THEN 'no'
        ELSE 'unknown' END""",
    "status": "COALESCE(v.principal_id, 'unknown')",
    "education": "COALESCE(d.band, 'unknown')",
    "prescriber": "COALESCE(q.kind, 'unknown')",
}


@pytest.mark.parametrize("dimension", list(DIMENSIONS))
def test_typology_before_masking(territory, facts, dimension):
    expected = {
        key: (people, money(hours))
        for key, people, hours in rows(
            f"""
            {FIRST_REVIEW}
            SELECT {DIMENSIONS[dimension]}, COUNT(*), SUM(h.hours) FROM chosen c
            JOIN hours h ON h.beneficiary_id = c.beneficiary_id
            LEFT JOIN beneficiaries_eligibilityreview v ON v.id = c.review_id
            LEFT JOIN markets_commune t ON t.code = v.entry_commune_id
            LEFT JOIN beneficiaries_educationlevel d ON d.code = v.entry_education_id
            LEFT JOIN beneficiaries_prescriber q ON q.id = v.entry_prescriber_id
            GROUP BY 1
            """,
            buyer=territory.buyer.pk,
            year=2025,
        )
    }
    tables = {table.key: table for table in indicators.typology(facts, 2025)}
    assert set(tables) == set(DIMENSIONS)
    table = tables[dimension]
    found = {row.key: (row.people, row.hours) for row in (*table.rows, table.unknown) if row.people}
    assert found == expected
    assert (
        sum(row.contracts for row in (*table.rows, table.unknown)) == indicators.contracts(facts, 2025).count
    )
    assert table.unknown.label == "Non renseigné"


def test_publics_before_masking(territory, facts):
    derived = """
        SELECT c.beneficiary_id, k.public FROM chosen c
            JOIN beneficiaries_heldcriterion x ON x.review_id = c.review_id
            JOIN beneficiaries_eligibilitycriterion k ON k.code = x.criterion_id
            JOIN beneficiaries_eligibilityreview v ON v.id = c.review_id
            WHERE k.public <> '' AND (v.entry_age IS NULL OR k.public NOT IN ('under26', 'over50'))
        UNION SELECT c.beneficiary_id, 'deld' FROM chosen c JOIN beneficiaries_eligibilityreview v
            ON v.id = c.review_id WHERE v.entry_unemployment IN ('12_23', 'ge24')
        UNION SELECT c.beneficiary_id, 'under26' FROM chosen c JOIN beneficiaries_eligibilityreview v
            ON v.id = c.review_id WHERE v.entry_age < 26
        UNION SELECT c.beneficiary_id, 'over50' FROM chosen c JOIN beneficiaries_eligibilityreview v
            ON v.id = c.review_id WHERE v.entry_age >= 50
        UNION SELECT c.beneficiary_id, 'qpv' FROM chosen c JOIN beneficiaries_eligibilityreview v
            ON v.id = c.review_id WHERE v.entry_qpv_id IS NOT NULL
    """
    expected = {
        key: (people, money(hours))
        for key, people, hours in rows(
            f"""{FIRST_REVIEW} SELECT x.public, COUNT(*), SUM(h.hours) FROM ({derived}) x
            JOIN hours h ON h.beneficiary_id = x.beneficiary_id GROUP BY 1""",
            buyer=territory.buyer.pk,
            year=2025,
        )
    }
    found = {row.key: (row.people, row.hours) for row in indicators.publics(facts, 2025) if row.people}
    assert found == expected


def test_two_buyers_never_mix(territory):
    both = indicators.hours(Facts(Scope.territory(), Period(YEARS)))
    one = indicators.hours(Facts(Scope.of(territory.buyer), Period(YEARS)))
    other = indicators.hours(Facts(Scope.of(territory.other), Period(YEARS)))
    for year in YEARS:
        assert one[year] + other[year] == both[year]


def test_scopes_of_a_market_a_company_and_an_employer_agree_with_the_rows_of_the_territory(territory):
    whole = Facts(Scope.territory(), Period((2025,)))
    for function, scope_of in ((indicators.by_holder, Scope.of), (indicators.by_employer, Scope.employer)):
        lines = function(whole)[2025]
        for company in territory.companies:
            facts = Facts(scope_of(company), Period((2025,)))
            expected = lines[company.pk].hours if company.pk in lines else Decimal(0)
            assert indicators.hours(facts)[2025] == expected
    market = next(iter(indicators.by_market(whole)[2025]))
    commitment = next(
        row for rows in territory.commitments.values() for row in rows if row.market_id == market
    )
    facts = Facts(Scope.of(commitment.market), Period((2025,)))
    assert indicators.hours(facts)[2025] == indicators.by_market(whole)[2025][market].hours


def test_typology_tables_say_how_they_may_be_merged(territory, facts):
    merges = {table.key: table.merge for table in indicators.typology(facts, 2025)}
    assert merges["age"] == merges["education"] == Merge.ORDERED
    assert merges["residence"] == merges["status"] == merges["prescriber"] == Merge.OPEN


def test_a_period_holds_its_years_in_order():
    assert Period((2025, 2023, 2025)).spans == (2023, 2025)
    assert Period.of_year(2025, back=1).first_day == dt.date(2024, 1, 1)
    with pytest.raises(ValueError, match="at least one year"):
        Period(())


def test_a_very_large_scope_asks_by_subquery_and_finds_the_same(territory, facts, monkeypatch):
    monkeypatch.setattr("reporting.indicators.facts.MANY_IDS", 0)
    large = Facts(Scope.of(territory.buyer), Period(YEARS))
    assert large.works == facts.works and large.earlier == facts.earlier
    assert indicators.typology(large, 2025) == indicators.typology(facts, 2025)
    assert indicators.publics(large, 2025) == indicators.publics(facts, 2025)


def test_a_page_that_shows_hours_only_makes_three_queries(territory, django_assert_num_queries):
    """The shares of the buyer's markets, the sums, and the assignments."""
    with django_assert_num_queries(3):
        found = Facts(Scope.of(territory.buyer), Period((2024, 2025)))
        indicators.hours(found), indicators.people(found), indicators.by_employer(found)
