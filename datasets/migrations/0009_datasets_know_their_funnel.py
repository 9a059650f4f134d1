import tunix_site.strict_json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0008_drop_the_columns_of_recipes")]

    operations = [
        migrations.AddField("dataset", "funnel", models.JSONField(
            decoder=tunix_site.strict_json.StoredDecoder, default=list, editable=False,
            help_text="What each step of the build removed, and why; empty where nobody counted.",
        )),
    ]
