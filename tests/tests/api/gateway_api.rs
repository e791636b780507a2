//! Health and imports.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use shared::{
    auth::{Access, Role, Who},
    heartbeat::Heartbeat,
    http::{Beat, Edge, Problem, problem, wrap},
};
use uuid::Uuid;

use crate::support::{Answer, World, admin, call, token};

async fn get(world: &World, path: &str) -> Answer {
    call("GET", path).bearer(&admin()).to(&world.gateway).await
}

fn status_of(answer: &Answer, service: &str) -> Value {
    let services = answer.json["services"].as_array().unwrap();
    services.iter().find(|one| one["service"] == service).unwrap()["status"].clone()
}

#[tokio::test]
async fn services_that_have_not_run_yet_are_not_down() {
    let world = World::new().await;
    let answer = call("GET", "/v1/health").to(&world.gateway).await;
    let services = ["buddy", "bus", "gateway", "kintell", "moderation", "profiles", "q2q", "upskilling"]
        .map(|service| json!({"service": service, "status": "up"}));
    assert_eq!((answer.status.as_u16(), answer.json), (200, json!({"status": "up", "services": services})));
}

#[tokio::test]
async fn a_service_is_down_from_its_failure_to_its_next_good_run() {
    let world = World::new().await;
    let db = world.database.db_for("teei_kintell_import");
    // Two instances of one function, as Lambda runs them.
    let (a, b) = (Heartbeat::new("kintell-import", "kintell"), Heartbeat::new("kintell-import", "kintell"));
    a.note(&db, None).await;
    b.note(&db, Some("database_unavailable")).await;
    let down = get(&world, "/v1/kintell/health").await;
    assert_eq!((down.status.as_u16(), &down.json["status"]), (503, &json!("down")));
    assert_eq!(down.json["last_error"], "database_unavailable");
    let whole = get(&world, "/v1/health").await;
    assert_eq!(
        (whole.status.as_u16(), status_of(&whole, "kintell"), status_of(&whole, "bus")),
        (503, json!("down"), json!("up"))
    );
    b.note(&db, None).await;
    assert_eq!(get(&world, "/v1/kintell/health").await.status.as_u16(), 200);
    // The answer for all services is kept for ten seconds.
    assert_eq!(get(&world, "/v1/health").await.status.as_u16(), 503);
}

#[tokio::test]
async fn a_heartbeat_is_written_at_most_every_ten_seconds_but_at_once_when_it_turns() {
    let world = World::new().await;
    let db = world.database.db_for("teei_kintell_import");
    let heartbeat = Heartbeat::new("kintell-import", "kintell");
    let beats = "SELECT xmin::text FROM core.heartbeats WHERE function = 'kintell-import'";
    let version = async || world.owner.query_one(beats, &[]).await.unwrap().get::<_, String>(0);
    heartbeat.note(&db, None).await;
    let first = version().await;
    heartbeat.note(&db, None).await;
    assert_eq!(version().await, first);
    heartbeat.note(&db, Some(&"x".repeat(200))).await;
    assert_ne!(version().await, first);
}

#[tokio::test]
async fn the_bus_is_down_when_events_wait_too_long() {
    let world = World::new().await;
    let waiting = "INSERT INTO bus.batches (batch_id, count, created_at) VALUES (gen_random_uuid(), 1, now() - interval '299 seconds')";
    world.owner.batch_execute(waiting).await.unwrap();
    let answer = get(&world, "/v1/bus/health").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.json["oldest_unpublished_seconds"].as_i64().unwrap() >= 299);
    world.owner.batch_execute("UPDATE bus.batches SET created_at = now() - interval '302 seconds'").await.unwrap();
    assert_eq!(get(&world, "/v1/bus/health").await.json["status"], "down");
    world
        .owner
        .batch_execute("UPDATE bus.batches SET state = 'published', next = 2, published_at = now()")
        .await
        .unwrap();
    assert_eq!(get(&world, "/v1/bus/health").await.json["status"], "up");
}

#[tokio::test]
async fn an_import_that_was_killed_makes_its_service_down_until_it_is_done() {
    let world = with_imports().await;
    let running = |ago: &str| {
        format!("UPDATE intake.imports SET attempted_at = now() - interval '{ago}' WHERE status = 'running'")
    };
    world.owner.batch_execute(&running("19 minutes")).await.unwrap();
    let answer = get(&world, "/v1/kintell/health").await;
    assert_eq!((answer.status.as_u16(), &answer.json["stuck_imports"]), (200, &json!(0)));
    world.owner.batch_execute(&running("21 minutes")).await.unwrap();
    let answer = get(&world, "/v1/kintell/health").await;
    assert_eq!((answer.status.as_u16(), &answer.json["stuck_imports"]), (503, &json!(1)));
    let anyone = call("GET", "/v1/health").to(&world.gateway).await;
    assert_eq!((status_of(&anyone, "kintell"), status_of(&anyone, "bus")), (json!("down"), json!("up")));
    assert!(!anyone.json.to_string().contains("stuck_imports"));
    let done =
        "UPDATE intake.imports SET status = 'done', outcome = 'failed', finished_at = now() WHERE status = 'running'";
    world.owner.batch_execute(done).await.unwrap();
    assert_eq!(get(&world, "/v1/kintell/health").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_makes_upskilling_down_and_is_named_to_operators() {
    let world = World::new().await;
    let fail = "INSERT INTO intake.pull_providers (provider, endpoint, configured, failures, last_error_at, last_error, resting_until)
                VALUES ('academy', 'https://lrs.example.org/statements', true, 2, now(), 'provider_unreachable', NULL),
                       ('gone', 'https://lrs.example.org/statements', false, 9, now(), 'login_refused', now() + interval '1 hour')";
    world.owner.batch_execute(fail).await.unwrap();
    let answer = get(&world, "/v1/upskilling/health").await;
    assert_eq!(answer.status.as_u16(), 200, "twice may pass, and who is not configured is nobody's worry");
    assert_eq!(answer.json["providers"].as_array().map(Vec::len), Some(1));
    let rest = "UPDATE intake.pull_providers SET failures = 3, resting_until = now() + interval '15 minutes' WHERE provider = 'academy'";
    world.owner.batch_execute(rest).await.unwrap();
    let answer = get(&world, "/v1/upskilling/health").await;
    assert_eq!(answer.status.as_u16(), 503);
    let academy = &answer.json["providers"][0];
    assert_eq!((&academy["last_error"], &academy["failures"]), (&json!("provider_unreachable"), &json!(3)));
    assert!(academy["resting_until"].is_string());
    let anyone = call("GET", "/v1/upskilling/health").to(&world.gateway).await;
    assert_eq!((anyone.json["status"].clone(), anyone.json.get("providers")), (json!("down"), None));
    let out = "UPDATE intake.pull_providers SET last_run_at = now() - interval '3 days' WHERE provider = 'academy'";
    world.owner.batch_execute(out).await.unwrap();
    assert_eq!(get(&world, "/v1/upskilling/health").await.status.as_u16(), 200, "nobody asks it any more");
}

#[tokio::test]
async fn what_a_service_stands_on_makes_it_down_and_one_request_that_fails_does_not() {
    let world = World::new().await;
    let beat =
        || Beat { heartbeat: Heartbeat::new("profile-api", "profiles"), db: world.database.db_for("teei_profile_api") };
    const ACCESS: &[Access] = &[
        Access { method: "GET", path: "/broken", who: Who::Public },
        Access { method: "GET", path: "/keys", who: Who::Public },
        Access { method: "GET", path: "/ill", who: Who::Public },
        Access { method: "GET", path: "/well", who: Who::Public },
    ];
    let routes = axum::Router::new()
        .route("/broken", axum::routing::get(|| async { Problem::internal("made to fail") }))
        .route("/keys", axum::routing::get(|| async { Problem::new(&problem::VAULT_UNAVAILABLE) }))
        .route("/ill", axum::routing::get(|| async { (http::StatusCode::SERVICE_UNAVAILABLE, "{}") }))
        .route("/well", axum::routing::get(|| async { "{}" }));
    let verifier = crate::support::verifier();
    let router = wrap(routes, std::sync::Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat()) }));
    let health = async || get(&world, "/v1/profiles/health").await;
    for (path, status, error) in [
        ("/broken", "up", Value::Null),
        ("/ill", "up", Value::Null),
        ("/keys", "down", json!("vault_unavailable")),
        ("/broken", "down", json!("vault_unavailable")),
        ("/well", "up", json!("vault_unavailable")),
    ] {
        let request = http::Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        let answer = health().await;
        assert_eq!((&answer.json["status"], &answer.json["last_error"]), (&json!(status), &error), "{path}");
    }
}

#[tokio::test]
async fn the_detail_of_health_is_for_those_who_can_do_something_about_it() {
    let world = World::new().await;
    let db = world.database.db_for("teei_bus_relay");
    Heartbeat::new("bus-relay", "bus").note(&db, Some("bus_throttled")).await;
    for role in Role::ALL {
        let answer = call("GET", "/v1/bus/health").bearer(&token(role, "somebody", None)).to(&world.gateway).await;
        let detail = matches!(role, Role::Admin | Role::Coordinator);
        assert_eq!(answer.json.get("last_error").is_some(), detail, "{}", role.name());
        assert_eq!(answer.json["status"], "down");
    }
}

#[tokio::test]
async fn a_service_nobody_knows_is_404() {
    let world = World::new().await;
    assert_eq!(get(&world, "/v1/weather/health").await.brief(), "404 not_found");
    assert_eq!(get(&world, "/v1/nothing").await.brief(), "404 not_found");
    assert_eq!(get(&world, "/").await.brief(), "404 not_found");
}

#[tokio::test]
async fn without_a_database_everything_is_down_within_its_time() {
    let nowhere =
        shared::db::Db::connect_lazy(shared::db::DbConfig::from_url("postgres://a:b@127.0.0.1:1/none").unwrap());
    let router = crate::support::gateway_service(nowhere, Default::default());
    let answer = call("GET", "/v1/health").to(&router).await;
    assert_eq!((answer.status.as_u16(), &answer.json["status"]), (503, &json!("down")));
    assert_eq!(answer.json["services"].as_array().unwrap().len(), 8);
    assert_eq!(call("GET", "/v1/bus/health").to(&router).await.json["status"], "down");
    assert_eq!(call("GET", "/v1/imports").bearer(&admin()).to(&router).await.brief(), "503 database_unavailable");
}

fn import(n: u32) -> Uuid {
    Uuid::from_u128(0x01900000_0000_7000_8000_0000000000f0 + u128::from(n))
}

/// Five imports, two of them noticed in the same moment, of different ends.
async fn with_imports() -> World {
    let world = World::new().await;
    for (n, key, created, status, outcome) in [
        (1, "kintell/sessions/a.csv", "10:00", "done", Some("loaded")),
        (2, "kintell/sessions/b.csv", "11:00", "done", Some("refused")),
        (3, "kintell/sessions/a.csv", "11:00", "done", Some("unchanged")),
        (4, "kintell/users/c d+é.csv", "12:00", "running", None),
        (5, "buddy/users/e.csv", "13:00", "done", Some("loaded")),
    ] {
        let source = key.split('/').next().unwrap();
        let receipt = outcome.map(|outcome| json!({"id": import(n), "outcome": outcome, "counts": {"records": n}}));
        world
            .owner
            .execute(
                "INSERT INTO intake.imports (import_id, source, entity, status, outcome, bucket, object_key, object_version, receipt, created_at, finished_at)
                 VALUES ($1, $2, 'sessions', $3, $4, 'drops', $5, $8, $6, $7::text::timestamptz, CASE WHEN $3 = 'done' THEN now() END)",
                &[&import(n), &source, &status, &outcome, &key, &receipt, &format!("2025-06-01T{created}:00Z"), &n.to_string()],
            )
            .await
            .unwrap();
    }
    world
}

async fn listed(world: &World, query: &str) -> Vec<u32> {
    let answer = get(world, &format!("/v1/imports{query}")).await;
    let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.brief()));
    let number = |item: &Value| (1..=5).find(|n| json!(import(*n)) == item["id"]).unwrap();
    items.iter().map(number).collect()
}

#[tokio::test]
async fn imports_are_listed_newest_first_and_filtered_exactly() {
    let world = with_imports().await;
    assert_eq!(listed(&world, "").await, [5, 4, 3, 2, 1]);
    assert_eq!(listed(&world, "?key=kintell/sessions/a.csv").await, [3, 1]);
    assert_eq!(listed(&world, "?key=kintell/users/c%20d%2B%C3%A9.csv").await, [4]);
    assert_eq!(listed(&world, "?key=kintell/sessions/a").await, Vec::<u32>::new());
    assert_eq!(listed(&world, "?source=kintell&outcome=loaded").await, [1]);
    let item = &get(&world, "/v1/imports?outcome=refused").await.json["items"][0];
    assert_eq!(
        (&item["key"], &item["counts"]["records"], &item["status"]),
        (&json!("kintell/sessions/b.csv"), &json!(2), &json!("done"))
    );
    assert_eq!(item["created_at"], "2025-06-01T11:00:00Z");
}

#[tokio::test]
async fn imports_are_filtered_by_when_they_were_noticed() {
    let world = with_imports().await;
    world
        .owner
        .execute("UPDATE intake.imports SET created_at = '2025-06-02T00:00:00Z' WHERE import_id = $1", &[&import(5)])
        .await
        .unwrap();
    for (query, expected) in [
        ("?from=2025-06-01", &[5, 4, 3, 2, 1][..]),
        ("?to=2025-06-01", &[4, 3, 2, 1]),
        ("?from=2025-06-02", &[5]),
        ("?from=2025-06-01T11:00:00Z&to=2025-06-01T12:00:00Z", &[3, 2]),
        ("?from=2025-06-01T13:00:00%2B02:00&to=2025-06-01T14:00:00.000001%2B02:00", &[4, 3, 2]),
        ("?from=2025-06-03", &[]),
        ("?from=2025-06-01&outcome=loaded&source=kintell", &[1]),
    ] {
        assert_eq!(listed(&world, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_of_imports_meet_without_gap_or_repeat_also_within_one_moment() {
    let world = with_imports().await;
    let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        seen.extend(listed(&world, &query).await);
        let answer = get(&world, &format!("/v1/imports{query}")).await;
        let Some(next) = answer.json["next"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn questions_that_cannot_be_meant_are_refused() {
    let world = with_imports().await;
    let long_ago = URL_SAFE_NO_PAD.encode(json!(["-009999-01-02T01:59:59Z", import(1)]).to_string());
    for (query, expected) in [
        ("?limit=0", "400 bad_limit"),
        ("?limit=201", "400 bad_limit"),
        ("?cursor=nonsense", "400 bad_cursor"),
        ("?outcome=Loaded", "400 bad_query"),
        ("?ouctome=loaded", "400 bad_query"),
        ("?key=a&key=b", "400 bad_query"),
        ("?key=%00", "400 bad_query"),
        ("?source=a%00b", "400 bad_query"),
        ("?from=yesterday", "400 bad_query"),
        ("?to=2025-02-30", "400 bad_query"),
        ("?from=2025-06-01T11:00:00", "400 bad_query"),
        ("?cursor=%00", "400 bad_query"),
        (&format!("?cursor={long_ago}"), "400 bad_cursor"),
    ] {
        assert_eq!(get(&world, &format!("/v1/imports{query}")).await.brief(), expected, "{query}");
    }
}

#[tokio::test]
async fn an_import_is_its_receipt_and_while_it_runs_what_is_known() {
    let world = with_imports().await;
    let done = get(&world, &format!("/v1/imports/{}", import(1))).await;
    assert_eq!(done.json, json!({"id": import(1), "outcome": "loaded", "status": "done", "counts": {"records": 1}}));
    let running = get(&world, &format!("/v1/imports/{}", import(4))).await;
    assert_eq!(
        (&running.json["status"], &running.json["outcome"], &running.json["attempts"]),
        (&json!("running"), &Value::Null, &json!(1))
    );
    assert_eq!(running.json["file"]["key"], "kintell/users/c d+é.csv");
    for path in [
        "/v1/imports/x",
        &format!("/v1/imports/{}", import(1).simple()),
        &format!("/v1/imports/{}", Uuid::now_v7()),
        &format!("/v1/imports/{}/records", Uuid::now_v7()),
    ] {
        assert_eq!(get(&world, path).await.brief(), "404 not_found", "{path}");
    }
}

/// 2,345 records in rows of 1,000, some with something to say.
async fn with_records() -> World {
    let world = with_imports().await;
    world
        .owner
        .batch_execute(&format!(
            "INSERT INTO intake.fates (import_id, first_record, lines, line_ends, fates, facts, notes)
             SELECT '{}', 1 + 1000 * p, array_agg(n + 1 ORDER BY n), array_agg(n + 1 ORDER BY n),
                    array_agg((CASE WHEN n % 7 = 0 THEN 'rejected' ELSE 'new' END)::intake.fate ORDER BY n),
                    array_agg(CASE WHEN n % 7 = 0 THEN NULL ELSE gen_random_uuid() END ORDER BY n),
                    jsonb_object_agg(n::text, jsonb_build_object('code', 'out_of_range', 'column', 'rating', 'reason', 'The rating is not from 1 to 5.')) FILTER (WHERE n % 7 = 0)
             FROM generate_series(0, 2) AS p, generate_series(1 + 1000 * p, least(2345, 1000 + 1000 * p)) AS n GROUP BY p",
            import(1)
        ))
        .await
        .unwrap();
    world
}

#[tokio::test]
async fn the_pages_of_records_are_the_view_of_records() {
    let world = with_records().await;
    let oracle: Vec<Value> = world
        .owner
        .query_one(
            "SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - 'import_id') ORDER BY record) FROM intake.records r WHERE import_id = $1",
            &[&import(1)],
        )
        .await
        .map(|row| row.get::<_, Value>(0).as_array().unwrap().clone())
        .unwrap();
    assert_eq!(oracle.len(), 2345);
    for limit in [200, 99] {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/imports/{}/records?limit={limit}{cursor}", import(1));
            let answer = get(&world, &path).await;
            items.extend(answer.json["items"].as_array().unwrap().clone());
            let Some(next) = answer.json["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(items, oracle, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_rejected_record_says_why_and_an_import_without_records_is_an_empty_list() {
    let world = with_records().await;
    let answer = get(&world, &format!("/v1/imports/{}/records?limit=7", import(1))).await;
    assert_eq!(
        answer.json["items"][6],
        json!({"record": 7, "line": 8, "line_end": 8, "fate": "rejected", "code": "out_of_range", "column": "rating", "reason": "The rating is not from 1 to 5.", "warnings": []})
    );
    assert_eq!(get(&world, &format!("/v1/imports/{}/records", import(2))).await.json, json!({"items": []}));
    for cursor in ["MjE0NzQ4MzY0Nw", "LTU"] {
        let path = format!("/v1/imports/{}/records?cursor={cursor}", import(1));
        assert_eq!(get(&world, &path).await.status.as_u16(), 200, "a made-up cursor is no crash");
    }
}
