"""Lets a score have no value where its scorer is undecided.

Scores that are there have values, so the rule needs no look at them.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('traces', '0012_move_records_to_originals'),
    ]

    operations = [
        migrations.AlterField(
            model_name='score',
            name='value',
            field=models.FloatField(blank=True, help_text='Null: the scorer is undecided.', null=True),
        ),
        AddConstraintNotValid(
            model_name='score',
            constraint=models.CheckConstraint(condition=models.Q(('value__isnull', False), ('details__contains', {'outcome': 'undecided'}), _connector='OR'), name='score_has_a_value_or_is_undecided'),
        ),
    ]
