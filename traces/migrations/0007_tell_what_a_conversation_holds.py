from django.db import migrations, models

from traces.content_trigger import refuse_changes

# Its condition named the columns one by one: one that was added later could have been changed.
FORWARDS = f"""
{refuse_changes()}
CREATE OR REPLACE TRIGGER trace_content_is_immutable BEFORE UPDATE ON traces_trace
FOR EACH ROW EXECUTE FUNCTION traces_refuse_change();
"""

BACKWARDS = """
CREATE OR REPLACE FUNCTION traces_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the content of a trace never changes' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER trace_content_is_immutable BEFORE UPDATE ON traces_trace FOR EACH ROW
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


class Migration(migrations.Migration):
    dependencies = [("traces", "0006_note_all_traces_for_their_signatures")]

    operations = [
        migrations.AddField(  # a constant default: the table is not rewritten
            model_name="trace",
            name="parts",
            field=models.SmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="What the conversation holds that not every format can say, as Parts' "
                "bits.",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
