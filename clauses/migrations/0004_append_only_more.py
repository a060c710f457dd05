"""Facts of the follow-up that never change once made, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("clauses", "0003_follow_up")]

    operations = [
        # A change of the table on SQLite drops its triggers: they are made again.
        ProtectRows(
            "clauses_commitmentchange",
            "Une évolution d’engagement ne se modifie pas : enregistrez-en une nouvelle.",
        ),
        ProtectRows(
            "clauses_escalationstep",
            "Une étape d’une difficulté ne se modifie pas : enregistrez la suivante.",
        ),
        # A recommendation that was sent: its content is fixed, its answer is still to come.
        ProtectRows(
            "clauses_recommendation",
            "Une préconisation envoyée ne se modifie pas : faites-en une nouvelle version.",
            columns=(
                "purchase_id",
                "market_id",
                "number",
                "title",
                "context",
                "hours_per_person",
                "penalty_text",
                "sent_on",
                "sent_by_id",
                "recipients",
                "pdf_id",
                "docx_id",
            ),
            when="OLD.state <> 'draft'",
        ),
        *(
            ProtectRows(
                table,
                "Une préconisation envoyée ne se modifie pas : faites-en une nouvelle version.",
                when="OLD.is_frozen",
            )
            for table in ("clauses_scenario", "clauses_scenariolot", "clauses_clausetext")
        ),
    ]
