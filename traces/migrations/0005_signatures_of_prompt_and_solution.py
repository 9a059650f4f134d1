from django.db import migrations, models

# All are of an older version, which is never compared: what is left of them would be dead rows.
FORGET = "TRUNCATE traces_signature"


class Migration(migrations.Migration):
    dependencies = [("traces", "0004_step_labels")]

    operations = [
        migrations.RunSQL(FORGET, FORGET),
        migrations.RemoveField(model_name="signature", name="minima"),
        migrations.AddField(
            model_name="signature",
            name="prompt_minima",
            field=models.BinaryField(),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="signature",
            name="solution_minima",
            field=models.BinaryField(),
            preserve_default=False,
        ),
    ]
