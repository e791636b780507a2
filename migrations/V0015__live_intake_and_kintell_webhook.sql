-- The same records by other doors than a dropped file, and the first of them: signed deliveries of Kintell. A delivery is
-- a row of intake.imports without an object; its fates, its receipt and its undo are those of a file.

DO $$
BEGIN
  CREATE ROLE teei_kintell_webhook NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

ALTER TABLE intake.imports
  ADD COLUMN door text NOT NULL DEFAULT 'csv' CHECK (door IN ('csv', 'webhook', 'adapter', 'pull')),
  ALTER COLUMN bucket DROP NOT NULL,
  ALTER COLUMN object_key DROP NOT NULL,
  DROP CONSTRAINT imports_version,
  ADD CONSTRAINT imports_object CHECK (
    CASE door WHEN 'csv' THEN bucket IS NOT NULL AND object_key IS NOT NULL AND (object_version IS NOT NULL OR status = 'waiting_upload')
    ELSE bucket IS NULL AND object_key IS NULL AND object_version IS NULL END),
  ADD CONSTRAINT imports_delivery CHECK (door = 'csv' OR (entity IS NOT NULL AND NOT dry_run AND plan_hash IS NULL AND command ->> 'kind' IS DISTINCT FROM 'commit'));
COMMENT ON TABLE intake.imports IS 'What came in at once: a file''s run, or a delivery by another door. A file''s delivery is (bucket, key, version): told twice, it runs once.';
COMMENT ON COLUMN intake.imports.door IS 'csv: a dropped file, workbooks too. webhook: a signed delivery; adapter: an authenticated call; pull: what a provider was asked for.';
COMMENT ON COLUMN intake.imports.object_modified IS 'When the file was written; of a delivery when its source told it, never later than it came. Says which of two came first.';
CREATE INDEX imports_door ON intake.imports (door, created_at DESC, import_id DESC);

CREATE TABLE intake.webhook_deliveries (
  source      text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{1,31}$'),
  webhook_id  text NOT NULL CHECK (length(webhook_id) BETWEEN 1 AND 255 AND webhook_id NOT LIKE '%@%'),
  fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
  type        text CHECK (length(type) <= 100),
  accepted    boolean NOT NULL DEFAULT false,
  code        text CHECK (length(code) <= 100),
  answer      jsonb,
  import_id   uuid REFERENCES intake.imports,
  attempts    integer NOT NULL DEFAULT 1 CHECK (attempts >= 1),
  received_at timestamptz NOT NULL DEFAULT now(),
  last_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, webhook_id),
  CHECK (NOT accepted OR (answer IS NOT NULL AND code IS NULL))
);
COMMENT ON TABLE intake.webhook_deliveries IS 'Signed deliveries by the id their sender gave them, written in the transaction of the facts: what was accepted is answered again and not done again, what was rejected runs again.';
COMMENT ON COLUMN intake.webhook_deliveries.fingerprint IS 'SHA-256 of the body as it came: another body under the same id is refused.';
COMMENT ON COLUMN intake.webhook_deliveries.type IS 'The type of the event where it is one we take; none else.';
COMMENT ON COLUMN intake.webhook_deliveries.code IS 'Why it is not accepted: the problem''s code of the last try.';
CREATE INDEX webhook_deliveries_import ON intake.webhook_deliveries (import_id);

CREATE TABLE core.kintell_ratings (
  rating_id          uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 255 AND source_id NOT LIKE '%@%'),
  session_id         uuid NOT NULL REFERENCES core.kintell_sessions,
  session_type       text NOT NULL CHECK (session_type IN ('language', 'mentorship')),
  participant_id     uuid NOT NULL REFERENCES core.profiles,
  volunteer_id       uuid NOT NULL REFERENCES core.profiles,
  from_role          text NOT NULL CHECK (from_role IN ('participant', 'volunteer')),
  rating             numeric(6, 5) NOT NULL CHECK (rating BETWEEN 0 AND 1),
  rating_raw         numeric NOT NULL,
  rating_scale       text NOT NULL CHECK (rating_scale IN ('1-5', '0-1')),
  feedback_text_id   uuid REFERENCES vault.texts,
  created_at         timestamptz NOT NULL,
  created_day_only   boolean NOT NULL DEFAULT false,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.kintell_ratings IS 'A rating of a meeting that came on its own, apart from the meeting''s record.';
COMMENT ON COLUMN core.kintell_ratings.created_at IS 'When the rating was given; updated_at is when this row was written.';
CREATE INDEX kintell_ratings_session ON core.kintell_ratings (session_id);
CREATE INDEX kintell_ratings_participant ON core.kintell_ratings (participant_id);
CREATE INDEX kintell_ratings_volunteer ON core.kintell_ratings (volunteer_id);
CREATE INDEX kintell_ratings_feedback ON core.kintell_ratings (feedback_text_id) WHERE feedback_text_id IS NOT NULL;

INSERT INTO intake.source_profiles (source, entity, layout, rating_scale, zone) VALUES
  ('kintell', 'ratings', 'ratings', '1-5', 'Europe/Oslo');

-- What the projector knows of such ratings: they count for the meeting they name, whichever of the two is told first.
CREATE TABLE core.session_ratings (
  rating_id  uuid PRIMARY KEY,
  session_id uuid NOT NULL,
  from_role  text NOT NULL CHECK (from_role IN ('participant', 'volunteer')),
  rating     numeric(6, 5) NOT NULL CHECK (rating BETWEEN 0 AND 1),
  rated_at   timestamptz NOT NULL,
  revision   integer NOT NULL CHECK (revision >= 1),
  event_id   uuid NOT NULL
);
COMMENT ON TABLE core.session_ratings IS 'Ratings that were told on their own, in the newest revision: they count for their meeting where that has none.';
CREATE INDEX session_ratings_session ON core.session_ratings (session_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON core.session_ratings TO teei_profile_projector;

GRANT SELECT, INSERT, UPDATE, DELETE ON core.kintell_ratings TO teei_kintell_import;
GRANT SELECT ON core.kintell_ratings, intake.webhook_deliveries TO teei_gateway_api;

-- The webhook seals and compares as the importer does. It undoes nothing and deletes no fact.
GRANT USAGE ON SCHEMA vault, core, intake, bus TO teei_kintell_webhook;
GRANT SELECT, INSERT, UPDATE ON core.heartbeats, core.profiles, core.kintell_sessions, core.kintell_ratings TO teei_kintell_webhook;
GRANT SELECT ON core.company_domains, core.programme_instances, core.purposes, core.purpose_defaults, intake.source_profiles TO teei_kintell_webhook;
GRANT SELECT, INSERT, UPDATE ON intake.imports, intake.webhook_deliveries TO teei_kintell_webhook;
GRANT SELECT, INSERT, DELETE ON intake.fates TO teei_kintell_webhook;
GRANT SELECT, INSERT ON intake.revisions, intake.identity_suggestions TO teei_kintell_webhook;
GRANT INSERT ON bus.batches, bus.events TO teei_kintell_webhook;
GRANT SELECT ON vault.keyring, vault.suppressions TO teei_kintell_webhook;
GRANT SELECT, INSERT ON vault.subject_keys TO teei_kintell_webhook;
GRANT INSERT, SELECT (email_id, profile_id, blind_index, source) ON vault.emails TO teei_kintell_webhook;
GRANT INSERT, SELECT (text_id, subject_id, fact_id, field, digest) ON vault.texts TO teei_kintell_webhook;
