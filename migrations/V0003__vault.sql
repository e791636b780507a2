-- Personal data, sealed with AES-256-GCM under a key of the subject's own. A subject key is wrapped by the key-encryption
-- key of an epoch, an epoch's key by KMS. Erasing a person destroys one wrapped key.

CREATE TABLE vault.keyring (
  name       text NOT NULL CHECK (name IN ('subject_kek', 'blind_index')),
  epoch      integer NOT NULL CHECK (epoch >= 1),
  wrapped    bytea NOT NULL,
  kms_key_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz,
  PRIMARY KEY (name, epoch)
);
COMMENT ON TABLE vault.keyring IS 'Data keys as KMS wrapped them: key-encryption keys by epoch, and the key the blind indexes, text digests and suppression hashes are derived from.';

CREATE TABLE vault.subject_keys (
  profile_id   uuid PRIMARY KEY REFERENCES core.profiles,
  epoch        integer NOT NULL,
  wrapped      bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE vault.subject_keys IS 'One key a person, wrapped: 12 bytes nonce, 32 bytes key, 16 bytes tag. No wrapped key: everything of this person is unreadable.';

CREATE TABLE vault.emails (
  email_id    uuid PRIMARY KEY,
  profile_id  uuid NOT NULL REFERENCES core.profiles,
  blind_index bytea NOT NULL CHECK (length(blind_index) = 32),
  sealed      bytea NOT NULL,
  source      text NOT NULL,
  import_id   uuid,
  line        integer,
  added_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (profile_id, blind_index)
);
COMMENT ON TABLE vault.emails IS 'A person''s e-mail addresses; found by HMAC-SHA-256 of the normalised address, not unique, because two people may share one.';
CREATE INDEX emails_blind_index ON vault.emails (blind_index);

CREATE TABLE vault.attributes (
  profile_id uuid NOT NULL REFERENCES core.profiles,
  field      text NOT NULL CHECK (field IN ('name', 'language', 'city', 'linkedin_url', 'verification_status', 'role_when_joined', 'grant_access')),
  source     text NOT NULL,
  sealed     bytea,
  digest     bytea NOT NULL CHECK (length(digest) = 16),
  folded     bytea CHECK (length(folded) = 16),
  revision   integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  import_id  uuid,
  line       integer,
  set_at     timestamptz NOT NULL,
  PRIMARY KEY (profile_id, field, source)
);
COMMENT ON TABLE vault.attributes IS 'What a source (or a person by hand: source ''hand'', which wins) says about somebody. sealed NULL: cleared on purpose.';
COMMENT ON COLUMN vault.attributes.digest IS 'Keyed digest of the value: an import can see that a value is unchanged without being able to read it.';

CREATE TABLE vault.attribute_revisions (
  profile_id  uuid NOT NULL REFERENCES core.profiles,
  field       text NOT NULL,
  source      text NOT NULL,
  revision    integer NOT NULL,
  sealed      bytea,
  digest      bytea NOT NULL,
  import_id   uuid,
  line        integer,
  set_at      timestamptz NOT NULL,
  replaced_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (profile_id, field, source, revision)
);
COMMENT ON TABLE vault.attribute_revisions IS 'What a source said before, still sealed. Written by a trigger, so that whoever replaces a value need not be able to read the old one.';

CREATE FUNCTION vault.keep_attribute_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO vault.attribute_revisions (profile_id, field, source, revision, sealed, digest, import_id, line, set_at)
  VALUES (OLD.profile_id, OLD.field, OLD.source, OLD.revision, OLD.sealed, OLD.digest, OLD.import_id, OLD.line, OLD.set_at);
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION vault.keep_attribute_revision() FROM PUBLIC;
CREATE TRIGGER keep_revision BEFORE UPDATE ON vault.attributes
  FOR EACH ROW WHEN (OLD.digest <> NEW.digest) EXECUTE FUNCTION vault.keep_attribute_revision();

CREATE TABLE vault.texts (
  text_id     uuid PRIMARY KEY,
  subject_id  uuid NOT NULL REFERENCES core.profiles,
  author_id   uuid REFERENCES core.profiles,
  author_role text NOT NULL CHECK (author_role IN ('participant', 'volunteer', 'buddy', 'undeclared')),
  kind        text NOT NULL CHECK (kind IN ('kintell_session', 'buddy_checkin', 'buddy_feedback', 'course_reflection', 'other')),
  source      text NOT NULL,
  fact_id     uuid NOT NULL,
  field       text NOT NULL,
  sealed      bytea NOT NULL,
  digest      bytea NOT NULL CHECK (length(digest) = 16),
  supersedes  uuid REFERENCES vault.texts,
  written_at  timestamptz NOT NULL,
  import_id   uuid,
  line        integer,
  received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vault.texts IS 'Something a person wrote, sealed under the subject''s key; immutable, new words are a new text that supersedes.';
CREATE INDEX texts_subject ON vault.texts (subject_id);

CREATE TABLE vault.suppressions (
  hash     bytea PRIMARY KEY CHECK (length(hash) = 32),
  added_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vault.suppressions IS 'Keyed hashes of the e-mails and external ids of erased people: an import that meets one stores nothing.';

COMMENT ON COLUMN vault.attributes.folded IS 'Keyed digest of a name without case, accents and script: whether two sources spell one person''s name as another''s.';

-- The importer seals and compares; it cannot read back what anybody sealed.
GRANT SELECT ON vault.keyring, vault.suppressions TO teei_kintell_import, teei_profile_api;
GRANT SELECT, INSERT ON vault.subject_keys TO teei_kintell_import;
GRANT INSERT, SELECT (email_id, profile_id, blind_index, source) ON vault.emails TO teei_kintell_import;
GRANT INSERT, SELECT (profile_id, field, source, digest, folded, revision, set_at), UPDATE ON vault.attributes TO teei_kintell_import;
GRANT INSERT, SELECT (text_id, subject_id, fact_id, field, digest) ON vault.texts TO teei_kintell_import;

-- The profile API reads names and addresses, and no text.
GRANT SELECT ON vault.subject_keys, vault.emails TO teei_profile_api;
GRANT SELECT, INSERT, UPDATE ON vault.attributes TO teei_profile_api;
