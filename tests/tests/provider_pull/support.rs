//! The function over a database of the test's own and a store on a real socket.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::{
    bus::{
        nudge::{NudgeError, Nudger},
        testing::RecordedNudges,
    },
    pii::Pii,
    vault::LazyVault,
};
use tests::{Database, keys};
use tokio::time::Instant;
use tokio_postgres::Client;
use upskilling::sync::{App, Report, Secrets, SyncError, handle};
use uuid::Uuid;

use crate::lrs::Lrs;

pub const COMPLETED: &str = "http://adlnet.gov/expapi/verbs/completed";
pub const PASSED: &str = "http://adlnet.gov/expapi/verbs/passed";
pub const PROGRESSED: &str = "http://adlnet.gov/expapi/verbs/progressed";
pub const EARNED: &str = "http://id.tincanapi.com/verb/earned";
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

struct Shared(Arc<RecordedNudges>);

impl Nudger for Shared {
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>> {
        self.0.send(delay_seconds)
    }
}

struct Fixed(Option<String>);

impl Secrets for Fixed {
    fn providers(&self) -> BoxFuture<'_, Result<Option<Pii<String>>, SyncError>> {
        Box::pin(async move { Ok(self.0.clone().map(Pii::new)) })
    }
}

pub struct World {
    pub database: Database,
    pub owner: Client,
    pub lrs: Lrs,
    pub nudges: Arc<RecordedNudges>,
    /// What is added to the provider's configuration.
    pub more: Value,
}

/// A secret that somebody writes anew between two runs.
#[derive(Clone)]
pub struct Changing(Arc<Mutex<String>>);

impl Changing {
    pub fn new(secret: &Value) -> Self {
        Self(Arc::new(Mutex::new(secret.to_string())))
    }

    pub fn set(&self, secret: &Value) {
        *self.0.lock().unwrap() = secret.to_string();
    }
}

impl Secrets for Changing {
    fn providers(&self) -> BoxFuture<'_, Result<Option<Pii<String>>, SyncError>> {
        Box::pin(async move { Ok(Some(Pii::new(self.0.lock().unwrap().clone()))) })
    }
}

impl World {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let owner = database.owner().await;
        Self { database, owner, lrs: Lrs::start(), nudges: Arc::default(), more: json!({}) }
    }

    /// The function with the test's store as its one provider, `academy`.
    pub fn app(&self) -> App {
        self.app_of(&[self.entry("academy", &self.lrs)])
    }

    pub fn entry(&self, code: &str, lrs: &Lrs) -> Value {
        let mut entry = json!({
            "provider": code, "endpoint": lrs.endpoint(), "username": "teei", "password": "opensesame",
            "course_prefix": "https://courses.example.org/", "page": 3, "request_seconds": 2,
        });
        entry.as_object_mut().unwrap().extend(self.more.as_object().unwrap().clone());
        entry
    }

    pub fn app_of(&self, providers: &[Value]) -> App {
        self.app_with(Some(json!({ "providers": providers }).to_string()))
    }

    pub fn app_with(&self, secret: Option<String>) -> App {
        self.app_from(Box::new(Fixed(secret)))
    }

    pub fn app_from(&self, secrets: Box<dyn Secrets>) -> App {
        let db = self.database.db_for("teei_upskilling_sync");
        let nudger = Box::new(Shared(Arc::clone(&self.nudges)));
        App::new(db, LazyVault::new(Box::new(keys())), nudger, secrets).waiting(Duration::from_millis(1))
    }

    /// A run of a fresh instance, which has half a minute.
    pub async fn run(&self) -> Report {
        run(&self.app()).await
    }

    /// A run that reads the one provider to its end; the statements by fate.
    pub async fn done(&self) -> Value {
        let report = self.run().await;
        let [asked] = report.providers.as_slice() else { panic!("{report:?}") };
        assert_eq!((asked.outcome, asked.code), ("done", None), "{asked:?}");
        json!(asked.statements)
    }

    /// A run in which the one provider does something wrong: its code.
    pub async fn trouble(&self) -> &'static str {
        let report = self.run().await;
        let [asked] = report.providers.as_slice() else { panic!("{report:?}") };
        assert_eq!(asked.outcome, "failed", "{asked:?}");
        asked.code.unwrap()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {sql}"), &[]).await.unwrap().get(0)
    }

    /// Waits until so many completions are there.
    pub async fn until_completions(&self, wanted: i64) {
        for _ in 0..500 {
            if self.count("core.upskilling_completions").await >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there never were {wanted} completions");
    }

    /// One value of the provider's row, as text.
    pub async fn state(&self, column: &str) -> Option<String> {
        let sql = format!("SELECT {column}::text FROM intake.pull_providers WHERE provider = 'academy'");
        self.owner.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// Facts as `entity course value`, in order.
    pub async fn facts(&self) -> Vec<String> {
        let rows = self
            .owner
            .query(
                "SELECT 'completion ' || course_id || coalesce(' ' || final_score, '') FROM core.upskilling_completions
                 UNION ALL SELECT 'progress ' || course_id || ' ' || progress_percent || ' ' || status FROM core.upskilling_progress
                 UNION ALL SELECT 'credential ' || course_id || ' ' || credential_type FROM core.upskilling_credentials
                 ORDER BY 1",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// A statement's fate and code, as kept.
    pub async fn fate(&self, id: u128) -> (String, Option<String>) {
        let row = self
            .owner
            .query_one("SELECT fate, code FROM intake.pull_statements WHERE statement_id = $1", &[&Uuid::from_u128(id)])
            .await
            .unwrap();
        (row.get(0), row.get(1))
    }

    /// Events of a type, in order.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let rows = self
            .owner
            .query("SELECT detail::text FROM bus.events WHERE type = $1 ORDER BY recorded_at, batch_id, seq", &[&kind])
            .await
            .unwrap();
        rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect()
    }

    /// The rest of a provider is over.
    pub async fn rested(&self) {
        self.owner
            .execute("UPDATE intake.pull_providers SET resting_until = now() - interval '1 second'", &[])
            .await
            .unwrap();
    }
}

pub async fn run(app: &App) -> Report {
    handle(app, Instant::now() + Duration::from_secs(30)).await.unwrap()
}

/// A statement about Olena, stored at this minute of the morning and happened at the same time.
pub fn statement(id: u128, verb: &str, course: &str, minute: u32) -> Value {
    let at = format!("2026-03-04T{:02}:{:02}:00Z", 6 + minute / 60, minute % 60);
    json!({
        "id": Uuid::from_u128(id).to_string(),
        "actor": {"mbox": "mailto:olena@example.org", "name": "Olena"},
        "verb": {"id": verb},
        "object": {"id": format!("https://courses.example.org/{course}"), "definition": {"name": {"en": format!("Course {course}")}}},
        "timestamp": at, "stored": at,
    })
}

/// The same with other members.
pub fn with(mut statement: Value, members: Value) -> Value {
    statement.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    statement
}

pub fn progress(id: u128, course: &str, percent: u32, minute: u32) -> Value {
    let extension = json!({"https://w3id.org/xapi/cmi5/result/extensions/progress": percent});
    with(statement(id, PROGRESSED, course, minute), json!({"result": {"extensions": extension}}))
}

pub fn void(id: u128, target: u128, minute: u32) -> Value {
    let object = json!({"objectType": "StatementRef", "id": Uuid::from_u128(target).to_string()});
    with(statement(id, VOIDED, "", minute), json!({"object": object}))
}
