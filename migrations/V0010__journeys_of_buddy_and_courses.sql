-- Journeys of the buddy programme and of courses: their facts on timelines, facts that hang on a match, retractions.

-- Until now only the seed of local stages wrote other facts than meetings, with nothing a journey could be derived from.
DELETE FROM core.timeline WHERE fact_type <> 'kintell.session';
DELETE FROM core.enrolments WHERE programme IN ('buddy', 'upskilling');
DELETE FROM core.milestones WHERE milestone IN ('buddy_matched', 'course_enrolled', 'course_completed', 'credential_earned');

ALTER TABLE core.timeline
  DROP CONSTRAINT timeline_pkey,
  ADD PRIMARY KEY (profile_id, fact_type, fact_id),
  ADD CONSTRAINT timeline_fact_type_check CHECK (fact_type IN (
    'kintell.session', 'buddy.match', 'buddy.event', 'buddy.attendance', 'buddy.skill_share', 'buddy.checkin',
    'buddy.feedback', 'buddy.milestone', 'upskilling.completion', 'upskilling.credential', 'upskilling.progress')),
  ALTER COLUMN role DROP NOT NULL,
  DROP CONSTRAINT timeline_role_check,
  ADD CONSTRAINT timeline_role_check CHECK (role IN ('participant', 'volunteer', 'teacher', 'learner'));
COMMENT ON TABLE core.timeline IS 'One entry a person and fact: the newest revision seen. details holds numbers, enums, times, and codes and titles of courses.';
COMMENT ON COLUMN core.timeline.role IS 'On which side of the fact the person was; a local buddy is a volunteer. Empty where the fact does not say, as for who came to an event.';

CREATE TABLE core.match_facts (
  fact_type   text NOT NULL CHECK (fact_type IN ('buddy.event', 'buddy.checkin', 'buddy.feedback')),
  fact_id     uuid NOT NULL,
  match_id    uuid NOT NULL,
  side        text CHECK (side IN ('participant', 'volunteer')),
  revision    integer NOT NULL CHECK (revision >= 1),
  event_id    uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  details     jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (fact_type, fact_id)
);
COMMENT ON TABLE core.match_facts IS 'Facts that name a match and no people, in the newest revision: on the timelines of whoever the match''s newest revision names, also when the match is told later or corrected.';
COMMENT ON COLUMN core.match_facts.side IS 'On whose timeline of the two it is; empty: on both.';
CREATE INDEX match_facts_match ON core.match_facts (match_id);

CREATE TABLE core.retracted_facts (
  fact_type text NOT NULL,
  fact_id   uuid NOT NULL,
  revision  integer NOT NULL CHECK (revision >= 1),
  event_id  uuid NOT NULL,
  PRIMARY KEY (fact_type, fact_id)
);
COMMENT ON TABLE core.retracted_facts IS 'Facts taken back, with the revision that did it: an older event that comes later does not bring them back.';

CREATE TABLE core.retracted_milestones (
  profile_id uuid NOT NULL REFERENCES core.profiles ON DELETE CASCADE,
  milestone  text NOT NULL CHECK (milestone IN ('buddy_matched', 'first_language_session', 'language_level_up', 'first_mentorship_session', 'course_enrolled', 'course_completed', 'credential_earned')),
  revision   integer NOT NULL CHECK (revision >= 1),
  PRIMARY KEY (profile_id, milestone)
);
COMMENT ON TABLE core.retracted_milestones IS 'Milestones that were announced and hold no longer, with the revision that said so: reached again, they continue from it.';

CREATE TABLE core.removed_profiles (
  profile_id uuid PRIMARY KEY,
  removed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.removed_profiles IS 'Profiles that an undone import had created and nothing else referred to. Events told before the undo may still name them; they have no effect for them.';

GRANT SELECT, INSERT, UPDATE, DELETE ON core.match_facts, core.retracted_milestones TO teei_profile_projector;
GRANT SELECT, INSERT, UPDATE ON core.retracted_facts TO teei_profile_projector;
GRANT SELECT ON core.removed_profiles TO teei_profile_projector;
-- Who may see the other's first name: the two of a match.
GRANT SELECT (participant_id, buddy_id) ON core.buddy_matches TO teei_profile_api;
