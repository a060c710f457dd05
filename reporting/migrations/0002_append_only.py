"""A published bilan and its files never change, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_initial")]

    operations = [
        ProtectRows(
            "reporting_bilan",
            "Un bilan publié ne change plus : faites une version rectifiée.",
            when="OLD.state = 'published'",
        ),
        ProtectRows("reporting_bilanfile", "Un fichier de bilan publié ne change plus."),
    ]
