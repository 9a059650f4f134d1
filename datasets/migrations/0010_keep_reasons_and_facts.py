import django.db.models.deletion
import tunix_site.strict_json
from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER removed_trace_never_changes BEFORE UPDATE ON datasets_removedtrace
FOR EACH ROW EXECUTE FUNCTION datasets_refuse_change();

CREATE TRIGGER dataset_gains_no_reason AFTER INSERT ON datasets_removedtrace
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();

CREATE TRIGGER dataset_loses_no_reason AFTER DELETE ON datasets_removedtrace
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0009_datasets_know_their_funnel")]

    operations = [
        migrations.AddField("datasetitem", "facts", models.JSONField(
            decoder=tunix_site.strict_json.StoredDecoder, null=True, editable=False,
            help_text="What the steps of the build found out about the trace.",
        )),
        migrations.AddField("dataset", "findings", models.JSONField(
            decoder=tunix_site.strict_json.StoredDecoder, default=dict, db_default={},
            editable=False,
            help_text="What steps tell of themselves, as they stand in the manifest.",
        )),
        migrations.CreateModel("RemovedTrace", [
            ("pk", models.CompositePrimaryKey(
                "dataset_id", "trace_id", blank=True, editable=False, primary_key=True,
                serialize=False,
            )),
            ("trace_id", models.UUIDField(
                help_text="No key of another table: it may be deleted later.",
            )),
            ("step", models.CharField(max_length=16)),
            ("reason", models.CharField(max_length=32)),
            ("because", models.JSONField(
                decoder=tunix_site.strict_json.StoredDecoder, null=True,
                help_text="The evidence: the trace that stays instead, or what was found in it.",
            )),
            ("dataset", models.ForeignKey(
                db_constraint=False, db_index=False,
                on_delete=django.db.models.deletion.PROTECT, related_name="removed",
                to="datasets.dataset",
            )),
        ]),
        migrations.RunSQL(NEVER_CHANGES, migrations.RunSQL.noop),  # they go with their table
    ]
