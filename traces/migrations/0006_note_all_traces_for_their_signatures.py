from django.db import migrations

# In pieces, each of which stays: of many millions, one transaction would hold up the cleaning of
# the table that all ingest goes through. The newest are noted last, and so indexed first. What is
# begun anew notes all again; those that have their signature by then get the same once more.
NOTE_ALL = """
DO $$
DECLARE
    ids uuid[];
    last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    DELETE FROM traces_pending WHERE kind = 'similar';
    LOOP
        ids := ARRAY(SELECT id FROM traces_trace WHERE id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        INSERT INTO traces_pending (kind, trace_ids) VALUES ('similar', ids);
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("traces", "0005_signatures_of_prompt_and_solution")]
    operations = [migrations.RunSQL(NOTE_ALL, NOTE_ALL)]
