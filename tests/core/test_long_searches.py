"""A search of more words than a person types, or of one endless word, is answered and not an error of the server."""

import pytest
from django.urls import reverse

from beneficiaries.lookups import LOOKUPS
from core.text import WORDS_MAX, typed_words

pytestmark = pytest.mark.django_db

MANY, ENDLESS = " ".join(f"mot{number}" for number in range(1_200)), "a" * 60_000


def test_the_first_words_of_a_search_count():
    assert typed_words("École  Jules-Ferry") == ["ecole", "jules", "ferry"]
    assert typed_words(MANY) == [f"mot{number}" for number in range(WORDS_MAX)]
    assert typed_words(ENDLESS) == ["a" * 100]
    assert typed_words("  ") == []


@pytest.mark.parametrize(
    "name",
    [
        "search",
        "task_list",
        "market_list",
        "operation_list",
        "purchase_list",
        "fee_list",
        "buyer_list",
        "company_list",
        "directory_list",
        "beneficiary_list",
        "entry_list",
        "prescriber_list",
        "hours",
        "user_list",
    ],
)
def test_every_list_answers_a_search_without_end(cast, signed_in, name):
    client = signed_in(cast.admin)
    # What fits in an address.
    for words in (MANY[:7_000], ENDLESS[:7_000]):
        assert client.get(reverse(name), {"q": words}).status_code == 200


@pytest.mark.parametrize("kind", sorted(LOOKUPS))
def test_a_field_that_finds_rows_by_words_answers_too(cast, kind):
    for words in (MANY, ENDLESS):
        assert LOOKUPS[kind].suggest(cast.admin, words) == []
        with pytest.raises(ValueError, match=r"[Aa]ucun|n’est pas"):
            LOOKUPS[kind].read(cast.admin, words)
