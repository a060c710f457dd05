"""The life of a bilan: written, reviewed, published once and for all, read by its buyer only."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from core.errors import DomainError
from core.files import read_file
from core.models import Job
from core.pdf import PdfUnavailable
from core.text import normalise
from reporting.enums import BilanFormat, BilanState
from reporting.models import Bilan, BilanFile
from reporting.narrative import to_html
from reporting.services.drafts import save_narrative, start_bilan
from reporting.services.publication import ask_for_publication, freeze, make_files
from reporting.services.workflow import reopen_bilan, review_bilan
from reporting.templatetags.bilan import MASKED, written
from tests.factories import (
    BuyerFactory,
    ClosedYearFactory,
    HoursEntryFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db


def published_with_files(buyer, **kwargs):
    bilan = make_bilan(buyer=buyer, published=True, **kwargs)
    return bilan, {row.format: read_file(row.file) for row in make_files(bilan=bilan, user=None)}


def worked(cast, people=6, hours=100):
    for _ in range(people):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=cast.commitment_a), hours=hours, counted=True
        )


# --- Life ---------------------------------------------------------------------------------------------------


def test_a_bilan_is_written_then_reviewed_then_published_and_never_changes():
    user, buyer = UserFactory(admin=True), BuyerFactory()
    bilan = start_bilan(buyer=buyer, year=2025, user=user)
    with pytest.raises(DomainError, match="une fois relu"):
        freeze(bilan=bilan, user=user)
    bilan = save_narrative(bilan=bilan, texts={"essentiel": "Une bonne année."}, seen_version=1, user=user)
    bilan = review_bilan(bilan=bilan, user=user)
    with pytest.raises(DomainError, match="n’est pas close"):
        freeze(bilan=bilan, user=user)
    ClosedYearFactory(year=2025)
    bilan = freeze(bilan=bilan, user=user)
    assert bilan.is_published and bilan.snapshot["narrative"] == {"essentiel": "Une bonne année."}
    with pytest.raises(DomainError, match="ne change plus"):
        save_narrative(bilan=bilan, texts={"essentiel": "Autre."}, seen_version=2, user=user)
    again = freeze(bilan=bilan, user=user)
    assert again.snapshot == bilan.snapshot


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reporting_bilan SET narrative = '{}'",
        "DELETE FROM reporting_bilan",
        "DELETE FROM reporting_bilanfile",
    ],
)
def test_the_database_itself_refuses_to_touch_a_published_bilan(sql):
    published_with_files(BuyerFactory())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_writing_after_the_review_makes_it_a_draft_again():
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=UserFactory())
    bilan = save_narrative(bilan=bilan, texts={"heures": "Plus."}, seen_version=1, user=UserFactory())
    assert bilan.state == BilanState.DRAFT and bilan.reviewed_at is None
    bilan = reopen_bilan(bilan=review_bilan(bilan=bilan, user=None), user=UserFactory())
    assert bilan.state == BilanState.DRAFT


def test_a_correction_is_a_version_with_its_reason_and_the_former_text():
    user, buyer = UserFactory(), BuyerFactory()
    make_bilan(buyer=buyer, published=True, narrative={"heures": "Texte."})
    with pytest.raises(DomainError, match="se motive"):
        start_bilan(buyer=buyer, year=2025, user=user)
    second = start_bilan(buyer=buyer, year=2025, user=user, rectification_reason="heures retrouvées")
    assert (second.version, second.narrative) == (2, {"heures": "Texte."})
    with pytest.raises(DomainError, match="déjà en cours"):
        start_bilan(buyer=buyer, year=2025, user=user, rectification_reason="encore")


def test_two_people_who_write_the_same_text_do_not_overwrite_each_other():
    bilan = make_bilan(buyer=BuyerFactory())
    save_narrative(bilan=bilan, texts={"heures": "Le mien."}, seen_version=1, user=UserFactory())
    with pytest.raises(DomainError, match="entre-temps"):
        save_narrative(bilan=bilan, texts={"heures": "Le tien."}, seen_version=1, user=UserFactory())
    assert Bilan.objects.get().narrative == {"heures": "Le mien."}


def test_publishing_is_a_job_that_bears_being_run_twice():
    admin = UserFactory(admin=True)
    ClosedYearFactory(year=2025)
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=admin)
    job = ask_for_publication(bilan=bilan, user=admin)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (Job.State.DONE, 5, 5)
    bilan.refresh_from_db()
    assert make_files(bilan=bilan, user=admin) and BilanFile.objects.count() == len(BilanFormat)


def test_a_facilitator_does_not_publish_by_starting_a_failed_publication_again(client):
    admin, facilitator = UserFactory(admin=True), UserFactory()
    ClosedYearFactory(year=2025)
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=admin)
    failed = Job.objects.create(
        kind="publish_bilan",
        key=f"bilan:{bilan.pk}",
        label="Publication",
        payload={"bilan": bilan.pk},
        created_by=admin,
        state=Job.State.FAILED,
    )
    client.force_login(facilitator)
    response = client.post(reverse("job_retry", args=[failed.pk]), follow=True)
    bilan.refresh_from_db()
    assert bilan.state == BilanState.REVIEWED and not BilanFile.objects.exists()
    assert "Seul·e un·e administrateur·rice publie un bilan." in response.text


def test_a_year_without_data_and_a_first_year_still_make_every_file():
    bilan, files = published_with_files(BuyerFactory(name="Commune " + "très longue " * 24))
    assert set(files) == set(BilanFormat.values)
    assert bilan.snapshot["previous"] is None


# --- The files agree ----------------------------------------------------------------------------------------


def pdf_text(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


@pytest.mark.slow
def test_every_figure_of_the_snapshot_is_in_the_pdf_and_the_json_is_the_snapshot(cast):
    worked(cast, people=12)
    bilan, files = published_with_files(cast.buyer_a, narrative={"partenariat": "Bonne entente."})
    assert json.loads(files["json"]) == bilan.snapshot
    text = pdf_text(files["pdf"])
    missing = []
    for chapter in bilan.snapshot["chapters"]:
        wanted = [chapter["title"], chapter["answer"], *(part["text"] for part in chapter["narrative"])]
        for block in chapter["blocks"]:
            if block["type"] == "key_figures":
                wanted += [written(item["value"], item["kind"], unit=True) for item in block["items"]]
            if block["type"] == "table":
                for row in block["rows"]:
                    wanted += [
                        MASKED
                        if column["key"] in row["masked"]
                        else written(row["cells"].get(column["key"]), column["kind"])
                        for column in block["columns"]
                    ]
        missing += [value for value in wanted if re.sub(r"\s+", "", value) not in text]
    assert not missing
    assert "Bonneentente." in text


@pytest.mark.slow
def test_the_pdf_is_tagged_titled_in_french_and_bookmarked_and_can_be_made_again(cast):
    worked(cast)
    bilan, files = published_with_files(cast.buyer_a)
    reader = PdfReader(io.BytesIO(files["pdf"]))
    catalog = reader.trailer["/Root"]
    assert catalog["/Lang"] == "fr" and catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in reader.trailer["/Root"]["/Metadata"].get_data()
    assert reader.metadata.title == f"Bilan 2025 des clauses sociales — {cast.buyer_a.name}"
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [chapter["title"] for chapter in bilan.snapshot["chapters"]]
    from reporting.documents import bilan_pdf

    assert bilan_pdf(bilan.snapshot) == files["pdf"]


@pytest.mark.slow
def test_no_name_and_no_ground_of_a_person_is_in_any_file(cast):
    worked(cast)
    person = eligible_assignment(commitment=cast.commitment_a).placement.beneficiary
    _, files = published_with_files(cast.buyer_a)
    for content in (pdf_text(files["pdf"]), files["json"].decode()):
        words = normalise(content)
        assert normalise(person.last_name) not in words
        assert cast.buyer_b.name not in content and cast.company_b.name not in content


# --- Text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept", "gone"),
    [
        ("**fort** et _doux_", ["<strong>fort</strong>", "<em>doux</em>"], []),
        ("<script>alert(1)</script>Bonjour", ["Bonjour"], ["script", "alert"]),
        ("![img](https://ailleurs.example/x.png)", [], ["<img", "ailleurs"]),
        ("[lien](javascript:alert(1))", ["lien"], ["javascript"]),
        ('<p onclick="x()" style="color:red">Texte</p>', ["Texte"], ["onclick", "style"]),
        ("# Titre", ["<h3>Titre</h3>"], ["<h1"]),
        ("<iframe src='https://x.example'></iframe>", [], ["iframe"]),
    ],
)
def test_markdown_is_cleaned_of_what_a_bilan_has_no_use_for(typed, kept, gone):
    html = to_html(typed)
    assert all(part in html for part in kept) and not any(part in html for part in gone)


def test_a_long_run_of_brackets_is_text_and_costs_nothing_more():
    assert to_html("[" * 50_000).count("[") == 50_000
    assert to_html("[lien](https://ville.example)").count("<a ") == 1


# --- Pages --------------------------------------------------------------------------------------------------


def test_a_section_is_previewed_then_saved_and_a_conflict_shows_both_texts(client):
    client.force_login(UserFactory())
    bilan = make_bilan(buyer=BuyerFactory())
    url = reverse("bilan_section", args=[bilan.pk, "heures"])
    seen = client.post(url, {"text": "**Plus** d’heures", "seen_version": 1, "apercu": "1"})
    assert "<strong>Plus</strong>" in seen.content.decode()
    assert Bilan.objects.get().narrative == {}
    assert client.post(url, {"text": "Le premier.", "seen_version": 1}).status_code == 302
    page = client.post(url, {"text": "Le second.", "seen_version": 1}).content.decode()
    assert "Le premier." in page and "Le second." in page
    assert Bilan.objects.get().narrative == {"heures": "Le premier."}
    assert client.post(url, {"text": "Le second.", "seen_version": 2}).status_code == 302


@pytest.mark.slow
def test_the_admin_publishes_and_the_buyer_downloads_the_three_files(client, cast):
    worked(cast)
    bilan = review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.facilitator)
    client.force_login(cast.admin)
    page = client.get(reverse("bilan_publish", args=[bilan.pk]), follow=True).content.decode()
    assert "n’est pas close" in page
    ClosedYearFactory(year=2025)
    client.force_login(cast.facilitator)
    assert client.post(reverse("bilan_publish", args=[bilan.pk])).status_code == 403
    client.force_login(cast.admin)
    assert "arrêtés pour toujours" in client.get(reverse("bilan_publish", args=[bilan.pk])).content.decode()
    assert client.post(reverse("bilan_publish", args=[bilan.pk])).status_code == 302
    client.force_login(cast.buyer_user_a)
    page = client.get(reverse("bilan_detail", args=[bilan.pk])).content.decode()
    for row in BilanFile.objects.all():
        url = reverse("file_download", args=[row.file_id])
        assert url in page
        answer = client.get(url)
        content = b"".join(answer.streaming_content)
        answer.close()
        assert content[:4] in (b"%PDF", b"PK\x03\x04", b'{\n "')


def test_a_bilan_is_for_its_buyer_once_published_and_never_for_a_limited_account(client, cast):
    bilan, _ = published_with_files(cast.buyer_a)
    draft = make_bilan(buyer=cast.buyer_a, year=2024)
    file_url = reverse("file_download", args=[bilan.files.first().file_id])
    for user, status in (
        (cast.buyer_user_a, 200),
        (cast.buyer_user_b, 404),
        (cast.limited_a, 404),
        (cast.company_user_a, 403),
    ):
        client.force_login(user)
        assert client.get(reverse("bilan_detail", args=[bilan.pk])).status_code == status
        answer = client.get(file_url)
        answer.close()
        assert answer.status_code == (200 if status == 200 else 404)
    client.force_login(cast.buyer_user_a)
    assert client.get(reverse("bilan_detail", args=[draft.pk])).status_code == 404
    listed = client.get(reverse("bilan_list")).content.decode()
    assert "2025" in listed and "brouillon" not in listed


def test_starting_a_bilan_says_what_is_missing_beside_the_field(client):
    client.force_login(UserFactory())
    buyer = BuyerFactory()
    make_bilan(buyer=buyer, published=True)
    page = client.post(reverse("bilan_start"), {"buyer": buyer.pk, "year": 2025})
    assert "une version rectifiée se motive" in page.content.decode()
    assert client.post(reverse("bilan_start"), {"buyer": 0, "year": 1900}).status_code == 200


def test_the_page_of_a_draft_asks_for_its_figures_and_shows_them_without_javascript_too(client, cast):
    worked(cast)
    url = reverse("bilan_detail", args=[make_bilan(buyer=cast.buyer_a).pk])
    client.force_login(cast.facilitator)
    assert 'hx-get="?chiffres=1"' in client.get(url).content.decode()
    whole = client.get(f"{url}?chiffres=1").content.decode()
    part = client.get(f"{url}?chiffres=1", headers={"HX-Request": "true"}).content.decode()
    assert "600" in whole and "600" in part and "<html" in whole and "<html" not in part


# --- Shell --------------------------------------------------------------------------------------------------


def test_make_bilan_publishes_writes_the_files_and_is_harmless_twice(tmp_path, capsys):
    buyer = BuyerFactory()
    with pytest.raises(CommandError, match="n’est pas close"):
        call_command("make_bilan", "--buyer", buyer.identifier, "--year", "2025")
    ClosedYearFactory(year=2025)
    targets = {name: tmp_path / f"b.{name}" for name in BilanFormat.values}
    arguments = [f"--{name}={path}" for name, path in targets.items()]
    for _ in range(2):
        call_command("make_bilan", "--buyer", buyer.identifier, "--year", "2025", *arguments)
    assert Bilan.objects.get().version == 1
    assert targets["pdf"].read_bytes().startswith(b"%PDF")
    assert json.loads(targets["json"].read_text()) == Bilan.objects.get().snapshot
    with pytest.raises(CommandError, match="Aucun donneur d’ordre"):
        call_command("make_bilan", "--buyer", "000", "--year", "2025")


def test_make_bilan_makes_only_what_is_asked_where_pdf_cannot_be_made(tmp_path, monkeypatch):
    def no_pango(*args, **kwargs):
        raise PdfUnavailable

    monkeypatch.setattr("reporting.documents.render_pdf", no_pango)
    ClosedYearFactory(year=2025)
    buyer = BuyerFactory()
    arguments = ["--buyer", buyer.identifier, "--year", "2025"]
    call_command("make_bilan", *arguments, f"--xlsx={tmp_path / 'b.xlsx'}")
    assert (tmp_path / "b.xlsx").read_bytes().startswith(b"PK")
    with pytest.raises(CommandError, match="Pango"):
        call_command("make_bilan", *arguments, f"--pdf={tmp_path / 'b.pdf'}")


# --- Cost ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_pages_of_a_bilan_cost_the_same_with_one_row_and_with_six(client, cast):
    costs = {}
    client.force_login(cast.facilitator)
    draft = make_bilan(buyer=cast.buyer_a)
    for rows in (1, 6):
        worked(cast, people=rows)
        while Bilan.objects.published().count() < rows:
            make_bilan(buyer=BuyerFactory(), published=True)
        published = Bilan.objects.published().order_by("pk").first()
        for name, url in {
            "draft": reverse("bilan_detail", args=[draft.pk]),
            "figures of the draft": reverse("bilan_detail", args=[draft.pk]) + "?chiffres=1",
            "published": reverse("bilan_detail", args=[published.pk]),
            "list": reverse("bilan_list"),
            "dashboard": reverse("buyer_dashboard", args=[cast.buyer_a.pk]) + "?annee=2025",
            "home": reverse("home"),
        }.items():
            client.get(url)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            costs.setdefault(name, []).append(len(captured))
    assert all(first == second for first, second in costs.values()), costs
    # The figures of a draft are worked out on the spot, in a part that its page asks for.
    assert all(first <= 12 for name, (first, _) in costs.items() if name != "figures of the draft"), costs


def test_lists_one_in_another_without_end_stay_text():
    assert to_html("- " * 2_000 + "fin").startswith("<p>- - - ")
