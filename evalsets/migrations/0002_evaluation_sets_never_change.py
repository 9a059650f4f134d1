from django.db import migrations

FORWARDS = """
CREATE FUNCTION evalsets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an evaluation set never changes' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER eval_item_never_changes BEFORE UPDATE ON evalsets_evalitem
FOR EACH ROW EXECUTE FUNCTION evalsets_refuse_change();

-- The digest is written last, by the transaction that makes the set. Columns that are added later
-- are held as well.
CREATE TRIGGER evalset_never_changes BEFORE UPDATE ON evalsets_evalset FOR EACH ROW
WHEN (
    OLD.digest <> '' AND
    to_jsonb(OLD) - '{deleted_at,created_by_id}'::text[]
    IS DISTINCT FROM
    to_jsonb(NEW) - '{deleted_at,created_by_id}'::text[]
    OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at
)
EXECUTE FUNCTION evalsets_refuse_change();

CREATE TRIGGER evalset_holds_its_key BEFORE DELETE ON evalsets_evalset FOR EACH ROW
WHEN (OLD.digest <> '') EXECUTE FUNCTION evalsets_refuse_change();

-- Items come while there is no digest, and go when the set is deleted. Once a statement.
CREATE FUNCTION evalsets_refuse_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM evalsets_evalset AS evalset
        WHERE evalset.id IN (SELECT evalset_id FROM changed) AND evalset.digest <> ''
        AND (TG_OP = 'INSERT' OR evalset.deleted_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'an evaluation set never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER evalset_gains_no_item AFTER INSERT ON evalsets_evalitem
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION evalsets_refuse_items();

CREATE TRIGGER evalset_loses_no_item AFTER DELETE ON evalsets_evalitem
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION evalsets_refuse_items();
"""

BACKWARDS = """
DROP TRIGGER evalset_loses_no_item ON evalsets_evalitem;
DROP TRIGGER evalset_gains_no_item ON evalsets_evalitem;
DROP TRIGGER evalset_holds_its_key ON evalsets_evalset;
DROP TRIGGER evalset_never_changes ON evalsets_evalset;
DROP TRIGGER eval_item_never_changes ON evalsets_evalitem;
DROP FUNCTION evalsets_refuse_items();
DROP FUNCTION evalsets_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("evalsets", "0001_evaluation_sets_and_items")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
