"""Decisions and validated hours are append-only, in the database itself."""

from django.db import migrations

from core.triggers import ProtectRows


class Migration(migrations.Migration):
    dependencies = [("beneficiaries", "0001_initial")]

    operations = [
        ProtectRows(
            "beneficiaries_eligibilityreview",
            "Une décision d’éligibilité ne se modifie pas : enregistrez une correction.",
        ),
        ProtectRows(
            "beneficiaries_heldcriterion",
            "Les critères d’une décision ne se modifient pas : enregistrez une correction.",
        ),
        ProtectRows(
            "beneficiaries_hoursentry",
            "Des heures validées ne se modifient pas : enregistrez une correction.",
            columns=[
                "assignment_id",
                "market_id",
                "month",
                "kind",
                "hours",
                "first_day",
                "last_day",
                "state",
                "source",
                "is_late",
                "validated_by_id",
                "validated_at",
                "supersedes_id",
            ],
            when="OLD.state = 'validated'",
        ),
        ProtectRows(
            "beneficiaries_assignment",
            "Cette affectation porte des heures : son engagement et son contrat ne changent plus.",
            columns=["commitment_id", "placement_id"],
            when="EXISTS (SELECT 1 FROM beneficiaries_hoursentry e WHERE e.assignment_id = OLD.id)",
        ),
    ]
