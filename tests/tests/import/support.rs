//! An importer over a database and buckets of the test's own.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use shared::{
    bus::{
        nudge::{NudgeError, Nudger},
        testing::RecordedNudges,
    },
    intake::{
        blob::MemoryBlobs,
        engine::Engine,
        importer::{App, Source, handle},
    },
    vault::LazyVault,
};
use tests::{Database, keys};
use tokio::time::Instant;
use tokio_postgres::Client;

pub const DROPS: &str = "teei-local-drops-000000000000";
pub const RESULTS: &str = "results";
pub const HEADER: &str = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level";

/// A nudger the test can look into.
pub struct Shared(pub Arc<RecordedNudges>);

impl Nudger for Shared {
    fn send(&self, delay_seconds: u16) -> futures::future::BoxFuture<'_, Result<(), NudgeError>> {
        self.0.send(delay_seconds)
    }
}

pub struct World {
    pub database: Database,
    pub blobs: Arc<MemoryBlobs>,
    pub nudges: Arc<RecordedNudges>,
    pub app: App,
    pub buddy: App,
    pub upskilling: App,
    pub owner: Client,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let blobs = Arc::new(MemoryBlobs::default());
        blobs.set_modified("2026-05-04T08:00:00Z".parse().unwrap());
        let nudges = Arc::new(RecordedNudges::default());
        let owner = database.owner().await;
        let app = app(&database, blobs.clone(), nudges.clone());
        let buddy = app_of(&buddy::SOURCE, &database, blobs.clone(), nudges.clone());
        let upskilling = app_of(&upskilling::SOURCE, &database, blobs.clone(), nudges.clone());
        Self { database, blobs, nudges, app, buddy, upskilling, owner }
    }

    /// Another instance of the function on the same database and buckets.
    pub fn another_instance(&self) -> App {
        app(&self.database, self.blobs.clone(), self.nudges.clone())
    }

    /// Drops a file and has it imported; the receipt as stored.
    pub async fn import(&self, key: &str, content: impl AsRef<[u8]>) -> Value {
        let version = self.blobs.drop_file(DROPS, key, content.as_ref());
        let answer = self.deliver(key, &version).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        self.receipt(key, &version).await
    }

    /// The message of a delivery, through the handler.
    pub async fn deliver(&self, key: &str, version: &str) -> Value {
        let app = match key.split('/').next() {
            Some("buddy") => &self.buddy,
            Some("upskilling") => &self.upskilling,
            _ => &self.app,
        };
        handle(app, message(key, version), in_a_minute()).await.unwrap().into()
    }

    /// Imports a fixture into the folder of its entity: `buddy/matches-legacy.csv` is one of matches.
    pub async fn fixture(&self, path: &str) -> Value {
        let (source, file) = path.split_once('/').unwrap();
        let entity = file.split(['-', '.']).next().unwrap();
        self.import(&format!("{source}/{entity}/{file}"), read(path)).await
    }

    pub async fn receipt(&self, key: &str, version: &str) -> Value {
        self.owner
            .query_one(
                "SELECT receipt FROM intake.imports WHERE object_key = $1 AND object_version = $2",
                &[&key, &version],
            )
            .await
            .unwrap()
            .get(0)
    }

    /// Puts an object into the bucket, and nobody knows.
    pub fn drop(&self, key: &str, content: impl AsRef<[u8]>) -> String {
        self.blobs.drop_file(DROPS, key, content.as_ref())
    }

    /// Fates of the newest import of a key, in file order.
    pub async fn fates(&self, key: &str) -> Vec<String> {
        let rows = self
            .owner
            .query(
                "SELECT fate::text FROM intake.records WHERE import_id =
                   (SELECT import_id FROM intake.imports WHERE object_key = $1 ORDER BY created_at DESC LIMIT 1) ORDER BY record",
                &[&key],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Writes down what a person asks of an import, as the API does.
    pub async fn ask(&self, receipt: &Value, mut command: Value) {
        command["actor"] = json!("kari");
        let id: uuid::Uuid = receipt["id"].as_str().unwrap().parse().unwrap();
        self.owner
            .execute("UPDATE intake.imports SET command = $2, status = 'queued' WHERE import_id = $1", &[&id, &command])
            .await
            .unwrap();
    }

    /// The message that says that something is asked, through the handler.
    pub async fn tell_command(&self, receipt: &Value) -> Value {
        handle(&self.app, command_event(receipt), in_a_minute()).await.unwrap().into()
    }

    pub async fn commit(&self, receipt: &Value, mut with: Value) -> Value {
        with["kind"] = json!("commit");
        self.do_it(receipt, with).await
    }

    pub async fn undo(&self, receipt: &Value) -> Value {
        self.do_it(receipt, json!({ "kind": "undo" })).await
    }

    async fn do_it(&self, receipt: &Value, command: Value) -> Value {
        self.ask(receipt, command).await;
        assert_eq!(self.tell_command(receipt).await, json!({ "batchItemFailures": [] }));
        let left = format!(
            "SELECT count(*) FROM intake.imports WHERE import_id = '{}' AND (command IS NOT NULL OR status <> 'done')",
            receipt["id"].as_str().unwrap()
        );
        assert_eq!(self.count(&left).await, 0, "the command is gone");
        self.receipt_of(receipt).await
    }

    /// The receipt of an import as it is now.
    pub async fn receipt_of(&self, receipt: &Value) -> Value {
        let id: uuid::Uuid = receipt["id"].as_str().unwrap().parse().unwrap();
        self.owner.query_one("SELECT receipt FROM intake.imports WHERE import_id = $1", &[&id]).await.unwrap().get(0)
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// One text out of the database.
    pub async fn text(&self, sql: &str) -> String {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Everything a second run of the same thing may not change.
    pub async fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        for table in [
            "core.profiles",
            "core.kintell_sessions",
            "core.kintell_users",
            "core.external_ids",
            "core.buddy_users",
            "core.buddy_matches",
            "core.buddy_checkins",
            "core.upskilling_completions",
            "vault.subject_keys",
            "vault.emails",
            "vault.texts",
            "vault.attributes",
            "intake.revisions",
            "bus.batches",
            "bus.events",
        ] {
            state.push(self.text(&format!("SELECT '{table} ' || count(*) || ' ' || COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t")).await);
        }
        state
    }

    /// Types of the events written, in order.
    pub async fn events(&self) -> Vec<String> {
        let rows = self.owner.query("SELECT e.type FROM bus.events e JOIN bus.batches b USING (batch_id) ORDER BY b.created_at, b.batch_id, e.seq", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The data of the events of a type.
    pub async fn event_data(&self, kind: &str) -> Vec<Value> {
        let rows = self
            .owner
            .query("SELECT (detail::jsonb) -> 'data' FROM bus.events WHERE type = $1 ORDER BY event_id", &[&kind])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

pub fn app(database: &Database, blobs: Arc<MemoryBlobs>, nudges: Arc<RecordedNudges>) -> App {
    app_of(&kintell::SOURCE, database, blobs, nudges)
}

/// The importer of a source, under its own role.
pub fn app_of(source: &Source, database: &Database, blobs: Arc<MemoryBlobs>, nudges: Arc<RecordedNudges>) -> App {
    App::new(
        source,
        Engine {
            db: database.db_for(&format!("teei_{}_import", source.name)),
            blobs,
            results_bucket: RESULTS.to_owned(),
            nudger: Box::new(Shared(nudges)),
            vault: LazyVault::new(Box::new(keys())),
            source: source.name,
            entities: source.entities,
            memory_mb: 1769,
            brake: Default::default(),
        },
    )
}

/// The sample of `events/`, for another object.
pub fn message(key: &str, version: &str) -> Value {
    let mut event = sample("kintell-import.json");
    let mut notification: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    notification["Records"][0]["s3"]["object"]["key"] = json!(key.replace(' ', "+"));
    notification["Records"][0]["s3"]["object"]["versionId"] = json!(version);
    event["Records"][0]["body"] = json!(notification.to_string());
    event
}

/// The SQS batch that a command comes in.
pub fn command_event(receipt: &Value) -> Value {
    let body = json!({ "teei": "import-command", "import_id": receipt["id"] });
    json!({ "Records": [{ "messageId": "c1", "body": body.to_string() }] })
}

pub fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn fixture(name: &str) -> Vec<u8> {
    read(&format!("kintell/{name}"))
}

/// A file of `tests/fixtures`.
pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// A language session's line.
pub fn line(id: &str, rating: &str, feedback: &str) -> String {
    format!(
        "{id},olena@people.example,kari@nordlys.example,2025-03-04T17:00:00Z,2025-03-04T17:45:00Z,45,{rating},{feedback},A2\n"
    )
}

pub fn file(lines: &[String]) -> String {
    format!("{HEADER}\n{}", lines.concat())
}
