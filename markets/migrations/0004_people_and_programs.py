import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '__first__'),
        ('markets', '0003_append_only_more'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='logiciel')),
                ('prefix', models.CharField(max_length=12, verbose_name='début de la clé')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créée le')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expire le')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='dernier appel')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='retirée le')),
                ('buyer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='api_tokens', to='markets.buyer', verbose_name='donneur d’ordre')),
                ('company', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='api_tokens', to='markets.company', verbose_name='entreprise')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
            ],
            options={
                'verbose_name': 'clé d’interface',
                'verbose_name_plural': 'clés d’interface',
                'ordering': ('-created_at', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', True), ('company__isnull', False)), models.Q(('buyer__isnull', False), ('company__isnull', True)), _connector='OR'), name='api_token_of_one_organisation', violation_error_message='Une clé est celle d’une entreprise ou d’un donneur d’ordre.')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalApiToken',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='logiciel')),
                ('prefix', models.CharField(max_length=12, verbose_name='début de la clé')),
                ('digest', models.CharField(db_index=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='créée le')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expire le')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='dernier appel')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='retirée le')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('buyer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.buyer', verbose_name='donneur d’ordre')),
                ('company', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.company', verbose_name='entreprise')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical clé d’interface',
                'verbose_name_plural': 'historical clés d’interface',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ApiAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, verbose_name='clé d’idempotence')),
                ('request_digest', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(verbose_name='code')),
                ('answer', models.JSONField(default=dict, verbose_name='réponse')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='le')),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='markets.apitoken', verbose_name='clé')),
            ],
            options={
                'verbose_name': 'réponse d’interface',
                'verbose_name_plural': 'réponses d’interface',
                'ordering': ('-created_at', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('token', 'key'), name='api_answer_once', violation_error_message='Cette clé d’idempotence a déjà servi.')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='task',
            name='task_of_one_file',
        ),
        migrations.AddField(
            model_name='historicaltask',
            name='person_number',
            field=models.PositiveBigIntegerField(blank=True, db_index=True, editable=False, null=True, verbose_name='personne'),
        ),
        migrations.AddField(
            model_name='task',
            name='person_number',
            field=models.PositiveBigIntegerField(blank=True, db_index=True, editable=False, null=True, verbose_name='personne'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', True), ('market__isnull', False)), models.Q(('buyer__isnull', False), ('market__isnull', True)), models.Q(('buyer__isnull', True), ('company__isnull', False), ('market__isnull', True)), models.Q(('buyer__isnull', True), ('market__isnull', True), ('person_number__isnull', False)), _connector='OR'), name='task_of_one_file', violation_error_message='Une échéance porte sur un marché, une entreprise, un donneur d’ordre ou une personne.'),
        ),
    ]
