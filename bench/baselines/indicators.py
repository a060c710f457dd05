"""The figures of a buyer's bilan by hand-written SQL, one statement an indicator, for SQLite and PostgreSQL.

`figures_by_hand(buyer, year)` gives the dict that `bench.figures.figures_by_indicators` gives. A statement covers both
years where one can. What SQL says badly (contracts that two holders share, one person in seven tables) is one statement
for the rows and a few lines for the sums, as whoever writes such a report by hand does.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db import connection

Figures = dict[str, Any]

CENT = Decimal("0.01")
SIAE = "'EI', 'ETTI', 'ACI', 'AI', 'EITI'"
ADAPTED = "'EA', 'EATT', 'ESAT'"

# Hours of a year's figures: as they stood when it was closed, before any late correction.
PATH = """
    FROM beneficiaries_hoursentry e
    JOIN markets_market m ON m.id = e.market_id
    JOIN beneficiaries_assignment a ON a.id = e.assignment_id
    JOIN beneficiaries_placement p ON p.id = a.placement_id
    JOIN clauses_commitment c ON c.id = a.commitment_id
    WHERE {where} AND e.state = 'validated' AND NOT e.is_late AND e.counted_hours > 0
        AND (NOT e.is_superseded OR EXISTS (
            SELECT 1 FROM beneficiaries_hoursentry n WHERE n.supersedes_id = e.id AND n.is_late))
"""
TWO_YEARS = PATH + " AND e.month BETWEEN '{before}-01-01' AND '{year}-12-31'"
ONE_YEAR = PATH + " AND e.month BETWEEN '{year}-01-01' AND '{year}-12-31'"
YEAR_OF = "CASE WHEN e.month >= '{year}-01-01' THEN {year} ELSE {before} END"

TOTALS = f"SELECT {YEAR_OF}, SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id) {TWO_YEARS} GROUP BY 1"

NEW_PEOPLE = f"""
    WITH firsts AS (SELECT p.beneficiary_id, MIN(e.month) AS month {PATH} GROUP BY 1),
    present AS (SELECT DISTINCT {YEAR_OF} AS year, p.beneficiary_id {TWO_YEARS})
    SELECT present.year, COUNT(*) FROM present JOIN firsts ON firsts.beneficiary_id = present.beneficiary_id
    WHERE firsts.month >= CASE present.year WHEN {{year}} THEN DATE('{{year}}-01-01') ELSE DATE('{{before}}-01-01') END
    GROUP BY 1
"""

ATTRIBUTES = {
    "by_holder": "c.holder_id",
    "by_employer": "p.employer_id",
    "by_contract_type": "p.contract_type_id",
    "by_modality": "p.modality",
    "by_occupation": "p.occupation_id",
    "by_market": "m.id",
    "by_family": "m.family",
    "by_cpv_division": "SUBSTR(m.cpv, 1, 2)",
}
BY_ATTRIBUTE = f"SELECT {YEAR_OF}, {{key}}, SUM(e.counted_hours), COUNT(DISTINCT p.beneficiary_id) {TWO_YEARS} GROUP BY 1, 2"

BY_SIAE = f"""
    SELECT {YEAR_OF}, p.employer_id, SUM(e.counted_hours) {TWO_YEARS}
    AND EXISTS (SELECT 1 FROM markets_companykind k WHERE k.company_id = p.employer_id AND k.kind IN ({SIAE})
        AND (k.starts_on IS NULL OR k.starts_on <= e.month) AND (k.ends_on IS NULL OR k.ends_on >= e.month))
    GROUP BY 1, 2
"""

# One row for each placement and holder of the year, with the number of its chain and whether the chain is new.
CHAINS = f"""
    WITH active AS (
        SELECT DISTINCT p.id, p.beneficiary_id, p.employer_id, c.holder_id, p.starts_on, p.contract_type_id,
            p.modality, COALESCE(p.ends_on, DATE('9000-01-01')) AS ends_on {ONE_YEAR} AND p.nature = 'employment'
    ),
    earlier AS (
        SELECT DISTINCT p.beneficiary_id, p.employer_id, c.holder_id, p.starts_on,
            COALESCE(p.ends_on, DATE('9000-01-01')) AS ends_on {PATH}
            AND p.starts_on < '{{year}}-01-01' AND e.month < '{{year}}-01-01'
    ),
    walked AS (
        SELECT active.*, MAX(ends_on) OVER (PARTITION BY beneficiary_id, employer_id, holder_id
            ORDER BY starts_on, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM active
    ),
    chained AS (
        SELECT walked.*, SUM(CASE WHEN until IS NULL OR {{gap}} - 1 > 30 THEN 1 ELSE 0 END) OVER (
            PARTITION BY beneficiary_id, employer_id, holder_id ORDER BY starts_on, id) AS chain FROM walked
    ),
    dated AS (
        SELECT chained.*, MIN(starts_on) OVER (PARTITION BY beneficiary_id, employer_id, holder_id, chain) AS begun
        FROM chained
    )
    SELECT id, beneficiary_id, employer_id, holder_id, chain, starts_on, contract_type_id, modality,
        CASE WHEN begun >= '{{year}}-01-01' AND NOT EXISTS (SELECT 1 FROM earlier b
            WHERE b.beneficiary_id = dated.beneficiary_id AND b.employer_id = dated.employer_id
            AND b.holder_id = dated.holder_id AND {{gap_before}} - 1 <= 30) THEN 1 ELSE 0 END
    FROM dated ORDER BY starts_on, id
"""

ALIVE = """
    {where} AND COALESCE(m.starts_on, m.notified_on) <= '{year}-12-31'
    AND (m.closed_on IS NULL OR m.closed_on >= '{year}-01-01')
"""
ROOT = "COALESCE(m.parent_id, m.id)"
# What was worked on and what has a clause, each found once: looked for market by market they cost the square of a territory.
MARKETS = f"""
    WITH worked AS (SELECT DISTINCT {ROOT} AS root {ONE_YEAR}),
    clausal AS (
        SELECT DISTINCT l.market_id FROM clauses_clause k JOIN markets_lot l ON l.id = k.lot_id
        JOIN markets_market m ON m.id = l.market_id WHERE {{where}}
    )
    SELECT COUNT(DISTINCT CASE WHEN x.clausal THEN x.root END),
        COUNT(DISTINCT CASE WHEN x.clausal AND x.notified_on BETWEEN '{{year}}-01-01' AND '{{year}}-12-31' THEN x.root END),
        COUNT(DISTINCT CASE WHEN x.clausal AND x.worked THEN x.root END),
        COUNT(DISTINCT CASE WHEN x.nature = 'insertion' THEN x.root END)
    FROM (
        SELECT {ROOT} AS root, m.nature, k.market_id IS NOT NULL AS clausal, w.root IS NOT NULL AS worked,
            CASE WHEN m.parent_id IS NULL THEN m.notified_on ELSE f.notified_on END AS notified_on
        FROM markets_market m LEFT JOIN markets_market f ON f.id = m.parent_id
        LEFT JOIN clausal k ON k.market_id = m.id LEFT JOIN worked w ON w.root = {ROOT} WHERE {ALIVE}
    ) x
"""
CLAUSE_KINDS = f"""
    SELECT k.kind, COUNT(DISTINCT {ROOT}) FROM clauses_clause k JOIN markets_lot l ON l.id = k.lot_id
    JOIN markets_market m ON m.id = l.market_id WHERE {ALIVE} GROUP BY 1
"""
RESERVED = f"""
    SELECT l.reservation, COUNT(DISTINCT {ROOT}), COUNT(*), COUNT(DISTINCT CASE WHEN NOT EXISTS (
            SELECT 1 FROM markets_lot o WHERE o.market_id = m.id AND o.reservation <> l.reservation) THEN {ROOT} END)
    FROM markets_lot l JOIN markets_market m ON m.id = l.market_id
    WHERE {ALIVE} AND l.reservation <> 'none' GROUP BY 1
"""
RESERVED_COUNT = f"""
    SELECT COUNT(DISTINCT {ROOT}) FROM markets_lot l JOIN markets_market m ON m.id = l.market_id
    WHERE {ALIVE} AND l.reservation <> 'none'
"""
HELD = """EXISTS (SELECT 1 FROM markets_companykind k WHERE k.company_id = w.company_id AND k.kind IN ({kinds})
    AND (k.starts_on IS NULL OR k.starts_on <= COALESCE(w.awarded_on, m.notified_on))
    AND (k.ends_on IS NULL OR k.ends_on >= COALESCE(w.awarded_on, m.notified_on)))"""
AWARDED = f"""
    SELECT CASE WHEN x.day >= '{{year}}-01-01' THEN {{year}} ELSE {{before}} END,
        SUM(CASE WHEN x.siae THEN x.amount END), SUM(CASE WHEN x.adapted THEN x.amount END),
        SUM(CASE WHEN (x.siae OR x.adapted) AND x.amount IS NULL THEN 1 ELSE 0 END)
    FROM (
        SELECT w.amount, COALESCE(w.awarded_on, m.notified_on) AS day,
            {HELD.format(kinds=SIAE)} AS siae, {HELD.format(kinds=ADAPTED)} AS adapted
        FROM markets_award w JOIN markets_lot l ON l.id = w.lot_id JOIN markets_market m ON m.id = l.market_id
        WHERE {{where}} AND m.parent_id IS NULL
    ) x WHERE x.day BETWEEN '{{before}}-01-01' AND '{{year}}-12-31' GROUP BY 1
"""
RATES = f"""
    SELECT c.id, c.holder_id, COALESCE(g.engaged, 0), COALESCE(h.counted, 0)
    FROM clauses_commitment c JOIN markets_market m ON m.id = c.market_id
    LEFT JOIN (
        SELECT g.commitment_id, SUM(g.delta) AS engaged FROM clauses_commitmentchange g
        JOIN clauses_commitment c ON c.id = g.commitment_id JOIN markets_market m ON m.id = c.market_id
        WHERE {{where}} AND g.effective_on <= '{{year}}-12-31' GROUP BY 1
    ) g ON g.commitment_id = c.id
    LEFT JOIN (
        SELECT a.commitment_id, SUM(e.counted_hours) AS counted FROM beneficiaries_hoursentry e
        JOIN beneficiaries_assignment a ON a.id = e.assignment_id JOIN markets_market m ON m.id = e.market_id
        WHERE {{where}} AND e.state = 'validated' AND NOT e.is_superseded AND e.counted_hours > 0
        AND e.month <= '{{year}}-12-31' GROUP BY 1
    ) h ON h.commitment_id = c.id
    WHERE {ALIVE}
"""
RELATIONS = """
    SELECT c.holder_id, MAX(CASE WHEN e.state = 'validated' THEN e.month END),
        COUNT(CASE WHEN e.state <> 'validated' AND e.month >= '{year}-01-01' THEN 1 END)
    FROM beneficiaries_hoursentry e JOIN beneficiaries_assignment a ON a.id = e.assignment_id
    JOIN clauses_commitment c ON c.id = a.commitment_id JOIN markets_market m ON m.id = e.market_id
    WHERE {where} AND NOT e.is_superseded AND e.month <= '{year}-12-31' GROUP BY 1
"""
REGULARISATION = """
    SELECT SUBSTR(CAST(e.month AS VARCHAR(10)), 1, 4), SUM(e.counted_hours) - SUM(COALESCE(o.counted_hours, 0))
    FROM beneficiaries_hoursentry e JOIN markets_market m ON m.id = e.market_id
    LEFT JOIN beneficiaries_hoursentry o ON o.id = e.supersedes_id
    JOIN beneficiaries_closedyear y ON y.year = {before} AND e.validated_at > y.closed_at
    LEFT JOIN beneficiaries_closedyear z ON z.year = {year}
    WHERE {where} AND e.state = 'validated' AND e.is_late
        AND e.month < '{year}-01-01' AND (z.id IS NULL OR e.validated_at <= z.closed_at)
    GROUP BY 1
"""
# One row a person of the year, with the decision on which the first counted hour rests.
PEOPLE = f"""
    WITH ranked AS (
        SELECT p.beneficiary_id, a.review_id, a.starts_on,
            ROW_NUMBER() OVER (PARTITION BY p.beneficiary_id ORDER BY e.month, e.id) AS place,
            SUM(e.counted_hours) OVER (PARTITION BY p.beneficiary_id) AS hours {ONE_YEAR}
    ),
    chosen AS (
        SELECT r.beneficiary_id, r.hours, COALESCE(
            (SELECT n.id FROM beneficiaries_eligibilityreview n WHERE n.supersedes_id = r.review_id),
            r.review_id,
            (SELECT s.id FROM beneficiaries_eligibilityreview s WHERE s.beneficiary_id = r.beneficiary_id
                AND s.decision = 'approved' AND s.decided_on <= r.starts_on AND NOT EXISTS (
                    SELECT 1 FROM beneficiaries_eligibilityreview n WHERE n.supersedes_id = s.id)
                ORDER BY s.decided_on DESC, s.id DESC LIMIT 1)
        ) AS review_id FROM ranked r WHERE r.place = 1
    )
    SELECT c.beneficiary_id, c.hours, c.review_id, v.entry_age, v.entry_unemployment, v.entry_qpv_id, k.public,
        CASE WHEN v.entry_age < 26 THEN '0' WHEN v.entry_age < 40 THEN '26' WHEN v.entry_age < 50 THEN '40'
            WHEN v.entry_age >= 50 THEN '50' ELSE 'unknown' END,
        CASE WHEN v.entry_gender IS NULL OR v.entry_gender = '' THEN 'unknown' ELSE v.entry_gender END,
        COALESCE(t.successor_id, v.entry_commune_id, 'unknown'),
        CASE WHEN v.entry_qpv_id IS NOT NULL THEN 'yes' WHEN v.entry_commune_id IS NOT NULL THEN 'no'
            ELSE 'unknown' END,
        COALESCE(v.principal_id, 'unknown'), COALESCE(d.band, 'unknown'), COALESCE(q.kind, 'unknown')
    FROM chosen c
    LEFT JOIN beneficiaries_eligibilityreview v ON v.id = c.review_id
    LEFT JOIN markets_commune t ON t.code = v.entry_commune_id
    LEFT JOIN beneficiaries_educationlevel d ON d.code = v.entry_education_id
    LEFT JOIN beneficiaries_prescriber q ON q.id = v.entry_prescriber_id
    LEFT JOIN beneficiaries_eligibilitycriterion k ON k.code = v.principal_id
"""
TYPOLOGY = ("age", "gender", "residence", "qpv", "status", "education", "prescriber")
HELD_PUBLICS = f"""
    SELECT x.review_id, k.public FROM beneficiaries_heldcriterion x
    JOIN beneficiaries_eligibilitycriterion k ON k.code = x.criterion_id
    JOIN beneficiaries_eligibilityreview v ON v.id = x.review_id
    WHERE k.public <> '' AND v.beneficiary_id IN (SELECT p.beneficiary_id {ONE_YEAR})
"""


def money(value: Any) -> Decimal:
    """Two decimals; SQLite sums decimals as floats."""
    return Decimal(value or 0).quantize(CENT)


def figures_by_hand(buyer: int | None, year: int) -> Figures:
    """Every figure of the bilan of a buyer's year (None: of the whole territory's) and of the year before.

    Contracts follow within 30 days.
    """
    where = "1 = 1" if buyer is None else f"m.buyer_id = {int(buyer)}"
    is_sqlite = connection.vendor == "sqlite"

    def days(later: str, earlier: str) -> str:
        return f"(julianday({later}) - julianday({earlier}))" if is_sqlite else f"({later} - {earlier})"

    with connection.cursor() as cursor:

        def rows(sql: str, of_year: int = year, **more: str) -> list[tuple]:
            cursor.execute(sql.format(where=where, year=of_year, before=of_year - 1, **more))
            return cursor.fetchall()

        years = (year - 1, year)
        found: Figures = {"hours": {}, "people": {}, "new_people": dict(rows(NEW_PEOPLE))}
        for row_year, hours, people in rows(TOTALS):
            found["hours"][row_year], found["people"][row_year] = money(hours), people
        for name, key in ATTRIBUTES.items():
            found[name] = {
                (y, key): (money(hours), people) for y, key, hours, people in rows(BY_ATTRIBUTE, key=key)
            }
        found["by_siae"] = {(y, company): money(hours) for y, company, hours in rows(BY_SIAE)}
        gaps = {"gap": days("starts_on", "until"), "gap_before": days("begun", "b.ends_on")}
        contracts = {y: _contracts(rows(CHAINS, y, **gaps)) for y in years}
        found["contracts"] = {y: made["totals"] for y, made in contracts.items()}
        for name in ("by_holder", "by_type", "by_modality"):
            found[f"contracts_{name}"] = {y: dict(made[name]) for y, made in contracts.items()}
        found["markets"] = {y: tuple(rows(MARKETS, y)[0]) for y in years}
        found["clause_kinds"] = {y: dict(rows(CLAUSE_KINDS, y)) for y in years}
        found["reserved"] = {y: {row[0]: tuple(row[1:]) for row in rows(RESERVED, y)} for y in years}
        found["reserved_count"] = {y: rows(RESERVED_COUNT, y)[0][0] for y in years}
        found["awarded"] = {
            y: (money(siae), money(adapted), blank) for y, siae, adapted, blank in rows(AWARDED)
        }
        rates = {pk: (holder, money(engaged), money(counted)) for pk, holder, engaged, counted in rows(RATES)}
        found["rates"] = {pk: row[1:] for pk, row in rates.items()}
        holders = {holder for holder, _, _ in rates.values()}
        found["relations"] = {
            holder: (str(last)[:10] if last else None, waiting)
            for holder, last, waiting in rows(RELATIONS)
            if holder in holders
        }
        late = {int(past): money(hours) for past, hours in rows(REGULARISATION)}
        found["regularisation"] = {past: hours for past, hours in late.items() if hours}
        found["typology"], found["publics"] = _people(
            rows(PEOPLE), rows(HELD_PUBLICS), contracts[year]["by_person"]
        )
    return found


def _contracts(rows: list[tuple]) -> dict[str, Any]:
    """Contracts from the rows of chains: placements that one chain holds together, for whichever holder, are one."""
    leader: dict[int, int] = {}
    new_chains: dict[tuple, bool] = {}
    head_of_chain: dict[tuple, int] = {}

    def head(pk: int) -> int:
        while leader[pk] != pk:
            pk = leader[pk]
        return pk

    for pk, person, employer, holder, chain, _, _, _, is_new in rows:
        leader.setdefault(pk, pk)
        key = (person, employer, holder, chain)
        new_chains[key] = bool(is_new)
        if key in head_of_chain:
            leader[head(pk)] = head(head_of_chain[key])
        else:
            head_of_chain[key] = pk
    firsts: dict[int, tuple] = {}
    for row in rows:
        firsts.setdefault(head(row[0]), row)
    old = {head(head_of_chain[key]) for key, is_new in new_chains.items() if not is_new}
    by: dict[str, dict] = {name: defaultdict(int) for name in ("by_type", "by_modality", "by_person")}
    for row in firsts.values():
        by["by_type"][row[6]] += 1
        by["by_modality"][row[7]] += 1
        by["by_person"][row[1]] += 1
    by_holder: dict[int, tuple[int, int]] = {}
    for (_, _, holder, _), is_new in new_chains.items():
        number, new = by_holder.get(holder, (0, 0))
        by_holder[holder] = (number + 1, new + is_new)
    missions = len({row[0] for row in rows if row[6] == "ctt"})
    return {**by, "by_holder": by_holder, "totals": (len(firsts), len(firsts) - len(old), missions)}


def _people(rows: list[tuple], held: list[tuple], contracts: dict[int, int]) -> tuple[Figures, Figures]:
    """Typology and publics: {table: {row: [people, hours, contracts]}}, {public: [people, hours, contracts]}."""
    by_review: dict[int, set[str]] = defaultdict(set)
    for review, public in held:
        by_review[review].add(public)
    tables: Figures = {name: {} for name in TYPOLOGY}
    publics: Figures = {}
    for person, hours, review, age, unemployment, qpv, principal, *dimensions in rows:
        worked, number = money(hours), contracts.get(person, 0)
        mine = set(by_review[review]) if review else set()
        mine |= {principal} if principal else set()
        mine |= {"deld"} if unemployment in ("12_23", "ge24") else set()
        mine |= {"qpv"} if qpv else set()
        if age is not None:
            mine -= {"under26", "over50"}
            mine |= {"under26"} if age < 26 else {"over50"} if age >= 50 else set()
        for table, key in [(tables[name], key) for name, key in zip(TYPOLOGY, dimensions, strict=True)] + [
            (publics, public) for public in mine
        ]:
            line = table.setdefault(key, [0, Decimal(0), 0])
            line[0] += 1
            line[1] += worked
            line[2] += number
    return tables, publics
