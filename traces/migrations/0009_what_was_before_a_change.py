import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import tunix_site.strict_json
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('traces', '0008_compute_prompt_hashes_and_parts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TagChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.JSONField(decoder=tunix_site.strict_json.StoredDecoder)),
                ('after', models.JSONField(decoder=tunix_site.strict_json.StoredDecoder)),
                ('job', models.UUIDField(editable=False, help_text='Of a change of many traces.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='review',
            name='job',
            field=models.UUIDField(editable=False, help_text='Of a change of many traces.', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='reasons',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='review',
            name='status_before',
            field=models.CharField(blank=True, choices=[('unreviewed', 'Unreviewed'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('flagged', 'Flagged')], db_default='', help_text='Empty where it was not noted yet.', max_length=16),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('job__isnull', False)), fields=['job'], name='review_by_job'),
        ),
        migrations.AddField(
            model_name='tagchange',
            name='changed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tag_changes', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tagchange',
            name='trace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tag_changes', to='traces.trace'),
        ),
        migrations.AddIndex(
            model_name='tagchange',
            index=models.Index(condition=models.Q(('job__isnull', False)), fields=['job'], name='tags_changed_by_job'),
        ),
    ]
