from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0041_one_index_of_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="intent",
            name="looked",
            field=models.BooleanField(db_default=False),
        ),
    ]
