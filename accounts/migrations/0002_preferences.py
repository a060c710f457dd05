from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaluser',
            name='calendar_made_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='adresse d’agenda créée le'),
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='digest',
            field=models.CharField(choices=[('daily', 'chaque matin, du lundi au vendredi'), ('weekly', 'une fois par semaine au plus'), ('off', 'jamais')], default='weekly', max_length=6, verbose_name='rappels par courriel'),
        ),
        migrations.AddField(
            model_name='user',
            name='calendar_hash',
            field=models.CharField(blank=True, db_index=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='user',
            name='calendar_made_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='adresse d’agenda créée le'),
        ),
        migrations.AddField(
            model_name='user',
            name='digest',
            field=models.CharField(choices=[('daily', 'chaque matin, du lundi au vendredi'), ('weekly', 'une fois par semaine au plus'), ('off', 'jamais')], default='weekly', max_length=6, verbose_name='rappels par courriel'),
        ),
    ]
