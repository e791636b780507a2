use serde_json::{Value, json};
use shared::pii::Pii;

use super::*;
use crate::sync::config;

const AT: &str = "2025-03-04T10:00:00Z";

fn provider(more: &str) -> Provider {
    let json = format!(
        r#"{{"providers": [{{"provider": "ecornell", "endpoint": "https://lrs.example.org/", "username": "u", "password": "p"{more}}}]}}"#
    );
    config::read(&json).unwrap().remove(0)
}

fn statement(verb: &str, more: Value) -> Value {
    let mut statement = json!({
        "actor": {"mbox": "mailto:olena@example.org"},
        "verb": {"id": verb},
        "object": {"id": "https://courses.example.org/NOR-101", "definition": {"name": {"nb": "Norsk", "en-GB": "Norwegian"}}},
    });
    if let (Value::Object(statement), Value::Object(more)) = (&mut statement, more) {
        statement.extend(more);
    }
    statement
}

fn said_by(provider: &Provider, statement: &Value) -> Said {
    let text = statement.to_string();
    translate(provider, Uuid::from_u128(7), Some(AT.parse().unwrap()), &serde_json::from_str(&text).unwrap())
}

fn said(statement: &Value) -> Said {
    said_by(&provider(""), statement)
}

fn record(said: Said) -> Record {
    match said {
        Said::Record(record) => record,
        other => panic!("{other:?}"),
    }
}

fn code(said: Said) -> &'static str {
    match said {
        Said::Rejected(reason) => reason.code,
        other => panic!("{other:?}"),
    }
}

const COMPLETED: &str = "http://adlnet.gov/expapi/verbs/completed";
const PASSED: &str = "http://adlnet.gov/expapi/verbs/passed";
const PROGRESSED: &str = "http://adlnet.gov/expapi/verbs/progressed";
const EARNED: &str = "http://id.tincanapi.com/verb/earned";
const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

#[test]
fn a_completed_course_has_the_columns_of_a_file() {
    let one = record(said(&statement(COMPLETED, json!({"result": {"score": {"scaled": 0.925}, "completion": true}}))));
    assert_eq!(one.entity, "completions");
    assert_eq!(one.who, Who::Email(Pii::new("olena@example.org".to_owned())));
    let columns: Vec<(&str, &str)> = one.columns.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        columns,
        [
            ("completed_at", AT),
            ("course_id", "https://courses.example.org/NOR-101"),
            ("course_name", "Norwegian"),
            ("final_score", "92.5"),
            ("provider", "ecornell"),
        ]
    );
}

#[test]
fn passed_is_a_completion_and_progressed_a_progress() {
    assert_eq!(record(said(&statement(PASSED, json!({})))).entity, "completions");
    let far = json!({"result": {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40}}});
    let one = record(said(&statement(PROGRESSED, far)));
    assert_eq!(one.entity, "progress");
    assert_eq!(one.columns["progress_percent"], "40");
    assert_eq!(one.columns["status"], "in_progress");
    assert_eq!(one.columns["updated_at"], AT);
}

#[test]
fn the_status_of_progress_is_what_the_statement_says() {
    let status = |result: Value| {
        let mut result = result;
        result["extensions"] = json!({"https://w3id.org/xapi/cmi5/result/extensions/progress": result["percent"]});
        record(said(&statement(PROGRESSED, json!({"result": result})))).columns["status"].clone()
    };
    assert_eq!(status(json!({"percent": 0})), "enrolled");
    assert_eq!(status(json!({"percent": 100})), "in_progress", "all seen is not yet completed");
    assert_eq!(status(json!({"percent": 100, "completion": true})), "completed");
}

#[test]
fn what_is_earned_is_a_credential_of_its_own_statement() {
    let one = record(said(&statement(
        EARNED,
        json!({
            "object": {"id": "https://badges.example.org/a1", "definition": {"type": "http://activitystrea.ms/schema/1.0/badge"}},
            "context": {"contextActivities": {"parent": [{"id": "https://courses.example.org/NOR-101", "definition": {"name": {"en": "Norwegian"}}}]}}
        }),
    )));
    assert_eq!(one.entity, "credentials");
    assert_eq!(one.columns["credential_id"], Uuid::from_u128(7).to_string());
    assert_eq!(one.columns["credential_type"], "badge");
    assert_eq!(one.columns["course_id"], "https://courses.example.org/NOR-101");
    assert_eq!(one.columns["course_name"], "Norwegian");
    let bare = json!({"object": {"id": "https://badges.example.org/c", "definition": {"type": "https://x.example/Certificate"}}});
    let one = record(said(&statement(EARNED, bare)));
    assert_eq!(
        (one.columns["credential_type"].as_str(), one.course_id.as_str()),
        ("certificate", "https://badges.example.org/c")
    );
}

#[test]
fn other_verbs_are_passed_over() {
    for verb in [
        "http://adlnet.gov/expapi/verbs/experienced",
        "http://activitystrea.ms/schema/1.0/complete",
        "completed",
        "http://evil.example/adlnet.gov/expapi/verbs/completed",
    ] {
        assert_eq!(said(&statement(verb, json!({}))), Said::Nothing("other_verb"), "{verb}");
    }
    assert_eq!(record(said(&statement("https://adlnet.gov/expapi/verbs/completed", json!({})))).verb, "completed");
}

#[test]
fn who_completes_a_lesson_has_not_completed_the_course() {
    let of = |kind: &str| json!({"object": {"id": "https://courses.example.org/1", "definition": {"type": kind}}});
    for kind in [
        "http://adlnet.gov/expapi/activities/lesson",
        "http://adlnet.gov/expapi/activities/module",
        "https://w3id.org/xapi/cmi5/activitytype/block",
        "https://w3id.org/xapi/video/activity-type/video",
    ] {
        assert_eq!(said(&statement(COMPLETED, of(kind))), Said::Nothing("part_of_a_course"), "{kind}");
    }
    for kind in [
        "http://adlnet.gov/expapi/activities/course",
        "https://w3id.org/xapi/cmi5/activitytype/course",
        "https://lms.example/types/programme",
    ] {
        record(said(&statement(COMPLETED, of(kind))));
    }
    let only = provider(r#", "activity_types": ["https://lms.example/types/programme"]"#);
    record(said_by(&only, &statement(COMPLETED, of("https://lms.example/types/programme"))));
    let course = of("http://adlnet.gov/expapi/activities/course");
    assert_eq!(said_by(&only, &statement(COMPLETED, course)), Said::Nothing("part_of_a_course"));
    assert_eq!(said_by(&only, &statement(COMPLETED, json!({}))), Said::Nothing("part_of_a_course"));
}

#[test]
fn the_prefix_of_a_provider_is_no_part_of_a_courses_id() {
    let short = provider(r#", "course_prefix": "https://courses.example.org/""#);
    assert_eq!(record(said_by(&short, &statement(COMPLETED, json!({})))).course_id, "NOR-101");
    let other = statement(COMPLETED, json!({"object": {"id": "https://elsewhere.example/NOR-101"}}));
    assert_eq!(record(said_by(&short, &other)).course_id, "https://elsewhere.example/NOR-101");
    let nothing_left = statement(COMPLETED, json!({"object": {"id": "https://courses.example.org/"}}));
    assert_eq!(record(said_by(&short, &nothing_left)).course_id, "https://courses.example.org/");
    let long =
        statement(COMPLETED, json!({"object": {"id": format!("https://courses.example.org/{}", "å".repeat(250))}}));
    assert_eq!(code(said(&long)), "too_long");
    record(said_by(&short, &long));
}

#[test]
fn a_voiding_statement_names_the_one_it_voids() {
    let id = Uuid::from_u128(99);
    let void = statement(VOIDED, json!({"object": {"objectType": "StatementRef", "id": id.to_string()}}));
    assert_eq!(said(&void), Said::Void(id));
    for object in [
        json!({"id": id.to_string()}),
        json!({"objectType": "StatementRef"}),
        json!({"objectType": "StatementRef", "id": "x"}),
    ] {
        assert_eq!(code(said(&statement(VOIDED, json!({"object": object})))), "bad_object");
    }
}

#[test]
fn a_result_that_contradicts_its_verb_is_rejected() {
    assert_eq!(code(said(&statement(PASSED, json!({"result": {"success": false}})))), "bad_enum");
    assert_eq!(code(said(&statement(COMPLETED, json!({"result": {"completion": false}})))), "bad_enum");
    record(said(&statement(COMPLETED, json!({"result": {"success": false}}))));
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(code(said(&statement(PROGRESSED, json!({})))), "missing_required");
    assert_eq!(code(said(&statement(COMPLETED, json!({"object": {"objectType": "Agent", "id": "x"}})))), "bad_object");
    assert_eq!(code(said(&statement(COMPLETED, json!({"object": {}})))), "bad_object");
    let text = statement(COMPLETED, json!({})).to_string();
    let without_time = translate(&provider(""), Uuid::nil(), None, &serde_json::from_str(&text).unwrap());
    assert_eq!(code(without_time), "bad_date");
}

#[test]
fn a_name_is_english_then_norwegian_then_the_first() {
    let named = |names: Value| {
        let object = json!({"object": {"id": "https://courses.example.org/1", "definition": {"name": names}}});
        record(said(&statement(COMPLETED, object))).columns.get("course_name").cloned()
    };
    assert_eq!(named(json!({"uk": "Норвезька", "nb-NO": "Norsk", "EN": "Norwegian"})).as_deref(), Some("Norwegian"));
    assert_eq!(named(json!({"uk": "Норвезька", "nb-NO": "Norsk"})).as_deref(), Some("Norsk"));
    assert_eq!(named(json!({"uk": "Норвезька", "en": " "})).as_deref(), Some("Норвезька"));
    assert_eq!(named(json!({})), None);
}
