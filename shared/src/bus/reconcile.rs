//! Published = received: what the relay has put on the bus, held against what each consumer has taken in.
//!
//! A rule that was dropped, a bus with another name, a queue that was purged: nobody's call fails, and the events are
//! gone. Here they are missing. What was published only just now may still be on its way and is left out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{GenericClient, types::Type};
use uuid::Uuid;

use crate::db::DbError;

/// How long an event may be on its way before it is missed.
pub const GRACE: Duration = Duration::from_secs(120);

/// An event's id is made when it is recorded; the clocks of two functions differ by less than this.
const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

/// What one consumer should have of one type, and has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The consumer.
    pub consumer: String,
    /// The type.
    pub kind: String,
    /// Since when it reads the type.
    pub since: Timestamp,
    /// Events put on the bus: the sum of the next four.
    pub published: i64,
    /// Of those taken in.
    pub received: i64,
    /// Of those that failed for good: they are dead letters.
    pub failed: i64,
    /// Of those that an open replay sends once more.
    pub replaying: i64,
    /// Of those without a trace.
    pub missing: i64,
    /// The oldest missing one, and since when it is missing.
    pub oldest: Option<(Uuid, Timestamp)>,
}

/// The smallest id an event recorded at this time can have: ids begin with their milliseconds.
pub fn first_id(at: Timestamp) -> Uuid {
    let at = at.saturating_sub(CLOCKS).unwrap_or(Timestamp::UNIX_EPOCH);
    Uuid::from_u128((at.as_millisecond().max(0) as u128) << 80)
}

/// Every declared type of every consumer, for events recorded since `from` and published more than `grace` ago. The
/// window is what bounds the work: events are found by their ids, which are in the order of time.
pub async fn reconcile(client: &impl GenericClient, from: Timestamp, grace: Duration) -> Result<Vec<Line>, DbError> {
    let rows = client
        .query_typed(
            STATEMENT,
            &[(&first_id(from), Type::UUID), (&from, Type::TIMESTAMPTZ), (&(grace.as_secs_f64()), Type::FLOAT8)],
        )
        .await?;
    let line = |row: &tokio_postgres::Row| Line {
        consumer: row.get(0),
        kind: row.get(1),
        since: row.get(2),
        published: row.get(3),
        received: row.get(4),
        failed: row.get(5),
        replaying: row.get(6),
        missing: row.get(7),
        oldest: row.get::<_, Option<Uuid>>(8).zip(row.get(9)),
    };
    Ok(rows.iter().map(line).collect())
}

/// A test looks at its plan.
pub const STATEMENT: &str = "
WITH expected AS (
  SELECT s.consumer, s.type, p.event_id, p.published_at, i.event_id IS NOT NULL AS received,
         d.consumer IS NOT NULL AS failed, r.replay_id IS NOT NULL AS replaying
  FROM bus.published p
  JOIN bus.subscriptions s ON s.type = p.type AND p.source = ANY (s.sources) AND p.recorded_at >= s.since
  LEFT JOIN bus.inbox i ON i.consumer = s.consumer AND i.event_id = p.event_id
  LEFT JOIN bus.dead_letters d ON d.consumer = s.consumer AND d.event_id = p.event_id
  LEFT JOIN bus.replays r ON r.consumer = s.consumer AND r.state NOT IN ('queued', 'done', 'failed')
    AND p.event_id <= r.last_event
    AND (r.types IS NULL OR p.type = ANY (r.types)) AND (r.subject IS NULL OR p.subject = r.subject)
    AND (r.import_id IS NULL OR p.correlation_id = r.import_id::text)
    AND (r.from_at IS NULL OR p.recorded_at >= r.from_at) AND (r.until_at IS NULL OR p.recorded_at < r.until_at)
  WHERE p.event_id >= $1 AND p.recorded_at >= $2 AND p.published_at <= now() - $3 * interval '1 second'
), counted AS (
  SELECT consumer, type, count(*) AS published, count(*) FILTER (WHERE received) AS received,
         count(*) FILTER (WHERE NOT received AND failed) AS failed,
         count(*) FILTER (WHERE NOT received AND NOT failed AND replaying) AS replaying,
         count(*) FILTER (WHERE NOT received AND NOT failed AND NOT replaying) AS missing,
         min(event_id::text) FILTER (WHERE NOT received AND NOT failed AND NOT replaying)::uuid AS oldest,
         min(published_at) FILTER (WHERE NOT received AND NOT failed AND NOT replaying) AS oldest_at
  FROM expected GROUP BY consumer, type
)
SELECT s.consumer, s.type, s.since, COALESCE(c.published, 0), COALESCE(c.received, 0), COALESCE(c.failed, 0),
       COALESCE(c.replaying, 0), COALESCE(c.missing, 0), c.oldest, c.oldest_at
FROM bus.subscriptions s LEFT JOIN counted c USING (consumer, type) ORDER BY s.consumer, s.type";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_from_a_time_on_are_not_below_its_first() {
        let now = Timestamp::now();
        let id = Uuid::now_v7();
        assert!(first_id(now) < id && id < first_id(now + SignedDuration::from_mins(2)));
        assert_eq!(first_id("1960-01-01T00:00:00Z".parse().unwrap()), Uuid::nil());
    }
}
