-- Learning-record stores are asked over xAPI: how far each was read, how it behaves, and what became of each statement.

DO $$
BEGIN
  CREATE ROLE teei_upskilling_sync NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

CREATE TABLE intake.pull_providers (
  provider         text PRIMARY KEY CHECK (provider ~ '^[a-z][a-z0-9_]{1,31}$'),
  endpoint         text NOT NULL CHECK (length(endpoint) <= 2000),
  configured       boolean NOT NULL DEFAULT true,
  cursor_at        timestamptz,
  since_means      text NOT NULL DEFAULT 'unknown' CHECK (since_means IN ('unknown', 'stored', 'timestamp')),
  whole_at         timestamptz,
  whole_statements bigint CHECK (whole_statements >= 0),
  pass             jsonb,
  run_id           uuid,
  run_pid          integer,
  run_backend      timestamptz,
  run_until        timestamptz,
  failures         integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  resting_until    timestamptz,
  last_run_at      timestamptz,
  last_ok_at       timestamptz,
  last_error_at    timestamptz,
  last_error       text CHECK (length(last_error) <= 100),
  CHECK ((whole_at IS NULL) = (whole_statements IS NULL)),
  CHECK ((run_id IS NULL) = (run_until IS NULL))
);
COMMENT ON TABLE intake.pull_providers IS 'A learning-record store that upskilling-sync asks: how far it was read, and whether it answers. The cursor moves in the transaction of the facts.';
COMMENT ON COLUMN intake.pull_providers.endpoint IS 'Where its statements are. Another endpoint under the same code is another store and is read from its beginning.';
COMMENT ON COLUMN intake.pull_providers.configured IS 'Whether the last run that found anybody in the secret of the providers found it there.';
COMMENT ON COLUMN intake.pull_providers.cursor_at IS 'The latest "stored" of the store before which no statement is missing.';
COMMENT ON COLUMN intake.pull_providers.since_means IS 'What the store compares its parameter "since" with, as it has shown. Only one that compares "stored" is read from the cursor on.';
COMMENT ON COLUMN intake.pull_providers.pass IS 'The query on its way, for the run that goes on with it: its beginning, the link to its next page, and its bounds.';
COMMENT ON COLUMN intake.pull_providers.run_id IS 'The run that asks now. It holds the provider until run_until, or until its connection (run_pid, run_backend) is gone; each of its transactions looks whether it still does.';
COMMENT ON COLUMN intake.pull_providers.resting_until IS 'Not asked before then: it failed in several runs in a row, or asked for it.';
COMMENT ON COLUMN intake.pull_providers.last_error IS 'A stable code, no message: nothing here may name a person.';

CREATE TABLE intake.pull_statements (
  provider     text NOT NULL REFERENCES intake.pull_providers,
  statement_id uuid NOT NULL,
  verb         text CHECK (verb IN ('completed', 'passed', 'progressed', 'earned', 'voided')),
  stored_at    timestamptz,
  fate         text NOT NULL CHECK (fate IN ('new', 'changed', 'unchanged', 'suppressed', 'rejected', 'voiding', 'voided')),
  code         text CHECK (length(code) <= 100),
  reason       text CHECK (length(reason) <= 500),
  entity       text CHECK (entity IN ('completions', 'credentials', 'progress')),
  fact_id      uuid,
  import_id    uuid REFERENCES intake.imports,
  voided_by    uuid,
  seen_at      timestamptz NOT NULL DEFAULT now(),
  tried_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, statement_id),
  CHECK ((fate = 'rejected') = (code IS NOT NULL)),
  CHECK ((code IS NULL) = (reason IS NULL))
);
COMMENT ON TABLE intake.pull_statements IS 'What became of each statement about a course. Statements come again and again; the id says which are known. Other verbs leave no row.';
COMMENT ON COLUMN intake.pull_statements.import_id IS 'The delivery that took the statement in; voiding the statement undoes it.';
COMMENT ON COLUMN intake.pull_statements.voided_by IS 'The statement that voids this one. It may come first: then this row waits for what it voids.';
COMMENT ON COLUMN intake.pull_statements.tried_at IS 'Rejected because nobody knew the person, by a fault of ours, or because another statement of the same fact was voided: tried again after others that were tried longer ago.';
CREATE INDEX pull_statements_import ON intake.pull_statements (import_id);
CREATE INDEX pull_statements_fact ON intake.pull_statements (fact_id) WHERE fate = 'unchanged';
CREATE INDEX pull_statements_again ON intake.pull_statements (provider, tried_at) WHERE code IN ('unknown_account', 'ambiguous_person', 'our_fault', 'voided_rival');

GRANT USAGE ON SCHEMA vault, core, intake, bus TO teei_upskilling_sync;
GRANT SELECT, INSERT, UPDATE ON intake.pull_providers, intake.pull_statements TO teei_upskilling_sync;
GRANT SELECT ON intake.pull_providers, intake.pull_statements TO teei_gateway_api;

-- It seals and compares as the importer of the same source does, and takes back what a store declares void.
GRANT SELECT, INSERT, UPDATE ON core.heartbeats, core.profiles, intake.imports TO teei_upskilling_sync;
GRANT SELECT ON core.company_domains, core.programme_instances, core.purposes, core.purpose_defaults, core.external_ids, intake.source_profiles
  TO teei_upskilling_sync;
GRANT SELECT, INSERT, DELETE, UPDATE (fates) ON intake.fates TO teei_upskilling_sync;
GRANT SELECT, INSERT ON intake.revisions, intake.identity_suggestions TO teei_upskilling_sync;
GRANT INSERT ON bus.batches, bus.events TO teei_upskilling_sync;
GRANT SELECT ON vault.keyring, vault.suppressions TO teei_upskilling_sync;
GRANT SELECT, INSERT ON vault.subject_keys TO teei_upskilling_sync;
GRANT INSERT, SELECT (email_id, profile_id, blind_index, source) ON vault.emails TO teei_upskilling_sync;
GRANT EXECUTE ON FUNCTION vault.undo_attributes, vault.undo_addresses, vault.undo_links, vault.undo_people TO teei_upskilling_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON core.upskilling_completions, core.upskilling_credentials, core.upskilling_progress TO teei_upskilling_sync;
