from django.db import migrations, models

# What it was: a list of columns, to which every new one had to be added by hand.
BEFORE = """
CREATE TRIGGER dataset_never_changes BEFORE UPDATE ON datasets_dataset FOR EACH ROW
WHEN (
    OLD.content_digest <> '' AND
    (OLD.key, OLD.build_id, OLD.name, OLD.version, OLD.filters, OLD."where",
     OLD.selection_strategy, OLD.seed, OLD."limit", OLD.splits, OLD.split_by, OLD.session_id,
     OLD.training_run_id, OLD.provenance, OLD.parent_id, OLD.trace_count, OLD.stats,
     OLD.content_digest, OLD.created_at)
    IS DISTINCT FROM
    (NEW.key, NEW.build_id, NEW.name, NEW.version, NEW.filters, NEW."where",
     NEW.selection_strategy, NEW.seed, NEW."limit", NEW.splits, NEW.split_by, NEW.session_id,
     NEW.training_run_id, NEW.provenance, NEW.parent_id, NEW.trace_count, NEW.stats,
     NEW.content_digest, NEW.created_at)
    OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at
)
EXECUTE FUNCTION datasets_refuse_change();
"""
AFTER = """
CREATE TRIGGER dataset_never_changes BEFORE UPDATE ON datasets_dataset FOR EACH ROW
WHEN (
    OLD.content_digest <> '' AND
    to_jsonb(OLD) - '{deleted_at,created_by_id}'::text[]
    IS DISTINCT FROM
    to_jsonb(NEW) - '{deleted_at,created_by_id}'::text[]
    OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at
)
EXECUTE FUNCTION datasets_refuse_change();
"""
DROP = "DROP TRIGGER dataset_never_changes ON datasets_dataset;"

# How many matched before a limit is not known afterwards, where the limit was reached.
FILL = """
UPDATE datasets_dataset AS dataset
SET parent_dataset_id = coalesce(
        (SELECT key FROM datasets_dataset AS parent WHERE parent.id = dataset.parent_id), ''),
    matched_count = CASE
        WHEN "limit" IS NULL OR trace_count < "limit" THEN trace_count
    END;
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_datasets_never_change")]

    operations = [
        migrations.RunSQL(DROP, BEFORE),
        migrations.AddField("dataset", "parent_dataset_id", models.CharField(
            blank=True, default="", editable=False, max_length=256,
            help_text="As it was sent; it may be kept elsewhere.",
        )),
        migrations.AddField("dataset", "matched_count", models.PositiveBigIntegerField(
            null=True, editable=False,
            help_text="How many matched, before the limit; empty where that was not counted.",
        )),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(AFTER, DROP),
    ]
