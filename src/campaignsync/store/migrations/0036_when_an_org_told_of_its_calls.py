"""When an org told of its own use of API calls: what it told is believed for an hour."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0035_plans_that_wait_are_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="pulse",
            name="told_at",
            field=models.DateTimeField(null=True),
        ),
    ]
