from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("datasets", "0007_carry_recipes_over")]

    operations = [
        migrations.RemoveField("dataset", name)
        for name in (
            "filters", "where", "selection_strategy", "seed", "limit", "splits", "split_by",
        )
    ]
