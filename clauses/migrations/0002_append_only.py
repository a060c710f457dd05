"""Changes of commitments are append-only, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("clauses", "0001_initial")]

    operations = [
        ProtectRows(
            "clauses_commitmentchange",
            "Une évolution d’engagement ne se modifie pas : enregistrez-en une nouvelle.",
        ),
    ]
