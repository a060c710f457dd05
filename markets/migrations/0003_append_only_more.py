"""Facts of the purchase that never change once made, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("markets", "0002_purchase_to_fees")]

    operations = [
        ProtectRows(
            "markets_invoice",
            "Une facture numérotée ne change plus : seuls sa transmission et son paiement s’inscrivent.",
            (
                "quote_id",
                "kind",
                "cancels_id",
                "net",
                "vat_rate",
                "vat",
                "total",
                "ready_on",
                "cause",
                "number",
                "series",
                "year",
                "sequence",
                "issued_on",
                "due_on",
                "snapshot",
                "document_id",
            ),
            "OLD.number <> ''",
        ),
    ]
