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
    FROM store_program ORDER BY id;
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
INSERT INTO store_journalentry (at, who, why, run_id, side, connection_id, program_id, campaign_id, person_id, noun, record_id, old, new)
  SELECT now() - n * interval '1 second', 'ada', 'set', 1 + n % ({programs} * 20), CASE WHEN n % 2 = 0 THEN 'campaign' ELSE 'program' END,
    CASE WHEN n % 2 = 0 THEN 1 END, CASE WHEN n % 2 = 1 THEN 1 + n % {programs} END,
    CASE WHEN n % 2 = 0 THEN '701' || lpad((1 + n % {programs})::text, 12, '0') || 'AAA' ELSE '' END,
    1 + n % {people}, 'member', '', 'Invited', 'Registered' FROM generate_series({people}, 1, -1) n;
INSERT INTO store_problem (connection_id, link_id, person_id, noun, direction, code, message, first_seen, last_seen, tries)
  SELECT 1, m.program_id, m.person_id, 'member', CASE WHEN m.id % 2 = 0 THEN 'for a person' ELSE 'to campaign' END,
    CASE WHEN m.id % 2 = 0 THEN 'CONFLICT' ELSE 'DUPLICATES_DETECTED' END, 'Use one of these records?', now(), now(), 1
    FROM store_programmember m WHERE m.id % 100 < 2;
UPDATE store_campaignmember SET status = 'No Show' WHERE campaign_id = '701000000000001AAA' AND lead_id LIKE '%0AAA' AND status <> 'No Show';
INSERT INTO store_campaignmemberstatus (connection_id, salesforce_id, campaign_id, label, sort_order, is_default, has_responded,
    system_modstamp) SELECT 1, '01Y' || lpad((p.id * 10 + s.step % 10)::text, 12, '0') || 'AAA', '701' || lpad(p.id::text, 12, '0') || 'AAA',
    s.name, s.step, s.step = 1, s.success, now() FROM store_program p JOIN store_progressionstatus s ON s.channel_id = p.channel_id
    ON CONFLICT DO NOTHING;
INSERT INTO store_auditentry (at, who, noun, record, action, old, new) SELECT now() - n * interval '1 minute', 'ada', 'program',
    'Program ' || n % {programs}, 'update', '{{"folder": ""}}', '{{"folder": "EMEA"}}' FROM generate_series({people} / 10, 1, -1) n;
INSERT INTO store_apicalls (connection_id, hour, calls) SELECT 1, date_trunc('hour', now()) - n * interval '1 hour', 10 + n FROM generate_series(0, 499) n;
INSERT INTO store_traffic (connection_id, link_id, object, direction, hour, moved, waiting, counted_at) SELECT 1, l.id, 'CampaignMember',
    d, date_trunc('hour', now()) - n * interval '1 hour', 10, 3, now() - n * interval '1 hour' FROM store_link l,
    generate_series(0, 23) n, unnest(ARRAY['to campaign', 'to program']) d WHERE l.id % 10 = 0;
INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
    SELECT 'user' || n, '!', false, '', '', 'user' || n || '@example.com', false, true, now() FROM generate_series(1, {programs} / 5) n;
INSERT INTO store_grant (user_id, folder, role) SELECT id, 'EMEA', 'operator' FROM auth_user;
INSERT INTO store_apikey (user_id, name, prefix, digest, scopes, created_at) SELECT id, 'key', 'key' || id, 'digest' || id, '["read"]',
    now() FROM auth_user;
INSERT INTO store_webhook (url, secret, events, active, created_at) SELECT 'https://hook.example/' || n, 'none', '["run finished"]', true, now()
    FROM generate_series(1, {programs} / 10) n;
INSERT INTO store_batch (smart_campaign_id, why, started_at, qualified, blocked) SELECT s.id, 'run', now() - n * interval '1 day', 100, 3
    FROM store_smartcampaign s, generate_series(99, 0, -1) n;
INSERT INTO store_flowversion (smart_campaign_id, definition, made_at) SELECT id, definition, now() FROM store_smartcampaign;
INSERT INTO store_journey (smart_campaign_id, version_id, person_id, event, chain, priority, position, state, entered_at, ended_at)
    SELECT v.smart_campaign_id, v.id, n, '{{}}', '{{}}', 5, 1, (ARRAY['done', 'waiting'])[n % 2 + 1], now(), now()
    FROM generate_series(1, {people} / 10) n JOIN (SELECT id, smart_campaign_id, row_number() OVER (ORDER BY id) AS place
    FROM store_flowversion) v ON v.place = CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % ({programs} / 10) END;
INSERT INTO store_stepresult (journey_id, smart_campaign_id, person_id, step, action, outcome, message, object, at)
    SELECT id, smart_campaign_id, person_id, 0, 'Change Data Value', (ARRAY['done', 'failed'])[person_id % 50 / 49 + 1], '', 'rating', now()
    FROM store_journey;
INSERT INTO store_blockedperson (smart_campaign_id, person_id, reason, times, last_at) SELECT smart_campaign_id, person_id, 'been there', 1,
    now() FROM store_journey
