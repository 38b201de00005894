import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models

MOVE_LEAD_INTENTS = """
    INSERT INTO store_leadintent (connection_id, person_id, at)
    SELECT l.connection_id, i.person_id, min(i.at) FROM store_intent i JOIN store_link l ON l.id = i.link_id
    WHERE i.noun = 'lead' GROUP BY 1, 2;
    DELETE FROM store_intent WHERE noun = 'lead';
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0004_bulk_jobs")]

    operations = [
        migrations.CreateModel(
            name="LeadIntent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.connection"),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.person"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="leadintent",
            constraint=models.UniqueConstraint(
                fields=("connection", "person"), name="one_lead_intent_a_person"
            ),
        ),
        migrations.RunSQL(MOVE_LEAD_INTENTS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="intent", name="one_intent_a_person"),
        migrations.RemoveField(model_name="intent", name="noun"),
        migrations.AddConstraint(
            model_name="intent",
            constraint=models.UniqueConstraint(fields=("link", "person"), name="one_intent_a_person"),
        ),
        migrations.AddField(
            model_name="person",
            name="our_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True
            ),
        ),
    ]
