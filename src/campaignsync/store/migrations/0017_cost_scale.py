from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0016_person_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="cost_scale",
            field=models.IntegerField(db_default=2, default=2),
        ),
    ]
