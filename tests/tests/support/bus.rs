//! The bus from end to end in one process: outbox, relay, the rule of the projector, its queue, the projector.

use std::sync::Arc;

use profile::projector;
use serde_json::{Value, json};
use shared::{
    bus::testing::{MemoryQueues, RecordedNudges, ScriptedBus},
    contracts::consumers::PROFILE_PROJECTOR,
};
use tests::Database;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{PLENTY, batch, meetings, nudges, text};

pub type Relay = bus::App<Arc<ScriptedBus>>;

pub fn relay(
    database: &Database,
    bus: &Arc<ScriptedBus>,
    nudges: &Arc<RecordedNudges>,
    queues: &Arc<MemoryQueues>,
) -> Relay {
    let (nudges, queues) = (Box::new(Arc::clone(nudges)), Box::new(Arc::clone(queues)));
    bus::App::new(database.db_for("teei_bus_relay"), Arc::clone(bus), nudges, queues, "test".to_owned())
}

pub struct Platform {
    pub database: Database,
    pub owner: Client,
    pub bus: Arc<ScriptedBus>,
    pub queues: Arc<MemoryQueues>,
    pub nudges: Arc<RecordedNudges>,
    pub relay: Relay,
    pub projector: projector::App,
    delivered: usize,
}

impl Platform {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let (bus, queues, nudges) = (Arc::new(ScriptedBus::default()), Arc::new(MemoryQueues::default()), nudges());
        let relay = relay(&database, &bus, &nudges, &queues);
        let (projector, _) = meetings::app(&database);
        let owner = database.owner().await;
        Self { database, owner, bus, queues, nudges, relay, projector, delivered: 0 }
    }

    /// Writes events that were made for delivery into the outbox, as one batch.
    pub async fn log(&self, bodies: &[String]) {
        log(&self.owner, bodies).await;
    }

    /// What the rule lets through of what came onto the bus since the last call.
    pub fn on_the_bus(&mut self) -> Vec<String> {
        let taken = self.bus.taken();
        let new = taken[self.delivered..].iter().filter(|entry| {
            let service = entry.source.strip_prefix("teei.").unwrap();
            PROFILE_PROJECTOR.reads.iter().any(|reads| reads.kind == entry.detail_type && reads.from.contains(&service))
        });
        let body = |entry: &shared::bus::event_bus::Entry| {
            let detail: Value = serde_json::from_str(&entry.detail).unwrap();
            json!({ "detail-type": entry.detail_type, "source": entry.source, "detail": detail }).to_string()
        };
        let bodies = new.map(body).collect();
        self.delivered = taken.len();
        bodies
    }

    /// Gives messages to the projector; how many it did not finish.
    pub async fn deliver(&self, bodies: &[String]) -> usize {
        let mut failed = 0;
        for bodies in bodies.chunks(100) {
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            failed += projector::handle(&self.projector, batch(&bodies), PLENTY).await.reply.failures.len();
        }
        failed
    }

    /// What replays have put into the projector's queue.
    pub fn queued(&self) -> Vec<String> {
        self.queues.take().into_iter().map(|(_, body)| body).collect()
    }

    pub async fn publish(&self) -> bus::relay::Report {
        bus::relay::run(&self.relay, PLENTY).await.unwrap()
    }

    /// Until nothing moves any more. Messages that fail are given up.
    pub async fn settle(&mut self) {
        for _ in 0..50 {
            let report = self.publish().await;
            let mut bodies = self.on_the_bus();
            bodies.extend(self.queued());
            if report.published == 0 && report.replayed == 0 && bodies.is_empty() {
                return;
            }
            self.deliver(&bodies).await;
        }
        panic!("fifty rounds, and something still moves");
    }

    /// Asks for a replay, as `gateway-api` does; of everything, or of these types.
    pub async fn replay(&self, types: Option<&[&str]>) -> Uuid {
        let (id, gateway) = (Uuid::now_v7(), self.database.client_for("teei_gateway_api").await);
        gateway
            .execute(
                "INSERT INTO bus.replays (replay_id, consumer, whole, types, requested_by) VALUES ($1, 'profile-projector', $2, $3, 'test')",
                &[&id, &types.is_none(), &types],
            )
            .await
            .unwrap();
        id
    }

    /// State, total, sent, taken in, failed.
    pub async fn progress(&self, replay: Uuid) -> Value {
        let sql = format!(
            "SELECT json_build_array(state, total, sent, taken_in, failed) FROM bus.replays WHERE replay_id = '{replay}'"
        );
        serde_json::from_str(&text(&self.owner, &sql).await).unwrap()
    }

    /// What the projector made of events, to the last column.
    pub async fn projection(&self) -> Value {
        let mut all = json!({});
        for table in TABLES {
            let sql = format!("SELECT coalesce(json_agg(t ORDER BY t::text), '[]') FROM core.{table} t");
            all[table] = serde_json::from_str(&text(&self.owner, &sql).await).unwrap();
        }
        all["profiles"] = serde_json::from_str(
            &text(
                &self.owner,
                "SELECT json_agg(json_build_array(profile_id, revision) ORDER BY profile_id) FROM core.profiles",
            )
            .await,
        )
        .unwrap();
        all
    }

    /// How many events were ever told.
    pub async fn told(&self) -> String {
        text(&self.owner, "SELECT count(*) FROM bus.events").await
    }
}

pub const TABLES: [&str; 8] = [
    "timeline",
    "match_facts",
    "retracted_facts",
    "session_ratings",
    "enrolments",
    "milestones",
    "flags",
    "retracted_milestones",
];

pub async fn log(owner: &Client, bodies: &[String]) {
    let batch = Uuid::now_v7();
    owner
        .execute("INSERT INTO bus.batches (batch_id, count) VALUES ($1, $2)", &[&batch, &(bodies.len() as i32)])
        .await
        .unwrap();
    for (n, body) in bodies.iter().enumerate() {
        let body: Value = serde_json::from_str(body).unwrap();
        let detail = body["detail"].to_string();
        owner
            .execute(
                "INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
                 SELECT $1, $2, (d ->> 'id')::uuid, d ->> 'type', replace(d ->> 'source', '/', '.'), (d ->> 'subject')::uuid,
                        (d ->> 'time')::timestamptz, (d ->> 'recordedtime')::timestamptz, d ->> 'correlationid', $3::text
                 FROM (SELECT $3::text::json AS d) x",
                &[&batch, &(n as i32 + 1), &detail],
            )
            .await
            .unwrap();
    }
}
