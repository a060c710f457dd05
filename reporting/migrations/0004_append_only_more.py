"""Published bilans and points d’étape never change, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("reporting", "0003_final_bilan")]

    operations = [
        # A change of the table on SQLite drops its triggers: they are made again.
        ProtectRows(
            "reporting_bilan",
            "Un bilan publié ne change plus : faites une version rectifiée.",
            when="OLD.state = 'published'",
        ),
        ProtectRows("reporting_progressreport", "Un point d’étape ne change plus : faites-en un nouveau."),
    ]
