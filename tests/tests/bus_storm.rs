//! Whatever the bus answers and whoever is killed: no event is lost, and none has its effect twice.

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bus::relay;
use profile::projector::ProjectorError;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use shared::{
    bus::{
        consumer::{Consumer, Driver},
        event_bus::{CallError, CallErrorKind},
        outbox::Outbox,
        testing::{MemoryQueues, ScriptedBus, Step},
    },
    contracts::{Contract, ContractError, Envelope, SessionCompleted},
};
use support::{batch, bus::relay as relay_of, nudges, text, write_batch};
use tests::Database;
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

/// What the bus does with a request.
fn any_step() -> impl Strategy<Value = Step> {
    let places = || proptest::collection::vec(0usize..10, 1..6);
    let call = |code: &str, kind| Step::FailCall(CallError { code: code.to_owned(), kind });
    prop_oneof![
        6 => Just(Step::RefuseEntries(vec![], "")),
        3 => places().prop_map(|places| Step::RefuseEntries(places, "ThrottlingException")),
        2 => places().prop_map(|places| Step::RefuseEntries(places, "InternalFailure")),
        1 => places().prop_map(|places| Step::RefuseEntries(places, "MalformedDetail")),
        1 => places().prop_map(|places| Step::RefuseEntries(places, "NotAuthorizedForSourceException")),
        2 => Just(Step::LoseAnswer),
        3 => Just(Step::TakeAndDie),
        1 => Just(call("InternalException", CallErrorKind::Transient)),
        1 => Just(call("RequestEntityTooLarge", CallErrorKind::Rejected)),
        1 => Just(call("AccessDeniedException", CallErrorKind::Refused)),
    ]
}

/// An effect that adds up, and takes a moment in which it can be killed.
struct Counting;

impl Consumer for Counting {
    const NAME: &'static str = "profile-projector";
    type Event = SessionCompleted;
    type Error = ProjectorError;

    fn read(_: &str, detail: &str) -> Result<SessionCompleted, ContractError> {
        Ok(Envelope::<SessionCompleted>::read(detail)?.data)
    }

    async fn apply(
        &self,
        tx: &Transaction<'_>,
        event: &SessionCompleted,
        _: &mut Outbox,
    ) -> Result<(), ProjectorError> {
        let sql = "UPDATE core.profiles SET revision = revision + 1 WHERE profile_id = $1";
        tx.execute(sql, &[&event.participant_id]).await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(())
    }
}

#[test]
fn no_event_is_lost_and_no_effect_is_there_twice_whatever_the_bus_answers_and_whoever_is_killed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = runtime.block_on(Database::fresh());
    let mut runner = TestRunner::new(Config { cases: 12, max_shrink_iters: 20, ..Config::default() });
    let batches = proptest::collection::vec(1usize..130, 1..4);
    let strategy = (batches, proptest::collection::vec(any_step(), 1..14), proptest::collection::vec(1u64..40, 1..4));
    runner
        .run(&strategy, |(batches, script, kills)| {
            runtime.block_on(one(&database, &batches, script, &kills));
            Ok(())
        })
        .unwrap();
}

async fn one(database: &Database, batches: &[usize], script: Vec<Step>, kills: &[u64]) {
    let owner = database.owner().await;
    owner
        .batch_execute("TRUNCATE bus.batches, bus.events, bus.dead, bus.inbox, bus.dead_letters CASCADE")
        .await
        .unwrap();
    let person = SessionCompleted::example().participant_id;
    let sql = "INSERT INTO core.profiles (profile_id) VALUES ($1) ON CONFLICT (profile_id) DO UPDATE SET revision = 1";
    owner.execute(sql, &[&person]).await.unwrap();
    let mut written = BTreeSet::new();
    for count in batches {
        written.extend(write_batch(database, "teei_kintell_import", *count).await);
    }

    // The relay, killed where the script says and where half a second is over, until everything is told.
    let (steps, bus) = (script.len(), Arc::new(ScriptedBus::following(script)));
    let (nudges, queues) = (nudges(), Arc::new(MemoryQueues::default()));
    for run in 0.. {
        let app = relay_of(database, &bus, &nudges, &queues);
        let _ = tokio::time::timeout(Duration::from_millis(500), relay::run(&app, Duration::from_secs(30))).await;
        drop(app);
        if text(&owner, "SELECT count(*) FROM bus.batches WHERE state = 'pending'").await == "0" {
            break;
        }
        assert!(run < 3 * steps + 5, "the relay does not come to an end");
    }
    let taken = bus.taken();
    let detail =
        |entry: &shared::bus::event_bus::Entry| serde_json::from_str::<serde_json::Value>(&entry.detail).unwrap();
    let told: BTreeSet<Uuid> =
        taken.iter().map(|entry| detail(entry)["id"].as_str().unwrap().parse().unwrap()).collect();
    let dead = owner.query("SELECT event_id FROM bus.dead", &[]).await.unwrap();
    let dead: BTreeSet<Uuid> = dead.iter().map(|row| row.get(0)).collect();
    assert_eq!(&told | &dead, written, "each event is on the bus, or dead with a reason");
    let reasons = text(&owner, "SELECT coalesce(string_agg(DISTINCT reason, ' '), '') FROM bus.dead").await;
    assert!(["", "MalformedDetail", "RequestEntityTooLarge"].contains(&reasons.as_str()), "{reasons}");

    // The consumer, killed after so many milliseconds, and given what it did not finish again.
    let bodies: Vec<String> = taken
        .iter()
        .map(|entry| serde_json::json!({ "detail-type": entry.detail_type, "detail": detail(entry) }).to_string())
        .collect();
    let mut open: Vec<&str> = bodies.iter().map(String::as_str).collect();
    for milliseconds in kills.iter().copied().map(Some).chain(std::iter::repeat(None)) {
        if open.is_empty() {
            break;
        }
        let db = database.db_for("teei_profile_projector");
        let driver = Driver { consumer: &Counting, db: &db, nudger: &nudges };
        let until = Instant::now() + Duration::from_secs(60);
        let run = driver.run(batch(&open), until);
        open = match milliseconds {
            Some(limit) => match tokio::time::timeout(Duration::from_millis(limit), run).await {
                // Killed: the queue heard nothing.
                Err(_) => open,
                Ok(summary) => left(&open, &summary.reply.failures),
            },
            None => left(&open, &run.await.reply.failures),
        };
    }
    let effects = text(&owner, &format!("SELECT revision - 1 FROM core.profiles WHERE profile_id = '{person}'")).await;
    assert_eq!(effects, told.len().to_string(), "one effect an event, however often it was told");
}

fn left<'a>(open: &[&'a str], failures: &[shared::bus::consumer::ItemFailure]) -> Vec<&'a str> {
    failures.iter().map(|failure| open[failure.id[1..].parse::<usize>().unwrap()]).collect()
}
