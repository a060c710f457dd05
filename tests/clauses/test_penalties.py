"""The penalty by the market's formula: worked by hand, then for any figures."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clauses.penalties import Formula, PenaltyError, PenaltyFormula, Unit, compute_penalty

D = Decimal


def rate(euros, **more):
    return PenaltyFormula(kind=Formula.RATE, rate=D(euros), **more)


def coefficient(k, reference, **more):
    return PenaltyFormula(
        kind=Formula.COEFFICIENT,
        coefficient=D(k),
        reference=D(reference),
        reference_label="SMIC horaire brut",
        reference_on=dt.date(2026, 1, 1),
        **more,
    )


def plain(text):
    return text.replace("\u202f", " ")


def test_420_missing_hours_at_35_euros_make_14_700_euros():
    found = compute_penalty(rate(35), engaged=D(800), counted=D(380))
    assert found.missing == found.penalised == D(420)
    assert found.amount == D("14700.00")
    assert plain(found.reasoning) == "420 h × 35 €/h = 14 700 €"
    assert [plain(line) for line in found.lines] == [
        "800 h engagées − 380 h comptées = 420 h manquantes",
        "420 h × 35 €/h = 14 700 €",
    ]


def test_a_coefficient_times_a_reference_times_the_hours():
    # 1.5 × 12.02 = 18.03 € an hour; × 100 h = 1,803 €
    found = compute_penalty(coefficient("1.5", "12.02"), engaged=D(500), counted=D(400))
    assert found.amount == D("1803.00")
    assert plain(found.reasoning) == "100 h × 1,5 × 12,02 €/h = 1 803 €"


def test_the_product_is_rounded_once_at_the_end_half_up():
    # 0.335 × 11.11 = 3.72185 €; × 1 h = 3.72 €; × 3 h = 11.16555 → 11.17 €
    formula = coefficient("0.335", "11.11")
    assert compute_penalty(formula, engaged=D(1), counted=D(0)).amount == D("3.72")
    assert compute_penalty(formula, engaged=D(3), counted=D(0)).amount == D("11.17")


def test_an_allowance_in_hours_comes_off_the_missing_ones():
    # 420 − 20 = 400 h × 35 = 14,000 €
    found = compute_penalty(rate(35, allowance=D(20)), engaged=D(800), counted=D(380))
    assert (found.allowance, found.penalised, found.amount) == (D(20), D(400), D("14000.00"))
    assert "420 h manquantes − 20 h non pénalisées = 400 h" in [plain(line) for line in found.lines]


def test_an_allowance_in_percent_is_of_the_hours_engaged():
    # 10 % of 800 = 80; 420 − 80 = 340 h × 35 = 11,900 €
    formula = rate(35, allowance=D(10), allowance_unit=Unit.PERCENT)
    found = compute_penalty(formula, engaged=D(800), counted=D(380))
    assert (found.allowance, found.penalised, found.amount) == (D(80), D(340), D("11900.00"))
    assert plain(found.lines[1]) == "420 h manquantes − 80 h (10 % de 800 h) non pénalisées = 340 h"


def test_within_the_allowance_nothing_is_due():
    found = compute_penalty(rate(35, allowance=D(50)), engaged=D(800), counted=D(770))
    assert (found.missing, found.penalised, found.amount) == (D(30), D(0), D(0))


def test_a_cap_in_euros():
    found = compute_penalty(rate(35, cap=D(10_000)), engaged=D(800), counted=D(380))
    assert (found.before_cap, found.amount) == (D(14_700), D(10_000))
    assert (
        plain(found.reasoning) == "420 h × 35 €/h = 14 700 € ; plafond : 10 000 €, la pénalité y est ramenée"
    )


def test_a_cap_in_percent_of_the_lot():
    # 5 % of 200,000 = 10,000 €
    formula = rate(35, cap=D(5), cap_unit=Unit.PERCENT)
    found = compute_penalty(formula, engaged=D(800), counted=D(380), lot_amount=D(200_000))
    assert found.amount == D(10_000)
    assert plain(found.lines[-1]) == "plafond : 5 % de 200 000 € = 10 000 €, la pénalité y est ramenée"
    # 5 % of 1,000,000 = 50,000 €, out of reach
    assert compute_penalty(formula, engaged=D(800), counted=D(380), lot_amount=D(10**6)).amount == D(14_700)


def test_more_hours_than_promised_are_never_a_debt():
    found = compute_penalty(rate(35), engaged=D(800), counted=D(900))
    assert (found.missing, found.amount) == (D(0), D(0))
    assert "aucune heure ne manque" in found.lines[0]


def test_a_cap_in_percent_asks_for_the_lot_s_amount():
    formula = rate(35, cap=D(5), cap_unit=Unit.PERCENT)
    with pytest.raises(PenaltyError, match="montant du lot, qui n’est pas renseigné"):
        compute_penalty(formula, engaged=D(800), counted=D(380))


@pytest.mark.parametrize(
    ("parts", "field", "sentence"),
    [
        ({"kind": "", "rate": D(1)}, "penalty_kind", "Choisissez la formule"),
        ({"kind": "rate"}, "penalty_rate", "Indiquez le montant dû"),
        ({"kind": "rate", "rate": D(0)}, "penalty_rate", "au-dessus de zéro"),
        ({"kind": "rate", "rate": D(-35)}, "penalty_rate", "au-dessus de zéro"),
        ({"kind": "rate", "rate": D("1e17")}, "penalty_rate", "ne dépasse pas 10"),
        ({"kind": "rate", "rate": D("NaN")}, "penalty_rate", "au-dessus de zéro"),
        ({"kind": "coefficient", "reference": D(12)}, "penalty_coefficient", "coefficient"),
        ({"kind": "coefficient", "coefficient": D(2)}, "penalty_reference", "montant de référence"),
        (
            {"kind": "coefficient", "coefficient": D(2), "reference": D(12)},
            "penalty_reference_on",
            "Datez le montant de référence",
        ),
        ({"kind": "rate", "rate": D(35), "allowance": D(-1)}, "penalty_allowance", "en dessous de zéro"),
        (
            {"kind": "rate", "rate": D(35), "allowance": D(101), "allowance_unit": "percent"},
            "penalty_allowance",
            "100 %",
        ),
        (
            {"kind": "rate", "rate": D(35), "allowance": D(1), "allowance_unit": "euros"},
            "penalty_allowance_unit",
            "unité",
        ),
        ({"kind": "rate", "rate": D(35), "cap": D(0)}, "penalty_cap", "annule la pénalité"),
        ({"kind": "rate", "rate": D(35), "cap": D(120), "cap_unit": "percent"}, "penalty_cap", "100 %"),
        ({"kind": "rate", "rate": D(35), "cap": D("Infinity")}, "penalty_cap", "en dessous de zéro"),
    ],
)
def test_what_a_formula_lacks_is_said_in_a_sentence(parts, field, sentence):
    with pytest.raises(PenaltyError, match=sentence) as refused:
        PenaltyFormula(**parts)
    assert refused.value.field == field


@pytest.mark.parametrize(("engaged", "counted"), [(D(-1), D(0)), (D(1), D(-1)), (D("NaN"), D(0))])
def test_hours_below_zero_are_refused(engaged, counted):
    with pytest.raises(PenaltyError, match="en dessous de zéro"):
        compute_penalty(rate(35), engaged=engaged, counted=counted)


def test_a_formula_is_said_in_a_line():
    assert plain(rate("35").words) == "35 €/h manquante"
    whole = coefficient("1.5", "12.02", allowance=D(10), allowance_unit=Unit.PERCENT, cap=D(5000))
    assert plain(whole.words) == (
        "1,5 × SMIC horaire brut (12,02 €/h au 01/01/2026) par heure manquante, "
        "10 % des heures engagées non pénalisées, plafond de 5 000 €"
    )


hours = st.decimals(min_value=0, max_value=9_999_999, places=2)
euros = st.decimals(min_value="0.01", max_value=10_000, places=2)
percent = st.decimals(min_value=0, max_value=100, places=2)


@given(engaged=hours, counted=hours, per_hour=euros, allowance=percent, cap=euros | st.none())
def test_a_penalty_is_never_negative_nor_above_its_cap_nor_above_all_missing_hours(
    engaged, counted, per_hour, allowance, cap
):
    formula = rate(per_hour, allowance=allowance, allowance_unit=Unit.PERCENT, cap=cap)
    found = compute_penalty(formula, engaged=engaged, counted=counted)
    assert D(0) <= found.amount <= found.before_cap <= found.missing * per_hour + D("0.01")
    assert cap is None or found.amount <= cap
    assert found.penalised + found.allowance == found.missing
    assert found.missing == max(engaged - counted, D(0))
    assert found.amount == found.amount.quantize(D("0.01"))
    assert found.reasoning and len(found.lines) >= 2


@given(engaged=hours, first=hours, more=hours, per_hour=euros)
def test_an_hour_counted_more_never_costs_more(engaged, first, more, per_hour):
    formula = rate(per_hour)
    before = compute_penalty(formula, engaged=engaged, counted=first)
    after = compute_penalty(formula, engaged=engaged, counted=first + more)
    assert after.amount <= before.amount


@given(engaged=hours, counted=hours, k=st.decimals(min_value="0.001", max_value=1000, places=3), ref=euros)
def test_a_coefficient_of_one_is_a_rate(engaged, counted, k, ref):
    ref = min(ref, D(1000))
    by_coefficient = compute_penalty(coefficient(1, ref), engaged=engaged, counted=counted)
    assert by_coefficient.amount == compute_penalty(rate(ref), engaged=engaged, counted=counted).amount
    scaled = compute_penalty(coefficient(k, ref), engaged=engaged, counted=counted)
    assert abs(scaled.amount - by_coefficient.penalised * ref * k) <= D("0.005")
