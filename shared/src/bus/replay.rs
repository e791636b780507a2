//! Which events a replay sends once more: what the one who asks for it and the one who does it have in common.

use jiff::Timestamp;
use tokio_postgres::{
    GenericClient,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::reconcile::first_id;
use crate::db::DbError;

/// Some of the published events that a consumer reads; all of them where nothing narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of these types.
    pub types: Option<Vec<String>>,
    /// About this fact.
    pub subject: Option<Uuid>,
    /// Of this import, and what followed from it.
    pub import: Option<Uuid>,
    /// Recorded at or after.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub until: Option<Timestamp>,
}

/// The selection as parameters `$1` to `$7` of a statement with [`SELECTED`].
pub struct Bound<'a> {
    consumer: &'a str,
    selection: &'a Selection,
    import: Option<String>,
    first: Option<Uuid>,
}

/// `p` are the events of a [`Bound`] selection.
pub const SELECTED: &str = "bus.published p
  JOIN bus.subscriptions s ON s.consumer = $1 AND s.type = p.type AND p.source = ANY (s.sources)
    AND ($2::text[] IS NULL OR p.type = ANY ($2)) AND ($3::uuid IS NULL OR p.subject = $3)
    AND ($4::text IS NULL OR p.correlation_id = $4)
    AND ($5::timestamptz IS NULL OR p.recorded_at >= $5) AND ($6::timestamptz IS NULL OR p.recorded_at < $6)
    AND ($7::uuid IS NULL OR p.event_id >= $7)";

impl Selection {
    /// Whether it is everything the consumer reads.
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// Bound to a consumer.
    pub fn bind<'a>(&'a self, consumer: &'a str) -> Bound<'a> {
        let (import, first) = (self.import.map(|id| id.to_string()), self.from.map(first_id));
        Bound { consumer, selection: self, import, first }
    }
}

impl Bound<'_> {
    /// `$1` to `$7`, and what follows.
    pub fn with<'p>(&'p self, more: &[(&'p (dyn ToSql + Sync), Type)]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
        let mut all: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&self.consumer, Type::TEXT),
            (&self.selection.types, Type::TEXT_ARRAY),
            (&self.selection.subject, Type::UUID),
            (&self.import, Type::TEXT),
            (&self.selection.from, Type::TIMESTAMPTZ),
            (&self.selection.until, Type::TIMESTAMPTZ),
            (&self.first, Type::UUID),
        ];
        all.extend(more.iter().map(|(value, kind)| (*value, kind.clone())));
        all
    }

    /// How many events of each type these are.
    pub async fn count(&self, client: &impl GenericClient) -> Result<Vec<(String, i64)>, DbError> {
        let sql = format!("SELECT p.type, count(*) FROM {SELECTED} GROUP BY 1 ORDER BY 1");
        let rows = client.query_typed(&sql, &self.with(&[])).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

/// The body of a queue's message as EventBridge delivers the event, with the replay's id in the event. The event is
/// otherwise byte for byte the one in the log.
pub fn delivery(event_id: Uuid, source: &str, kind: &str, detail: &str, replay: Uuid) -> Option<String> {
    let detail = detail.trim_end().strip_suffix('}')?;
    let (id, source, kind) =
        (event_id.to_string(), serde_json::to_string(source).ok()?, serde_json::to_string(kind).ok()?);
    let time = Timestamp::now();
    Some(format!(
        "{{\"version\":\"0\",\"id\":\"{id}\",\"detail-type\":{kind},\"source\":{source},\"account\":\"\",\"time\":\"{time:.0}\",\
         \"region\":\"\",\"resources\":[],\"detail\":{detail},\"replayid\":\"{replay}\"}}}}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::{Contract, Envelope, EventDraft, Header, SessionCompleted};

    #[test]
    fn a_replayed_event_is_the_same_event_with_the_replays_id() {
        let data = SessionCompleted::example();
        let draft = EventDraft::new(data.clone(), data.session_id, data.completed_at, "import-1");
        let sealed = Envelope::seal(draft, Timestamp::now()).unwrap();
        let (json, replay) = (sealed.to_json().unwrap(), Uuid::now_v7());
        let body = delivery(sealed.id, "teei.kintell", SessionCompleted::TYPE, &json, replay).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (whole["source"].as_str(), whole["detail-type"].as_str()),
            (Some("teei.kintell"), Some(SessionCompleted::TYPE))
        );
        assert!(body.contains(json.strip_suffix('}').unwrap()), "byte for byte");
        let detail = whole["detail"].to_string();
        assert_eq!(Header::read(&detail).unwrap().replayid, Some(replay));
        assert_eq!(Envelope::<SessionCompleted>::read(&detail).unwrap(), sealed);
        assert_eq!(Header::read(&json).unwrap().replayid, None);
    }

    #[test]
    fn a_selection_is_whole_only_when_nothing_narrows_it() {
        assert!(Selection::default().is_whole());
        assert!(!Selection { import: Some(Uuid::nil()), ..Selection::default() }.is_whole());
        assert!(!Selection { until: Some(Timestamp::now()), ..Selection::default() }.is_whole());
    }
}
