from django.db import migrations

# Traces that were never stored were kept with the job, which everybody may read.
FORGET = """
    UPDATE jobs_job SET result = result - 'traces' WHERE kind = 'import' AND result ? 'traces'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("traces", "0025_find_reviews_by_hand_newest_first"),
        ("jobs", "0002_undo_what_a_job_did"),
    ]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
