"""Facts about people that never change, but for two ways that the database itself knows: a merge and an anonymisation."""

from django.db import migrations

from core.triggers import ProtectRows

# A decision follows its person when two files are made one, and goes nowhere else.
FOLLOWS_A_MERGE = (
    "EXISTS (SELECT 1 FROM beneficiaries_beneficiary b "
    "WHERE b.id = OLD.beneficiary_id AND b.merged_into_id = NEW.beneficiary_id)"
)
# Free words go when the person is anonymised; nothing is ever written in their place.
ERASED = (
    "NEW.{column} IN ('', '(effacé)') AND EXISTS (SELECT 1 FROM beneficiaries_beneficiary b "
    "WHERE b.id = OLD.beneficiary_id AND b.anonymised_on IS NOT NULL)"
)
ERASED_WITH_REVIEW = (
    "NEW.{column} IN ('', '(effacé)') AND EXISTS (SELECT 1 FROM beneficiaries_beneficiary b "
    "JOIN beneficiaries_eligibilityreview r ON r.beneficiary_id = b.id "
    "WHERE r.id = OLD.review_id AND b.anonymised_on IS NOT NULL)"
)


class Migration(migrations.Migration):
    dependencies = [("beneficiaries", "0003_people_at_speed")]

    operations = [
        # The contours in which each person was recorded, before a newer list can change what their code means.
        migrations.RunSQL(
            "UPDATE beneficiaries_beneficiary SET qpv_vintage = "
            "(SELECT q.vintage FROM beneficiaries_qpv q WHERE q.code = beneficiaries_beneficiary.qpv_id) "
            "WHERE qpv_id IS NOT NULL AND qpv_vintage IS NULL",
            migrations.RunSQL.noop,
        ),
        ProtectRows(
            "beneficiaries_eligibilityreview",
            "Une décision d’éligibilité ne se modifie pas : enregistrez une correction.",
            columns=[
                "route",
                "decision",
                "decided_on",
                "decided_by_id",
                "recorded_at",
                "valid_until",
                "supersedes_id",
                "entry_age",
                "entry_gender",
                "entry_commune_id",
                "entry_qpv_id",
                "entry_qpv_vintage",
                "entry_education_id",
                "entry_unemployment",
                "entry_prescriber_id",
                "principal_id",
            ],
            allowed={
                "beneficiary_id": FOLLOWS_A_MERGE,
                "refusal_reason": ERASED.format(column="refusal_reason"),
                "note": ERASED.format(column="note"),
                "correction_reason": ERASED.format(column="correction_reason"),
            },
        ),
        ProtectRows(
            "beneficiaries_heldcriterion",
            "Les critères d’une décision ne se modifient pas : enregistrez une correction.",
            columns=["review_id", "criterion_id", "proof_date"],
            allowed={"proof_label": ERASED_WITH_REVIEW.format(column="proof_label")},
        ),
        ProtectRows(
            "beneficiaries_personmerge",
            "Une réunion de fiches ne se modifie pas.",
            columns=["kept_id", "merged_id", "moved", "merged_at", "merged_by_id"],
        ),
        ProtectRows("beneficiaries_recount", "Un recomptage ne se modifie pas."),
    ]
