import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_traffic"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.person"
            ),
        ),
        migrations.AddField(
            model_name="personidentity",
            name="is_deleted",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="personidentity",
            index=models.Index(
                condition=models.Q(("is_deleted", True)), fields=["connection"], name="people_deleted_there"
            ),
        ),
        migrations.AddIndex(
            model_name="salesforceperson",
            index=models.Index(
                condition=models.Q(
                    ("is_converted", True),
                    ("master_record_id__isnull", False),
                    ("is_deleted", True),
                    _connector="OR",
                ),
                fields=["connection"],
                name="people_gone_on_or_away",
            ),
        ),
        migrations.AddIndex(
            model_name="salesforceperson",
            index=models.Index(
                condition=models.Q(("is_deleted__isnull", True), ("system_modstamp__isnull", True)),
                fields=["connection"],
                name="people_to_look_up",
            ),
        ),
    ]
