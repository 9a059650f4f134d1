from django.db import migrations

FORWARDS = """
CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are added, and never changed' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON events_event
FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();

CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events_event
FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER events_are_not_truncated ON events_event;
DROP TRIGGER events_never_change ON events_event;
DROP FUNCTION events_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_events")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
