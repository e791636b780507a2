//! Buddy's mappings.

use serde_json::json;

use super::{Mapped, map};
use crate::support::World;

const OKSANA: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0001";
const PER: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0003";

/// A file with the sample people and matches before it.
async fn after_matches(key: &str, file: &str) -> Mapped {
    let world = World::new().await;
    world.fixture("buddy/users.csv").await;
    world.fixture("buddy/matches.csv").await;
    map(&world, key, file).await
}

#[tokio::test]
async fn users() {
    let world = World::new().await;
    let mapped = map(
        &world,
        "buddy/users/f.csv",
        &format!(
            "id,email,first_name,last_name,role,joined_at,language_preference,interests,location\n\
             {},oksana@example.org,Оксана,Приклад,Participant,2025-01-10,uk,\"[\"\"tur\"\"]\",Bergen\n",
            OKSANA.to_uppercase()
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "user_id": "this", "source_id": OKSANA, "profile_id": "oksana", "role": "participant",
            "joined_at": "2025-01-09T23:00:00Z", "joined_day_only": true,
            "interests_text_id": "“[\"tur\"]”", "location_text_id": "“Bergen”",
        })
    );
    assert_eq!(
        mapped.attributes,
        json!({
            "oksana first_name": "Оксана", "oksana last_name": "Приклад", "oksana name": "Оксана Приклад",
            "oksana language": "uk",
        })
    );
    assert_eq!(mapped.events, json!([]));
    assert_eq!(world.text("SELECT external_id FROM core.external_ids WHERE source = 'buddy'").await, OKSANA);
    let linked = world.event_data("profile.linked.v1").await;
    assert_eq!((linked.len(), &linked[0]["source"]), (1, &json!("buddy")));
    let created = world.event_data("profile.created.v1").await;
    assert_eq!(created[0]["changed"], json!(["email", "name", "language"]));
}

#[tokio::test]
async fn matches_that_are_active_are_told_as_made() {
    let world = World::new().await;
    world.fixture("buddy/users.csv").await;
    let mapped = map(
        &world,
        "buddy/matches/f.csv",
        &format!(
            "match_id,participant_id,buddy_id,matched_at,status,sessions_completed\nM-1,{OKSANA},{PER},2025-02-01T10:00:00Z,active,4\n"
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "match_id": "this", "source_id": "M-1", "participant_id": "oksana.melnyk", "buddy_id": "per.erik",
            "matched_at": "2025-02-01T10:00:00Z", "status": "active", "sessions_completed": 4,
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.match.created.v1", {
            "matchId": "this", "participantId": "oksana.melnyk", "buddyId": "per.erik", "matchedAt": "2025-02-01T10:00:00Z",
        }]])
    );
}

#[tokio::test]
async fn matches_that_have_ended_are_told_with_days_and_reason_filled_in() {
    let world = World::new().await;
    world.fixture("buddy/users.csv").await;
    let mapped = map(
        &world,
        "buddy/matches/f.csv",
        &format!(
            "match_id,participant_id,buddy_id,matched_at,status,ended_at,end_reason,events_attended\n\
             M-1,{OKSANA},{PER},2025-02-01T10:00:00Z,ended,2025-03-03T09:00:00Z,,3\n"
        ),
    )
    .await;
    assert_eq!(mapped.fact.get("duration_days"), None, "what the source did not say is not stored as if it had");
    assert_eq!(
        mapped.events,
        json!([["buddy.match.ended.v1", {
            "matchId": "this", "participantId": "oksana.melnyk", "buddyId": "per.erik",
            "matchedAt": "2025-02-01T10:00:00Z", "endedAt": "2025-03-03T09:00:00Z", "durationDays": 29, "reason": "other",
            "eventsAttended": 3,
        }]])
    );
}

#[tokio::test]
async fn matches_layout_legacy() {
    let mapped = map(
        &World::new().await,
        "buddy/matches/f.csv",
        "participant_email,buddy_email,matched_at,status,language,interests,location\n\
         oksana@example.org,per@example.org,2023-09-01,active,uk,tur,Bergen\n",
    )
    .await;
    let key = mapped.fact["source_id"].as_str().unwrap();
    assert!(key.ends_with(" 24:2023-08-31T22:00:00Z day") && !key.contains('@'), "{key}");
    assert_eq!(
        mapped.fact,
        json!({
            "match_id": "this", "source_id": key, "participant_id": "oksana", "buddy_id": "per",
            "matched_at": "2023-08-31T22:00:00Z", "matched_day_only": true, "status": "active", "language": "uk",
            "interests_text_id": "“tur”", "location_text_id": "“Bergen”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.match.created.v1", {
            "matchId": "this", "participantId": "oksana", "buddyId": "per", "matchedAt": "2023-08-31T22:00:00Z",
            "language": "uk",
        }]])
    );
}

#[tokio::test]
async fn events() {
    let mapped = after_matches(
        "buddy/events/f.csv",
        &format!(
            "event_id,match_id,event_type,event_date,description,location,attendees\n\
             E-1,BM-001,Museum visit,2025-03-01T12:00:00Z,Vi så på båter.,Museet,\"[\"\"{OKSANA}\"\"]\"\n"
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "event_id": "this", "source_id": "E-1", "match_id": "BM-001", "participant_id": "oksana.melnyk",
            "buddy_id": "per.erik", "event_type": "Museum visit", "event_date": "2025-03-01T12:00:00Z",
            "attendees": ["oksana.melnyk"], "description_text_id": "“Vi så på båter.”", "location_text_id": "“Museet”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.event.logged.v1", {
            "eventId": "this", "matchId": "BM-001", "eventType": "other", "eventDate": "2025-03-01T12:00:00Z",
            "attendees": ["oksana.melnyk"], "textId": "“Vi så på båter.”",
        }]])
    );
}

#[tokio::test]
async fn event_attendance() {
    let mapped = after_matches(
        "buddy/event_attendance/f.csv",
        &format!(
            "event_id,user_id,event_title,event_type,event_format,attended_at,location,duration_minutes,attendee_count,organizer,categories,sdg_goals\n\
             CE-1,{OKSANA},Kveld @ biblioteket,Cultural,In-person,2025-03-08T17:00:00Z,Biblioteket,90,40,Sentralen,kultur,\"10, 4\"\n"
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "attendance_id": "this", "source_id": format!(" 4:CE-1 36:{OKSANA}"), "event_id": "CE-1",
            "user_id": "oksana.melnyk", "event_title": "Kveld @ biblioteket", "event_type": "Cultural",
            "event_format": "in-person", "attended_at": "2025-03-08T17:00:00Z", "duration_minutes": 90,
            "attendee_count": 40, "categories": "kultur", "sdg_goals": [4, 10],
            "location_text_id": "“Biblioteket”", "organizer_text_id": "“Sentralen”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.event.attended.v1", {
            "eventId": "this", "profileId": "oksana.melnyk", "eventType": "cultural", "eventFormat": "in-person",
            "attendedAt": "2025-03-08T17:00:00Z", "durationMinutes": 90, "sdgGoals": [4, 10],
        }]])
    );
}

#[tokio::test]
async fn skill_sessions() {
    let mapped = after_matches(
        "buddy/skill_sessions/f.csv",
        &format!(
            "session_id,skill_id,skill_name,teacher_id,learner_id,match_id,completed_at,duration_minutes,proficiency_level,teacher_rating,learner_rating,teacher_comment,learner_comment,learner_progress,valuation_points\n\
             S-1,SK-7,Uttale,{PER},{OKSANA},BM-001,2025-03-10T18:00:00Z,60,Beginner,0.9,1,Hun øver.,Jeg tør mer.,bedre,12.50\n"
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "session_id": "this", "source_id": "S-1", "skill_id": "SK-7", "skill_name": "Uttale",
            "teacher_id": "per.erik", "learner_id": "oksana.melnyk", "match_id": "BM-001",
            "participant_id": "oksana.melnyk", "buddy_id": "per.erik", "completed_at": "2025-03-10T18:00:00Z",
            "duration_minutes": 60, "proficiency_level": "Beginner", "valuation_points": 12.5,
            "teacher_rating": 0.90000, "teacher_rating_raw": 0.9, "teacher_rating_scale": "0-1",
            "learner_rating": 1.00000, "learner_rating_raw": 1, "learner_rating_scale": "0-1",
            "teacher_comment_text_id": "“Hun øver.”", "learner_comment_text_id": "“Jeg tør mer.”",
            "learner_progress_text_id": "“bedre”",
        })
    );
    let mut event = mapped.events[0][1].clone();
    let skill = event.as_object_mut().unwrap().remove("skillId").unwrap();
    assert_ne!(skill, "SK-7", "the source's id stays inside");
    let mut texts = event.as_object_mut().unwrap().remove("textIds").unwrap().as_array().unwrap().clone();
    texts.sort_by_key(ToString::to_string);
    assert_eq!(texts, [json!("“Hun øver.”"), json!("“Jeg tør mer.”")]);
    assert_eq!(
        event,
        json!({
            "sessionId": "this", "teacherId": "per.erik", "learnerId": "oksana.melnyk", "matchId": "BM-001",
            "completedAt": "2025-03-10T18:00:00Z", "durationMinutes": 60, "proficiencyLevel": "beginner",
            "teacherRating": 0.9, "learnerRating": 1.0,
        })
    );
    assert_eq!(
        mapped.texts,
        json!([
            ["“Hun øver.”", "buddy_feedback", "buddy", "per.erik", "per.erik"],
            ["“Jeg tør mer.”", "buddy_feedback", "participant", "oksana.melnyk", "oksana.melnyk"],
            ["“bedre”", "other", "participant", "oksana.melnyk", "oksana.melnyk"],
        ])
    );
}

#[tokio::test]
async fn checkins_without_an_id_go_by_match_and_date() {
    let mapped = after_matches(
        "buddy/checkins/f.csv",
        "checkin_id,match_id,checkin_date,mood,notes,question_responses\n\
         ,BM-001,2025-02-15T10:00:00+01:00,struggling,Det er tungt.,\"{\"\"trives\"\": \"\"nei\"\"}\"\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "checkin_id": "this", "source_id": " 6:BM-001 20:2025-02-15T09:00:00Z", "match_id": "BM-001",
            "participant_id": "oksana.melnyk", "buddy_id": "per.erik", "checkin_date": "2025-02-15T09:00:00Z",
            "mood": "struggling", "notes_text_id": "“Det er tungt.”",
            "question_responses_text_id": "“{\"trives\": \"nei\"}”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.checkin.completed.v1", {
            "checkinId": "this", "matchId": "BM-001", "checkinDate": "2025-02-15T09:00:00Z", "hasMood": true,
            "textId": "“Det er tungt.”",
        }]]),
        "the mood itself stays inside"
    );
    assert_eq!(
        mapped.texts[0],
        json!(["“Det er tungt.”", "buddy_checkin", "participant", "oksana.melnyk", "oksana.melnyk"])
    );
}

#[tokio::test]
async fn feedback_is_whose_the_record_says() {
    let mapped = after_matches(
        "buddy/feedback/f.csv",
        "feedback_id,match_id,from_role,rating,feedback_text,submitted_at,communication,helpfulness,engagement\n\
         F-1,BM-001,buddy,0.8,Vi ler mye.,2025-04-01T09:00:00Z,0.9,,0\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "feedback_id": "this", "source_id": "F-1", "match_id": "BM-001", "participant_id": "oksana.melnyk",
            "buddy_id": "per.erik", "from_role": "buddy", "submitted_at": "2025-04-01T09:00:00Z",
            "rating": 0.80000, "rating_raw": 0.8, "rating_scale": "0-1",
            "communication": 0.90000, "communication_raw": 0.9, "communication_scale": "0-1",
            "engagement": 0.00000, "engagement_raw": 0, "engagement_scale": "0-1", "feedback_text_id": "“Vi ler mye.”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.feedback.submitted.v1", {
            "feedbackId": "this", "matchId": "BM-001", "fromRole": "buddy", "rating": 0.8,
            "submittedAt": "2025-04-01T09:00:00Z", "categories": { "communication": 0.9, "engagement": 0.0 },
            "textId": "“Vi ler mye.”",
        }]])
    );
    assert_eq!(mapped.texts, json!([["“Vi ler mye.”", "buddy_feedback", "buddy", "per.erik", "oksana.melnyk"]]));
}

#[tokio::test]
async fn milestones() {
    let mapped = after_matches(
        "buddy/milestones/f.csv",
        &format!(
            "milestone_id,user_id,milestone_title,milestone_category,reached_at,points,badge_icon,target_role,progress,metadata\n\
             MS-1,{OKSANA},Første treff,,2025-02-20T09:00:00Z,50,stjerne,participant,1 av 1,{{}}\n"
        ),
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "milestone_id": "this", "source_id": format!(" 36:{OKSANA} 4:MS-1"), "user_id": "oksana.melnyk",
            "milestone_title": "Første treff", "reached_at": "2025-02-20T09:00:00Z", "points": 50,
            "badge_icon": "stjerne", "target_role": "participant", "progress_text_id": "“1 av 1”",
            "metadata_text_id": "“{}”",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["buddy.milestone.reached.v1", {
            "milestoneId": "this", "profileId": "oksana.melnyk", "category": "other",
            "reachedAt": "2025-02-20T09:00:00Z", "points": 50,
        }]])
    );
}
