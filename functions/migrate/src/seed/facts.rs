//! The seed's facts without personal data, as plain SQL. `…000N` is the N-th person of the seed. Timelines, enrolments
//! and milestones are what the projector would make of the facts; a test holds the two against each other.

/// Each statement adds what is missing of its table.
pub(super) const FACTS: &[&str] = &[
    "INSERT INTO core.programme_instances (instance_id, programme, name, starts_on, company_id) VALUES
       ('01900000-0000-7000-8000-0000000000d1', 'language', 'Language Connect 2025', '2025-01-01', '01900000-0000-7000-8000-0000000000c1'),
       ('01900000-0000-7000-8000-0000000000d2', 'mentorship', 'Mentorship 2025', '2025-01-01', '01900000-0000-7000-8000-0000000000c2')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.programme_staff (subject, programme) VALUES
       ('coordinator', 'language'),
       ('coordinator', 'mentorship'),
       ('coordinator', 'buddy'),
       ('coordinator', 'upskilling'),
       ('buddy-coordinator', 'buddy')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.external_ids (link_id, source, external_id, profile_id, linked_by) VALUES
       ('01900000-0000-7000-8000-0000000000e1', 'buddy', '01900000-0000-7000-8000-00000000b001', '01900000-0000-7000-8000-000000000001', 'seed'),
       ('01900000-0000-7000-8000-0000000000e2', 'upskilling', 'learner-2', '01900000-0000-7000-8000-000000000002', 'seed'),
       ('01900000-0000-7000-8000-0000000000e3', 'buddy', '01900000-0000-7000-8000-00000000b003', '01900000-0000-7000-8000-000000000003', 'seed'),
       ('01900000-0000-7000-8000-0000000000e4', 'buddy', '01900000-0000-7000-8000-00000000b006', '01900000-0000-7000-8000-000000000006', 'seed')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.kintell_sessions (session_id, source_id, session_type, participant_id, volunteer_id, scheduled_at, completed_at, duration_minutes,
            rating, rating_raw, rating_scale, rated_by, language_level, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a1', 'seed-language-1', 'language', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000004', '2025-03-03T15:00:00Z', '2025-03-03T15:45:00Z', 45, 0.75, 4, '1-5', 'participant', 'A2', 1, sha256('seed-language-1'), '{\"*\": \"seed\"}'),
       ('01900000-0000-7000-8000-0000000000a2', 'seed-mentor-1', 'mentorship', '01900000-0000-7000-8000-000000000002', '01900000-0000-7000-8000-000000000005', '2025-03-04T15:00:00Z', '2025-03-04T16:00:00Z', 60, 1, 5, '1-5', 'participant', NULL, 1, sha256('seed-mentor-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_matches (match_id, source_id, participant_id, buddy_id, matched_at, status, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a3', 'seed-match-1', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', '2025-02-01T10:00:00Z', 'active', 1, sha256('seed-match-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_checkins (checkin_id, source_id, match_id, participant_id, buddy_id, checkin_date, mood, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a5', 'seed-checkin-1', '01900000-0000-7000-8000-0000000000a3', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', '2025-02-15T09:00:00Z', 'good', 1, sha256('seed-checkin-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_feedback (feedback_id, source_id, match_id, participant_id, buddy_id, from_role, rating, rating_raw, rating_scale, submitted_at, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a6', 'seed-feedback-1', '01900000-0000-7000-8000-0000000000a3', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', 'participant', 0.8, 0.8, '0-1', '2025-03-15T09:00:00Z', 1, sha256('seed-feedback-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_events (event_id, source_id, match_id, participant_id, buddy_id, event_type, event_date, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a7', 'seed-event-1', '01900000-0000-7000-8000-0000000000a3', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', 'social', '2025-02-22T12:00:00Z', 1, sha256('seed-event-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_event_attendance (attendance_id, source_id, event_id, user_id, event_title, event_type, event_format, attended_at, duration_minutes, sdg_goals, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a8', 'seed-attendance-1', 'seed-community-1', '01900000-0000-7000-8000-000000000003', 'Language cafe', 'cultural', 'in-person', '2025-03-08T17:00:00Z', 90, '{4,10}', 1, sha256('seed-attendance-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_skill_sessions (session_id, source_id, skill_id, skill_name, teacher_id, learner_id, match_id, participant_id, buddy_id, completed_at,
            duration_minutes, proficiency_level, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a9', 'seed-skill-session-1', 'seed-skill-1', 'Baking bread', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', '01900000-0000-7000-8000-0000000000a3', '01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000006', '2025-03-10T18:00:00Z', 60, 'beginner', 1, sha256('seed-skill-session-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.buddy_milestones (milestone_id, source_id, user_id, milestone_title, milestone_category, reached_at, points, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000aa', 'seed-milestone-1', '01900000-0000-7000-8000-000000000003', 'First meeting', 'onboarding', '2025-02-08T12:00:00Z', 50, 1, sha256('seed-milestone-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.upskilling_progress (progress_id, source_id, profile_id, provider, course_id, course_name, progress_percent, status, progress_at, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000a4', 'seed-progress-1', '01900000-0000-7000-8000-000000000002', 'ecornell', 'intro-to-accounting', 'Introduction to Accounting', 40, 'in_progress', '2025-04-01T08:00:00Z', 1, sha256('seed-progress-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.upskilling_completions (completion_id, source_id, profile_id, provider, course_id, course_name, completed_at, final_score, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000ab', 'seed-completion-1', '01900000-0000-7000-8000-000000000002', 'ecornell', 'intro-to-accounting', 'Introduction to Accounting', '2025-05-10T12:00:00Z', 92.5, 1, sha256('seed-completion-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.upskilling_credentials (credential_id, source_id, profile_id, provider, course_id, course_name, credential_type, issued_at, revision, content_hash, doors) VALUES
       ('01900000-0000-7000-8000-0000000000ac', 'seed-credential-1', '01900000-0000-7000-8000-000000000002', 'ecornell', 'intro-to-accounting', 'Introduction to Accounting', 'certificate', '2025-05-12T08:00:00Z', 1, sha256('seed-credential-1'), '{\"*\": \"seed\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.match_facts (fact_type, fact_id, match_id, side, revision, event_id, occurred_at, details) VALUES
       ('buddy.checkin', '01900000-0000-7000-8000-0000000000a5', '01900000-0000-7000-8000-0000000000a3', NULL, 1, '01900000-0000-7000-8000-0000000000f5', '2025-02-15T09:00:00Z', '{\"has_mood\": true}'),
       ('buddy.feedback', '01900000-0000-7000-8000-0000000000a6', '01900000-0000-7000-8000-0000000000a3', 'participant', 1, '01900000-0000-7000-8000-0000000000f6', '2025-03-15T09:00:00Z', '{\"rating\": 0.8}'),
       ('buddy.event', '01900000-0000-7000-8000-0000000000a7', '01900000-0000-7000-8000-0000000000a3', NULL, 1, '01900000-0000-7000-8000-0000000000f7', '2025-02-22T12:00:00Z', '{\"event_type\": \"social\"}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.timeline (profile_id, fact_type, fact_id, revision, event_id, programme, role, occurred_at, details) VALUES
       ('01900000-0000-7000-8000-000000000001', 'kintell.session', '01900000-0000-7000-8000-0000000000a1', 1, '01900000-0000-7000-8000-0000000000f1', 'language', 'participant', '2025-03-03T15:45:00Z', '{\"status\": \"completed\", \"duration_minutes\": 45, \"language_level\": \"A2\", \"rating\": 0.75}'),
       ('01900000-0000-7000-8000-000000000004', 'kintell.session', '01900000-0000-7000-8000-0000000000a1', 1, '01900000-0000-7000-8000-0000000000f1', 'language', 'volunteer', '2025-03-03T15:45:00Z', '{\"status\": \"completed\", \"duration_minutes\": 45, \"language_level\": \"A2\", \"rating\": 0.75}'),
       ('01900000-0000-7000-8000-000000000002', 'kintell.session', '01900000-0000-7000-8000-0000000000a2', 1, '01900000-0000-7000-8000-0000000000f2', 'mentorship', 'participant', '2025-03-04T16:00:00Z', '{\"status\": \"completed\", \"duration_minutes\": 60, \"rating\": 1.0}'),
       ('01900000-0000-7000-8000-000000000005', 'kintell.session', '01900000-0000-7000-8000-0000000000a2', 1, '01900000-0000-7000-8000-0000000000f2', 'mentorship', 'volunteer', '2025-03-04T16:00:00Z', '{\"status\": \"completed\", \"duration_minutes\": 60, \"rating\": 1.0}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.match', '01900000-0000-7000-8000-0000000000a3', 1, '01900000-0000-7000-8000-0000000000f3', 'buddy', 'participant', '2025-02-01T10:00:00Z', '{\"matched_at\": \"2025-02-01T10:00:00Z\"}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.checkin', '01900000-0000-7000-8000-0000000000a5', 1, '01900000-0000-7000-8000-0000000000f5', 'buddy', 'participant', '2025-02-15T09:00:00Z', '{\"has_mood\": true}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.feedback', '01900000-0000-7000-8000-0000000000a6', 1, '01900000-0000-7000-8000-0000000000f6', 'buddy', 'participant', '2025-03-15T09:00:00Z', '{\"rating\": 0.8}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.event', '01900000-0000-7000-8000-0000000000a7', 1, '01900000-0000-7000-8000-0000000000f7', 'buddy', 'participant', '2025-02-22T12:00:00Z', '{\"event_type\": \"social\"}'),
       ('01900000-0000-7000-8000-000000000006', 'buddy.match', '01900000-0000-7000-8000-0000000000a3', 1, '01900000-0000-7000-8000-0000000000f3', 'buddy', 'volunteer', '2025-02-01T10:00:00Z', '{\"matched_at\": \"2025-02-01T10:00:00Z\"}'),
       ('01900000-0000-7000-8000-000000000006', 'buddy.checkin', '01900000-0000-7000-8000-0000000000a5', 1, '01900000-0000-7000-8000-0000000000f5', 'buddy', 'volunteer', '2025-02-15T09:00:00Z', '{\"has_mood\": true}'),
       ('01900000-0000-7000-8000-000000000006', 'buddy.event', '01900000-0000-7000-8000-0000000000a7', 1, '01900000-0000-7000-8000-0000000000f7', 'buddy', 'volunteer', '2025-02-22T12:00:00Z', '{\"event_type\": \"social\"}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.attendance', '01900000-0000-7000-8000-0000000000a8', 1, '01900000-0000-7000-8000-0000000000f8', 'buddy', NULL, '2025-03-08T17:00:00Z', '{\"event_type\": \"cultural\", \"event_format\": \"in-person\", \"duration_minutes\": 90, \"sdg_goals\": [4, 10]}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.skill_share', '01900000-0000-7000-8000-0000000000a9', 1, '01900000-0000-7000-8000-0000000000f9', 'buddy', 'teacher', '2025-03-10T18:00:00Z', '{\"duration_minutes\": 60, \"proficiency_level\": \"beginner\"}'),
       ('01900000-0000-7000-8000-000000000006', 'buddy.skill_share', '01900000-0000-7000-8000-0000000000a9', 1, '01900000-0000-7000-8000-0000000000f9', 'buddy', 'learner', '2025-03-10T18:00:00Z', '{\"duration_minutes\": 60, \"proficiency_level\": \"beginner\"}'),
       ('01900000-0000-7000-8000-000000000003', 'buddy.milestone', '01900000-0000-7000-8000-0000000000aa', 1, '01900000-0000-7000-8000-0000000000fa', 'buddy', NULL, '2025-02-08T12:00:00Z', '{\"category\": \"onboarding\", \"points\": 50}'),
       ('01900000-0000-7000-8000-000000000002', 'upskilling.progress', '01900000-0000-7000-8000-0000000000a4', 1, '01900000-0000-7000-8000-0000000000f4', 'upskilling', 'participant', '2025-04-01T08:00:00Z', '{\"provider\": \"ecornell\", \"course_id\": \"intro-to-accounting\", \"course_name\": \"Introduction to Accounting\", \"percent\": 40.0, \"status\": \"in_progress\", \"since\": \"2025-04-01T08:00:00Z\"}'),
       ('01900000-0000-7000-8000-000000000002', 'upskilling.completion', '01900000-0000-7000-8000-0000000000ab', 1, '01900000-0000-7000-8000-0000000000fb', 'upskilling', 'participant', '2025-05-10T12:00:00Z', '{\"provider\": \"ecornell\", \"course_id\": \"intro-to-accounting\", \"course_name\": \"Introduction to Accounting\", \"final_score\": 92.5}'),
       ('01900000-0000-7000-8000-000000000002', 'upskilling.credential', '01900000-0000-7000-8000-0000000000ac', 1, '01900000-0000-7000-8000-0000000000fc', 'upskilling', 'participant', '2025-05-12T08:00:00Z', '{\"provider\": \"ecornell\", \"course_id\": \"intro-to-accounting\", \"course_name\": \"Introduction to Accounting\", \"credential_type\": \"certificate\", \"has_url\": false}')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.enrolments (profile_id, programme, role, reference, status, since, until) VALUES
       ('01900000-0000-7000-8000-000000000001', 'language', 'participant', '', 'active', '2025-03-03T15:45:00Z', NULL),
       ('01900000-0000-7000-8000-000000000004', 'language', 'volunteer', '', 'active', '2025-03-03T15:45:00Z', NULL),
       ('01900000-0000-7000-8000-000000000002', 'mentorship', 'participant', '', 'active', '2025-03-04T16:00:00Z', NULL),
       ('01900000-0000-7000-8000-000000000005', 'mentorship', 'volunteer', '', 'active', '2025-03-04T16:00:00Z', NULL),
       ('01900000-0000-7000-8000-000000000003', 'buddy', 'participant', '01900000-0000-7000-8000-0000000000a3', 'active', '2025-02-01T10:00:00Z', NULL),
       ('01900000-0000-7000-8000-000000000006', 'buddy', 'volunteer', '01900000-0000-7000-8000-0000000000a3', 'active', '2025-02-01T10:00:00Z', NULL),
       ('01900000-0000-7000-8000-000000000002', 'upskilling', 'participant', 'ecornell/intro-to-accounting', 'completed', '2025-04-01T08:00:00Z', '2025-05-10T12:00:00Z')
     ON CONFLICT DO NOTHING",
    "INSERT INTO core.milestones (profile_id, milestone, reached_at, fact_id) VALUES
       ('01900000-0000-7000-8000-000000000001', 'first_language_session', '2025-03-03T15:45:00Z', '01900000-0000-7000-8000-0000000000a1'),
       ('01900000-0000-7000-8000-000000000002', 'first_mentorship_session', '2025-03-04T16:00:00Z', '01900000-0000-7000-8000-0000000000a2'),
       ('01900000-0000-7000-8000-000000000003', 'buddy_matched', '2025-02-01T10:00:00Z', '01900000-0000-7000-8000-0000000000a3'),
       ('01900000-0000-7000-8000-000000000002', 'course_enrolled', '2025-04-01T08:00:00Z', '01900000-0000-7000-8000-0000000000a4'),
       ('01900000-0000-7000-8000-000000000002', 'course_completed', '2025-05-10T12:00:00Z', '01900000-0000-7000-8000-0000000000ab'),
       ('01900000-0000-7000-8000-000000000002', 'credential_earned', '2025-05-12T08:00:00Z', '01900000-0000-7000-8000-0000000000ac')
     ON CONFLICT DO NOTHING",
];
