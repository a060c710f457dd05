import core.migration_operations
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '__first__'),
        ('beneficiaries', '0004_append_only_more'),
        ('core', '0003_access_links'),
        ('markets', '0005_logos'),
        ('reporting', '0004_append_only_more'),
    ]

    operations = [
        core.migration_operations.CreateModels(
            models=[
                migrations.CreateModel(
                    name='BilanComment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('side', models.CharField(choices=[('house', 'de la maison'), ('buyer', 'du donneur d’ordre')], max_length=5, verbose_name='de')),
                        ('chapter', models.CharField(blank=True, max_length=30, verbose_name='chapitre')),
                        ('text', models.TextField(max_length=5000, verbose_name='observation')),
                        ('at', models.DateTimeField(auto_now_add=True, verbose_name='le')),
                        ('outcome', models.CharField(blank=True, choices=[('taken', 'pris en compte'), ('answered', 'répondu'), ('declined', 'non retenu')], max_length=8, verbose_name='suite')),
                        ('answer', models.TextField(blank=True, max_length=5000, verbose_name='réponse')),
                        ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='répondu le')),
                    ],
                    options={
                        'verbose_name': 'observation',
                        'verbose_name_plural': 'observations',
                        'ordering': ('at', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='BilanDelivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('email', models.EmailField(max_length=254, verbose_name='adresse')),
                        ('sent_at', models.DateTimeField(auto_now_add=True, verbose_name='remis le')),
                        ('first_download_at', models.DateTimeField(blank=True, null=True, verbose_name='premier téléchargement')),
                        ('last_download_at', models.DateTimeField(blank=True, null=True, verbose_name='dernier téléchargement')),
                        ('downloads', models.PositiveIntegerField(default=0, verbose_name='téléchargements')),
                    ],
                    options={
                        'verbose_name': 'remise d’un bilan',
                        'verbose_name_plural': 'remises d’un bilan',
                        'ordering': ('-sent_at', '-pk'),
                    },
                ),
                migrations.CreateModel(
                    name='BilanStep',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('started', 'ouvert'), ('submitted', 'proposé à la relecture'), ('sent_back', 'renvoyé à la rédaction'), ('reviewed', 'relu'), ('reopened', 'rouvert'), ('sent', 'projet transmis'), ('published', 'publié'), ('delivered', 'remis')], max_length=10, verbose_name='étape')),
                        ('reason', models.TextField(blank=True, max_length=2000, verbose_name='motif')),
                        ('at', models.DateTimeField(auto_now_add=True, verbose_name='le')),
                    ],
                    options={
                        'verbose_name': 'étape d’un bilan',
                        'verbose_name_plural': 'étapes d’un bilan',
                        'ordering': ('at', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='Campaign',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(unique=True, verbose_name='année')),
                        ('due_on', models.DateField(blank=True, null=True, verbose_name='bilans à remettre avant le')),
                        ('opened_at', models.DateTimeField(auto_now_add=True, verbose_name='ouverte le')),
                    ],
                    options={
                        'verbose_name': 'campagne de bilans',
                        'verbose_name_plural': 'campagnes de bilans',
                        'ordering': ('-year',),
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalBilanComment',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('side', models.CharField(choices=[('house', 'de la maison'), ('buyer', 'du donneur d’ordre')], max_length=5, verbose_name='de')),
                        ('chapter', models.CharField(blank=True, max_length=30, verbose_name='chapitre')),
                        ('text', models.TextField(max_length=5000, verbose_name='observation')),
                        ('at', models.DateTimeField(blank=True, editable=False, verbose_name='le')),
                        ('outcome', models.CharField(blank=True, choices=[('taken', 'pris en compte'), ('answered', 'répondu'), ('declined', 'non retenu')], max_length=8, verbose_name='suite')),
                        ('answer', models.TextField(blank=True, max_length=5000, verbose_name='réponse')),
                        ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='répondu le')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical observation',
                        'verbose_name_plural': 'historical observations',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalBilanDelivery',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('email', models.EmailField(max_length=254, verbose_name='adresse')),
                        ('sent_at', models.DateTimeField(blank=True, editable=False, verbose_name='remis le')),
                        ('first_download_at', models.DateTimeField(blank=True, null=True, verbose_name='premier téléchargement')),
                        ('last_download_at', models.DateTimeField(blank=True, null=True, verbose_name='dernier téléchargement')),
                        ('downloads', models.PositiveIntegerField(default=0, verbose_name='téléchargements')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical remise d’un bilan',
                        'verbose_name_plural': 'historical remises d’un bilan',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalCampaign',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(db_index=True, verbose_name='année')),
                        ('due_on', models.DateField(blank=True, null=True, verbose_name='bilans à remettre avant le')),
                        ('opened_at', models.DateTimeField(blank=True, editable=False, verbose_name='ouverte le')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical campagne de bilans',
                        'verbose_name_plural': 'historical campagnes de bilans',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalImprovementAction',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('title', models.CharField(max_length=300, verbose_name='axe d’amélioration')),
                        ('owner', models.CharField(choices=[('house', 'la maison'), ('buyer', 'le donneur d’ordre'), ('both', 'les deux')], default='both', max_length=5, verbose_name='porté par')),
                        ('due_on', models.DateField(blank=True, null=True, verbose_name='pour le')),
                        ('state', models.CharField(choices=[('to_do', 'à engager'), ('ongoing', 'en cours'), ('done', 'réalisé'), ('dropped', 'abandonné')], default='to_do', max_length=8, verbose_name='état')),
                        ('progress', models.TextField(blank=True, max_length=2000, verbose_name='où en est-on')),
                        ('settled_on', models.DateField(blank=True, null=True, verbose_name='terminé le')),
                        ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='créé le')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical axe d’amélioration',
                        'verbose_name_plural': 'historical axes d’amélioration',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalPartnershipNote',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(verbose_name='année')),
                        ('meeting_on', models.DateField(blank=True, null=True, verbose_name='réunion annuelle le')),
                        ('participants', models.CharField(blank=True, max_length=500, verbose_name='participant·es')),
                        ('minutes', models.TextField(blank=True, max_length=20000, verbose_name='compte rendu')),
                        ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='créée le')),
                        ('shared_at', models.DateTimeField(blank=True, null=True, verbose_name='partagée le')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical note de partenariat',
                        'verbose_name_plural': 'historical notes de partenariat',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalPathPortrait',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('text', models.TextField(max_length=3000, verbose_name='récit')),
                        ('consent_on', models.DateField(blank=True, null=True, verbose_name='accord donné le')),
                        ('withdrawn_on', models.DateField(blank=True, null=True, verbose_name='accord retiré le')),
                        ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='écrit le')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.CharField(max_length=100, null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical portrait de parcours',
                        'verbose_name_plural': 'historical portraits de parcours',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='ImprovementAction',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=300, verbose_name='axe d’amélioration')),
                        ('owner', models.CharField(choices=[('house', 'la maison'), ('buyer', 'le donneur d’ordre'), ('both', 'les deux')], default='both', max_length=5, verbose_name='porté par')),
                        ('due_on', models.DateField(blank=True, null=True, verbose_name='pour le')),
                        ('state', models.CharField(choices=[('to_do', 'à engager'), ('ongoing', 'en cours'), ('done', 'réalisé'), ('dropped', 'abandonné')], default='to_do', max_length=8, verbose_name='état')),
                        ('progress', models.TextField(blank=True, max_length=2000, verbose_name='où en est-on')),
                        ('settled_on', models.DateField(blank=True, null=True, verbose_name='terminé le')),
                        ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créé le')),
                    ],
                    options={
                        'verbose_name': 'axe d’amélioration',
                        'verbose_name_plural': 'axes d’amélioration',
                        'ordering': ('note', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='KeptFigures',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(unique=True, verbose_name='année')),
                        ('state', models.CharField(editable=False, max_length=64)),
                        ('figures', models.JSONField(editable=False, verbose_name='chiffres')),
                        ('seconds', models.FloatField(editable=False, verbose_name='durée du calcul')),
                        ('computed_at', models.DateTimeField(editable=False, verbose_name='calculés le')),
                    ],
                    options={
                        'verbose_name': 'chiffres gardés',
                        'verbose_name_plural': 'chiffres gardés',
                        'ordering': ('-year',),
                    },
                ),
                migrations.CreateModel(
                    name='PartnershipNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('year', models.PositiveSmallIntegerField(verbose_name='année')),
                        ('meeting_on', models.DateField(blank=True, null=True, verbose_name='réunion annuelle le')),
                        ('participants', models.CharField(blank=True, max_length=500, verbose_name='participant·es')),
                        ('minutes', models.TextField(blank=True, max_length=20000, verbose_name='compte rendu')),
                        ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créée le')),
                        ('shared_at', models.DateTimeField(blank=True, null=True, verbose_name='partagée le')),
                    ],
                    options={
                        'verbose_name': 'note de partenariat',
                        'verbose_name_plural': 'notes de partenariat',
                        'ordering': ('-year', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='PathPortrait',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField(max_length=3000, verbose_name='récit')),
                        ('consent_on', models.DateField(blank=True, null=True, verbose_name='accord donné le')),
                        ('withdrawn_on', models.DateField(blank=True, null=True, verbose_name='accord retiré le')),
                        ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='écrit le')),
                    ],
                    options={
                        'verbose_name': 'portrait de parcours',
                        'verbose_name_plural': 'portraits de parcours',
                        'ordering': ('bilan', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='PublicationBatch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='demandée le')),
                        ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='annulée le')),
                    ],
                    options={
                        'verbose_name': 'publication groupée',
                        'verbose_name_plural': 'publications groupées',
                        'ordering': ('-created_at', '-pk'),
                    },
                ),
                migrations.CreateModel(
                    name='PublicationItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ],
                    options={
                        'verbose_name': 'bilan d’une publication groupée',
                        'verbose_name_plural': 'bilans d’une publication groupée',
                        'ordering': ('batch', 'pk'),
                    },
                ),
                migrations.CreateModel(
                    name='SentDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveSmallIntegerField(verbose_name='numéro')),
                        ('snapshot', models.JSONField(editable=False, verbose_name='chiffres et texte du jour')),
                        ('word', models.TextField(blank=True, max_length=2000, verbose_name='mot d’accompagnement')),
                        ('comments_until', models.DateField(verbose_name='observations jusqu’au')),
                        ('sent_at', models.DateTimeField(auto_now_add=True, verbose_name='transmis le')),
                    ],
                    options={
                        'verbose_name': 'projet transmis',
                        'verbose_name_plural': 'projets transmis',
                        'ordering': ('bilan', '-number'),
                    },
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='bilan',
            name='bilan_subject',
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
            name='drafting',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='phrases proposées'),
        ),
        migrations.AddField(
            model_name='bilan',
            name='writer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bilans_to_write', to=settings.AUTH_USER_MODEL, verbose_name='rédigé par'),
        ),
        migrations.AddField(
            model_name='historicalbilan',
            name='drafting',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='phrases proposées'),
        ),
        migrations.AddField(
            model_name='historicalbilan',
            name='writer',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='rédigé par'),
        ),
        migrations.AlterField(
            model_name='bilan',
            name='buyer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bilans', to='markets.buyer', verbose_name='donneur d’ordre'),
        ),
        migrations.AlterField(
            model_name='bilan',
            name='kind',
            field=models.CharField(choices=[('annual', 'bilan annuel'), ('territory', 'bilan du territoire'), ('reserved', 'bilan annuel d’un marché réservé'), ('final', 'bilan final')], default='annual', max_length=10, verbose_name='nature'),
        ),
        migrations.AlterField(
            model_name='bilan',
            name='state',
            field=models.CharField(choices=[('draft', 'brouillon'), ('submitted', 'à relire'), ('reviewed', 'relu'), ('sent', 'projet transmis'), ('published', 'publié')], default='draft', max_length=10, verbose_name='état'),
        ),
        migrations.AlterField(
            model_name='bilanfile',
            name='format',
            field=models.CharField(choices=[('pdf', 'PDF'), ('xlsx', 'XLSX'), ('json', 'JSON'), ('pdfa', 'PDF/A')], max_length=4, verbose_name='format'),
        ),
        migrations.AlterField(
            model_name='historicalbilan',
            name='kind',
            field=models.CharField(choices=[('annual', 'bilan annuel'), ('territory', 'bilan du territoire'), ('reserved', 'bilan annuel d’un marché réservé'), ('final', 'bilan final')], default='annual', max_length=10, verbose_name='nature'),
        ),
        migrations.AlterField(
            model_name='historicalbilan',
            name='state',
            field=models.CharField(choices=[('draft', 'brouillon'), ('submitted', 'à relire'), ('reviewed', 'relu'), ('sent', 'projet transmis'), ('published', 'publié')], default='draft', max_length=10, verbose_name='état'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('buyer__isnull', False), ('kind', 'annual'), ('market__isnull', True), ('year__isnull', False), ('operation__isnull', True)), models.Q(('buyer__isnull', True), ('kind', 'territory'), ('market__isnull', True), ('year__isnull', False), ('operation__isnull', True)), models.Q(('buyer__isnull', False), ('kind', 'reserved'), ('market__isnull', False), ('year__isnull', False), ('operation__isnull', True)), models.Q(('buyer__isnull', False), ('kind', 'final'), ('market__isnull', False), ('year__isnull', True), ('operation__isnull', True)), models.Q(('buyer__isnull', False), ('kind', 'final'), ('operation__isnull', False), ('year__isnull', True), ('market__isnull', True)), _connector='OR'), name='bilan_subject', violation_error_message='Un bilan annuel porte sur une année d’un donneur d’ordre, du territoire ou d’un marché réservé ; un bilan final, sur un marché ou une opération.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('buyer__isnull', False), ('kind', 'annual')), fields=('buyer', 'year', 'version'), name='bilan_version_unique', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('buyer__isnull', False), ('kind', 'annual')), fields=('buyer', 'year'), name='bilan_one_draft', violation_error_message='Un bilan est déjà en cours : cette année, pour ce donneur d’ordre.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'territory'), ('year__isnull', False)), fields=('year', 'version'), name='bilan_version_unique_territory', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'territory'), ('year__isnull', False)), fields=('year',), name='bilan_one_draft_territory', violation_error_message='Un bilan est déjà en cours : cette année, pour le territoire.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'reserved'), ('market__isnull', False)), fields=('market', 'year', 'version'), name='bilan_version_unique_reserved', violation_error_message='Cette version du bilan existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='bilan',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'reserved'), ('market__isnull', False)), fields=('market', 'year'), name='bilan_one_draft_reserved', violation_error_message='Un bilan est déjà en cours : cette année, pour ce marché.'),
        ),
        migrations.AlterConstraint(
            model_name='bilan',
            name='bilan_one_draft_market',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'final'), ('market__isnull', False)), fields=('market',), name='bilan_one_draft_market', violation_error_message='Un bilan est déjà en cours : ce marché.'),
        ),
        migrations.AlterConstraint(
            model_name='bilan',
            name='bilan_one_draft_operation',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('kind', 'final'), ('operation__isnull', False)), fields=('operation',), name='bilan_one_draft_operation', violation_error_message='Un bilan est déjà en cours : cette opération.'),
        ),
        migrations.AddField(
            model_name='bilancomment',
            name='answered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='répondu par'),
        ),
        migrations.AddField(
            model_name='bilancomment',
            name='author',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='auteur·rice'),
        ),
        migrations.AddField(
            model_name='bilancomment',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='bilandelivery',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='bilandelivery',
            name='contact',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='markets.contact', verbose_name='référent'),
        ),
        migrations.AddField(
            model_name='bilandelivery',
            name='message',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.message', verbose_name='message'),
        ),
        migrations.AddField(
            model_name='bilandelivery',
            name='sent_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='remis par'),
        ),
        migrations.AddField(
            model_name='bilanstep',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='bilanstep',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='opened_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ouverte par'),
        ),
        migrations.AddField(
            model_name='historicalbilancomment',
            name='answered_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='répondu par'),
        ),
        migrations.AddField(
            model_name='historicalbilancomment',
            name='author',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='auteur·rice'),
        ),
        migrations.AddField(
            model_name='historicalbilancomment',
            name='bilan',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='historicalbilancomment',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalbilandelivery',
            name='bilan',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='historicalbilandelivery',
            name='contact',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.contact', verbose_name='référent'),
        ),
        migrations.AddField(
            model_name='historicalbilandelivery',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalbilandelivery',
            name='message',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='core.message', verbose_name='message'),
        ),
        migrations.AddField(
            model_name='historicalbilandelivery',
            name='sent_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='remis par'),
        ),
        migrations.AddField(
            model_name='historicalcampaign',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalcampaign',
            name='opened_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ouverte par'),
        ),
        migrations.AddField(
            model_name='historicalimprovementaction',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalpartnershipnote',
            name='buyer',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='markets.buyer', verbose_name='donneur d’ordre'),
        ),
        migrations.AddField(
            model_name='historicalpartnershipnote',
            name='document',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='core.storedfile', verbose_name='pièce jointe'),
        ),
        migrations.AddField(
            model_name='historicalpartnershipnote',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalpartnershipnote',
            name='written_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='rédigée par'),
        ),
        migrations.AddField(
            model_name='historicalpathportrait',
            name='beneficiary',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='beneficiaries.beneficiary', verbose_name='personne'),
        ),
        migrations.AddField(
            model_name='historicalpathportrait',
            name='bilan',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='historicalpathportrait',
            name='consent_file',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='core.storedfile', verbose_name='accord signé'),
        ),
        migrations.AddField(
            model_name='historicalpathportrait',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalpathportrait',
            name='written_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='écrit par'),
        ),
        migrations.AddField(
            model_name='partnershipnote',
            name='buyer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='partnership_notes', to='markets.buyer', verbose_name='donneur d’ordre'),
        ),
        migrations.AddField(
            model_name='partnershipnote',
            name='document',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile', verbose_name='pièce jointe'),
        ),
        migrations.AddField(
            model_name='partnershipnote',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='rédigée par'),
        ),
        migrations.AddField(
            model_name='improvementaction',
            name='note',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='reporting.partnershipnote', verbose_name='note de partenariat'),
        ),
        migrations.AddField(
            model_name='historicalimprovementaction',
            name='note',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.partnershipnote', verbose_name='note de partenariat'),
        ),
        migrations.AddField(
            model_name='pathportrait',
            name='beneficiary',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='portraits', to='beneficiaries.beneficiary', verbose_name='personne'),
        ),
        migrations.AddField(
            model_name='pathportrait',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='portraits', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='pathportrait',
            name='consent_file',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedfile', verbose_name='accord signé'),
        ),
        migrations.AddField(
            model_name='pathportrait',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='écrit par'),
        ),
        migrations.AddField(
            model_name='publicationbatch',
            name='archive',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedfile', verbose_name='archive ZIP'),
        ),
        migrations.AddField(
            model_name='publicationbatch',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='reporting.campaign', verbose_name='campagne'),
        ),
        migrations.AddField(
            model_name='publicationbatch',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='demandée par'),
        ),
        migrations.AddField(
            model_name='publicationitem',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='reporting.publicationbatch', verbose_name='lot'),
        ),
        migrations.AddField(
            model_name='publicationitem',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='sentdraft',
            name='bilan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='reporting.bilan', verbose_name='bilan'),
        ),
        migrations.AddField(
            model_name='sentdraft',
            name='file',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile', verbose_name='fichier'),
        ),
        migrations.AddField(
            model_name='sentdraft',
            name='sent_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='transmis par'),
        ),
        migrations.AddField(
            model_name='historicalbilancomment',
            name='draft',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reporting.sentdraft', verbose_name='projet'),
        ),
        migrations.AddField(
            model_name='bilancomment',
            name='draft',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='reporting.sentdraft', verbose_name='projet'),
        ),
        migrations.AddConstraint(
            model_name='bilandelivery',
            constraint=models.UniqueConstraint(fields=('bilan', 'email'), name='bilan_delivered_once_per_address', violation_error_message='Ce bilan a déjà été remis à cette adresse.'),
        ),
        migrations.AddConstraint(
            model_name='bilanstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'sent_back'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='bilan_sent_back_has_reason', violation_error_message='Dites pourquoi le bilan est renvoyé : la personne qui l’écrit doit savoir quoi reprendre.'),
        ),
        migrations.AddConstraint(
            model_name='partnershipnote',
            constraint=models.UniqueConstraint(fields=('buyer', 'year'), name='partnership_note_once_a_year', violation_error_message='La note de cette année existe déjà : ouvrez-la.'),
        ),
        migrations.AddConstraint(
            model_name='improvementaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_on__isnull', True), ('state__in', ['to_do', 'ongoing'])), models.Q(('settled_on__isnull', False), ('state__in', ['done', 'dropped'])), _connector='OR'), name='improvement_settled_has_a_day', violation_error_message='Un axe réalisé ou abandonné porte sa date ; un axe ouvert n’en a pas.'),
        ),
        migrations.AddConstraint(
            model_name='pathportrait',
            constraint=models.UniqueConstraint(fields=('bilan', 'beneficiary'), name='portrait_once_in_a_bilan', violation_error_message='Cette personne a déjà un portrait dans ce bilan.'),
        ),
        migrations.AddConstraint(
            model_name='pathportrait',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_on__isnull', True), ('consent_on__isnull', False), _connector='OR'), name='portrait_withdrawn_after_consent', violation_error_message='Seul un accord donné se retire.'),
        ),
        migrations.AddConstraint(
            model_name='pathportrait',
            constraint=models.CheckConstraint(condition=models.Q(('consent_file__isnull', True), ('consent_on__isnull', False), _connector='OR'), name='portrait_file_of_a_consent', violation_error_message='Un accord signé porte sa date.'),
        ),
        migrations.AddConstraint(
            model_name='publicationitem',
            constraint=models.UniqueConstraint(fields=('batch', 'bilan'), name='publication_item_once', violation_error_message='Ce bilan est déjà dans cette publication.'),
        ),
        migrations.AddConstraint(
            model_name='sentdraft',
            constraint=models.UniqueConstraint(fields=('bilan', 'number'), name='sent_draft_number_unique', violation_error_message='Ce projet a déjà été transmis.'),
        ),
        migrations.AddConstraint(
            model_name='bilancomment',
            constraint=models.CheckConstraint(condition=models.Q(('side', 'house'), ('draft__isnull', False), _connector='OR'), name='comment_of_buyer_is_on_a_draft', violation_error_message='Une observation du donneur d’ordre porte sur un projet transmis.'),
        ),
        migrations.AddConstraint(
            model_name='bilancomment',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), ('answered_at__isnull', False), _connector='OR'), name='comment_settled_has_a_day', violation_error_message='Une suite donnée porte sa date.'),
        ),
        migrations.AddConstraint(
            model_name='bilancomment',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'taken']), models.Q(('answer', ''), _negated=True), _connector='OR'), name='comment_declined_says_why', violation_error_message='Répondez en une phrase : le donneur d’ordre la lira.'),
        ),
    ]
