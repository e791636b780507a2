//! A database with sealed texts, a backend that finds what the text says it should, the screener and the API.

use std::{sync::Arc, time::Duration};

use axum::Router;
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use moderation::{
    api,
    backend::{Backend, BackendError},
    office_hours::OfficeHours,
    screener::{self, Reply, Screens, sweep::Swept},
};
use moderation_engine::{Analysis, Category, Context, Engine, Finding, Grade, Language, Span};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    bus::testing::RecordedNudges,
    contracts::{
        AuthorRole, Contract, FactRetracted, FactType, RetractionReason, Revision, SourceCode, TextKind, TextReceived,
    },
    pii::Pii,
    vault::{LazyVault, Place, Vault},
};
use tests::{Database, keys};
use tokio_postgres::Client;
use uuid::Uuid;

#[path = "../support/mod.rs"]
pub mod consuming;
#[path = "../api/support.rs"]
#[allow(dead_code, reason = "the tests of the API use the rest")]
pub mod web;

pub use consuming::{PLENTY, batch, delivered, text};
pub use web::{Answer, call, token};

pub const SCREENER: &str = "teei_moderation_screener";
pub const API: &str = "teei_moderation_api";
pub const CONTACT: &str = "on call: vakt@teei.example";

/// Finds what marks in the text say: the places are those of the marks.
const MARKS: [(&str, Category, Grade, bool, Option<&str>); 10] = [
    ("#crisis", Category::SelfHarm, Grade::Active, false, None),
    ("#child", Category::Safeguarding, Grade::Ongoing, false, None),
    ("#insult", Category::Harassment, Grade::Insult, true, None),
    ("#disclosure", Category::Harassment, Grade::Disclosure, false, None),
    ("#hate", Category::Hate, Grade::Attack, false, None),
    ("#threat", Category::Threat, Grade::Direct, true, None),
    ("#vague", Category::Threat, Grade::Veiled, false, None),
    ("#phone", Category::Pii, Grade::Contact, false, Some("PHONE")),
    ("#advert", Category::Spam, Grade::Scam, false, None),
    ("#mash", Category::Spam, Grade::Noise, false, None),
];

/// A backend by marks. `#panic` and `#slow` are what they say.
pub struct Marks(pub &'static str);

impl Backend for Marks {
    fn code(&self) -> &'static str {
        "rules"
    }

    fn version(&self) -> &str {
        self.0
    }

    fn opinion<'a>(&'a self, text: &Pii<String>, _: Context) -> BoxFuture<'a, Result<Analysis, BackendError>> {
        let said = match text.expose() {
            text if text.contains("#panic") => Err(BackendError::Panicked),
            text if text.contains("#slow") => Err(BackendError::TooSlow),
            text => Ok(Analysis { language: Some(Language::English), findings: findings(text) }),
        };
        std::future::ready(said).boxed()
    }
}

/// A backend that comes to no end with any text.
pub struct Stumbling;

impl Backend for Stumbling {
    fn code(&self) -> &'static str {
        "rules"
    }

    fn version(&self) -> &str {
        "1.0.0+aa"
    }

    fn opinion<'a>(&'a self, _: &Pii<String>, _: Context) -> BoxFuture<'a, Result<Analysis, BackendError>> {
        std::future::ready(Err(BackendError::TooSlow)).boxed()
    }
}

fn findings(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = MARKS
        .iter()
        .filter_map(|(mark, category, grade, aimed, placeholder)| {
            let at = text.find(mark)?;
            let start = text[..at].chars().count() as u32;
            Some(Finding {
                category: *category,
                grade: *grade,
                score: 900,
                span: Span { start, end: start + mark.chars().count() as u32 },
                rule: mark,
                reason: "a mark of the test",
                obfuscated: false,
                aimed: *aimed,
                placeholder: *placeholder,
            })
        })
        .collect();
    found.sort_by_key(|finding| finding.span);
    found
}

pub fn screens(version: &'static str) -> Screens {
    Screens { backend: Box::new(Marks(version)), engine: Arc::new(Engine::new()) }
}

pub fn hours() -> OfficeHours {
    OfficeHours::new("Europe/Oslo", "Mon-Sun 00:00-23:59").unwrap()
}

pub struct World {
    pub database: Database,
    pub owner: Client,
    pub vault: Vault,
    pub nudges: Arc<RecordedNudges>,
    pub screener: screener::App,
    pub api: Router,
}

impl World {
    pub async fn new() -> Self {
        Self::with(hours()).await
    }

    pub async fn with(hours: OfficeHours) -> Self {
        let database = Database::fresh().await;
        let (owner, vault) = (database.owner().await, database.vault().await);
        let nudges = Arc::new(RecordedNudges::default());
        let screener = screener_of(&database, &nudges, "1.0.0+aa", hours.clone());
        let api = api_of(&database, &nudges, hours, Duration::from_secs(900));
        Self { database, owner, vault, nudges, screener, api }
    }

    /// A person with a key, in the buddy programme.
    pub async fn person(&self) -> Uuid {
        let id = Uuid::now_v7();
        let (_, epoch, wrapped) = self.vault.new_subject_key(id).unwrap();
        self.owner.execute("INSERT INTO core.profiles (profile_id) VALUES ($1)", &[&id]).await.unwrap();
        self.owner
            .execute(
                "INSERT INTO vault.subject_keys (profile_id, epoch, wrapped) VALUES ($1, $2, $3)",
                &[&id, &epoch, &wrapped],
            )
            .await
            .unwrap();
        id
    }

    /// A check-in that somebody wrote.
    pub async fn wrote(&self, words: &str) -> Text {
        let person = self.person().await;
        self.wrote_as(person, words, None).await
    }

    pub async fn wrote_as(&self, person: Uuid, words: &str, supersedes: Option<Uuid>) -> Text {
        let id = Uuid::now_v7();
        let key = self.vault.subject_keys(&self.owner, &[person]).await.unwrap().remove(&person).unwrap();
        let place = Place { table: "vault.texts", column: "sealed", row: id };
        let sealed = key.seal(place, words.as_bytes()).unwrap();
        let written: Timestamp = "2025-03-04T18:00:00Z".parse().unwrap();
        self.owner
            .execute(
                "INSERT INTO vault.texts (text_id, subject_id, author_id, author_role, kind, source, fact_id, field, sealed, digest, supersedes, written_at)
                 VALUES ($1, $2, $2, 'participant', 'buddy_checkin', 'buddy', $3, 'notes', $4, $5, $6, $7)",
                &[&id, &person, &Uuid::now_v7(), &sealed, &[0_u8; 16].as_slice(), &supersedes, &written],
            )
            .await
            .unwrap();
        Text { id, person, supersedes }
    }

    /// Gives events to the screener; what it did not finish.
    pub async fn deliver(&self, bodies: &[String]) -> Vec<String> {
        deliver(&self.screener, bodies).await
    }

    /// Somebody wrote it, and it came in; where the engine is slow, after some tries.
    pub async fn received(&self, words: &str) -> Text {
        let text = self.wrote(words).await;
        assert_eq!(deliver_again(&self.screener, &[text.received()], 3).await, [""; 0]);
        text
    }

    pub async fn sweep(&self) -> Swept {
        match screener::handle(&self.screener, json!({ "source": "aws.events" }), PLENTY).await.unwrap() {
            Reply::Sweep(swept) => swept,
            Reply::Batch(_) => panic!("a schedule's event is no batch"),
        }
    }

    pub async fn one(&self, sql: &str) -> String {
        text(&self.owner, sql).await
    }

    pub async fn json(&self, sql: &str) -> Value {
        serde_json::from_str(&self.one(sql).await).unwrap()
    }

    /// Decision, lane, urgent, scorable of a text's screening; and state, reason of its item, if it has one.
    pub async fn outcome(&self, text: &Text) -> Value {
        self.json(&format!(
            "SELECT json_build_array(s.decision, s.lane, s.urgent, s.scorable, r.state, r.reason)
             FROM core.screenings s LEFT JOIN core.reviews r ON r.text_id = s.text_id AND r.state <> 'closed'
             WHERE s.text_id = '{}' AND s.newest",
            text.id
        ))
        .await
    }

    /// The words scoring may read.
    pub async fn cleared(&self, text: &Text) -> Option<String> {
        let row = self
            .owner
            .query_opt(
                "SELECT sealed FROM vault.cleared_texts WHERE text_id = $1 AND withdrawn_at IS NULL",
                &[&text.id],
            )
            .await
            .unwrap()?;
        let key = self.vault.subject_keys(&self.owner, &[text.person]).await.unwrap().remove(&text.person).unwrap();
        let place = Place { table: "vault.cleared_texts", column: "sealed", row: text.id };
        Some(key.unseal(place, row.get(0)).unwrap().expose().clone())
    }

    /// Types of the events told about a text, in order, with what they decided or how urgent they are.
    pub async fn told(&self, text: &Text) -> Vec<String> {
        let rows = self
            .owner
            .query(
                "SELECT type || ' ' || coalesce(d -> 'data' ->> 'decision', d -> 'data' ->> 'urgent') || ' ' || (d -> 'data' ->> 'revision')
                 FROM (SELECT type, event_id, detail::json AS d FROM bus.events WHERE subject = $1) e ORDER BY event_id",
                &[&text.id],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The open item of a text.
    pub async fn item(&self, text: &Text) -> Uuid {
        let sql = "SELECT review_id FROM core.reviews WHERE text_id = $1 AND state <> 'closed'";
        self.owner.query_one(sql, &[&text.id]).await.unwrap().get(0)
    }

    pub async fn ask(&self, method: &str, path: &str, role: Role, who: &str, body: Option<Value>) -> Answer {
        let request = call(method, &format!("/v1/moderation/{path}")).bearer(&token(role, who, None));
        match body {
            Some(body) => request.json(&body).to(&self.api).await,
            None => request.to(&self.api).await,
        }
    }

    /// Claims and opens an item; the ETag to decide with.
    pub async fn opened(&self, item: Uuid, role: Role, who: &str) -> String {
        let claimed = self.ask("POST", &format!("reviews/{item}/claim"), role, who, None).await;
        assert_eq!(claimed.status.as_u16(), 200, "{}", claimed.text);
        let opened = self.ask("POST", &format!("reviews/{item}/open"), role, who, None).await;
        assert_eq!(opened.status.as_u16(), 200, "{}", opened.text);
        opened.header("etag").to_owned()
    }

    pub async fn decide(&self, item: Uuid, role: Role, who: &str, etag: &str, body: &Value) -> Answer {
        call("POST", &format!("/v1/moderation/reviews/{item}/decision"))
            .bearer(&token(role, who, None))
            .header("if-match", etag)
            .json(body)
            .to(&self.api)
            .await
    }

    /// Claims, opens and decides.
    pub async fn decided(&self, text: &Text, role: Role, who: &str, body: &Value) -> Answer {
        let item = self.item(text).await;
        let etag = self.opened(item, role, who).await;
        self.decide(item, role, who, &etag, body).await
    }
}

pub fn screener_of(
    database: &Database,
    nudges: &Arc<RecordedNudges>,
    version: &'static str,
    hours: OfficeHours,
) -> screener::App {
    let vault = LazyVault::new(Box::new(keys()));
    screener::App::new(database.db_for(SCREENER), vault, Box::new(Arc::clone(nudges)), screens(version), hours, "test")
}

pub fn api_of(database: &Database, nudges: &Arc<RecordedNudges>, hours: OfficeHours, lease: Duration) -> Router {
    api_with(database, nudges, hours, lease, screens("1.0.0+aa"))
}

pub fn api_with(
    database: &Database,
    nudges: &Arc<RecordedNudges>,
    hours: OfficeHours,
    lease: Duration,
    screens: Screens,
) -> Router {
    let settings = api::Settings { contact: CONTACT.to_owned(), hours, lease };
    let app = api::App::new(database.db_for(API), Box::new(keys()), Box::new(Arc::clone(nudges)), screens, settings);
    api::router(Arc::new(app), web::verifier())
}

pub async fn deliver(app: &screener::App, bodies: &[String]) -> Vec<String> {
    deliver_again(app, bodies, 1).await
}

/// Delivers messages that were handed out so often.
pub async fn deliver_again(app: &screener::App, bodies: &[String], times: u32) -> Vec<String> {
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let until = tokio::time::Instant::now() + PLENTY;
    let mut batch = batch(&bodies);
    for message in &mut batch.records {
        message.attributes = json!({ "ApproximateReceiveCount": times.to_string() });
    }
    let summary = screener::take_in(app, batch, until).await;
    summary.reply.failures.into_iter().map(|failure| failure.id).collect()
}

/// A text that was written.
#[derive(Clone, Copy)]
pub struct Text {
    pub id: Uuid,
    pub person: Uuid,
    pub supersedes: Option<Uuid>,
}

impl Text {
    /// Its event, as EventBridge delivers it.
    pub fn received(&self) -> String {
        self.received_again(1)
    }

    pub fn received_again(&self, revision: i64) -> String {
        let data = TextReceived {
            text_id: self.id,
            author_id: Some(self.person),
            author_role: AuthorRole::Participant,
            subject_id: self.person,
            supersedes: self.supersedes,
            kind: TextKind::BuddyCheckin,
            source: SourceCode::new("buddy").unwrap(),
            revision: Revision::new(revision).unwrap(),
            ..TextReceived::example()
        };
        delivered(data, self.id, Timestamp::now()).1
    }

    pub fn retracted(&self, reason: RetractionReason) -> String {
        let data = FactRetracted {
            fact_type: FactType::IntakeText,
            fact_id: self.id,
            milestone: None,
            reason,
            revision: Revision::FIRST.next(),
        };
        delivered(data, self.id, Timestamp::now()).1
    }
}
