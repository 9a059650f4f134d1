import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

# What is built while people go on reviewing: how, and what the models know of it.
INDEXES = {
    "review_by_reviewer": (
        "(reviewer_id, id)", models.Index(fields=["reviewer", "id"], name="review_by_reviewer"),
    ),
    "review_by_reviewer_and_trace": (
        "(reviewer_id, trace_id)",
        models.Index(fields=["reviewer", "trace"], name="review_by_reviewer_and_trace"),
    ),
    "review_by_created_at": (
        "(created_at, trace_id)",
        models.Index(fields=["created_at", "trace"], name="review_by_created_at"),
    ),
    "review_by_reason": (
        "USING gin (reasons)",
        django.contrib.postgres.indexes.GinIndex(fields=["reasons"], name="review_by_reason"),
    ),
    "review_by_queue": (
        "(queue_id, id) WHERE queue_id IS NOT NULL",
        models.Index(
            condition=Q(("queue__isnull", False)), fields=["queue", "id"], name="review_by_queue",
        ),
    ),
    "review_with_labels": (
        "(trace_id) WHERE step_labels IS NOT NULL",
        models.Index(
            condition=Q(("step_labels__isnull", False)), fields=["trace"],
            name="review_with_labels",
        ),
    ),
    "review_with_note": (
        "(trace_id) WHERE NOT (note = '')",
        models.Index(
            condition=Q(("note", ""), _negated=True), fields=["trace"], name="review_with_note",
        ),
    ),
}
UNDONE_ONCE = models.UniqueConstraint(
    condition=Q(("undoes__isnull", False)), fields=("undoes",), name="review_is_undone_once",
)


def built(name, columns, state, unique=""):
    """Build an index, anew where it was broken off."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE {unique} INDEX CONCURRENTLY {name} ON traces_review {columns}"
    return migrations.RunSQL([drop, create], drop, state_operations=[state])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("traces", "0015_queues_and_what_is_claimed_of_them")]

    operations = [
        *(
            built(name, columns, migrations.AddIndex("review", index))
            for name, (columns, index) in INDEXES.items()
        ),
        built(
            "review_is_undone_once", "(undoes_id) WHERE undoes_id IS NOT NULL",
            migrations.AddConstraint("review", UNDONE_ONCE), unique="UNIQUE",
        ),
        # the indexes that begin with it take the place of its own
        migrations.AlterField("review", "reviewer", models.ForeignKey(
            db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="reviews",
            to=settings.AUTH_USER_MODEL,
        )),
    ]
