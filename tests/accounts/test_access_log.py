"""The log of accesses: who reads it, what it finds, what it never holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import record_access
from accounts.models import AccessKind, AccessRecord
from core.models import StoredFile
from core.signals import file_opened, list_exported
from tests.accounts.people import PASSWORD, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_admin_filters_the_log_by_person_kind_and_day(client, admin):
    reader, other = UserFactory(first_name="Rita", last_name="Lectrice"), UserFactory()
    old = record_access(user=reader, kind=AccessKind.SENSITIVE, subject="review 12")
    AccessRecord.objects.filter(pk=old.pk).update(at=timezone.now() - dt.timedelta(days=40))
    record_access(user=other, kind=AccessKind.DOWNLOAD, subject="bilan 7")
    client.force_login(admin)

    def shown(query: str) -> set[str]:
        text = client.get(reverse("access_log") + query).content.decode()
        return {subject for subject in ("review 12", "bilan 7") if subject in text}

    assert shown("") == {"review 12", "bilan 7"}
    assert shown(f"?user={reader.pk}") == {"review 12"}
    assert shown("?kind=download") == {"bilan 7"}
    assert shown("?subject=review") == {"review 12"}
    since = (timezone.localdate() - dt.timedelta(days=2)).strftime("%d/%m/%Y")
    assert shown(f"?since={since}") == {"bilan 7"}
    assert shown(f"?until={since}") == {"review 12"}


def test_the_log_goes_to_a_spreadsheet_and_the_export_is_itself_logged(client, admin):
    record_access(user=admin, kind=AccessKind.SENSITIVE, subject="review 12")
    client.force_login(admin)
    file = client.get(reverse("access_log") + "?export=csv")
    text = b"".join(file.streaming_content).decode() if file.streaming else file.content.decode()
    assert "review 12" in text
    assert AccessRecord.objects.filter(user=admin, subject="export journal-des-acces csv").count() == 1


def test_the_log_makes_as_many_queries_for_six_lines_as_for_one(client, admin):
    client.force_login(admin)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("access_log"))
    for number in range(6):
        record_access(user=UserFactory(), kind=AccessKind.DOWNLOAD, subject=f"bilan {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("access_log"))
    assert len(many) == len(few) <= 12


def test_only_an_admin_sees_other_peoples_lines(admin):
    record_access(user=admin, kind=AccessKind.DOWNLOAD, subject="bilan 7")
    assert AccessRecord.objects.visible_to(admin).count() == 1
    for traits in ({}, {"buyer": True}, {"company": True}):
        user = UserFactory(**traits)
        record_access(user=user, kind=AccessKind.DOWNLOAD, subject="bilan 8")
        assert [record.user for record in AccessRecord.objects.visible_to(user)] == [user]


def test_each_person_sees_their_own_sign_ins(client, with_password):
    user, other = with_password(), with_password()
    record_access(user=other, kind=AccessKind.SIGNED_IN, subject="")
    record_access(user=user, kind=AccessKind.FAILED, subject="second facteur")
    sign_in(client, user.email, PASSWORD)
    text = client.get(reverse("account")).content.decode()
    assert "second facteur" in text
    assert text.count('scope="row"') == 2


def test_a_subject_too_long_is_cut_not_refused(admin):
    record = record_access(user=admin, kind=AccessKind.DOWNLOAD, subject="x" * 500)
    record.refresh_from_db()
    assert len(record.subject) == 120


def test_an_exported_list_is_logged_by_its_name_only(admin):
    list_exported.send(sender=object, user=admin, name="marches", format="xlsx")
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.subject) == (admin, AccessKind.DOWNLOAD, "export marches xlsx")


def test_a_download_is_logged_by_kind_and_number_never_by_name(admin):
    stored = StoredFile(kind="proof", name="RSA de Léa.pdf")
    file_opened.send(sender=StoredFile, user=admin, stored=stored)
    record = AccessRecord.objects.get()
    assert (record.kind, record.subject) == (AccessKind.DOWNLOAD, f"proof {stored.pk}")
