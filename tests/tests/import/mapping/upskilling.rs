//! Upskilling's mappings.

use serde_json::json;

use super::map;
use crate::support::World;

#[tokio::test]
async fn completions() {
    let mapped = map(
        &World::new().await,
        "upskilling/completions/f.csv",
        "user_email,provider,course_id,course_name,completed_at,final_score,credential_ref\n\
         oksana@example.org,ecornell,ACC-101,Accounting,2025-05-10T12:00:00Z,92.50,EC-17\n",
    )
    .await;
    let key = mapped.fact["source_id"].as_str().unwrap();
    assert!(key.starts_with(" 64:") && key.ends_with(" 8:ecornell 7:ACC-101"), "{key}");
    assert_eq!(
        mapped.fact,
        json!({
            "completion_id": "this", "source_id": key, "profile_id": "oksana", "provider": "ecornell",
            "course_id": "ACC-101", "course_name": "Accounting", "completed_at": "2025-05-10T12:00:00Z",
            "final_score": 92.5, "credential_ref_sealed": "sealed",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["upskilling.course.completed.v1", {
            "progressId": "this", "profileId": "oksana", "provider": "ecornell", "courseId": "ACC-101",
            "courseName": "Accounting", "completedAt": "2025-05-10T12:00:00Z", "finalScore": 92.5,
        }]])
    );
    assert_eq!(mapped.texts, json!([]), "a reference is nobody's words");
}

#[tokio::test]
async fn credentials() {
    let mapped = map(
        &World::new().await,
        "upskilling/credentials/f.csv",
        "credential_id,user_email,provider,course_id,credential_type,issued_at,expires_at,credential_url,verification_code\n\
         EC-17,oksana@example.org,ecornell,ACC-101,Certificate,2025-05-12T08:00:00Z,2028-05-12,https://example.org/c/17,K7\n",
    )
    .await;
    assert_eq!(
        mapped.fact,
        json!({
            "credential_id": "this", "source_id": "EC-17", "profile_id": "oksana", "provider": "ecornell",
            "course_id": "ACC-101", "credential_type": "certificate", "issued_at": "2025-05-12T08:00:00Z",
            "expires_at": "2028-05-11T22:00:00Z", "expires_day_only": true, "credential_url_sealed": "sealed",
            "verification_code_sealed": "sealed",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["upskilling.credential.issued.v1", {
            "credentialId": "this", "profileId": "oksana", "provider": "ecornell", "courseId": "ACC-101",
            "credentialType": "certificate", "issuedAt": "2025-05-12T08:00:00Z", "expiresAt": "2028-05-11T22:00:00Z",
            "hasUrl": true,
        }]])
    );
}

#[tokio::test]
async fn progress() {
    let mapped = map(
        &World::new().await,
        "upskilling/progress/f.csv",
        "user_email;provider;course_id;progress_percent;status;updated_at\n\
         oksana@example.org;ecornell;ACC-102;42,5;In_Progress;2025-06-01T08:00:00Z\n",
    )
    .await;
    let key = mapped.fact["source_id"].as_str().unwrap();
    assert_eq!(
        mapped.fact,
        json!({
            "progress_id": "this", "source_id": key, "profile_id": "oksana", "provider": "ecornell",
            "course_id": "ACC-102", "progress_percent": 42.5, "status": "in_progress", "progress_at": "2025-06-01T08:00:00Z",
        })
    );
    assert_eq!(
        mapped.events,
        json!([["upskilling.progress.updated.v1", {
            "progressId": "this", "profileId": "oksana", "provider": "ecornell", "courseId": "ACC-102",
            "progressPercent": 42.5, "status": "in_progress", "updatedAt": "2025-06-01T08:00:00Z",
        }]])
    );
}
