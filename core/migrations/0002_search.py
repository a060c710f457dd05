import core.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=20)),
                ('object_id', models.BigIntegerField()),
                ('word', core.fields.WordField(max_length=40)),
            ],
            options={
                'verbose_name': 'mot de la recherche',
                'verbose_name_plural': 'mots de la recherche',
                'ordering': ('pk',),
                'indexes': [models.Index(fields=['source', 'word', 'object_id'], name='search_word'), models.Index(fields=['source', 'object_id'], name='search_object')],
            },
        ),
    ]
