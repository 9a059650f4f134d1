from django.db import migrations, models
from django.db.models import Q

NAME = "trace_by_shape"
DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"
BUILD = f"""CREATE INDEX CONCURRENTLY {NAME} ON traces_trace (trace_version, step_count)
    WHERE step_count > 10 OR NOT (trace_version = '1.0')"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("traces", "0021_name_long_filters")]

    operations = [
        # built while traces come in, anew where it was broken off
        migrations.RunSQL([DROP, BUILD], DROP, state_operations=[
            migrations.AddIndex("trace", models.Index(
                condition=Q(("step_count__gt", 10), Q(("trace_version", "1.0"), _negated=True), _connector="OR"),
                fields=["trace_version", "step_count"], name=NAME,
            )),
        ]),
    ]
