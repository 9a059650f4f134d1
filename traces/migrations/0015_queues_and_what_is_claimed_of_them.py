import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Func, Q

import tunix_site.strict_json

ORDERS = [
    ("random", "Random"), ("score", "Score"), ("disagreement", "Disagreement"),
    ("oldest", "Oldest"),
]
NUMBER = ("id", models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID",
))
CASCADE, SET_NULL = django.db.models.deletion.CASCADE, django.db.models.deletion.SET_NULL
USER = settings.AUTH_USER_MODEL


def document():
    return models.JSONField(decoder=tunix_site.strict_json.StoredDecoder, default=dict)


def by():
    return models.ForeignKey(null=True, on_delete=SET_NULL, related_name="+", to=USER)


def now():
    return models.DateTimeField(default=django.utils.timezone.now, editable=False)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("traces", "0014_preferences"),
    ]

    operations = [
        migrations.CreateModel(
            "Queue",
            [
                NUMBER,
                ("name", models.CharField(max_length=100)),
                ("where", document()),
                ("order", models.CharField(choices=ORDERS, max_length=16)),
                ("criteria", models.CharField(
                    blank=True, help_text="Of the order by score.", max_length=64,
                )),
                ("seed", models.BigIntegerField(default=0)),
                ("overlap", models.FloatField(
                    default=0, help_text="The share that two people review.",
                )),
                ("blind", models.BooleanField(default=False)),
                ("reasons", django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=200), default=list, size=None,
                )),
                ("step_labels", models.BooleanField(default=False)),
                ("is_of_disputes", models.BooleanField(
                    default=False, help_text="The site's one of disputes.",
                )),
                ("created_at", now()),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
                ("member_count", models.PositiveBigIntegerField(default=0, editable=False)),
                ("left_count", models.PositiveBigIntegerField(
                    default=0, editable=False, help_text="Members that still want a verdict.",
                )),
                ("newest", models.UUIDField(
                    editable=False, help_text="The newest trace when it was last filled.",
                    null=True,
                )),
                ("filled_at", models.DateTimeField(
                    editable=False, help_text="When it was last filled, or began to be.",
                    null=True,
                )),
                ("filling", models.PositiveIntegerField(
                    default=0, editable=False,
                    help_text="How often it was filled: later members are behind.",
                )),
                ("job", models.UUIDField(
                    editable=False, help_text="The last one that filled it.", null=True,
                )),
                ("created_by", by()),
                ("people", models.ManyToManyField(
                    blank=True, help_text="None: everybody.", related_name="queues", to=USER,
                )),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("deleted_at", None), ("is_of_disputes", False)),
                        fields=("name",), name="one_queue_per_name",
                    ),
                    models.UniqueConstraint(
                        condition=Q(("is_of_disputes", True)), fields=("is_of_disputes",),
                        name="one_queue_of_disputes",
                    ),
                    models.CheckConstraint(
                        condition=Q(("order__in", [value for value, _ in ORDERS])),
                        name="queue_order_is_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(("overlap__gte", 0), ("overlap__lte", 1)),
                        name="queue_overlap_is_a_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Guideline",
            [
                NUMBER,
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("created_at", now()),
                ("created_by", by()),
                ("queue", models.ForeignKey(
                    db_index=False, on_delete=CASCADE, related_name="guidelines",
                    to="traces.queue",
                )),
            ],
            options={
                "ordering": ["-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("queue", "version"), name="one_guideline_per_queue_and_version",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "SavedFilter",
            [
                NUMBER,
                ("name", models.CharField(max_length=100)),
                ("where", document()),
                ("team", models.BooleanField(default=False, help_text="Everybody sees it.")),
                ("created_at", now()),
                ("owner", models.ForeignKey(
                    on_delete=CASCADE, related_name="saved_filters", to=USER,
                )),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("team", False)), fields=("owner", "name"),
                        name="one_own_filter_per_name",
                    ),
                    models.UniqueConstraint(
                        condition=Q(("team", True)), fields=("name",),
                        name="one_team_filter_per_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "QueueMember",
            [
                NUMBER,
                ("filling", models.PositiveIntegerField()),
                ("rank", models.FloatField()),
                ("wanted", models.PositiveSmallIntegerField(
                    default=1, help_text="Verdicts of so many people.",
                )),
                ("reviewers", django.contrib.postgres.fields.ArrayField(
                    base_field=models.IntegerField(), default=list, help_text="Users' ids.",
                    size=None,
                )),
                ("done", models.GeneratedField(
                    db_persist=True,
                    expression=django.db.models.lookups.GreaterThanOrEqual(
                        Func(
                            "reviewers", function="cardinality",
                            output_field=models.IntegerField(),
                        ),
                        F("wanted"),
                    ),
                    output_field=models.BooleanField(),
                )),
                ("queue", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT,
                    related_name="members", to="traces.queue",
                )),
                ("trace", models.ForeignKey(
                    db_index=False, on_delete=CASCADE, related_name="memberships",
                    to="traces.trace",
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("trace", "queue"), name="one_member_per_trace_and_queue",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=Q(("done", False)), name="member_in_order",
                        fields=["queue", "filling", "rank", "trace"],
                    ),
                    models.Index(
                        condition=Q(("done", False), ("wanted__gt", 2)), name="member_disputed",
                        fields=["trace"],
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Claim",
            [
                NUMBER,
                ("guideline", models.PositiveIntegerField(
                    help_text="The version that was current.", null=True,
                )),
                ("expires_at", models.DateTimeField()),
                ("queue", models.ForeignKey(
                    on_delete=CASCADE, related_name="claims", to="traces.queue",
                )),
                ("reviewer", models.ForeignKey(
                    on_delete=CASCADE, related_name="claims", to=USER,
                )),
                ("trace", models.ForeignKey(
                    db_index=False, on_delete=CASCADE, related_name="claims", to="traces.trace",
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("trace", "reviewer"), name="one_claim_per_trace_and_reviewer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Skip",
            [
                NUMBER,
                ("skipped_at", models.DateTimeField()),
                ("member", models.ForeignKey(
                    db_index=False, on_delete=CASCADE, related_name="skips",
                    to="traces.queuemember",
                )),
                ("reviewer", models.ForeignKey(
                    db_index=False, on_delete=CASCADE, related_name="+", to=USER,
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "reviewer"), name="one_skip_per_member_and_reviewer",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["reviewer", "skipped_at"], name="skip_by_reviewer"),
                ],
            },
        ),
        migrations.AddField("review", "queue", models.ForeignKey(
            db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
            related_name="reviews", to="traces.queue",
        )),
        migrations.AddField("review", "guideline", models.IntegerField(
            help_text="Its version that the reviewer was told.", null=True,
        )),
        migrations.AddField("review", "undoes", models.ForeignKey(
            db_index=False, null=True, on_delete=CASCADE, related_name="undone_by",
            to="traces.review",
        )),
    ]
