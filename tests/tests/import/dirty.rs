//! The dirty samples: which line of each file is rejected in which column and why, and what is read all the same.

use serde_json::Value;

use super::support::World;

/// File, records that become facts, rejected ones as `line column code`.
const FILES: &[(&str, u64, &[&str])] = &[
    (
        "kintell/sessions-language-dirty.csv",
        1,
        &[
            "2 volunteer_email self_pair",
            "3 completed_at completed_before_scheduled",
            "4 duration_minutes bad_number",
            "5 language_level bad_enum",
            "6 metadata bad_json",
        ],
    ),
    (
        "kintell/sessions-mentor-dirty.csv",
        1,
        &["2 scheduled_at missing_required", "3 mentor_email bad_email", "4 rating out_of_range"],
    ),
    (
        "kintell/sessions-legacy-dirty.csv",
        1,
        &["2 session_type bad_enum", "3 duration_min missing_required", "4 date future_timestamp"],
    ),
    (
        "kintell/users-dirty.csv",
        1,
        &[
            "2 email bad_email",
            "3 email duplicate_conflict",
            "4 email duplicate_conflict",
            "5 joined_kg_at impossible_date",
        ],
    ),
    (
        "buddy/users-dirty.csv",
        0,
        &[
            "3 id bad_uuid",
            "4 email bad_email",
            "5 first_name missing_required",
            "6 role bad_enum",
            "7 joined_at impossible_date",
            "8 interests bad_json",
        ],
    ),
    (
        "buddy/matches-dirty.csv",
        1,
        &[
            "2 buddy_id self_pair",
            "3 ended_at missing_required",
            "4 ended_at completed_before_scheduled",
            "5 status bad_enum",
            "6 end_reason bad_enum",
            "7 participant_id orphan_ref",
            "8 matched_at future_timestamp",
        ],
    ),
    (
        "buddy/matches-legacy-dirty.csv",
        1,
        &[
            "2 buddy_email self_pair",
            "3 ended_at missing_required",
            "6 participant_email duplicate_conflict",
            "7 participant_email duplicate_conflict",
        ],
    ),
    (
        "buddy/events-dirty.csv",
        1,
        &[
            "2 match_id orphan_ref",
            "3 event_type missing_required",
            "4 event_date ambiguous_date",
            "5 attendees orphan_ref",
            "6 attendees bad_email",
        ],
    ),
    (
        "buddy/event_attendance-dirty.csv",
        1,
        &[
            "2 event_format bad_enum",
            "3 duration_minutes out_of_range",
            "4 sdg_goals out_of_range",
            "5 match_id orphan_ref",
            "6 event_title missing_required",
            "7 attendee_count bad_number",
        ],
    ),
    (
        "buddy/skill_sessions-dirty.csv",
        1,
        &[
            "2 learner_id self_pair",
            "3 completed_at completed_before_scheduled",
            "4 teacher_rating out_of_range",
            "5 completed_at missing_required",
            "6 learner_rating bad_number",
        ],
    ),
    (
        "buddy/checkins-dirty.csv",
        1,
        &[
            "2 mood bad_enum",
            "3 question_responses bad_json",
            "4 match_id missing_required",
            "5 match_id duplicate_conflict",
            "6 match_id duplicate_conflict",
        ],
    ),
    (
        "buddy/feedback-dirty.csv",
        1,
        &["2 rating out_of_range", "3 from_role bad_enum", "4 rating missing_required", "5 communication out_of_range"],
    ),
    (
        "buddy/milestones-dirty.csv",
        2,
        &["2 reached_at bad_date", "3 points out_of_range", "4 user_id orphan_ref", "5 metadata bad_json"],
    ),
    (
        "upskilling/completions-dirty.csv",
        2,
        &["2 final_score bad_number", "3 final_score out_of_range", "4 course_name missing_required"],
    ),
    (
        "upskilling/credentials-dirty.csv",
        1,
        &[
            "2 credential_type bad_enum",
            "3 expires_at completed_before_scheduled",
            "4 credential_url bad_url",
            "5 credential_id duplicate_conflict",
            "6 credential_id duplicate_conflict",
        ],
    ),
    (
        "upskilling/progress-dirty.csv",
        1,
        &["2 progress_percent out_of_range", "3 status bad_enum", "4 progress_percent bad_number"],
    ),
];

#[tokio::test]
async fn each_dirty_sample_is_rejected_line_by_line_and_the_rest_is_loaded() {
    let world = World::new().await;
    for before in ["buddy/users.csv", "buddy/matches.csv"] {
        world.fixture(before).await;
    }
    for (file, new, rejected) in FILES {
        let receipt = world.fixture(file).await;
        assert_eq!(found(&receipt), *rejected, "{file}: {:#}", receipt["rejects"]);
        assert_eq!(receipt["counts"]["new"], *new, "{file}: {:#}", receipt["counts"]);
        let said = receipt["rejects"].to_string();
        assert!(!said.contains("oksana") && !said.contains("per.erik"), "{file}: no value in clear: {said}");
    }
}

fn found(receipt: &Value) -> Vec<String> {
    let one = |reject: &Value| {
        let column = reject["column"].as_str().unwrap_or("-");
        format!("{} {column} {}", reject["line"], reject["code"].as_str().unwrap())
    };
    receipt["rejects"].as_array().unwrap().iter().map(one).collect()
}
