"""The guard rails of tests/conftest.py hold: each fault that they watch for is seen."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.db import transaction
from django.template import Context, Template

from core.models import Job
from tests.conftest import check_page


def test_a_form_without_its_token_is_seen() -> None:
    check_page('<form method="post"><input name="csrfmiddlewaretoken"></form><form method="get"></form>')
    with pytest.raises(AssertionError, match="csrf_token"):
        check_page('<form action="/x" method="post"><button>x</button></form>')


@pytest.mark.parametrize(
    "html",
    ["<p style='color:red'>", '<a href="#" onclick="go()">', "<script>go()</script>", "<style>p{}</style>"],
)
def test_inline_code_and_style_are_seen(html: str) -> None:
    with pytest.raises(AssertionError, match="content policy"):
        check_page(html)


def test_scripts_of_files_and_data_are_let_through() -> None:
    check_page(
        '<script src="/static/js/a.js" defer></script><script id="d" type="application/json">{}</script>'
    )


def test_an_undefined_variable_of_a_template_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="nothing_of_the_kind"):
        Template("{{ nothing_of_the_kind }}").render(Context())
    assert Template("{% if nothing_of_the_kind %}x{% endif %}").render(Context()) == ""


def test_the_network_is_out_of_reach() -> None:
    with socket.socket() as far, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        far.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_rows_without_an_order_come_in_any_order() -> None:
    for number in range(12):
        Job.objects.create(kind="k", key=str(number), label=str(number))
    orders = {tuple(Job.objects.order_by().values_list("key", flat=True)) for _ in range(20)}
    assert len(orders) > 1
    assert len({tuple(Job.objects.order_by("pk").values_list("key", flat=True)) for _ in range(20)}) == 1
    assert Job.objects.order_by().count() == 12


@pytest.mark.django_db
def test_what_waits_for_the_commit_runs_when_the_code_s_transaction_ends() -> None:
    done: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: done.append("outer"))
        with transaction.atomic():
            transaction.on_commit(lambda: done.append("inner"))
        assert done == []
    assert done == ["outer", "inner"]
    transaction.on_commit(lambda: done.append("at once"))
    assert done[-1] == "at once"
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        transaction.on_commit(lambda: done.append("never"))
        raise ZeroDivisionError
    assert "never" not in done


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_append_only_rows_do_not_outlive_a_transactional_test(turn: int, django_user_model: Any) -> None:
    from clauses.models import CommitmentChange
    from tests.factories import CommitmentFactory

    assert not CommitmentChange.objects.exists()
    CommitmentFactory()
    assert CommitmentChange.objects.exists()
