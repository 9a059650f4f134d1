import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("traces", "0023_find_reviews_that_were_given_by_hand"),
    ]

    operations = [
        migrations.AddField("longfilter", "owner", models.ForeignKey(
            db_index=False, help_text="Who kept it last.", null=True, related_name="+",
            on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL,
        )),
        migrations.AddIndex("longfilter", models.Index(
            fields=["owner", "used_at"], name="long_filter_by_owner",
        )),
    ]
