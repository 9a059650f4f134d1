from django.db import migrations

FORWARDS = """
CREATE FUNCTION datasets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a dataset never changes' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER dataset_item_never_changes BEFORE UPDATE ON datasets_datasetitem
FOR EACH ROW EXECUTE FUNCTION datasets_refuse_change();

-- The digest is written last, by the transaction that builds the dataset.
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
)
EXECUTE FUNCTION datasets_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER dataset_never_changes ON datasets_dataset;
DROP TRIGGER dataset_item_never_changes ON datasets_datasetitem;
DROP FUNCTION datasets_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_datasets_and_items")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
