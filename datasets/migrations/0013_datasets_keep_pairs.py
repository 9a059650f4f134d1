import django.db.models.deletion
from django.db import migrations, models

NEVER_CHANGES = """
CREATE TRIGGER dataset_pair_never_changes BEFORE UPDATE ON datasets_datasetpair
FOR EACH ROW EXECUTE FUNCTION datasets_refuse_change();

CREATE TRIGGER dataset_gains_no_pair AFTER INSERT ON datasets_datasetpair
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();

CREATE TRIGGER dataset_loses_no_pair AFTER DELETE ON datasets_datasetpair
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();
"""


def _side():
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+", to="traces.trace",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0012_items_keep_their_review"),
        ("traces", "0014_preferences"),
    ]

    operations = [
        migrations.CreateModel(
            "DatasetPair",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveBigIntegerField()),
                ("split", models.CharField(blank=True, default="", max_length=64)),
                ("reason", models.CharField(
                    help_text="The rule that made it.", max_length=32,
                )),
                ("margin", models.FloatField(
                    help_text="By how much the one is better, 0 to 1.",
                )),
                ("parts", models.SmallIntegerField(
                    help_text="What either holds that not every format can say, as Parts' bits.",
                )),
                ("chosen", _side()),
                ("dataset", models.ForeignKey(
                    db_constraint=False, db_index=False,
                    on_delete=django.db.models.deletion.PROTECT, related_name="pairs",
                    to="datasets.dataset",
                )),
                ("rejected", _side()),
            ],
            options={
                "ordering": ["dataset", "position"],
                "constraints": [models.UniqueConstraint(
                    fields=("dataset", "position"), name="one_pair_per_dataset_and_position",
                )],
                "indexes": [models.Index(
                    fields=["dataset", "split", "position"], name="pair_by_split",
                )],
            },
        ),
        migrations.RunSQL(NEVER_CHANGES, migrations.RunSQL.noop),  # they go with their table
    ]
