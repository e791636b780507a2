//! The calls that bring records: one or many, each with an end of its own, and what a body has to be.

use serde_json::{Value, json};
use shared::auth::Role;

use crate::{
    doors::{Doors, brought},
    support::{call, token},
    webhooks::sample_of,
};

const ADAPTERS: [(&str, &str, &str); 6] = [
    ("/v1/buddy/matches", "buddy", "match.created"),
    ("/v1/buddy/events", "buddy", "event.logged"),
    ("/v1/buddy/checkins", "buddy", "checkin.completed"),
    ("/v1/buddy/feedback", "buddy", "feedback.submitted"),
    ("/v1/upskilling/completions", "generic", "course.completed"),
    ("/v1/upskilling/credentials", "generic", "credential.issued"),
];

fn checkin(n: usize) -> Value {
    json!({ "checkin_id": format!("BC-{n}"), "match_id": "BM-WH-001", "checkin_date": "2025-10-01T07:00:00Z", "mood": "good" })
}

fn completion(n: usize) -> Value {
    json!({
        "user_email": format!("learner{n}@newcomer.example"), "provider": "futurelearn", "course_id": format!("C-{}", n % 7),
        "course_name": "Everyday IT", "completed_at": "2025-09-30T12:00:00Z",
    })
}

#[tokio::test]
async fn a_record_is_a_fact_with_its_import_and_an_entry_in_the_audit_log() {
    let doors = Doors::with_people().await;
    for (path, source, kind) in ADAPTERS {
        let record = sample_of(source, kind)["data"].clone();
        let answer = doors.bring(path, &record).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["fate"], &answer.json["fact"]["revision"]),
            (201, &json!("new"), &json!(1)),
            "{path}: {}",
            answer.text
        );
        let import = answer.json["import_id"].as_str().unwrap();
        let row = format!(
            "SELECT i.door || ' ' || i.outcome || ' ' || i.created_by || ' ' || (i.receipt ->> 'door') || ' ' || r.fate
             FROM intake.imports i JOIN intake.records r USING (import_id) WHERE import_id = '{import}'"
        );
        assert_eq!(doors.text(&row).await, "adapter loaded admin-1 adapter new", "{path}");
        let entry = format!(
            "SELECT action || ' ' || role || ' ' || (details ->> 'records') FROM audit.log WHERE target = '{import}'"
        );
        assert_eq!(doors.text(&entry).await, "records.create admin 1", "{path}");
        let told = format!(
            "SELECT string_agg(DISTINCT correlation_id, ' ') FROM bus.events WHERE (detail::jsonb) -> 'data' ->> 'importId' = '{import}'"
        );
        assert_eq!(doors.text(&told).await, answer.header("x-correlation-id"), "{path}");
        let again = doors.bring(path, &record).await;
        assert_eq!((again.status.as_u16(), &again.json["fate"]), (200, &json!("unchanged")), "{path}");
        assert_eq!(again.json["fact"], answer.json["fact"]);
    }
    assert_eq!(doors.nudges.0.delays(), [30, 0].repeat(6), "nothing new, nothing to wake the relay for");
}

#[tokio::test]
async fn a_correction_is_the_next_revision_and_what_is_absent_stays() {
    let doors = Doors::with_match().await;
    let mut record = sample_of("buddy", "feedback.submitted")["data"].clone();
    doors.bring("/v1/buddy/feedback", &record).await;
    record["rating"] = json!(0.6);
    record.as_object_mut().unwrap().remove("helpfulness");
    let answer = doors.bring("/v1/buddy/feedback", &record).await;
    assert_eq!((answer.status.as_u16(), &answer.json["fact"]["revision"]), (200, &json!(2)), "{}", answer.text);
    let row = "SELECT rating || ' ' || helpfulness || ' ' || rating_scale FROM core.buddy_feedback";
    assert_eq!(doors.text(row).await, "0.60000 1.00000 0-1");
}

#[tokio::test]
async fn a_rejected_record_is_a_422_with_its_field_and_keeps_its_fate() {
    let doors = Doors::with_people().await;
    let mut record = completion(1);
    record["completed_at"] = json!("30.02.2025");
    let answer = doors.bring("/v1/upskilling/completions", &record).await;
    assert_eq!((answer.brief(), &answer.json["retryable"]), ("422 invalid_record".to_owned(), &json!(false)));
    let error = &answer.json["errors"][0];
    assert_eq!(
        (&error["pointer"], &error["code"]),
        (&json!("/completed_at"), &json!("impossible_date")),
        "{}",
        answer.text
    );
    let orphan = doors.bring("/v1/buddy/checkins", &checkin(1)).await;
    assert_eq!((orphan.brief(), orphan.header("retry-after")), ("422 orphan_ref".to_owned(), "300"));
    assert_eq!(orphan.json["errors"][0]["pointer"], "/match_id");
    let kept = "SELECT string_agg(i.outcome || ' ' || r.code || ' ' || i.retryable, ', ' ORDER BY i.created_at) FROM intake.imports i JOIN intake.records r USING (import_id) WHERE door = 'adapter'";
    assert_eq!(doors.text(kept).await, "refused impossible_date false, refused orphan_ref true");
    assert_eq!(doors.nudges.0.delays(), Vec::<u16>::new());
}

#[tokio::test]
async fn a_batch_has_an_end_for_each_record_in_order_and_bad_ones_do_not_stop_the_others() {
    let doors = Doors::with_match().await;
    let mut twin = checkin(2);
    twin["mood"] = json!("okay");
    let items = json!([
        checkin(1),
        { "match_id": "BM-WH-001", "checkin_date": "2025-10-02", "mood": "fine" },
        { "checkin_id": "BC-9", "match_id": "BM-NONE", "checkin_date": "2025-10-02" },
        checkin(1),
        checkin(2),
        twin,
        { "match_id": "BM-WH-001", "checkin_date": "2025-10-03T08:00:00Z", "shoe_size": 43 },
        { "checkin_id": "BC-8", "checkin_date": "2025-10-02" },
    ]);
    let ends = |answer: &Value, prefix: &str| -> Vec<String> {
        let end = |item: &Value| {
            let error = &item["error"];
            match error["pointer"].as_str() {
                Some(at) => format!(
                    "{} {} {}",
                    error["code"].as_str().unwrap(),
                    at.strip_prefix(prefix).unwrap(),
                    item["retryable"]
                ),
                None => format!("{} {}", item["fate"].as_str().unwrap(), item["fact"]["revision"]),
            }
        };
        answer["items"].as_array().unwrap().iter().map(end).collect()
    };
    let expected = [
        "new 1",
        "bad_enum /1/mood false",
        "orphan_ref /2/match_id true",
        "duplicate null",
        "duplicate_conflict /4/checkin_id false",
        "duplicate_conflict /5/checkin_id false",
        "new 1",
        "missing_required /7/match_id false",
    ];
    let answer = doors.bring("/v1/buddy/checkins", &json!({ "items": items })).await;
    assert_eq!(
        (answer.status.as_u16(), ends(&answer.json, "/items")),
        (200, expected.map(str::to_owned).to_vec()),
        "{}",
        answer.text
    );
    assert_eq!(answer.json["outcome"], "loaded");
    let counts = &answer.json["counts"];
    assert_eq!(
        (&counts["records"], &counts["new"], &counts["duplicate"], &counts["rejected"]),
        (&json!(8), &json!(2), &json!(1), &json!(5))
    );
    assert_eq!(answer.json["items"][6]["unknown_fields"], json!(["shoe_size"]));
    let lines: Vec<u64> =
        answer.json["items"].as_array().unwrap().iter().map(|item| item["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (1..=8).collect::<Vec<_>>());
    let told = "SELECT string_agg((detail::jsonb) -> 'data' ->> 'line', ' ' ORDER BY event_id) FROM bus.events WHERE type = 'buddy.checkin.completed.v1'";
    assert_eq!(doors.text(told).await, "1 7", "an event names the record it came by");
    // The list alone says the same, and now nothing of it is new.
    let again = doors.bring("/v1/buddy/checkins", &items).await;
    assert_eq!(
        (&again.json["outcome"], ends(&again.json, "")[0].as_str()),
        (&json!("unchanged"), "unchanged 1"),
        "{}",
        again.text
    );
    let none = doors.bring("/v1/buddy/checkins", &json!([items[1], items[7]])).await;
    assert_eq!((none.status.as_u16(), &none.json["outcome"]), (200, &json!("refused")));
}

#[tokio::test]
async fn five_hundred_records_are_taken_and_one_more_is_refused_before_anything_is_applied() {
    let doors = Doors::new().await;
    let items = |many: usize| Value::from((0..many).map(completion).collect::<Vec<_>>());
    let refused = doors.bring("/v1/upskilling/completions", &json!({ "items": items(501) })).await;
    assert_eq!(refused.brief(), "422 bad_field");
    let error = &refused.json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/items"), &json!("too_many")));
    assert_eq!(error["detail"], "501 records are too many for one call: send at most 500 at a time.");
    assert_eq!(doors.count("SELECT count(*) FROM intake.imports").await, 0);
    let taken = doors.bring("/v1/upskilling/completions", &items(500)).await;
    assert_eq!((taken.status.as_u16(), &taken.json["counts"]["new"]), (200, &json!(500)), "{}", &taken.text[..300]);
    assert_eq!(doors.count("SELECT count(*) FROM core.upskilling_completions").await, 500);
}

#[tokio::test]
async fn what_is_no_body_of_an_adapter_is_refused_whole_with_its_place() {
    let doors = Doors::with_match().await;
    let path = "/v1/buddy/checkins";
    let large = json!([{ "notes": "x".repeat(1024 * 1024) }]).to_string();
    let cases = [
        ("", "400 bad_json", ""),
        ("{\"checkin_id\":", "400 bad_json", ""),
        ("{} {}", "400 bad_json", ""),
        ("null", "422 bad_field", " wrong_type"),
        ("\"BC-1\"", "422 bad_field", " wrong_type"),
        ("[]", "422 bad_field", " empty"),
        ("{\"items\": []}", "422 bad_field", "/items empty"),
        ("{\"items\": {}}", "422 bad_field", "/items wrong_type"),
        ("{\"items\": [{}], \"source\": 1}", "422 bad_field", "/source unknown_field"),
        ("{\"items\": [{}], \"olena@example.org\": 1}", "422 bad_field", " unknown_field"),
        ("{\"items\": [{}, 1, {}, []]}", "422 bad_field", "/items/1 wrong_type"),
        ("[[]]", "422 bad_field", "/0 wrong_type"),
        (large.as_str(), "413 body_too_large", ""),
    ];
    let before = doors.count("SELECT count(*) FROM intake.imports").await;
    for (body, expected, error) in cases {
        let answer = call("POST", path).bearer(&crate::support::admin()).text(body).to(&doors.buddy).await;
        assert_eq!(answer.brief(), expected, "{}", &body[..body.len().min(60)]);
        let first = &answer.json["errors"][0];
        let told = format!("{} {}", first["pointer"].as_str().unwrap_or(""), first["code"].as_str().unwrap_or(""));
        assert_eq!(told.trim_end(), error.trim_end(), "{}", answer.text);
    }
    let twice = call("POST", path).bearer(&crate::support::admin()).text("{\"match_id\": \"a\", \"match_id\": \"b\"}");
    let answer = twice.to(&doors.buddy).await;
    assert_eq!(
        (answer.brief(), &answer.json["errors"][0]["code"]),
        ("422 invalid_record".to_owned(), &json!("bad_json"))
    );
    let kind =
        call("POST", path).bearer(&crate::support::admin()).header("content-type", "text/csv").to(&doors.buddy).await;
    assert_eq!(kind.brief(), "415 unsupported_media_type");
    assert_eq!(
        doors.count("SELECT count(*) FROM intake.imports").await,
        before + 1,
        "the record that says a field twice"
    );
}

#[tokio::test]
async fn whoever_may_not_write_is_refused_before_the_body_is_read() {
    let doors = Doors::new().await;
    for (path, ..) in ADAPTERS {
        for role in Role::ALL {
            let may = matches!(role, Role::Admin | Role::Coordinator | Role::Service);
            let answer =
                call("POST", path).bearer(&token(role, "somebody", None)).text("{").to(doors.router(path)).await;
            assert_eq!(answer.brief(), if may { "400 bad_json" } else { "403 forbidden" }, "{path} {role:?}");
        }
        assert_eq!(call("POST", path).text("{").to(doors.router(path)).await.brief(), "401 missing_token");
    }
}

#[tokio::test]
async fn a_batch_is_undone_like_a_file() {
    let doors = Doors::with_match().await;
    let answer = doors.bring("/v1/buddy/checkins", &json!([checkin(1), checkin(2)])).await;
    let receipt = json!({ "id": answer.json["import_id"], "source": "buddy" });
    let undone = doors.files.undo(&receipt).await;
    assert_eq!((&undone["outcome"], &undone["undo"]["removed"]), (&json!("undone"), &json!(2)), "{undone:#}");
    assert_eq!(doors.count("SELECT count(*) FROM core.buddy_checkins").await, 0);
    let again = brought("/v1/buddy/checkins", &checkin(1)).to(&doors.buddy).await;
    assert_eq!(again.status.as_u16(), 201, "put in again it is a new fact");
}
