"""The one view that opens files of the private storage."""

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse

from core.access import everyone_required
from core.files import file_for, storage
from core.models import StoredFile
from core.signals import file_opened


@everyone_required
def file_download(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Download a file that its kind's rule opens to this user; 404 otherwise."""
    stored = file_for(request.user, pk)
    file_opened.send(sender=StoredFile, user=request.user, stored=stored)
    response = FileResponse(
        storage.open(stored.path),
        as_attachment=True,
        filename=stored.name,
        content_type=stored.content_type,
    )
    response["Content-Length"] = str(stored.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]
