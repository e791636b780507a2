-- Kintell: video meetings between a volunteer and a participant, and its user list.

CREATE TABLE core.kintell_sessions (
  session_id             uuid PRIMARY KEY,
  source_id              text NOT NULL UNIQUE CHECK (length(source_id) BETWEEN 1 AND 255 AND source_id NOT LIKE '%@%'),
  session_type           text NOT NULL CHECK (session_type IN ('language', 'mentorship')),
  participant_id         uuid NOT NULL REFERENCES core.profiles,
  volunteer_id           uuid NOT NULL REFERENCES core.profiles,
  scheduled_at           timestamptz NOT NULL,
  scheduled_day_only     boolean NOT NULL DEFAULT false,
  completed_at           timestamptz,
  completed_day_only     boolean NOT NULL DEFAULT false,
  duration_minutes       integer CHECK (duration_minutes BETWEEN 1 AND 480),
  rating                 numeric(6, 5) CHECK (rating BETWEEN 0 AND 1),
  rating_raw             numeric,
  rating_scale           text CHECK (rating_scale IN ('1-5', '0-1')),
  rated_by               text CHECK (rated_by IN ('participant', 'volunteer')),
  language_level         text CHECK (language_level IN ('A1', 'A2', 'B1', 'B2', 'C1', 'C2')),
  feedback_text_id       uuid REFERENCES vault.texts,
  topics_text_id         uuid REFERENCES vault.texts,
  metadata_text_id       uuid REFERENCES vault.texts,
  focus_area_text_id     uuid REFERENCES vault.texts,
  goals_discussed_text_id uuid REFERENCES vault.texts,
  instance_id            uuid REFERENCES core.programme_instances,
  company_id             uuid REFERENCES core.companies,
  revision               integer NOT NULL CHECK (revision >= 1),
  content_hash           bytea NOT NULL CHECK (length(content_hash) = 32),
  doors                  jsonb NOT NULL,
  import_id              uuid REFERENCES intake.imports,
  line                   integer,
  updated_at             timestamptz NOT NULL DEFAULT now(),
  CHECK (participant_id <> volunteer_id),
  CHECK (completed_at IS NULL OR completed_at >= scheduled_at),
  CHECK ((rating IS NULL) = (rating_raw IS NULL) AND (rating IS NULL) = (rating_scale IS NULL))
);
COMMENT ON TABLE core.kintell_sessions IS 'A meeting, language practice or mentoring; the same session by CSV and by webhook is one row.';
COMMENT ON COLUMN core.kintell_sessions.rating IS '0 to 1; the value as given and its scale stand beside it.';
COMMENT ON COLUMN core.kintell_sessions.scheduled_day_only IS 'The source gave a date without a time: 00:00 in the source''s zone.';
COMMENT ON COLUMN core.kintell_sessions.doors IS 'Which door and layout set each field: {"*": "csv/language", "rating": "webhook"}; decides whether an empty cell may clear a value.';
CREATE INDEX kintell_sessions_participant ON core.kintell_sessions (participant_id);
CREATE INDEX kintell_sessions_volunteer ON core.kintell_sessions (volunteer_id);

CREATE TABLE core.kintell_users (
  user_id      uuid PRIMARY KEY,
  source_id    text NOT NULL UNIQUE CHECK (source_id NOT LIKE '%@%'),
  profile_id   uuid NOT NULL REFERENCES core.profiles,
  joined_at    timestamptz,
  joined_day_only boolean NOT NULL DEFAULT false,
  revision     integer NOT NULL CHECK (revision >= 1),
  content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
  doors        jsonb NOT NULL,
  import_id    uuid REFERENCES intake.imports,
  line         integer,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.kintell_users IS 'A line of Kintell''s user list. Its key is the blind index of the e-mail; what it says about the person is in vault.attributes.';
CREATE INDEX kintell_users_profile ON core.kintell_users (profile_id);

GRANT SELECT, INSERT, UPDATE ON core.kintell_sessions, core.kintell_users TO teei_kintell_import;
GRANT SELECT ON core.kintell_sessions TO teei_profile_api;
