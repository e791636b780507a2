//! The projector and the further programmes, against Postgres: facts of a match, courses, retractions, removed people.

mod support;

use std::collections::BTreeMap;

use profile::projector::{derive::derive, handle, timeline};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use shared::contracts::{CourseStatus, EndReason, FactType, MatchSide};
use support::{
    PLENTY, batch,
    meetings::{app, day, event, failures, from_store, model, people, session},
    programmes::*,
    sample, seed, text,
};
use tests::Database;
use tokio_postgres::Client;
use uuid::Uuid;

async fn value(owner: &Client, sql: &str) -> Value {
    serde_json::from_str(&text(owner, sql).await).unwrap()
}

/// Who has a fact on the timeline, and on which side.
async fn holders(owner: &Client, fact: Uuid) -> Value {
    value(
        owner,
        &format!(
            "SELECT coalesce(json_object_agg(profile_id, role), '{{}}') FROM core.timeline WHERE fact_id = '{fact}'"
        ),
    )
    .await
}

/// What was told of milestones, oldest first: type, milestone, revision.
async fn told(owner: &Client) -> Value {
    value(
        owner,
        "SELECT coalesce(json_agg(json_build_array(type, detail::json->'data'->>'milestone', (detail::json->'data'->>'revision')::int)
           ORDER BY recorded_at, batch_id), '[]') FROM bus.events",
    )
    .await
}

#[tokio::test]
async fn the_samples_of_the_further_programmes_become_enrolments_and_milestones() {
    let database = Database::fresh().await;
    seed(&database).await;
    let owner = database.owner().await;
    let (app, _) = app(&database);
    for _ in 0..2 {
        let sample = serde_json::from_value(sample("profile-projector.programmes.json")).unwrap();
        assert!(failures(&handle(&app, sample, PLENTY).await).is_empty());
    }
    let person = "01900000-0000-7000-8000-000000000001";
    let enrolments = value(
        &owner,
        &format!(
            "SELECT json_agg(json_build_array(programme, role, reference, status, since, until) ORDER BY programme)
         FROM core.enrolments WHERE profile_id = '{person}' AND programme IN ('buddy', 'upskilling')"
        ),
    )
    .await;
    assert_eq!(
        enrolments,
        json!([
            [
                "buddy",
                "participant",
                "01977777-0000-7000-8000-0000000000b1",
                "completed",
                "2025-02-01T10:00:00+00:00",
                "2025-06-01T10:00:00+00:00"
            ],
            [
                "upskilling",
                "participant",
                "itslearning/NO-101",
                "completed",
                "2025-03-01T08:00:00+00:00",
                "2025-05-10T12:00:00+00:00"
            ],
        ])
    );
    let milestones = value(
        &owner,
        &format!(
            "SELECT json_object_agg(milestone, reached_at) FROM core.milestones
         WHERE profile_id = '{person}' AND milestone <> 'first_language_session'"
        ),
    )
    .await;
    assert_eq!(
        milestones,
        json!({
            "buddy_matched": "2025-02-01T10:00:00+00:00",
            "course_enrolled": "2025-03-01T08:00:00+00:00",
            "course_completed": "2025-05-10T12:00:00+00:00",
        }),
        "the credential was taken back"
    );
    let timeline = value(
        &owner,
        &format!(
            "SELECT json_object_agg(fact_type, coalesce(role, '')) FROM core.timeline
         WHERE profile_id = '{person}' AND fact_id::text LIKE '01977777%'"
        ),
    )
    .await;
    assert_eq!(
        timeline,
        json!({
            "buddy.match": "participant", "buddy.checkin": "participant", "buddy.feedback": "participant",
            "buddy.event": "", "buddy.attendance": "", "buddy.skill_share": "teacher", "buddy.milestone": "",
            "upskilling.progress": "participant", "upskilling.completion": "participant",
        })
    );
}

#[tokio::test]
async fn the_seed_is_what_the_projector_would_make_of_its_facts_and_loads_once() {
    let database = Database::fresh().await;
    seed(&database).await;
    let owner = database.owner().await;
    let everything = "SELECT json_build_array((SELECT json_agg(t ORDER BY t.profile_id, t.fact_id) FROM core.timeline t), (SELECT json_agg(m ORDER BY m.fact_id) FROM core.match_facts m),
        (SELECT count(*) FROM core.buddy_matches), (SELECT count(*) FROM core.upskilling_credentials), (SELECT count(*) FROM core.profiles))";
    let once = value(&owner, everything).await;
    seed(&database).await;
    assert_eq!(value(&owner, everything).await, once, "loading it again changes nothing");

    let mut client = database.client_for(support::meetings::ROLE).await;
    let tx = client.transaction().await.unwrap();
    let seeded: Vec<Uuid> = (1..=6).map(|n| Uuid::from_u128(0x01900000_0000_7000_8000_000000000000 + n)).collect();
    let timelines = timeline::timelines(&tx, &seeded).await.unwrap();
    assert_eq!(timelines.len(), 6);
    for (person, entries) in &timelines {
        assert_eq!(from_store(&owner, *person).await.1, derive(entries), "{person}");
    }
    // What hangs on the match is on the right timelines already.
    timeline::spread(&tx, Uuid::from_u128(0x01900000_0000_7000_8000_0000000000a3), None).await.unwrap();
    let sql = "SELECT json_agg(t ORDER BY t.profile_id, t.fact_id)::text FROM core.timeline t";
    let spread: String = tx.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(serde_json::from_str::<Value>(&spread).unwrap(), once[0]);
}

#[tokio::test]
async fn what_hangs_on_a_match_waits_for_it_and_follows_it_to_other_people() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, b, q] = people(&owner).await;
    let (app, _) = app(&database);
    let [id, seen, said, heard] = std::array::from_fn(|_| Uuid::now_v7());
    let first = [
        checkin(seen, id, 5, 1),
        feedback(said, id, MatchSide::Participant, 6, 1),
        feedback(heard, id, MatchSide::Buddy, 6, 1),
    ];
    for body in &first {
        assert!(failures(&handle(&app, batch(&[body]), PLENTY).await).is_empty());
    }
    assert_eq!(holders(&owner, seen).await, json!({}), "nobody knows yet whose check-in it is");
    handle(&app, batch(&[&matched(id, p, b, 1, 1)]), PLENTY).await;
    let both = |participant: Uuid, buddy: Uuid| json!({ participant.to_string(): "participant", buddy.to_string(): "volunteer" });
    assert_eq!(holders(&owner, seen).await, both(p, b));
    assert_eq!(
        holders(&owner, said).await,
        json!({ p.to_string(): "participant" }),
        "feedback is on its giver's timeline"
    );
    assert_eq!(holders(&owner, heard).await, json!({ b.to_string(): "volunteer" }));
    handle(&app, batch(&[&matched(id, q, b, 1, 2)]), PLENTY).await;
    assert_eq!(
        (holders(&owner, seen).await, holders(&owner, said).await),
        (both(q, b), json!({ q.to_string(): "participant" }))
    );
    // An event of the match is its people's, unless it says who came.
    let outing = Uuid::now_v7();
    handle(&app, batch(&[&logged(outing, id, &[], 9, 1)]), PLENTY).await;
    assert_eq!(holders(&owner, outing).await, both(q, b));
    handle(&app, batch(&[&logged(outing, id, &[p, q], 9, 2)]), PLENTY).await;
    assert_eq!(holders(&owner, outing).await, json!({ p.to_string(): null, q.to_string(): null }));
    handle(&app, batch(&[&retracted(FactType::BuddyMatch, id, 3)]), PLENTY).await;
    assert_eq!(holders(&owner, seen).await, json!({}));
    assert_eq!(text(&owner, "SELECT count(*) FROM core.enrolments").await, "0");
}

#[tokio::test]
async fn a_retracted_fact_stays_away_and_its_milestone_is_taken_back_and_may_be_reached_again() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p, b] = people(&owner).await;
    let (app, _) = app(&database);
    let id = Uuid::now_v7();
    let take = async |body: String| {
        assert!(failures(&handle(&app, batch(&[&body]), PLENTY).await).is_empty());
    };
    take(matched(id, p, b, 1, 1)).await;
    take(retracted(FactType::BuddyMatch, id, 3)).await;
    // The event between them comes late, and once more with a later instant.
    take(ended(id, p, b, 1, 30, EndReason::Completed, 2)).await;
    assert_eq!(from_store(&owner, p).await, Default::default());
    assert_eq!(from_store(&owner, b).await, Default::default());
    take(matched(Uuid::now_v7(), p, b, 50, 1)).await;
    let reached = "profile.milestone.reached.v1";
    let expected = json!([
        [reached, "buddy_matched", 1],
        ["fact.retracted.v1", "buddy_matched", 2],
        [reached, "buddy_matched", 3]
    ]);
    assert_eq!(told(&owner).await, expected);
    let retraction = value(&owner, "SELECT json_build_array(source, detail::json->'data', detail::json->>'subject') FROM bus.events WHERE type = 'fact.retracted.v1'").await;
    let data = json!({ "factType": "profile.milestone", "factId": p, "milestone": "buddy_matched", "reason": "undone", "revision": 2 });
    assert_eq!(retraction, json!(["teei.profile", data, p]));
    assert_eq!(text(&owner, "SELECT count(*) FROM core.retracted_milestones").await, "0", "it is reached again");
}

#[tokio::test]
async fn a_correction_that_takes_a_milestone_away_says_so() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [wrong, right, v] = people(&owner).await;
    let (app, _) = app(&database);
    let id = Uuid::now_v7();
    let corrected = shared::contracts::SessionCompleted { revision: revision(2), ..session(id, right, v, 10) };
    handle(&app, batch(&[&event(session(id, wrong, v, 10)).1, &event(corrected).1]), PLENTY).await;
    let sql =
        format!("SELECT detail::json->'data' FROM bus.events WHERE type = 'fact.retracted.v1' AND subject = '{wrong}'");
    assert_eq!(value(&owner, &sql).await["reason"], "corrected");
}

#[tokio::test]
async fn since_when_a_course_is_taken_is_the_earliest_word_of_it_also_when_that_comes_last() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let (app, _) = app(&database);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let [p] = people(&owner).await;
        let id = Uuid::now_v7();
        let words = [
            progress(id, p, "intro", CourseStatus::Enrolled, 10, 1),
            progress(id, p, "intro", CourseStatus::InProgress, 20, 2),
            progress(id, p, "intro", CourseStatus::Completed, 30, 3),
        ];
        handle(&app, batch(&order.map(|n| words[n].as_str())), PLENTY).await;
        let (facts, journey) = from_store(&owner, p).await;
        assert_eq!(facts.iter().map(|(_, _, revision)| *revision).collect::<Vec<_>>(), [3], "{order:?}");
        let enrolled: Vec<_> = journey
            .enrolments
            .into_iter()
            .map(|(place, e)| (place.reference, e.since, e.ended.map(|(_, until)| until)))
            .collect();
        assert_eq!(enrolled, [("ecornell/intro".to_owned(), day(10), Some(day(30)))], "{order:?}");
        let milestones: Vec<_> =
            journey.milestones.into_iter().map(|(name, reached)| (name.as_str(), reached.at)).collect();
        assert_eq!(milestones, [("course_enrolled", day(10)), ("course_completed", day(30))], "{order:?}");
    }
}

#[tokio::test]
async fn an_event_about_a_profile_that_an_undo_removed_is_done_and_one_about_a_stranger_is_kept() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let [p] = people(&owner).await;
    let (app, _) = app(&database);
    let (removed, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    owner.execute("INSERT INTO core.removed_profiles (profile_id) VALUES ($1)", &[&removed]).await.unwrap();
    let (gone, strange) = (Uuid::now_v7(), Uuid::now_v7());
    let bodies =
        [matched(gone, p, removed, 1, 1), matched(strange, p, stranger, 1, 1), attended(Uuid::now_v7(), removed, 2, 1)];
    let summary = handle(&app, batch(&[&bodies[0], &bodies[1], &bodies[2]]), PLENTY).await;
    assert_eq!((failures(&summary), summary.last_error), (vec!["m1"], Some("unknown_profile")));
    assert_eq!(
        holders(&owner, gone).await,
        json!({ p.to_string(): "participant" }),
        "it holds for those who are there"
    );
    assert_eq!(holders(&owner, strange).await, json!({}));
}

/// One event of a generated history: a fact by its place in the list of kinds, in some revision.
#[derive(Debug, Clone)]
struct Told {
    fact: usize,
    revision: i64,
    pair: (usize, usize),
    of: usize,
    on: i64,
    choice: usize,
    retract: bool,
}

const KINDS: [FactType; 13] = [
    FactType::BuddyMatch,
    FactType::BuddyMatch,
    FactType::BuddyCheckin,
    FactType::BuddyFeedback,
    FactType::BuddyEvent,
    FactType::BuddyEvent,
    FactType::BuddyAttendance,
    FactType::BuddySkillShare,
    FactType::BuddyMilestone,
    FactType::UpskillingProgress,
    FactType::UpskillingCompletion,
    FactType::UpskillingCredential,
    FactType::KintellSession,
];

fn histories() -> impl Strategy<Value = Vec<Told>> {
    let told =
        (0..KINDS.len(), 1..5i64, 0..3usize, 1..3usize, 0..2usize, 0..90i64, 0..8usize, proptest::bool::weighted(0.15))
            .prop_map(|(fact, revision, first, step, of, on, choice, retract)| Told {
                fact,
                // No producer tells progress again after its retraction: a new record is a new fact.
                revision: if retract && KINDS[fact] == FactType::UpskillingProgress { 9 } else { revision },
                pair: (first, (first + step) % 3),
                of,
                on,
                choice,
                retract,
            });
    // One event a fact and revision: that is what a producer promises.
    proptest::collection::vec(told, 1..24).prop_map(|all| {
        let by_key: BTreeMap<_, _> = all.into_iter().map(|told| ((told.fact, told.revision), told)).collect();
        by_key.into_values().collect()
    })
}

/// The events of a history in some order with some repeats.
fn deliveries() -> impl Strategy<Value = (Vec<Told>, Vec<usize>)> {
    histories().prop_flat_map(|history| {
        let count = history.len();
        let order = proptest::collection::vec(0..count, 0..6).prop_flat_map(move |repeats| {
            let all: Vec<usize> = (0..count).chain(repeats).collect();
            Just(all).prop_shuffle()
        });
        (Just(history), order)
    })
}

fn tell(told: &Told, facts: &[Uuid], people: &[Uuid]) -> String {
    let Told { on, revision: n, choice, .. } = *told;
    let (id, of) = (facts[told.fact], facts[told.of]);
    let (one, two) = (people[told.pair.0], people[told.pair.1]);
    if told.retract {
        return retracted(KINDS[told.fact], id, n);
    }
    let course = ["intro", "advanced"][choice % 2];
    match KINDS[told.fact] {
        FactType::BuddyMatch if choice < 3 => matched(id, one, two, on, n),
        FactType::BuddyMatch => ended(id, one, two, on, choice as i64, EndReason::ALL[choice], n),
        FactType::BuddyCheckin => checkin(id, of, on, n),
        FactType::BuddyFeedback => feedback(id, of, MatchSide::ALL[choice % 2], on, n),
        FactType::BuddyEvent if choice < 4 => logged(id, of, &[], on, n),
        FactType::BuddyEvent => logged(id, of, &[one, two], on, n),
        FactType::BuddyAttendance => attended(id, one, on, n),
        FactType::BuddySkillShare => skill_shared(id, one, two, on, n),
        FactType::BuddyMilestone => milestone(id, one, on, n),
        FactType::UpskillingProgress => progress(id, people[0], "intro", CourseStatus::ALL[choice % 4], on, n),
        FactType::UpskillingCompletion => completion(id, one, course, on, n),
        FactType::UpskillingCredential => credential(id, one, on, n),
        _ => {
            let data = session(id, one, two, on);
            event(shared::contracts::SessionCompleted { revision: revision(n), ..data }).1
        }
    }
}

/// The last word on each milestone of some people, by revision: reached (and when) or taken back.
async fn last_words(owner: &Client, people: &[Uuid]) -> BTreeMap<(Uuid, String), Option<String>> {
    let sql = "SELECT DISTINCT ON (subject, milestone) subject, milestone, reached_at FROM (
                 SELECT subject, detail::json->'data'->>'milestone' AS milestone, detail::json->'data'->>'reachedAt' AS reached_at,
                        (detail::json->'data'->>'revision')::int AS revision
                 FROM bus.events WHERE type IN ('profile.milestone.reached.v1', 'fact.retracted.v1') AND subject = ANY($1)) AS told
               ORDER BY subject, milestone, revision DESC";
    let rows = owner.query(sql, &[&people]).await.unwrap();
    rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect()
}

#[test]
fn any_order_and_any_repeats_of_any_facts_and_retractions_end_in_the_same_journeys_and_last_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::fresh());
    let (owner, app) = runtime.block_on(async { (database.owner().await, app(&database).0) });
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() });
    let result = runner.run(&deliveries(), |(history, order)| {
        runtime.block_on(async {
            let people: [Uuid; 3] = people(&owner).await;
            let facts: [Uuid; KINDS.len()] = std::array::from_fn(|_| Uuid::now_v7());
            let bodies: Vec<String> = history.iter().map(|told| tell(told, &facts, &people)).collect();
            let delivered: Vec<&str> = order.iter().map(|&n| bodies[n].as_str()).collect();
            let summary = handle(&app, batch(&delivered), PLENTY).await;
            prop_assert!(summary.reply.failures.is_empty(), "{:?}", summary.last_error);
            let mut words = last_words(&owner, &people).await;
            for person in people {
                let expected = model(&bodies, person);
                prop_assert_eq!(from_store(&owner, person).await, expected.clone());
                for (milestone, reached) in expected.1.milestones {
                    let word = words.remove(&(person, milestone.as_str().to_owned()));
                    prop_assert_eq!(word, Some(Some(reached.at.to_string())));
                }
            }
            prop_assert!(words.values().all(Option::is_none), "what holds no longer was taken back: {:?}", words);
            Ok(())
        })
    });
    result.unwrap();
}
