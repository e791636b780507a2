-- The live doors of Buddy and of course providers: signed deliveries, and calls that bring records. They write what the
-- importers of their sources write; the tables are those of files.

DO $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['teei_buddy_api', 'teei_upskilling_webhook'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

-- They seal and compare as the importers do. They undo nothing and delete no fact.
GRANT USAGE ON SCHEMA vault, core, intake, bus, audit TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT, INSERT, UPDATE ON core.heartbeats, core.profiles, intake.imports, intake.webhook_deliveries TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT ON core.company_domains, core.programme_instances, core.purposes, core.purpose_defaults, intake.source_profiles
  TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT, INSERT, DELETE ON intake.fates TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT, INSERT ON intake.revisions, intake.identity_suggestions TO teei_buddy_api, teei_upskilling_webhook;
GRANT INSERT ON bus.batches, bus.events TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT ON vault.keyring, vault.suppressions TO teei_buddy_api, teei_upskilling_webhook;
GRANT SELECT, INSERT ON vault.subject_keys TO teei_buddy_api, teei_upskilling_webhook;
GRANT INSERT, SELECT (email_id, profile_id, blind_index, source) ON vault.emails TO teei_buddy_api, teei_upskilling_webhook;
-- Nothing that providers tell about courses is somebody's words.
GRANT INSERT, SELECT (text_id, subject_id, fact_id, field, digest) ON vault.texts TO teei_buddy_api;

-- The answer to a call, kept in the transaction of its facts; who called, in the audit log.
GRANT SELECT, INSERT, DELETE ON intake.idempotency_keys TO teei_buddy_api, teei_upskilling_webhook;
GRANT INSERT ON audit.log TO teei_buddy_api, teei_upskilling_webhook;

-- Who is in Buddy's list of users, files say.
GRANT SELECT ON core.external_ids TO teei_buddy_api;
GRANT SELECT, INSERT, UPDATE
   ON core.buddy_matches, core.buddy_events, core.buddy_event_attendance, core.buddy_skill_sessions, core.buddy_checkins,
      core.buddy_feedback, core.buddy_milestones
   TO teei_buddy_api;
GRANT SELECT, INSERT, UPDATE ON core.upskilling_completions, core.upskilling_credentials, core.upskilling_progress TO teei_upskilling_webhook;
