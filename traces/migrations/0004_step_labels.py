from django.db import migrations, models

import tunix_site.strict_json


class Migration(migrations.Migration):
    dependencies = [("traces", "0003_indexes_behind_ingest")]

    operations = [
        migrations.AddField(
            model_name="review",
            name="step_labels",
            field=models.JSONField(
                blank=True,
                decoder=tunix_site.strict_json.StoredDecoder,
                help_text="-1, 0 or 1 by the step's i.",
                null=True,
            ),
        ),
    ]
