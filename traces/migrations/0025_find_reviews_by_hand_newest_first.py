from django.db import migrations, models
from django.db.models import Q

NAME = "review_by_hand_newest"
DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"
BUILD = f"""CREATE INDEX CONCURRENTLY {NAME} ON traces_review (id, trace_id)
    WHERE job IS NULL AND undoes_id IS NULL AND NOT (note = 'imported')"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("traces", "0024_long_filters_know_who_kept_them")]

    operations = [
        # built while people go on reviewing, anew where it was broken off
        migrations.RunSQL([DROP, BUILD], DROP, state_operations=[
            migrations.AddIndex("review", models.Index(
                condition=Q(("job", None), ("undoes", None), Q(("note", "imported"), _negated=True)),
                fields=["id", "trace"], name=NAME,
            )),
        ]),
    ]
