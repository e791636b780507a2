//! The projector against Postgres: whatever the order and the repeats, the journey is the same.

mod support;

use std::collections::BTreeMap;

use profile::projector::handle;
use proptest::{prelude::*, test_runner::TestRunner};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::contracts::{
    Cefr, Contract, FactRetracted, FactType, Rater, RetractionReason, Revision, SessionCompleted, SessionScheduled,
    SessionType,
};
use support::{
    PLENTY, batch, delivered,
    meetings::{app, day, event, failures, from_store, model, people, rated, rating_of, session, stored},
    sample, seed, text,
};
use tests::Database;
use uuid::Uuid;

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

#[tokio::test]
async fn a_flag_that_stays_up_for_another_reason_is_no_news_and_no_new_revision() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, v] = people(&owner).await;
    let (app, _) = app(&database);
    let ids: [Uuid; 3] = std::array::from_fn(|_| Uuid::now_v7());
    let told = [0, 1, 2].map(|n| event(rated(session(ids[n], p, v, 10 + 10 * n as i64), Decimal::ZERO)).1);
    let seen = format!(
        "SELECT json_build_array((SELECT revision FROM core.profiles WHERE profile_id = '{p}'), (SELECT count(*) FROM bus.events), (SELECT to_json(because_of) FROM core.flags))"
    );
    let mut after = Vec::new();
    for body in &told {
        handle(&app, batch(&[body]), PLENTY).await;
        after.push(serde_json::from_str::<Value>(&text(&owner, &seen).await).unwrap());
    }
    let expected = [json!([2, 1, null]), json!([3, 2, [ids[0], ids[1]]]), json!([3, 2, [ids[1], ids[2]]])];
    assert_eq!(after, expected);
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

/// The flags that are up for somebody.
async fn flags(owner: &tokio_postgres::Client, person: Uuid) -> String {
    let sql =
        format!("SELECT string_agg(flag, ', ' ORDER BY flag) FROM core.flags WHERE value AND profile_id = '{person}'");
    text(owner, &sql).await
}

async fn take_in(app: &profile::projector::App, bodies: &[&str]) {
    assert_eq!(failures(&handle(app, batch(bodies), PLENTY).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_rating_on_its_own_counts_for_its_session_whichever_of_the_two_is_told_first() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [before, after, volunteer] = people(&owner).await;
    let (app, _) = app(&database);
    let good = Decimal::ONE;
    for (person, ratings_first) in [(before, true), (after, false)] {
        let sessions: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        let told: Vec<String> =
            sessions.iter().zip(0..).map(|(id, n)| event(session(*id, person, volunteer, n)).1).collect();
        let ratings: Vec<String> =
            sessions.iter().map(|id| rating_of(Uuid::now_v7(), *id, Rater::Participant, good, 9, 1)).collect();
        let (first, then) = if ratings_first { (&ratings, &told) } else { (&told, &ratings) };
        take_in(&app, &first.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(flags(&owner, person).await, "");
        for _ in 0..2 {
            take_in(&app, &then.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
        assert_eq!(flags(&owner, person).await, "mentor_ready");
        let because = format!(
            "SELECT (SELECT array_agg(x ORDER BY x) FROM unnest(because_of) x) = ARRAY(SELECT unnest('{{{}}}'::uuid[]) x ORDER BY x)
             FROM core.flags WHERE value AND profile_id = '{person}'",
            sessions.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
        );
        assert_eq!(text(&owner, &because).await, "true", "the cause is the sessions");
    }
}

#[tokio::test]
async fn of_several_ratings_the_sessions_own_wins_then_the_participants_newest() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [participant, volunteer] = people(&owner).await;
    let (app, _) = app(&database);
    let (low, high) = (Decimal::new(25, 2), Decimal::ONE);
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let first = rated(session(one, participant, volunteer, 1), low);
    take_in(&app, &[&event(first).1, &event(session(two, participant, volunteer, 2)).1]).await;
    take_in(&app, &[&rating_of(Uuid::now_v7(), one, Rater::Participant, high, 5, 1)]).await;
    take_in(&app, &[&rating_of(Uuid::now_v7(), two, Rater::Volunteer, low, 9, 1)]).await;
    assert_eq!(flags(&owner, participant).await, "language_support_needed", "the volunteer's, where there is no other");
    let mine = Uuid::now_v7();
    take_in(&app, &[&rating_of(mine, two, Rater::Participant, high, 5, 2)]).await;
    assert_eq!(flags(&owner, participant).await, "", "the participant's before the volunteer's");
    take_in(&app, &[&rating_of(mine, two, Rater::Participant, low, 5, 1)]).await;
    assert_eq!(flags(&owner, participant).await, "", "an older revision that comes late");
    let gone = |n| {
        let data = FactRetracted {
            fact_type: FactType::KintellRating,
            fact_id: mine,
            milestone: None,
            reason: RetractionReason::Undone,
            revision: Revision::new(n).unwrap(),
        };
        delivered(data, mine, day(20)).1
    };
    take_in(&app, &[&gone(3)]).await;
    assert_eq!(flags(&owner, participant).await, "language_support_needed", "taken back, the volunteer's counts again");
    take_in(&app, &[&rating_of(mine, two, Rater::Participant, high, 5, 2), &gone(3)]).await;
    assert_eq!(flags(&owner, participant).await, "language_support_needed", "what was taken back does not come back");
}

#[tokio::test]
async fn the_sample_of_a_replay_puts_the_fact_in_and_tells_what_follows_at_its_end() {
    let database = Database::fresh().await;
    seed(&database).await;
    let owner = database.owner().await;
    let (app, nudges) = app(&database);
    let sample: Value = sample("profile-projector.replay.json");
    let only = |n: usize| serde_json::from_value(json!({ "Records": [sample["Records"][n]] })).unwrap();
    assert!(failures(&handle(&app, only(0), PLENTY).await).is_empty());
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.events").await, "0");
    assert!(nudges.delays().is_empty());
    assert!(failures(&handle(&app, only(1), PLENTY).await).is_empty());
    assert_eq!(
        text(&owner, "SELECT detail::json->'data'->>'milestone' FROM bus.events").await,
        "language_level_up",
        "as the sample without a replay"
    );
    assert_eq!(nudges.delays(), [30, 0]);
}
