//! `Idempotency-Key` of the adapters: done once, answered the same, also when nobody heard the answer.

use std::time::Duration;

use axum::Router;
use futures::future::{BoxFuture, join_all, pending};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    bus::nudge::{NudgeError, Nudger},
};
use tests::keys;

use crate::{
    doors::{Doors, brought},
    support::{Answer, Call, call, token, verifier},
    webhooks::sample_of,
};

const PATH: &str = "/v1/upskilling/completions";

fn record(course: &str) -> Value {
    let mut record = sample_of("generic", "course.completed")["data"].clone();
    record["course_id"] = json!(course);
    record
}

fn keyed(key: &str, body: &Value) -> Call {
    brought(PATH, body).header("idempotency-key", key)
}

async fn facts(doors: &Doors) -> [i64; 4] {
    [
        doors.count("SELECT count(*) FROM core.upskilling_completions").await,
        doors.count("SELECT count(*) FROM bus.events").await,
        doors.count("SELECT count(*) FROM intake.imports").await,
        doors.count("SELECT count(*) FROM intake.idempotency_keys").await,
    ]
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_answer_and_are_done_once() {
    let doors = Doors::new().await;
    let bodies = [record("C-1"), json!({ "items": [record("C-2"), { "provider": "p" }] })];
    for (key, body) in ["k-one", "k-batch"].into_iter().zip(&bodies) {
        let first = keyed(key, body).to(&doors.upskilling).await;
        assert_eq!(first.header("idempotency-replayed"), "", "{}", first.text);
        let before = facts(&doors).await;
        let spaced = serde_json::to_string_pretty(body).unwrap();
        let calls = [
            keyed(key, body),
            call("POST", PATH).bearer(&crate::support::admin()).header("idempotency-key", key).text(&spaced),
        ];
        for again in calls {
            let again = again.to(&doors.upskilling).await;
            assert_eq!((again.status, &again.json), (first.status, &first.json), "{}", again.text);
            assert_eq!(again.header("idempotency-replayed"), "true");
        }
        assert_eq!(facts(&doors).await, before);
    }
    // Without the key it is known by what it says, and is another import.
    assert_eq!(doors.bring(PATH, &bodies[0]).await.json["fate"], "unchanged");
}

#[tokio::test]
async fn a_key_is_for_one_body_of_one_caller_on_one_route() {
    let doors = Doors::new().await;
    assert_eq!(keyed("k-1", &record("C-1")).to(&doors.upskilling).await.status.as_u16(), 201);
    let before = facts(&doors).await;
    let other_body = keyed("k-1", &record("C-2")).to(&doors.upskilling).await;
    assert_eq!(
        (other_body.brief(), &other_body.json["retryable"]),
        ("422 idempotency_mismatch".to_owned(), &json!(false))
    );
    let other_route = brought("/v1/upskilling/credentials", &record("C-1")).header("idempotency-key", "k-1");
    assert_eq!(other_route.to(&doors.upskilling).await.brief(), "422 idempotency_mismatch");
    assert_eq!(facts(&doors).await, before);
    let somebody_else = call("POST", PATH).bearer(&token(Role::Service, "partner-1", None));
    let theirs = somebody_else.header("idempotency-key", "k-1").json(&record("C-1")).to(&doors.upskilling).await;
    assert_eq!((theirs.status.as_u16(), &theirs.json["fate"]), (200, &json!("unchanged")));
    assert_eq!(keyed("two words", &record("C-1")).to(&doors.upskilling).await.brief(), "400 bad_idempotency_key");
}

#[tokio::test]
async fn numbers_that_differ_in_a_far_digit_are_another_body() {
    let doors = Doors::new().await;
    let body = |digit: char| {
        let text = record("C-1").to_string();
        text.replace("\"C-1\"", &format!("1234567890123456789012345{digit}"))
    };
    let send = |digit| {
        call("POST", PATH).bearer(&crate::support::admin()).header("idempotency-key", "k-far").text(&body(digit))
    };
    assert_eq!(send('6').to(&doors.upskilling).await.status.as_u16(), 201);
    assert_eq!(send('7').to(&doors.upskilling).await.brief(), "422 idempotency_mismatch");
    assert_eq!(doors.text("SELECT course_id FROM core.upskilling_completions").await, "12345678901234567890123456");
}

#[tokio::test]
async fn a_rejected_record_is_not_kept_under_its_key_and_is_taken_when_it_can_be() {
    let doors = Doors::with_people().await;
    let checkin = sample_of("buddy", "checkin.completed")["data"].clone();
    let send = || brought("/v1/buddy/checkins", &checkin).header("idempotency-key", "k-1");
    assert_eq!(send().to(&doors.buddy).await.brief(), "422 orphan_ref");
    assert_eq!(send().to(&doors.buddy).await.brief(), "422 orphan_ref");
    doors.bring("/v1/buddy/matches", &sample_of("buddy", "match.created")["data"]).await;
    let healed = send().to(&doors.buddy).await;
    assert_eq!((healed.status.as_u16(), healed.header("idempotency-replayed")), (201, ""), "{}", healed.text);
    assert_eq!(send().to(&doors.buddy).await.header("idempotency-replayed"), "true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_once_one_is_done_and_the_others_get_its_answer_or_are_told_to_come_again() {
    let doors = Doors::new().await;
    let instances: Vec<Router> = (0..8).map(|_| doors.instance(PATH)).collect();
    let body = record("C-1");
    let answers: Vec<Answer> = join_all(instances.iter().map(|one| keyed("k-8", &body).to(one))).await;
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(done.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert!(done.iter().all(|answer| answer.json == done[0].json));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.brief(), answer.header("retry-after")), ("409 idempotency_running".to_owned(), "1"));
        assert_eq!(answer.json["retryable"], true);
    }
    assert_eq!(facts(&doors).await[0], 1);
    let later = keyed("k-8", &body).to(&doors.upskilling).await;
    assert_eq!((later.header("idempotency-replayed"), &later.json), ("true", &done[0].json));
}

/// A relay's queue that never answers the nudge after the commit: whoever is killed then has committed and not answered.
struct Stuck;

impl Nudger for Stuck {
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>> {
        match delay_seconds {
            0 => Box::pin(pending()),
            _ => Box::pin(async { Ok(()) }),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_its_commit_and_its_answer_it_is_answered_when_asked_again() {
    let doors = Doors::new().await;
    let db = doors.files.database.db_for("teei_upskilling_webhook");
    let app = upskilling::webhook::App::new(db, Box::new(keys()), Box::new(Stuck), |_| doors.stored.kept());
    let killed = upskilling::webhook::router(app.into(), verifier());
    let body = json!({ "items": [record("C-1"), record("C-2")] });
    let dead = tokio::time::timeout(Duration::from_secs(3), keyed("k-1", &body).to(&killed)).await;
    assert!(dead.is_err(), "it did not answer");
    let [completions, events, imports, kept] = facts(&doors).await;
    assert_eq!((completions, imports, kept), (2, 1, 1), "it committed");
    let again = keyed("k-1", &body).to(&doors.upskilling).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, "true"), "{}", again.text);
    assert_eq!(again.json["counts"]["new"], 2, "the answer that nobody heard");
    assert_eq!(facts(&doors).await, [2, events, 1, 1]);
}

/// Ends the function's connection while it waits for a table.
async fn cut_at(doors: &Doors, table: &str, call: Call) -> Answer {
    let mut holder = doors.files.database.owner().await;
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE")).await.unwrap();
    let instance = doors.instance(PATH);
    let cut = async {
        let waiting = format!(
            "SELECT count(pg_terminate_backend(a.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE NOT l.granted AND l.relation = '{table}'::regclass AND a.usename = 'teei_upskilling_webhook' AND a.datname = current_database()"
        );
        for _ in 0..400 {
            if doors.count(&waiting).await > 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    let (answer, hit) = tokio::join!(call.to(&instance), cut);
    assert!(hit, "the function did not come to {table}");
    lock.rollback().await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_its_commit_nothing_is_there_and_the_same_call_again_is_done() {
    let doors = Doors::new().await;
    let tables = [
        "intake.imports",
        "core.profiles",
        "vault.subject_keys",
        "core.upskilling_completions",
        "bus.events",
        "intake.fates",
        "audit.log",
        "intake.idempotency_keys",
    ];
    for (n, table) in tables.into_iter().enumerate() {
        let mut body = record(&format!("C-{n}"));
        body["user_email"] = json!(format!("p{n}@newcomer.example"));
        let (key, before) = (format!("k-{n}"), facts(&doors).await);
        let answer = cut_at(&doors, table, keyed(&key, &body)).await;
        assert_eq!(
            (answer.brief(), &answer.json["retryable"]),
            ("503 database_unavailable".to_owned(), &json!(true)),
            "{table}"
        );
        assert_eq!(facts(&doors).await, before, "{table}");
        let again = keyed(&key, &body).to(&doors.upskilling).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, ""), "{table}: {}", again.text);
    }
}

#[tokio::test]
async fn a_relay_that_cannot_be_woken_leaves_nothing_under_the_key() {
    let doors = Doors::new().await;
    doors.nudges.0.fail(true);
    let answer = keyed("k-1", &record("C-1")).to(&doors.upskilling).await;
    assert_eq!((answer.brief(), &answer.json["retryable"]), ("503 bus_unavailable".to_owned(), &json!(true)));
    assert_eq!(facts(&doors).await, [0, 0, 0, 0]);
    doors.nudges.0.fail(false);
    assert_eq!(keyed("k-1", &record("C-1")).to(&doors.upskilling).await.status.as_u16(), 201);
}
