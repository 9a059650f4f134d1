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
    OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at
)
EXECUTE FUNCTION datasets_refuse_change();

CREATE TRIGGER dataset_holds_its_key BEFORE DELETE ON datasets_dataset FOR EACH ROW
WHEN (OLD.content_digest <> '') EXECUTE FUNCTION datasets_refuse_change();

-- Items come while there is no digest, and go when the dataset is deleted. Once a statement: a
-- build inserts any number of rows.
CREATE FUNCTION datasets_refuse_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM datasets_dataset AS dataset
        WHERE dataset.id IN (SELECT dataset_id FROM changed) AND dataset.content_digest <> ''
        AND (TG_OP = 'INSERT' OR dataset.deleted_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'a dataset never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER dataset_gains_no_item AFTER INSERT ON datasets_datasetitem
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();

CREATE TRIGGER dataset_loses_no_item AFTER DELETE ON datasets_datasetitem
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_items();
"""

BACKWARDS = """
DROP TRIGGER dataset_loses_no_item ON datasets_datasetitem;
DROP TRIGGER dataset_gains_no_item ON datasets_datasetitem;
DROP TRIGGER dataset_holds_its_key ON datasets_dataset;
DROP TRIGGER dataset_never_changes ON datasets_dataset;
DROP TRIGGER dataset_item_never_changes ON datasets_datasetitem;
DROP FUNCTION datasets_refuse_items();
DROP FUNCTION datasets_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_datasets_and_items")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
