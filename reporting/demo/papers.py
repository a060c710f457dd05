"""Small invented documents for the demonstration: one page of text as a PDF, made without any library."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile


def paper(name: str, title: str, *lines: str) -> SimpleUploadedFile:
    """An upload of one page: a title, lines, and that it is invented."""
    words = [title, "", *lines, "", "Document inventé pour la démonstration."]
    text = ["BT", "/F1 16 Tf", "72 760 Td"]
    for rank, line in enumerate(words):
        if rank == 1:
            text.append("/F1 11 Tf")
        text.append(f"({_escaped(line)}) Tj 0 -20 Td")
    stream = "\n".join([*text, "ET"]).encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    content += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, end)
    return SimpleUploadedFile(f"{name}.pdf", content, content_type="application/pdf")


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").replace("\u202f", "\u00a0")
