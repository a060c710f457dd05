"""The advice by number of structures able to answer changes at 31, 11 and 2."""

import pytest

from markets.advice import CLAUSE_ABOVE, RESERVE_ABOVE, RESERVED_LOT_ABOVE, RULE, AdviceKind, advise


@pytest.mark.parametrize(
    ("count", "kind"),
    [
        (0, AdviceKind.NONE),
        (1, AdviceKind.NONE),
        (2, AdviceKind.CLAUSE),
        (10, AdviceKind.CLAUSE),
        (11, AdviceKind.RESERVED_LOT),
        (30, AdviceKind.RESERVED_LOT),
        (31, AdviceKind.RESERVE),
        (5_000, AdviceKind.RESERVE),
    ],
)
def test_the_advice_follows_the_number_of_structures(count: int, kind: AdviceKind) -> None:
    assert advise(count).kind == kind


def test_the_thresholds_are_those_of_the_rule_that_is_shown() -> None:
    assert (RESERVE_ABOVE, RESERVED_LOT_ABOVE, CLAUSE_ABOVE) == (30, 10, 1)
    assert RULE.startswith("Plus de 30 structures")


def said(count: int) -> str:
    return " ".join(advise(count).reasoning.split())


def test_the_reasoning_says_how_many_and_what_to_do_next() -> None:
    assert said(12).startswith("12 structures peuvent répondre, plus de 10")
    assert said(1).startswith("1 structure peut répondre")
    assert said(0).startswith("Aucune structure connue ne peut répondre")
    assert "Élargissez la distance" in advise(0).next_step
