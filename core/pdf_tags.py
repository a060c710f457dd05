"""What WeasyPrint leaves to do in the structure of a tagged PDF, just before it is written.

Running heads, feet and page numbers are decoration for who listens (PDF/UA-1, 7.1); a header cell says what it heads; a list holds its
items.
"""

from __future__ import annotations

import re
from typing import Any

_REFERENCE = re.compile(rb"^(\d+) 0 R$")


def finish(document: Any, pdf: Any) -> None:
    """A finisher of `write_pdf`."""
    root = _at(pdf, pdf.catalog.get("StructTreeRoot"))
    if root is None:
        return
    tagged: dict[bytes, set[int]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.get("S") == "/L":
            _items(pdf, node)
        kids = node.get("K", ())
        for kid in kids if isinstance(kids, list) else [kids]:
            if isinstance(kid, int):
                tagged.setdefault(bytes(node["Pg"]), set()).add(kid)
            elif (child := _at(pdf, kid)) is not None and "S" in child:
                waiting.append(child)
        if node.get("S") == "/TR":
            _scope(pdf, node)
    for page in pdf.page_references:
        stream = _at(pdf, _at(pdf, page)["Contents"])
        _decorate(stream, tagged.get(bytes(page), set()))


def _at(pdf: Any, reference: Any) -> Any:
    """The object that a reference points at; None for anything else."""
    found = _REFERENCE.match(reference) if isinstance(reference, bytes) else None
    return pdf.objects[int(found[1])] if found else None


def _scope(pdf: Any, row: Any) -> None:
    """Header cells of a row of headers head their column, those beside figures head their row."""
    cells = [cell for kid in row["K"] if (cell := _at(pdf, kid)) is not None]
    scope = "/Row" if any(cell.get("S") == "/TD" for cell in cells) else "/Column"
    for cell in cells:
        if cell.get("S") == "/TH" and isinstance(cell.get("A"), dict):
            cell["A"]["Scope"] = scope


def _items(pdf: Any, node: Any) -> None:
    """A list holds its items: the boxes that keep a term with its meaning are not there for who listens."""
    kids: list[Any] = []
    for kid in node["K"]:
        child = _at(pdf, kid)
        if child is not None and child.get("S") == "/Div":
            for item in child["K"]:
                if (found := _at(pdf, item)) is not None:
                    found["P"] = child["P"]
                kids.append(item)
        else:
            kids.append(kid)
    node["K"][:] = kids


def _decorate(stream: Any, tagged: set[int]) -> None:
    """Marked content that hangs nowhere in the tree is that of the margins: an artefact."""
    import pydyf

    parts = stream.stream
    for index, part in enumerate(parts):
        if part == b"BDC" and parts[index - 1].get("MCID", -1) not in tagged:
            parts[index - 2] = "/Artifact"
            parts[index - 1] = pydyf.Dictionary({"Type": "/Pagination"})
