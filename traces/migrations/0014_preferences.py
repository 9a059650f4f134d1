import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("traces", "0013_let_scores_be_undecided"),
    ]

    operations = [
        migrations.CreateModel(
            "Preference",
            [
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID",
                )),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(
                    default=django.utils.timezone.now, editable=False,
                )),
                ("chosen", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.CASCADE,
                    related_name="preferred_over", to="traces.trace",
                )),
                ("rejected", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="preferred_to",
                    to="traces.trace",
                )),
                ("reviewer", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="preferences",
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chosen", "rejected", "reviewer"),
                        name="one_preference_per_pair_and_reviewer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("chosen", models.F("rejected")), _negated=True),
                        name="preference_is_of_two_traces",
                    ),
                ],
            },
        ),
    ]
