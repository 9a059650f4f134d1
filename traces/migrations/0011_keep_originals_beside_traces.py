from django.db import migrations, models

import tunix_site.strict_json

# Texts that are still in the column would be lost with it.
REFUSE_TO_LOSE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM traces_trace WHERE original IS NOT NULL) THEN
        RAISE EXCEPTION 'traces have originals: migrate traces to 0012 first, and then back';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("traces", "0010_keep_who_brought_traces_in")]

    operations = [
        migrations.AddField(  # null in every row: the table is not rewritten
            model_name="trace",
            name="original",
            field=models.JSONField(
                blank=True,
                decoder=tunix_site.strict_json.StoredDecoder,
                help_text="What an import cut off of the record that the trace was made of.",
                null=True,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, REFUSE_TO_LOSE),
    ]
