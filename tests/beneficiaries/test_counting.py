"""Counting: worked examples with their arithmetic, and what must hold whatever the order of events."""

import os
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beneficiaries.counting import (
    Entry,
    Period,
    Reason,
    Result,
    Review,
    Rules,
    Work,
    add_months,
    count_person,
    month_end,
    month_of,
    month_warning,
    open_periods,
    period_end,
    sentence,
    working_days,
)

RULES = Rules(kinds=frozenset({"work", "training"}))
MARCH = date(2026, 3, 1)


def rules_for(market_id: int, month: date) -> Rules:
    return RULES


def a_review(id=1, decided_on=date(2026, 2, 2), approved=True, valid_until=None) -> Review:
    return Review(id=id, approved=approved, decided_on=decided_on, valid_until=valid_until)


def a_work(id=1, starts_on=date(2026, 3, 2), ends_on=None, review_id=1, **more) -> Work:
    facts = {"placement_id": id, "market_id": 1, "contract_starts_on": starts_on, "direct_hire": False} | more
    return Work(id=id, starts_on=starts_on, ends_on=ends_on, review_id=review_id, **facts)


def an_entry(hours="110", id=1, work_id=1, month=MARCH, kind="work", **more) -> Entry:
    return Entry(id=id, work_id=work_id, month=month, kind=kind, hours=Decimal(hours), **more)


def count(entries, works, reviews, rules_for=rules_for) -> dict[int, Result]:
    """Count as the service does: the periods are those derived from all the assignments."""
    return count_person(entries, works, reviews, open_periods(works, reviews, rules_for), rules_for)


def count_one(entry, work, *reviews, rules_for=rules_for) -> Result:
    return count([entry], [work], reviews, rules_for)[entry.id]


def outcome(result: Result) -> tuple[Decimal, Reason]:
    return result.counted, result.reason


def plain(result: Result) -> str:
    """The sentence with ordinary spaces, so that it can be read here."""
    return sentence(result).replace("\u202f", " ")


class TestPriorValidation:
    """Rule 1."""

    def test_hours_after_a_prior_validation_count(self):
        result = count_one(an_entry("110"), a_work(), a_review())
        assert outcome(result) == (Decimal("110"), Reason.COUNTED)
        assert sentence(result) == "Ces heures comptent."

    def test_without_any_review_nothing_counts(self):
        result = count_one(an_entry(), a_work(review_id=None))
        assert outcome(result) == (0, Reason.NOT_VALIDATED)
        assert plain(result) == (
            "Aucune validation d’éligibilité accordée n’est rattachée à l’affectation "
            "qui commence le 02/03/2026 : ces heures ne sont pas comptées."
        )

    def test_a_refused_review_validates_nothing(self):
        result = count_one(an_entry(), a_work(positioned_on=date(2026, 2, 3)), a_review(approved=False))
        assert outcome(result) == (0, Reason.NOT_VALIDATED)
        assert plain(result) == (
            "La validation d’éligibilité a été refusée le 02/02/2026 : ces heures ne sont pas comptées."
        )

    def test_a_review_that_is_not_among_those_of_the_person_validates_nothing(self):
        assert outcome(count_one(an_entry(), a_work(review_id=9), a_review())) == (0, Reason.NOT_VALIDATED)

    def test_a_validation_nobody_attached_or_positioned_validates_nothing(self):
        assert outcome(count_one(an_entry(), a_work(review_id=None), a_review())) == (0, Reason.NOT_VALIDATED)
        positioned = a_work(review_id=None, positioned_on=date(2026, 2, 20))
        assert outcome(count_one(an_entry(), positioned, a_review())) == (0, Reason.NOT_VALIDATED)

    def test_a_decision_after_the_first_day_says_both_dates(self):
        result = count_one(
            an_entry(), a_work(starts_on=date(2026, 3, 4)), a_review(decided_on=date(2026, 3, 12))
        )
        assert outcome(result) == (0, Reason.NO_PRIOR_VALIDATION)
        assert sentence(result) == (
            "La validation d’éligibilité date du 12/03/2026, après le début de l’affectation "
            "le 04/03/2026\u202f: ces heures ne sont pas comptées."
        )

    def test_hours_worked_after_a_late_decision_do_not_count_either(self):
        late = a_review(decided_on=date(2026, 3, 12))
        april = an_entry(month=date(2026, 4, 1))
        assert outcome(count_one(april, a_work(), late)) == (0, Reason.NO_PRIOR_VALIDATION)

    def test_a_decision_on_the_first_day_is_in_time(self):
        result = count_one(an_entry(), a_work(), a_review(decided_on=date(2026, 3, 2)))
        assert outcome(result) == (Decimal("110"), Reason.COUNTED)

    @pytest.mark.parametrize(
        ("decided_on", "counted", "reason"),
        [
            (date(2026, 3, 1), Decimal("110"), Reason.COUNTED),
            (date(2026, 3, 2), Decimal(0), Reason.NO_PRIOR_VALIDATION),
        ],
    )
    def test_a_direct_hire_is_validated_before_the_day_of_the_contract(self, decided_on, counted, reason):
        hire = a_work(direct_hire=True, contract_starts_on=date(2026, 3, 2))
        assert outcome(count_one(an_entry(), hire, a_review(decided_on=decided_on))) == (counted, reason)

    def test_a_direct_hire_validated_between_contract_and_assignment_does_not_count(self):
        hire = a_work(direct_hire=True, contract_starts_on=date(2026, 2, 16), starts_on=date(2026, 3, 2))
        result = count_one(an_entry(), hire, a_review(decided_on=date(2026, 2, 20)))
        assert outcome(result) == (0, Reason.NO_PRIOR_VALIDATION)
        assert plain(result) == (
            "La validation d’éligibilité date du 20/02/2026 et devait précéder le contrat, une embauche directe "
            "qui commence le 16/02/2026 : ces heures ne sont pas comptées."
        )


class TestPositionnement:
    """Rule 1: someone already validated needs a recorded positionnement, not a new examination."""

    first = a_work(id=1, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 31))

    def second(self, **more) -> Work:
        return a_work(id=2, starts_on=date(2026, 9, 1), market_id=2, **more)

    september = an_entry("70", id=2, work_id=2, month=date(2026, 9, 1))

    def count_second(self, *reviews, **more) -> Result:
        return count([self.september], [self.first, self.second(**more)], [a_review(), *reviews])[2]

    @pytest.mark.parametrize("review_id", [1, None])
    def test_the_second_assignment_counts_with_a_positionnement_by_its_first_day(self, review_id):
        result = self.count_second(review_id=review_id, positioned_on=date(2026, 9, 1))
        assert outcome(result) == (Decimal("70"), Reason.COUNTED)

    @pytest.mark.parametrize("review_id", [1, None])
    def test_a_late_positionnement_does_not_count(self, review_id):
        result = self.count_second(review_id=review_id, positioned_on=date(2026, 9, 2))
        assert outcome(result) == (0, Reason.NO_PRIOR_VALIDATION)
        assert plain(result) == (
            "Le positionnement date du 02/09/2026, après le début de l’affectation le 01/09/2026 : "
            "ces heures ne sont pas comptées."
        )

    def test_without_a_recorded_positionnement_the_second_assignment_does_not_count(self):
        result = self.count_second()
        assert outcome(result) == (0, Reason.NO_PRIOR_VALIDATION)
        assert plain(result) == (
            "La personne est déjà validée, mais aucun positionnement n’est enregistré pour l’affectation "
            "qui commence le 01/09/2026 : ces heures ne sont pas comptées."
        )

    def test_two_assignments_that_start_together_share_one_examination(self):
        works = [a_work(id=1), a_work(id=2, market_id=2)]
        results = count([an_entry("60", id=1), an_entry("50", id=2, work_id=2)], works, [a_review()])
        assert [result.counted for result in results.values()] == [60, 50]

    def test_a_new_examination_needs_no_positionnement(self):
        again = a_review(id=2, decided_on=date(2026, 8, 20))
        assert outcome(self.count_second(again, review_id=2)) == (Decimal("70"), Reason.COUNTED)

    def test_a_refusal_attached_to_the_assignment_is_obeyed_though_the_period_is_open(self):
        refusal = a_review(id=2, decided_on=date(2026, 8, 20), approved=False)
        result = self.count_second(refusal, review_id=2, positioned_on=date(2026, 8, 20))
        assert outcome(result) == (0, Reason.NOT_VALIDATED)

    def test_an_earlier_validation_carries_an_assignment_whose_new_examination_came_late(self):
        late = a_review(id=2, decided_on=date(2026, 9, 10))
        result = self.count_second(late, review_id=2, positioned_on=date(2026, 8, 31))
        assert outcome(result) == (Decimal("70"), Reason.COUNTED)

    def test_a_positionnement_does_not_cure_a_direct_hire_made_before_any_validation(self):
        hired = {"direct_hire": True, "contract_starts_on": date(2026, 1, 5)}
        result = self.count_second(review_id=None, positioned_on=date(2026, 8, 31), **hired)
        assert outcome(result) == (0, Reason.NO_PRIOR_VALIDATION)

    def test_a_direct_contract_goes_on_to_a_second_market_with_a_later_positionnement(self):
        hired = {"direct_hire": True, "contract_starts_on": date(2026, 3, 2)}
        result = self.count_second(positioned_on=date(2026, 8, 31), **hired)
        assert outcome(result) == (Decimal("70"), Reason.COUNTED)


class TestUnusedValidation:
    """Rule 2: an unused validation lapses after three months."""

    @pytest.mark.parametrize(
        ("starts_on", "reason"),
        [(date(2026, 6, 12), Reason.COUNTED), (date(2026, 6, 13), Reason.VALIDATION_EXPIRED)],
    )
    def test_it_can_be_used_until_the_same_day_three_months_later(self, starts_on, reason):
        review = a_review(decided_on=date(2026, 3, 12))
        june = an_entry("50", month=date(2026, 6, 1))
        assert count_one(june, a_work(starts_on=starts_on), review).reason is reason

    def test_the_sentence_names_the_three_dates(self):
        review = a_review(decided_on=date(2026, 3, 12))
        june = an_entry("50", month=date(2026, 6, 1))
        assert plain(count_one(june, a_work(starts_on=date(2026, 6, 15)), review)) == (
            "La validation d’éligibilité du 12/03/2026 devait servir au plus tard le 12/06/2026, "
            "et l’affectation commence le 15/06/2026 : ces heures ne sont pas comptées."
        )

    def test_the_date_written_on_the_review_wins_over_the_rule(self):
        pass_iae = a_review(decided_on=date(2025, 3, 12), valid_until=date(2027, 3, 12))
        assert count_one(an_entry(), a_work(), pass_iae).reason is Reason.COUNTED

    def test_another_setting_moves_the_last_day(self):
        def one_month(market_id, month):
            return Rules(kinds=RULES.kinds, review_validity_months=1)

        # 02/02/2026 + 1 month = 02/03/2026.
        second, third = a_work(starts_on=date(2026, 3, 2)), a_work(starts_on=date(2026, 3, 3))
        assert count_one(an_entry(), second, a_review(), rules_for=one_month).reason is Reason.COUNTED
        assert (
            count_one(an_entry(), third, a_review(), rules_for=one_month).reason is Reason.VALIDATION_EXPIRED
        )

    def test_a_lapsed_validation_opens_no_period(self):
        lapsed = a_work(starts_on=date(2026, 5, 3))
        assert open_periods([lapsed], [a_review()], rules_for) == []

    def test_a_used_validation_does_not_lapse(self):
        works = [a_work(id=1), a_work(id=2, starts_on=date(2027, 5, 3), positioned_on=date(2027, 5, 3))]
        may = an_entry("40", work_id=2, month=date(2027, 5, 1))
        assert count([may], works, [a_review()])[1].reason is Reason.COUNTED


class TestPeriod:
    """Rule 2: 24 months from the first day of the first assignment."""

    long_ago = a_review(decided_on=date(2024, 3, 1))

    def test_it_opens_on_the_first_day_of_the_first_assignment_and_ends_on_the_eve_two_years_later(self):
        works = [a_work(id=2, starts_on=date(2024, 9, 2)), a_work(id=1, starts_on=date(2024, 3, 4))]
        assert open_periods(works, [self.long_ago], rules_for) == [
            Period(date(2024, 3, 4), date(2026, 3, 3), review_id=1)
        ]

    def test_an_assignment_without_prior_validation_opens_none(self):
        works = [
            a_work(id=1, starts_on=date(2026, 3, 4)),
            a_work(id=2, starts_on=date(2026, 4, 1)),
        ]
        reviews = [a_review(decided_on=date(2026, 3, 12))]
        assert open_periods(works, reviews, rules_for) == [Period(date(2026, 4, 1), date(2028, 3, 31), 1)]

    def test_the_month_where_it_ends_is_shared_by_working_days(self):
        # March 2026 has 31 days, 4 Saturdays, 5 Sundays: 22 working days. The period ends on Tuesday 3 March:
        # 2 of 22 (Monday 2, Tuesday 3). 110 h x 2/22 = 10 h; 100 h over 20 days are left out.
        result = count_one(an_entry("110"), a_work(starts_on=date(2024, 3, 4)), self.long_ago)
        assert outcome(result) == (Decimal("10.00"), Reason.PERIOD_USED_UP)
        assert result.is_partial
        assert plain(result) == (
            "Hors de la période d’éligibilité (du 04/03/2024 au 03/03/2026), la suite demande une nouvelle "
            "validation et une nouvelle affectation : 100 h ne sont pas comptées, "
            "au prorata des jours ouvrés (20 sur 22)."
        )

    def test_half_a_hundredth_is_rounded_up(self):
        # The period ends on Monday 16 March: 11 working days of 22. 10.01 h / 2 = 5.005 h, so 5.01 h.
        work = a_work(starts_on=date(2024, 3, 17))
        assert count_one(an_entry("10.01"), work, self.long_ago).counted == Decimal("5.01")

    def test_days_declared_inside_the_period_are_not_cut(self):
        days = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 3)}
        result = count_one(an_entry("14", **days), a_work(starts_on=date(2024, 3, 4)), self.long_ago)
        assert outcome(result) == (Decimal("14"), Reason.COUNTED)

    def test_days_declared_across_the_end_are_shared_over_themselves(self):
        # Monday 2 to Thursday 5 March: 4 working days, 2 of them in the period. 28 h x 2/4 = 14 h.
        days = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 5)}
        result = count_one(an_entry("28", **days), a_work(starts_on=date(2024, 3, 4)), self.long_ago)
        assert outcome(result) == (Decimal("14.00"), Reason.PERIOD_USED_UP)

    def test_nothing_counts_in_the_months_after_it(self):
        april = an_entry(month=date(2026, 4, 1))
        result = count_one(april, a_work(starts_on=date(2024, 3, 4)), self.long_ago)
        assert outcome(result) == (0, Reason.PERIOD_USED_UP)

    def test_a_positionnement_on_the_old_validation_opens_no_second_period(self):
        works = [
            a_work(id=1, starts_on=date(2024, 3, 4)),
            a_work(id=2, starts_on=date(2026, 3, 9), positioned_on=date(2026, 3, 9)),
        ]
        result = count([an_entry(work_id=2)], works, [self.long_ago])[1]
        assert outcome(result) == (0, Reason.PERIOD_USED_UP)
        assert plain(result) == (
            "La période d’éligibilité est terminée depuis le 03/03/2026, et l’affectation qui commence le "
            "09/03/2026 ne s’appuie pas sur une nouvelle validation : ces heures ne sont pas comptées."
        )
        unattached = [works[0], a_work(id=2, starts_on=date(2026, 3, 9), review_id=None, positioned_on=MARCH)]
        assert count([an_entry(work_id=2)], unattached, [self.long_ago])[1].reason is Reason.PERIOD_USED_UP

    def test_a_new_validation_opens_a_second_period(self):
        works = [
            a_work(id=1, starts_on=date(2024, 3, 4)),
            a_work(id=2, starts_on=date(2026, 3, 9), review_id=2),
        ]
        reviews = [self.long_ago, a_review(id=2, decided_on=date(2026, 2, 20))]
        assert open_periods(works, reviews, rules_for) == [
            Period(date(2024, 3, 4), date(2026, 3, 3), 1),
            Period(date(2026, 3, 9), date(2028, 3, 8), 2),
        ]
        assert open_periods(works[::-1], reviews, rules_for) == open_periods(works, reviews, rules_for)
        results = count([an_entry("110", id=1), an_entry("80", id=2, work_id=2)], works, reviews)
        # The first assignment stays in the first period (10 h, as above); the second counts whole.
        assert [outcome(result) for result in results.values()] == [
            (Decimal("10.00"), Reason.PERIOD_USED_UP),
            (Decimal("80"), Reason.COUNTED),
        ]

    def test_an_examination_already_used_inside_a_period_opens_no_second_one(self):
        works = [
            a_work(id=1, starts_on=date(2024, 3, 4)),
            a_work(id=2, starts_on=date(2026, 2, 2), review_id=2),
            a_work(id=3, starts_on=date(2026, 3, 9), review_id=2, positioned_on=date(2026, 3, 9)),
        ]
        reviews = [self.long_ago, a_review(id=2, decided_on=date(2026, 1, 20))]
        assert len(open_periods(works, reviews, rules_for)) == 1
        assert count([an_entry(work_id=3)], works, reviews)[1].reason is Reason.PERIOD_USED_UP

    def test_an_earlier_assignment_recorded_late_moves_the_period(self):
        works = [a_work(id=1, starts_on=date(2024, 9, 2), positioned_on=date(2024, 8, 30))]
        reviews = [a_review(decided_on=date(2024, 7, 1))]
        assert open_periods(works, reviews, rules_for)[0].ends_on == date(2026, 9, 1)
        works.append(a_work(id=2, starts_on=date(2024, 7, 8)))
        assert open_periods(works, reviews, rules_for)[0].ends_on == date(2026, 7, 7)

    def test_stored_periods_are_the_ones_that_count(self):
        work = a_work(starts_on=date(2024, 3, 4))
        prolonged = [Period(date(2024, 3, 4), date(2026, 3, 31))]
        result = count_person([an_entry()], [work], [self.long_ago], prolonged, rules_for)[1]
        assert outcome(result) == (Decimal("110"), Reason.COUNTED)
        nothing_stored = count_person([an_entry()], [work], [self.long_ago], [], rules_for)[1]
        assert outcome(nothing_stored) == (0, Reason.PERIOD_USED_UP)
        assert "Aucune période d’éligibilité n’est ouverte le 04/03/2024" in sentence(nothing_stored)

    def test_a_contract_type_can_prolong_the_period(self):
        def with_extension(market_id, month):
            return Rules(kinds=RULES.kinds, extension_months={"apprenticeship": 12})

        works = [
            a_work(id=1, starts_on=date(2024, 3, 4)),
            a_work(
                id=2,
                starts_on=date(2024, 9, 2),
                positioned_on=date(2024, 9, 1),
                contract_type="apprenticeship",
            ),
        ]
        # 24 + 12 months from 04/03/2024.
        assert open_periods(works, [self.long_ago], with_extension) == [
            Period(date(2024, 3, 4), date(2027, 3, 3), 1)
        ]

    def test_the_rules_in_force_when_it_opens_set_its_length(self):
        def twelve_months_from_2025(market_id, month):
            return Rules(kinds=RULES.kinds, period_months=24 if month < date(2025, 1, 1) else 12)

        works = [a_work(starts_on=date(2024, 3, 4))]
        assert open_periods(works, [self.long_ago], twelve_months_from_2025)[0].ends_on == date(2026, 3, 3)


class TestAssignmentAndMarket:
    """Rule 3: outside the assignment, outside the market's life, kind not counted."""

    def test_a_month_outside_the_assignment_does_not_count(self):
        april = an_entry(month=date(2026, 4, 1))
        result = count_one(april, a_work(ends_on=date(2026, 3, 20)), a_review())
        assert outcome(result) == (0, Reason.OUTSIDE_ASSIGNMENT)
        assert plain(result) == (
            "Hors de l’affectation (du 02/03/2026 au 20/03/2026) : ces heures ne sont pas comptées."
        )

    def test_a_month_without_declared_days_lies_inside_its_assignment(self):
        result = count_one(an_entry("60"), a_work(ends_on=date(2026, 3, 20)), a_review())
        assert outcome(result) == (Decimal("60"), Reason.COUNTED)

    def test_days_declared_past_the_assignment_are_left_out_pro_rata(self):
        # Monday 16 to Friday 27 March: 10 working days, of which 5 by the 20th. 70 h x 5/10 = 35 h.
        days = {"first_day": date(2026, 3, 16), "last_day": date(2026, 3, 27)}
        result = count_one(an_entry("70", **days), a_work(ends_on=date(2026, 3, 20)), a_review())
        assert outcome(result) == (Decimal("35.00"), Reason.OUTSIDE_ASSIGNMENT)
        assert "35\u202fh ne sont pas comptées" in sentence(result)

    def test_hours_after_the_closing_of_the_market_are_left_out(self):
        # The market closes on Friday 20 March: 15 of 22 working days. 110 h x 15/22 = 75 h.
        result = count_one(an_entry("110"), a_work(market_closed_on=date(2026, 3, 20)), a_review())
        assert outcome(result) == (Decimal("75.00"), Reason.OUTSIDE_MARKET)

    def test_a_public_holiday_is_no_working_day(self):
        # April 2026: 22 weekdays less Easter Monday (6 April) = 21. Closed on Tuesday 7: 1, 2, 3, 7 = 4 days.
        # 105 h x 4/21 = 20 h.
        april = an_entry("105", month=date(2026, 4, 1))
        result = count_one(april, a_work(market_closed_on=date(2026, 4, 7)), a_review())
        assert outcome(result) == (Decimal("20.00"), Reason.OUTSIDE_MARKET)

    def test_hours_before_the_market_starts_do_not_count(self):
        result = count_one(an_entry(), a_work(market_starts_on=date(2026, 4, 1)), a_review())
        assert outcome(result) == (0, Reason.OUTSIDE_MARKET)
        assert "Hors de la vie du marché (à partir du 01/04/2026)" in sentence(result)

    def test_hours_after_the_planned_end_count_and_are_flagged(self):
        planned = {"market_planned_end": date(2026, 2, 28)}
        result = count_one(an_entry(), a_work(**planned), a_review())
        assert outcome(result) == (Decimal("110"), Reason.COUNTED)
        assert result.after_planned_end
        assert plain(result) == (
            "La fin prévue du marché (28/02/2026) est passée : ces heures comptent tant que le marché "
            "n’est pas clos, et sont signalées."
        )

    def test_hours_before_the_planned_end_are_not_flagged(self):
        result = count_one(an_entry(), a_work(market_planned_end=date(2026, 3, 31)), a_review())
        assert not result.after_planned_end

    def test_a_kind_that_the_rules_leave_out_does_not_count(self):
        result = count_one(an_entry(kind="tutoring"), a_work(), a_review())
        assert outcome(result) == (0, Reason.KIND_NOT_COUNTED)
        assert plain(result) == (
            "Les règles de ce marché ne retiennent pas les heures de tutorat ce mois-ci : "
            "ces heures ne sont pas comptées."
        )

    def test_the_kinds_are_those_of_the_market_in_the_month_of_the_entry(self):
        def dated(market_id, month):
            counts = market_id == 1 and month >= date(2026, 4, 1)
            return Rules(kinds=frozenset({"work", "immersion"} if counts else {"work"}))

        works = [a_work(id=1), a_work(id=2, market_id=2)]
        entries = [
            an_entry("35", id=1, kind="immersion"),
            an_entry("35", id=2, kind="immersion", month=date(2026, 4, 1)),
            an_entry("35", id=3, kind="immersion", month=date(2026, 4, 1), work_id=2),
        ]
        results = count(entries, works, [a_review()], dated)
        assert [result.counted for result in results.values()] == [0, 35, 0]

    def test_two_cuts_name_the_larger_one_and_tell_both(self):
        # Monday 2 to Friday 27 March: 20 working days; the assignment ends on Thursday 26 (19 days), the market
        # closes on Friday 13 (10 days). 80 h: 4 h outside the assignment, 36 h outside the market, 40 h count.
        days = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 27)}
        work = a_work(ends_on=date(2026, 3, 26), market_closed_on=date(2026, 3, 13))
        result = count_one(an_entry("80", **days), work, a_review())
        assert outcome(result) == (Decimal("40.00"), Reason.OUTSIDE_MARKET)
        assert "4\u202fh ne sont pas comptées" in sentence(result)
        assert "36\u202fh ne sont pas comptées" in sentence(result)

    def test_the_explanation_keeps_to_the_length_of_its_column(self):
        # The five sentences at once; the largest cut, outside the market, comes first.
        days = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 31)}
        work = a_work(
            starts_on=date(2024, 3, 10),
            ends_on=date(2026, 3, 27),
            market_starts_on=date(2024, 1, 1),
            market_planned_end=date(2025, 12, 31),
            market_closed_on=date(2026, 3, 13),
        )
        review = a_review(decided_on=date(2024, 3, 1))
        # 22 working days: 2 outside the assignment, 10 outside the market, then 4 outside the period that ends
        # on Monday 9 March; 440 h x 6/22 = 120 h are left.
        result = count_one(an_entry("440", **days), work, review)
        assert outcome(result) == (Decimal("120.00"), Reason.OUTSIDE_MARKET)
        assert result.after_planned_end
        assert sentence(result).startswith("Hors de la vie du marché (du 01/01/2024 au 13/03/2026)")
        assert len(sentence(result)) <= 400

    def test_work_on_a_saturday_alone_is_shared_by_calendar_days(self):
        # Saturday 14 and Sunday 15 March, the market closes on the 14th: 1 day of 2. 8 h / 2 = 4 h.
        days = {"first_day": date(2026, 3, 14), "last_day": date(2026, 3, 15)}
        result = count_one(an_entry("8", **days), a_work(market_closed_on=date(2026, 3, 14)), a_review())
        assert outcome(result) == (Decimal("4.00"), Reason.OUTSIDE_MARKET)
        assert "au prorata des jours (1 sur 2)" in sentence(result)


class TestCap:
    """Rule 4: no hour twice."""

    works = (a_work(id=1), a_work(id=2, market_id=2))

    def test_the_hours_over_the_legal_maximum_of_all_placements_do_not_count(self):
        # 150 h, then 220 - 150 = 70 h of the 100 h.
        entries = [an_entry("150", id=1), an_entry("100", id=2, work_id=2)]
        results = count(entries, self.works, [a_review()])
        assert outcome(results[1]) == (Decimal("150"), Reason.COUNTED)
        assert outcome(results[2]) == (Decimal("70"), Reason.OVER_CAP)
        assert plain(results[2]) == (
            "Plafond de 220 h par mois et par personne, toutes affectations réunies : 30 h ne sont pas comptées."
        )

    def test_the_lower_id_keeps_its_room_whatever_the_order_given(self):
        entries = [an_entry("100", id=2, work_id=2), an_entry("150", id=1)]
        results = count(entries, self.works, [a_review()])
        assert (results[1].counted, results[2].counted) == (150, 70)

    def test_the_next_month_starts_afresh(self):
        entries = [an_entry("220", id=1), an_entry("220", id=2, month=date(2026, 4, 1))]
        assert [r.counted for r in count(entries, self.works, [a_review()]).values()] == [220, 220]

    @pytest.mark.parametrize(("cap", "counted"), [("151.67", "151.67"), ("300", "220")])
    def test_a_cap_of_the_rules_is_obeyed_below_the_legal_maximum(self, cap, counted):
        def capped(market_id, month):
            return Rules(kinds=RULES.kinds, month_cap=Decimal(cap))

        result = count_one(an_entry("250"), a_work(), a_review(), rules_for=capped)
        assert outcome(result) == (Decimal(counted), Reason.OVER_CAP)

    def test_hours_that_do_not_count_take_no_room(self):
        entries = [an_entry("200", id=1, kind="tutoring"), an_entry("200", id=2)]
        assert [r.counted for r in count(entries, self.works, [a_review()]).values()] == [0, 200]

    @pytest.mark.parametrize(
        ("hours", "warning"),
        [
            ("151.67", None),
            ("151.68", "full_time"),
            ("220", "full_time"),
            ("220.01", "legal_max"),
        ],
    )
    def test_the_warning_starts_above_full_time_and_above_the_legal_maximum(self, hours, warning):
        assert month_warning(Decimal(hours), RULES) == warning


class TestTakeOver:
    """Rule 11."""

    def test_take_over_hours_count_whole_without_review_kind_or_cap(self):
        work = a_work(review_id=None, ends_on=date(2026, 3, 2), market_closed_on=date(2025, 1, 1))
        result = count_one(an_entry("1200", kind="tutoring", exempt=True), work)
        assert outcome(result) == (Decimal("1200"), Reason.COUNTED)
        assert "ancien outil" in sentence(result)

    def test_they_leave_less_room_to_the_others_whichever_came_first(self):
        # 220 - 200 = 20 h left for the entry with the lower id.
        entries = [an_entry("50", id=1), an_entry("200", id=2, exempt=True)]
        results = count(entries, [a_work()], [a_review()])
        assert outcome(results[1]) == (Decimal("20"), Reason.OVER_CAP)
        assert outcome(results[2]) == (Decimal("200"), Reason.COUNTED)


class TestDates:
    """The arithmetic of days and months."""

    def test_working_days_of_may_2026_leave_out_its_four_holidays(self):
        # 31 days, 5 Saturdays, 5 Sundays = 21; 1, 8, 14 (Ascension) and 25 May (Whit Monday): 17.
        assert working_days(date(2026, 5, 1), date(2026, 5, 31)) == 17

    def test_no_day_has_no_working_day(self):
        assert working_days(date(2026, 5, 6), date(2026, 5, 5)) == 0

    @pytest.mark.parametrize(
        ("day", "months", "expected"),
        [
            (date(2026, 3, 12), 3, date(2026, 6, 12)),
            (date(2025, 11, 30), 3, date(2026, 2, 28)),
            (date(2025, 12, 31), 0, date(2025, 12, 31)),
        ],
    )
    def test_months_are_added_from_date_to_date(self, day, months, expected):
        assert add_months(day, months) == expected

    @pytest.mark.parametrize(
        ("starts_on", "months", "expected"),
        [
            (date(2024, 3, 4), 24, date(2026, 3, 3)),
            (date(2024, 1, 1), 24, date(2025, 12, 31)),
            (date(2024, 2, 29), 24, date(2026, 2, 28)),
            (date(2024, 8, 31), 6, date(2025, 2, 28)),
        ],
    )
    def test_a_period_ends_on_the_eve_of_its_anniversary(self, starts_on, months, expected):
        assert period_end(starts_on, months) == expected


# Properties: people with up to three reviews, five assignments on two markets and eight entries.

PROPERTY = settings(max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "40")), deadline=None)
START = date(2024, 1, 1)
KINDS = ["work", "training", "tutoring"]
CAPPED = Rules(kinds=RULES.kinds, period_months=6, month_cap=Decimal("151.67"), extension_months={"long": 3})
FREE = Rules(kinds=frozenset(KINDS), period_months=12)
PUBLIC_HOLIDAYS = holidays.country_holidays("FR", years=range(2023, 2029))


def two_markets(market_id: int, month: date) -> Rules:
    return CAPPED if market_id == 1 else FREE


def around(day: date, before: int, after: int):
    return st.integers(-before, after).map(lambda days: day + timedelta(days=days))


hours = st.integers(0, 26000).map(lambda hundredths: Decimal(hundredths) / 100)


@st.composite
def reviews_of_a_person(draw):
    return [
        Review(
            id=number,
            approved=draw(st.sampled_from([True, True, True, False])),
            decided_on=draw(around(START, 0, 500)),
            valid_until=None,
        )
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]


@st.composite
def a_drawn_work(draw, id, reviews):
    review = draw(st.sampled_from([*reviews, *reviews, None]))
    starts_on = draw(around(review.decided_on if review else START, 5, 250))
    market_id = draw(st.sampled_from([1, 2]))
    return Work(
        id=id,
        placement_id=id,
        market_id=market_id,
        starts_on=starts_on,
        ends_on=draw(st.none() | around(starts_on, 0, 300)),
        contract_starts_on=draw(around(starts_on, 20, 0)),
        direct_hire=draw(st.booleans()),
        review_id=review.id if review else None,
        positioned_on=draw(st.none() | around(starts_on, 10, 1)),
        market_starts_on=START if market_id == 1 else None,
        market_planned_end=date(2024, 10, 15) if market_id == 1 else None,
        market_closed_on=date(2024, 12, 10) if market_id == 1 else None,
        contract_type=draw(st.sampled_from(["", "long"])),
    )


@st.composite
def a_drawn_entry(draw, id, works, exempt):
    work = draw(st.sampled_from(works))
    month = month_of(draw(around(work.starts_on, 5, 250)))
    declared = draw(st.sampled_from([False, False, True]))
    first_day = draw(around(month, 0, 27)) if declared else None
    return Entry(
        id=id,
        work_id=work.id,
        month=month,
        kind=draw(st.sampled_from(KINDS)),
        hours=draw(hours),
        first_day=first_day,
        last_day=min(month_end(month), draw(around(first_day, 0, 27))) if first_day else None,
        exempt=exempt and draw(st.sampled_from([False, False, True])),
    )


@st.composite
def people(draw, exempt=True):
    """Entries, assignments and reviews of one person."""
    reviews = draw(reviews_of_a_person())
    works = [draw(a_drawn_work(number, reviews)) for number in range(1, draw(st.integers(1, 5)) + 1)]
    entries = [draw(a_drawn_entry(number, works, exempt)) for number in range(1, draw(st.integers(1, 8)) + 1)]
    return entries, works, reviews


def days_of(entry: Entry, work: Work) -> list[date]:
    """The days over which an entry is shared, one by one: the working days, or all when there is none."""
    first = max(entry.month, entry.first_day or work.starts_on)
    last = min(month_end(entry.month), entry.last_day or work.ends_on or date.max)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and day not in PUBLIC_HOLIDAYS] or days


@pytest.mark.slow
def test_the_drawn_people_meet_every_reason():
    """Else the properties below would hold of nothing."""
    met = set()

    @settings(max_examples=600, derandomize=True, database=None, deadline=None)
    @given(people())
    def meet(person):
        met.update(result.reason for result in count(*person, two_markets).values())

    meet()
    assert met == set(Reason)


@PROPERTY
@given(people(), st.randoms())
def test_the_order_of_events_changes_nothing(person, random):
    shuffled = [random.sample(rows, len(rows)) for rows in person]
    assert open_periods(*shuffled[1:], two_markets) == open_periods(*person[1:], two_markets)
    assert count(*shuffled, two_markets) == count(*person, two_markets)


@PROPERTY
@given(people())
def test_never_less_than_nothing_nor_more_than_the_hours_of_the_entry(person):
    results = count(*person, two_markets)
    assert set(results) == {entry.id for entry in person[0]}
    for entry in person[0]:
        result = results[entry.id]
        assert 0 <= result.counted <= entry.hours
        if result.reason is Reason.COUNTED:
            assert result.counted == entry.hours
        elif entry.hours > 0:
            assert result.counted < entry.hours
            assert 0 < len(result.detail) <= 400


@PROPERTY
@given(people())
def test_no_hour_counts_without_a_prior_validation(person):
    entries, works, reviews = person
    periods = open_periods(works, reviews, two_markets)
    results = count(*person, two_markets)
    for entry in entries:
        if entry.exempt or results[entry.id].counted == 0:
            continue
        work = next(work for work in works if work.id == entry.work_id)
        prior = {
            review.id
            for review in reviews
            if review.approved
            and review.decided_on <= work.starts_on
            and not (work.direct_hire and review.decided_on >= work.contract_starts_on)
        }
        assert prior
        positioned = work.positioned_on is not None and work.positioned_on <= work.starts_on
        in_a_period = any(p.starts_on <= work.starts_on <= p.ends_on for p in periods)
        assert in_a_period
        assert work.review_id in prior or positioned


@PROPERTY
@given(people())
def test_an_assignment_that_reuses_a_validation_counts_only_with_a_positionnement(person):
    entries, works, reviews = person
    first_use = {period.review_id: period.starts_on for period in open_periods(works, reviews, two_markets)}
    results = count(*person, two_markets)
    for entry in entries:
        work = next(work for work in works if work.id == entry.work_id)
        reused = first_use.get(work.review_id, date.max) < work.starts_on
        if reused and work.positioned_on is None and not entry.exempt:
            assert results[entry.id].counted == 0


@PROPERTY
@given(people())
def test_nothing_counts_outside_period_assignment_or_market(person):
    entries, works, reviews = person
    periods = open_periods(works, reviews, two_markets)
    results = count(*person, two_markets)
    for entry in entries:
        if entry.exempt:
            continue
        work = next(work for work in works if work.id == entry.work_id)
        days = days_of(entry, work)
        inside = [
            day
            for day in days
            if work.starts_on <= day <= (work.ends_on or date.max)
            and (work.market_starts_on or date.min) <= day <= (work.market_closed_on or date.max)
            and any(period.starts_on <= day <= period.ends_on for period in periods)
        ]
        share = entry.hours * len(inside) / len(days) if days else Decimal(0)
        assert results[entry.id].counted <= share + Decimal("0.005")


@PROPERTY
@given(people(exempt=False))
def test_the_counted_hours_of_a_month_stay_under_the_cap(person):
    results = count(*person, lambda market_id, month: CAPPED)
    for month in {entry.month for entry in person[0]}:
        total = sum(results[entry.id].counted for entry in person[0] if entry.month == month)
        assert total <= Decimal("151.67")


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 2), hours, st.booleans()), min_size=2, max_size=6), st.randoms())
def test_a_crowded_month_is_filled_to_the_cap_and_no_further_in_any_order(lines, random):
    works = [a_work(id=1), a_work(id=2, market_id=2)]
    entries = [
        Entry(id, work_id, MARCH, "work", hours, exempt=exempt)
        for id, (work_id, hours, exempt) in enumerate(lines, start=1)
    ]
    results = count(entries, works, [a_review()])
    taken_over = sum(entry.hours for entry in entries if entry.exempt)
    others = sum(entry.hours for entry in entries if not entry.exempt)
    counted = sum(results[entry.id].counted for entry in entries if not entry.exempt)
    assert counted == min(others, max(Decimal(0), 220 - taken_over))
    assert count(random.sample(entries, len(entries)), works, [a_review()]) == results


@PROPERTY
@given(people())
def test_the_counted_hours_stay_under_the_legal_maximum_that_take_over_leaves(person):
    results = count(*person, two_markets)
    for month in {entry.month for entry in person[0]}:
        of_month = [entry for entry in person[0] if entry.month == month]
        taken_over = sum(entry.hours for entry in of_month if entry.exempt)
        total = sum(results[entry.id].counted for entry in of_month if not entry.exempt)
        assert total <= max(Decimal(0), Decimal(220) - taken_over)


@PROPERTY
@given(people(), around(START, 30, 500))
def test_a_refused_review_more_changes_nothing(person, decided_on):
    entries, works, reviews = person
    more = [*reviews, Review(id=99, approved=False, decided_on=decided_on, valid_until=None)]
    assert count(entries, works, more, two_markets) == count(*person, two_markets)


@PROPERTY
@given(people())
def test_without_an_approved_review_only_take_over_counts(person):
    entries, works, reviews = person
    refused = [Review(r.id, False, r.decided_on, r.valid_until) for r in reviews]
    results = count(entries, works, refused, two_markets)
    assert open_periods(works, refused, two_markets) == []
    assert sum(r.counted for r in results.values()) == sum(e.hours for e in entries if e.exempt)


@PROPERTY
@given(people())
def test_take_over_always_counts_in_full(person):
    results = count(*person, two_markets)
    for entry in person[0]:
        if entry.exempt:
            assert outcome(results[entry.id]) == (entry.hours, Reason.COUNTED)


@PROPERTY
@given(people())
def test_counting_again_with_the_stored_periods_changes_nothing(person):
    entries, works, reviews = person
    stored = open_periods(works, reviews, two_markets)
    first = count_person(entries, works, reviews, stored, two_markets)
    assert count_person(entries, works, reviews, reversed(stored), two_markets) == first
    assert count_person(iter(entries), iter(works), iter(reviews), iter(stored), two_markets) == first


@PROPERTY
@given(people())
def test_periods_follow_one_another_and_each_uses_its_own_validation(person):
    _, works, reviews = person
    periods = open_periods(works, reviews, two_markets)
    for before, after in pairwise(periods):
        assert before.ends_on < after.starts_on
    assert len({period.review_id for period in periods}) == len(periods)
    for period in periods:
        review = next(review for review in reviews if review.id == period.review_id)
        assert review.approved
        assert review.decided_on <= period.starts_on <= add_months(review.decided_on, 3)


@PROPERTY
@given(people(exempt=False))
def test_a_later_entry_takes_nothing_from_those_before_it(person):
    entries, works, reviews = person
    last = max(entries, key=lambda entry: (entry.month, entry.id))
    rest = [entry for entry in entries if entry is not last]
    with_it = count(entries, works, reviews, two_markets)
    for id, result in count(rest, works, reviews, two_markets).items():
        assert with_it[id] == result


@PROPERTY
@given(people(exempt=False), st.integers(0, 100))
def test_hours_written_in_two_entries_count_like_one(person, percent):
    entries, works, reviews = person
    one = entries[0]
    part = (one.hours * percent / 100).quantize(Decimal("0.01"))
    whole = count([one], works, reviews, two_markets)[one.id].counted
    halves = [
        Entry(id, one.work_id, one.month, one.kind, hours, one.first_day, one.last_day)
        for id, hours in ((1, part), (2, one.hours - part))
    ]
    together = sum(result.counted for result in count(halves, works, reviews, two_markets).values())
    assert abs(together - whole) <= Decimal("0.01")


@PROPERTY
@given(st.integers(0, 90), st.integers(1, 250), st.integers(0, 1), hours)
def test_an_assignment_cut_in_two_with_a_positionnement_counts_the_same(waited, after_days, late, worked):
    starts_on = START + timedelta(days=waited)
    cut = starts_on + timedelta(days=after_days)
    eve = cut - timedelta(days=1)
    review = a_review(decided_on=START)
    whole = a_work(id=1, starts_on=starts_on, positioned_on=None)
    pieces = [
        a_work(id=1, starts_on=starts_on, ends_on=eve),
        a_work(id=2, starts_on=cut, positioned_on=cut + timedelta(days=late)),
    ]

    def on(work_id, day, id):
        return Entry(id, work_id, month_of(day), "work", min(worked, Decimal(110)), day, day)

    one = count([on(1, eve, 1), on(1, cut, 2)], [whole], [review])
    two = count([on(1, eve, 1), on(2, cut, 2)], pieces, [review])
    assert two[1] == one[1]
    assert two[2].counted == (0 if late else one[2].counted)
