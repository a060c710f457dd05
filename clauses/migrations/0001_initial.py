"""Every table of the room, made at once."""

import core.fields
import core.migration_operations
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('markets', '0001_initial'),
    ]

    operations = [
        core.migration_operations.CreateModels(
            models=[
                migrations.CreateModel(
                    name='HistoricalClause',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('execution', 'condition d’exécution (L2112-2)'), ('criterion', 'critère d’attribution'), ('execution_criterion', 'condition d’exécution et critère'), ('training', 'clause de formation'), ('immersion', 'stage, PMSMP'), ('voluntary', 'démarche volontaire')], default='execution', max_length=20, verbose_name='nature')),
                        ('minimum_hours', core.fields.HoursField(blank=True, decimal_places=2, max_digits=9, null=True, verbose_name='minimum d’heures')),
                        ('effort_rate', models.DecimalField(blank=True, decimal_places=2, help_text='en % des heures du lot', max_digits=5, null=True, verbose_name='taux d’effort')),
                        ('euros_per_hour', core.fields.AmountField(blank=True, decimal_places=2, help_text='accords-cadres : 1 h par tranche de … €', max_digits=15, null=True, verbose_name='euros facturés par heure due')),
                        ('penalty_text', models.CharField(blank=True, max_length=300, verbose_name='pénalité prévue')),
                        ('notes', models.TextField(blank=True, verbose_name='remarques')),
                        ('source', models.CharField(choices=[('screen', 'saisie'), ('decp', 'DECP'), ('take_over', 'reprise'), ('demo', 'démonstration')], default='screen', editable=False, max_length=12, verbose_name='origine')),
                        ('lot', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.lot', verbose_name='lot')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical clause',
                        'verbose_name_plural': 'historical clauses',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                        'indexes': [],
                        'constraints': [],
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Clause',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clauses', to='markets.lot', verbose_name='lot')),
                        ('kind', models.CharField(choices=[('execution', 'condition d’exécution (L2112-2)'), ('criterion', 'critère d’attribution'), ('execution_criterion', 'condition d’exécution et critère'), ('training', 'clause de formation'), ('immersion', 'stage, PMSMP'), ('voluntary', 'démarche volontaire')], default='execution', max_length=20, verbose_name='nature')),
                        ('minimum_hours', core.fields.HoursField(blank=True, decimal_places=2, max_digits=9, null=True, verbose_name='minimum d’heures')),
                        ('effort_rate', models.DecimalField(blank=True, decimal_places=2, help_text='en % des heures du lot', max_digits=5, null=True, verbose_name='taux d’effort')),
                        ('euros_per_hour', core.fields.AmountField(blank=True, decimal_places=2, help_text='accords-cadres : 1 h par tranche de … €', max_digits=15, null=True, verbose_name='euros facturés par heure due')),
                        ('penalty_text', models.CharField(blank=True, max_length=300, verbose_name='pénalité prévue')),
                        ('notes', models.TextField(blank=True, verbose_name='remarques')),
                        ('source', models.CharField(choices=[('screen', 'saisie'), ('decp', 'DECP'), ('take_over', 'reprise'), ('demo', 'démonstration')], default='screen', editable=False, max_length=12, verbose_name='origine')),
                    ],
                    options={
                        'verbose_name': 'clause',
                        'verbose_name_plural': 'clauses',
                        'ordering': ('lot', 'pk'),
                        'constraints': [models.UniqueConstraint(fields=('lot', 'kind'), name='clause_once_per_kind', violation_error_message='Ce lot a déjà une clause de cette nature.'), models.CheckConstraint(condition=models.Q(('minimum_hours__isnull', True), ('minimum_hours__gte', 0), _connector='OR'), name='clause_minimum_positive', violation_error_message='Le minimum d’heures ne peut pas être négatif.'), models.CheckConstraint(condition=models.Q(('effort_rate__isnull', True), models.Q(('effort_rate__gte', 0), ('effort_rate__lte', 100)), _connector='OR'), name='clause_effort_rate_percent', violation_error_message='Le taux d’effort se donne en pourcentage, entre 0 et 100.'), models.CheckConstraint(condition=models.Q(('euros_per_hour__isnull', True), ('euros_per_hour__gt', 0), _connector='OR'), name='clause_euros_per_hour_positive', violation_error_message='Le montant facturé par heure due doit être supérieur à zéro.')],
                        'indexes': [],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalCommitment',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('starts_on', models.DateField(blank=True, null=True, verbose_name='intervention du')),
                        ('ends_on', models.DateField(blank=True, null=True, verbose_name='au')),
                        ('notes', models.TextField(blank=True, verbose_name='remarques')),
                        ('clause', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clauses.clause', verbose_name='clause')),
                        ('award', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.award', verbose_name='attribution')),
                        ('market', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.market', verbose_name='marché')),
                        ('holder', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.company', verbose_name='porteur de l’engagement')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical engagement',
                        'verbose_name_plural': 'historical engagements',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                        'indexes': [],
                        'constraints': [],
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Commitment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('clause', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='clauses.clause', verbose_name='clause')),
                        ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='markets.award', verbose_name='attribution')),
                        ('market', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='markets.market', verbose_name='marché')),
                        ('holder', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='markets.company', verbose_name='porteur de l’engagement')),
                        ('starts_on', models.DateField(blank=True, null=True, verbose_name='intervention du')),
                        ('ends_on', models.DateField(blank=True, null=True, verbose_name='au')),
                        ('notes', models.TextField(blank=True, verbose_name='remarques')),
                    ],
                    options={
                        'verbose_name': 'engagement',
                        'verbose_name_plural': 'engagements',
                        'ordering': ('market', 'pk'),
                        'constraints': [models.UniqueConstraint(fields=('clause', 'award'), name='commitment_once_per_award', violation_error_message='Cette attribution porte déjà un engagement sur cette clause.'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='commitment_dates', violation_error_message='La fin de l’intervention précède son début.')],
                        'indexes': [],
                    },
                ),
                migrations.CreateModel(
                    name='CommitmentChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('commitment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='clauses.commitment', verbose_name='engagement')),
                        ('effective_on', models.DateField(verbose_name='prend effet le')),
                        ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='enregistré le')),
                        ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
                        ('delta', core.fields.HoursField(decimal_places=2, help_text='en heures, négative pour une décharge', max_digits=9, verbose_name='variation')),
                        ('reason', models.CharField(choices=[('minimum', 'minimum de la clause'), ('offer', 'offre au-dessus du minimum'), ('amendment', 'avenant'), ('order', 'bon de commande, facture'), ('tranche', 'affermissement de tranche'), ('move', 'répartition dans le groupement'), ('discharge', 'décharge accordée par le donneur d’ordre')], max_length=10, verbose_name='motif')),
                        ('note', models.CharField(blank=True, max_length=300, verbose_name='précisions')),
                    ],
                    options={
                        'verbose_name': 'évolution de l’engagement',
                        'verbose_name_plural': 'évolutions de l’engagement',
                        'ordering': ('effective_on', 'pk'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('delta', 0), _negated=True), name='commitment_change_not_zero', violation_error_message='Une évolution de zéro heure n’en est pas une.')],
                        'indexes': [],
                    },
                ),
            ],
        ),
    ]
