-- The data of benchmarks.pages: {people} and {programs} are put in, statements end with a semicolon at the end of a line.
INSERT INTO store_connection (name, instance_url, credentials, campaign_sync, organization_id, sync_user_id, sync_username,
    currency, rates, assignment, duplicate_rule, default_last_name, default_company, member_fields, every_s)
  VALUES ('org', 'https://org.example', 'none', true, '00D000000000001AAA', '005000000000001AAA', 's@org.example', 'EUR', '{{}}',
    'default', 'obey', 'Unknown', 'Unknown', '[]', 300);
INSERT INTO store_program (name, channel_id, folder, had_costs, created_at) SELECT 'Program ' || n, c.id,
    (ARRAY['', 'EMEA', 'APAC/Fairs'])[n % 3 + 1], true, now() FROM generate_series(1, {programs}) n, store_channel c WHERE c.name = 'Webinar' ORDER BY n;
INSERT INTO store_programtag (program_id, name, value) SELECT id, 'Region', (ARRAY['EMEA', 'APAC'])[id % 2 + 1] FROM store_program;
INSERT INTO store_periodcost (program_id, month, amount, currency, note) SELECT p.id, date '2025-01-01' + m * interval '1 month',
    100 * m, 'EUR', '' FROM store_program p, generate_series(0, 11) m;
INSERT INTO store_campaign (connection_id, salesforce_id, name, is_active, is_deleted, type, system_modstamp) SELECT 1,
    '701' || lpad(id::text, 12, '0') || 'AAA', 'Campaign ' || id, true, false, 'Webinar', now() FROM store_program;
INSERT INTO store_link (program_id, connection_id, campaign_id, state, winner, step_back, removed_in_program, removed_in_campaign,
    field_edit, removal_share, removal_number, removals_allowed, linked_at) SELECT id, 1, '701' || lpad(id::text, 12, '0') || 'AAA',
    CASE WHEN id % 50 = 0 THEN 'halted' ELSE 'active' END, 'further', 'put back', 'remove', 'remove', 'put back', 0.3, 10, false, now()
    FROM store_program;
INSERT INTO store_person (email, first_name, last_name, company, custom, created_at) SELECT 'p' || n || '@example.com', 'Person', n::text
    || ' Person', 'Company ' || n % 1000, '{{}}', now() FROM generate_series(1, {people}) n;
INSERT INTO store_programmember (program_id, person_id, status_id, member_since, reached_success_at, origin, custom)
  SELECT CASE WHEN n.id % 5 < 2 THEN 1 ELSE 2 + n.id % ({programs} - 1) END, n.id, (SELECT s.id FROM store_progressionstatus s
    JOIN store_channel c ON c.id = s.channel_id WHERE c.name = 'Webinar' ORDER BY s.step, s.id OFFSET n.id % 4 LIMIT 1),
    now() - n.id % 400 * interval '1 day', CASE WHEN n.id % 4 = 3 THEN now() - n.id % 30 * interval '1 day' END, 'import', '{{}}'
    FROM store_person n;
INSERT INTO store_personidentity (connection_id, person_id, salesforce_id, kind, is_deleted) SELECT 1, id,
    '00Q' || lpad(id::text, 12, '0') || 'AAA', 'lead', false FROM store_person;
INSERT INTO store_campaignmember (connection_id, salesforce_id, campaign_id, lead_id, status, system_modstamp) SELECT 1,
    '00v' || lpad(m.id::text, 12, '0') || 'AAA', '701' || lpad(m.program_id::text, 12, '0') || 'AAA',
    '00Q' || lpad(m.person_id::text, 12, '0') || 'AAA', s.name, now() FROM store_programmember m
    JOIN store_progressionstatus s ON s.id = m.status_id;
INSERT INTO store_agreement (link_id, person_id, status) SELECT m.program_id, m.person_id, s.name FROM store_programmember m
    JOIN store_progressionstatus s ON s.id = m.status_id;
INSERT INTO store_run (link_id, program_id, connection_id, campaign_id, why, started_at, ended_at, died, report) SELECT 1 + n % {programs}, 1 + n % {programs},
    1, '701' || lpad((1 + n % {programs})::text, 12, '0') || 'AAA', 'sync', now() - n * interval '10 seconds',
    now() - n * interval '10 seconds', false, '{{"program_changes": 1, "campaign_changes": 2, "refused": 0, "conflicts": 0, "api_calls": 7}}'
    FROM generate_series({programs} * 20, 1, -1) n;
INSERT INTO store_journalentry (at, who, why, run_id, side, program_id, campaign_id, person_id, noun, record_id, old, new)
  SELECT now() - n * interval '1 second', 'ada', 'set', 1 + n % ({programs} * 20), 'program', 1 + n % {programs}, '', 1 + n % {people}, 'member', '',
    'Invited', 'Registered' FROM generate_series({people}, 1, -1) n;
INSERT INTO store_problem (connection_id, link_id, person_id, noun, direction, code, message, first_seen, last_seen, tries)
  SELECT 1, m.program_id, m.person_id, 'member', CASE WHEN m.id % 2 = 0 THEN 'for a person' ELSE 'to campaign' END,
    CASE WHEN m.id % 2 = 0 THEN 'CONFLICT' ELSE 'DUPLICATES_DETECTED' END, 'Use one of these records?', now(), now(), 1
    FROM store_programmember m WHERE m.id % 100 < 2;
