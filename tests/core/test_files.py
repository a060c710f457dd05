"""The private storage: encrypted, checked by content, opened by its rule, deleted on commit, never half written."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command
from django.http import Http404

from core import files
from core.errors import DomainError
from core.files import delete_file, file_for, open_file, read_file, register_file_kind, store_file
from core.models import StoredFile
from core.signals import file_opened
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def archive(*names: str, content: bytes = b"x", mimetype: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        if mimetype:
            target.writestr("mimetype", mimetype)
        for name in names:
            target.writestr(name, content)
    return stream.getvalue()


def keep(content: Any, name: str = "piece.pdf", **options: Any) -> StoredFile:
    options.setdefault("kind", "proof")
    return store_file(name=name, content=content, user=options.pop("user", None), **options)


def on_disk(stored: StoredFile) -> Path:
    return Path(settings.FILES_DIR) / stored.path


def test_a_file_comes_back_as_it_was_and_lies_encrypted() -> None:
    stored = keep(PDF)
    assert read_file(stored) == PDF
    assert stored.size == len(PDF)
    assert stored.content_type == "application/pdf"
    lying = on_disk(stored).read_bytes()
    assert b"PDF" not in lying
    assert "piece" not in stored.path


def test_a_large_file_is_read_piece_by_piece() -> None:
    content = b"%PDF-1.7\n" + os.urandom(3 * files.CHUNK + 17)
    stored = keep(io.BytesIO(content))
    with open_file(stored) as source:
        assert source.read(10) == content[:10]
        assert source.read() == content[10:]


def test_a_cut_or_altered_file_is_an_error_and_never_less_content() -> None:
    stored = keep(b"%PDF-1.7\n" + os.urandom(2 * files.CHUNK))
    whole = on_disk(stored).read_bytes()
    first_piece = len(files._MAGIC) + 4 + int.from_bytes(whole[8:12], "big")
    for damaged in (whole[:first_piece], whole[:-10], whole[:-1] + b"!", b"nothing of ours"):
        on_disk(stored).write_bytes(damaged)
        with pytest.raises(OSError, match="Fichier"):
            read_file(stored)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PDF, "pdf"),
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "jpg"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (archive("[Content_Types].xml", "word/document.xml"), "docx"),
        (archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "odt"),
        (archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        (b'{"marches": []}', "json"),
        ("nom;prénom\r\nDupré;Élise\r\n".encode(), "csv"),
        ("nom;prénom\r\nDupré;Élise\r\n".encode("cp1252"), "csv"),
        (b"un texte", "txt"),
        (archive("evil.exe"), None),
        (b"PK\x03\x04 not an archive", None),
        (b"MZ\x90\x00" + b"\x00" * 40, None),
        (b"<html><script>alert(1)</script></html>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
    ],
)
def test_the_type_is_that_of_the_content(content: bytes, expected: str | None) -> None:
    assert files.detect_type(io.BytesIO(content)) == expected


def test_a_page_named_pdf_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(DomainError, match="n’est pas d’un type accepté ici \\(PDF\\)"):
        keep(b"<html></html>", name="bilan.pdf", allowed_types=["pdf"])
    assert not StoredFile.objects.exists()


def test_an_empty_and_a_too_big_file_get_a_sentence() -> None:
    with pytest.raises(DomainError, match="vide"):
        keep(b"")
    with pytest.raises(DomainError, match="dépasse"):
        keep(PDF, max_bytes=10)


def test_an_archive_bomb_is_not_opened() -> None:
    with pytest.raises(DomainError, match="bien plus"):
        keep(archive("xl/workbook.xml", *[f"part{n}" for n in range(4)], content=b"\0" * (80 * 1024 * 1024)))


def test_names_lose_their_folders_and_control_characters() -> None:
    assert keep(PDF, name="..\\..\\etc/pass\u202ewd\n.pdf").name == "passwd.pdf"
    assert keep(PDF, name="  ").name == "fichier.pdf"
    assert len(keep(PDF, name="é" * 400 + ".pdf").name) <= 200


def test_a_full_disk_leaves_neither_row_nor_half_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = {place for place in Path(settings.FILES_DIR).rglob("*") if place.is_file()}
    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(DomainError, match="disque du serveur est plein"):
        keep(PDF)
    assert not StoredFile.objects.exists()
    assert {place for place in Path(settings.FILES_DIR).rglob("*") if place.is_file()} == before


def test_deleting_a_row_deletes_its_bytes() -> None:
    stored = keep(PDF)
    place = on_disk(stored)
    assert place.exists()
    delete_file(stored)
    assert not place.exists()


def test_a_deletion_that_is_undone_keeps_the_bytes() -> None:
    from django.db import transaction

    stored = keep(PDF)
    pk = stored.pk
    with pytest.raises(RuntimeError), transaction.atomic():
        delete_file(stored)
        raise RuntimeError
    assert read_file(StoredFile.objects.get(pk=pk)) == PDF


def test_only_whom_the_rule_of_its_kind_names_opens_a_file(cast: Any) -> None:
    register_file_kind("own", lambda user, stored: stored.created_by_id == user.pk)
    stored = keep(PDF, kind="own", user=cast.facilitator)
    assert file_for(cast.facilitator, stored.pk) == stored
    with pytest.raises(Http404):
        file_for(cast.admin, stored.pk)
    with pytest.raises(Http404):
        file_for(cast.admin, keep(PDF, kind="without rule").pk)


def test_a_download_is_streamed_named_and_told(signed_in: Any) -> None:
    register_file_kind("own", lambda user, stored: stored.created_by_id == user.pk)
    user, seen = UserFactory(), []
    stored = keep(PDF, kind="own", user=user, name="relevé d’heures.pdf")

    def remember(sender: Any, user: Any, stored: Any, **_: Any) -> None:
        seen.append((user, stored))

    file_opened.connect(remember)
    try:
        response = signed_in(user).get(f"/fichiers/{stored.pk}/")
    finally:
        file_opened.disconnect(remember)
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(len(PDF))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''relev%C3%A9")
    assert seen == [(user, stored)]
    assert signed_in(UserFactory()).get(f"/fichiers/{stored.pk}/").status_code == 404


def test_keys_rotate_and_the_old_one_can_then_go(settings: Any, capsys: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FILES_KEYS = [old]
    stored = keep(PDF)
    settings.FILES_KEYS = [new, old]
    assert read_file(stored) == PDF
    call_command("rotate_files")
    assert "1 fichiers chiffrés de nouveau" in capsys.readouterr().out
    call_command("rotate_files")
    assert "0 fichiers chiffrés de nouveau" in capsys.readouterr().out
    settings.FILES_KEYS = [new]
    assert read_file(stored) == PDF


def test_a_file_whose_key_is_lost_is_named_and_fails_the_rotation(settings: Any) -> None:
    settings.FILES_KEYS = [Fernet.generate_key().decode()]
    keep(PDF)
    settings.FILES_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="anciennes clés"):
        call_command("rotate_files")


def test_bytes_without_a_row_go_after_a_day() -> None:
    stored = keep(PDF)
    place = on_disk(stored)
    StoredFile.objects.filter(pk=stored.pk)._raw_delete("default")
    call_command("rotate_files")
    assert place.exists()
    os.utime(place, (1, 1))
    call_command("rotate_files")
    assert not place.exists()
