import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0015_choices_are_noted"),
    ]

    operations = [
        migrations.CreateModel(
            name="MappedField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("lead", models.TextField(null=True)),
                ("contact", models.TextField(null=True)),
                ("direction", models.TextField()),
                ("winner", models.TextField()),
            ],
        ),
        migrations.AddField(
            model_name="personidentity",
            name="agreed",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="personidentity",
            name="changes",
            field=models.BigIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="salesforceperson",
            name="custom",
            field=models.JSONField(null=True),
        ),
        migrations.AddIndex(
            model_name="personidentity",
            index=models.Index(
                condition=models.Q(("changes__gt", 0)), fields=["connection"], name="people_to_compare"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="note_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='\n    EXECUTE $note$ INSERT INTO store_journalentry (at, who, why, run_id, side, connection_id, program_id, campaign_id, person_id, noun, record_id, old, new)\n    SELECT \n    COALESCE(NULLIF(current_setting(\'campaignsync.now\', true), \'\')::timestamptz, now()),\n    COALESCE(NULLIF(current_setting(\'campaignsync.who\', true), \'\'), session_user),\n    COALESCE(current_setting(\'campaignsync.why\', true), \'\'),\n    NULLIF(current_setting(\'campaignsync.run\', true), \'\')::bigint\n, \'program\', NULL, NULL, \'\', r.person_id, r.noun, \'\', r.old, r.new\n    FROM (SELECT n.id AS person_id, f.* FROM new_rows n JOIN old_rows o ON o.id = n.id AND n.merged_into_id IS NULL \n    CROSS JOIN LATERAL (VALUES (\'email\', o."email"::text, n."email"::text), (\'first_name\', o."first_name"::text, n."first_name"::text), (\'last_name\', o."last_name"::text, n."last_name"::text), (\'salutation\', o."salutation"::text, n."salutation"::text), (\'title\', o."title"::text, n."title"::text), (\'company\', o."company"::text, n."company"::text), (\'phone\', o."phone"::text, n."phone"::text), (\'mobile_phone\', o."mobile_phone"::text, n."mobile_phone"::text), (\'fax\', o."fax"::text, n."fax"::text), (\'street\', o."street"::text, n."street"::text), (\'city\', o."city"::text, n."city"::text), (\'state\', o."state"::text, n."state"::text), (\'postal_code\', o."postal_code"::text, n."postal_code"::text), (\'country\', o."country"::text, n."country"::text), (\'industry\', o."industry"::text, n."industry"::text), (\'annual_revenue\', o."annual_revenue"::text, n."annual_revenue"::text), (\'employees\', o."employees"::text, n."employees"::text), (\'website\', o."website"::text, n."website"::text), (\'rating\', o."rating"::text, n."rating"::text), (\'source\', o."source"::text, n."source"::text), (\'status\', o."status"::text, n."status"::text), (\'notes\', o."notes"::text, n."notes"::text), (\'unsubscribed\', o."unsubscribed"::text, n."unsubscribed"::text)) f(noun, old, new) WHERE f.old IS DISTINCT FROM f.new\n\n    UNION ALL SELECT n.id, f.* FROM new_rows n JOIN old_rows o ON o.id = n.id AND n.merged_into_id IS NULL \n    CROSS JOIN LATERAL (SELECT k AS noun, o.custom->>k AS old, n.custom->>k AS new FROM\n        jsonb_object_keys(coalesce(o.custom, \'{}\') || coalesce(n.custom, \'{}\')) k) f WHERE f.old IS DISTINCT FROM f.new\n) r $note$;\n    EXECUTE $count$ UPDATE store_personidentity i SET changes = i.changes + 1\n    FROM new_rows n JOIN old_rows o ON o.id = n.id AND n.merged_into_id IS NULL WHERE i.person_id = n.id AND (n."email", n."first_name", n."last_name", n."salutation", n."title", n."company", n."phone", n."mobile_phone", n."fax", n."street", n."city", n."state", n."postal_code", n."country", n."industry", n."annual_revenue", n."employees", n."website", n."rating", n."source", n."status", n."notes", n."unsubscribed", n."custom") IS DISTINCT FROM (o."email", o."first_name", o."last_name", o."salutation", o."title", o."company", o."phone", o."mobile_phone", o."fax", o."street", o."city", o."state", o."postal_code", o."country", o."industry", o."annual_revenue", o."employees", o."website", o."rating", o."source", o."status", o."notes", o."unsubscribed", o."custom") $count$;\n    RETURN NULL;\n',
                    hash="9c799f0be48cd3427d59f4a7d2e6848c81ac0ab9",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_note_update_34e3e",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="store_person",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="salesforceperson",
            trigger=pgtrigger.compiler.Trigger(
                name="note_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='\n    EXECUTE $note$ INSERT INTO store_journalentry (at, who, why, run_id, side, connection_id, program_id, campaign_id, person_id, noun, record_id, old, new)\n    SELECT \n    COALESCE(NULLIF(current_setting(\'campaignsync.now\', true), \'\')::timestamptz, now()),\n    COALESCE(NULLIF(current_setting(\'campaignsync.who\', true), \'\'), session_user),\n    COALESCE(current_setting(\'campaignsync.why\', true), \'\'),\n    NULLIF(current_setting(\'campaignsync.run\', true), \'\')::bigint\n, \'campaign\', r.connection_id, NULL, \'\', r.person_id, r.noun, r.salesforce_id, r.old, r.new\n    FROM (SELECT i.connection_id, i.person_id, i.salesforce_id, f.* FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN store_personidentity i\n    ON i.connection_id = n.connection_id AND i.salesforce_id = n.salesforce_id AND o.system_modstamp IS NOT NULL \n    CROSS JOIN LATERAL (VALUES (\'email\', o."email"::text, n."email"::text), (\'first_name\', o."first_name"::text, n."first_name"::text), (\'last_name\', o."last_name"::text, n."last_name"::text), (\'salutation\', o."salutation"::text, n."salutation"::text), (\'title\', o."title"::text, n."title"::text), (\'company\', o."company"::text, n."company"::text), (\'phone\', o."phone"::text, n."phone"::text), (\'mobile_phone\', o."mobile_phone"::text, n."mobile_phone"::text), (\'fax\', o."fax"::text, n."fax"::text), (\'street\', o."street"::text, n."street"::text), (\'city\', o."city"::text, n."city"::text), (\'state\', o."state"::text, n."state"::text), (\'postal_code\', o."postal_code"::text, n."postal_code"::text), (\'country\', o."country"::text, n."country"::text), (\'industry\', o."industry"::text, n."industry"::text), (\'annual_revenue\', o."annual_revenue"::text, n."annual_revenue"::text), (\'employees\', o."employees"::text, n."employees"::text), (\'website\', o."website"::text, n."website"::text), (\'rating\', o."rating"::text, n."rating"::text), (\'source\', o."source"::text, n."source"::text), (\'status\', o."status"::text, n."status"::text), (\'notes\', o."notes"::text, n."notes"::text), (\'unsubscribed\', o."unsubscribed"::text, n."unsubscribed"::text)) f(noun, old, new) WHERE f.old IS DISTINCT FROM f.new\n\n    UNION ALL SELECT i.connection_id, i.person_id, i.salesforce_id, f.*\n    FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN store_personidentity i\n    ON i.connection_id = n.connection_id AND i.salesforce_id = n.salesforce_id AND o.system_modstamp IS NOT NULL \n    CROSS JOIN LATERAL (SELECT k AS noun, o.custom->>k AS old, n.custom->>k AS new FROM\n        jsonb_object_keys(coalesce(o.custom, \'{}\') || coalesce(n.custom, \'{}\')) k) f WHERE f.old IS DISTINCT FROM f.new\n) r $note$;\n    EXECUTE $count$ UPDATE store_personidentity i SET changes = i.changes + 1\n    FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE i.connection_id = n.connection_id AND i.salesforce_id = n.salesforce_id\n    AND (n.system_modstamp, n."email", n."first_name", n."last_name", n."salutation", n."title", n."company", n."phone", n."mobile_phone", n."fax", n."street", n."city", n."state", n."postal_code", n."country", n."industry", n."annual_revenue", n."employees", n."website", n."rating", n."source", n."status", n."notes", n."unsubscribed", n."custom") IS DISTINCT FROM (o.system_modstamp, o."email", o."first_name", o."last_name", o."salutation", o."title", o."company", o."phone", o."mobile_phone", o."fax", o."street", o."city", o."state", o."postal_code", o."country", o."industry", o."annual_revenue", o."employees", o."website", o."rating", o."source", o."status", o."notes", o."unsubscribed", o."custom") $count$;\n    RETURN NULL;\n',
                    hash="f7ce0fc3f5a98f1b757b7d95fbb8caa785b03332",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_note_update_32fc4",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="store_salesforceperson",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="mappedfield",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mapped_fields",
                to="store.connection",
            ),
        ),
        migrations.AddConstraint(
            model_name="mappedfield",
            constraint=models.UniqueConstraint(
                fields=("connection", "name"), name="one_mapping_a_person_field"
            ),
        ),
    ]
