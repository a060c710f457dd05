"""Steps and projets transmis never change, in the database itself; nor do published bilans, whose table was remade."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_campaigns")]

    operations = [
        # A change of the table on SQLite drops its triggers: they are made again.
        ProtectRows(
            "reporting_bilan",
            "Un bilan publié ne change plus : faites une version rectifiée.",
            when="OLD.state = 'published'",
        ),
        ProtectRows("reporting_bilanstep", "Une étape d’un bilan ne se modifie pas."),
        ProtectRows("reporting_sentdraft", "Un projet transmis ne se modifie pas : transmettez le suivant."),
    ]
