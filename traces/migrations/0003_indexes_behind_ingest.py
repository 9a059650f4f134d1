import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# The rows of one statement are noted in its transaction: what commits late is not passed over.
NOTE_NEW_TRACES = """
CREATE FUNCTION traces_note_new() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := ARRAY(SELECT id FROM new_traces);
BEGIN
    FOR start IN 1 .. cardinality(ids) BY 1000 LOOP
        INSERT INTO traces_pending (kind, trace_ids) VALUES
            ('search', ids[start : start + 999]), ('similar', ids[start : start + 999]);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER new_traces_are_noted AFTER INSERT ON traces_trace
REFERENCING NEW TABLE AS new_traces FOR EACH STATEMENT EXECUTE FUNCTION traces_note_new();
"""
FORGET_NEW_TRACES = """
DROP TRIGGER new_traces_are_noted ON traces_trace;
DROP FUNCTION traces_note_new();
"""
# The database deletes them with their trace, also one that a worker is just writing.
GO_WITH_THE_TRACE = """
ALTER TABLE {0} ADD CONSTRAINT {0}_goes_with_its_trace
FOREIGN KEY (trace_id) REFERENCES traces_trace (id) ON DELETE CASCADE;
"""
STAY = "ALTER TABLE {0} DROP CONSTRAINT {0}_goes_with_its_trace;"
TABLES = ("traces_searchdocument", "traces_signature")

# What was there before the indexes were.
NOTE_OLD_TRACES = """
INSERT INTO traces_pending (kind, trace_ids)
SELECT kind, array_agg(id)
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 1000 AS part FROM traces_trace) AS parts
CROSS JOIN unnest('{search,similar}'::text[]) AS kind
GROUP BY kind, part ORDER BY part;
"""


def trace_key(related_name):
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        primary_key=True,
        related_name=related_name,
        serialize=False,
        to="traces.trace",
    )


class Migration(migrations.Migration):
    dependencies = [("traces", "0002_content_is_immutable")]

    operations = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("search", "Search"), ("similar", "Similar")], max_length=16
                    ),
                ),
                (
                    "trace_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField()),
                ),
                (
                    "trace_count",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func("trace_ids", function="cardinality"),
                        output_field=models.IntegerField(),
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "id"], name="pending_by_kind")],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("trace", trace_key("search_document")),
                ("document", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["document"], name="search_by_document"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("trace", trace_key("signature")),
                ("version", models.PositiveSmallIntegerField()),
                ("minima", models.BinaryField()),
                (
                    "bands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField()
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["bands"], name="signature_by_bands"
                    )
                ],
            },
        ),
        *[
            migrations.RunSQL(GO_WITH_THE_TRACE.format(table), STAY.format(table))
            for table in TABLES
        ],
        migrations.RunSQL(NOTE_NEW_TRACES, FORGET_NEW_TRACES),
        migrations.RunSQL(NOTE_OLD_TRACES, migrations.RunSQL.noop),
    ]
