-- Moderation: what was found in texts, what a policy made of it, who decided, and the words that scoring may read.

DO $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['teei_moderation_screener', 'teei_moderation_api'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

CREATE TABLE core.moderation_policies (
  version integer PRIMARY KEY CHECK (version >= 1),
  rules   jsonb NOT NULL CHECK (jsonb_typeof(rules) = 'array'),
  hash    text NOT NULL CHECK (hash ~ '^[0-9a-f]{8}$'),
  note    text CHECK (length(note) BETWEEN 1 AND 500),
  made_by text NOT NULL CHECK (length(made_by) BETWEEN 1 AND 255),
  made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.moderation_policies IS 'What is done about findings, every version there was: the highest counts. While there is none, the policy that came with the engine does, as version 0.';
COMMENT ON COLUMN core.moderation_policies.hash IS 'The beginning of the SHA-256 of the rows: version and hash stand with each screening.';

CREATE TABLE core.screenings (
  screening_id   uuid PRIMARY KEY,
  text_id        uuid NOT NULL REFERENCES vault.texts ON DELETE CASCADE,
  subject_id     uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  revision       integer NOT NULL CHECK (revision >= 1),
  newest         boolean NOT NULL DEFAULT true,
  kind           text NOT NULL CHECK (kind IN ('kintell_session', 'buddy_checkin', 'buddy_feedback', 'course_reflection', 'other')),
  decision       text NOT NULL CHECK (decision IN ('allow', 'review', 'block')),
  urgent         boolean NOT NULL,
  lane           text NOT NULL CHECK (lane IN ('general', 'sensitive')),
  opens_item     boolean NOT NULL,
  scorable       boolean NOT NULL,
  engine         text NOT NULL CHECK (engine ~ '^[a-z][a-z0-9-]{0,31}$'),
  engine_version text NOT NULL CHECK (length(engine_version) BETWEEN 1 AND 100),
  policy_version text NOT NULL CHECK (policy_version ~ '^[0-9]{1,9}\+[0-9a-f]{8}$'),
  language       text CHECK (language IN ('en', 'nb', 'uk', 'ru')),
  failure        text CHECK (failure IN ('engine_panicked', 'engine_too_slow', 'engine_failed', 'text_unreadable')),
  degraded       boolean NOT NULL DEFAULT false,
  told           boolean NOT NULL DEFAULT true,
  correlation_id text NOT NULL,
  import_id      uuid,
  line           integer,
  screened_at    timestamptz NOT NULL,
  UNIQUE (text_id, engine_version, policy_version),
  UNIQUE (text_id, revision),
  CHECK (failure IS NULL OR (decision = 'review' AND opens_item AND NOT scorable)),
  CHECK (decision <> 'review' OR opens_item)
);
COMMENT ON TABLE core.screenings IS 'What was decided on a text by one version of the engine and of the policy; the same two do not decide twice. Texts stay in the vault.';
COMMENT ON COLUMN core.screenings.revision IS 'Counts what was told about the text: rises with each screening, and when an undo makes the text hold again.';
COMMENT ON COLUMN core.screenings.newest IS 'The last of its text: the one that counts.';
COMMENT ON COLUMN core.screenings.scorable IS 'Whether it may be scored once it is through. Never with a finding of self-harm or safeguarding, of somebody who tells of being hurt, or that tells somebody to die, and never where the engine did not come to an end.';
COMMENT ON COLUMN core.screenings.failure IS 'Why the engine came to no end; such a text waits for a person.';
COMMENT ON COLUMN core.screenings.degraded IS 'A second engine was asked and did not answer in time: this is the own one''s result.';
COMMENT ON COLUMN core.screenings.told IS 'Whether its event was written; in a replay that waits for the replay''s end.';
CREATE UNIQUE INDEX screenings_newest ON core.screenings (text_id) WHERE newest;
CREATE INDEX screenings_subject ON core.screenings (subject_id);
CREATE INDEX screenings_untold ON core.screenings (text_id) WHERE NOT told;

CREATE TABLE core.screening_findings (
  screening_id uuid NOT NULL REFERENCES core.screenings ON DELETE CASCADE,
  place        integer NOT NULL CHECK (place >= 0),
  category     text NOT NULL CHECK (category IN ('hate', 'harassment', 'threat', 'self_harm', 'sexual', 'pii', 'spam', 'safeguarding', 'unsupported_language')),
  grade        text NOT NULL CHECK (grade ~ '^[a-z_]{1,32}$'),
  score        smallint NOT NULL CHECK (score BETWEEN 0 AND 1000),
  span_start   integer NOT NULL CHECK (span_start >= 0),
  span_end     integer NOT NULL CHECK (span_end >= span_start),
  rule         text NOT NULL CHECK (length(rule) BETWEEN 1 AND 200),
  reason       text NOT NULL CHECK (length(reason) <= 500),
  obfuscated   boolean NOT NULL,
  aimed        boolean NOT NULL,
  placeholder  text CHECK (placeholder ~ '^[A-Z_]{1,32}$'),
  PRIMARY KEY (screening_id, place)
);
COMMENT ON TABLE core.screening_findings IS 'What a screening rests on: rules that hold at places of the text, no words. Special categories of personal data: read by the two moderation functions only.';
COMMENT ON COLUMN core.screening_findings.score IS 'How sure the rule is, in thousandths.';
COMMENT ON COLUMN core.screening_findings.span_start IS 'In characters (Unicode scalar values) of the text; span_end is one past the last.';
COMMENT ON COLUMN core.screening_findings.reason IS 'The engine''s own sentence for the rule.';
CREATE INDEX screening_findings_category ON core.screening_findings (category, grade);
CREATE INDEX screening_findings_rule ON core.screening_findings (rule);

CREATE TABLE core.unscreened_texts (
  text_id  uuid PRIMARY KEY REFERENCES vault.texts ON DELETE CASCADE,
  reason   text NOT NULL CHECK (reason IN ('no_purpose')),
  noted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.unscreened_texts IS 'Texts of people whose data may not be used for the purpose safety: not screened, and nothing else reads them. Looked at again by the sweep.';

CREATE TABLE core.reviews (
  review_id     uuid PRIMARY KEY,
  flag_id       uuid NOT NULL,
  flag_revision integer NOT NULL DEFAULT 0 CHECK (flag_revision >= 0),
  screening_id  uuid NOT NULL REFERENCES core.screenings ON DELETE CASCADE,
  text_id       uuid NOT NULL REFERENCES vault.texts ON DELETE CASCADE,
  subject_id    uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  appeal_of     uuid REFERENCES core.reviews ON DELETE CASCADE,
  reason        text NOT NULL CHECK (reason IN ('review', 'aimed_block', 'block', 'sample', 'appeal')),
  lane          text NOT NULL CHECK (lane IN ('general', 'sensitive')),
  urgent        boolean NOT NULL,
  state         text NOT NULL CHECK (state IN ('held', 'pending', 'claimed', 'closed')),
  written_at    timestamptz NOT NULL,
  raised_at     timestamptz NOT NULL,
  due_at        timestamptz,
  opened_at     timestamptz,
  claimed_by    text CHECK (length(claimed_by) BETWEEN 1 AND 255),
  claimed_until timestamptz,
  version       integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  decisions     integer NOT NULL DEFAULT 0 CHECK (decisions >= 0),
  decision      text CHECK (decision IN ('uphold', 'overturn', 'redact')),
  decided_by    text CHECK (length(decided_by) BETWEEN 1 AND 255),
  decided_at    timestamptz,
  withdrawn_at  timestamptz,
  closed_by     text CHECK (closed_by IN ('decision', 'withdrawal', 'rescreening', 'erasure')),
  CHECK ((state = 'claimed') = (claimed_by IS NOT NULL)),
  CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
  CHECK ((state = 'closed') = (closed_by IS NOT NULL)),
  CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)),
  CHECK ((closed_by = 'decision') IS NOT DISTINCT FROM (CASE WHEN state = 'closed' THEN decision IS NOT NULL END)),
  CHECK ((lane = 'sensitive') = (due_at IS NOT NULL)),
  CHECK ((reason = 'appeal') = (appeal_of IS NOT NULL)),
  -- Nobody closes an item of the sensitive lane without having looked.
  CHECK (NOT (lane = 'sensitive' AND closed_by IN ('decision', 'withdrawal', 'rescreening')) OR opened_at IS NOT NULL)
);
COMMENT ON TABLE core.reviews IS 'A text that was not allowed, and what people decided on it. The notes of decisions are in the vault.';
COMMENT ON COLUMN core.reviews.flag_id IS 'What the event safety.flag.raised names; an appeal is another review of the same flag.';
COMMENT ON COLUMN core.reviews.flag_revision IS 'How often the flag was raised, this review''s included; 0 while a block is in no queue.';
COMMENT ON COLUMN core.reviews.reason IS 'review: held back until a person decides. aimed_block: blocked and aimed at a person. block: blocked, in no queue. sample: one of those, picked by the daily sample. appeal: decided, and contested.';
COMMENT ON COLUMN core.reviews.state IS 'held: blocked and in no queue, yet can be claimed. A claim whose claimed_until has passed counts as given back.';
COMMENT ON COLUMN core.reviews.due_at IS 'By when an item of the sensitive lane is to be opened, in office hours.';
COMMENT ON COLUMN core.reviews.opened_at IS 'When it was first opened in this lane.';
COMMENT ON COLUMN core.reviews.version IS 'Counts changes; the ETag.';
COMMENT ON COLUMN core.reviews.withdrawn_at IS 'Its text does not hold any more. General items close; an item of the sensitive lane that nobody has opened stays.';
CREATE INDEX reviews_queue ON core.reviews ((NOT urgent), raised_at, review_id) WHERE state IN ('pending', 'claimed');
CREATE INDEX reviews_held ON core.reviews (raised_at, review_id) WHERE state = 'held';
CREATE INDEX reviews_text ON core.reviews (text_id);
CREATE INDEX reviews_subject ON core.reviews (subject_id);
CREATE INDEX reviews_screening ON core.reviews (screening_id);
CREATE UNIQUE INDEX reviews_appeal ON core.reviews (appeal_of) WHERE appeal_of IS NOT NULL;
-- One item a text at a time.
CREATE UNIQUE INDEX reviews_open ON core.reviews (text_id) WHERE state <> 'closed';

CREATE TABLE core.review_openings (
  review_id uuid NOT NULL REFERENCES core.reviews ON DELETE CASCADE,
  opened_by text NOT NULL CHECK (length(opened_by) BETWEEN 1 AND 255),
  opened_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (review_id, opened_by)
);
COMMENT ON TABLE core.review_openings IS 'Who has read the text of an item, and when last; each reading stands in the audit log.';

CREATE TABLE core.review_decisions (
  review_id    uuid NOT NULL REFERENCES core.reviews ON DELETE CASCADE,
  number       integer NOT NULL CHECK (number >= 1),
  screening_id uuid NOT NULL REFERENCES core.screenings ON DELETE CASCADE,
  decision     text NOT NULL CHECK (decision IN ('uphold', 'overturn', 'redact', 'escalate')),
  decided_by   text NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 255),
  decided_at   timestamptz NOT NULL,
  PRIMARY KEY (review_id, number)
);
COMMENT ON TABLE core.review_decisions IS 'Every decision in its order; an escalated item has several. What rules are measured by.';
CREATE INDEX review_decisions_screening ON core.review_decisions (screening_id);

CREATE TABLE core.review_samples (
  day        date PRIMARY KEY,
  picked     integer NOT NULL CHECK (picked > 0),
  sampled_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.review_samples IS 'How many blocked texts the sample of a day (in the office''s zone) drew. A day without any has no row, and is sampled when there are.';

CREATE TABLE core.rescreens (
  rescreen_id    uuid PRIMARY KEY,
  policy_version integer NOT NULL REFERENCES core.moderation_policies,
  touched        integer NOT NULL CHECK (touched >= 0),
  state          text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
  cursor         uuid,
  passes         integer NOT NULL DEFAULT 0 CHECK (passes >= 0),
  screened       integer NOT NULL DEFAULT 0 CHECK (screened >= 0),
  requested_by   text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 255),
  created_at     timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
COMMENT ON TABLE core.rescreens IS 'What a changed policy has screened again: texts with a finding that a changed row is about, in the order of their ids.';
COMMENT ON COLUMN core.rescreens.touched IS 'How many texts there were with such a finding when the policy was changed.';
COMMENT ON COLUMN core.rescreens.cursor IS 'The text it has come to in this pass. A second pass looks for what was screened by the old policy while the first ran.';
CREATE INDEX rescreens_policy ON core.rescreens (policy_version);

CREATE TABLE core.screening_answers (
  screening_id   uuid PRIMARY KEY,
  digest         bytea NOT NULL CHECK (length(digest) = 16),
  decision       text NOT NULL CHECK (decision IN ('allow', 'review', 'block')),
  urgent         boolean NOT NULL,
  engine_version text NOT NULL,
  policy_version text NOT NULL,
  failure        text,
  asked_by       text NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 255),
  answered_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.screening_answers IS 'What callers of POST /v1/moderation/screen were answered. The words are not ours and are not kept: a keyed digest says whether two were the same.';
CREATE INDEX screening_answers_at ON core.screening_answers (answered_at);

CREATE TABLE vault.review_notes (
  note_id    uuid PRIMARY KEY,
  review_id  uuid NOT NULL REFERENCES core.reviews ON DELETE CASCADE,
  number     integer NOT NULL CHECK (number >= 0),
  subject_id uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  sealed     bytea NOT NULL,
  written_by text NOT NULL CHECK (length(written_by) BETWEEN 1 AND 255),
  written_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (review_id, number)
);
COMMENT ON TABLE vault.review_notes IS 'What reviewers noted with a decision or an appeal: about a person, so sealed under that person''s key.';
COMMENT ON COLUMN vault.review_notes.number IS 'The decision it belongs to; 0: why the decision before was appealed.';
CREATE INDEX review_notes_subject ON vault.review_notes (subject_id);

CREATE TABLE vault.cleared_texts (
  text_id      uuid PRIMARY KEY REFERENCES vault.texts ON DELETE CASCADE,
  subject_id   uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  screening_id uuid NOT NULL REFERENCES core.screenings ON DELETE CASCADE,
  review_id    uuid REFERENCES core.reviews ON DELETE CASCADE,
  sealed       bytea NOT NULL,
  redacted     boolean NOT NULL,
  cleared_at   timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz
);
COMMENT ON TABLE vault.cleared_texts IS 'The words scoring may read, sealed under their subject''s key: of texts that were allowed, or that a person let through. A trigger refuses texts with a finding of self-harm or safeguarding, of somebody who tells of being hurt, or that tells somebody to die.';
COMMENT ON COLUMN vault.cleared_texts.review_id IS 'The decision that let it through; none: screening allowed it.';
COMMENT ON COLUMN vault.cleared_texts.withdrawn_at IS 'The text does not hold any more (undone, withdrawn, replaced by new words): it is not to be scored.';
CREATE INDEX cleared_texts_subject ON vault.cleared_texts (subject_id);
CREATE INDEX cleared_texts_screening ON vault.cleared_texts (screening_id);
CREATE INDEX cleared_texts_review ON vault.cleared_texts (review_id) WHERE review_id IS NOT NULL;

-- Whatever a function does wrong: no words of somebody who wants to die, of a child that is being hurt, or of somebody who
-- tells that they are harassed, threatened or abused, get scored.
CREATE FUNCTION vault.check_cleared_text() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  screening core.screenings;
BEGIN
  SELECT * INTO screening FROM core.screenings s WHERE s.screening_id = NEW.screening_id;
  IF screening.text_id IS DISTINCT FROM NEW.text_id OR screening.subject_id IS DISTINCT FROM NEW.subject_id OR NOT screening.newest THEN
    RAISE check_violation USING MESSAGE = 'a text is cleared by its own newest screening';
  END IF;
  IF NOT screening.scorable OR EXISTS (SELECT FROM core.screening_findings f
      WHERE f.screening_id = NEW.screening_id AND (f.category IN ('self_harm', 'safeguarding')
        OR (f.category IN ('harassment', 'threat', 'sexual') AND f.grade = 'disclosure')
        OR (f.category = 'harassment' AND f.grade = 'encouraged'))) THEN
    RAISE check_violation USING MESSAGE = 'texts of somebody who may be in danger are never scored';
  END IF;
  IF NEW.review_id IS NULL AND screening.decision <> 'allow' THEN
    RAISE check_violation USING MESSAGE = 'what screening does not allow, only a decision lets through';
  END IF;
  IF NEW.review_id IS NOT NULL AND NOT EXISTS (SELECT FROM core.reviews r
      WHERE r.review_id = NEW.review_id AND r.text_id = NEW.text_id AND r.decision IN ('overturn', 'redact')) THEN
    RAISE check_violation USING MESSAGE = 'this decision lets no text through';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION vault.check_cleared_text() FROM PUBLIC;
CREATE TRIGGER cleared_texts_check BEFORE INSERT OR UPDATE OF text_id, subject_id, screening_id, review_id, sealed ON vault.cleared_texts
  FOR EACH ROW EXECUTE FUNCTION vault.check_cleared_text();

-- What is left of an erased person: that texts were screened and how items ended, not what was found or where.
CREATE FUNCTION core.forget_screenings(p_profile uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = p_profile AND k.destroyed_at IS NULL) THEN
    RAISE EXCEPTION 'this person was not erased' USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM vault.cleared_texts c WHERE c.subject_id = p_profile;
  DELETE FROM vault.review_notes n WHERE n.subject_id = p_profile;
  DELETE FROM core.unscreened_texts u USING vault.texts t WHERE t.text_id = u.text_id AND t.subject_id = p_profile;
  DELETE FROM core.screening_findings f USING core.screenings s WHERE s.screening_id = f.screening_id AND s.subject_id = p_profile;
  UPDATE core.screenings s SET lane = 'general', urgent = false, language = NULL
   WHERE s.subject_id = p_profile AND (s.lane <> 'general' OR s.urgent OR s.language IS NOT NULL);
  UPDATE core.reviews r SET state = 'closed', closed_by = COALESCE(r.closed_by, 'erasure'), claimed_by = NULL, claimed_until = NULL,
         lane = 'general', due_at = NULL, urgent = false, version = r.version + 1
   WHERE r.subject_id = p_profile AND (r.state <> 'closed' OR r.lane <> 'general' OR r.urgent);
END $$;
COMMENT ON FUNCTION core.forget_screenings IS 'What was found in an erased person''s texts goes, with notes and cleared words, and open items are closed. Refused while the person has a key.';
REVOKE ALL ON FUNCTION core.forget_screenings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.forget_screenings TO teei_moderation_screener;

-- An undone import takes its texts along, but not one that nobody has looked at and somebody should. Of erased people there
-- is nothing to look at.
CREATE FUNCTION vault.keep_unseen_texts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF EXISTS (SELECT FROM core.reviews r WHERE r.text_id = OLD.text_id AND r.lane = 'sensitive' AND r.state <> 'closed')
     AND EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = OLD.subject_id AND k.wrapped IS NOT NULL) THEN
    RAISE foreign_key_violation USING MESSAGE = 'a text of the sensitive lane is not decided';
  END IF;
  RETURN OLD;
END $$;
REVOKE ALL ON FUNCTION vault.keep_unseen_texts() FROM PUBLIC;
CREATE TRIGGER texts_keep_unseen BEFORE DELETE ON vault.texts FOR EACH ROW EXECUTE FUNCTION vault.keep_unseen_texts();

-- What people decided rests on screenings, and cleared words on both: nothing is taken away. Each text is screened again
-- where the engine or the policy are newer than its screening.
CREATE FUNCTION core.rebuild_moderation_screener() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT';
COMMENT ON FUNCTION core.rebuild_moderation_screener IS 'The first step of a replay of everything to moderation-screener: nothing is taken away.';
REVOKE ALL ON FUNCTION core.rebuild_moderation_screener FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.rebuild_moderation_screener TO teei_bus_relay;

GRANT USAGE ON SCHEMA vault, core, bus TO teei_moderation_screener;
GRANT USAGE ON SCHEMA vault, core, intake, bus, audit TO teei_moderation_api;
GRANT SELECT, INSERT, UPDATE ON core.heartbeats TO teei_moderation_screener, teei_moderation_api;
GRANT SELECT ON core.moderation_policies TO teei_moderation_screener, teei_moderation_api;
GRANT INSERT ON bus.batches, bus.events, bus.packed_events TO teei_moderation_screener, teei_moderation_api;

-- The screener reads what people wrote: that is what it is for. It needs their keys for it, and no name and no address.
GRANT SELECT ON vault.keyring TO teei_moderation_screener, teei_moderation_api;
GRANT SELECT (profile_id, epoch, wrapped) ON vault.subject_keys TO teei_moderation_screener, teei_moderation_api;
GRANT SELECT (text_id, subject_id, author_id, author_role, kind, source, fact_id, sealed, supersedes, written_at, import_id, line, received_at, withdrawn_at)
  ON vault.texts TO teei_moderation_screener;
-- Whose notes are left to be forgotten.
GRANT SELECT (subject_id) ON vault.review_notes TO teei_moderation_screener;
GRANT SELECT ON core.purposes, core.purpose_defaults TO teei_moderation_screener;
GRANT SELECT (session_id, session_type) ON core.kintell_sessions TO teei_moderation_screener;
GRANT SELECT (rating_id, session_type) ON core.kintell_ratings TO teei_moderation_screener;
GRANT SELECT, INSERT, UPDATE (newest, told, revision) ON core.screenings TO teei_moderation_screener;
GRANT SELECT, INSERT ON core.screening_findings TO teei_moderation_screener;
GRANT SELECT, INSERT, UPDATE ON core.reviews TO teei_moderation_screener;
GRANT SELECT, INSERT, DELETE ON core.unscreened_texts TO teei_moderation_screener;
GRANT SELECT, INSERT ON core.review_samples TO teei_moderation_screener;
GRANT SELECT, UPDATE (state, cursor, passes, screened, finished_at) ON core.rescreens TO teei_moderation_screener;
-- It gives words to scoring and takes them back; it does not read what it gave.
GRANT SELECT (text_id, withdrawn_at), INSERT, UPDATE (withdrawn_at), DELETE ON vault.cleared_texts TO teei_moderation_screener;
GRANT SELECT, INSERT ON bus.inbox TO teei_moderation_screener;
GRANT SELECT, INSERT, UPDATE, DELETE ON bus.dead_letters TO teei_moderation_screener;
GRANT SELECT, INSERT, DELETE ON bus.unsettled TO teei_moderation_screener;
GRANT SELECT, UPDATE (state, finished_at) ON bus.replays TO teei_moderation_screener;

-- The API opens the text of one item for the person who holds it, with an entry in the audit log.
GRANT SELECT (text_id, subject_id, author_role, kind, sealed, withdrawn_at) ON vault.texts TO teei_moderation_api;
GRANT SELECT ON core.screenings, core.screening_findings TO teei_moderation_api;
GRANT SELECT, INSERT, UPDATE ON core.reviews TO teei_moderation_api;
GRANT SELECT, INSERT ON core.review_openings, core.review_decisions, vault.review_notes TO teei_moderation_api;
GRANT UPDATE (opened_at) ON core.review_openings TO teei_moderation_api;
GRANT SELECT (text_id), INSERT, DELETE ON vault.cleared_texts TO teei_moderation_api;
GRANT INSERT ON core.moderation_policies, core.screening_answers, audit.log TO teei_moderation_api;
GRANT SELECT, INSERT ON core.rescreens TO teei_moderation_api;
GRANT SELECT, INSERT, DELETE ON intake.idempotency_keys TO teei_moderation_api;
