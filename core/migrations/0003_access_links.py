import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '__first__'),
        ('core', '0002_search'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='pour quoi faire')),
                ('object_id', models.PositiveBigIntegerField()),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='envoyé à')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créé le')),
                ('expires_at', models.DateTimeField(verbose_name='expire le')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='retiré le')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='ouvert le')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='par')),
            ],
            options={
                'verbose_name': 'lien sans compte',
                'verbose_name_plural': 'liens sans compte',
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(fields=['kind', 'object_id'], name='access_link_object')],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='person_number',
            field=models.PositiveBigIntegerField(blank=True, db_index=True, editable=False, null=True),
        ),
    ]
