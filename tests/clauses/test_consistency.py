"""`manage.py check_consistency` says what does not agree, and fails."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import CommitmentFactory, MarketFactory

pytestmark = pytest.mark.django_db


def run():
    out = io.StringIO()
    call_command("check_consistency", stdout=out)
    return out.getvalue()


def test_all_is_well():
    CommitmentFactory()
    assert "à corriger" not in run()


def test_a_commitment_that_names_another_market_is_found():
    commitment, other = CommitmentFactory(), MarketFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clauses_commitment SET market_id = %s WHERE id = %s", [other.pk, commitment.pk]
        )
    with pytest.raises(CommandError, match=r"Incohérences trouvées : 1"):
        run()
