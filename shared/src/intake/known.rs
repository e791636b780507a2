//! Which export a header belongs to, of all that any importer reads: so that a file in the wrong folder hears where it
//! belongs, also when the folder's own importer does not know its layout.
//!
//! Names only, as the intake contract has them; how cells are read is each importer's own.

use super::header::fold;

struct Export {
    entity: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const fn export(entity: &'static str, required: &'static [&'static str], optional: &'static [&'static str]) -> Export {
    Export { entity, required, optional }
}

const EXPORTS: &[Export] = &[
    export(
        "kintell/sessions",
        &["session_id", "participant_email", "volunteer_email", "scheduled_at"],
        &["completed_at", "duration_minutes", "rating", "feedback_text", "language_level", "topics", "metadata"],
    ),
    export(
        "kintell/sessions",
        &["session_id", "participant_email", "mentor_email", "scheduled_at"],
        &["completed_at", "duration_minutes", "rating", "feedback_text", "focus_area", "goals_discussed"],
    ),
    export(
        "kintell/sessions",
        &["session_id", "session_type", "participant_email", "volunteer_email", "date", "duration_min"],
        &["rating", "feedback_text", "language_level"],
    ),
    export("kintell/ratings", &["rating_id", "session_id", "from_role", "rating", "created_at"], &["feedback_text"]),
    export(
        "kintell/users",
        &["email", "linkedin_url"],
        &["name", "verification_status", "role_when_joined", "grant_access", "joined_kg_at"],
    ),
    export(
        "buddy/users",
        &["id", "email", "first_name", "last_name", "role", "joined_at"],
        &["language_preference", "interests", "location"],
    ),
    export(
        "buddy/matches",
        &["match_id", "participant_id", "buddy_id", "matched_at", "status"],
        &["ended_at", "end_reason", "duration_days", "sessions_completed", "events_attended"],
    ),
    export(
        "buddy/matches",
        &["participant_email", "buddy_email", "matched_at", "status"],
        &["language", "interests", "location"],
    ),
    export(
        "buddy/events",
        &["match_id", "event_type", "event_date"],
        &["event_id", "description", "location", "attendees"],
    ),
    export(
        "buddy/event_attendance",
        &["event_id", "user_id", "event_title", "event_type", "event_format", "attended_at"],
        &["match_id", "location", "duration_minutes", "attendee_count", "organizer", "categories", "sdg_goals"],
    ),
    export(
        "buddy/skill_sessions",
        &["session_id", "skill_id", "skill_name", "teacher_id", "learner_id", "completed_at"],
        &["skill_category", "match_id", "scheduled_at", "duration_minutes", "format", "proficiency_level"],
    ),
    export("buddy/checkins", &["checkin_id", "match_id", "checkin_date"], &["mood", "notes", "question_responses"]),
    export(
        "buddy/feedback",
        &["feedback_id", "match_id", "from_role", "rating", "submitted_at"],
        &["feedback_text", "communication", "helpfulness", "engagement"],
    ),
    export(
        "buddy/milestones",
        &["milestone_id", "user_id", "milestone_title", "reached_at"],
        &["milestone_category", "points", "badge_icon", "target_role", "progress", "metadata"],
    ),
    export(
        "upskilling/completions",
        &["user_email", "provider", "course_id", "course_name", "completed_at"],
        &["final_score", "credential_ref"],
    ),
    export(
        "upskilling/credentials",
        &["credential_id", "user_email", "provider", "course_id", "credential_type", "issued_at"],
        &["course_name", "expires_at", "credential_url", "verification_code"],
    ),
    export(
        "upskilling/progress",
        &["user_email", "provider", "course_id", "progress_percent", "status", "updated_at"],
        &["course_name"],
    ),
];

/// The export whose required columns a header has all of, and how many of its columns the header has; of several the
/// one with most. `folded`: the header's names as [`fold`] makes them.
pub fn export_of(folded: &[String]) -> Option<(&'static str, usize)> {
    let has = |names: &[&str]| names.iter().filter(|name| folded.contains(&fold(name))).count();
    let whole = EXPORTS.iter().filter(|export| has(export.required) == export.required.len());
    // Of equals the first: `max_by_key` takes the last.
    whole.rev().map(|export| (export.entity, export.required.len() + has(export.optional))).max_by_key(|&(_, n)| n)
}

/// All exports by entity.
pub fn entities() -> impl Iterator<Item = &'static str> {
    EXPORTS.iter().map(|export| export.entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Option<&'static str> {
        let folded: Vec<String> = header.split(',').map(fold).collect();
        export_of(&folded).map(|(entity, _)| entity)
    }

    #[test]
    fn every_export_is_told_by_its_own_columns() {
        for export in EXPORTS {
            assert_eq!(of(&export.required.join(",")), Some(export.entity));
            let all = [export.required, export.optional].concat().join(",").to_uppercase();
            assert_eq!(of(&all), Some(export.entity));
        }
        assert_eq!(of("id,email,first_name,last_name,role,joined_at,linkedin_url"), Some("buddy/users"));
        assert_eq!(of("id,email"), None);
        assert_eq!(of(""), None);
    }
}
