"""A document that a person sends with what they record: what is accepted, and how it is kept."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import formats
from core.errors import DomainError
from core.files import store_file

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile

TYPES = ("pdf", "jpg", "png", "docx", "xlsx", "odt")
MAX_BYTES = 20_000_000
# An office file of that weight never holds more once unpacked, unless it is made to fill a computer.
UNPACKED_MAX = 50_000_000
HELP = "PDF, JPEG, PNG, DOCX, XLSX ou ODT, 20 Mo au plus."


def keep_upload(
    *, kind: str, upload: UploadedFile, user: User | None, field: str = "upload", types: Sequence[str] = TYPES
) -> StoredFile:
    """Keep a file that was sent. Raises DomainError, beside `field`, when it is empty, too big or of another type."""
    try:
        _refuse_bomb(upload)
        return store_file(
            kind=kind,
            name=upload.name or "document",
            content=upload,
            user=user,
            max_bytes=MAX_BYTES,
            allowed_types=types,
        )
    except DomainError as error:
        raise DomainError(error.sentence, field=field) from error


def _refuse_bomb(upload: UploadedFile) -> None:
    """An archive that says it holds far more than a document; what is no archive is for `store_file` to judge."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:  # type: ignore[arg-type]
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return
    finally:
        upload.seek(0)
    if unpacked > UNPACKED_MAX:
        raise DomainError(
            f"Une fois ouvert, ce fichier pèserait {formats.size(unpacked)} : ce n’est pas un document ordinaire, "
            "il n’est pas gardé. Envoyez-le en PDF."
        )
