"""Holds what items refer to once a statement, where foreign keys did it once a row.

A build holds back deletions while it ends, a deletion waits for builds that end, and neither waits
for others of its kind: two modes of a lock on a table without rows. The sequence tells a build,
which sees the state of its beginning, whether traces were deleted since; it is read as it is now.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE TABLE datasets_hold ();
CREATE SEQUENCE datasets_deletion;

-- Before a row is locked for it: a build that has the lock may have to wait for that row.
CREATE FUNCTION datasets_announce_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'traces are deleted at READ COMMITTED: others see no dataset that is new'
        USING ERRCODE = 'invalid_transaction_state';
    END IF;
    LOCK TABLE datasets_hold IN ROW EXCLUSIVE MODE;
    PERFORM nextval('datasets_deletion');
    RETURN NULL;
END $$;

CREATE FUNCTION datasets_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone JOIN datasets_datasetitem AS item ON item.trace_id = gone.id) THEN
        RAISE EXCEPTION 'a dataset holds the trace' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER dataset_is_told_of_deletion BEFORE DELETE ON traces_trace
FOR EACH STATEMENT EXECUTE FUNCTION datasets_announce_deletion();

CREATE TRIGGER dataset_holds_traces AFTER DELETE ON traces_trace
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION datasets_refuse_deletion();

-- Items come while their dataset is there without a digest, and go when it is deleted.
CREATE OR REPLACE FUNCTION datasets_refuse_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT dataset_id FROM changed) AS changed
        LEFT JOIN datasets_dataset AS dataset ON dataset.id = changed.dataset_id
        WHERE dataset.id IS NULL
        OR dataset.content_digest <> '' AND (TG_OP = 'INSERT' OR dataset.deleted_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'a dataset never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

BACKWARDS = """
DROP TRIGGER dataset_holds_traces ON traces_trace;
DROP TRIGGER dataset_is_told_of_deletion ON traces_trace;
DROP FUNCTION datasets_refuse_deletion();
DROP FUNCTION datasets_announce_deletion();
DROP SEQUENCE datasets_deletion;
DROP TABLE datasets_hold;
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0010_keep_reasons_and_facts")]

    operations = [
        migrations.AlterField("datasetitem", "dataset", models.ForeignKey(
            db_constraint=False, db_index=False,
            on_delete=django.db.models.deletion.PROTECT, related_name="items",
            to="datasets.dataset",
        )),
        migrations.AlterField("datasetitem", "trace", models.ForeignKey(
            db_constraint=False, on_delete=django.db.models.deletion.PROTECT,
            related_name="dataset_items", to="traces.trace",
        )),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
