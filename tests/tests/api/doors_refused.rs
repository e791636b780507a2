//! What the live doors do not take, by its place in the sender's own body, and that nobody is named anywhere.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    doors::{Doors, OKSANA, PER, SOURCES, brought, delivery, path_of},
    support::call,
    webhooks::{Sent, bytes, sample_of},
};

/// A sample with one member set, or gone.
fn with(source: &str, kind: &str, pointer: &str, value: Option<Value>) -> Value {
    let mut body = sample_of(source, kind);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(name.to_owned(), value)),
        None => drop(parent.remove(name)),
    }
    body
}

#[tokio::test]
async fn an_invalid_record_is_told_by_its_place_in_the_senders_body() {
    let doors = Doors::with_match().await;
    let cases: [(&str, &str, &str, Option<Value>, &str); 22] = [
        ("buddy", "match.created", "/data/status", Some(json!("paused")), "bad_enum /data/status"),
        ("buddy", "match.created", "/data/buddy_id", Some(json!(OKSANA)), "self_pair /data/buddy_id"),
        ("buddy", "match.ended", "/data/ended_at", None, "missing_required /data/ended_at"),
        ("buddy", "match.ended", "/data/duration_days", Some(json!(4.5)), "bad_number /data/duration_days"),
        ("buddy", "event.logged", "/data/event_type", Some(Value::Null), "missing_required /data/event_type"),
        ("buddy", "event.attended", "/data/event_format", Some(json!("zoom")), "bad_enum /data/event_format"),
        (
            "buddy",
            "skill_share.completed",
            "/data/duration_minutes",
            Some(json!(0)),
            "out_of_range /data/duration_minutes",
        ),
        ("buddy", "checkin.completed", "/data/mood", Some(json!("fine")), "bad_enum /data/mood"),
        (
            "buddy",
            "checkin.completed",
            "/data/checkin_date",
            Some(json!("04/05/2025")),
            "ambiguous_date /data/checkin_date",
        ),
        ("buddy", "feedback.submitted", "/data/rating", Some(json!(4)), "out_of_range /data/rating"),
        ("buddy", "feedback.submitted", "/data/rating", Some(json!([1])), "bad_json /data/rating"),
        (
            "buddy",
            "milestone.reached",
            "/data/reached_at",
            Some(json!("2999-01-01T00:00:00Z")),
            "future_timestamp /data/reached_at",
        ),
        (
            "generic",
            "course.completed",
            "/data/user_email",
            Some(json!("solomiya@@x.example")),
            "bad_email /data/user_email",
        ),
        (
            "generic",
            "credential.issued",
            "/data/credential_type",
            Some(json!("licence")),
            "bad_enum /data/credential_type",
        ),
        (
            "generic",
            "progress.updated",
            "/data/progress_percent",
            Some(json!(101)),
            "out_of_range /data/progress_percent",
        ),
        (
            "ecornell",
            "course.started",
            "/progress/percent_complete",
            Some(json!(101)),
            "out_of_range /progress/percent_complete",
        ),
        ("ecornell", "enrollment.created", "/user/email", None, "missing_required /user/email"),
        ("ecornell", "enrollment.created", "/course", Some(json!("EC-1")), "missing_required /course/course_id"),
        (
            "ecornell",
            "certificate.issued",
            "/certificate/certificate_id",
            None,
            "missing_required /certificate/certificate_id",
        ),
        ("itslearning", "CourseProgress", "/progressPercentage", None, "missing_required /progressPercentage"),
        ("itslearning", "CourseProgress", "/status", Some(json!("Paused")), "bad_enum /status"),
        ("itslearning", "CourseCompletion", "/completionDate", Some(json!("last Tuesday")), "bad_date /completionDate"),
    ];
    let before = doors.state().await;
    for (n, (source, kind, pointer, value, expected)) in cases.into_iter().enumerate() {
        let answer = doors.tell(source, &format!("msg_{n}"), &with(source, kind, pointer, value)).await;
        assert_eq!(answer.brief(), "422 invalid_record", "{source} {kind} {pointer}: {}", answer.text);
        let error = &answer.json["errors"][0];
        let told = format!("{} {}", error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap());
        assert_eq!(told, expected, "{}", answer.text);
        assert!(error["detail"].as_str().unwrap().ends_with('.'), "{}", answer.text);
        assert_eq!(answer.json["retryable"], false);
        let kept = format!(
            "SELECT d.code || ' ' || i.outcome FROM intake.webhook_deliveries d JOIN intake.imports i USING (import_id) WHERE webhook_id = 'msg_{n}'"
        );
        assert_eq!(doors.text(&kept).await, "invalid_record refused", "its fate is kept");
    }
    assert_eq!(doors.state().await, before);
}

#[tokio::test]
async fn what_refers_to_something_unknown_is_to_be_sent_later_and_is_taken_then() {
    let doors = Doors::new().await;
    let made = sample_of("buddy", "match.created");
    let (match_, checkin) = (
        delivery("buddy", "msg_match", &made),
        delivery("buddy", "msg_checkin", &sample_of("buddy", "checkin.completed")),
    );
    for (sent, pointer) in [(&match_, "/data/participant_id"), (&checkin, "/data/match_id")] {
        let answer = sent.to(&doors.buddy).await;
        assert_eq!((answer.brief(), answer.header("retry-after")), ("422 orphan_ref".to_owned(), "300"));
        assert_eq!((&answer.json["errors"][0]["pointer"], &answer.json["retryable"]), (&json!(pointer), &json!(true)));
    }
    doors.files.fixture("buddy/users.csv").await;
    for sent in [&match_, &checkin] {
        let answer = sent.to(&doors.buddy).await;
        assert_eq!((answer.status.as_u16(), &answer.json["fate"]), (200, &json!("new")), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_body_of_a_source_is_told_apart() {
    let doors = Doors::with_people().await;
    let whole = sample_of("ecornell", "course.completed").to_string();
    let twice = whole.replacen("\"email\":", "\"email\":\"a@b.example\",\"email\":", 1);
    let cases: [(&str, String, &str, &str); 11] = [
        ("ecornell", String::new(), "400 bad_json", ""),
        ("ecornell", whole[..40].to_owned(), "400 bad_json", ""),
        ("ecornell", "[]".to_owned(), "400 bad_request", ""),
        ("ecornell", "{\"event_type\": 1}".to_owned(), "400 bad_request", ""),
        ("ecornell", "{\"type\": \"course.completed\", \"data\": {}}".to_owned(), "400 bad_request", ""),
        ("ecornell", whole.replace("course.completed", "course.refunded"), "422 unknown_event", "/event_type"),
        ("ecornell", twice, "422 invalid_record", "/user/email"),
        (
            "itslearning",
            with("itslearning", "CourseProgress", "/timestamp", Some(json!("yesterday"))).to_string(),
            "422 invalid_record",
            "/timestamp",
        ),
        ("itslearning", whole.clone(), "400 bad_request", ""),
        ("generic", "{\"type\": \"match.created\", \"data\": {}}".to_owned(), "422 unknown_event", "/type"),
        ("buddy", "{\"type\": \"course.completed\", \"data\": {}}".to_owned(), "422 unknown_event", "/type"),
    ];
    for (n, (source, body, expected, pointer)) in cases.into_iter().enumerate() {
        let sent = Sent { path: path_of(source), ..bytes(&format!("msg_{n}"), body.as_bytes()) };
        let answer = sent.to(doors.router(path_of(source))).await;
        assert_eq!(answer.brief(), expected, "{source} {body}");
        assert_eq!(answer.json["errors"][0]["pointer"].as_str().unwrap_or(""), pointer, "{}", answer.text);
    }
    let unknown = Sent { path: "/v1/upskilling/webhooks/udemy", ..bytes("msg_u", whole.as_bytes()) };
    let answer = unknown.to(&doors.upskilling).await;
    assert_eq!(answer.brief(), "404 not_found");
    assert!(answer.json["detail"].as_str().unwrap().contains("ecornell, itslearning, generic"), "{}", answer.text);
    for path in ["/v1/buddy/webhooks", "/v1/upskilling/webhooks/ecornell"] {
        assert_eq!(call("GET", path).to(doors.router(path)).await.brief(), "405 method_not_allowed");
    }
}

#[tokio::test]
async fn what_is_not_believed_leaves_nothing() {
    let doors = Doors::with_people().await;
    for (source, path, types) in SOURCES {
        let good = delivery(source, "msg_1", &sample_of(source, types[0]));
        let another = Sent { secret: crate::webhooks::ANOTHER, ..good.clone() };
        for sent in [Sent { at: -301, ..good.clone() }, Sent { at: 310, ..good }, another] {
            assert_eq!(sent.to(doors.router(path)).await.brief(), "401 bad_signature", "{source}");
        }
    }
    let rows = "SELECT (SELECT count(*) FROM intake.webhook_deliveries) + (SELECT count(*) FROM intake.imports WHERE door <> 'csv')";
    assert_eq!(doors.count(rows).await, 0);
}

/// What must stand nowhere outside the vault: names, addresses, words, links and codes of the samples.
const PRIVATE: [&str; 24] = [
    "oksana",
    "melnyk",
    "solomiya",
    "daryna",
    "Kursenko",
    "halyna",
    "ec-user-8841",
    "its-user-30277",
    "rundt vannet",
    "Tveitevannet",
    "Biblioteket ved",
    "Frivilligsentralen",
    "øver hver",
    "telefonen",
    "r-lyd",
    "språkkafeen",
    "mer norsk",
    "papirene",
    "1 av 1 treff",
    "FL-REF-7Q2",
    "badges.example",
    "K7-PLUM-WH",
    "certificates.example",
    "secret.example",
];

#[tokio::test]
async fn nobody_is_named_outside_the_vault_and_no_answer_repeats_a_value() {
    let doors = Doors::with_people().await;
    let mut answers = String::new();
    for (source, _, types) in SOURCES {
        for kind in types {
            let mut body = sample_of(source, kind);
            let record = if body["data"].is_object() { &mut body["data"] } else { &mut body };
            record["olena@secret.example"] = json!("x");
            let answer = doors.tell(source, &format!("msg_{kind}"), &body).await;
            assert_eq!(answer.status.as_u16(), 200, "{source} {kind}: {}", answer.text);
            answers.push_str(&answer.text);
        }
    }
    let items = json!([
        { "match_id": "BM-WH-001", "checkin_id": "BC-2", "checkin_date": "2025-09-09", "mood": "good", "notes": "mer norsk" },
        { "match_id": "oksana.melnyk@example.org", "checkin_date": "språkkafeen", "mood": "papirene" },
        { "match_id": "BM-WH-001", "checkin_date": "2025-09-10", "mood": "solomiya@newcomer.example" },
    ]);
    let key = "key-of-nobody";
    let batch = brought("/v1/buddy/checkins", &items).header("idempotency-key", key).to(&doors.buddy).await;
    assert_eq!(batch.json["counts"]["rejected"], 2, "{}", batch.text);
    answers.push_str(&batch.text);
    let one = json!({ "user_email": "daryna@@x", "provider": "p", "course_id": "c", "course_name": "n", "completed_at": "x" });
    answers.push_str(&doors.bring("/v1/upskilling/completions", &one).await.text);

    let mut everything = answers;
    let tables = doors
        .files
        .owner
        .query("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('core', 'intake', 'bus', 'audit')", &[])
        .await
        .unwrap();
    for table in tables {
        let table: String = table.get(0);
        write!(everything, "{}", doors.text(&format!("SELECT string_agg(t::text, '|') FROM {table} t")).await).unwrap();
    }
    assert!(everything.contains("BM-WH-001") && everything.contains(key) && everything.contains(PER));
    for private in PRIVATE {
        assert!(!everything.contains(private), "{private}");
    }
    let moods = "SELECT count(*) FROM bus.events WHERE detail::text LIKE '%\"mood\"%'";
    assert_eq!(doors.count(moods).await, 0, "a mood leaves by id only");
}
