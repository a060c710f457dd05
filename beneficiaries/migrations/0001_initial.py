"""Every table of the room, made at once."""

import core.fields
import datetime
import django.db.models.deletion
import simple_history.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("clauses", "0001_initial"),
        ("markets", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractType",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("employment", "emploi"),
                            ("immersion", "immersion"),
                            ("training", "formation"),
                        ],
                        default="employment",
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
            ],
            options={
                "verbose_name": "type de contrat",
                "verbose_name_plural": "types de contrat",
                "ordering": ("position", "code"),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="EducationLevel",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
                ("band", models.CharField(max_length=12, verbose_name="tranche")),
            ],
            options={
                "verbose_name": "niveau de formation",
                "verbose_name_plural": "niveaux de formation",
                "ordering": ("position", "code"),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Occupation",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
            ],
            options={
                "verbose_name": "métier (ROME)",
                "verbose_name_plural": "métiers (ROME)",
                "ordering": ("code",),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Qpv",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
                ("vintage", models.PositiveSmallIntegerField(verbose_name="millésime")),
                ("commune_codes", models.CharField(blank=True, max_length=250, verbose_name="communes")),
            ],
            options={
                "verbose_name": "quartier prioritaire",
                "verbose_name_plural": "quartiers prioritaires",
                "ordering": ("label", "code"),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="EligibilityCriterion",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
                ("proof", models.CharField(blank=True, max_length=250, verbose_name="justificatif")),
                (
                    "proof_max_age_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="en mois ; vide : valable à l’embauche",
                        null=True,
                        verbose_name="âge maximal du justificatif",
                    ),
                ),
                (
                    "route",
                    models.CharField(
                        choices=[("automatic", "automatique"), ("individual", "individuelle")],
                        default="individual",
                        max_length=12,
                        verbose_name="voie",
                    ),
                ),
                (
                    "sufficiency",
                    models.CharField(
                        choices=[
                            ("alone", "suffit seul"),
                            ("combined", "à combiner"),
                            ("priority", "priorité seulement"),
                        ],
                        default="alone",
                        max_length=12,
                        verbose_name="portée",
                    ),
                ),
                ("sensitive", models.BooleanField(default=False, verbose_name="sensible")),
                ("public", models.CharField(blank=True, max_length=20, verbose_name="public")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="depuis")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
            ],
            options={
                "verbose_name": "critère d’éligibilité",
                "verbose_name_plural": "critères d’éligibilité",
                "ordering": ("position", "code"),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPrescriber",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=250, verbose_name="nom")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("france_travail", "France Travail"),
                            ("local_mission", "mission locale"),
                            ("cap_emploi", "Cap emploi"),
                            ("plie", "PLIE"),
                            ("metropole", "métropole ou département (RSA)"),
                            ("ccas", "CCAS"),
                            ("spip", "SPIP"),
                            ("association", "association"),
                            ("siae", "SIAE, GEIQ"),
                            ("other", "autre"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("is_active", models.BooleanField(default=True, verbose_name="en activité")),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="commune",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical prescripteur",
                "verbose_name_plural": "historical prescripteurs",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Prescriber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=250, verbose_name="nom")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("france_travail", "France Travail"),
                            ("local_mission", "mission locale"),
                            ("cap_emploi", "Cap emploi"),
                            ("plie", "PLIE"),
                            ("metropole", "métropole ou département (RSA)"),
                            ("ccas", "CCAS"),
                            ("spip", "SPIP"),
                            ("association", "association"),
                            ("siae", "SIAE, GEIQ"),
                            ("other", "autre"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="commune",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("is_active", models.BooleanField(default=True, verbose_name="en activité")),
            ],
            options={
                "verbose_name": "prescripteur",
                "verbose_name_plural": "prescripteurs",
                "ordering": ("name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "kind"),
                        name="prescriber_unique",
                        violation_error_message="Ce prescripteur existe déjà.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBeneficiary",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("last_name", models.CharField(max_length=300, verbose_name="nom")),
                ("first_name", models.CharField(max_length=300, verbose_name="prénom")),
                ("birth_name", models.CharField(blank=True, max_length=300, verbose_name="nom de naissance")),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="date de naissance")),
                (
                    "gender",
                    models.CharField(
                        blank=True,
                        choices=[("F", "femme"), ("M", "homme"), ("X", "autre ou non communiqué")],
                        max_length=1,
                        verbose_name="genre",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="adresse")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                (
                    "informed_on",
                    models.DateField(
                        blank=True,
                        help_text="articles 13 et 14 du RGPD",
                        null=True,
                        verbose_name="information sur les données remise le",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="commune ou arrondissement",
                    ),
                ),
                (
                    "qpv",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.qpv",
                        verbose_name="quartier prioritaire (QPV)",
                    ),
                ),
                (
                    "education",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.educationlevel",
                        verbose_name="niveau de formation",
                    ),
                ),
                (
                    "prescriber",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.prescriber",
                        verbose_name="prescripteur",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical personne",
                "verbose_name_plural": "historical personnes",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Beneficiary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("last_name", models.CharField(max_length=300, verbose_name="nom")),
                ("first_name", models.CharField(max_length=300, verbose_name="prénom")),
                ("birth_name", models.CharField(blank=True, max_length=300, verbose_name="nom de naissance")),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="date de naissance")),
                (
                    "gender",
                    models.CharField(
                        blank=True,
                        choices=[("F", "femme"), ("M", "homme"), ("X", "autre ou non communiqué")],
                        max_length=1,
                        verbose_name="genre",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="adresse")),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="commune ou arrondissement",
                    ),
                ),
                (
                    "qpv",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.qpv",
                        verbose_name="quartier prioritaire (QPV)",
                    ),
                ),
                (
                    "education",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.educationlevel",
                        verbose_name="niveau de formation",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                (
                    "prescriber",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beneficiaries",
                        to="beneficiaries.prescriber",
                        verbose_name="prescripteur",
                    ),
                ),
                (
                    "informed_on",
                    models.DateField(
                        blank=True,
                        help_text="articles 13 et 14 du RGPD",
                        null=True,
                        verbose_name="information sur les données remise le",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
            ],
            options={
                "verbose_name": "personne",
                "verbose_name_plural": "personnes",
                "ordering": ("last_name", "first_name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("birth_date__isnull", False)),
                        fields=("search_key", "birth_date"),
                        name="beneficiary_name_and_birth_unique",
                        violation_error_message="Une personne de ce nom née ce jour-là existe déjà : ouvrez sa fiche.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("birth_date__isnull", True),
                            ("birth_date__gte", datetime.date(1900, 1, 1)),
                            _connector="OR",
                        ),
                        name="beneficiary_born_after_1900",
                        violation_error_message="La date de naissance est antérieure à 1900 : vérifiez l’année.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="EligibilityReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "beneficiary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="beneficiaries.beneficiary",
                        verbose_name="personne",
                    ),
                ),
                (
                    "route",
                    models.CharField(
                        choices=[("automatic", "automatique"), ("individual", "individuelle")],
                        default="individual",
                        max_length=12,
                        verbose_name="voie",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[("approved", "éligible"), ("refused", "refusé")],
                        max_length=10,
                        verbose_name="décision",
                    ),
                ),
                ("decided_on", models.DateField(verbose_name="décidé le")),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="par",
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="enregistré le")),
                (
                    "valid_until",
                    models.DateField(
                        blank=True,
                        help_text="une validation inutilisée s’éteint après ce jour",
                        null=True,
                        verbose_name="à utiliser avant le",
                    ),
                ),
                ("refusal_reason", models.TextField(blank=True, verbose_name="motif du refus")),
                ("note", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="corrige",
                    ),
                ),
                (
                    "correction_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="motif de la correction"),
                ),
                (
                    "entry_age",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="âge à l’entrée"),
                ),
                (
                    "entry_gender",
                    models.CharField(
                        blank=True,
                        choices=[("F", "femme"), ("M", "homme"), ("X", "autre ou non communiqué")],
                        max_length=1,
                        verbose_name="genre",
                    ),
                ),
                (
                    "entry_commune",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="résidence à l’entrée",
                    ),
                ),
                (
                    "entry_qpv",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.qpv",
                        verbose_name="QPV à l’entrée",
                    ),
                ),
                (
                    "entry_qpv_vintage",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="millésime du QPV"),
                ),
                (
                    "entry_education",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.educationlevel",
                        verbose_name="formation à l’entrée",
                    ),
                ),
                (
                    "entry_unemployment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lt6", "moins de 6 mois"),
                            ("6_11", "de 6 à 11 mois"),
                            ("12_23", "de 12 à 23 mois"),
                            ("ge24", "24 mois et plus"),
                        ],
                        max_length=6,
                        verbose_name="durée de chômage à l’entrée",
                    ),
                ),
                (
                    "entry_prescriber",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.prescriber",
                        verbose_name="prescripteur à l’entrée",
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.eligibilitycriterion",
                        verbose_name="statut principal à l’entrée",
                    ),
                ),
            ],
            options={
                "verbose_name": "décision d’éligibilité",
                "verbose_name_plural": "décisions d’éligibilité",
                "ordering": ("-decided_on", "-pk"),
                "indexes": [models.Index(fields=["beneficiary", "decided_on"], name="review_person_decided")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "refused"), _negated=True),
                            models.Q(("refusal_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_refusal_has_reason",
                        violation_error_message="Un refus se motive : dites pourquoi.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("decided_on")),
                            _connector="OR",
                        ),
                        name="review_valid_after_decision",
                        violation_error_message="La validation s’éteindrait avant d’avoir été décidée.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            models.Q(("correction_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_correction_has_reason",
                        violation_error_message="Une correction se motive : dites pourquoi.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldCriterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="held_criteria",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="décision",
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.eligibilitycriterion",
                        verbose_name="critère",
                    ),
                ),
                ("proof_date", models.DateField(blank=True, null=True, verbose_name="date du justificatif")),
                ("proof_label", models.CharField(blank=True, max_length=250, verbose_name="justificatif vu")),
            ],
            options={
                "verbose_name": "critère tenu",
                "verbose_name_plural": "critères tenus",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "criterion"),
                        name="held_criterion_once",
                        violation_error_message="Ce critère est déjà coché.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalEligibilityPeriod",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("starts_on", models.DateField(verbose_name="du")),
                ("ends_on", models.DateField(verbose_name="au")),
                (
                    "beneficiary",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.beneficiary",
                        verbose_name="personne",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="ouverte par",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical période d’éligibilité",
                "verbose_name_plural": "historical périodes d’éligibilité",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="EligibilityPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "beneficiary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="beneficiaries.beneficiary",
                        verbose_name="personne",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="ouverte par",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="du")),
                ("ends_on", models.DateField(verbose_name="au")),
            ],
            options={
                "verbose_name": "période d’éligibilité",
                "verbose_name_plural": "périodes d’éligibilité",
                "ordering": ("starts_on", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("beneficiary", "starts_on"),
                        name="eligibility_period_unique_start",
                        violation_error_message="Une période d’éligibilité commence déjà ce jour-là.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="eligibility_period_dates",
                        violation_error_message="La fin de la période précède son début.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="Placement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "beneficiary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placements",
                        to="beneficiaries.beneficiary",
                        verbose_name="personne",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("employment", "emploi"),
                            ("immersion", "immersion"),
                            ("training", "formation"),
                        ],
                        default="employment",
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                (
                    "employer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placements",
                        to="markets.company",
                        verbose_name="employeur ou structure d’accueil",
                    ),
                ),
                (
                    "contract_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.contracttype",
                        verbose_name="type de contrat",
                    ),
                ),
                (
                    "modality",
                    models.CharField(
                        choices=[
                            ("direct", "embauche directe"),
                            ("ETTI", "mise à disposition, ETTI"),
                            ("AI", "mise à disposition, AI"),
                            ("GEIQ", "mise à disposition, GEIQ"),
                            ("ETT", "mise à disposition, ETT"),
                            ("adapted", "EA, EATT, ESAT"),
                            ("regie", "régie de quartier"),
                            ("siae_contract", "cotraitance ou sous-traitance d’une SIAE"),
                            ("training", "formation"),
                            ("pmsmp", "PMSMP"),
                            ("stage", "stage"),
                        ],
                        default="direct",
                        max_length=14,
                        verbose_name="modalité",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="début du contrat")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="fin du contrat")),
                (
                    "weekly_hours",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=4,
                        null=True,
                        verbose_name="heures par semaine",
                    ),
                ),
                (
                    "occupation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="beneficiaries.occupation",
                        verbose_name="métier (ROME)",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renewals",
                        to="beneficiaries.placement",
                        verbose_name="renouvelle ou continue",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
            ],
            options={
                "verbose_name": "contrat ou étape",
                "verbose_name_plural": "contrats et étapes",
                "ordering": ("-starts_on", "-pk"),
                "indexes": [
                    models.Index(fields=["beneficiary", "employer", "starts_on"], name="placement_chain")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="placement_dates",
                        violation_error_message="La fin du contrat précède son début.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("weekly_hours__isnull", True),
                            models.Q(("weekly_hours__gt", 0), ("weekly_hours__lte", 48)),
                            _connector="OR",
                        ),
                        name="placement_weekly_hours",
                        violation_error_message="La durée hebdomadaire se situe entre 0 et 48 heures.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPlacement",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("employment", "emploi"),
                            ("immersion", "immersion"),
                            ("training", "formation"),
                        ],
                        default="employment",
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                (
                    "modality",
                    models.CharField(
                        choices=[
                            ("direct", "embauche directe"),
                            ("ETTI", "mise à disposition, ETTI"),
                            ("AI", "mise à disposition, AI"),
                            ("GEIQ", "mise à disposition, GEIQ"),
                            ("ETT", "mise à disposition, ETT"),
                            ("adapted", "EA, EATT, ESAT"),
                            ("regie", "régie de quartier"),
                            ("siae_contract", "cotraitance ou sous-traitance d’une SIAE"),
                            ("training", "formation"),
                            ("pmsmp", "PMSMP"),
                            ("stage", "stage"),
                        ],
                        default="direct",
                        max_length=14,
                        verbose_name="modalité",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="début du contrat")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="fin du contrat")),
                (
                    "weekly_hours",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=4,
                        null=True,
                        verbose_name="heures par semaine",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
                (
                    "beneficiary",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.beneficiary",
                        verbose_name="personne",
                    ),
                ),
                (
                    "employer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="employeur ou structure d’accueil",
                    ),
                ),
                (
                    "contract_type",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.contracttype",
                        verbose_name="type de contrat",
                    ),
                ),
                (
                    "occupation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.occupation",
                        verbose_name="métier (ROME)",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.placement",
                        verbose_name="renouvelle ou continue",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical contrat ou étape",
                "verbose_name_plural": "historical contrats et étapes",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAssignment",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("starts_on", models.DateField(verbose_name="début de l’affectation")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="fin de l’affectation")),
                (
                    "positioned_on",
                    models.DateField(blank=True, null=True, verbose_name="positionnement enregistré le"),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
                (
                    "placement",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.placement",
                        verbose_name="contrat ou étape",
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="clauses.commitment",
                        verbose_name="engagement",
                    ),
                ),
                (
                    "user_company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise utilisatrice",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="décision d’éligibilité",
                    ),
                ),
                (
                    "positioned_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="par",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical affectation",
                "verbose_name_plural": "historical affectations",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="beneficiaries.placement",
                        verbose_name="contrat ou étape",
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="clauses.commitment",
                        verbose_name="engagement",
                    ),
                ),
                (
                    "user_company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise utilisatrice",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="début de l’affectation")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="fin de l’affectation")),
                (
                    "review",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="beneficiaries.eligibilityreview",
                        verbose_name="décision d’éligibilité",
                    ),
                ),
                (
                    "positioned_on",
                    models.DateField(blank=True, null=True, verbose_name="positionnement enregistré le"),
                ),
                (
                    "positioned_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="par",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
            ],
            options={
                "verbose_name": "affectation",
                "verbose_name_plural": "affectations",
                "ordering": ("-starts_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="assignment_dates",
                        violation_error_message="La fin de l’affectation précède son début.",
                    ),
                    models.UniqueConstraint(
                        fields=("placement", "commitment", "starts_on"),
                        name="assignment_unique",
                        violation_error_message="Cette affectation existe déjà.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HoursEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="beneficiaries.assignment",
                        verbose_name="affectation",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                ("month", core.fields.MonthField(verbose_name="mois")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("work", "travail"),
                            ("training", "formation"),
                            ("tutoring", "tutorat"),
                            ("immersion", "immersion"),
                        ],
                        default="work",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("hours", core.fields.HoursField(decimal_places=2, max_digits=9, verbose_name="heures")),
                ("first_day", models.DateField(blank=True, null=True, verbose_name="premier jour")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="dernier jour")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "brouillon"),
                            ("submitted", "soumis"),
                            ("validated", "validé"),
                            ("sent_back", "à corriger"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                (
                    "sent_back_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="motif du renvoi"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("import", "import"),
                            ("portal", "portail"),
                            ("api", "API"),
                            ("take_over", "reprise"),
                        ],
                        default="screen",
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                (
                    "counted_hours",
                    core.fields.HoursField(
                        decimal_places=2, default=0, max_digits=9, verbose_name="heures comptées"
                    ),
                ),
                (
                    "counting_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "à calculer"),
                            ("counted", "comptées"),
                            ("not_validated", "personne non validée"),
                            ("no_prior_validation", "validation postérieure au début"),
                            ("validation_expired", "validation expirée"),
                            ("outside_assignment", "hors de l’affectation"),
                            ("outside_market", "hors de la vie du marché"),
                            ("kind_not_counted", "nature d’heures non comptée"),
                            ("period_used_up", "période d’éligibilité épuisée"),
                            ("over_cap", "au-delà du plafond"),
                        ],
                        default="",
                        max_length=22,
                        verbose_name="comptée ?",
                    ),
                ),
                ("counting_detail", models.CharField(blank=True, max_length=400, verbose_name="explication")),
                ("after_planned_end", models.BooleanField(default=False, verbose_name="après la fin prévue")),
                (
                    "is_late",
                    models.BooleanField(
                        default=False,
                        help_text="validée après la clôture de son année",
                        verbose_name="hors bilan publié",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisi par",
                    ),
                ),
                ("entered_at", models.DateTimeField(auto_now_add=True, verbose_name="saisi le")),
                (
                    "validated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="validé par",
                    ),
                ),
                ("validated_at", models.DateTimeField(blank=True, null=True, verbose_name="validé le")),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="beneficiaries.hoursentry",
                        verbose_name="corrige",
                    ),
                ),
                ("is_superseded", models.BooleanField(default=False, verbose_name="remplacée")),
                (
                    "correction_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="motif de la correction"),
                ),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
            ],
            options={
                "verbose_name": "relevé d’heures",
                "verbose_name_plural": "relevés d’heures",
                "ordering": ("-month", "-pk"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_superseded", False), ("state", "validated")),
                        fields=["market", "month", "assignment", "counted_hours"],
                        name="hours_market_month",
                    ),
                    models.Index(fields=["month", "state"], name="hours_month_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_superseded", False)),
                        fields=("assignment", "month", "kind"),
                        name="hours_entry_once_per_month_and_kind",
                        violation_error_message="Ce mois est déjà saisi pour cette affectation : corrigez la ligne existante.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hours__gte", 0), ("hours__lte", 744)),
                        name="hours_entry_within_a_month",
                        violation_error_message="Les heures d’un mois se situent entre 0 et 744 (31 jours de 24 heures).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counted_hours__gte", 0), ("counted_hours__lte", models.F("hours"))
                        ),
                        name="hours_entry_counted_within_hours",
                        violation_error_message="On ne compte jamais plus d’heures qu’il n’en a été fait.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            models.Q(("correction_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="hours_entry_correction_has_reason",
                        violation_error_message="Une correction se motive : dites pourquoi.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent_back"), _negated=True),
                            models.Q(("sent_back_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="hours_entry_sent_back_has_reason",
                        violation_error_message="Un renvoi se motive : dites à l’entreprise ce qui est à corriger.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_day__isnull", True),
                            ("last_day__isnull", True),
                            ("last_day__gte", models.F("first_day")),
                            _connector="OR",
                        ),
                        name="hours_entry_days",
                        violation_error_message="Le dernier jour précède le premier.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalHoursEntry",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("month", core.fields.MonthField(verbose_name="mois")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("work", "travail"),
                            ("training", "formation"),
                            ("tutoring", "tutorat"),
                            ("immersion", "immersion"),
                        ],
                        default="work",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("hours", core.fields.HoursField(decimal_places=2, max_digits=9, verbose_name="heures")),
                ("first_day", models.DateField(blank=True, null=True, verbose_name="premier jour")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="dernier jour")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "brouillon"),
                            ("submitted", "soumis"),
                            ("validated", "validé"),
                            ("sent_back", "à corriger"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                (
                    "sent_back_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="motif du renvoi"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("import", "import"),
                            ("portal", "portail"),
                            ("api", "API"),
                            ("take_over", "reprise"),
                        ],
                        default="screen",
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                (
                    "counted_hours",
                    core.fields.HoursField(
                        decimal_places=2, default=0, max_digits=9, verbose_name="heures comptées"
                    ),
                ),
                (
                    "counting_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "à calculer"),
                            ("counted", "comptées"),
                            ("not_validated", "personne non validée"),
                            ("no_prior_validation", "validation postérieure au début"),
                            ("validation_expired", "validation expirée"),
                            ("outside_assignment", "hors de l’affectation"),
                            ("outside_market", "hors de la vie du marché"),
                            ("kind_not_counted", "nature d’heures non comptée"),
                            ("period_used_up", "période d’éligibilité épuisée"),
                            ("over_cap", "au-delà du plafond"),
                        ],
                        default="",
                        max_length=22,
                        verbose_name="comptée ?",
                    ),
                ),
                ("counting_detail", models.CharField(blank=True, max_length=400, verbose_name="explication")),
                ("after_planned_end", models.BooleanField(default=False, verbose_name="après la fin prévue")),
                (
                    "is_late",
                    models.BooleanField(
                        default=False,
                        help_text="validée après la clôture de son année",
                        verbose_name="hors bilan publié",
                    ),
                ),
                ("entered_at", models.DateTimeField(blank=True, editable=False, verbose_name="saisi le")),
                ("validated_at", models.DateTimeField(blank=True, null=True, verbose_name="validé le")),
                ("is_superseded", models.BooleanField(default=False, verbose_name="remplacée")),
                (
                    "correction_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="motif de la correction"),
                ),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.assignment",
                        verbose_name="affectation",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisi par",
                    ),
                ),
                (
                    "validated_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="validé par",
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="beneficiaries.hoursentry",
                        verbose_name="corrige",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical relevé d’heures",
                "verbose_name_plural": "historical relevés d’heures",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ClosedYear",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(unique=True, verbose_name="année")),
                ("closed_at", models.DateTimeField(auto_now_add=True, verbose_name="close le")),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="par",
                    ),
                ),
            ],
            options={
                "verbose_name": "année close",
                "verbose_name_plural": "années closes",
                "ordering": ("-year",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("year__gte", 2000), ("year__lte", 2100)),
                        name="closed_year_plausible",
                        violation_error_message="L’année se situe entre 2000 et 2100.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCountingRules",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("in_force_from", core.fields.MonthField(verbose_name="à partir de")),
                ("counts_work", models.BooleanField(default=True, verbose_name="le travail compte")),
                ("counts_training", models.BooleanField(default=True, verbose_name="la formation compte")),
                ("counts_tutoring", models.BooleanField(default=False, verbose_name="le tutorat compte")),
                ("counts_immersion", models.BooleanField(default=False, verbose_name="l’immersion compte")),
                (
                    "period_months",
                    models.PositiveSmallIntegerField(
                        default=24, help_text="en mois", verbose_name="période d’éligibilité"
                    ),
                ),
                (
                    "review_validity_months",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="en mois",
                        verbose_name="une validation inutilisée s’éteint après",
                    ),
                ),
                (
                    "full_time_month",
                    core.fields.HoursField(
                        decimal_places=2,
                        default=Decimal("151.67"),
                        help_text="heures par mois : alerte",
                        max_digits=9,
                        verbose_name="temps plein",
                    ),
                ),
                (
                    "legal_max_month",
                    core.fields.HoursField(
                        decimal_places=2,
                        default=Decimal("220"),
                        help_text="heures par mois : refus",
                        max_digits=9,
                        verbose_name="maximum légal",
                    ),
                ),
                (
                    "month_cap",
                    core.fields.HoursField(
                        blank=True,
                        decimal_places=2,
                        help_text="heures comptées par personne et par mois ; vide : le maximum légal",
                        max_digits=9,
                        null=True,
                        verbose_name="plafond mensuel",
                    ),
                ),
                (
                    "extension_months",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="prolongations par type de contrat"
                    ),
                ),
                (
                    "chain_gap_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="en jours",
                        verbose_name="écart entre deux contrats qui n’en font qu’un",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="source, précisions")),
                (
                    "buyer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Créé"), ("~", "Modifié"), ("-", "Effacé")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical règles de comptage",
                "verbose_name_plural": "historical règles de comptage",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CountingRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "buyer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counting_rules",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counting_rules",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                ("in_force_from", core.fields.MonthField(verbose_name="à partir de")),
                ("counts_work", models.BooleanField(default=True, verbose_name="le travail compte")),
                ("counts_training", models.BooleanField(default=True, verbose_name="la formation compte")),
                ("counts_tutoring", models.BooleanField(default=False, verbose_name="le tutorat compte")),
                ("counts_immersion", models.BooleanField(default=False, verbose_name="l’immersion compte")),
                (
                    "period_months",
                    models.PositiveSmallIntegerField(
                        default=24, help_text="en mois", verbose_name="période d’éligibilité"
                    ),
                ),
                (
                    "review_validity_months",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="en mois",
                        verbose_name="une validation inutilisée s’éteint après",
                    ),
                ),
                (
                    "full_time_month",
                    core.fields.HoursField(
                        decimal_places=2,
                        default=Decimal("151.67"),
                        help_text="heures par mois : alerte",
                        max_digits=9,
                        verbose_name="temps plein",
                    ),
                ),
                (
                    "legal_max_month",
                    core.fields.HoursField(
                        decimal_places=2,
                        default=Decimal("220"),
                        help_text="heures par mois : refus",
                        max_digits=9,
                        verbose_name="maximum légal",
                    ),
                ),
                (
                    "month_cap",
                    core.fields.HoursField(
                        blank=True,
                        decimal_places=2,
                        help_text="heures comptées par personne et par mois ; vide : le maximum légal",
                        max_digits=9,
                        null=True,
                        verbose_name="plafond mensuel",
                    ),
                ),
                (
                    "extension_months",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="prolongations par type de contrat"
                    ),
                ),
                (
                    "chain_gap_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="en jours",
                        verbose_name="écart entre deux contrats qui n’en font qu’un",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="source, précisions")),
            ],
            options={
                "verbose_name": "règles de comptage",
                "verbose_name_plural": "règles de comptage",
                "ordering": ("-in_force_from", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buyer__isnull", True), ("market__isnull", True), _connector="OR"
                        ),
                        name="counting_rules_one_scope",
                        violation_error_message="Ces règles valent pour un donneur d’ordre ou pour un marché, pas les deux.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("buyer__isnull", True), ("market__isnull", True)),
                        fields=("in_force_from",),
                        name="counting_rules_territory_month",
                        violation_error_message="Des règles du territoire commencent déjà ce mois-là.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("buyer__isnull", False)),
                        fields=("buyer", "in_force_from"),
                        name="counting_rules_buyer_month",
                        violation_error_message="Des règles de ce donneur d’ordre commencent déjà ce mois-là.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("market__isnull", False)),
                        fields=("market", "in_force_from"),
                        name="counting_rules_market_month",
                        violation_error_message="Des règles de ce marché commencent déjà ce mois-là.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("period_months__gte", 1),
                            ("legal_max_month__gt", 0),
                            models.Q(("month_cap__isnull", True), ("month_cap__gt", 0), _connector="OR"),
                        ),
                        name="counting_rules_positive",
                        violation_error_message="La période et le maximum mensuel doivent être supérieurs à zéro.",
                    ),
                ],
                "indexes": [],
            },
        ),
    ]
