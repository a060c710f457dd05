"""Fetches the DECP file of the address in the environment: http or https only, bounded in size and in time."""

from __future__ import annotations

import http.client
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings

from core import formats
from core.errors import DomainError

CHUNK = 256 * 1024
# Seconds without a byte, and for the whole file.
SILENCE, WHOLE = 30, 900


class _SameSchemes(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to http or https only, and never out of https."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            _check(newurl)
            if req.type == "https" and urlsplit(newurl).scheme != "https":
                raise DomainError(
                    f"{req.host} renvoie vers une adresse qui n’est plus en https : le fichier DECP n’a pas été lu."
                )
        except DomainError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check(url: str) -> str:
    """The host of an address that may be read; an address may hold a key, and is never repeated."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise DomainError("DECP_URL doit être une adresse http ou https complète.")
    return host


@contextmanager
def fetched(url: str) -> Iterator[tuple[IO[bytes], str]]:
    """The file at that address, whole, in a temporary file that goes with the block, and its name.

    Raises DomainError with the sentence to show.
    """
    host = _check(url)
    name = (urlsplit(url).path.rpartition("/")[2] or host)[:150]
    # Only what reads http and https: no file of this server, no ftp.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        # Before the default, which ends with the first answer that is no page.
        _SameSchemes(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    with tempfile.TemporaryFile() as target:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "Maillon"})
            with opener.open(request, timeout=SILENCE) as answer:
                _copy(answer, target, host)
        except urllib.error.HTTPError as error:
            error.close()
            raise DomainError(f"{host} répond {error.code} : le fichier DECP n’a pas été lu.") from error
        except TimeoutError as error:
            raise DomainError(f"{host} ne répond pas : le fichier DECP n’a pas été lu.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DomainError(f"{host} ne peut pas être joint : le fichier DECP n’a pas été lu.") from error
        target.seek(0)
        yield target, name


def _copy(answer: Any, target: IO[bytes], host: str) -> None:
    limit, read, until = settings.DECP_MAX_BYTES, 0, time.monotonic() + WHOLE
    announced = answer.headers.get("Content-Length") or ""
    too_big = f"Le fichier de {host} dépasse {formats.size(limit)} : relevez DECP_MAX_BYTES ou choisissez un extrait."
    if announced.isdigit() and int(announced) > limit:
        raise DomainError(too_big)
    while piece := answer.read(CHUNK):
        read += len(piece)
        if read > limit:
            raise DomainError(too_big)
        if time.monotonic() > until:
            raise DomainError(f"{host} est trop lent : le fichier DECP n’a pas été lu.")
        target.write(piece)
    if announced.isdigit() and read < int(announced):
        raise DomainError(f"Le fichier de {host} est arrivé incomplet : il n’a pas été lu.")
