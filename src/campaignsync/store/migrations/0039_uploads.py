"""Files between being chosen and being brought in, and the table of Django's cache, which counts failed logins: both of them for
any number of web processes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_CACHE = """
CREATE UNLOGGED TABLE IF NOT EXISTS store_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS store_cache_expires ON store_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0038_what_is_compared_marks_nothing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(_CACHE, "DROP TABLE IF EXISTS store_cache"),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.TextField(unique=True)),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["at"], name="uploads_by_age")]},
        ),
    ]
