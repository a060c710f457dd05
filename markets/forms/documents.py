"""The form of a document of a market."""

from __future__ import annotations

from typing import Any

from django import forms

from markets.forms.files import DATE_HELP, RowForm
from markets.models import Lot, MarketDocument


class DocumentForm(RowForm):
    """A document, expected or received."""

    new_file = forms.FileField(
        label="Fichier",
        required=False,
        help_text="PDF, image, DOCX, XLSX ou ODT, 20 Mo au plus. Le déposer dit que la pièce est reçue.",
    )

    class Meta:
        model = MarketDocument
        fields = ("kind", "label", "lot", "received_on")
        help_texts = {"received_on": f"Vide tant qu’elle est attendue. {DATE_HELP}"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("lot", Lot, lambda rows: rows.filter(market=self.instance.market_id).order_by("pk"))
