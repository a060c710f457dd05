"""Pictures that people gave: read whole once, made small enough to be kept inside a document."""

from __future__ import annotations

import io
import struct
import warnings

# Largest side tried, one after the other, until the picture is light enough.
SIDES = (1200, 800, 500, 300, 160)
_PLAIN = ("1", "L", "LA", "RGB", "RGBA", "P")


def fitted_picture(content: bytes, *, max_bytes: int) -> tuple[bytes, str]:
    """(bytes, type) of a picture that weighs `max_bytes` at most; (b"", "") where it cannot be read.

    One that is light already, in colours that every screen knows, is left as it is.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # A picture of too many points is refused, not warned about.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # WeasyPrint has Pillow bear pictures that are cut short: the check of each part does not.
            Image.open(io.BytesIO(content), formats=("PNG", "JPEG")).verify()
            picture = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            kind = picture.format or ""
            picture.load()
        if len(content) <= max_bytes and picture.mode in _PLAIN:
            return content, f"image/{kind.lower()}"
        upright = ImageOps.exif_transpose(picture)
        colours = upright.convert("RGBA" if upright.mode in ("LA", "RGBA", "P", "PA") else "RGB")
        for side in SIDES:
            smaller = colours.copy()
            smaller.thumbnail((side, side))
            out = io.BytesIO()
            if kind == "JPEG":
                smaller.convert("RGB").save(out, "JPEG", quality=85)
            else:
                smaller.save(out, "PNG", optimize=True)
            if len(out.getvalue()) <= max_bytes:
                return out.getvalue(), f"image/{kind.lower()}"
    except (
        OSError,
        EOFError,
        ValueError,
        SyntaxError,
        struct.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        pass
    return b"", ""
