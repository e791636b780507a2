//! Kintell meetings, told and looked at: what the projector's tests have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use profile::projector::{
    App,
    derive::{Because, Enrolled, Journey, Place, Programme, Reached, Role, TimelineEntry, derive},
    fact::{Entry, Fact, People, Told},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{
    bus::{consumer::Summary, testing::RecordedNudges},
    contracts::{Contract, FactType, Rater, Rating, RatingCreated, RatingScale, Revision, SessionCompleted},
};
use tests::Database;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{delivered, nudges};

pub const ROLE: &str = "teei_profile_projector";

pub fn app(database: &Database) -> (App, Arc<RecordedNudges>) {
    let nudges = nudges();
    (App::new(database.db_for(ROLE), Box::new(Arc::clone(&nudges))), nudges)
}

pub async fn people<const N: usize>(owner: &Client) -> [Uuid; N] {
    let people = std::array::from_fn(|_| Uuid::now_v7());
    owner
        .execute("INSERT INTO core.profiles (profile_id) SELECT unnest($1::uuid[])", &[&people.as_slice()])
        .await
        .unwrap();
    people
}

pub fn day(n: i64) -> Timestamp {
    "2025-01-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
}

/// A completed language session on a day, first revision.
pub fn session(id: Uuid, participant: Uuid, volunteer: Uuid, on: i64) -> SessionCompleted {
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

pub fn rated(session: SessionCompleted, rating: Decimal) -> SessionCompleted {
    SessionCompleted {
        rating: Some(Rating::new(rating).unwrap()),
        rating_scale: Some(RatingScale::OneToFive),
        ..session
    }
}

/// A rating that comes on its own, as it is delivered.
pub fn rating_of(id: Uuid, session_id: Uuid, from_role: Rater, rating: Decimal, on: i64, n: i64) -> String {
    let data = RatingCreated {
        rating_id: id,
        session_id,
        from_role,
        rating: Rating::new(rating).unwrap(),
        created_at: day(on),
        revision: Revision::new(n).unwrap(),
        ..RatingCreated::example()
    };
    delivered(data, id, day(on)).1
}

pub fn event(data: SessionCompleted) -> (Uuid, String) {
    let (id, time) = (data.session_id, data.completed_at);
    delivered(data, id, time)
}

pub fn failures(summary: &Summary) -> Vec<&str> {
    summary.reply.failures.iter().map(|failure| failure.id.as_str()).collect()
}

/// What readers see of some people's journeys, from the store; without the counters of how it came about.
pub async fn stored(owner: &Client, people: &[Uuid]) -> Value {
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

/// Where a fact stands: its kind and id, in which revision.
pub type Standing = (String, Uuid, i32);

/// The model: of each fact the newest revision, told in memory; of facts of a match, the people its newest revision
/// names; of progress, the earliest time; and what is derived from it.
pub fn model(bodies: &[String], person: Uuid) -> (BTreeSet<Standing>, Journey) {
    let mut newest: BTreeMap<(FactType, Uuid), Fact> = BTreeMap::new();
    let mut since: BTreeMap<Uuid, Timestamp> = BTreeMap::new();
    for body in bodies {
        let delivery: Value = serde_json::from_str(body).unwrap();
        let fact = Fact::read(delivery["detail-type"].as_str().unwrap(), &delivery["detail"].to_string()).unwrap();
        if let Some(time) = fact.progress_time() {
            since.entry(fact.fact_id).and_modify(|known| *known = time.min(*known)).or_insert(time);
        }
        let key = (fact.fact_type, fact.fact_id);
        if newest.get(&key).is_none_or(|known| known.revision < fact.revision) {
            newest.insert(key, fact);
        }
    }
    let named = |fact: &Fact| match &fact.told {
        Told::Holds(Entry { people: People::Named(people), .. }) => people.clone(),
        Told::Holds(Entry { people: People::OfMatch { match_id, side }, .. }) => {
            match newest.get(&(FactType::BuddyMatch, *match_id)).map(|of| &of.told) {
                Some(Told::Holds(Entry { people: People::Named(two), .. })) => {
                    two.iter().filter(|(_, role)| side.is_none() || *role == *side).copied().collect()
                }
                _ => Vec::new(),
            }
        }
        Told::Rates(_) | Told::Retracted(_) => Vec::new(),
    };
    let (mut facts, mut timeline) = (BTreeSet::new(), Vec::new());
    for fact in newest.values() {
        let Told::Holds(entry) = &fact.told else { continue };
        for (_, role) in named(fact).into_iter().filter(|(who, _)| *who == person) {
            facts.insert((fact.fact_type.as_str().to_owned(), fact.fact_id, fact.revision.get()));
            timeline.push(TimelineEntry {
                fact_id: fact.fact_id,
                event_id: fact.event_id,
                programme: entry.programme,
                role,
                occurred_at: entry.occurred_at,
                details: entry.since(since.get(&fact.fact_id).copied()).details,
            });
        }
    }
    (facts, derive(&timeline))
}

/// The same from the store.
pub async fn from_store(owner: &Client, person: Uuid) -> (BTreeSet<Standing>, Journey) {
    let sql = "SELECT fact_type, fact_id, revision FROM core.timeline WHERE profile_id = $1";
    let rows = owner.query(sql, &[&person]).await.unwrap();
    let facts = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let mut journey = Journey::default();
    let sql = "SELECT programme, role, reference, status, since, until FROM core.enrolments WHERE profile_id = $1";
    for row in owner.query(sql, &[&person]).await.unwrap() {
        let place = Place {
            programme: Programme::from_store(row.get(0)).unwrap(),
            role: Role::from_store(row.get(1)).unwrap(),
            reference: row.get(2),
        };
        journey.enrolments.insert(place, Enrolled::from_store(row.get(3), row.get(4), row.get(5)).unwrap());
    }
    let sql = "SELECT milestone, reached_at, fact_id FROM core.milestones WHERE profile_id = $1";
    for row in owner.query(sql, &[&person]).await.unwrap() {
        let reached = Reached { at: row.get(1), fact_id: row.get(2) };
        journey.milestones.insert(row.get::<_, &str>(0).parse().unwrap(), reached);
    }
    for row in owner.query("SELECT f.flag, f.because_of, ARRAY(SELECT t.event_id FROM unnest(f.because_of) WITH ORDINALITY AS b (fact, n)
        JOIN core.timeline AS t ON t.profile_id = f.profile_id AND t.fact_id = b.fact ORDER BY b.n) FROM core.flags AS f WHERE f.value AND f.profile_id = $1", &[&person]).await.unwrap() {
        journey.flags.insert(row.get::<_, &str>(0).parse().unwrap(), Because { facts: row.get(1), events: row.get(2) });
    }
    (facts, journey)
}
