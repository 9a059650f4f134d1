from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("traces", "0020_keep_how_people_want_the_list")]

    operations = [
        migrations.CreateModel(
            "LongFilter",
            [
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("said", models.TextField(
                    help_text="JSON: a text for each field, also for those that are wrong.",
                )),
                ("used_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["used_at"], name="long_filter_by_use")],
            },
        ),
    ]
