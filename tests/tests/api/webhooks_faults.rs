//! `kintell-webhook` when things go wrong, and what is there of a delivery afterwards: in the store, in the lists.

use std::fmt::Write;

use serde_json::{Value, json};
use shared::db::{Db, DbConfig};

use crate::{
    support::{Answer, World as Services, admin, call},
    webhooks::{ROLE, Sent, World, sample, secret, sent, service},
};

/// Ends the function's connection while it waits for a table: what a killed function leaves is what the server does then.
async fn cut_at(world: &World, table: &str, delivery: &Sent) -> Answer {
    let mut holder = world.database.owner().await;
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE")).await.unwrap();
    let instance = world.instance();
    let cut = async {
        let waiting = format!(
            "SELECT count(pg_terminate_backend(a.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE NOT l.granted AND l.relation = '{table}'::regclass AND a.usename = '{ROLE}' AND a.datname = current_database()"
        );
        for _ in 0..400 {
            if world.count(&waiting).await > 0 {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        false
    };
    let (answer, hit) = tokio::join!(delivery.to(&instance), cut);
    assert!(hit, "the function did not come to {table}");
    lock.rollback().await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_at_each_statement_nothing_is_there_and_the_same_delivery_again_is_one_fact() {
    let tables = [
        "intake.webhook_deliveries",
        "intake.imports",
        "core.profiles",
        "vault.subject_keys",
        "vault.texts",
        "core.kintell_sessions",
        "bus.events",
        "intake.fates",
    ];
    let world = World::new().await;
    for (n, table) in tables.into_iter().enumerate() {
        let mut body = sample("session.completed");
        body["data"]["session_id"] = json!(format!("KT-{n}"));
        body["data"]["participant_email"] = json!(format!("p{n}@newcomer.example"));
        let delivery = sent(&format!("msg_{n}"), &body);
        let before = world.facts().await;
        let answer = cut_at(&world, table, &delivery).await;
        assert_eq!(
            (answer.brief(), &answer.json["retryable"]),
            ("503 database_unavailable".to_owned(), &json!(true)),
            "{table}"
        );
        assert_eq!(world.facts().await, before, "{table}");
        let rows = format!("SELECT count(*) FROM intake.webhook_deliveries WHERE webhook_id = 'msg_{n}'");
        assert_eq!(world.count(&rows).await, 0, "{table}");
        let again = delivery.to(&world.kintell).await;
        assert_eq!((again.status.as_u16(), &again.json["fate"]), (200, &json!("new")), "{table}: {}", again.text);
        let [sessions, ..] = world.facts().await;
        assert_eq!(sessions, before[0] + 1, "{table}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_and_a_relay_that_cannot_be_woken_are_a_503_and_leave_nothing() {
    let world = World::new().await;
    let away = Db::connect_lazy(DbConfig::from_url(&format!("postgres://{ROLE}:x@127.0.0.1:1/none")).unwrap());
    let delivery = sent("msg_1", &sample("session.completed"));
    let answer = delivery.to(&service(away, &world.nudges, &world.stored)).await;
    assert_eq!((answer.brief(), &answer.json["retryable"]), ("503 database_unavailable".to_owned(), &json!(true)));
    world.nudges.0.fail(true);
    let answer = delivery.to(&world.kintell).await;
    assert_eq!((answer.brief(), &answer.json["retryable"]), ("503 bus_unavailable".to_owned(), &json!(true)));
    assert_eq!(world.facts().await, [0, 0, 0]);
    world.nudges.0.fail(false);
    assert_eq!(delivery.to(&world.kintell).await.json["fate"], "new");
}

#[tokio::test]
async fn a_file_that_is_being_imported_makes_a_delivery_wait_and_then_try_again() {
    let world = World::new().await;
    let holder = world.database.owner().await;
    holder.batch_execute("SELECT pg_advisory_lock(hashtext('teei identity'))").await.unwrap();
    let delivery = sent("msg_1", &sample("session.completed"));
    let answer = delivery.to(&world.kintell).await;
    assert_eq!((answer.brief(), answer.header("retry-after")), ("503 database_unavailable".to_owned(), "2"));
    holder.batch_execute("SELECT pg_advisory_unlock(hashtext('teei identity'))").await.unwrap();
    assert_eq!(delivery.to(&world.kintell).await.json["fate"], "new");
}

#[tokio::test]
async fn nobody_is_named_outside_the_vault_and_no_answer_repeats_a_value() {
    let world = World::new().await;
    let mut body = sample("session.completed");
    body["data"]["olena@secret.example"] = json!("x");
    body["data"]["nickname"] = json!("Solja");
    let answer = sent("msg_1", &body).to(&world.kintell).await;
    assert_eq!(answer.json["unknown_fields"], json!(["nickname", "?"]));
    let mut everything = String::new();
    let tables = world
        .owner
        .query("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('core', 'intake', 'bus', 'audit')", &[])
        .await
        .unwrap();
    for table in tables {
        let table: String = table.get(0);
        write!(everything, "{}", world.text(&format!("SELECT string_agg(t::text, '|') FROM {table} t")).await).unwrap();
    }
    assert!(everything.contains("KT-WH-0001"));
    for secret in ["solomiya", "ingrid", "torde", "legen", "video-3", "Solja", "secret.example"] {
        assert!(!everything.contains(secret) && !answer.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn deliveries_are_listed_by_their_door_with_receipt_and_fates_and_files_without_them() {
    let services = Services::new().await;
    let kintell = service(services.database.db_for(ROLE), &services.nudges, &secret());
    let taken = sent("msg_1", &sample("session.completed")).to(&kintell).await;
    let id = taken.json["import_id"].as_str().unwrap().to_owned();
    let get = |path: String| {
        let gateway = services.gateway.clone();
        async move { call("GET", &path).bearer(&admin()).to(&gateway).await }
    };
    assert_eq!(get("/v1/imports".to_owned()).await.json["items"], json!([]));
    let listed = get("/v1/imports?door=webhook&source=kintell".to_owned()).await.json;
    let item = &listed["items"][0];
    assert_eq!(
        (&item["id"], &item["door"], &item["name"]),
        (&json!(id), &json!("webhook"), &json!("session.completed"))
    );
    assert!(item["key"].is_null(), "{item}");
    assert_eq!(get("/v1/imports?door=email".to_owned()).await.brief(), "400 bad_query");
    let receipt = get(format!("/v1/imports/{id}")).await.json;
    assert_eq!((&receipt["status"], &receipt["counts"]["new"]), (&json!("done"), &json!(1)), "{receipt}");
    let records = get(format!("/v1/imports/{id}/records?values=true")).await.json;
    let record = &records["items"][0];
    assert_eq!(
        (&record["fate"], &record["line"], &record["fact"]),
        (&json!("new"), &json!(1), &taken.json["fact"]["id"])
    );
    assert_eq!(
        (&record["values"]["participant_email"], &record["values"]["rating"]),
        (&json!("solomiya.webhook@newcomer.example"), &json!("4.5"))
    );
    assert_eq!(get(format!("/v1/imports/{id}/page")).await.status.as_u16(), 200);
    assert_eq!(get(format!("/v1/imports/{id}/rejects")).await.brief(), "404 not_found");
    let post = |what: &str, body: Value| call("POST", &format!("/v1/imports/{id}/{what}")).bearer(&admin()).json(&body);
    assert_eq!(post("commit", json!({ "apply_stale": true })).to(&services.gateway).await.brief(), "409 not_planned");
    assert_eq!(post("undo", json!({})).to(&services.gateway).await.brief(), "202");
}
