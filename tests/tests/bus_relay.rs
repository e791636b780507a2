//! The outbox and the relay against Postgres, under their roles: nothing is lost, whatever dies where.

mod support;

use std::{sync::Arc, time::Duration};

use bus::{App, RelayError, handle, relay};
use shared::bus::testing::MemoryQueues;
use shared::bus::{
    event_bus::{CallError, CallErrorKind, Entry},
    outbox::Outbox,
    testing::{RecordedNudges, ScriptedBus, Step},
};
use shared::contracts::{Contract, SessionCompleted};
use support::{PLENTY, bus::relay as relay_of, nudges, sample, text, write_batch};
use tests::Database;
use uuid::Uuid;

const WRITER: &str = "teei_kintell_import";

fn relay_app(database: &Database, bus: &Arc<ScriptedBus>, nudges: &Arc<RecordedNudges>) -> App<Arc<ScriptedBus>> {
    relay_of(database, bus, nudges, &Arc::new(MemoryQueues::default()))
}

fn ids(taken: &[Entry]) -> Vec<Uuid> {
    let id = |entry: &Entry| {
        serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap()["id"].as_str().unwrap().parse().unwrap()
    };
    taken.iter().map(id).collect()
}

fn unavailable() -> Step {
    Step::FailCall(CallError { code: "InternalException".to_owned(), kind: CallErrorKind::Transient })
}

const STATE: &str = "SELECT json_agg(json_build_array(count, next, state, published_at IS NOT NULL) ORDER BY created_at, batch_id) FROM bus.batches";

#[tokio::test]
async fn every_sample_invocation_publishes_what_is_pending_in_order_and_deletes_its_nudges() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    for (name, role) in [("bus-relay.json", WRITER), ("bus-relay.schedule.json", "teei_profile_projector")] {
        let (bus, nudges) = (Arc::new(ScriptedBus::default()), nudges());
        let mut written = write_batch(&database, role, 3).await;
        written.extend(write_batch(&database, "teei_profile_api", 25).await);
        let reply = handle(&relay_app(&database, &bus, &nudges), sample(name), PLENTY).await.unwrap();
        assert_eq!(serde_json::to_string(&reply).unwrap(), r#"{"batchItemFailures":[]}"#);
        assert_eq!(ids(&bus.taken()), written);
        assert_eq!(bus.requests(), [3, 10, 10, 5]);
        assert!(
            bus.taken()
                .iter()
                .all(|entry| entry.source == "teei.kintell" && entry.detail_type == "kintell.session.completed.v1")
        );
        assert_eq!(nudges.delays(), [180], "for the look at what was received");
    }
    assert_eq!(text(&owner, "SELECT string_agg(DISTINCT state, ',') FROM bus.batches").await, "published");
    assert_eq!(
        text(
            &owner,
            "SELECT last_ok_at IS NOT NULL AND last_error IS NULL FROM core.heartbeats WHERE function = 'bus-relay'"
        )
        .await,
        "true"
    );
}

#[tokio::test]
async fn an_event_of_a_transaction_that_fails_does_not_exist() {
    let database = Database::fresh().await;
    let mut client = database.client_for(WRITER).await;
    let tx = client.transaction().await.unwrap();
    let mut outbox = Outbox::new("request-1");
    let data = SessionCompleted::example();
    let draft = outbox.draft(data.clone(), data.session_id, data.completed_at);
    outbox.push(draft).unwrap();
    assert!(outbox.write(&tx).await.unwrap().is_some());
    assert_eq!(outbox.write(&tx).await.unwrap(), None, "what is written is not written again");
    tx.rollback().await.unwrap();
    let bus = Arc::new(ScriptedBus::default());
    let report = relay::run(&relay_app(&database, &bus, &nudges()), PLENTY).await.unwrap();
    assert_eq!(report, relay::Report::default());
}

#[tokio::test]
async fn thousands_of_events_of_one_transaction_are_one_batch_without_gaps_and_wait_packed() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 5_250).await;
    let owner = database.owner().await;
    assert_eq!(text(&owner, STATE).await, r#"[[5250, 1, "pending", false]]"#);
    const PACKED: &str =
        "SELECT json_agg(json_build_array(first_seq, cardinality(details)) ORDER BY first_seq) FROM bus.packed_events";
    assert_eq!(
        text(&owner, PACKED).await,
        "[[1, 1000], [1001, 1000], [2001, 1000], [3001, 1000], [4001, 1000], [5001, 250]]"
    );
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.events").await, "0");
    let (bus, nudges) = (Arc::new(ScriptedBus::default()), nudges());
    let report = relay::run(&relay_app(&database, &bus, &nudges), PLENTY).await.unwrap();
    assert_eq!((report.published, report.dead, report.work_left), (5_250, 0, false));
    assert!(ids(&bus.taken()) == written, "the order of the batch is kept");
    assert_eq!(text(&owner, PACKED).await, "");
    assert_eq!(
        text(&owner, "SELECT json_build_array(min(seq), max(seq), count(DISTINCT seq)) FROM bus.events").await,
        "[1, 5250, 5250]"
    );
}

#[tokio::test]
async fn an_event_that_was_packed_is_the_row_it_would_have_been() {
    let database = Database::fresh().await;
    write_batch(&database, WRITER, 2).await;
    write_batch(&database, WRITER, 1_000).await;
    let bus = Arc::new(ScriptedBus::default());
    relay::run(&relay_app(&database, &bus, &nudges()), PLENTY).await.unwrap();
    // All but what is each event's own, and the events' own against what they say themselves.
    let columns = "SELECT json_agg(DISTINCT jsonb_build_array(type, source, subject, occurred_at, correlation_id,
            event_id::text = j ->> 'id', abs(extract(epoch FROM recorded_at - (j ->> 'recordedtime')::timestamptz)) <= 0.000001))
        FROM bus.events, LATERAL (SELECT detail::json AS j) x GROUP BY batch_id";
    let owner = database.owner().await;
    let of_batches = text(&owner, &format!("SELECT json_agg(DISTINCT of::text) FROM ({columns}) AS b (of)")).await;
    assert_eq!(of_batches.matches("kintell.session.completed.v1").count(), 1, "{of_batches}");
    assert!(of_batches.contains("true, true]"), "{of_batches}");
}

#[tokio::test]
async fn a_relay_killed_while_it_unpacks_leaves_nothing_twice_and_nothing_out() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 1_150).await;
    let owner = database.owner().await;
    // Within the first page, and in the page whose events lie in two packed rows' reach.
    for requests_before in [2, 100] {
        let steps = std::iter::repeat_n(Step::RefuseEntries(vec![], ""), requests_before).chain([Step::TakeAndDie]);
        let bus = Arc::new(ScriptedBus::following(steps));
        let app = relay_app(&database, &bus, &nudges());
        let killed = tokio::time::timeout(Duration::from_secs(3), relay::run(&app, PLENTY)).await;
        assert!(killed.is_err(), "the relay hangs in its request until it is killed");
        drop(app);
        let both =
            "SELECT (SELECT count(*) FROM bus.events) + (SELECT sum(cardinality(details)) FROM bus.packed_events)";
        assert_eq!(text(&owner, both).await, "1150");
    }
    let bus = Arc::new(ScriptedBus::default());
    relay::run(&relay_app(&database, &bus, &nudges()), PLENTY).await.unwrap();
    assert_eq!(ids(&bus.taken()), written[1_000..], "what was written down is not published again");
    let rows = "SELECT string_agg(event_id::text, ',' ORDER BY seq) FROM bus.events";
    let all: Vec<String> = written.iter().map(Uuid::to_string).collect();
    assert!(text(&owner, rows).await == all.join(","), "each event is a row of the log, in order");
}

#[tokio::test]
async fn killed_after_a_request_the_next_relay_repeats_at_most_one_page() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 250).await;
    // Each kill hits another request: of the first page, of the second, of the last.
    for requests_before in [0, 3, 12, 1] {
        let steps = std::iter::repeat_n(Step::RefuseEntries(vec![], ""), requests_before).chain([Step::TakeAndDie]);
        let bus = Arc::new(ScriptedBus::following(steps));
        let app = relay_app(&database, &bus, &nudges());
        let killed = tokio::time::timeout(Duration::from_millis(500), relay::run(&app, PLENTY)).await;
        assert!(killed.is_err(), "the relay hangs in its request until it is killed");
        drop(app);
    }
    let before: i32 = database.owner().await.query_one("SELECT next FROM bus.batches", &[]).await.unwrap().get(0);
    assert_eq!(before, 101, "one page was written down before the third kill");
    let bus = Arc::new(ScriptedBus::default());
    relay::run(&relay_app(&database, &bus, &nudges()), PLENTY).await.unwrap();
    assert_eq!(ids(&bus.taken()), written[100..], "the page in hand is repeated whole, nothing before it");
    assert_eq!(text(&database.owner().await, STATE).await, r#"[[250, 251, "published", true]]"#);
}

#[tokio::test]
async fn a_bus_that_is_down_keeps_the_events_and_fails_the_run_so_that_the_nudge_comes_again() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 30).await;
    let bus =
        Arc::new(ScriptedBus::following(
            std::iter::once(Step::RefuseEntries(vec![], "")).chain(vec![unavailable(); 6]),
        ));
    let app = relay_app(&database, &bus, &nudges());
    let error = handle(&app, sample("bus-relay.json"), PLENTY).await.unwrap_err();
    assert!(matches!(error, RelayError::Bus(_)), "{error}");
    let owner = database.owner().await;
    assert_eq!(text(&owner, STATE).await, r#"[[30, 11, "pending", false]]"#, "what got through is written down");
    assert_eq!(
        text(&owner, "SELECT last_error FROM core.heartbeats WHERE function = 'bus-relay'").await,
        "bus_unavailable"
    );
    handle(&app, sample("bus-relay.json"), PLENTY).await.unwrap();
    assert_eq!(ids(&bus.taken()), written);
}

#[tokio::test]
async fn an_event_the_bus_refuses_for_good_is_buried_with_its_code_and_blocks_nobody() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 120).await;
    let bus = Arc::new(ScriptedBus::default());
    bus.poison(&written[104].to_string(), "MalformedDetail");
    let report = relay::run(&relay_app(&database, &bus, &nudges()), PLENTY).await.unwrap();
    assert_eq!((report.published, report.dead), (119, 1));
    let owner = database.owner().await;
    assert_eq!(text(&owner, STATE).await, r#"[[120, 121, "published", true]]"#);
    let buried = owner.query_one("SELECT event_id, seq, reason, attempts FROM bus.dead", &[]).await.unwrap();
    assert_eq!((buried.get::<_, Uuid>(0), buried.get::<_, i32>(1)), (written[104], 105));
    assert_eq!((buried.get::<_, &str>(2), buried.get::<_, i32>(3)), ("MalformedDetail", 1));
}

#[tokio::test]
async fn two_relays_at_once_publish_each_event_once() {
    let database = Database::fresh().await;
    let mut written = Vec::new();
    for _ in 0..6 {
        written.extend(write_batch(&database, WRITER, 130).await);
    }
    let bus = Arc::new(ScriptedBus::default());
    bus.pause(Duration::from_millis(2));
    let (one, two) = (relay_app(&database, &bus, &nudges()), relay_app(&database, &bus, &nudges()));
    let (first, second) = tokio::join!(relay::run(&one, PLENTY), relay::run(&two, PLENTY));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first.published > 0 && second.published > 0, "both worked: {first:?} {second:?}");
    let mut taken = ids(&bus.taken());
    taken.sort();
    written.sort();
    assert_eq!(taken, written);
}

#[tokio::test]
async fn a_batch_in_other_hands_is_left_with_a_nudge_in_case_those_hands_die() {
    let database = Database::fresh().await;
    write_batch(&database, WRITER, 5).await;
    let mut other = database.client_for("teei_bus_relay").await;
    let hands = other.transaction().await.unwrap();
    hands.query("SELECT 1 FROM bus.batches FOR UPDATE", &[]).await.unwrap();
    let (bus, nudges) = (Arc::new(ScriptedBus::default()), nudges());
    let report = relay::run(&relay_app(&database, &bus, &nudges), PLENTY).await.unwrap();
    assert!(report.work_left && bus.taken().is_empty());
    assert_eq!(nudges.delays(), [30]);
}

#[tokio::test]
async fn a_run_that_comes_to_its_time_limit_nudges_itself_or_fails() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 60).await;
    let (bus, nudges) = (Arc::new(ScriptedBus::default()), nudges());
    bus.pause(Duration::from_millis(300));
    let app = relay_app(&database, &bus, &nudges);
    let report = relay::run(&app, Duration::from_millis(1_000)).await.unwrap();
    assert!(report.work_left && report.published > 0 && report.published < 60, "{report:?}");
    assert_eq!(nudges.delays(), [0]);
    nudges.fail(true);
    let error = relay::run(&app, Duration::from_millis(10)).await.unwrap_err();
    assert!(matches!(error, RelayError::WorkLeft), "{error}");
    bus.pause(Duration::ZERO);
    relay::run(&app, PLENTY).await.unwrap();
    assert_eq!(ids(&bus.taken()), written, "page by page and without a repeat");
}

#[tokio::test]
async fn a_refused_event_is_published_again_when_somebody_asks_and_stays_refused_otherwise() {
    let database = Database::fresh().await;
    let written = write_batch(&database, WRITER, 20).await;
    let (bus, nudges) = (Arc::new(ScriptedBus::default()), nudges());
    for dead in [&written[3], &written[7]] {
        bus.poison(&dead.to_string(), "MalformedDetail");
        let app = relay_app(&database, &bus, &nudges);
        relay::run(&app, PLENTY).await.unwrap();
        if *dead == written[3] {
            // The second is refused in a batch of its own.
            database
                .owner()
                .await
                .batch_execute("UPDATE bus.batches SET next = 8, state = 'pending', published_at = NULL")
                .await
                .unwrap();
        }
    }
    let owner = database.owner().await;
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.published").await, "18");
    relay::run(&relay_app(&database, &bus, &nudges), PLENTY).await.unwrap();
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.published").await, "18", "nobody asked");

    let gateway = database.client_for("teei_gateway_api").await;
    gateway.batch_execute("UPDATE bus.dead SET requeued_at = now()").await.unwrap();
    let before = bus.taken().len();
    let report = relay::run(&relay_app(&database, &bus, &nudges), PLENTY).await.unwrap();
    assert_eq!((report.published, report.dead), (1, 1), "the second is still refused");
    assert_eq!(ids(&bus.taken()[before..]), [written[3]], "under its own id");
    let state = "SELECT json_agg(json_build_array(published_at IS NOT NULL, requeued_at IS NULL, attempts) ORDER BY seq) FROM bus.dead";
    assert_eq!(text(&owner, state).await, "[[true, true, 1], [false, true, 2]]");
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.published").await, "19");
}
