-- What texts say about outcomes: how far each text is, scores with the places they rest on, what people corrected.

DO $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['teei_q2q_scorer', 'teei_q2q_api'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

-- Which programme and whose company a fact belongs to: intake settles it when it writes the fact (the instance's company,
-- else the volunteer's).
CREATE VIEW core.fact_scopes AS
          SELECT session_id AS fact_id, session_type AS programme, instance_id, company_id FROM core.kintell_sessions
UNION ALL SELECT rating_id, session_type, instance_id, company_id FROM core.kintell_ratings
UNION ALL SELECT match_id, 'buddy', instance_id, company_id FROM core.buddy_matches
UNION ALL SELECT event_id, 'buddy', instance_id, company_id FROM core.buddy_events
UNION ALL SELECT attendance_id, 'buddy', instance_id, company_id FROM core.buddy_event_attendance
UNION ALL SELECT session_id, 'buddy', instance_id, company_id FROM core.buddy_skill_sessions
UNION ALL SELECT checkin_id, 'buddy', instance_id, company_id FROM core.buddy_checkins
UNION ALL SELECT feedback_id, 'buddy', instance_id, company_id FROM core.buddy_feedback
UNION ALL SELECT milestone_id, 'buddy', instance_id, company_id FROM core.buddy_milestones
UNION ALL SELECT user_id, 'buddy', NULL, NULL FROM core.buddy_users
UNION ALL SELECT completion_id, 'upskilling', instance_id, company_id FROM core.upskilling_completions
UNION ALL SELECT credential_id, 'upskilling', instance_id, company_id FROM core.upskilling_credentials
UNION ALL SELECT progress_id, 'upskilling', instance_id, company_id FROM core.upskilling_progress;
COMMENT ON VIEW core.fact_scopes IS 'Programme, instance and company of every fact a text may belong to.';

CREATE TABLE core.readings (
  text_id        uuid PRIMARY KEY REFERENCES vault.texts ON DELETE CASCADE,
  profile_id     uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  state          text NOT NULL CHECK (state IN ('read', 'not_read', 'held', 'no_purpose', 'undeclared', 'superseded', 'withdrawn')),
  reason         text CHECK (reason IN ('language', 'empty')),
  screening_id   uuid,
  digest         bytea CHECK (length(digest) = 16),
  engine_version text CHECK (length(engine_version) BETWEEN 1 AND 100),
  language       text CHECK (language IN ('en', 'nb', 'uk', 'ru')),
  programme      text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  instance_id    uuid REFERENCES core.programme_instances,
  company_id     uuid REFERENCES core.companies,
  written_at     timestamptz NOT NULL,
  looked_at      timestamptz NOT NULL DEFAULT now(),
  CHECK ((state = 'not_read') = (reason IS NOT NULL)),
  CHECK (state NOT IN ('read', 'not_read') OR digest IS NOT NULL),
  CHECK ((digest IS NULL) = (engine_version IS NULL))
);
COMMENT ON TABLE core.readings IS 'How far each text is on its way to scores. A text that was not read is counted as that, whatever the reason; nobody guesses.';
COMMENT ON COLUMN core.readings.state IS 'read: scored, perhaps with no outcome. not_read: not in a language the engine reads, or empty. held: moderation does not let it through. no_purpose: the person does not allow scoring. undeclared: nobody said who wrote it. superseded, withdrawn: the words do not hold any more.';
COMMENT ON COLUMN core.readings.screening_id IS 'The screening that had let the words through when they were looked at last.';
COMMENT ON COLUMN core.readings.digest IS 'Keyed digest of the words that were read last, with what they were read as: the same words are not read twice by one version.';
COMMENT ON COLUMN core.readings.written_at IS 'The text''s own time: what quarters go by.';
CREATE INDEX readings_profile ON core.readings (profile_id);
CREATE INDEX readings_company ON core.readings (company_id, written_at) WHERE company_id IS NOT NULL;
CREATE INDEX readings_instance ON core.readings (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX readings_written ON core.readings (written_at);
CREATE INDEX readings_version ON core.readings (engine_version) WHERE state IN ('read', 'not_read');

CREATE TABLE core.outcomes (
  outcome_id     uuid PRIMARY KEY,
  text_id        uuid NOT NULL REFERENCES core.readings ON DELETE CASCADE,
  profile_id     uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  dimension      text NOT NULL CHECK (dimension IN ('confidence', 'belonging', 'lang_level_proxy', 'job_readiness', 'well_being')),
  revision       integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  retracted      text CHECK (retracted IN ('undone', 'withdrawn', 'erased', 'corrected')),
  polarity       text NOT NULL CHECK (polarity IN ('+', '-')),
  score          smallint NOT NULL CHECK (score BETWEEN 0 AND 1000),
  confidence     text NOT NULL CHECK (confidence IN ('low', 'medium', 'high')),
  method         text NOT NULL CHECK (method IN ('rule', 'model', 'human')),
  engine_version text NOT NULL CHECK (length(engine_version) BETWEEN 1 AND 100),
  language       text NOT NULL CHECK (language IN ('en', 'nb', 'uk', 'ru')),
  subtags        text[] NOT NULL DEFAULT '{}',
  mixed          boolean NOT NULL DEFAULT false,
  evidence       jsonb NOT NULL CHECK (jsonb_typeof(evidence) = 'array'),
  programme      text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  instance_id    uuid REFERENCES core.programme_instances,
  company_id     uuid REFERENCES core.companies,
  import_id      uuid REFERENCES intake.imports,
  line           integer,
  occurred_at    timestamptz NOT NULL,
  scored_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (text_id, dimension),
  CHECK ((score >= 500) = (polarity = '+')),
  CHECK (method = 'human' OR jsonb_array_length(evidence) > 0)
);
COMMENT ON TABLE core.outcomes IS 'What a text says about one dimension, in its newest revision: no row where it says nothing. Advice, for people and figures; nothing acts on a person by it.';
COMMENT ON COLUMN core.outcomes.outcome_id IS 'Made of the text''s id and the dimension, so that the same text read anew is the same outcome.';
COMMENT ON COLUMN core.outcomes.retracted IS 'Why it does not count any more; none: it does.';
COMMENT ON COLUMN core.outcomes.score IS 'In thousandths; from 500 is +. Of well_being it is special-category data: read by id under a role, never in an event.';
COMMENT ON COLUMN core.outcomes.evidence IS '[{start, end, rule, cue, polarity}] in characters of the cleared words, the end excluded. No words: a quote is cut from the sealed text for whoever may read it.';
CREATE INDEX outcomes_profile ON core.outcomes (profile_id, occurred_at DESC, outcome_id);
CREATE INDEX outcomes_import ON core.outcomes (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX outcomes_instance ON core.outcomes (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX outcomes_company ON core.outcomes (company_id) WHERE company_id IS NOT NULL;

CREATE TABLE core.outcome_revisions (
  outcome_id     uuid NOT NULL REFERENCES core.outcomes ON DELETE CASCADE,
  revision       integer NOT NULL CHECK (revision >= 1),
  retracted      text,
  polarity       text NOT NULL,
  score          smallint NOT NULL,
  confidence     text NOT NULL,
  method         text NOT NULL,
  engine_version text NOT NULL,
  language       text NOT NULL,
  subtags        text[] NOT NULL,
  mixed          boolean NOT NULL,
  evidence       jsonb NOT NULL,
  scored_at      timestamptz NOT NULL,
  replaced_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (outcome_id, revision)
);
COMMENT ON TABLE core.outcome_revisions IS 'What an outcome was before: by an older engine, before a correction, before it was taken back. Written by a trigger.';

CREATE FUNCTION core.keep_outcome_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO core.outcome_revisions (outcome_id, revision, retracted, polarity, score, confidence, method, engine_version, language, subtags, mixed, evidence, scored_at)
  VALUES (OLD.outcome_id, OLD.revision, OLD.retracted, OLD.polarity, OLD.score, OLD.confidence, OLD.method, OLD.engine_version, OLD.language, OLD.subtags, OLD.mixed,
          OLD.evidence, OLD.scored_at);
  RETURN NEW;
END $$;
CREATE TRIGGER keep_revision BEFORE UPDATE ON core.outcomes
  FOR EACH ROW WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION core.keep_outcome_revision();

CREATE TABLE core.outcome_corrections (
  correction_id    uuid PRIMARY KEY,
  outcome_id       uuid NOT NULL REFERENCES core.outcomes ON DELETE CASCADE,
  revision         integer NOT NULL CHECK (revision >= 1),
  machine_polarity text NOT NULL CHECK (machine_polarity IN ('+', '-')),
  machine_version  text NOT NULL,
  rules            jsonb NOT NULL CHECK (jsonb_typeof(rules) = 'array'),
  verdict          text NOT NULL CHECK (verdict IN ('+', '-', '0')),
  corrected_by     text NOT NULL CHECK (length(corrected_by) BETWEEN 1 AND 255),
  corrected_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.outcome_corrections IS 'Labelled examples: what a person says a text gives evidence of, beside what the rules said. Same polarity: confirmed. 0: no evidence at all.';
COMMENT ON COLUMN core.outcome_corrections.rules IS 'The evidence of the machine''s score at that time: what rules are measured by.';
CREATE INDEX outcome_corrections_outcome ON core.outcome_corrections (outcome_id, corrected_at);

CREATE TABLE core.outcome_tombstones (
  outcome_id  uuid PRIMARY KEY,
  revision    integer NOT NULL CHECK (revision >= 1),
  reason      text NOT NULL CHECK (reason IN ('undone', 'withdrawn', 'erased')),
  dimension   text NOT NULL,
  programme   text NOT NULL,
  company_id  uuid REFERENCES core.companies,
  occurred_at timestamptz NOT NULL,
  gone_at     timestamptz NOT NULL DEFAULT now(),
  told_at     timestamptz
);
COMMENT ON TABLE core.outcome_tombstones IS 'Outcomes that are gone with their person or their text: what was told is taken back, and figures say how many of their scores went with erased people. Names nobody and no text.';
CREATE INDEX outcome_tombstones_untold ON core.outcome_tombstones (gone_at) WHERE told_at IS NULL;
CREATE INDEX outcome_tombstones_company ON core.outcome_tombstones (company_id) WHERE company_id IS NOT NULL;

CREATE FUNCTION core.bury_outcome() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  -- A person who was erased has a row without a key; whoever an undo removes has none, or has a text that is withdrawn.
  erased boolean := EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = OLD.profile_id AND k.destroyed_at IS NOT NULL);
BEGIN
  INSERT INTO core.outcome_tombstones AS t (outcome_id, revision, reason, dimension, programme, company_id, occurred_at, told_at)
  VALUES (OLD.outcome_id, OLD.revision, CASE WHEN erased THEN 'erased' ELSE COALESCE(NULLIF(OLD.retracted, 'corrected'), 'undone') END,
          OLD.dimension, OLD.programme, OLD.company_id, OLD.occurred_at, CASE WHEN OLD.retracted IS NOT NULL THEN now() END)
  ON CONFLICT (outcome_id) DO UPDATE SET revision = excluded.revision, reason = excluded.reason, gone_at = now(), told_at = excluded.told_at;
  RETURN NULL;
END $$;
CREATE TRIGGER bury AFTER DELETE ON core.outcomes FOR EACH ROW EXECUTE FUNCTION core.bury_outcome();

CREATE FUNCTION core.forget_outcomes(p_profile uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  gone bigint;
BEGIN
  IF EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = p_profile AND k.destroyed_at IS NULL) THEN
    RAISE EXCEPTION 'this person was not erased' USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM core.outcomes o WHERE o.profile_id = p_profile;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM core.readings r WHERE r.profile_id = p_profile;
  RETURN gone;
END $$;
COMMENT ON FUNCTION core.forget_outcomes IS 'What is left of an erased person''s outcomes goes: scores, places, revisions, corrections. Refused while the person has a key.';

REVOKE ALL ON FUNCTION core.keep_outcome_revision, core.bury_outcome, core.forget_outcomes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.forget_outcomes TO teei_q2q_scorer;

CREATE TABLE core.rescores (
  engine_version text PRIMARY KEY CHECK (length(engine_version) BETWEEN 1 AND 100),
  asked_at       timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  texts          bigint NOT NULL DEFAULT 0 CHECK (texts >= 0)
);
COMMENT ON TABLE core.rescores IS 'History to be read again by a version of the engine. Which texts are left follows from core.readings, so a run that is killed goes on.';

-- What the scorer made of events is what the store says now: nothing to take away, each text is looked at again.
CREATE FUNCTION core.rebuild_q2q_scorer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO bus.unsettled (consumer, subject) SELECT 'q2q-scorer', c.text_id FROM vault.cleared_texts c ON CONFLICT DO NOTHING;
  INSERT INTO bus.unsettled (consumer, subject) SELECT 'q2q-scorer', r.text_id FROM core.readings r ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION core.rebuild_q2q_scorer IS 'The first step of a replay of everything to q2q-scorer.';
REVOKE ALL ON FUNCTION core.rebuild_q2q_scorer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.rebuild_q2q_scorer TO teei_bus_relay;

-- The scorer reads the words that moderation let through, and no others; names and addresses not at all.
GRANT USAGE ON SCHEMA vault, core, bus TO teei_q2q_scorer;
GRANT SELECT, INSERT, UPDATE ON core.heartbeats TO teei_q2q_scorer, teei_q2q_api;
GRANT SELECT ON vault.keyring TO teei_q2q_scorer, teei_q2q_api;
GRANT SELECT (profile_id, epoch, wrapped, destroyed_at) ON vault.subject_keys TO teei_q2q_scorer, teei_q2q_api;
GRANT SELECT (text_id, subject_id, screening_id, sealed, cleared_at, withdrawn_at) ON vault.cleared_texts TO teei_q2q_scorer;
GRANT SELECT (text_id, subject_id, author_id, author_role, kind, source, fact_id, field, supersedes, written_at, import_id, line, withdrawn_at)
  ON vault.texts TO teei_q2q_scorer;
GRANT SELECT ON core.fact_scopes, core.purposes, core.purpose_defaults TO teei_q2q_scorer;
GRANT SELECT, INSERT, UPDATE ON core.readings, core.outcomes, core.rescores TO teei_q2q_scorer;
GRANT SELECT, UPDATE (told_at) ON core.outcome_tombstones TO teei_q2q_scorer;
GRANT SELECT ON core.outcome_corrections TO teei_q2q_scorer;
GRANT INSERT ON bus.batches, bus.events, bus.packed_events TO teei_q2q_scorer, teei_q2q_api;
GRANT SELECT, INSERT ON bus.inbox TO teei_q2q_scorer;
GRANT SELECT, INSERT, UPDATE, DELETE ON bus.dead_letters TO teei_q2q_scorer;
GRANT SELECT, INSERT, DELETE ON bus.unsettled TO teei_q2q_scorer;
GRANT SELECT, UPDATE (state, finished_at) ON bus.replays TO teei_q2q_scorer;

-- The API cuts quotes from the cleared words for whoever may read them, with an entry in the audit log for each.
GRANT USAGE ON SCHEMA vault, core, intake, bus, audit TO teei_q2q_api;
GRANT SELECT (text_id, subject_id, sealed, withdrawn_at) ON vault.cleared_texts TO teei_q2q_api;
GRANT SELECT (text_id, subject_id, author_id, author_role, kind, source) ON vault.texts TO teei_q2q_api;
GRANT SELECT ON core.readings, core.outcome_revisions, core.outcome_tombstones, core.purposes, core.purpose_defaults, core.programme_staff, core.companies TO teei_q2q_api;
GRANT SELECT ON core.outcomes TO teei_q2q_api;
GRANT UPDATE (revision, retracted, polarity, score, confidence, method, scored_at) ON core.outcomes TO teei_q2q_api;
GRANT SELECT, INSERT ON core.outcome_corrections TO teei_q2q_api;
GRANT SELECT (import_id, name, door, source, entity) ON intake.imports TO teei_q2q_api;
GRANT SELECT, INSERT, DELETE ON intake.idempotency_keys TO teei_q2q_api;
GRANT INSERT ON audit.log TO teei_q2q_api;

-- GET /v1/profiles/{id}/outcomes: the scores of a person, without the words.
GRANT SELECT ON core.readings, core.outcomes TO teei_profile_api;
