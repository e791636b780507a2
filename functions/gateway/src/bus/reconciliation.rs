//! `GET /v1/bus/reconciliation`: what was published, held against what was received.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::{
    bus::reconcile::{GRACE, Line, reconcile},
    http::{Problem, Query},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::App;

/// How far to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// Events recorded in the last so many days, 1 to 366; 7 if absent.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 366, default = 7)]
    days: Option<Days>,
    /// Events published in the last so many seconds may still be on their way and are left out, 0 to 86,400; 120 if absent.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 86_400, default = 120)]
    grace_seconds: Option<Seconds>,
}

/// 1 to 366.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
struct Days(u16);

/// 0 to 86,400.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
struct Seconds(u32);

impl TryFrom<u16> for Days {
    type Error = &'static str;

    fn try_from(days: u16) -> Result<Self, Self::Error> {
        if (1..=366).contains(&days) { Ok(Self(days)) } else { Err("not 1 to 366 days") }
    }
}

impl TryFrom<u32> for Seconds {
    type Error = &'static str;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        if seconds <= 86_400 { Ok(Self(seconds)) } else { Err("more than a day") }
    }
}

/// Whether everything arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every event that was published is received.
    Ok,
    /// What is missing may be what waits in the queue.
    Behind,
    /// A replay sends events once more.
    Replaying,
    /// Events are dead letters: the consumer has them and cannot take them in.
    Failed,
    /// Events are lost on their way: look at the rule, the bus's name and the queue.
    Gap,
}

/// The oldest event that is missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Gap {
    /// The event.
    event_id: Uuid,
    /// Its type.
    #[schema(example = "kintell.session.completed.v1")]
    #[serde(rename = "type")]
    kind: String,
    /// How long ago it was published.
    age_seconds: i64,
}

/// One type of one consumer. `published` is the sum of `received`, `failed`, `replaying` and `missing`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TypeCounts {
    /// The type.
    #[serde(rename = "type")]
    #[schema(example = "kintell.session.completed.v1")]
    kind: String,
    /// Since when the consumer takes it in; earlier events do not count.
    since: Timestamp,
    /// Events put on the bus.
    published: i64,
    /// Of those, taken in.
    received: i64,
    /// Of those, dead letters.
    failed: i64,
    /// Of those, part of a replay and not taken in again yet.
    replaying: i64,
    /// Of those, without a trace.
    missing: i64,
    /// The oldest missing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_gap: Option<Gap>,
}

/// One consumer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerCounts {
    /// Its name.
    #[schema(example = "profile-projector")]
    consumer: String,
    /// Whether everything arrived.
    status: Verdict,
    /// Events put on the bus.
    published: i64,
    /// Of those, taken in.
    received: i64,
    /// Of those, dead letters.
    failed: i64,
    /// Of those, part of a replay and not taken in again yet.
    replaying: i64,
    /// Of those, without a trace.
    missing: i64,
    /// The oldest missing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_gap: Option<Gap>,
    /// Messages in its queue; absent when the queue does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<i64>,
    /// Messages in its dead-letter queue; absent when the queue does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<i64>,
    /// Type by type.
    types: Vec<TypeCounts>,
}

/// What is not on the bus.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outbox {
    /// Events that wait to be published.
    unpublished: i64,
    /// How long the oldest of them has waited.
    oldest_unpublished_seconds: i64,
    /// Events the bus refused for good.
    refused: i64,
}

/// What was published, held against what was received.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciliation {
    /// The worst of all consumers.
    status: Verdict,
    /// When it was asked.
    at: Timestamp,
    /// Events recorded from here on are looked at.
    from: Timestamp,
    /// Events younger than this are left out.
    grace_seconds: u32,
    /// What is not on the bus yet.
    outbox: Outbox,
    /// Each consumer.
    consumers: Vec<ConsumerCounts>,
}

/// Published = received
///
/// For each consumer and type: events that were published, events that were received, and what became of the rest.
#[utoipa::path(get, path = "/v1/bus/reconciliation", operation_id = "get_bus_reconciliation", params(Window), responses(
    (status = 200, description = "The comparison", body = Reconciliation),
    (status = 400, description = "`bad_query`")))]
pub async fn get(State(app): State<Arc<App>>, Query(window): Query<Window>) -> Result<Json<Reconciliation>, Problem> {
    let at = Timestamp::now();
    let days = i64::from(window.days.map_or(7, |days| days.0));
    let from = at.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::UNIX_EPOCH);
    let grace = window.grace_seconds.map_or(GRACE, |seconds| Duration::from_secs(seconds.0.into()));
    let mut client = app.db.client().await?;
    let tx = client.build_transaction().read_only(true).start().await?;
    // Counting a year of a large log is a question that may be given up.
    tx.batch_execute("SET LOCAL statement_timeout = '10s'").await?;
    let lines = reconcile(&*tx, from, grace).await?;
    let row = tx
        .query_typed_one(
            "SELECT COALESCE(sum(count - next + 1), 0)::bigint, min(created_at),
                    (SELECT count(*) FROM bus.dead WHERE published_at IS NULL)
             FROM bus.batches WHERE state = 'pending'",
            &[],
        )
        .await?;
    tx.commit().await?;
    drop(client);
    let age = |since: Timestamp| at.duration_since(since).as_secs().max(0);
    let oldest_unpublished_seconds = row.get::<_, Option<Timestamp>>(1).map_or(0, age);
    let outbox = Outbox { unpublished: row.get(0), oldest_unpublished_seconds, refused: row.get(2) };
    let mut consumers = Vec::new();
    for lines in lines.chunk_by(|a, b| a.consumer == b.consumer) {
        consumers.push(consumer(&app, lines, at).await);
    }
    let status = consumers.iter().map(|consumer| consumer.status).max().unwrap_or(Verdict::Ok);
    Ok(Json(Reconciliation { status, at, from, grace_seconds: grace.as_secs() as u32, outbox, consumers }))
}

async fn consumer(app: &App, lines: &[Line], at: Timestamp) -> ConsumerCounts {
    let name = lines.first().map(|line| line.consumer.clone()).unwrap_or_default();
    let depths = app.bus.letters.depths(&name).await.inspect_err(|error| tracing::warn!("{error}")).ok();
    let gap = |line: &Line| {
        let (event_id, since) = line.oldest?;
        Some(Gap { event_id, kind: line.kind.clone(), age_seconds: at.duration_since(since).as_secs().max(0) })
    };
    let sum = |of: fn(&Line) -> i64| lines.iter().map(of).sum::<i64>();
    let (failed, replaying, missing) = (sum(|l| l.failed), sum(|l| l.replaying), sum(|l| l.missing));
    ConsumerCounts {
        consumer: name,
        status: verdict(missing, failed, replaying, depths.map(|depths| depths.waiting)),
        published: sum(|l| l.published),
        received: sum(|l| l.received),
        failed,
        replaying,
        missing,
        oldest_gap: lines.iter().filter_map(gap).max_by_key(|gap| gap.age_seconds),
        waiting: depths.map(|depths| depths.waiting),
        dead_letters: depths.map(|depths| depths.dead),
        types: lines
            .iter()
            .map(|line| TypeCounts {
                kind: line.kind.clone(),
                since: line.since,
                published: line.published,
                received: line.received,
                failed: line.failed,
                replaying: line.replaying,
                missing: line.missing,
                oldest_gap: gap(line),
            })
            .collect(),
    }
}

/// Without an answer of the queue, what is missing is taken for lost.
fn verdict(missing: i64, failed: i64, replaying: i64, waiting: Option<i64>) -> Verdict {
    match (missing, failed, replaying) {
        (missing, ..) if missing > waiting.unwrap_or(0) => Verdict::Gap,
        (_, failed, _) if failed > 0 => Verdict::Failed,
        (_, _, replaying) if replaying > 0 => Verdict::Replaying,
        (missing, ..) if missing > 0 => Verdict::Behind,
        _ => Verdict::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_wait_in_the_queue_is_no_gap_and_a_queue_that_does_not_answer_excuses_nothing() {
        assert_eq!(verdict(0, 0, 0, None), Verdict::Ok);
        assert_eq!(verdict(5, 0, 0, Some(5)), Verdict::Behind);
        assert_eq!(verdict(6, 0, 0, Some(5)), Verdict::Gap);
        assert_eq!(verdict(1, 0, 0, None), Verdict::Gap);
        assert_eq!(verdict(0, 1, 1, Some(0)), Verdict::Failed);
        assert_eq!(verdict(1, 0, 1, Some(9)), Verdict::Replaying);
        assert!(Verdict::Gap > Verdict::Failed && Verdict::Behind > Verdict::Ok, "the worst of all is shown");
    }
}
