import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0019_always_on"),
    ]

    operations = [
        migrations.CreateModel(
            name="CampaignIntent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.connection"),
                ),
                (
                    "program",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.program"),
                ),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(
                        fields=("program", "connection"), name="one_campaign_intent_a_program"
                    ),
                ),
            },
        ),
    ]
