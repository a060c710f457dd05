"""Every table of the room, made at once."""

import core.fields
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Commune",
            fields=[
                (
                    "code",
                    models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code"),
                ),
                ("label", models.CharField(max_length=250, verbose_name="libellé")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rang")),
                ("is_active", models.BooleanField(default=True, verbose_name="en vigueur")),
                ("kind", models.CharField(default="commune", max_length=20, verbose_name="nature")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="markets.commune",
                        verbose_name="commune de rattachement",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predecessors",
                        to="markets.commune",
                        verbose_name="devenue",
                    ),
                ),
                ("department_code", models.CharField(blank=True, max_length=3, verbose_name="département")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="depuis")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
                ("population", models.PositiveIntegerField(blank=True, null=True, verbose_name="population")),
            ],
            options={
                "verbose_name": "commune",
                "verbose_name_plural": "communes",
                "ordering": ("label", "code"),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="CpvCode",
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
                "verbose_name": "code CPV",
                "verbose_name_plural": "codes CPV",
                "ordering": ("code",),
                "abstract": False,
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBuyer",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=300, verbose_name="nom")),
                ("short_name", models.CharField(blank=True, max_length=120, verbose_name="nom d’usage")),
                ("identifier", models.CharField(blank=True, max_length=40, verbose_name="identifiant")),
                (
                    "identifier_kind",
                    models.CharField(
                        choices=[
                            ("siret", "SIRET"),
                            ("vat", "TVA intracommunautaire"),
                            ("foreign", "identifiant étranger"),
                            ("unknown", "identifiant à vérifier"),
                            ("none", "sans identifiant"),
                        ],
                        default="siret",
                        max_length=10,
                        verbose_name="nature de l’identifiant",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="adresse")),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("commune", "commune"),
                            ("intercommunal", "métropole, communauté, syndicat"),
                            ("department", "département"),
                            ("region", "région"),
                            ("state", "État"),
                            ("social_landlord", "bailleur social"),
                            ("hospital", "hôpital"),
                            ("sem_spl", "SEM, SPL"),
                            ("developer", "aménageur"),
                            ("public_body", "établissement public"),
                            ("private", "privé"),
                            ("other", "autre"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                (
                    "agreement_since",
                    models.DateField(blank=True, null=True, verbose_name="conventionné depuis"),
                ),
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
                "verbose_name": "historical donneur d’ordre",
                "verbose_name_plural": "historical donneurs d’ordre",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Buyer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=300, verbose_name="nom")),
                ("short_name", models.CharField(blank=True, max_length=120, verbose_name="nom d’usage")),
                ("identifier", models.CharField(blank=True, max_length=40, verbose_name="identifiant")),
                (
                    "identifier_kind",
                    models.CharField(
                        choices=[
                            ("siret", "SIRET"),
                            ("vat", "TVA intracommunautaire"),
                            ("foreign", "identifiant étranger"),
                            ("unknown", "identifiant à vérifier"),
                            ("none", "sans identifiant"),
                        ],
                        default="siret",
                        max_length=10,
                        verbose_name="nature de l’identifiant",
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
                        verbose_name="commune",
                    ),
                ),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("commune", "commune"),
                            ("intercommunal", "métropole, communauté, syndicat"),
                            ("department", "département"),
                            ("region", "région"),
                            ("state", "État"),
                            ("social_landlord", "bailleur social"),
                            ("hospital", "hôpital"),
                            ("sem_spl", "SEM, SPL"),
                            ("developer", "aménageur"),
                            ("public_body", "établissement public"),
                            ("private", "privé"),
                            ("other", "autre"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                (
                    "agreement_since",
                    models.DateField(blank=True, null=True, verbose_name="conventionné depuis"),
                ),
            ],
            options={
                "verbose_name": "donneur d’ordre",
                "verbose_name_plural": "donneurs d’ordre",
                "ordering": ("name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("identifier", ""), _negated=True),
                        fields=("identifier",),
                        name="buyer_identifier_unique",
                        violation_error_message="Un donneur d’ordre porte déjà cet identifiant : ouvrez sa fiche.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDepartment",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("is_active", models.BooleanField(default=True, verbose_name="en activité")),
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
                "verbose_name": "historical direction, service",
                "verbose_name_plural": "historical directions, services",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Department",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departments",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("is_active", models.BooleanField(default=True, verbose_name="en activité")),
            ],
            options={
                "verbose_name": "direction, service",
                "verbose_name_plural": "directions, services",
                "ordering": ("name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("buyer", "name"),
                        name="department_unique_name",
                        violation_error_message="Ce donneur d’ordre a déjà une direction de ce nom.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBuyerMembership",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="compte",
                    ),
                ),
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
                    "department",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.department",
                        verbose_name="limité à",
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
                "verbose_name": "historical accès d’un donneur d’ordre",
                "verbose_name_plural": "historical accès des donneurs d’ordre",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="BuyerMembership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="buyer_memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="compte",
                    ),
                ),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="markets.department",
                        verbose_name="limité à",
                    ),
                ),
            ],
            options={
                "verbose_name": "accès d’un donneur d’ordre",
                "verbose_name_plural": "accès des donneurs d’ordre",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "buyer"),
                        name="buyer_membership_unique",
                        violation_error_message="Ce compte a déjà accès à ce donneur d’ordre.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCompany",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=300, verbose_name="nom")),
                ("short_name", models.CharField(blank=True, max_length=120, verbose_name="nom d’usage")),
                ("identifier", models.CharField(blank=True, max_length=40, verbose_name="identifiant")),
                (
                    "identifier_kind",
                    models.CharField(
                        choices=[
                            ("siret", "SIRET"),
                            ("vat", "TVA intracommunautaire"),
                            ("foreign", "identifiant étranger"),
                            ("unknown", "identifiant à vérifier"),
                            ("none", "sans identifiant"),
                        ],
                        default="siret",
                        max_length=10,
                        verbose_name="nature de l’identifiant",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="adresse")),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
                ("sectors", models.CharField(blank=True, max_length=300, verbose_name="secteurs d’activité")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
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
                "verbose_name": "historical entreprise",
                "verbose_name_plural": "historical entreprises",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                ("name", models.CharField(max_length=300, verbose_name="nom")),
                ("short_name", models.CharField(blank=True, max_length=120, verbose_name="nom d’usage")),
                ("identifier", models.CharField(blank=True, max_length=40, verbose_name="identifiant")),
                (
                    "identifier_kind",
                    models.CharField(
                        choices=[
                            ("siret", "SIRET"),
                            ("vat", "TVA intracommunautaire"),
                            ("foreign", "identifiant étranger"),
                            ("unknown", "identifiant à vérifier"),
                            ("none", "sans identifiant"),
                        ],
                        default="siret",
                        max_length=10,
                        verbose_name="nature de l’identifiant",
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
                        verbose_name="commune",
                    ),
                ),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                ("sectors", models.CharField(blank=True, max_length=300, verbose_name="secteurs d’activité")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
            ],
            options={
                "verbose_name": "entreprise",
                "verbose_name_plural": "entreprises",
                "ordering": ("name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("identifier", ""), _negated=True),
                        fields=("identifier",),
                        name="company_identifier_unique",
                        violation_error_message="Une entreprise porte déjà cet identifiant : ouvrez sa fiche.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCompanyKind",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ordinary", "entreprise"),
                            ("EI", "EI, entreprise d’insertion"),
                            ("ETTI", "ETTI, entreprise de travail temporaire d’insertion"),
                            ("ACI", "ACI, atelier et chantier d’insertion"),
                            ("AI", "AI, association intermédiaire"),
                            ("EITI", "EITI, insertion par le travail indépendant"),
                            ("GEIQ", "GEIQ"),
                            ("EA", "EA, entreprise adaptée"),
                            ("EATT", "EATT, entreprise adaptée de travail temporaire"),
                            ("ESAT", "ESAT"),
                            ("REGIE", "régie de quartier"),
                            ("ETT", "ETT, entreprise de travail temporaire"),
                        ],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise",
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
                "verbose_name": "historical nature d’entreprise",
                "verbose_name_plural": "historical natures d’entreprise",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CompanyKind",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kinds",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ordinary", "entreprise"),
                            ("EI", "EI, entreprise d’insertion"),
                            ("ETTI", "ETTI, entreprise de travail temporaire d’insertion"),
                            ("ACI", "ACI, atelier et chantier d’insertion"),
                            ("AI", "AI, association intermédiaire"),
                            ("EITI", "EITI, insertion par le travail indépendant"),
                            ("GEIQ", "GEIQ"),
                            ("EA", "EA, entreprise adaptée"),
                            ("EATT", "EATT, entreprise adaptée de travail temporaire"),
                            ("ESAT", "ESAT"),
                            ("REGIE", "régie de quartier"),
                            ("ETT", "ETT, entreprise de travail temporaire"),
                        ],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
            ],
            options={
                "verbose_name": "nature d’entreprise",
                "verbose_name_plural": "natures d’entreprise",
                "ordering": ("kind", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on__isnull", True)),
                        fields=("company", "kind"),
                        name="company_kind_open_once",
                        violation_error_message="Cette entreprise a déjà cette nature : fermez l’ancienne d’abord.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_on__isnull", True),
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="company_kind_dates",
                        violation_error_message="La date de fin précède la date de début.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCompanyMembership",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="compte",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise",
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
                "verbose_name": "historical accès d’une entreprise",
                "verbose_name_plural": "historical accès des entreprises",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CompanyMembership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="company_memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="compte",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
            ],
            options={
                "verbose_name": "accès d’une entreprise",
                "verbose_name_plural": "accès des entreprises",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "company"),
                        name="company_membership_unique",
                        violation_error_message="Ce compte a déjà accès à cette entreprise.",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalHouse",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET")),
                ("address", models.TextField(blank=True, verbose_name="adresse")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("signatory", models.CharField(blank=True, max_length=200, verbose_name="signataire")),
                (
                    "signatory_title",
                    models.CharField(blank=True, max_length=200, verbose_name="qualité du signataire"),
                ),
                (
                    "logo",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="core.storedfile",
                        verbose_name="logo",
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
                "verbose_name": "historical maison",
                "verbose_name_plural": "historical maison",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="House",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET")),
                ("address", models.TextField(blank=True, verbose_name="adresse")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("signatory", models.CharField(blank=True, max_length=200, verbose_name="signataire")),
                (
                    "signatory_title",
                    models.CharField(blank=True, max_length=200, verbose_name="qualité du signataire"),
                ),
                (
                    "logo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="core.storedfile",
                        verbose_name="logo",
                    ),
                ),
            ],
            options={
                "verbose_name": "maison",
                "verbose_name_plural": "maison",
                "ordering": ("pk",),
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Market",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="markets",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="markets",
                        to="markets.department",
                        verbose_name="direction, service",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        help_text="celle du donneur d’ordre", max_length=60, verbose_name="référence"
                    ),
                ),
                ("decp_id", models.CharField(blank=True, max_length=60, verbose_name="identifiant DECP")),
                ("object", models.CharField(max_length=1000, verbose_name="objet")),
                ("cpv", models.CharField(blank=True, max_length=10, verbose_name="CPV")),
                (
                    "family",
                    models.CharField(
                        choices=[
                            ("works", "travaux"),
                            ("services", "services"),
                            ("supplies", "fournitures"),
                            ("intellectual", "prestations intellectuelles"),
                        ],
                        default="works",
                        max_length=12,
                        verbose_name="famille d’achat",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("market", "marché"),
                            ("concession", "concession"),
                            ("insertion", "marché d’insertion"),
                            ("private", "marché privé volontaire"),
                        ],
                        default="market",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                (
                    "procedure",
                    models.CharField(
                        choices=[
                            ("adapted", "procédure adaptée"),
                            ("open_tender", "appel d’offres ouvert"),
                            ("restricted_tender", "appel d’offres restreint"),
                            ("negotiated", "procédure avec négociation"),
                            ("dialogue", "dialogue compétitif"),
                            ("direct", "marché sans publicité ni mise en concurrence"),
                            ("other", "autre ou non renseignée"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="procédure",
                    ),
                ),
                (
                    "technique",
                    models.CharField(
                        choices=[
                            ("none", "sans technique d’achat"),
                            ("framework", "accord-cadre"),
                            ("subsequent", "marché subséquent"),
                            ("dynamic", "système d’acquisition dynamique"),
                            ("other", "autre"),
                        ],
                        default="none",
                        max_length=12,
                        verbose_name="technique d’achat",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subsequent",
                        to="markets.market",
                        verbose_name="accord-cadre",
                    ),
                ),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
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
                        verbose_name="lieu d’exécution",
                    ),
                ),
                (
                    "place",
                    models.CharField(blank=True, max_length=200, verbose_name="lieu d’exécution, précisions"),
                ),
                ("notified_on", models.DateField(blank=True, null=True, verbose_name="notifié le")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="ordre de service")),
                ("planned_end", models.DateField(blank=True, null=True, verbose_name="fin prévue")),
                ("received_on", models.DateField(blank=True, null=True, verbose_name="réception le")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="clos le")),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
            ],
            options={
                "verbose_name": "marché",
                "verbose_name_plural": "marchés",
                "ordering": ("-notified_on", "reference", "pk"),
                "indexes": [
                    models.Index(fields=["buyer", "notified_on"], name="market_buyer_notified"),
                    models.Index(fields=["buyer", "decp_id"], name="market_buyer_decp"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("buyer", "reference"),
                        name="market_reference_unique",
                        violation_error_message="Ce donneur d’ordre a déjà un marché de cette référence.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                        name="market_amount_positive",
                        violation_error_message="Le montant ne peut pas être négatif.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_on__isnull", True),
                            ("planned_end__isnull", True),
                            ("planned_end__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="market_end_after_start",
                        violation_error_message="La fin prévue précède l’ordre de service : corrigez l’une des deux dates.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("notified_on__isnull", True),
                            ("planned_end__isnull", True),
                            ("planned_end__gte", models.F("notified_on")),
                            _connector="OR",
                        ),
                        name="market_end_after_notification",
                        violation_error_message="La fin prévue précède la notification : corrigez l’une des deux dates.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_on__isnull", True),
                            ("notified_on__isnull", True),
                            ("closed_on__gte", models.F("notified_on")),
                            _connector="OR",
                        ),
                        name="market_closed_after_notification",
                        violation_error_message="La clôture précède la notification : corrigez l’une des deux dates.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalMarket",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("search_key", models.CharField(db_index=True, default="", editable=False, max_length=500)),
                (
                    "reference",
                    models.CharField(
                        help_text="celle du donneur d’ordre", max_length=60, verbose_name="référence"
                    ),
                ),
                ("decp_id", models.CharField(blank=True, max_length=60, verbose_name="identifiant DECP")),
                ("object", models.CharField(max_length=1000, verbose_name="objet")),
                ("cpv", models.CharField(blank=True, max_length=10, verbose_name="CPV")),
                (
                    "family",
                    models.CharField(
                        choices=[
                            ("works", "travaux"),
                            ("services", "services"),
                            ("supplies", "fournitures"),
                            ("intellectual", "prestations intellectuelles"),
                        ],
                        default="works",
                        max_length=12,
                        verbose_name="famille d’achat",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("market", "marché"),
                            ("concession", "concession"),
                            ("insertion", "marché d’insertion"),
                            ("private", "marché privé volontaire"),
                        ],
                        default="market",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                (
                    "procedure",
                    models.CharField(
                        choices=[
                            ("adapted", "procédure adaptée"),
                            ("open_tender", "appel d’offres ouvert"),
                            ("restricted_tender", "appel d’offres restreint"),
                            ("negotiated", "procédure avec négociation"),
                            ("dialogue", "dialogue compétitif"),
                            ("direct", "marché sans publicité ni mise en concurrence"),
                            ("other", "autre ou non renseignée"),
                        ],
                        default="other",
                        max_length=20,
                        verbose_name="procédure",
                    ),
                ),
                (
                    "technique",
                    models.CharField(
                        choices=[
                            ("none", "sans technique d’achat"),
                            ("framework", "accord-cadre"),
                            ("subsequent", "marché subséquent"),
                            ("dynamic", "système d’acquisition dynamique"),
                            ("other", "autre"),
                        ],
                        default="none",
                        max_length=12,
                        verbose_name="technique d’achat",
                    ),
                ),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
                    ),
                ),
                (
                    "place",
                    models.CharField(blank=True, max_length=200, verbose_name="lieu d’exécution, précisions"),
                ),
                ("notified_on", models.DateField(blank=True, null=True, verbose_name="notifié le")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="ordre de service")),
                ("planned_end", models.DateField(blank=True, null=True, verbose_name="fin prévue")),
                ("received_on", models.DateField(blank=True, null=True, verbose_name="réception le")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="clos le")),
                ("notes", models.TextField(blank=True, verbose_name="remarques")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("screen", "saisie"),
                            ("decp", "DECP"),
                            ("take_over", "reprise"),
                            ("demo", "démonstration"),
                        ],
                        default="screen",
                        editable=False,
                        max_length=12,
                        verbose_name="origine",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="créé le")),
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
                    "department",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.department",
                        verbose_name="direction, service",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.market",
                        verbose_name="accord-cadre",
                    ),
                ),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.commune",
                        verbose_name="lieu d’exécution",
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
                "verbose_name": "historical marché",
                "verbose_name_plural": "historical marchés",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLot",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("number", models.CharField(default="1", max_length=20, verbose_name="numéro")),
                ("object", models.CharField(blank=True, max_length=1000, verbose_name="objet")),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
                    ),
                ),
                (
                    "reservation",
                    models.CharField(
                        choices=[
                            ("none", "non réservé"),
                            ("ea_esat", "réservé EA, ESAT (L2113-12)"),
                            ("siae", "réservé SIAE (L2113-13)"),
                            ("prison", "réservé travail pénitentiaire (L2113-13-1)"),
                            ("ess", "réservé ESS (L2113-15)"),
                            ("to_specify", "réservé, fondement à préciser"),
                        ],
                        default="none",
                        max_length=12,
                        verbose_name="réservation",
                    ),
                ),
                ("decp_key", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "decp_published_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="publié dans les DECP le"
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
                "verbose_name": "historical lot",
                "verbose_name_plural": "historical lots",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lots",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                ("number", models.CharField(default="1", max_length=20, verbose_name="numéro")),
                ("object", models.CharField(blank=True, max_length=1000, verbose_name="objet")),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
                    ),
                ),
                (
                    "reservation",
                    models.CharField(
                        choices=[
                            ("none", "non réservé"),
                            ("ea_esat", "réservé EA, ESAT (L2113-12)"),
                            ("siae", "réservé SIAE (L2113-13)"),
                            ("prison", "réservé travail pénitentiaire (L2113-13-1)"),
                            ("ess", "réservé ESS (L2113-15)"),
                            ("to_specify", "réservé, fondement à préciser"),
                        ],
                        default="none",
                        max_length=12,
                        verbose_name="réservation",
                    ),
                ),
                ("decp_key", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "decp_published_on",
                    models.DateField(
                        blank=True, editable=False, null=True, verbose_name="publié dans les DECP le"
                    ),
                ),
            ],
            options={
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
                "ordering": ("market", "number", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("market", "number"),
                        name="lot_number_unique",
                        violation_error_message="Ce marché a déjà un lot de ce numéro.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                        name="lot_amount_positive",
                        violation_error_message="Le montant ne peut pas être négatif.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAward",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("holder", "titulaire"),
                            ("leader", "mandataire"),
                            ("co_contractor", "cotraitant"),
                            ("subcontractor", "sous-traitant"),
                        ],
                        default="holder",
                        max_length=14,
                        verbose_name="rôle",
                    ),
                ),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
                    ),
                ),
                ("joint_and_several", models.BooleanField(default=False, verbose_name="solidaire")),
                ("awarded_on", models.DateField(blank=True, null=True, verbose_name="attribué le")),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.lot",
                        verbose_name="lot",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise",
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
                "verbose_name": "historical attribution",
                "verbose_name_plural": "historical attributions",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Award",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="awards",
                        to="markets.lot",
                        verbose_name="lot",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="awards",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("holder", "titulaire"),
                            ("leader", "mandataire"),
                            ("co_contractor", "cotraitant"),
                            ("subcontractor", "sous-traitant"),
                        ],
                        default="holder",
                        max_length=14,
                        verbose_name="rôle",
                    ),
                ),
                (
                    "amount",
                    core.fields.AmountField(
                        blank=True,
                        decimal_places=2,
                        max_digits=15,
                        null=True,
                        verbose_name="montant hors taxes",
                    ),
                ),
                ("joint_and_several", models.BooleanField(default=False, verbose_name="solidaire")),
                ("awarded_on", models.DateField(blank=True, null=True, verbose_name="attribué le")),
            ],
            options={
                "verbose_name": "attribution",
                "verbose_name_plural": "attributions",
                "ordering": ("lot", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lot", "company"),
                        name="award_once_per_company",
                        violation_error_message="Cette entreprise est déjà attributaire de ce lot.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                        name="award_amount_positive",
                        violation_error_message="Le montant ne peut pas être négatif.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalContact",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("main", "référent·e"),
                            ("insertion", "interlocuteur·rice insertion"),
                            ("hierarchy", "responsable hiérarchique"),
                            ("other", "autre contact"),
                        ],
                        default="main",
                        max_length=10,
                        verbose_name="qualité",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("function", models.CharField(blank=True, max_length=200, verbose_name="fonction")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
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
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise",
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
                "verbose_name": "historical contact",
                "verbose_name_plural": "historical contacts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Contact",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("main", "référent·e"),
                            ("insertion", "interlocuteur·rice insertion"),
                            ("hierarchy", "responsable hiérarchique"),
                            ("other", "autre contact"),
                        ],
                        default="main",
                        max_length=10,
                        verbose_name="qualité",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
                ("function", models.CharField(blank=True, max_length=200, verbose_name="fonction")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="adresse électronique")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="téléphone")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "ordering": ("name", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("buyer__isnull", False), ("company__isnull", True)),
                            models.Q(("buyer__isnull", True), ("company__isnull", False)),
                            _connector="OR",
                        ),
                        name="contact_of_one_organisation",
                        violation_error_message="Un contact appartient à un donneur d’ordre ou à une entreprise.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_on__isnull", True),
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="contact_dates",
                        violation_error_message="La date de fin précède la date de début.",
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="HistoricalResponsibility",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("starts_on", models.DateField(verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
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
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
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
                    "facilitator",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="facilitateur·rice",
                    ),
                ),
                (
                    "stand_in",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="suppléant·e",
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
                "verbose_name": "historical responsabilité",
                "verbose_name_plural": "historical responsabilités",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Responsibility",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responsibilities",
                        to="markets.market",
                        verbose_name="marché",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responsibilities",
                        to="markets.company",
                        verbose_name="entreprise",
                    ),
                ),
                (
                    "buyer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responsibilities",
                        to="markets.buyer",
                        verbose_name="donneur d’ordre",
                    ),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="responsibilities",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="facilitateur·rice",
                    ),
                ),
                (
                    "stand_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stand_in_responsibilities",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="suppléant·e",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="depuis le")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
            ],
            options={
                "verbose_name": "responsabilité",
                "verbose_name_plural": "responsabilités",
                "ordering": ("-starts_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("buyer__isnull", True), ("company__isnull", True), ("market__isnull", False)
                            ),
                            models.Q(
                                ("buyer__isnull", True), ("company__isnull", False), ("market__isnull", True)
                            ),
                            models.Q(
                                ("buyer__isnull", False), ("company__isnull", True), ("market__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="responsibility_of_one_thing",
                        violation_error_message="Une responsabilité porte sur un marché, une entreprise ou un donneur d’ordre.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="responsibility_dates",
                        violation_error_message="La date de fin précède la date de début.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on__isnull", True), ("market__isnull", False)),
                        fields=("market",),
                        name="responsibility_open_once_market",
                        violation_error_message="Quelqu’un en est déjà responsable : passez le relais plutôt.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on__isnull", True), ("company__isnull", False)),
                        fields=("company",),
                        name="responsibility_open_once_company",
                        violation_error_message="Quelqu’un en est déjà responsable : passez le relais plutôt.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on__isnull", True), ("buyer__isnull", False)),
                        fields=("buyer",),
                        name="responsibility_open_once_buyer",
                        violation_error_message="Quelqu’un en est déjà responsable : passez le relais plutôt.",
                    ),
                ],
                "indexes": [],
            },
        ),
    ]
