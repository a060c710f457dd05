"""Every table of the room, made at once."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40, verbose_name='nature')),
                ('name', models.CharField(max_length=250, verbose_name='nom')),
                ('content_type', models.CharField(max_length=120, verbose_name='type')),
                ('size', models.PositiveBigIntegerField(help_text='octets, avant chiffrement', verbose_name='taille')),
                ('sha256', models.CharField(max_length=64, verbose_name='empreinte')),
                ('path', models.CharField(max_length=120, unique=True, verbose_name='emplacement')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créé le')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
            ],
            options={
                'verbose_name': 'fichier',
                'verbose_name_plural': 'fichiers',
                'ordering': ('-created_at', 'pk'),
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60, verbose_name='travail')),
                ('key', models.CharField(max_length=200, verbose_name='clé')),
                ('label', models.CharField(max_length=250, verbose_name='intitulé')),
                ('payload', models.JSONField(blank=True, default=dict, verbose_name='paramètres')),
                ('state', models.CharField(choices=[('queued', 'en attente'), ('running', 'en cours'), ('done', 'terminé'), ('failed', 'en échec'), ('cancelled', 'annulé')], default='queued', max_length=10, verbose_name='état')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='fait')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='à faire')),
                ('report', models.JSONField(blank=True, default=dict, verbose_name='compte rendu')),
                ('error', models.TextField(blank=True, verbose_name='erreur')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='essais')),
                ('worker', models.CharField(blank=True, max_length=120, verbose_name='exécutant')),
                ('result_file', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.storedfile', verbose_name='résultat')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='demandé le')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='commencé le')),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True, verbose_name='dernier signe')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='fini le')),
            ],
            options={
                'verbose_name': 'travail',
                'verbose_name_plural': 'travaux',
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(fields=['state', 'heartbeat_at'], name='job_state_heartbeat')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running'])), fields=('key',), name='job_one_open_per_key', violation_error_message='Ce travail est déjà en cours.')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True, verbose_name='clé')),
                ('recipients', models.JSONField(default=list, verbose_name='destinataires')),
                ('subject', models.CharField(max_length=250, verbose_name='objet')),
                ('body', models.TextField(verbose_name='texte')),
                ('state', models.CharField(choices=[('queued', 'à envoyer'), ('sending', 'envoi en cours'), ('sent', 'envoyé'), ('unsure', 'envoi incertain'), ('failed', 'non envoyé')], default='queued', max_length=10, verbose_name='état')),
                ('error', models.TextField(blank=True, verbose_name='erreur')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='écrit le')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='envoyé le')),
                ('attachments', models.ManyToManyField(blank=True, related_name='+', to='core.storedfile', verbose_name='pièces jointes')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'ordering': ('-created_at', '-pk'),
                'indexes': [],
                'constraints': [],
            },
        ),
    ]
