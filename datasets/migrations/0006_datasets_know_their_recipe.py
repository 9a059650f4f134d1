import tunix_site.strict_json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0005_fill_parts_of_datasets")]

    operations = [
        migrations.AddField("dataset", "recipe", models.JSONField(
            decoder=tunix_site.strict_json.StoredDecoder, default=dict,
        ), preserve_default=False),
        *(
            migrations.AlterField("dataset", name, models.JSONField(
                decoder=tunix_site.strict_json.StoredDecoder, null=True,
            ))
            for name in ("filters", "where", "splits")
        ),
        *(
            migrations.AlterField("dataset", name, models.CharField(max_length=16, null=True))
            for name in ("selection_strategy", "split_by")
        ),
    ]
