"""The private storage: every upload and generated file, encrypted, under a random name, opened by one view."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import filetype
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils.deconstruct import deconstructible
from django.utils.http import content_disposition_header

from core import formats
from core.errors import DomainError
from core.models import StoredFile

CHUNK = 1024 * 1024
_MAGIC = b"MAILLON1"
# Before each piece, inside the encryption: its number and whether it is the last, so that none can go missing.
_PIECE = struct.Struct(">QB")
_LENGTH = struct.Struct(">I")
# What an office file may hold once unpacked, against archive bombs.
UNPACKED_MAX = 300 * 1024 * 1024
ENTRIES_MAX = 10_000


@dataclass(frozen=True)
class FileType:
    """A type of file that an upload may accept: how it is called and served."""

    label: str
    content_type: str
    extension: str


FILE_TYPES = {
    "pdf": FileType("PDF", "application/pdf", "pdf"),
    "png": FileType("image PNG", "image/png", "png"),
    "jpg": FileType("image JPEG", "image/jpeg", "jpg"),
    "docx": FileType(
        "Word (DOCX)", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"
    ),
    "xlsx": FileType(
        "tableur XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
    ),
    "xls": FileType("tableur XLS", "application/vnd.ms-excel", "xls"),
    "odt": FileType("texte ODT", "application/vnd.oasis.opendocument.text", "odt"),
    "ods": FileType("tableur ODS", "application/vnd.oasis.opendocument.spreadsheet", "ods"),
    "csv": FileType("CSV", "text/csv", "csv"),
    "txt": FileType("texte", "text/plain", "txt"),
    "json": FileType("JSON", "application/json", "json"),
    "ics": FileType("agenda (ICS)", "text/calendar", "ics"),
}
# Accepted only where they are named: a page that scripts could hide in, sent as data (a DECP file).
NAMED_TYPES = {"xml": FileType("XML", "application/xml", "xml")}
# What Maillon makes and nobody sends: never looked into.
MADE_TYPES = {"zip": FileType("archive ZIP", "application/zip", "zip")}


# --- Encryption ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in keys])


def _keys() -> MultiFernet:
    return _fernet(tuple(settings.FILES_KEYS))


def _pieces(source: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Pieces of at most CHUNK bytes, the last one marked; an empty source is one empty piece."""
    piece = source.read(CHUNK)
    while True:
        following = source.read(CHUNK) if piece else b""
        yield piece, not following
        if not following:
            return
        piece = following


def _encrypt(source: IO[bytes], target: IO[bytes]) -> None:
    keys = _keys()
    target.write(_MAGIC)
    for index, (piece, is_last) in enumerate(_pieces(source)):
        token = keys.encrypt(_PIECE.pack(index, is_last) + piece)
        target.write(_LENGTH.pack(len(token)) + token)


class DecryptingReader(io.RawIOBase):
    """Plain bytes of an encrypted file, one piece in memory at a time.

    Raises OSError when the file was cut, altered, or encrypted with a key that is no longer given.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw, self._keys = raw, _keys()
        self._index, self._rest, self._is_over = 0, memoryview(b""), False
        if raw.read(len(_MAGIC)) != _MAGIC:
            raise OSError("Fichier illisible : ce n’est pas un fichier du stockage privé.")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and not self._is_over:
            self._next_piece()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _next_piece(self) -> None:
        header = self._raw.read(_LENGTH.size)
        if len(header) != _LENGTH.size:
            raise OSError("Fichier tronqué.")
        try:
            plain = self._keys.decrypt(self._raw.read(_LENGTH.unpack(header)[0]))
        except InvalidToken:
            raise OSError("Fichier altéré, ou clé de chiffrement absente de FILES_KEYS.") from None
        index, is_last = _PIECE.unpack_from(plain)
        if index != self._index:
            raise OSError("Fichier altéré : un morceau manque.")
        self._index += 1
        self._rest, self._is_over = memoryview(plain)[_PIECE.size :], bool(is_last)

    def close(self) -> None:
        self._raw.close()
        super().close()


@deconstructible
class PrivateStorage(Storage):
    """Files under settings.FILES_DIR, encrypted, written aside and moved into place: never half a file."""

    def _place(self, name: str) -> Path:
        root = Path(settings.FILES_DIR)
        place = (root / name).resolve()
        if not place.is_relative_to(root.resolve()):
            raise OSError("Emplacement hors du stockage privé.")
        return place

    def _save(self, name: str, content: Any) -> str:
        place = self._place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as target:
                _encrypt(content, target)
                target.flush()
                os.fsync(target.fileno())
            os.replace(temporary, place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(io.BufferedReader(DecryptingReader(self._place(name).open("rb")), CHUNK), name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def exists(self, name: str) -> bool:
        return self._place(name).exists()

    def delete(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        entries = list(self._place(path).iterdir())
        return [e.name for e in entries if e.is_dir()], [e.name for e in entries if e.is_file()]

    def url(self, name: str | None) -> str:
        raise NotImplementedError("Un fichier privé s’ouvre par la page « file_download ».")


storage = PrivateStorage()


# --- What a file is -----------------------------------------------------------------------------------------


def detect_type(source: IO[bytes]) -> str | None:
    """The name in FILE_TYPES or NAMED_TYPES that the content has (never the extension); None when it has none.

    Raises DomainError for an archive that would unpack to more than a computer can hold.
    """
    source.seek(0)
    head = source.read(8192)
    source.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return _office_type(source)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xls" if "Workbook".encode("utf-16-le") in _whole(source) else None
    guess = filetype.guess(head)
    if guess is not None:
        return guess.extension if guess.extension in ("pdf", "png", "jpg") else None
    return _text_type(head)


def _whole(source: IO[bytes]) -> bytes:
    content = source.read(20 * CHUNK)
    source.seek(0)
    return content


def _office_type(source: IO[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_MAX:
                raise DomainError(
                    "Ce fichier compressé contient bien plus qu’un document ordinaire : il n’est pas ouvert."
                )
            names = {entry.filename for entry in entries}
            if "[Content_Types].xml" in names:
                if "xl/workbook.xml" in names:
                    return "xlsx"
                return "docx" if "word/document.xml" in names else None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
                return next(
                    (name for name in ("odt", "ods") if FILE_TYPES[name].content_type == declared), None
                )
    except (zipfile.BadZipFile, RuntimeError, ValueError, NotImplementedError, OSError):
        return None
    finally:
        source.seek(0)
    return None


def _text_type(head: bytes) -> str | None:
    if not head or b"\x00" in head:
        return None
    try:
        # The last character may be cut in two by the reading.
        text = head.decode("utf-8-sig", "strict" if len(head) < 8192 else "ignore")
    except UnicodeDecodeError:
        text = head.decode("cp1252", "replace")
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return "json"
    if start.startswith(("<?xml", "<march")):
        return "xml"
    if start.startswith("<"):
        return None
    if start.startswith("BEGIN:VCALENDAR"):
        return "ics"
    first_line = start.splitlines()[0] if start else ""
    return "csv" if any(mark in first_line for mark in (";", ",", "\t")) else "txt"


_SAME_READING = {"csv": {"csv", "txt"}, "txt": {"csv", "txt", "json"}, "json": {"json"}}


def _accepted(found: str | None, allowed: Sequence[str]) -> str | None:
    """The allowed type that the content may be read as: a one-column CSV looks like plain text."""
    if found in allowed:
        return found
    return next((name for name in allowed if found in _SAME_READING.get(name, ())), None)


def _clean_name(name: str, extension: str) -> str:
    base = re.sub(
        r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name.replace("\\", "/").rsplit("/", 1)[-1]
    )
    base = base.strip(" .") or f"fichier.{extension}"
    if len(base) > 200:
        stem, _, suffix = base.rpartition(".")
        base = f"{(stem or base)[:190]}.{suffix[:8] if stem else extension}"
    return base


@contextmanager
def _seekable(content: Any) -> Iterator[IO[bytes]]:
    if isinstance(content, bytes | bytearray | memoryview):
        yield io.BytesIO(content)
        return
    if hasattr(content, "seek") and getattr(content, "seekable", lambda: True)():
        content.seek(0)
        yield content
        return
    with tempfile.TemporaryFile() as spool:
        while piece := content.read(CHUNK):
            spool.write(piece)
        spool.seek(0)
        yield spool


def _measure(source: IO[bytes], max_bytes: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while piece := source.read(CHUNK):
        size += len(piece)
        if size > max_bytes:
            raise DomainError(
                f"Ce fichier dépasse {formats.size(max_bytes)}, la taille acceptée ici. "
                "Allégez-le ou coupez-le en plusieurs."
            )
        digest.update(piece)
    source.seek(0)
    return size, digest.hexdigest()


# --- Storing, opening, deleting -----------------------------------------------------------------------------


def store_file(
    *,
    kind: str,
    name: str,
    content: Any,
    user: Any,
    max_bytes: int | None = None,
    allowed_types: Sequence[str] | None = None,
    made_as: str = "",
) -> StoredFile:
    """Keep a file, encrypted. `content`: bytes or a binary file. `allowed_types`: names of FILE_TYPES, or of NAMED_TYPES.

    made_as: a name of MADE_TYPES, for what Maillon made itself; no type is looked for then. Raises DomainError when it is empty, too big, of another type, or when the disk is full.
    """
    allowed = tuple(allowed_types or FILE_TYPES)
    with _seekable(content) as source:
        size, digest = _measure(source, max_bytes or settings.UPLOAD_MAX_BYTES)
        if not size:
            raise DomainError("Ce fichier est vide.")
        found = made_as or _accepted(detect_type(source), allowed)
        if found is None:
            labels = ", ".join((FILE_TYPES | NAMED_TYPES)[name].label for name in allowed)
            raise DomainError(f"Le contenu de ce fichier n’est pas d’un type accepté ici ({labels}).")
        path = _random_path()
        try:
            storage.save(path, _Plain(source))
        except OSError as error:
            raise DomainError(
                "Le fichier n’a pas pu être enregistré : le disque du serveur est plein ou inaccessible. "
                "Rien n’a été gardé ; réessayez après avoir prévenu la maison."
            ) from error
    file_type = MADE_TYPES[made_as] if made_as else (FILE_TYPES | NAMED_TYPES)[found]
    try:
        return StoredFile.objects.create(
            kind=kind,
            name=_clean_name(name, file_type.extension),
            content_type=file_type.content_type,
            size=size,
            sha256=digest,
            path=path,
            created_by=user if getattr(user, "pk", None) else None,
        )
    except BaseException:
        storage.delete(path)
        raise


class _Plain(File):
    """A binary source as Django's storages want it, without guessing its size."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__(source, "content")


def _random_path() -> str:
    name = secrets.token_hex(20)
    return f"{name[:2]}/{name}"


@contextmanager
def open_file(stored: StoredFile) -> Iterator[IO[bytes]]:
    """The plain bytes, read piece by piece; not seekable."""
    with storage.open(stored.path) as source:
        yield source


def read_file(stored: StoredFile) -> bytes:
    """The plain bytes, whole: only for files that are small by nature."""
    with open_file(stored) as source:
        return source.read()


def file_response(content: bytes, name: str, *, content_type: str = "", inline: bool = False) -> HttpResponse:
    """Bytes made for one person and kept nowhere: downloaded under that name, or shown by the browser (`inline`)."""
    kind = content_type or FILE_TYPES[name.rpartition(".")[2]].content_type
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


_may_open: dict[str, Callable[[Any, StoredFile], bool]] = {}


def register_file_kind(kind: str, may_open: Callable[[Any, StoredFile], bool]) -> None:
    """Say, in AppConfig.ready(), who may open the files of a kind; a kind without rule opens to nobody."""
    _may_open[kind] = may_open


def file_for(user: Any, pk: Any) -> StoredFile:
    """The file, if this user may open it; Http404 otherwise, as for a file that does not exist."""
    stored = StoredFile.objects.filter(pk=pk).first()
    rule = _may_open.get(stored.kind) if stored else None
    if stored is None or rule is None or not user.is_authenticated or not rule(user, stored):
        raise Http404
    return stored


def delete_file(stored: StoredFile) -> None:
    """Delete a file; its bytes go when the transaction commits."""
    stored.delete()


def forget_bytes(sender: type[StoredFile], instance: StoredFile, **_: Any) -> None:
    """After any deletion of a row, also by cascade."""
    path = instance.path
    transaction.on_commit(lambda: storage.delete(path))


def encrypt_again(stored: StoredFile) -> bool:
    """Encrypt with the first key; False when it already is."""
    first = Fernet(settings.FILES_KEYS[0].strip())
    with storage._place(stored.path).open("rb") as raw:
        raw.read(len(_MAGIC))
        token = raw.read(_LENGTH.unpack(raw.read(_LENGTH.size))[0])
    try:
        first.decrypt(token)
        return False
    except InvalidToken:
        with open_file(stored) as source:
            storage._save(stored.path, source)
        return True


def orphans(older_than_seconds: int = 86_400) -> Iterator[Path]:
    """Encrypted files without a row (their transaction was undone) and unfinished ones, past a day old."""
    root = Path(settings.FILES_DIR)
    if not root.exists():
        return
    known = set(StoredFile.objects.order_by().values_list("path", flat=True))
    for place in sorted(root.glob("*/*")):
        is_old = time.time() - place.stat().st_mtime > older_than_seconds
        if is_old and place.relative_to(root).as_posix() not in known:
            yield place
