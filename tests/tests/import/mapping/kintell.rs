//! Kintell's mappings.

use serde_json::json;

use super::map;
use crate::support::World;

#[tokio::test]
async fn sessions_layout_language() {
    let mapped = map(
        &World::new().await,
        "kintell/sessions/f.csv",
        "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics,metadata\n\
         LC-1,Oksana@Example.org,kari@nordlys.example,2025-02-03T17:00:00+01:00,2025-02-03T16:45:00Z,45,4,Bra time,b1,mat,\"{\"\"a\"\": 1}\"\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "session_id": "this", "source_id": "LC-1", "session_type": "language",
            "participant_id": "oksana", "volunteer_id": "kari",
            "scheduled_at": "2025-02-03T16:00:00Z", "completed_at": "2025-02-03T16:45:00Z",
            "duration_minutes": 45, "rating": 0.75000, "rating_raw": 4, "rating_scale": "1-5", "rated_by": "participant",
            "language_level": "B1", "feedback_text_id": "“Bra time”", "topics_text_id": "“mat”",
            "metadata_text_id": "“{\"a\": 1}”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["kintell.session.completed.v1", {
            "sessionId": "this", "sessionType": "language", "participantId": "oksana", "volunteerId": "kari",
            "scheduledAt": "2025-02-03T16:00:00Z", "completedAt": "2025-02-03T16:45:00Z", "durationMinutes": 45,
            "languageLevel": "B1", "rating": 0.75, "ratingScale": "1-5", "fromRole": "participant", "textId": "“Bra time”",
        }]])
    );
    assert_eq!(
        mapped.texts,
        json!([
            ["“Bra time”", "kintell_session", "participant", "oksana", "oksana"],
            ["“mat”", "other", "participant", "oksana", "oksana"],
            ["“{\"a\": 1}”", "other", "participant", "oksana", "oksana"],
        ])
    );
}

#[tokio::test]
async fn sessions_layout_mentor_without_an_end() {
    let mapped = map(
        &World::new().await,
        "kintell/sessions/f.csv",
        "session_id;participant_email;mentor_email;scheduled_at;rating;focus_area;goals_discussed\n\
         M-1;oksana@example.org;kari@nordlys.example;2026-06-01T18:00:00;;CV;Søke to jobber\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "session_id": "this", "source_id": "M-1", "session_type": "mentorship",
            "participant_id": "oksana", "volunteer_id": "kari", "scheduled_at": "2026-06-01T16:00:00Z",
            "rated_by": "participant", "focus_area_text_id": "“CV”", "goals_discussed_text_id": "“Søke to jobber”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["kintell.session.scheduled.v1", {
            "sessionId": "this", "sessionType": "mentorship", "participantId": "oksana", "volunteerId": "kari",
            "scheduledAt": "2026-06-01T16:00:00Z",
        }]])
    );
}

#[tokio::test]
async fn sessions_layout_legacy() {
    let mapped = map(
        &World::new().await,
        "kintell/sessions/f.csv",
        "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating\n\
         00042,Language Connect,oksana@example.org,kari@nordlys.example,2025-01-19,30,5\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "session_id": "this", "source_id": "00042", "session_type": "language",
            "participant_id": "oksana", "volunteer_id": "kari",
            "scheduled_at": "2025-01-18T23:00:00Z", "scheduled_day_only": true,
            "completed_at": "2025-01-18T23:00:00Z", "completed_day_only": true,
            "duration_minutes": 30, "rating": 1.00000, "rating_raw": 5, "rating_scale": "1-5", "rated_by": "participant",
        })
    );
    assert_eq!(mapped.events[0][0], "kintell.session.completed.v1");
}

#[tokio::test]
async fn users() {
    let world = World::new().await;
    let mapped = map(
        &world,
        "kintell/users/f.csv",
        "Email,Name,Linkedin_URL,Verification_status,\"Role when joined\",grant_access,Joined_kg_at\n\
         oksana@example.org,Оксана Приклад,,verified,Participant,yes,\"Dec 14, 2025\"\n",
    )
    .await;
    let key = mapped.fact["source_id"].as_str().unwrap();
    assert_eq!(key.len(), 64, "the blind index, not the address: {key}");
    assert_eq!(
        mapped.fact,
        json!({
            "user_id": "this", "source_id": key, "profile_id": "oksana",
            "joined_at": "2025-12-13T23:00:00Z", "joined_day_only": true,
        })
    );
    assert_eq!(
        mapped.attributes,
        json!({
            "oksana name": "Оксана Приклад", "oksana verification_status": "verified",
            "oksana role_when_joined": "Participant", "oksana grant_access": "yes",
        })
    );
    assert_eq!(
        (mapped.events, mapped.texts),
        (json!([]), json!([])),
        "a list of people is told by profile events only"
    );
}
