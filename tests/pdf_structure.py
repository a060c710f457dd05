"""What a tagged PDF must hold to be read aloud: its problems, in plain words. Read with pypdf, from the bytes alone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject

SHOWS_TEXT = {b"Tj", b"TJ", b"'", b'"'}
HEADING = re.compile(r"/H([1-6])")


@dataclass
class Element:
    """A node of the structure tree."""

    kind: str
    alt: str = ""
    children: list[Element] = field(default_factory=list)
    # (page, number) of the marked content that hangs here.
    marks: list[tuple[int, int]] = field(default_factory=list)
    has_scope: bool = False
    has_headers: bool = False

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *kinds: str) -> list[Element]:
        return [node for node in self.walk() if node.kind in kinds]


def problems_of(content: bytes) -> list[str]:
    """Everything that is wrong; an empty list for a PDF that is tagged as it should be."""
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    found = list(_document(reader, root))
    if "/StructTreeRoot" not in root:
        return [*found, "no structure tree"]
    pages = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}  # type: ignore[union-attr]
    tree = _element(root["/StructTreeRoot"], pages, 0)
    found += _headings(tree)
    found += _tables(tree)
    found += [
        f"a figure without a description: {node.marks[:1]}"
        for node in tree.all("/Figure")
        if not node.alt.strip()
    ]
    found += [
        f"a list that holds something else than items: {[child.kind for child in node.children]}"
        for node in tree.all("/L")
        if not node.children or any(child.kind not in ("/LI", "/L", "/Caption") for child in node.children)
    ]
    tagged = {mark for node in tree.walk() for mark in node.marks}
    for number, page in enumerate(reader.pages, 1):
        found += _outside(reader, page, number, tagged)
    found += _fonts(reader)
    return found


def _document(reader: PdfReader, root: Any) -> Iterator[str]:
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "not marked as tagged"
    if not root.get("/Lang"):
        yield "no language"
    if not (reader.metadata and reader.metadata.title):
        yield "no title"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "its title is not the one shown"
    if not reader.outline:
        yield "no bookmark"
    metadata = root["/Metadata"].get_object().get_data() if "/Metadata" in root else b""
    if b"pdfuaid:part" not in metadata and b"pdfaid:part" not in metadata:
        yield "says neither PDF/UA nor PDF/A"
    if "/Encrypt" in reader.trailer:
        yield "encrypted"


def _element(node: Any, pages: dict[int, int], page: int) -> Element:
    node = node.get_object()
    if "/Pg" in node:
        page = pages.get(node.raw_get("/Pg").idnum, page)
    made = Element(str(node.get("/S", "/Root")), str(node.get("/Alt", "")))
    attributes = node.get("/A")
    for entry in attributes if isinstance(attributes, ArrayObject) else [attributes] if attributes else []:
        entry = entry.get_object()
        made.has_scope |= "/Scope" in entry
        made.has_headers |= "/Headers" in entry
    kids = node.get("/K")
    for kid in kids if isinstance(kids, ArrayObject) else [] if kids is None else [kids]:
        kid = kid.get_object() if isinstance(kid, IndirectObject) else kid
        if isinstance(kid, int):
            made.marks.append((page, int(kid)))
        elif isinstance(kid, DictionaryObject) and "/MCID" in kid:
            where = pages.get(kid.raw_get("/Pg").idnum, page) if "/Pg" in kid else page
            made.marks.append((where, int(kid["/MCID"])))  # type: ignore[arg-type]
        elif isinstance(kid, DictionaryObject) and kid.get("/Type") != "/OBJR":
            made.children.append(_element(kid, pages, page))
    return made


def _headings(tree: Element) -> Iterator[str]:
    levels = [int(found[1]) for node in tree.walk() if (found := HEADING.fullmatch(node.kind))]
    if not levels:
        yield "no heading"
        return
    if levels[0] != 1 or levels.count(1) != 1:
        yield f"its headings do not begin with a single H1: {levels[:5]}"
    for before, now in pairwise(levels):
        if now > before + 1:
            yield f"a heading of level {now} after one of level {before}"


def _tables(tree: Element) -> Iterator[str]:
    for table in tree.all("/Table"):
        rows = table.all("/TR")
        if not rows:
            yield "a table without a row"
        if not table.all("/TH"):
            yield "a table without a header"
        for row in rows:
            if not row.all("/TH", "/TD"):
                yield "a row without a cell"
        named = [node for node in table.all("/TH") if node.has_scope]
        pointed = [node for node in table.all("/TD") if node.has_headers]
        if table.all("/TD") and not named and not pointed:
            yield "cells that point at no header"


def _outside(reader: PdfReader, page: Any, number: int, tagged: set[tuple[int, int]]) -> Iterator[str]:
    """Text that is neither in the tree nor marked as decoration."""
    content = page.get_contents()
    if content is None:
        return
    if page.get("/Tabs") not in (None, "/S"):
        yield f"page {number}: the keyboard does not follow the structure"
    stack: list[tuple[str, int | None]] = []
    lost = 0
    for operands, operator in ContentStream(content, reader).operations:
        if operator in (b"BDC", b"BMC"):
            properties = operands[1] if len(operands) > 1 else {}
            mark = properties.get("/MCID") if isinstance(properties, DictionaryObject) else None
            stack.append((str(operands[0]), None if mark is None else int(mark)))
        elif operator == b"EMC":
            stack.pop()
        elif operator in SHOWS_TEXT and not any(
            tag == "/Artifact" or (mark is not None and (number, mark) in tagged) for tag, mark in stack
        ):
            lost += 1
    if stack:
        yield f"page {number}: marks that are not closed"
    if lost:
        yield f"page {number}: {lost} pieces of text outside of the structure"


def _fonts(reader: PdfReader) -> Iterator[str]:
    """Fonts are inside the file, whole or in part."""
    seen = set()
    for page in reader.pages:
        for font in (page.get("/Resources", {}).get("/Font") or {}).values():
            font = font.get_object()
            for part in font.get("/DescendantFonts", [font]):
                descriptor = part.get_object().get("/FontDescriptor", {})
                if not any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3")):
                    seen.add(str(font.get("/BaseFont")))
    yield from (f"a font that is not inside: {name}" for name in sorted(seen))


def artefacts_of(content: bytes, page: int) -> str:
    """Hidden from who listens: how many pieces of text of a page are decoration."""
    reader = PdfReader(io.BytesIO(content))
    stack: list[str] = []
    found = 0
    stream = ContentStream(reader.pages[page - 1].get_contents(), reader)
    for operands, operator in stream.operations:
        if operator in (b"BDC", b"BMC"):
            stack.append(str(operands[0]))
        elif operator == b"EMC":
            stack.pop()
        elif operator in SHOWS_TEXT and "/Artifact" in stack:
            found += 1
    return str(found)
