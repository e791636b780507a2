-- The buddy programme and upskilling: what their files become. Every table is one entity of shared::intake, with the same
-- tail: revision, content, doors, and where the newest revision came from.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['teei_buddy_import', 'teei_upskilling_import'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

-- Buddy

CREATE TABLE core.buddy_users (
  user_id            uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  profile_id         uuid NOT NULL REFERENCES core.profiles,
  email_index        text NOT NULL CHECK (length(email_index) = 64),
  role               text NOT NULL CHECK (role IN ('participant', 'buddy')),
  joined_at          timestamptz NOT NULL,
  joined_day_only    boolean NOT NULL DEFAULT false,
  interests_text_id  uuid REFERENCES vault.texts,
  location_text_id   uuid REFERENCES vault.texts,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.buddy_users IS 'A line of Buddy''s list of people. Its key is Buddy''s id of the person; names are in vault.attributes.';
COMMENT ON COLUMN core.buddy_users.email_index IS 'The blind index of the address in the newest revision: another address is a change.';
CREATE INDEX buddy_users_profile ON core.buddy_users (profile_id);

CREATE TABLE core.buddy_matches (
  match_id           uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  participant_id     uuid NOT NULL REFERENCES core.profiles,
  buddy_id           uuid NOT NULL REFERENCES core.profiles,
  matched_at         timestamptz NOT NULL,
  matched_day_only   boolean NOT NULL DEFAULT false,
  status             text NOT NULL CHECK (status IN ('active', 'inactive', 'ended')),
  ended_at           timestamptz,
  ended_day_only     boolean NOT NULL DEFAULT false,
  end_reason         text CHECK (end_reason IN ('completed', 'participant_request', 'buddy_request', 'mutual_agreement', 'inactivity', 'violation', 'program_ended', 'other')),
  duration_days      integer CHECK (duration_days >= 0),
  sessions_completed integer CHECK (sessions_completed >= 0),
  events_attended    integer CHECK (events_attended >= 0),
  language           text,
  interests_text_id  uuid REFERENCES vault.texts,
  location_text_id   uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CHECK (participant_id <> buddy_id),
  CHECK (ended_at IS NULL OR ended_at >= matched_at),
  CHECK (status <> 'ended' OR ended_at IS NOT NULL)
);
COMMENT ON TABLE core.buddy_matches IS 'A participant and a local buddy. The old export has no id of a match: its key is both people and the time.';
CREATE INDEX buddy_matches_participant ON core.buddy_matches (participant_id);
CREATE INDEX buddy_matches_buddy ON core.buddy_matches (buddy_id);

CREATE TABLE core.buddy_events (
  event_id           uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  match_id           uuid NOT NULL REFERENCES core.buddy_matches,
  participant_id     uuid NOT NULL REFERENCES core.profiles,
  buddy_id           uuid NOT NULL REFERENCES core.profiles,
  event_type         text NOT NULL,
  event_date         timestamptz NOT NULL,
  event_date_day_only boolean NOT NULL DEFAULT false,
  attendees          uuid[],
  description_text_id uuid REFERENCES vault.texts,
  location_text_id   uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.buddy_events IS 'Something a match did together.';
COMMENT ON COLUMN core.buddy_events.event_type IS 'As the source spells it; events say one of a closed list.';
COMMENT ON COLUMN core.buddy_events.attendees IS 'Profiles, where the source names them.';
CREATE INDEX buddy_events_match ON core.buddy_events (match_id);
CREATE INDEX buddy_events_participant ON core.buddy_events (participant_id);
CREATE INDEX buddy_events_buddy ON core.buddy_events (buddy_id);

CREATE TABLE core.buddy_event_attendance (
  attendance_id      uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  event_id           text NOT NULL,
  user_id            uuid NOT NULL REFERENCES core.profiles,
  match_id           uuid REFERENCES core.buddy_matches,
  buddy_id           uuid REFERENCES core.profiles,
  event_title        text NOT NULL,
  event_type         text NOT NULL,
  event_format       text NOT NULL CHECK (event_format IN ('in-person', 'online', 'hybrid')),
  attended_at        timestamptz NOT NULL,
  attended_day_only  boolean NOT NULL DEFAULT false,
  duration_minutes   integer CHECK (duration_minutes BETWEEN 1 AND 480),
  attendee_count     integer CHECK (attendee_count >= 0),
  categories         text,
  sdg_goals          integer[],
  location_text_id   uuid REFERENCES vault.texts,
  organizer_text_id  uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.buddy_event_attendance IS 'Who came to a community event. The event''s id is the source''s and refers to nothing: such events have no match.';
CREATE INDEX buddy_event_attendance_user ON core.buddy_event_attendance (user_id);
CREATE INDEX buddy_event_attendance_match ON core.buddy_event_attendance (match_id);
CREATE INDEX buddy_event_attendance_buddy ON core.buddy_event_attendance (buddy_id);

CREATE TABLE core.buddy_skill_sessions (
  session_id         uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  skill_id           text NOT NULL,
  skill_name         text NOT NULL,
  skill_category     text,
  teacher_id         uuid NOT NULL REFERENCES core.profiles,
  learner_id         uuid NOT NULL REFERENCES core.profiles,
  match_id           uuid REFERENCES core.buddy_matches,
  participant_id     uuid REFERENCES core.profiles,
  buddy_id           uuid REFERENCES core.profiles,
  scheduled_at       timestamptz,
  scheduled_day_only boolean NOT NULL DEFAULT false,
  completed_at       timestamptz NOT NULL,
  completed_day_only boolean NOT NULL DEFAULT false,
  duration_minutes   integer CHECK (duration_minutes BETWEEN 1 AND 480),
  format             text,
  proficiency_level  text,
  teacher_rating     numeric(6, 5) CHECK (teacher_rating BETWEEN 0 AND 1),
  teacher_rating_raw numeric,
  teacher_rating_scale text CHECK (teacher_rating_scale IN ('1-5', '0-1')),
  learner_rating     numeric(6, 5) CHECK (learner_rating BETWEEN 0 AND 1),
  learner_rating_raw numeric,
  learner_rating_scale text CHECK (learner_rating_scale IN ('1-5', '0-1')),
  sdg_goals          integer[],
  valuation_points   numeric CHECK (valuation_points >= 0),
  teacher_comment_text_id uuid REFERENCES vault.texts,
  learner_comment_text_id uuid REFERENCES vault.texts,
  learner_progress_text_id uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CHECK (teacher_id <> learner_id),
  CHECK (scheduled_at IS NULL OR completed_at >= scheduled_at),
  CHECK ((teacher_rating IS NULL) = (teacher_rating_raw IS NULL) AND (teacher_rating IS NULL) = (teacher_rating_scale IS NULL)),
  CHECK ((learner_rating IS NULL) = (learner_rating_raw IS NULL) AND (learner_rating IS NULL) = (learner_rating_scale IS NULL))
);
COMMENT ON TABLE core.buddy_skill_sessions IS 'Somebody showed somebody a skill; either side of a match may teach.';
CREATE INDEX buddy_skill_sessions_teacher ON core.buddy_skill_sessions (teacher_id);
CREATE INDEX buddy_skill_sessions_learner ON core.buddy_skill_sessions (learner_id);
CREATE INDEX buddy_skill_sessions_match ON core.buddy_skill_sessions (match_id);
CREATE INDEX buddy_skill_sessions_participant ON core.buddy_skill_sessions (participant_id);
CREATE INDEX buddy_skill_sessions_buddy ON core.buddy_skill_sessions (buddy_id);

CREATE TABLE core.buddy_checkins (
  checkin_id         uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  match_id           uuid NOT NULL REFERENCES core.buddy_matches,
  participant_id     uuid NOT NULL REFERENCES core.profiles,
  buddy_id           uuid NOT NULL REFERENCES core.profiles,
  checkin_date       timestamptz NOT NULL,
  checkin_date_day_only boolean NOT NULL DEFAULT false,
  mood               text CHECK (mood IN ('great', 'good', 'okay', 'struggling', 'difficult')),
  notes_text_id      uuid REFERENCES vault.texts,
  question_responses_text_id uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.buddy_checkins IS 'How a match is going.';
COMMENT ON COLUMN core.buddy_checkins.mood IS 'Special-category data: read by id under a role, never in an event.';
CREATE INDEX buddy_checkins_match ON core.buddy_checkins (match_id);
CREATE INDEX buddy_checkins_participant ON core.buddy_checkins (participant_id);
CREATE INDEX buddy_checkins_buddy ON core.buddy_checkins (buddy_id);

CREATE TABLE core.buddy_feedback (
  feedback_id        uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  match_id           uuid NOT NULL REFERENCES core.buddy_matches,
  participant_id     uuid NOT NULL REFERENCES core.profiles,
  buddy_id           uuid NOT NULL REFERENCES core.profiles,
  from_role          text NOT NULL CHECK (from_role IN ('participant', 'buddy')),
  rating             numeric(6, 5) NOT NULL CHECK (rating BETWEEN 0 AND 1),
  rating_raw         numeric,
  rating_scale       text CHECK (rating_scale IN ('1-5', '0-1')),
  communication      numeric(6, 5) CHECK (communication BETWEEN 0 AND 1),
  communication_raw  numeric,
  communication_scale text CHECK (communication_scale IN ('1-5', '0-1')),
  helpfulness        numeric(6, 5) CHECK (helpfulness BETWEEN 0 AND 1),
  helpfulness_raw    numeric,
  helpfulness_scale  text CHECK (helpfulness_scale IN ('1-5', '0-1')),
  engagement         numeric(6, 5) CHECK (engagement BETWEEN 0 AND 1),
  engagement_raw     numeric,
  engagement_scale   text CHECK (engagement_scale IN ('1-5', '0-1')),
  submitted_at       timestamptz NOT NULL,
  submitted_day_only boolean NOT NULL DEFAULT false,
  feedback_text_id   uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CHECK ((rating IS NULL) = (rating_raw IS NULL) AND (rating IS NULL) = (rating_scale IS NULL)),
  CHECK ((communication IS NULL) = (communication_raw IS NULL) AND (communication IS NULL) = (communication_scale IS NULL)),
  CHECK ((helpfulness IS NULL) = (helpfulness_raw IS NULL) AND (helpfulness IS NULL) = (helpfulness_scale IS NULL)),
  CHECK ((engagement IS NULL) = (engagement_raw IS NULL) AND (engagement IS NULL) = (engagement_scale IS NULL))
);
COMMENT ON TABLE core.buddy_feedback IS 'What one side of a match says about it.';
CREATE INDEX buddy_feedback_match ON core.buddy_feedback (match_id);
CREATE INDEX buddy_feedback_participant ON core.buddy_feedback (participant_id);
CREATE INDEX buddy_feedback_buddy ON core.buddy_feedback (buddy_id);

CREATE TABLE core.buddy_milestones (
  milestone_id       uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  user_id            uuid NOT NULL REFERENCES core.profiles,
  milestone_title    text NOT NULL,
  milestone_category text,
  reached_at         timestamptz NOT NULL,
  reached_day_only   boolean NOT NULL DEFAULT false,
  points             integer CHECK (points >= 0),
  badge_icon         text,
  target_role        text,
  progress_text_id   uuid REFERENCES vault.texts,
  metadata_text_id   uuid REFERENCES vault.texts,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.buddy_milestones IS 'A milestone that Buddy reports; its key is the person and the milestone.';
CREATE INDEX buddy_milestones_user ON core.buddy_milestones (user_id);

-- Upskilling

CREATE TABLE core.upskilling_completions (
  completion_id      uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  profile_id         uuid NOT NULL REFERENCES core.profiles,
  provider           text NOT NULL,
  course_id          text NOT NULL,
  course_name        text NOT NULL,
  completed_at       timestamptz NOT NULL,
  completed_day_only boolean NOT NULL DEFAULT false,
  final_score        numeric CHECK (final_score BETWEEN 0 AND 100),
  credential_ref_sealed bytea,
  credential_ref_digest bytea CHECK (length(credential_ref_digest) = 16),
  CHECK ((credential_ref_sealed IS NULL) = (credential_ref_digest IS NULL)),
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.upskilling_completions IS 'A completed course; its key is the person''s address by its blind index, the provider and the course.';
COMMENT ON COLUMN core.upskilling_completions.credential_ref_sealed IS 'Sealed under the persons key: it leads to the persons certificate.';
CREATE INDEX upskilling_completions_profile ON core.upskilling_completions (profile_id);

CREATE TABLE core.upskilling_credentials (
  credential_id      uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  profile_id         uuid NOT NULL REFERENCES core.profiles,
  provider           text NOT NULL,
  course_id          text NOT NULL,
  course_name        text,
  credential_type    text NOT NULL CHECK (credential_type IN ('certificate', 'badge', 'diploma', 'transcript')),
  issued_at          timestamptz NOT NULL,
  issued_day_only    boolean NOT NULL DEFAULT false,
  expires_at         timestamptz,
  expires_day_only   boolean NOT NULL DEFAULT false,
  credential_url_sealed bytea,
  credential_url_digest bytea CHECK (length(credential_url_digest) = 16),
  CHECK ((credential_url_sealed IS NULL) = (credential_url_digest IS NULL)),
  verification_code_sealed bytea,
  verification_code_digest bytea CHECK (length(verification_code_digest) = 16),
  CHECK ((verification_code_sealed IS NULL) = (verification_code_digest IS NULL)),
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CHECK (expires_at IS NULL OR expires_at >= issued_at)
);
COMMENT ON TABLE core.upskilling_credentials IS 'A credential a provider gave.';
COMMENT ON COLUMN core.upskilling_credentials.credential_url_sealed IS 'Sealed under the persons key: such a page shows the persons name.';
CREATE INDEX upskilling_credentials_profile ON core.upskilling_credentials (profile_id);

CREATE TABLE core.upskilling_progress (
  progress_id        uuid PRIMARY KEY,
  source_id          text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 1000 AND source_id NOT LIKE '%@%'),
  profile_id         uuid NOT NULL REFERENCES core.profiles,
  provider           text NOT NULL,
  course_id          text NOT NULL,
  course_name        text,
  progress_percent   numeric NOT NULL CHECK (progress_percent BETWEEN 0 AND 100),
  status             text NOT NULL CHECK (status IN ('enrolled', 'in_progress', 'completed', 'dropped')),
  progress_at        timestamptz NOT NULL,
  progress_day_only  boolean NOT NULL DEFAULT false,
  instance_id        uuid REFERENCES core.programme_instances,
  company_id         uuid REFERENCES core.companies,
  revision           integer NOT NULL CHECK (revision >= 1),
  content_hash       bytea NOT NULL CHECK (length(content_hash) = 32),
  doors              jsonb NOT NULL,
  import_id          uuid REFERENCES intake.imports,
  line               integer,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.upskilling_progress IS 'How far somebody is in a course.';
COMMENT ON COLUMN core.upskilling_progress.progress_at IS 'When the source updated it; updated_at is when this row was.';
CREATE INDEX upskilling_progress_profile ON core.upskilling_progress (profile_id);

-- What a source says about people now includes first and last names.
ALTER TABLE vault.attributes DROP CONSTRAINT attributes_field_check;
ALTER TABLE vault.attributes ADD CONSTRAINT attributes_field_check
  CHECK (field IN ('name', 'first_name', 'last_name', 'language', 'city', 'linkedin_url', 'verification_status', 'role_when_joined', 'grant_access'));

-- What a file cannot prove. Check-ins are the participant's; feedback and comments say themselves whose they are.
INSERT INTO intake.source_profiles (source, entity, layout, rating_scale, zone, author) VALUES
  ('buddy', 'users',            'users',            NULL,  'Europe/Oslo', NULL),
  ('buddy', 'matches',          'matches',          NULL,  'Europe/Oslo', NULL),
  ('buddy', 'matches',          'legacy',           NULL,  'Europe/Oslo', NULL),
  ('buddy', 'events',           'events',           NULL,  'Europe/Oslo', NULL),
  ('buddy', 'event_attendance', 'event_attendance', NULL,  'Europe/Oslo', NULL),
  ('buddy', 'skill_sessions',   'skill_sessions',   '0-1', 'Europe/Oslo', NULL),
  ('buddy', 'checkins',         'checkins',         NULL,  'Europe/Oslo', 'participant'),
  ('buddy', 'feedback',         'feedback',         '0-1', 'Europe/Oslo', NULL),
  ('buddy', 'milestones',       'milestones',       NULL,  'Europe/Oslo', NULL),
  ('upskilling', 'completions', 'completions',      NULL,  'Europe/Oslo', NULL),
  ('upskilling', 'credentials', 'credentials',      NULL,  'Europe/Oslo', NULL),
  ('upskilling', 'progress',    'progress',         NULL,  'Europe/Oslo', NULL);

-- The importers seal and compare as Kintell's does; each writes the tables of its own source.
GRANT USAGE ON SCHEMA vault, core, intake, bus TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT, INSERT, UPDATE ON core.heartbeats, core.profiles, intake.imports TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT ON core.company_domains, core.programme_instances, core.purposes, core.purpose_defaults, intake.source_profiles
  TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT, INSERT ON intake.fates, intake.revisions, intake.identity_suggestions TO teei_buddy_import, teei_upskilling_import;
GRANT INSERT ON bus.batches, bus.events TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT ON vault.keyring, vault.suppressions TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT, INSERT ON vault.subject_keys TO teei_buddy_import, teei_upskilling_import;
GRANT INSERT, SELECT (email_id, profile_id, blind_index, source) ON vault.emails TO teei_buddy_import, teei_upskilling_import;
GRANT INSERT, SELECT (profile_id, field, source, digest, folded, revision, set_at), UPDATE ON vault.attributes TO teei_buddy_import;
GRANT INSERT, SELECT (text_id, subject_id, fact_id, field, digest) ON vault.texts TO teei_buddy_import, teei_upskilling_import;
GRANT SELECT, INSERT ON core.external_ids TO teei_buddy_import;
GRANT SELECT, INSERT, UPDATE
   ON core.buddy_users, core.buddy_matches, core.buddy_events, core.buddy_event_attendance, core.buddy_skill_sessions,
      core.buddy_checkins, core.buddy_feedback, core.buddy_milestones
   TO teei_buddy_import;
GRANT SELECT, INSERT, UPDATE ON core.upskilling_completions, core.upskilling_credentials, core.upskilling_progress TO teei_upskilling_import;
