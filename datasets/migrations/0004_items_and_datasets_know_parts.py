import tunix_site.strict_json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0003_keep_parents_as_sent_and_count_matches"),
        ("traces", "0008_compute_prompt_hashes_and_parts"),
    ]

    operations = [
        migrations.AddField("datasetitem", "parts", models.SmallIntegerField(
            default=0, db_default=0,
            help_text="What the trace holds that not every format can say, as Parts' bits.",
        )),
        migrations.AddField("dataset", "part_counts", models.JSONField(
            decoder=tunix_site.strict_json.StoredDecoder, default=dict, editable=False,
            help_text="How many items of each split have which parts.",
        )),
    ]
