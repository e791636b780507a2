//! The same fact by any door, in any order, at once and under other ids: one fact.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    doors::{Doors, OKSANA, PER, SOURCES, brought, delivery, path_of},
    support::Answer,
    webhooks::sample_of,
};

/// A file of one record with these columns.
fn csv(record: &Value) -> String {
    let record = record.as_object().unwrap();
    let cell = |value: &Value| match value {
        Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        other => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
    };
    let names: Vec<&str> = record.keys().map(String::as_str).collect();
    let cells: Vec<String> = record.values().map(cell).collect();
    format!("{}\n{}\n", names.join(","), cells.join(","))
}

/// A way in which one fact is told: a type of a source, the record a file has for it, and the adapter, where there is one.
struct Told {
    source: &'static str,
    kind: &'static str,
    folder: &'static str,
    adapter: Option<&'static str>,
    record: Value,
}

fn told(source: &'static str, kind: &'static str, folder: &'static str, adapter: Option<&'static str>) -> Told {
    let sample = sample_of(source, kind);
    let (user, course) = (&sample["user"], &sample["course"]);
    let record = match (source, kind) {
        ("ecornell", "course.started") => json!({
            "user_email": user["email"], "provider": "ecornell", "course_id": course["course_id"],
            "course_name": course["course_name"], "progress_percent": 12.5, "status": "in_progress",
            "updated_at": sample["timestamp"],
        }),
        ("ecornell", "course.completed") => json!({
            "user_email": user["email"], "provider": "ecornell", "course_id": course["course_id"],
            "course_name": course["course_name"], "completed_at": sample["progress"]["completed_at"],
            "credential_ref": "EC-CERT-55120",
        }),
        ("ecornell", "certificate.issued") => json!({
            "credential_id": "EC-CERT-55120", "user_email": user["email"], "provider": "ecornell",
            "course_id": course["course_id"], "course_name": course["course_name"], "credential_type": "certificate",
            "issued_at": sample["certificate"]["issued_at"], "credential_url": sample["certificate"]["certificate_url"],
        }),
        ("itslearning", "CourseCompletion") => json!({
            "user_email": sample["userEmail"], "provider": "itslearning", "course_id": sample["courseId"],
            "course_name": sample["courseName"], "completed_at": sample["completionDate"],
            "credential_ref": sample["certificateUrl"],
        }),
        ("itslearning", kind) => json!({
            "user_email": sample["userEmail"], "provider": "itslearning", "course_id": sample["courseId"],
            "course_name": sample["courseName"],
            "progress_percent": if kind == "CourseEnrollment" { 0 } else { 55 },
            "status": if kind == "CourseEnrollment" { "enrolled" } else { "in_progress" },
            "updated_at": sample["timestamp"],
        }),
        _ => sample["data"].clone(),
    };
    Told { source, kind, folder, adapter, record }
}

fn all() -> Vec<Told> {
    vec![
        told("buddy", "match.created", "buddy/matches", Some("/v1/buddy/matches")),
        told("buddy", "event.logged", "buddy/events", Some("/v1/buddy/events")),
        told("buddy", "event.attended", "buddy/event_attendance", None),
        told("buddy", "skill_share.completed", "buddy/skill_sessions", None),
        told("buddy", "checkin.completed", "buddy/checkins", Some("/v1/buddy/checkins")),
        told("buddy", "feedback.submitted", "buddy/feedback", Some("/v1/buddy/feedback")),
        told("buddy", "milestone.reached", "buddy/milestones", None),
        told("ecornell", "course.started", "upskilling/progress", None),
        told("ecornell", "course.completed", "upskilling/completions", Some("/v1/upskilling/completions")),
        told("ecornell", "certificate.issued", "upskilling/credentials", Some("/v1/upskilling/credentials")),
        told("itslearning", "CourseEnrollment", "upskilling/progress", None),
        told("itslearning", "CourseCompletion", "upskilling/completions", Some("/v1/upskilling/completions")),
        told("generic", "progress.updated", "upskilling/progress", None),
        told("generic", "course.completed", "upskilling/completions", Some("/v1/upskilling/completions")),
        told("generic", "credential.issued", "upskilling/credentials", Some("/v1/upskilling/credentials")),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    File,
    Webhook,
    Adapter,
}

/// Tells it by a door; the fate it had.
async fn tell(doors: &Doors, told: &Told, by: By, n: usize) -> String {
    match by {
        By::File => {
            let key = format!("{}/{}-{}-{n}.csv", told.folder, told.source, told.kind);
            let receipt = doors.files.import(&key, csv(&told.record)).await;
            let fate =
                ["new", "changed", "unchanged", "rejected"].into_iter().find(|fate| receipt["counts"][fate] == 1);
            fate.unwrap_or_else(|| panic!("{receipt:#}")).to_owned()
        }
        By::Webhook => {
            let id = format!("msg_{}_{n}", told.kind);
            let answer = doors.tell(told.source, &id, &sample_of(told.source, told.kind)).await;
            answer.json["fate"].as_str().unwrap_or(&answer.text).to_owned()
        }
        By::Adapter => {
            let answer = doors.bring(told.adapter.unwrap(), &told.record).await;
            answer.json["fate"].as_str().unwrap_or(&answer.text).to_owned()
        }
    }
}

#[tokio::test]
async fn a_fact_by_file_webhook_and_adapter_in_any_order_is_one_fact_and_told_once() {
    let orders = [
        [By::File, By::Webhook, By::Adapter],
        [By::Webhook, By::Adapter, By::File],
        [By::Adapter, By::File, By::Webhook],
        [By::Webhook, By::File, By::Adapter],
    ];
    for order in orders {
        let doors = Doors::with_people().await;
        for one in all() {
            let doors_of_it = order.into_iter().filter(|by| *by != By::Adapter || one.adapter.is_some());
            let mut before = None;
            for (n, by) in doors_of_it.enumerate() {
                let fate = tell(&doors, &one, by, n).await;
                let expected = if n == 0 { "new" } else { "unchanged" };
                assert_eq!(fate, expected, "{} {} by {by:?} in {order:?}", one.source, one.kind);
                let now = doors.state().await;
                assert_eq!(&now, before.get_or_insert(now.clone()), "{} {} by {by:?}", one.source, one.kind);
            }
        }
    }
}

#[tokio::test]
async fn the_same_fact_under_another_id_is_unchanged_whatever_came_between() {
    let doors = Doors::with_people().await;
    let mut answers = Vec::new();
    for (source, _, types) in SOURCES {
        for kind in types {
            let answer = doors.tell(source, &format!("msg_{kind}"), &sample_of(source, kind)).await;
            assert!(
                matches!(answer.json["fate"].as_str(), Some("new" | "changed")),
                "{source} {kind}: {}",
                answer.text
            );
            answers.push((source, *kind, answer.json["fact"]["id"].clone()));
        }
    }
    let state = doors.state().await;
    for (source, kind, fact) in answers {
        let again = doors.tell(source, &format!("msg_{kind}_again"), &sample_of(source, kind)).await;
        assert_eq!((&again.json["fate"], &again.json["fact"]["id"]), (&json!("unchanged"), &fact), "{source} {kind}");
    }
    assert_eq!(doors.state().await, state);
    assert_eq!(doors.text("SELECT status FROM core.buddy_matches").await, "ended", "told to be made, late, again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_identical_deliveries_at_once_are_one_fact_and_eight_good_answers() {
    let doors = Doors::with_people().await;
    for (source, kind) in
        [("buddy", "match.created"), ("ecornell", "course.completed"), ("generic", "credential.issued")]
    {
        let sent = delivery(source, &format!("msg_{kind}"), &sample_of(source, kind));
        let instances: Vec<_> = (0..8).map(|_| doors.instance(path_of(source))).collect();
        let answers: Vec<Answer> = join_all(instances.iter().map(|instance| sent.to(instance))).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.json == answers[0].json), "{source}");
        assert_eq!(answers.iter().filter(|answer| answer.header("webhook-replayed").is_empty()).count(), 1);
        let attempts = format!("SELECT attempts::int8 FROM intake.webhook_deliveries WHERE source = '{source}'");
        assert_eq!(doors.count(&attempts).await, 8);
    }
    let facts = "SELECT (SELECT count(*) FROM core.buddy_matches) + (SELECT count(*) FROM core.upskilling_completions) + (SELECT count(*) FROM core.upskilling_credentials)";
    assert_eq!(doors.count(facts).await, 3);
    let told = "SELECT count(*) FROM bus.events WHERE type LIKE 'buddy.%' OR type LIKE 'upskilling.%'";
    assert_eq!(doors.count(told).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_identical_calls_at_once_are_one_fact() {
    let doors = Doors::with_people().await;
    let record = sample_of("buddy", "match.created")["data"].clone();
    let instances: Vec<_> = (0..8).map(|_| doors.instance("/v1/buddy/matches")).collect();
    let calls = instances.iter().map(|instance| brought("/v1/buddy/matches", &record).to(instance));
    let answers: Vec<Answer> = join_all(calls).await;
    let mut fates: Vec<&str> = answers.iter().map(|a| a.json["fate"].as_str().unwrap_or(&a.text)).collect();
    fates.sort_unstable();
    assert_eq!(fates, [vec!["new"], vec!["unchanged"; 7]].concat());
    assert_eq!(doors.count("SELECT count(*) FROM core.buddy_matches").await, 1);
    assert_eq!(doors.count("SELECT count(*) FROM bus.events WHERE type = 'buddy.match.created.v1'").await, 1);
}

#[tokio::test]
async fn a_match_ends_by_whichever_door_and_what_was_told_before_does_not_reopen_it() {
    let doors = Doors::with_match().await;
    let ended = sample_of("buddy", "match.ended")["data"].clone();
    let answer = doors.bring("/v1/buddy/matches", &ended).await;
    assert_eq!((answer.status.as_u16(), &answer.json["fate"]), (200, &json!("changed")), "{}", answer.text);
    let late = doors.tell("buddy", "msg_late", &sample_of("buddy", "match.created")).await;
    assert_eq!((&late.json["fate"], &late.json["warnings"]), (&json!("unchanged"), &json!(["stale_revision"])));
    let told = "SELECT string_agg(type, ' ' ORDER BY event_id) FROM bus.events WHERE type LIKE 'buddy.match%'";
    assert_eq!(doors.text(told).await, "buddy.match.created.v1 buddy.match.ended.v1");
}

#[tokio::test]
async fn a_match_of_the_first_years_names_its_people_by_address_and_makes_them() {
    let doors = Doors::new().await;
    let legacy = json!({
        "participant_email": "yeva@newcomer.example", "buddy_email": "torstein@nordlys.example",
        "matched_at": "2023-09-01T10:00:00Z", "status": "active", "language": "uk", "location": "Bergen",
    });
    let answer = doors.bring("/v1/buddy/matches", &legacy).await;
    assert_eq!((answer.status.as_u16(), &answer.json["fate"]), (201, &json!("new")), "{}", answer.text);
    assert_eq!(doors.count("SELECT count(*) FROM core.profiles").await, 2);
    let receipt = doors.files.import("buddy/matches/legacy.csv", csv(&legacy)).await;
    assert_eq!(receipt["counts"]["unchanged"], 1, "{receipt:#}");
    // The same people in the list of users are the same profiles.
    let users = format!(
        "id,email,first_name,last_name,role,joined_at\n{OKSANA},yeva@newcomer.example,Yeva,P,participant,2023-08-01\n{PER},torstein@nordlys.example,Torstein,P,buddy,2023-08-01\n"
    );
    assert_eq!(doors.files.import("buddy/users/u.csv", users).await["people"]["created"], 0);
}
