//! The projector dying, panicking and running many at once: one effect, and the same state.

mod support;

use std::time::Duration;

use profile::projector::{
    App, Projector, ProjectorError,
    fact::{Entry, Fact, People, Told},
    handle,
};
use rust_decimal::Decimal;
use serde_json::json;
use shared::{
    bus::{
        consumer::{Consumer, Driver},
        outbox::Outbox,
    },
    contracts::{ContractError, Revision, SessionCompleted},
    db::Db,
};
use support::{
    PLENTY, batch,
    dying::{DEATHS, Dying},
    meetings::{ROLE, app, day, event, failures, from_store, model, people, rated, session, stored},
    nudges, text,
};
use tests::Database;
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

#[tokio::test]
async fn whatever_dies_before_the_commit_a_second_delivery_ends_in_the_same_state_with_one_effect() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let [q, w] = people(&owner).await;
    let (app, nudges) = app(&database);
    for (death, code) in DEATHS {
        owner
            .batch_execute(
                "TRUNCATE core.timeline, core.enrolments, core.milestones, core.flags, bus.inbox, bus.batches CASCADE",
            )
            .await
            .unwrap();
        let dying = event(session(Uuid::now_v7(), p, v, 10));
        let db = database.db_for(ROLE);
        let driver = Driver { consumer: &Dying(death, Projector), db: &db, nudger: &nudges };
        let until = Instant::now() + Duration::from_millis(500);
        let summary = driver.run(batch(&[&dying.1]), until).await;
        assert_eq!((failures(&summary), summary.last_error), (vec!["m0"], Some(code)));
        drop(db);
        assert_eq!(stored(&owner, &[p, v]).await, json!([[], [], [], []]), "{death:?} left something behind");
        assert_eq!(
            text(
                &owner,
                "SELECT json_build_array((SELECT count(*) FROM bus.inbox), (SELECT count(*) FROM bus.events))"
            )
            .await,
            "[0, 0]"
        );

        // Delivered again, and once more after a kill between the commit and the answer.
        let neighbour = event(session(Uuid::now_v7(), q, w, 10));
        for _ in 0..2 {
            let summary = handle(&app, batch(&[&dying.1, &neighbour.1]), PLENTY).await;
            assert!(failures(&summary).is_empty(), "{death:?}");
        }
        let after = stored(&owner, &[p]).await;
        assert_eq!((after[0].as_array().unwrap().len(), after[2].as_array().unwrap().len()), (1, 1), "{death:?}");
        assert_eq!(
            text(
                &owner,
                "SELECT json_build_array((SELECT count(*) FROM bus.inbox), (SELECT count(*) FROM bus.events))"
            )
            .await,
            "[2, 2]"
        );
    }
}

#[tokio::test]
async fn a_panic_fails_its_own_message_and_the_rest_of_the_batch_is_done() {
    /// Panics on meetings of one day.
    struct Touchy;
    impl Consumer for Touchy {
        const NAME: &'static str = Projector::NAME;
        type Event = Fact;
        type Error = ProjectorError;
        fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
            Projector::read(kind, detail)
        }
        async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), ProjectorError> {
            assert!(fact.time != day(13), "a superstition");
            Projector.apply(tx, fact, outbox).await
        }
    }
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let events: Vec<_> = [12, 13, 14].map(|on| event(session(Uuid::now_v7(), p, v, on)).1).to_vec();
    let (db, nudges) = (database.db_for(ROLE), nudges());
    let driver = Driver { consumer: &Touchy, db: &db, nudger: &nudges };
    let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
    let summary = driver.run(batch(&bodies), Instant::now() + PLENTY).await;
    assert_eq!((failures(&summary), summary.last_error), (vec!["m1"], Some("panicked")));
    assert_eq!(text(&owner, "SELECT count(DISTINCT fact_id) FROM core.timeline").await, "2");
}

#[tokio::test]
async fn when_the_nudge_before_the_commit_fails_nothing_is_committed() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let (app, nudges) = app(&database);
    let (_, body) = event(session(Uuid::now_v7(), p, v, 10));
    nudges.fail(true);
    let summary = handle(&app, batch(&[&body]), PLENTY).await;
    assert_eq!((failures(&summary), summary.last_error), (vec!["m0"], Some("nudge_failed")));
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.inbox").await, "0");
    nudges.fail(false);
    assert!(failures(&handle(&app, batch(&[&body]), PLENTY).await).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_projectors_at_once_on_the_same_people_neither_deadlock_nor_lose_anything() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let people: [Uuid; 4] = people(&owner).await;
    let sessions: [Uuid; 12] = std::array::from_fn(|_| Uuid::now_v7());
    let mut bodies = Vec::new();
    for (n, id) in sessions.iter().enumerate() {
        for revision in 1..=3usize {
            let (p, v) = (people[(n + revision) % 4], people[(n + revision + 1 + n % 3) % 4]);
            let data = SessionCompleted {
                revision: Revision::new(revision as i64).unwrap(),
                ..session(*id, p, v, (n * 7 + revision) as i64)
            };
            bodies.push(event(rated(data, Decimal::new(25 * ((n + revision) % 5) as i64, 2))).1);
        }
    }
    let databases: Vec<Db> = (0..4).map(|_| database.db_for(ROLE)).collect();
    let workers = databases.into_iter().enumerate().map(|(worker, db)| {
        // Each takes everything, beginning at another place: all orders meet.
        let mut mine = bodies.clone();
        mine.rotate_left(worker * 9);
        tokio::spawn(async move {
            let app = App::new(db, Box::new(nudges()));
            let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
            failures(&handle(&app, batch(&mine), PLENTY).await).len()
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        assert_eq!(worker.await.unwrap(), 0);
    }
    for person in people {
        assert_eq!(from_store(&owner, person).await, model(&bodies, person));
    }
}

/// An effect that adds up, so that only the inbox keeps it from happening twice.
struct Counting;

impl Consumer for Counting {
    const NAME: &'static str = "counting";
    type Event = Fact;
    type Error = ProjectorError;
    fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
        Projector::read(kind, detail)
    }
    async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, _: &mut Outbox) -> Result<(), ProjectorError> {
        let sql = "UPDATE core.profiles SET revision = revision + 1 WHERE profile_id = $1";
        let participant = match &fact.told {
            Told::Holds(Entry { people: People::Named(people), .. }) => people[0].0,
            _ => unreachable!("a meeting names its people"),
        };
        tx.execute(sql, &[&participant]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn an_effect_that_adds_up_happens_once_however_often_and_at_once_the_event_is_delivered() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let (_, body) = event(session(Uuid::now_v7(), p, v, 10));
    let (one, two, nudges) = (database.db_for(ROLE), database.db_for(ROLE), nudges());
    let drive = |db| Driver { consumer: &Counting, db, nudger: &nudges };
    let until = Instant::now() + PLENTY;
    let (one, two) = (drive(&one), drive(&two));
    let (first, second) = tokio::join!(one.run(batch(&[&body, &body]), until), two.run(batch(&[&body, &body]), until));
    assert!(failures(&first).is_empty() && failures(&second).is_empty());
    assert_eq!(text(&owner, &format!("SELECT revision FROM core.profiles WHERE profile_id = '{p}'")).await, "2");
    // Another consumer has an inbox of its own.
    let (projector, _) = app(&database);
    assert!(failures(&handle(&projector, batch(&[&body]), PLENTY).await).is_empty());
    assert_eq!(
        text(&owner, "SELECT string_agg(consumer, ' ' ORDER BY consumer) FROM bus.inbox").await,
        "counting profile-projector"
    );
}

/// The projector, slow to commit.
struct Slow;

impl Consumer for Slow {
    const NAME: &'static str = Projector::NAME;
    type Event = Fact;
    type Error = ProjectorError;
    fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
        Projector::read(kind, detail)
    }
    async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), ProjectorError> {
        Projector.apply(tx, fact, outbox).await?;
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(())
    }
}

#[tokio::test]
async fn two_revisions_of_one_meeting_with_four_different_people_do_not_pass_each_other_unseen() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v, q, w] = people(&owner).await;
    let id = Uuid::now_v7();
    let first = event(session(id, p, v, 10)).1;
    let second = event(SessionCompleted { revision: Revision::FIRST.next(), ..session(id, q, w, 10) }).1;
    let (slow, nudges) = (database.db_for(ROLE), nudges());
    let driver = Driver { consumer: &Slow, db: &slow, nudger: &nudges };
    let (app, _) = app(&database);
    let late = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        handle(&app, batch(&[&second]), PLENTY).await
    };
    let (slow, fast) = tokio::join!(driver.run(batch(&[&first]), Instant::now() + PLENTY), late);
    assert!(failures(&slow).is_empty() && failures(&fast).is_empty());
    assert_eq!(stored(&owner, &[p, v]).await, json!([[], [], [], []]), "the first revision's people keep nothing");
    assert_eq!(stored(&owner, &[q, w]).await[0].as_array().unwrap().len(), 2);
}
