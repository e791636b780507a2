-- What gateway-api needs to take uploads, to answer what was read from a record, and to declare what sources mean.

CREATE TABLE intake.idempotency_keys (
  actor       text NOT NULL CHECK (length(actor) BETWEEN 1 AND 255),
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  route       text NOT NULL,
  fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
  status      smallint NOT NULL CHECK (status BETWEEN 200 AND 299),
  response    jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor, key)
);
COMMENT ON TABLE intake.idempotency_keys IS 'Answers to creating requests by Idempotency-Key, for a day, written in the transaction of the effect.';
COMMENT ON COLUMN intake.idempotency_keys.fingerprint IS 'SHA-256 of the request''s body: another body under the same key is refused.';
CREATE INDEX idempotency_keys_created ON intake.idempotency_keys (created_at);

GRANT USAGE ON SCHEMA vault, audit TO teei_gateway_api;
GRANT SELECT, INSERT, DELETE ON intake.idempotency_keys TO teei_gateway_api;
GRANT INSERT ON audit.log TO teei_gateway_api;

-- An upload is announced, an order is written; everything else of an import is the importer's.
GRANT INSERT (import_id, source, entity, status, bucket, object_key, name, created_by, instance_id, dry_run) ON intake.imports TO teei_gateway_api;
GRANT UPDATE (command, status) ON intake.imports TO teei_gateway_api;
GRANT SELECT, INSERT, UPDATE ON intake.source_profiles TO teei_gateway_api;
GRANT SELECT ON core.programme_instances TO teei_gateway_api;

-- GET /v1/imports/{id}/records?values=true, for admins: the facts, their history, and what is sealed about their people.
GRANT SELECT ON core.kintell_sessions, core.kintell_users,
  core.buddy_users, core.buddy_matches, core.buddy_events, core.buddy_event_attendance, core.buddy_skill_sessions,
  core.buddy_checkins, core.buddy_feedback, core.buddy_milestones,
  core.upskilling_completions, core.upskilling_credentials, core.upskilling_progress TO teei_gateway_api;
GRANT SELECT (profile_id, source, external_id, linked_at, link_id) ON core.external_ids TO teei_gateway_api;
GRANT SELECT (fact_id, revision, content, stored, import_id) ON intake.revisions TO teei_gateway_api;
GRANT SELECT ON vault.keyring TO teei_gateway_api;
GRANT SELECT (profile_id, epoch, wrapped) ON vault.subject_keys TO teei_gateway_api;
GRANT SELECT (profile_id, email_id, blind_index, sealed, source, import_id, line, added_at) ON vault.emails TO teei_gateway_api;
GRANT SELECT (profile_id, field, source, sealed, digest, revision, import_id, line) ON vault.attributes, vault.attribute_revisions TO teei_gateway_api;
GRANT SELECT (text_id, subject_id, sealed, digest) ON vault.texts TO teei_gateway_api;
