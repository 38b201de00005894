import django.db.models.deletion
from django.db import migrations, models

# The foreign key is checked at once, since a table with checks to come cannot be altered.
FILL = """
    SET CONSTRAINTS ALL IMMEDIATE;
    UPDATE store_problem q SET connection_id = l.connection_id,
        noun = CASE WHEN q.person_id IS NULL THEN 'field' ELSE 'member' END
    FROM store_link l WHERE l.id = q.link_id;
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="problem", name="one_open_problem_a_person"),
        migrations.AddField(
            model_name="problem",
            name="connection",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="problems",
                to="store.connection",
            ),
        ),
        migrations.AddField(
            model_name="problem", name="noun", field=models.TextField(default=""), preserve_default=False
        ),
        migrations.AlterField(
            model_name="problem",
            name="link",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="problems",
                to="store.link",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="problem",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="problems", to="store.connection"
            ),
        ),
        migrations.AddConstraint(
            model_name="problem",
            constraint=models.UniqueConstraint(
                condition=models.Q(person__isnull=False, solved_at__isnull=True),
                fields=("link", "person", "noun"),
                name="one_open_problem_a_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="problem",
            constraint=models.UniqueConstraint(
                condition=models.Q(link__isnull=True, person__isnull=False, solved_at__isnull=True),
                fields=("connection", "person"),
                name="one_open_problem_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="problem",
            constraint=models.UniqueConstraint(
                condition=models.Q(link__isnull=True, person__isnull=True, solved_at__isnull=True),
                fields=("connection", "code"),
                name="one_open_problem_a_job",
            ),
        ),
    ]
