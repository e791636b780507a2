//! Kintell meetings, told and looked at: what the projector's tests have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use profile::projector::{
    App,
    derive::{Because, Journey, Reached, Role, TimelineEntry, derive},
    fact::Fact,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{
    bus::{consumer::Summary, testing::RecordedNudges},
    contracts::{Contract, Rating, RatingScale, SessionCompleted},
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

/// The model: the newest revision of each fact, told in memory, and what is derived from it.
pub fn model(bodies: &[String], person: Uuid) -> (BTreeSet<(Uuid, i32)>, Journey) {
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
pub async fn from_store(owner: &Client, person: Uuid) -> (BTreeSet<(Uuid, i32)>, Journey) {
    let rows =
        owner.query("SELECT fact_id, revision FROM core.timeline WHERE profile_id = $1", &[&person]).await.unwrap();
    let facts = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut journey = Journey::default();
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
