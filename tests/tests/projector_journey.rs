//! The projector against Postgres: whatever the order, the repeats and the kills, the journey is the same.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use profile::projector::{
    App, Projector, ProjectorError,
    derive::{Journey, TimelineEntry, derive},
    fact::Fact,
    handle,
};
use proptest::{prelude::*, test_runner::TestRunner};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{
    bus::{
        consumer::{Consumer, Driver, Summary},
        outbox::Outbox,
        testing::RecordedNudges,
    },
    contracts::{
        Cefr, Contract, ContractError, Rating, RatingScale, Revision, SessionCompleted, SessionScheduled, SessionType,
    },
    db::Db,
    error::{Classified, Retry},
};
use support::{PLENTY, batch, delivered, nudges, sample, seed, text};
use tests::Database;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

const ROLE: &str = "teei_profile_projector";

fn app(database: &Database) -> (App, Arc<RecordedNudges>) {
    let nudges = nudges();
    (App::new(database.db_for(ROLE), Box::new(Arc::clone(&nudges))), nudges)
}

async fn people<const N: usize>(owner: &Client) -> [Uuid; N] {
    let people = std::array::from_fn(|_| Uuid::now_v7());
    owner
        .execute("INSERT INTO core.profiles (profile_id) SELECT unnest($1::uuid[])", &[&people.as_slice()])
        .await
        .unwrap();
    people
}

fn day(n: i64) -> Timestamp {
    "2025-01-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
}

/// A completed language session on a day, first revision.
fn session(id: Uuid, participant: Uuid, volunteer: Uuid, on: i64) -> SessionCompleted {
    SessionCompleted {
        session_id: id,
        participant_id: participant,
        volunteer_id: volunteer,
        scheduled_at: day(on) - SignedDuration::from_hours(1),
        completed_at: day(on),
        duration_minutes: None,
        language_level: None,
        rating: None,
        rating_scale: None,
        from_role: None,
        text_id: None,
        import_id: None,
        line: None,
        ..SessionCompleted::example()
    }
}

fn rated(session: SessionCompleted, rating: Decimal) -> SessionCompleted {
    SessionCompleted {
        rating: Some(Rating::new(rating).unwrap()),
        rating_scale: Some(RatingScale::OneToFive),
        ..session
    }
}

fn event(data: SessionCompleted) -> (Uuid, String) {
    let (id, time) = (data.session_id, data.completed_at);
    delivered(data, id, time)
}

fn failures(summary: &Summary) -> Vec<&str> {
    summary.reply.failures.iter().map(|failure| failure.id.as_str()).collect()
}

/// What readers see of some people's journeys, from the store; without the counters of how it came about.
async fn stored(owner: &Client, people: &[Uuid]) -> Value {
    let name = |sql: &str| format!("SELECT coalesce(json_agg(x), '[]') FROM ({sql}) AS x");
    let queries = [
        "SELECT profile_id, fact_id, revision, event_id, programme, role, occurred_at, details->>'status' AS status,
                details->>'language_level' AS level, (details->>'rating')::numeric::text AS rating
         FROM core.timeline WHERE profile_id = ANY($1) ORDER BY 1, 2",
        "SELECT profile_id, programme, role, status, since FROM core.enrolments WHERE profile_id = ANY($1) ORDER BY 1, 2, 3",
        "SELECT profile_id, milestone, reached_at, fact_id FROM core.milestones WHERE profile_id = ANY($1) ORDER BY 1, 2",
        "SELECT profile_id, flag, because_of FROM core.flags WHERE value AND profile_id = ANY($1) ORDER BY 1, 2",
    ];
    let mut answers = Vec::new();
    for sql in queries {
        let row = owner.query_one(&format!("SELECT ({})::text", name(sql)), &[&people]).await.unwrap();
        answers.push(serde_json::from_str::<Value>(row.get(0)).unwrap());
    }
    json!(answers)
}

#[tokio::test]
async fn the_sample_becomes_timeline_enrolments_and_milestones_told_once() {
    let database = Database::fresh().await;
    seed(&database).await;
    let owner = database.owner().await;
    let (app, nudges) = app(&database);
    let sample: Value = sample("profile-projector.json");
    for delivery in 1..=3 {
        let summary = handle(&app, serde_json::from_value(sample.clone()).unwrap(), PLENTY).await;
        assert_eq!(
            serde_json::to_string(&summary.reply).unwrap(),
            r#"{"batchItemFailures":[]}"#,
            "delivery {delivery}"
        );
    }
    let person = "01900000-0000-7000-8000-000000000001";
    let milestones = text(&owner, &format!("SELECT string_agg(milestone || ' ' || revision, ', ' ORDER BY milestone) FROM core.milestones WHERE profile_id = '{person}'")).await;
    assert_eq!(
        milestones, "first_language_session 1, language_level_up 1",
        "the seed's A2, then B1; the mentoring is only scheduled"
    );
    let enrolments = text(&owner, &format!("SELECT string_agg(programme || ' ' || role, ', ' ORDER BY programme) FROM core.enrolments WHERE profile_id = '{person}'")).await;
    assert_eq!(enrolments, "language participant, mentorship participant");
    assert_eq!(
        text(&owner, &format!("SELECT revision FROM core.profiles WHERE profile_id = '{person}'")).await,
        "3",
        "one for each event"
    );

    let told: Value =
        serde_json::from_str(&text(&owner, "SELECT json_agg(detail::json) FROM bus.events").await).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told[0]["type"], "profile.milestone.reached.v1");
    assert_eq!(told[0]["time"], "2025-05-20T15:50:00Z");
    assert_eq!(told[0]["subject"], person);
    assert_eq!(told[0]["causationid"], "01977777-0000-7000-8000-0000000000e1");
    assert_eq!(told[0]["correlationid"], "01977777-0000-7000-8000-000000000001");
    let data = json!({ "profileId": person, "milestone": "language_level_up", "reachedAt": "2025-05-20T15:50:00Z", "previousMilestone": "first_language_session", "revision": 1 });
    assert_eq!(told[0]["data"], data);
    assert_eq!(nudges.delays(), [30, 0], "one before the commit, one after; none for repeats");
    assert_eq!(
        text(
            &owner,
            "SELECT service FROM core.heartbeats WHERE function = 'profile-projector' AND last_ok_at IS NOT NULL"
        )
        .await,
        "profiles"
    );
}

#[tokio::test]
async fn the_partial_sample_keeps_exactly_the_messages_that_failed() {
    let database = Database::fresh().await;
    seed(&database).await;
    let (app, _) = app(&database);
    let summary = handle(&app, serde_json::from_value(sample("profile-projector.partial.json")).unwrap(), PLENTY).await;
    let kept: Vec<_> = failures(&summary).iter().map(|id| id.chars().last().unwrap()).collect();
    assert_eq!(kept, ['1', '2', '3', '4'], "no event, a bad value, a type not taken in, a stranger; the fifth is done");
    assert_eq!(summary.last_error, Some("unknown_profile"));
    let owner = database.owner().await;
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.inbox").await, "1", "a failed message leaves no inbox row");
    assert_eq!(
        text(&owner, "SELECT last_error FROM core.heartbeats WHERE function = 'profile-projector'").await,
        "unknown_profile"
    );
}

#[tokio::test]
async fn an_earlier_session_that_arrives_later_moves_the_milestone_and_says_so() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let (app, _) = app(&database);
    let late = event(session(Uuid::now_v7(), p, v, 20));
    let early = event(session(Uuid::now_v7(), p, v, 10));
    handle(&app, batch(&[&late.1, &early.1, &late.1]), PLENTY).await;
    let told = text(&owner, "SELECT json_agg(json_build_array(detail::json->'data'->>'reachedAt', (detail::json->'data'->>'revision')::int, detail::json->>'causationid') ORDER BY recorded_at, batch_id) FROM bus.events").await;
    let expected = json!([[day(20), 1, late.0], [day(10), 2, early.0]]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), expected);
}

#[tokio::test]
async fn a_correction_takes_the_session_off_the_person_it_was_not_about() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [wrong, right, v] = people(&owner).await;
    let (app, _) = app(&database);
    let id = Uuid::now_v7();
    let first = event(session(id, wrong, v, 10));
    let second = event(SessionCompleted { revision: Revision::FIRST.next(), ..session(id, right, v, 10) });
    for (name, order) in [("in order", [&first.1, &second.1]), ("overtaken", [&second.1, &first.1])] {
        owner
            .batch_execute("TRUNCATE core.timeline, core.enrolments, core.milestones, core.flags, bus.inbox")
            .await
            .unwrap();
        handle(&app, batch(&[order[0], order[1]]), PLENTY).await;
        assert_eq!(stored(&owner, &[wrong]).await, json!([[], [], [], []]), "{name}");
        let now = stored(&owner, &[right]).await;
        assert_eq!(
            (now[0][0]["revision"].as_i64(), now[2][0]["milestone"].as_str()),
            (Some(2), Some("first_language_session")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_flag_goes_up_and_down_with_its_cause_and_the_profile_gets_a_revision_each_time_a_reader_sees_more() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let (app, _) = app(&database);
    let low = Decimal::new(25, 2);
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let first = event(rated(session(one, p, v, 10), low));
    let second = event(rated(session(two, p, v, 20), low));
    let corrected =
        event(SessionCompleted { revision: Revision::FIRST.next(), ..rated(session(two, p, v, 20), Decimal::ONE) });
    let profile = format!("SELECT revision FROM core.profiles WHERE profile_id = '{p}'");
    let mut revisions = Vec::new();
    for delivered in [&first.1, &second.1, &second.1, &corrected.1] {
        handle(&app, batch(&[delivered]), PLENTY).await;
        revisions.push(text(&owner, &profile).await);
    }
    assert_eq!(revisions, ["2", "3", "3", "4"]);
    let told = text(&owner, "SELECT json_agg(detail::json->'data' ORDER BY recorded_at, batch_id) FROM bus.events WHERE type = 'profile.flag.changed.v1'").await;
    let flag = |value: bool, because: Vec<Uuid>, revision: i32| json!({ "profileId": p, "flag": "language_support_needed", "value": value, "becauseOf": because, "revision": revision });
    assert_eq!(
        serde_json::from_str::<Value>(&told).unwrap(),
        json!([flag(true, vec![first.0, second.0], 1), flag(false, vec![], 2)])
    );
    assert_eq!(text(&owner, "SELECT json_build_array(value, because_of) FROM core.flags").await, "[false, []]");
}

/// How a consumer dies after its effect and before its commit.
#[derive(Clone, Copy, Debug)]
enum Death {
    Error,
    Panic,
    Kill,
}

struct Dying(Death);

#[derive(Debug, thiserror::Error)]
#[error("injected")]
struct Injected;

impl Classified for Injected {
    fn retry(&self) -> Retry {
        Retry::Never
    }
    fn code(&self) -> &'static str {
        "injected"
    }
}

impl From<ProjectorError> for Injected {
    fn from(_: ProjectorError) -> Self {
        Self
    }
}

impl Consumer for Dying {
    const NAME: &'static str = Projector::NAME;
    type Event = Fact;
    type Error = Injected;

    fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
        Projector::read(kind, detail)
    }

    async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), Injected> {
        Projector.apply(tx, fact, outbox).await?;
        outbox.write(tx).await.unwrap();
        match self.0 {
            Death::Error => Err(Injected),
            Death::Panic => panic!("injected"),
            Death::Kill => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn whatever_dies_before_the_commit_a_second_delivery_ends_in_the_same_state_with_one_effect() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let [q, w] = people(&owner).await;
    let (app, nudges) = app(&database);
    for (death, code) in [(Death::Error, "injected"), (Death::Panic, "panicked"), (Death::Kill, "out_of_time")] {
        owner
            .batch_execute(
                "TRUNCATE core.timeline, core.enrolments, core.milestones, core.flags, bus.inbox, bus.batches CASCADE",
            )
            .await
            .unwrap();
        let dying = event(session(Uuid::now_v7(), p, v, 10));
        let db = database.db_for(ROLE);
        let driver = Driver { consumer: &Dying(death), db: &db, nudger: &nudges };
        let until = tokio::time::Instant::now() + Duration::from_millis(500);
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
            assert!(fact.entries[0].1.occurred_at != day(13), "a superstition");
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
    let summary = driver.run(batch(&bodies), tokio::time::Instant::now() + PLENTY).await;
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

/// One event of a generated history: a session (by number) of two people (by number) in some revision.
#[derive(Debug, Clone)]
struct Told {
    session: usize,
    revision: i64,
    pair: (usize, usize),
    mentorship: bool,
    on: i64,
    completed: Option<(Option<usize>, Option<i64>)>,
}

fn histories() -> impl Strategy<Value = Vec<Told>> {
    let told =
        (0..4usize, 1..4i64, 0..4usize, 1..4usize, any::<bool>(), 0..90i64, any::<Option<(Option<u8>, Option<u8>)>>())
            .prop_map(|(session, revision, participant, step, mentorship, on, completed)| Told {
                session,
                revision,
                pair: (participant, (participant + step) % 4),
                mentorship,
                on,
                completed: completed
                    .map(|(level, rating)| (level.map(|n| n as usize % 6), rating.map(|n| i64::from(n % 5)))),
            });
    // One event a fact and revision: that is what a producer promises.
    proptest::collection::vec(told, 1..10).prop_map(|all| {
        let by_key: BTreeMap<_, _> = all.into_iter().map(|told| ((told.session, told.revision), told)).collect();
        by_key.into_values().collect()
    })
}

/// The events of a history in some order with some repeats.
fn deliveries() -> impl Strategy<Value = (Vec<Told>, Vec<usize>)> {
    histories().prop_flat_map(|history| {
        let count = history.len();
        let order = proptest::collection::vec(0..count, 0..8).prop_flat_map(move |repeats| {
            let all: Vec<usize> = (0..count).chain(repeats).collect();
            Just(all).prop_shuffle()
        });
        (Just(history), order)
    })
}

fn tell(told: &Told, sessions: &[Uuid], people: &[Uuid]) -> String {
    let (id, participant, volunteer) = (sessions[told.session], people[told.pair.0], people[told.pair.1]);
    let session_type = if told.mentorship { SessionType::Mentorship } else { SessionType::Language };
    let revision = Revision::new(told.revision).unwrap();
    match told.completed {
        None => {
            let base = SessionScheduled::example();
            let data = SessionScheduled {
                session_id: id,
                session_type,
                participant_id: participant,
                volunteer_id: volunteer,
                scheduled_at: day(told.on),
                revision,
                ..base
            };
            delivered(data, id, day(0)).1
        }
        Some((level, rating)) => {
            let data = SessionCompleted {
                session_type,
                revision,
                language_level: level.map(|n| Cefr::ALL[n]),
                ..session(id, participant, volunteer, told.on)
            };
            event(match rating {
                Some(quarter) => rated(data, Decimal::new(quarter * 25, 2)),
                None => data,
            })
            .1
        }
    }
}

/// The model: the newest revision of each fact, told in memory, and what is derived from it.
fn model(bodies: &[String], person: Uuid) -> (BTreeSet<(Uuid, i32)>, Journey) {
    let mut newest: BTreeMap<Uuid, Fact> = BTreeMap::new();
    for body in bodies {
        let delivery: Value = serde_json::from_str(body).unwrap();
        let fact = Fact::read(delivery["detail-type"].as_str().unwrap(), &delivery["detail"].to_string()).unwrap();
        if newest.get(&fact.fact_id).is_none_or(|known| known.revision < fact.revision) {
            newest.insert(fact.fact_id, fact);
        }
    }
    let mine = |fact: &Fact| {
        fact.entries
            .iter()
            .filter(|(who, _)| *who == person)
            .map(|(_, entry)| entry.clone())
            .collect::<Vec<TimelineEntry>>()
    };
    let timeline: Vec<_> = newest.values().flat_map(mine).collect();
    let facts =
        newest.values().filter(|fact| !mine(fact).is_empty()).map(|fact| (fact.fact_id, fact.revision.get())).collect();
    (facts, derive(&timeline))
}

/// The same from the store.
async fn from_store(owner: &Client, person: Uuid) -> (BTreeSet<(Uuid, i32)>, Journey) {
    let rows =
        owner.query("SELECT fact_id, revision FROM core.timeline WHERE profile_id = $1", &[&person]).await.unwrap();
    let facts = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut journey = Journey::default();
    use profile::projector::derive::{Because, Reached, Role};
    for row in owner
        .query("SELECT programme, role, since FROM core.enrolments WHERE profile_id = $1", &[&person])
        .await
        .unwrap()
    {
        let key = (row.get::<_, &str>(0).parse().unwrap(), Role::from_store(row.get(1)).unwrap());
        journey.enrolments.insert(key, row.get(2));
    }
    for row in owner
        .query("SELECT milestone, reached_at, fact_id FROM core.milestones WHERE profile_id = $1", &[&person])
        .await
        .unwrap()
    {
        journey
            .milestones
            .insert(row.get::<_, &str>(0).parse().unwrap(), Reached { at: row.get(1), fact_id: row.get(2) });
    }
    for row in owner.query("SELECT f.flag, f.because_of, ARRAY(SELECT t.event_id FROM unnest(f.because_of) WITH ORDINALITY AS b (fact, n)
        JOIN core.timeline AS t ON t.profile_id = f.profile_id AND t.fact_id = b.fact ORDER BY b.n) FROM core.flags AS f WHERE f.value AND f.profile_id = $1", &[&person]).await.unwrap() {
        journey.flags.insert(row.get::<_, &str>(0).parse().unwrap(), Because { facts: row.get(1), events: row.get(2) });
    }
    (facts, journey)
}

#[test]
fn any_order_and_any_repeats_of_any_revisions_end_in_the_same_timeline_and_journey() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::fresh());
    let (owner, app) = runtime.block_on(async { (database.owner().await, app(&database).0) });
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() });
    let result = runner.run(&deliveries(), |(history, order)| {
        runtime.block_on(async {
            let people: [Uuid; 4] = people(&owner).await;
            let sessions: [Uuid; 4] = std::array::from_fn(|_| Uuid::now_v7());
            let bodies: Vec<String> = history.iter().map(|told| tell(told, &sessions, &people)).collect();
            let delivered: Vec<&str> = order.iter().map(|&n| bodies[n].as_str()).collect();
            let summary = handle(&app, batch(&delivered), PLENTY).await;
            prop_assert!(summary.reply.failures.is_empty());
            for person in people {
                prop_assert_eq!(from_store(&owner, person).await, model(&bodies, person));
            }
            Ok(())
        })
    });
    result.unwrap();
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
