-- What the profile projector makes of contract events. All of it is derived from core.timeline by event time,
-- so events that come twice or out of order end in the same state.

CREATE TABLE core.timeline (
  profile_id  uuid NOT NULL REFERENCES core.profiles,
  fact_type   text NOT NULL,
  fact_id     uuid NOT NULL,
  revision    integer NOT NULL CHECK (revision >= 1),
  event_id    uuid NOT NULL,
  programme   text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  role        text NOT NULL CHECK (role IN ('participant', 'volunteer')),
  occurred_at timestamptz NOT NULL,
  details     jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (profile_id, fact_id)
);
COMMENT ON TABLE core.timeline IS 'One entry a person and fact: the newest revision seen. details holds numbers and enums only.';
COMMENT ON COLUMN core.timeline.event_id IS 'The event that brought this revision: what profile.flag.changed names as its cause.';
CREATE INDEX timeline_fact ON core.timeline (fact_id);
CREATE INDEX timeline_order ON core.timeline (profile_id, occurred_at DESC, fact_id);

CREATE TABLE core.enrolments (
  profile_id uuid NOT NULL REFERENCES core.profiles,
  programme  text NOT NULL CHECK (programme IN ('buddy', 'language', 'mentorship', 'upskilling')),
  role       text NOT NULL CHECK (role IN ('participant', 'volunteer')),
  reference  text NOT NULL DEFAULT '',
  status     text NOT NULL CHECK (status IN ('active', 'completed', 'dropped')),
  since      timestamptz NOT NULL,
  until      timestamptz,
  PRIMARY KEY (profile_id, programme, role, reference),
  CHECK ((status = 'active') = (until IS NULL))
);
COMMENT ON TABLE core.enrolments IS 'A person in a programme, in a role that belongs to the enrolment and not to the person.';
COMMENT ON COLUMN core.enrolments.reference IS 'What the enrolment is in where a programme has many: a match, a provider''s course; empty for Kintell.';
CREATE INDEX enrolments_programme ON core.enrolments (programme, status);

CREATE TABLE core.milestones (
  profile_id uuid NOT NULL REFERENCES core.profiles,
  milestone  text NOT NULL CHECK (milestone IN ('buddy_matched', 'first_language_session', 'language_level_up', 'first_mentorship_session', 'course_enrolled', 'course_completed', 'credential_earned')),
  reached_at timestamptz NOT NULL,
  fact_id    uuid NOT NULL,
  revision   integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  PRIMARY KEY (profile_id, milestone)
);
COMMENT ON TABLE core.milestones IS 'Reached once; the earliest event time wins, also when an earlier event arrives later.';

CREATE TABLE core.flags (
  profile_id uuid NOT NULL REFERENCES core.profiles,
  flag       text NOT NULL CHECK (flag IN ('mentor_ready', 'language_support_needed')),
  value      boolean NOT NULL,
  revision   integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  because_of uuid[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (profile_id, flag)
);
COMMENT ON TABLE core.flags IS 'Advice with its cause: the facts it rests on. No function acts on a person by it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON core.timeline, core.enrolments, core.milestones, core.flags TO teei_profile_projector;
GRANT SELECT ON core.timeline, core.enrolments, core.milestones, core.flags TO teei_profile_api;
