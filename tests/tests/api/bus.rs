//! The bus's routes: reconciliation, replays, dead letters.

use gateway::bus::queues::Depths;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, World, admin, call};

const TYPE: &str = "kintell.session.completed.v1";
const SUBJECT: &str = "01900000-0000-7000-8000-0000000000a1";
const IMPORT: &str = "01900000-0000-7000-8000-0000000000f1";

/// Published events of an hour ago: two completed sessions of an import, one scheduled, one profile that nobody reads.
async fn published(world: &World) {
    let batch = Uuid::now_v7();
    let sql = "INSERT INTO bus.batches (batch_id, count, next, state, created_at, published_at)
               VALUES ($1, 4, 5, 'published', now() - interval '1 hour', now() - interval '1 hour')";
    world.owner.execute(sql, &[&batch]).await.unwrap();
    for (seq, (kind, subject)) in
        [(TYPE, SUBJECT), (TYPE, IMPORT), ("kintell.session.scheduled.v1", IMPORT), ("profile.created.v1", IMPORT)]
            .into_iter()
            .enumerate()
    {
        let source = if kind.starts_with("profile") { "teei.profile" } else { "teei.kintell" };
        world
            .owner
            .execute(
                "INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
                 VALUES ($1, $2, $3, $4, $5, $6::text::uuid, now(), now(), $7, '{}')",
                &[&batch, &(seq as i32 + 1), &Uuid::now_v7(), &kind, &source, &subject, &IMPORT],
            )
            .await
            .unwrap();
    }
}

async fn get(world: &World, path: &str) -> Value {
    let answer = call("GET", path).bearer(&admin()).to(&world.gateway).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
    answer.json
}

async fn post(world: &World, path: &str, key: &str, body: &Value) -> Answer {
    call("POST", path).bearer(&admin()).header("idempotency-key", key).json(body).to(&world.gateway).await
}

#[tokio::test]
async fn the_reconciliation_names_consumer_type_and_the_oldest_event_that_is_missing() {
    let world = World::new().await;
    let nothing = get(&world, "/v1/bus/reconciliation").await;
    assert_eq!(
        (&nothing["status"], &nothing["outbox"]),
        (&json!("ok"), &json!({"unpublished": 0, "oldest_unpublished_seconds": 0, "refused": 0}))
    );
    published(&world).await;
    let found = get(&world, "/v1/bus/reconciliation").await;
    assert_eq!((&found["status"], &found["grace_seconds"]), (&json!("gap"), &json!(120)));
    let names: Vec<_> = found["consumers"].as_array().unwrap().iter().map(|consumer| &consumer["consumer"]).collect();
    assert_eq!(names, ["moderation-screener", "profile-projector"]);
    let consumer = &found["consumers"][1];
    let counts = ["published", "received", "failed", "replaying", "missing", "waiting", "dead_letters"]
        .map(|name| &consumer[name]);
    assert_eq!(counts, [3, 0, 0, 0, 3, 0, 0].map(|n| json!(n)).each_ref());
    let of = consumer["types"].as_array().unwrap().iter().find(|line| line["type"] == TYPE).unwrap();
    assert_eq!((&of["published"], &of["missing"], &of["oldest_gap"]["type"]), (&json!(2), &json!(2), &json!(TYPE)));
    let age = consumer["oldest_gap"]["age_seconds"].as_i64().unwrap();
    assert!((3600..3700).contains(&age) && consumer["oldest_gap"]["event_id"].is_string(), "{consumer}");

    world.letters.set("profile-projector", Depths { waiting: 3, dead: 2 });
    let found = get(&world, "/v1/bus/reconciliation?days=1&grace_seconds=0").await;
    assert_eq!((&found["status"], &found["consumers"][1]["dead_letters"]), (&json!("behind"), &json!(2)));
    world.letters.fail(true);
    let found = get(&world, "/v1/bus/reconciliation").await;
    assert_eq!((&found["status"], &found["consumers"][1]["waiting"]), (&json!("gap"), &Value::Null));
    for query in ["days=0", "days=367", "grace_seconds=86401", "days=x", "since=2025-01-01"] {
        let answer = call("GET", &format!("/v1/bus/reconciliation?{query}")).bearer(&admin()).to(&world.gateway).await;
        assert_eq!(answer.brief(), "400 bad_query", "{query}");
    }
}

#[tokio::test]
async fn a_dry_run_counts_the_selection_and_does_nothing() {
    let world = World::new().await;
    published(&world).await;
    for (selection, total) in [
        (json!({"all": true}), 3),
        (json!({"types": [TYPE]}), 2),
        (json!({"subject": SUBJECT}), 1),
        (json!({"import": IMPORT}), 3),
        (json!({"import": SUBJECT}), 0),
        (json!({"types": [TYPE], "subject": IMPORT}), 1),
        (json!({"from": "2025-01-01T00:00:00Z"}), 3),
        (json!({"until": "2025-01-01T00:00:00Z"}), 0),
        (json!({"from": "2025-01-01T00:00:00Z", "until": "2999-01-01T00:00:00+01:00"}), 3),
    ] {
        let mut body = selection.clone();
        body["consumer"] = json!("profile-projector");
        body["dry_run"] = json!(true);
        let answer = post(&world, "/v1/bus/replays", "dry", &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["total"]),
            (200, &json!(total)),
            "{selection}: {}",
            answer.text
        );
    }
    assert_eq!(world.count("SELECT count(*) FROM bus.replays").await, 0);
    assert!(world.nudges.0.delays().is_empty());
}

#[tokio::test]
async fn a_replay_is_asked_for_once_audited_and_the_relay_is_woken() {
    let world = World::new().await;
    published(&world).await;
    let body = json!({"consumer": "profile-projector", "types": [TYPE], "import": IMPORT});
    let first = post(&world, "/v1/bus/replays", "k-1", &body).await;
    assert_eq!((first.status.as_u16(), &first.json["state"], &first.json["sent"]), (202, &json!("queued"), &json!(0)));
    let id = first.json["id"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), format!("replays/{id}"));
    assert_eq!(world.nudges.0.delays(), [30, 0]);
    let again = post(&world, "/v1/bus/replays", "k-1", &body).await;
    assert_eq!((again.json["id"].as_str(), again.header("idempotency-replayed")), (Some(id.as_str()), "true"));
    let another = post(&world, "/v1/bus/replays", "k-2", &json!({"consumer": "profile-projector", "all": true})).await;
    assert_eq!(another.brief(), "409 replay_running");
    let audited =
        format!("SELECT count(*) FROM audit.log WHERE action = 'bus.replay' AND actor = 'admin-1' AND target = '{id}'");
    assert_eq!(world.count(&audited).await, 1);
    let one = get(&world, &format!("/v1/bus/replays/{id}")).await;
    assert_eq!(
        (&one["types"], &one["import"], &one["requested_by"]),
        (&json!([TYPE]), &json!(IMPORT), &json!("admin-1"))
    );
    assert_eq!(get(&world, "/v1/bus/replays?limit=1").await["items"], json!([one]));
    world
        .owner
        .batch_execute("UPDATE bus.replays SET began_at = now(), state = 'done', finished_at = now()")
        .await
        .unwrap();
    let next = post(&world, "/v1/bus/replays", "k-3", &json!({"consumer": "profile-projector", "all": true})).await;
    assert_eq!((next.status.as_u16(), &next.json["all"]), (202, &json!(true)), "{}", next.text);
    let page = get(&world, "/v1/bus/replays?limit=1").await;
    assert_eq!(page["items"][0]["id"], next.json["id"], "newest first");
    let rest = get(&world, &format!("/v1/bus/replays?limit=1&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest["items"][0]["id"], json!(id));
    let missing = call("GET", &format!("/v1/bus/replays/{}", Uuid::now_v7())).bearer(&admin()).to(&world.gateway).await;
    assert_eq!(missing.brief(), "404 not_found");
}

#[tokio::test]
async fn a_selection_that_says_nothing_or_two_things_is_refused_by_its_field() {
    let world = World::new().await;
    for (body, pointer, code) in [
        (json!({"consumer": "profile-projector"}), "/all", "selection"),
        (json!({"consumer": "profile-projector", "all": true, "types": [TYPE]}), "/all", "selection"),
        (json!({"consumer": "nobody", "all": true}), "/consumer", "unknown_consumer"),
        (json!({"consumer": "profile-projector", "types": []}), "/types", "out_of_range"),
        (json!({"consumer": "profile-projector", "types": ["profile.created.v1"]}), "/types", "not_read"),
        (
            json!({"consumer": "profile-projector", "from": "2025-01-02T00:00:00Z", "until": "2025-01-02T00:00:00Z"}),
            "/until",
            "out_of_range",
        ),
        (json!({"consumer": "profile-projector", "subject": "x"}), "/subject", "wrong_type"),
        (json!({"consumer": "profile-projector", "from": "-000001-01-01T00:00:00Z"}), "/from", "wrong_type"),
        (json!({"consumer": "profile-projector", "all": true, "typo": 1}), "/typo", "unknown_field"),
    ] {
        let answer = post(&world, "/v1/bus/replays", "k", &body).await;
        assert_eq!(answer.brief(), "422 bad_field", "{body}");
        assert_eq!(
            (&answer.json["errors"][0]["pointer"], &answer.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(world.count("SELECT count(*) FROM bus.replays").await, 0);
}

#[tokio::test]
async fn dead_letters_are_shown_with_their_reasons_and_put_back_once() {
    let world = World::new().await;
    published(&world).await;
    world
        .owner
        .batch_execute(
            "INSERT INTO bus.dead_letters (consumer, letter, event_id, code, tries)
             SELECT 'profile-projector', event_id::text, event_id, 'unknown_profile', 5 FROM bus.events WHERE seq = 1;
             INSERT INTO bus.dead_letters (consumer, letter, code) VALUES ('profile-projector', 'message-1', 'malformed_event');
             INSERT INTO bus.dead (event_id, batch_id, seq, reason, attempts) SELECT event_id, batch_id, seq, 'MalformedDetail', 1 FROM bus.events WHERE seq = 2",
        )
        .await
        .unwrap();
    world.letters.set("profile-projector", Depths { waiting: 0, dead: 2 });
    let found = get(&world, "/v1/bus/dead-letters").await;
    let of =
        |name: &str| found["items"].as_array().unwrap().iter().find(|item| item["function"] == name).unwrap().clone();
    let projector = of("profile-projector");
    assert_eq!((&projector["dead_letters"], projector["reasons"].as_array().unwrap().len()), (&json!(2), 2));
    let known: Vec<_> = projector["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| (why["code"].as_str().unwrap(), why["type"].as_str(), why["message_id"].as_str()))
        .collect();
    assert!(
        known.contains(&("unknown_profile", Some(TYPE), None))
            && known.contains(&("malformed_event", None, Some("message-1"))),
        "{known:?}"
    );
    assert_eq!(
        (&of("bus-relay")["refused"], &of("bus-relay")["reasons"][0]["code"]),
        (&json!(1), &json!("MalformedDetail"))
    );
    assert_eq!(of("kintell-import")["dead_letters"], 0);

    let body = json!({"function": "profile-projector"});
    for _ in 0..2 {
        let answer = post(&world, "/v1/bus/redrives", "r-1", &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json),
            (202, &json!({"function": "profile-projector", "dead_letters": 2, "refused": 0}))
        );
    }
    assert_eq!(world.letters.redriven(), ["profile-projector"]);
    assert_eq!(
        world.count("SELECT count(*) FROM bus.dead_letters").await,
        1,
        "what has an event's id stays until it is taken in"
    );
    let answer = post(&world, "/v1/bus/redrives", "r-2", &json!({"function": "bus-relay"})).await;
    assert_eq!(answer.json, json!({"function": "bus-relay", "dead_letters": 0, "refused": 1}));
    assert_eq!(world.count("SELECT count(*) FROM bus.dead WHERE requeued_at IS NOT NULL").await, 1);
    assert_eq!(
        (world.nudges.0.delays(), world.letters.redriven().len()),
        (vec![30, 0], 1),
        "the relay is woken; its own letters say nothing"
    );
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'bus.redrive'").await, 2);

    let unknown = post(&world, "/v1/bus/redrives", "r-3", &json!({"function": "authorizer"})).await;
    assert_eq!(
        (unknown.brief(), &unknown.json["errors"][0]["code"]),
        ("422 bad_field".to_owned(), &json!("unknown_function"))
    );
    world.letters.fail(true);
    assert_eq!(post(&world, "/v1/bus/redrives", "r-4", &body).await.brief(), "503 queue_unavailable");
    assert_eq!(
        world.count("SELECT count(*) FROM audit.log WHERE action = 'bus.redrive'").await,
        2,
        "nothing was done, nothing is noted"
    );
    assert_eq!(get(&world, "/v1/bus/dead-letters").await["items"][0]["dead_letters"], Value::Null);
}
