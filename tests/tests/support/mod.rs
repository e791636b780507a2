//! What the tests of the bus and of its consumers have in common.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod bus;
pub mod dying;
pub mod meetings;
pub mod programmes;

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use shared::{
    bus::{consumer::SqsBatch, outbox::Outbox, testing::RecordedNudges},
    contracts::{Contract, Envelope, EventDraft},
};
use tests::Database;
use tokio_postgres::Client;
use uuid::Uuid;

/// A sample invocation of `events/`.
pub fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A sealed event as EventBridge delivers it, with its id.
pub fn delivered<T: Contract>(data: T, subject: Uuid, time: jiff::Timestamp) -> (Uuid, String) {
    let sealed = Envelope::seal(EventDraft::new(data, subject, time, "import-1"), jiff::Timestamp::now()).unwrap();
    let detail: Value = serde_json::from_str(&sealed.to_json().unwrap()).unwrap();
    let body = json!({ "version": "0", "detail-type": T::TYPE, "source": format!("teei.{}", sealed.data.service()), "detail": detail });
    (sealed.id, body.to_string())
}

/// A batch of messages `m0`, `m1`, … with these bodies.
pub fn batch(bodies: &[&str]) -> SqsBatch {
    let record = |(n, body): (usize, &&str)| json!({ "messageId": format!("m{n}"), "body": body });
    let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

pub fn nudges() -> Arc<RecordedNudges> {
    Arc::new(RecordedNudges::default())
}

/// Time enough for any test.
pub const PLENTY: Duration = Duration::from_secs(120);

/// Writes `count` events as one batch, as a function would, and gives their ids in order.
pub async fn write_batch(database: &Database, role: &str, count: usize) -> Vec<Uuid> {
    let mut client = database.client_for(role).await;
    let tx = client.transaction().await.unwrap();
    let mut outbox = Outbox::new("request-1");
    let mut ids = Vec::new();
    for _ in 0..count {
        let data = shared::contracts::SessionCompleted::example();
        let draft = outbox.draft(data.clone(), data.session_id, data.completed_at);
        ids.push(outbox.push(draft).unwrap());
    }
    outbox.write(&tx).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

/// The one text a query answers with.
pub async fn text(client: &Client, sql: &str) -> String {
    let row = client.query_one(&format!("SELECT ({sql})::text"), &[]).await.unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

/// The roles have their logins from the template already.
struct NoLogins;

#[async_trait::async_trait]
impl migrate::LoginStore for NoLogins {
    async fn get(&self, _role: &str) -> Result<Option<shared::pii::Pii<String>>, migrate::MigrateError> {
        let url: tokio_postgres::Config = std::env::var("TEST_DATABASE_URL").unwrap().parse().unwrap();
        let password = String::from_utf8_lossy(url.get_password().unwrap_or_default()).into_owned();
        Ok(Some(shared::pii::Pii::new(password)))
    }
    async fn put(&self, _role: &str, _password: &shared::pii::Pii<String>) -> Result<(), migrate::MigrateError> {
        Ok(())
    }
}

/// Loads the seed of local stages. One at a time: `migrate` sets logins, and roles belong to the whole server, which
/// refuses two changes of one role at once.
pub async fn seed(database: &Database) {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one = ONE.lock().await;
    let url: tokio_postgres::Config = std::env::var("TEST_DATABASE_URL").unwrap().parse().unwrap();
    let app = migrate::App {
        db: database.db_for(url.get_user().unwrap()),
        keys: Box::new(tests::keys()),
        logins: migrate::Logins { auth: migrate::RoleAuth::Secret, store: Box::new(NoLogins) },
        stage: "local".to_owned(),
    };
    migrate::handle(&app, migrate::Request { seed: true }).await.unwrap();
}
