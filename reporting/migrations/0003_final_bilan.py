import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '__first__'),
        ('core', '0002_search'),
        ('markets', '0002_purchase_to_fees'),
        ('reporting', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProgressReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_month', models.DateField(verbose_name='premier mois')),
                ('last_month', models.DateField(verbose_name='dernier mois')),
                ('snapshot', models.JSONField(editable=False, verbose_name='chiffres')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='fait le')),
                ('file', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile', verbose_name='fichier')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='fait par')),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='progress_reports', to='markets.market', verbose_name='marché')),
            ],
            options={
                'verbose_name': 'point d’étape',
                'verbose_name_plural': 'points d’étape',
                'ordering': ('-made_at', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('last_month__gte', models.F('first_month'))), name='progress_report_months', violation_error_message='Le dernier mois précède le premier : corrigez l’un des deux.')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='bilan',
            name='bilan_version_unique',
        ),
        migrations.RemoveConstraint(
            model_name='bilan',
            name='bilan_one_draft',
        ),
        migrations.AddField(
            model_name='bilan',
            name='kind',
            field=models.CharField(choices=[('annual', 'bilan annuel'), ('final', 'bilan final')], default='annual', max_length=10, verbose_name='nature'),
        ),
        migrations.AddField(
            model_name='bilan',
            name='market',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bilans', to='markets.market', verbose_name='marché'),
        ),
        migrations.AddField(
            model_name='bilan',
            name='operation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bilans', to='markets.operation', verbose_name='opération'),
        ),
        migrations.AddField(
            model_name='historicalbilan',
            name='kind',
            field=models.CharField(choices=[('annual', 'bilan annuel'), ('final', 'bilan final')], default='annual', max_length=10, verbose_name='nature'),
        ),
        migrations.AddField(
            model_name='historicalbilan',
            name='market',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.market', verbose_name='marché'),
        ),
        migrations.AddField(
            model_name='historicalbilan',
            name='operation',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.operation', verbose_name='opération'),
        ),
        migrations.AlterField(
            model_name='bilan',
            name='year',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='année'),
        ),
        migrations.AlterField(
            model_name='historicalbilan',
            name='year',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='année'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'annual'), ('market__isnull', True), ('operation__isnull', True), ('year__isnull', False)), models.Q(('kind', 'final'), ('market__isnull', False), ('operation__isnull', True), ('year__isnull', True)), models.Q(('kind', 'final'), ('market__isnull', True), ('operation__isnull', False), ('year__isnull', True)), _connector='OR'), name='bilan_subject', violation_error_message='Un bilan annuel porte sur une année ; un bilan final, sur un marché ou une opération.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'annual')), fields=('buyer', 'year', 'version'), name='bilan_version_unique', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'annual')), fields=('buyer', 'year'), name='bilan_one_draft', violation_error_message='Un bilan de cette année est déjà en cours pour ce donneur d’ordre.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'final'), ('market__isnull', False)), fields=('market', 'version'), name='bilan_version_unique_market', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'final'), ('market__isnull', False)), fields=('market',), name='bilan_one_draft_market', violation_error_message='Un bilan final est déjà en cours pour ce marché.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'final'), ('operation__isnull', False)), fields=('operation', 'version'), name='bilan_version_unique_operation', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'final'), ('operation__isnull', False)), fields=('operation',), name='bilan_one_draft_operation', violation_error_message='Un bilan final est déjà en cours pour cette opération.'),
        ),
    ]
