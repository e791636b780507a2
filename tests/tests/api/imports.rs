//! Announcing a file, committing a plan, undoing a load, fetching rejects.

use std::sync::Arc;

use gateway::queues::RecordedQueues;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::auth::Role;
use uuid::Uuid;

use crate::support::{Answer, World, admin, call, gateway_service, token};

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

async fn post(world: &World, path: &str, body: &Value) -> Answer {
    call("POST", path).bearer(&admin()).json(body).to(&world.gateway).await
}

async fn get(world: &World, path: &str) -> Answer {
    call("GET", path).bearer(&admin()).to(&world.gateway).await
}

fn march() -> Value {
    json!({"source": "kintell", "entity": "sessions", "name": "Møter i mars+1.csv"})
}

/// The parameters of a signed address.
fn signed(url: &str) -> std::collections::HashMap<String, String> {
    let query = url.split_once('?').unwrap().1;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_file_is_announced_and_gets_a_signed_address_for_a_quarter_of_an_hour() {
    let world = World::new().await;
    let before = Timestamp::now();
    let answer = post(&world, "/v1/imports", &march()).await;
    assert_eq!(answer.brief(), "201", "{}", answer.json);
    let id = answer.json["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("imports/{id}"));
    assert_eq!(answer.json["status"], "waiting_upload");
    assert_eq!(answer.json["key"], "kintell/sessions/Møter i mars+1.csv");
    let upload = &answer.json["upload"];
    assert_eq!((&upload["method"], &upload["headers"]), (&json!("PUT"), &json!({"x-amz-meta-import-id": id})));
    let url = upload["url"].as_str().unwrap();
    // On an own endpoint the bucket stands in the path, where a browser finds it.
    assert!(url.starts_with("http://127.0.0.1:4566/drops/kintell/sessions/M%C3%B8ter%20i%20mars%2B1.csv?"), "{url}");
    let signed = signed(url);
    assert_eq!(signed["X-Amz-Expires"], "900");
    // The id is signed; a content type or a checksum is not asked for.
    assert_eq!(signed["X-Amz-SignedHeaders"], "host%3Bx-amz-meta-import-id");
    assert!(!url.contains("checksum"), "{url}");
    let expires: Timestamp = upload["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires.duration_since(before);
    assert!(left > SignedDuration::from_secs(890) && left <= SignedDuration::from_secs(902), "{left}");

    let so_far = get(&world, &format!("/v1/imports/{id}")).await;
    assert_eq!(
        (&so_far.json["status"], &so_far.json["file"]["version"], &so_far.json["name"]),
        (&json!("waiting_upload"), &Value::Null, &json!("Møter i mars+1.csv"))
    );
    let listed = get(&world, "/v1/imports").await;
    assert_eq!((&listed.json["items"][0]["id"], &listed.json["items"][0]["dry_run"]), (&json!(id), &json!(false)));
    let row = world
        .owner
        .query_one("SELECT actor, target::text, details FROM audit.log WHERE action = 'import.create'", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("admin-1", id));
    assert_eq!(row.get::<_, Value>(2), json!({"source": "kintell", "entity": "sessions", "dry_run": false}));
}

#[tokio::test]
async fn the_language_of_the_announcement_goes_with_the_upload() {
    let world = World::new().await;
    for (wanted, language) in
        [("nb-NO,nb;q=0.9", json!("nb")), ("uk", json!("uk")), ("en", Value::Null), ("fr", Value::Null)]
    {
        let answer = call("POST", "/v1/imports")
            .bearer(&admin())
            .header("accept-language", wanted)
            .json(&march())
            .to(&world.gateway)
            .await;
        let upload = &answer.json["upload"];
        assert_eq!(upload["headers"]["x-amz-meta-language"], language, "{wanted}");
        // What has to be sent is signed, and nothing else.
        let headers = &signed(upload["url"].as_str().unwrap())["X-Amz-SignedHeaders"];
        assert_eq!(headers.contains("x-amz-meta-language"), !language.is_null(), "{headers}");
    }
}

#[tokio::test]
async fn a_dry_run_and_an_instance_are_kept_with_the_upload() {
    let world = World::new().await;
    let instance: Uuid =
        world.owner.query_one("SELECT instance_id FROM core.programme_instances LIMIT 1", &[]).await.unwrap().get(0);
    let body = json!({"source": "kintell", "name": "a.xlsx", "dry_run": true, "programme_instance": instance});
    let answer = post(&world, "/v1/imports", &body).await;
    assert_eq!((answer.brief().as_str(), &answer.json["key"]), ("201", &json!("dry-run/kintell/a.xlsx")));
    let row = world
        .owner
        .query_one("SELECT dry_run, instance_id, created_by, entity FROM intake.imports", &[])
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (true, instance, "admin-1"));
    assert_eq!(row.get::<_, Option<&str>>(3), None);
}

#[tokio::test]
async fn an_announcement_that_cannot_be_meant_is_refused_field_by_field() {
    let world = World::new().await;
    for (body, pointer, code) in [
        (json!({"source": "kintel", "name": "a.csv"}), "/source", "unknown_source"),
        (json!({"source": "kintell", "entity": "session", "name": "a.csv"}), "/entity", "unknown_entity"),
        (json!({"source": "kintell", "name": "../a.csv"}), "/name", "not_a_file_name"),
        (json!({"source": "kintell", "name": "a\u{0}.csv"}), "/name", "control_character"),
        (json!({"source": "kintell"}), "/name", "missing_field"),
        (json!({"source": "kintell", "name": "a.csv", "dryrun": true}), "/dryrun", "unknown_field"),
        (
            json!({"source": "kintell", "name": "a.csv", "programme_instance": Uuid::nil()}),
            "/programme_instance",
            "unknown_instance",
        ),
    ] {
        let answer = post(&world, "/v1/imports", &body).await;
        let error = &answer.json["errors"][0];
        assert_eq!(
            (answer.brief().as_str(), &error["pointer"], &error["code"]),
            ("422 bad_field", &json!(pointer), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 0);
}

#[tokio::test]
async fn the_same_request_under_one_key_makes_one_import_and_another_body_is_refused() {
    let world = World::new().await;
    let ask = async |key: &str, token: &str, body: &Value| {
        call("POST", "/v1/imports").bearer(token).header("idempotency-key", key).json(body).to(&world.gateway).await
    };
    let first = ask("k-1", &admin(), &march()).await;
    let again = ask("k-1", &admin(), &march()).await;
    assert_eq!((first.brief(), again.brief()), ("201".to_owned(), "201".to_owned()));
    assert_eq!(first.json, again.json);
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    let mut other = march();
    other["name"] = json!("april.csv");
    assert_eq!(ask("k-1", &admin(), &other).await.brief(), "422 idempotency_mismatch");
    assert_eq!(ask("a b", &admin(), &march()).await.brief(), "400 bad_idempotency_key");
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 1);
    // A key is its caller's own.
    let coordinator = token(Role::Coordinator, "coordinator-1", None);
    assert_ne!(ask("k-1", &coordinator, &other).await.json["id"], first.json["id"]);
    // A refusal is not kept: what was wrong can be put right under the same key.
    assert_eq!(ask("k-2", &admin(), &json!({"source": "kintell", "name": "/"})).await.brief(), "422 bad_field");
    assert_eq!(ask("k-2", &admin(), &march()).await.brief(), "201");
    // After a day the key is free again.
    world
        .owner
        .batch_execute("UPDATE intake.idempotency_keys SET created_at = now() - interval '25 hours'")
        .await
        .unwrap();
    let fresh = ask("k-1", &admin(), &other).await;
    assert_eq!(fresh.brief(), "201");
    assert_eq!(world.count("SELECT count(*) FROM intake.idempotency_keys").await, 1);
}

#[tokio::test]
async fn requests_under_one_key_at_the_same_time_have_one_effect() {
    let world = World::new().await;
    let routers: Vec<_> =
        (0..8).map(|_| gateway_service(world.database.db_for("teei_gateway_api"), Default::default())).collect();
    let asked = routers.iter().map(|router| async {
        call("POST", "/v1/imports").bearer(&admin()).header("idempotency-key", "k").json(&march()).to(router).await
    });
    let answers = futures::future::join_all(asked).await;
    let ids: std::collections::BTreeSet<_> =
        answers.iter().filter_map(|answer| answer.json["id"].as_str().map(ToOwned::to_owned)).collect();
    assert_eq!((ids.len(), world.count("SELECT count(*) FROM intake.imports").await), (1, 1));
    for answer in &answers {
        assert!(["201", "409 idempotency_running"].contains(&answer.brief().as_str()), "{}", answer.brief());
    }
}

#[tokio::test]
async fn a_request_whose_key_is_held_by_another_transaction_is_told_to_wait() {
    let world = World::new().await;
    let mut holder = world.database.owner().await;
    let tx = holder.transaction().await.unwrap();
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('idempotency admin-1 k', 0))", &[]).await.unwrap();
    let ask = async || {
        call("POST", "/v1/imports")
            .bearer(&admin())
            .header("idempotency-key", "k")
            .json(&march())
            .to(&world.gateway)
            .await
    };
    assert_eq!(ask().await.brief(), "409 idempotency_running");
    tx.rollback().await.unwrap();
    assert_eq!(ask().await.brief(), "201");
}

/// An import in a state, with a receipt.
async fn import(world: &World, status: &str, outcome: Option<&str>, receipt: Value) -> Uuid {
    let id = Uuid::now_v7();
    let done = outcome.is_some();
    let hash = (outcome == Some("planned")).then_some(HASH);
    world
        .owner
        .execute(
            "INSERT INTO intake.imports (import_id, source, entity, layout, status, outcome, bucket, object_key, object_version, receipt, plan_hash, finished_at, undone_at)
             VALUES ($1, 'kintell', 'sessions', 'language', $2, $3, 'drops', 'kintell/sessions/a.csv', $4, $5, $6,
                     CASE WHEN $7 THEN now() END, CASE WHEN $3 = 'undone' THEN now() END)",
            &[&id, &status, &outcome, &id.to_string(), &done.then_some(receipt), &hash, &done],
        )
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn a_plan_is_committed_once_and_only_the_one_that_was_read() {
    let world = World::new().await;
    let id = import(&world, "done", Some("planned"), json!({"outcome": "planned", "status": "done"})).await;
    let path = format!("/v1/imports/{id}/commit");
    let other = json!({"plan_hash": HASH.replace('0', "f")});
    assert_eq!(post(&world, &path, &other).await.brief(), "412 plan_moved");
    assert_eq!(post(&world, &path, &json!({"plan": HASH})).await.brief(), "422 bad_field");
    assert!(world.queues.sent().is_empty());

    let answer = post(&world, &path, &json!({"plan_hash": HASH, "accept_changes": true})).await;
    assert_eq!((answer.brief().as_str(), &answer.json), ("202", &json!({"id": id, "status": "queued"})));
    assert_eq!(world.queues.sent(), [("kintell".to_owned(), id)]);
    let row = world
        .owner
        .query_one("SELECT command, status, outcome FROM intake.imports WHERE import_id = $1", &[&id])
        .await
        .unwrap();
    let mut command: Value = row.get(0);
    assert!(command["request_id"].take().is_string());
    assert_eq!(
        command,
        json!({"kind": "commit", "actor": "admin-1", "request_id": null, "apply_stale": false, "accept_changes": true, "plan_hash": HASH})
    );
    assert_eq!(row.get::<_, &str>(1), "queued");
    assert_eq!(get(&world, &format!("/v1/imports/{id}")).await.json["status"], "queued");
    assert_eq!(post(&world, &path, &json!({"plan_hash": HASH})).await.brief(), "409 not_planned");
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'import.commit'").await, 1);
}

#[tokio::test]
async fn only_what_is_planned_can_be_committed_and_only_what_is_loaded_undone() {
    let world = World::new().await;
    let stale = json!({"warnings": [{"code": "stale_revision", "records": 2}]});
    for (status, outcome, receipt, commit, apply_stale, undo) in [
        ("waiting_upload", None, Value::Null, "409 not_planned", "409 not_planned", "409 not_loaded"),
        ("queued", None, Value::Null, "409 not_planned", "409 not_planned", "409 not_loaded"),
        ("running", None, Value::Null, "409 not_planned", "409 not_planned", "409 not_loaded"),
        ("done", Some("planned"), json!({"warnings": []}), "202", "202", "409 not_loaded"),
        ("done", Some("loaded"), json!({"warnings": []}), "409 not_planned", "409 not_planned", "202"),
        ("done", Some("loaded"), stale.clone(), "409 not_planned", "202", "202"),
        ("done", Some("unchanged"), stale, "409 not_planned", "202", "409 not_loaded"),
        ("done", Some("refused"), json!({"warnings": []}), "409 not_planned", "409 not_planned", "409 not_loaded"),
        ("done", Some("failed"), json!({"warnings": []}), "409 not_planned", "409 not_planned", "409 not_loaded"),
        ("done", Some("undone"), json!({"warnings": []}), "409 not_planned", "409 not_planned", "409 not_loaded"),
    ] {
        for (what, body, expected) in [
            ("commit", json!({}), commit),
            ("commit", json!({"apply_stale": true}), apply_stale),
            ("undo", json!({}), undo),
        ] {
            let id = import(&world, status, outcome, receipt.clone()).await;
            let answer = post(&world, &format!("/v1/imports/{id}/{what}"), &body).await;
            assert_eq!(answer.brief(), expected, "{what} {body} of {status} {outcome:?}");
        }
    }
    for path in ["commit", "undo"] {
        let unknown = format!("/v1/imports/{}/{path}", Uuid::now_v7());
        assert_eq!(post(&world, &unknown, &json!({})).await.brief(), "404 not_found");
    }
}

#[tokio::test]
async fn a_decision_that_says_nothing_more_needs_no_body() {
    let world = World::new().await;
    let ask = async |id: Uuid, what: &str| {
        call("POST", &format!("/v1/imports/{id}/{what}")).bearer(&admin()).to(&world.gateway).await.brief()
    };
    let loaded = import(&world, "done", Some("loaded"), json!({"warnings": []})).await;
    assert_eq!(ask(loaded, "undo").await, "202");
    let planned = import(&world, "done", Some("planned"), json!({"warnings": []})).await;
    assert_eq!(ask(planned, "commit").await, "202");
    let text =
        call("POST", &format!("/v1/imports/{planned}/commit")).bearer(&admin()).header("content-type", "text/plain");
    assert_eq!(text.to(&world.gateway).await.brief(), "409 not_planned", "no body has no kind");
}

#[tokio::test]
async fn two_who_undo_at_once_give_one_order() {
    let world = World::new().await;
    let id = import(&world, "done", Some("loaded"), json!({"warnings": []})).await;
    let queues: Arc<RecordedQueues> = Arc::default();
    let routers: Vec<_> =
        (0..4).map(|_| gateway_service(world.database.db_for("teei_gateway_api"), queues.clone())).collect();
    let path = format!("/v1/imports/{id}/undo");
    let asked = routers
        .iter()
        .map(|router| async { call("POST", &path).bearer(&admin()).json(&json!({})).to(router).await.brief() });
    let mut answers = futures::future::join_all(asked).await;
    answers.sort();
    assert_eq!(answers, ["202", "409 not_loaded", "409 not_loaded", "409 not_loaded"]);
    assert_eq!(queues.sent().len(), 1);
}

#[tokio::test]
async fn a_queue_that_does_not_answer_leaves_the_import_as_it_was() {
    let world = World::new().await;
    let id = import(&world, "done", Some("loaded"), json!({"warnings": []})).await;
    world.queues.fail(true);
    let path = format!("/v1/imports/{id}/undo");
    let answer = post(&world, &path, &json!({})).await;
    assert_eq!((answer.brief().as_str(), answer.header("retry-after")), ("503 importer_unavailable", "5"));
    assert_eq!(world.count("SELECT count(*) FROM intake.imports WHERE status = 'done' AND command IS NULL").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM audit.log").await, 0);
    world.queues.fail(false);
    assert_eq!(post(&world, &path, &json!({})).await.brief(), "202");
}

#[tokio::test]
async fn rejects_are_fetched_by_signed_addresses_and_asking_is_audited() {
    let world = World::new().await;
    let receipt = json!({"rejects_key": "kintell/sessions/a.csv/1/rejects.csv", "rejects_xlsx_key": "kintell/sessions/a.csv/1/rejects.xlsx"});
    let id = import(&world, "done", Some("loaded"), receipt).await;
    let path = format!("/v1/imports/{id}/rejects");
    let both = get(&world, &path).await;
    let csv = both.json["csv_url"].as_str().unwrap();
    assert!(csv.starts_with("http://127.0.0.1:4566/results/kintell/sessions/a.csv/1/rejects.csv?"), "{csv}");
    let parameters = signed(csv);
    assert_eq!((parameters["X-Amz-Expires"].as_str(), parameters["X-Amz-SignedHeaders"].as_str()), ("900", "host"));
    assert!(parameters["response-content-disposition"].contains("rejects.csv"), "{parameters:?}");
    assert!(both.json["xlsx_url"].is_string() && both.json["expires_at"].is_string());
    let one = get(&world, &format!("{path}?format=xlsx")).await;
    assert_eq!((one.json["csv_url"].is_null(), one.json["xlsx_url"].is_string()), (true, true));
    assert_eq!(get(&world, &format!("{path}?format=pdf")).await.brief(), "400 bad_query");
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'import.rejects'").await, 2);

    let soon = import(&world, "done", Some("loaded"), json!({"counts": {"rejected": 2}, "rejects_key": null})).await;
    let answer = get(&world, &format!("/v1/imports/{soon}/rejects")).await;
    assert_eq!((answer.brief().as_str(), answer.header("retry-after")), ("503 rejects_pending", "1"));
    let gone = import(&world, "done", Some("loaded"), json!({"counts": {"rejected": 2}, "rejects_note": "gone"})).await;
    assert_eq!(get(&world, &format!("/v1/imports/{gone}/rejects")).await.brief(), "404 not_found");

    let none = import(&world, "done", Some("loaded"), json!({"rejects": []})).await;
    assert_eq!(get(&world, &format!("/v1/imports/{none}/rejects")).await.brief(), "404 not_found");
    assert_eq!(get(&world, &format!("/v1/imports/{}/rejects", Uuid::now_v7())).await.brief(), "404 not_found");
}

#[tokio::test]
async fn the_receipt_is_also_a_page_in_the_readers_language_and_the_console_asks_for_no_token() {
    let world = World::new().await;
    let id = post(&world, "/v1/imports", &march()).await.json["id"].as_str().unwrap().to_owned();
    for (accepted, language) in [("nb-NO,nb;q=0.9", "nb"), ("uk", "uk"), ("fr", "en")] {
        let ask = call("GET", &format!("/v1/imports/{id}/page")).bearer(&admin()).header("accept-language", accepted);
        let page = ask.to(&world.gateway).await;
        assert_eq!((page.status.as_u16(), page.header("content-language")), (200, language));
        assert!(page.text.contains(&format!("<html lang=\"{language}\"")), "{}", &page.text[..200]);
    }
    let console = call("GET", "/v1/imports/console").to(&world.gateway).await;
    assert_eq!((console.status.as_u16(), console.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(console.text.contains("<script") && !console.text.contains(&id));
}
