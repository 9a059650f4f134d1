from django.db import migrations, models
from django.db.models import Q

# What is built while changes go on being told: how, and what the model knows of it.
INDEXES = {
    "event_by_object_id": (
        "(object_id, id)",
        models.Index(fields=["object_id", "id"], name="event_by_object_id"),
    ),
    "event_by_object_type": (
        "(object_type, id)",
        models.Index(fields=["object_type", "id"], name="event_by_object_type"),
    ),
    "event_by_actor_name": (
        "(actor_name, id)",
        models.Index(fields=["actor_name", "id"], name="event_by_actor_name"),
    ),
    "event_by_through": (
        "(through, id)",
        models.Index(fields=["through", "id"], name="event_by_through"),
    ),
    "event_by_job": (
        "(job_id, id) WHERE job_id IS NOT NULL",
        models.Index(
            fields=["job_id", "id"], name="event_by_job", condition=Q(("job_id__isnull", False)),
        ),
    ),
}
# What these take the place of. Whoever did it is looked for by name: of a user who is deleted
# nothing else is left.
REPLACED = {
    "event_by_actor": "(actor_id, id)",
    "event_by_object": "(object_type, object_id, id)",
}


def built(name, columns, index):
    """Build an index, anew where it was broken off."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE INDEX CONCURRENTLY {name} ON events_event {columns}"
    state = migrations.AddIndex("event", index)
    return migrations.RunSQL([drop, create], drop, state_operations=[state])


def dropped(name, columns):
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE INDEX CONCURRENTLY {name} ON events_event {columns}"
    state = migrations.RemoveIndex("event", name)
    return migrations.RunSQL(drop, [drop, create], state_operations=[state])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("events", "0002_events_never_change")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE events_event ADD COLUMN IF NOT EXISTS job_id uuid",
            "ALTER TABLE events_event DROP COLUMN job_id",
            state_operations=[
                migrations.AddField(
                    "event", "job_id",
                    models.UUIDField(null=True, help_text="Of the job that did it."),
                ),
            ],
        ),
        *(built(name, *said) for name, said in INDEXES.items()),
        *(dropped(name, columns) for name, columns in REPLACED.items()),
    ]
