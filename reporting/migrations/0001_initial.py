"""Every table of the room, made at once."""

import core.migration_operations
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('core', '0001_initial'),
        ('markets', '0001_initial'),
    ]

    operations = [
        core.migration_operations.CreateModels(
            models=[
                migrations.CreateModel(
                    name='HistoricalBilan',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(verbose_name='année')),
                        ('version', models.PositiveSmallIntegerField(default=1, verbose_name='version')),
                        ('state', models.CharField(choices=[('draft', 'brouillon'), ('reviewed', 'relu'), ('published', 'publié')], default='draft', max_length=10, verbose_name='état')),
                        ('narrative', models.JSONField(blank=True, default=dict, verbose_name='texte')),
                        ('rectification_reason', models.CharField(blank=True, max_length=300, verbose_name='motif de la rectification')),
                        ('snapshot', models.JSONField(blank=True, editable=False, null=True, verbose_name='chiffres arrêtés')),
                        ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='créé le')),
                        ('reviewed_at', models.DateTimeField(blank=True, null=True, verbose_name='relu le')),
                        ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                        ('edit_version', models.PositiveIntegerField(default=1, editable=False)),
                        ('buyer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.buyer', verbose_name='donneur d’ordre')),
                        ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='créé par')),
                        ('reviewed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='relu par')),
                        ('published_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='publié par')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical bilan',
                        'verbose_name_plural': 'historical bilans',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                        'indexes': [],
                        'constraints': [],
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Bilan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bilans', to='markets.buyer', verbose_name='donneur d’ordre')),
                        ('year', models.PositiveSmallIntegerField(verbose_name='année')),
                        ('version', models.PositiveSmallIntegerField(default=1, verbose_name='version')),
                        ('state', models.CharField(choices=[('draft', 'brouillon'), ('reviewed', 'relu'), ('published', 'publié')], default='draft', max_length=10, verbose_name='état')),
                        ('narrative', models.JSONField(blank=True, default=dict, verbose_name='texte')),
                        ('rectification_reason', models.CharField(blank=True, max_length=300, verbose_name='motif de la rectification')),
                        ('snapshot', models.JSONField(blank=True, editable=False, null=True, verbose_name='chiffres arrêtés')),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='créé par')),
                        ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créé le')),
                        ('reviewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='relu par')),
                        ('reviewed_at', models.DateTimeField(blank=True, null=True, verbose_name='relu le')),
                        ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='publié par')),
                        ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                        ('edit_version', models.PositiveIntegerField(default=1, editable=False)),
                    ],
                    options={
                        'verbose_name': 'bilan',
                        'verbose_name_plural': 'bilans',
                        'ordering': ('-year', 'buyer__name', '-version', 'pk'),
                        'constraints': [models.UniqueConstraint(fields=('buyer', 'year', 'version'), name='bilan_version_unique', violation_error_message='Cette version du bilan existe déjà.'), models.UniqueConstraint(condition=models.Q(('state', 'published'), _negated=True), fields=('buyer', 'year'), name='bilan_one_draft', violation_error_message='Un bilan de cette année est déjà en cours pour ce donneur d’ordre.'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), models.Q(('published_at__isnull', False), ('snapshot__isnull', False)), _connector='OR'), name='bilan_published_is_frozen', violation_error_message='Un bilan publié porte ses chiffres arrêtés et sa date.'), models.CheckConstraint(condition=models.Q(('version', 1), models.Q(('rectification_reason', ''), _negated=True), _connector='OR'), name='bilan_rectification_has_reason', violation_error_message='Une version rectifiée se motive : dites ce qui change.')],
                        'indexes': [],
                    },
                ),
                migrations.CreateModel(
                    name='BilanFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('bilan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='reporting.bilan', verbose_name='bilan')),
                        ('format', models.CharField(choices=[('pdf', 'PDF'), ('xlsx', 'XLSX'), ('json', 'JSON')], max_length=4, verbose_name='format')),
                        ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile', verbose_name='fichier')),
                    ],
                    options={
                        'verbose_name': 'fichier de bilan',
                        'verbose_name_plural': 'fichiers de bilan',
                        'ordering': ('bilan', 'format'),
                        'constraints': [models.UniqueConstraint(fields=('bilan', 'format'), name='bilan_file_once_per_format', violation_error_message='Ce fichier existe déjà.')],
                        'indexes': [],
                    },
                ),
            ],
        ),
    ]
