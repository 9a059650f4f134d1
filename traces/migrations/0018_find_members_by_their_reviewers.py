from django.db import migrations, models
from django.db.models import Q

NAME = "member_by_reviewers"
COLUMNS = "(queue_id, reviewers, filling, rank, trace_id) WHERE NOT done"
BEFORE = "(queue_id, filling, rank, trace_id) WHERE NOT done"


def build(name, columns):
    """Build an index while people go on reviewing, anew where it was broken off."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return [drop, f"CREATE INDEX CONCURRENTLY {name} ON traces_queuemember {columns}"], drop


BUILD, DROP = build(NAME, COLUMNS)
BUILD_BEFORE, DROP_BEFORE = build("member_in_order", BEFORE)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("traces", "0017_tell_other_tools")]

    operations = [
        migrations.RunSQL(BUILD, DROP, state_operations=[
            migrations.AddIndex("queuemember", models.Index(
                condition=Q(("done", False)), name=NAME,
                fields=["queue", "reviewers", "filling", "rank", "trace"],
            )),
        ]),
        migrations.RunSQL(DROP_BEFORE, BUILD_BEFORE, state_operations=[
            migrations.RemoveIndex("queuemember", "member_in_order"),
        ]),
    ]
