import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0011_hold_traces_once_a_build"),
        ("traces", "0012_move_records_to_originals"),
    ]

    operations = [
        migrations.AddField("datasetitem", "review", models.ForeignKey(
            to="traces.review", null=True, on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="+", db_constraint=False, db_index=False, editable=False,
            help_text="The last one when the dataset was built.",
        )),
    ]
