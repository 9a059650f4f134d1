import django.db.models.deletion
import django.utils.timezone
import tunix_site.strict_json
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EvalSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='By which it is asked for: name and version, joined by `-`.', max_length=193, unique=True)),
                ('name', models.CharField(help_text='Its name.', max_length=128)),
                ('version', models.CharField(help_text='Its version; never made anew.', max_length=64)),
                ('answer_type', models.CharField(blank=True, choices=[('number', 'Number'), ('math', 'Math'), ('choice', 'Choice'), ('text', 'Text'), ('list', 'List')], default='', max_length=16)),
                ('license', models.CharField(blank=True, default='', max_length=128)),
                ('parent', models.CharField(blank=True, default='', help_text='The key of the dataset whose items it was made of.', max_length=193)),
                ('parent_split', models.CharField(blank=True, default='', help_text='Of that dataset.', max_length=64)),
                ('generator', models.JSONField(decoder=tunix_site.strict_json.StoredDecoder, help_text='Family, config, size and seed that its problems were generated from.', null=True)),
                ('item_count', models.PositiveIntegerField(default=0)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('deleted_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'evaluation set',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='EvalItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('item_id', models.CharField(help_text='Its id within the set.', max_length=200)),
                ('prompt', models.TextField()),
                ('prompt_hash', models.UUIDField(editable=False, help_text='As of a trace with this prompt.')),
                ('expected_answer', models.TextField(blank=True)),
                ('aliases', models.JSONField(default=list, help_text='Other answers that are right.')),
                ('section', models.CharField(blank=True, default='', max_length=200)),
                ('category', models.CharField(blank=True, default='', max_length=200)),
                ('difficulty', models.CharField(blank=True, default='', max_length=200)),
                ('meta', models.JSONField(decoder=tunix_site.strict_json.StoredDecoder, default=dict)),
                ('evalset', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='evalsets.evalset')),
            ],
            options={
                'verbose_name': 'evaluation item',
                'ordering': ['evalset', 'position'],
            },
        ),
        migrations.AddConstraint(
            model_name='evalset',
            constraint=models.UniqueConstraint(fields=('name', 'version'), name='one_evalset_per_name_and_version'),
        ),
        migrations.AddConstraint(
            model_name='evalitem',
            constraint=models.UniqueConstraint(fields=('evalset', 'position'), name='one_eval_item_per_position'),
        ),
        migrations.AddConstraint(
            model_name='evalitem',
            constraint=models.UniqueConstraint(fields=('evalset', 'item_id'), name='one_eval_item_per_id'),
        ),
    ]
