from django.db import migrations

FORWARDS = """
CREATE FUNCTION traces_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the content of a trace never changes' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER trace_content_is_immutable BEFORE UPDATE ON traces_trace FOR EACH ROW
WHEN (
    (OLD.id, OLD.created_at, OLD.trace_version, OLD.prompt, OLD.final_answer, OLD.steps, OLD.meta,
     OLD.source, OLD.external_id, OLD.messages, OLD.content_hash, OLD.prompt_hash,
     OLD.step_count, OLD.total_chars)
    IS DISTINCT FROM
    (NEW.id, NEW.created_at, NEW.trace_version, NEW.prompt, NEW.final_answer, NEW.steps, NEW.meta,
     NEW.source, NEW.external_id, NEW.messages, NEW.content_hash, NEW.prompt_hash,
     NEW.step_count, NEW.total_chars)
)
EXECUTE FUNCTION traces_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER trace_content_is_immutable ON traces_trace;
DROP FUNCTION traces_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("traces", "0001_traces_scores_reviews")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
