//! People, meetings, texts that moderation lets through, and a backend that does what its text says.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use q2q::{
    backend::{Backend, BackendError, Opinion, Piece, Scored, Words},
    scorer::{App, Scorer, handle, take_in},
};
use q2q_engine::{Band, Dimension, Language, NotRead, Polarity};
use serde_json::{Value, json};
use shared::{
    bus::{consumer::Summary, testing::RecordedNudges},
    contracts::{
        Contract, ProfileErased, ReviewCompleted, ReviewDecision, ScoringMethod, ScreeningDecision, TextScreened,
    },
    vault::{LazyVault, Place, Vault},
};
use tests::{Database, keys};
use tokio::time::Instant;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::{PLENTY, batch, delivered, nudges, text};

pub const ROLE: &str = "teei_q2q_scorer";

/// Reads words like `belonging+800` and `well_being-200`; a text with `по-русски` is not read, one with `mumble` by
/// version 2 not, which knows no language of it.
#[derive(Default)]
pub struct Scripted {
    pub version: Mutex<String>,
    pub asked: AtomicUsize,
    pub failing: AtomicBool,
}

impl Scripted {
    fn opinion(&self, words: &Words) -> Opinion {
        let text = words.text.expose();
        if text.contains("по-русски") {
            return Opinion {
                language: Some(Language::Russian),
                not_read: Some(NotRead::Language),
                outcomes: Vec::new(),
            };
        }
        if text.contains("mumble") && self.version.lock().unwrap().starts_with('2') {
            return Opinion { language: None, not_read: Some(NotRead::Language), outcomes: Vec::new() };
        }
        let mut outcomes: BTreeMap<Dimension, Scored> = BTreeMap::new();
        for word in text.split(' ') {
            let Some(at) = word.find(['+', '-']) else { continue };
            let Some(dimension) = Dimension::ALL.into_iter().find(|one| q2q::backend::name(*one) == &word[..at]) else {
                continue;
            };
            let polarity = if word[at..].starts_with('+') { Polarity::Plus } else { Polarity::Minus };
            let (start, end) = q2q::backend::verbatim(text, word).unwrap();
            let piece = Piece { start, end, rule: format!("test.{}", &word[..at]), cue: "state".to_owned(), polarity };
            outcomes.insert(
                dimension,
                Scored {
                    dimension,
                    polarity,
                    score: word[at + 1..].parse().unwrap(),
                    confidence: Band::Medium,
                    subtags: vec!["tag".to_owned()],
                    mixed: false,
                    evidence: vec![piece],
                },
            );
        }
        Opinion { language: Some(Language::English), not_read: None, outcomes: outcomes.into_values().collect() }
    }
}

/// The same backend for several apps.
pub struct Shared(pub Arc<Scripted>, String);

impl Shared {
    pub fn new(scripted: &Arc<Scripted>) -> Self {
        Self(Arc::clone(scripted), scripted.version.lock().unwrap().clone())
    }
}

impl Backend for Shared {
    fn method(&self) -> ScoringMethod {
        ScoringMethod::Rule
    }
    fn version(&self) -> &str {
        &self.1
    }
    fn read<'a>(&'a self, words: &'a Words) -> BoxFuture<'a, Result<Opinion, BackendError>> {
        Box::pin(async move {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            if self.0.failing.load(Ordering::Relaxed) {
                return Err(BackendError::Unavailable("test"));
            }
            assert!(!words.text.expose().contains("panic"), "a defect of the engine");
            if words.text.expose().contains("hang") {
                std::future::pending::<()>().await;
            }
            Ok(self.0.opinion(words))
        })
    }
}

pub struct World {
    pub database: Database,
    pub owner: Client,
    pub vault: Vault,
    pub backend: Arc<Scripted>,
    pub nudges: Arc<RecordedNudges>,
    pub app: App,
}

pub fn app(database: &Database, backend: &Arc<Scripted>, nudges: &Arc<RecordedNudges>) -> App {
    let vault = LazyVault::new(Box::new(keys()));
    let backend = Box::new(Shared::new(backend));
    App::new(database.db_for(ROLE), vault, backend, Box::new(Arc::clone(nudges)), "test".to_owned())
}

/// A text before it is anybody's.
#[derive(Clone)]
pub struct New<'a> {
    pub subject: Uuid,
    pub author: Option<Uuid>,
    pub role: &'a str,
    pub words: &'a str,
    pub supersedes: Option<Uuid>,
    pub cleared: bool,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let (owner, vault) = (database.owner().await, database.vault().await);
        let backend = Arc::new(Scripted { version: Mutex::new("1.0.0+aa".to_owned()), ..Scripted::default() });
        let nudges = nudges();
        let app = app(&database, &backend, &nudges);
        Self { database, owner, vault, backend, nudges, app }
    }

    /// The scorer of another version of the engine.
    pub fn deploy(&mut self, version: &str) {
        *self.backend.version.lock().unwrap() = version.to_owned();
        self.app = app(&self.database, &self.backend, &self.nudges);
    }

    pub async fn person(&self) -> Uuid {
        let id = Uuid::now_v7();
        self.owner.execute("INSERT INTO core.profiles (profile_id) VALUES ($1)", &[&id]).await.unwrap();
        let (_, epoch, wrapped) = self.vault.new_subject_key(id).unwrap();
        let sql = "INSERT INTO vault.subject_keys (profile_id, epoch, wrapped) VALUES ($1, $2, $3)";
        self.owner.execute(sql, &[&id, &epoch, &wrapped]).await.unwrap();
        id
    }

    pub async fn company(&self) -> Uuid {
        let id = Uuid::now_v7();
        self.owner
            .execute("INSERT INTO core.companies (company_id, name) VALUES ($1, 'Nordlys')", &[&id])
            .await
            .unwrap();
        id
    }

    /// A meeting of two people, of a company or none.
    pub async fn session(&self, participant: Uuid, volunteer: Uuid, company: Option<Uuid>) -> Uuid {
        let id = Uuid::now_v7();
        self.owner
            .execute(
                "INSERT INTO core.kintell_sessions (session_id, source_id, session_type, participant_id, volunteer_id, scheduled_at, company_id, revision, content_hash, doors)
                 VALUES ($1, $5, 'language', $2, $3, now(), $4, 1, sha256('x'), '{}')",
                &[&id, &participant, &volunteer, &company, &id.to_string()],
            )
            .await
            .unwrap();
        id
    }

    /// A text of a fact, and what moderation makes of it.
    pub async fn text(&self, fact: Uuid, new: New<'_>) -> Uuid {
        let id = Uuid::now_v7();
        let key = self.vault.subject_keys(&self.owner, &[new.subject]).await.unwrap().remove(&new.subject).unwrap();
        let place = Place { table: "vault.texts", column: "sealed", row: id };
        let sealed = key.seal(place, new.words.as_bytes()).unwrap();
        let written: Timestamp = "2025-03-04T17:45:00Z".parse().unwrap();
        self.owner
            .execute(
                "INSERT INTO vault.texts (text_id, subject_id, author_id, author_role, kind, source, fact_id, field, sealed, digest, supersedes, written_at, line)
                 VALUES ($1, $2, $3, $4, 'kintell_session', 'kintell', $5, 'feedback', $6, $7, $8, $9, 17)",
                &[
                    &id,
                    &new.subject,
                    &new.author,
                    &new.role,
                    &fact,
                    &sealed,
                    &&self.vault.digest("test", new.words)[..],
                    &new.supersedes,
                    &written,
                ],
            )
            .await
            .unwrap();
        if new.cleared {
            self.clear(id, new.words).await;
        }
        id
    }

    /// A participant's text about a meeting, let through.
    pub async fn said(&self, fact: Uuid, subject: Uuid, words: &str) -> Uuid {
        let new = New { subject, author: Some(subject), role: "participant", words, supersedes: None, cleared: true };
        self.text(fact, new).await
    }

    /// Moderation lets these words through; a second time after a decision, which is another screening.
    pub async fn clear(&self, text: Uuid, words: &str) {
        let subject: Uuid = self
            .owner
            .query_one("SELECT subject_id FROM vault.texts WHERE text_id = $1", &[&text])
            .await
            .unwrap()
            .get(0);
        let screening = Uuid::now_v7();
        self.owner.execute("UPDATE core.screenings SET newest = false WHERE text_id = $1", &[&text]).await.unwrap();
        self.owner
            .execute(
                "INSERT INTO core.screenings (screening_id, text_id, subject_id, revision, kind, decision, urgent, lane, opens_item, scorable, engine, engine_version,
                   policy_version, correlation_id, screened_at)
                 VALUES ($1, $2, $3, (SELECT count(*) + 1 FROM core.screenings WHERE text_id = $2), 'kintell_session', 'allow', false, 'general', false, true, 'rules',
                   $4, '0+00000000', 'test', now())",
                &[&screening, &text, &subject, &screening.to_string()],
            )
            .await
            .unwrap();
        let key = self.vault.subject_keys(&self.owner, &[subject]).await.unwrap().remove(&subject).unwrap();
        let place = Place { table: "vault.cleared_texts", column: "sealed", row: text };
        let sealed = key.seal(place, words.as_bytes()).unwrap();
        self.owner
            .execute(
                "INSERT INTO vault.cleared_texts (text_id, subject_id, screening_id, sealed, redacted) VALUES ($1, $2, $3, $4, false)
                 ON CONFLICT (text_id) DO UPDATE SET screening_id = excluded.screening_id, sealed = excluded.sealed, cleared_at = now()",
                &[&text, &subject, &screening, &sealed],
            )
            .await
            .unwrap();
    }

    pub async fn execute(&self, sql: &str) {
        self.owner.batch_execute(sql).await.unwrap();
    }

    pub async fn json(&self, sql: &str) -> Value {
        let found = text(&self.owner, sql).await;
        serde_json::from_str(&found).unwrap_or(Value::Null)
    }

    /// The outcomes of a text that count: dimension, polarity, score, revision.
    pub async fn outcomes(&self, text: Uuid) -> Value {
        self.json(&format!(
            "SELECT coalesce(json_agg(json_build_array(dimension, polarity, score, revision) ORDER BY dimension), '[]')
             FROM core.outcomes WHERE text_id = '{text}' AND retracted IS NULL"
        ))
        .await
    }

    pub async fn state(&self, text: Uuid) -> String {
        crate::support::text(&self.owner, &format!("SELECT state FROM core.readings WHERE text_id = '{text}'")).await
    }

    /// What was told: type, and of a score the dimension, score, revision; of a retraction the reason and revision.
    pub async fn told(&self) -> Value {
        self.json(
            "SELECT coalesce(json_agg(json_build_array(type, d ->> 'dimension', d ->> 'score', d ->> 'reason', (d ->> 'revision')::int) ORDER BY recorded_at, event_id), '[]')
             FROM (SELECT type, recorded_at, event_id, detail::json -> 'data' AS d FROM bus.events) e",
        )
        .await
    }

    pub async fn take(&self, bodies: &[&str]) -> Summary {
        take_in(&self.app, batch(bodies), Instant::now() + PLENTY).await
    }

    /// Told that a text was screened, and taken in without a failure.
    pub async fn screened(&self, text: Uuid) {
        let summary = self.take(&[&screened(text)]).await;
        assert_eq!(summary.last_error, None);
    }

    /// What a volunteer wrote about somebody in a session they had, screened and scored; gives the text.
    pub async fn told_by(&self, volunteer: Uuid, about: Uuid) -> Uuid {
        let session = self.session(about, volunteer, None).await;
        let new = New {
            subject: about,
            author: Some(volunteer),
            role: "volunteer",
            words: "belonging+800",
            supersedes: None,
            cleared: true,
        };
        let id = self.text(session, new).await;
        self.screened(id).await;
        id
    }

    /// The person is erased, in the vault: nobody was told yet.
    pub async fn erase(&self, person: Uuid) {
        let sql = "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = $1";
        self.owner.execute(sql, &[&person]).await.unwrap();
    }

    /// A person's word about a dimension of a text, on the words as they were read last: `+` and `-` with their usual
    /// scores, `0`.
    pub async fn judge(&self, text: Uuid, dimension: &str, verdict: &str) {
        let (score, set) = match verdict {
            "+" => (Some(750_i16), "polarity = '+', score = 750, retracted = NULL"),
            "-" => (Some(250), "polarity = '-', score = 250, retracted = NULL"),
            _ => (None, "retracted = 'corrected'"),
        };
        self.owner
            .execute(
                "INSERT INTO core.outcome_corrections (correction_id, outcome_id, revision, machine_polarity, machine_version, rules, verdict, corrected_by, digest, score)
                 SELECT gen_random_uuid(), o.outcome_id, o.revision, o.polarity, o.engine_version, o.evidence, $3, 'somebody', r.digest, $4
                 FROM core.outcomes o JOIN core.readings r USING (text_id) WHERE o.text_id = $1 AND o.dimension = $2",
                &[&text, &dimension, &verdict, &score],
            )
            .await
            .unwrap();
        let sql = format!(
            "UPDATE core.outcomes SET revision = revision + 1, method = 'human', confidence = 'high', {set} WHERE text_id = $1 AND dimension = $2"
        );
        self.owner.execute(&sql, &[&text, &dimension]).await.unwrap();
    }

    pub async fn sweep(&self) -> Value {
        handle(&self.app, json!({}), PLENTY).await.unwrap()
    }
}

/// The event that a text was screened.
pub fn screened(text: Uuid) -> String {
    let data = TextScreened { text_id: text, decision: ScreeningDecision::Allow, ..TextScreened::example() };
    delivered(data, text, Timestamp::now()).1
}

/// The event that a reviewer decided.
pub fn reviewed(text: Uuid) -> String {
    let data = ReviewCompleted { text_id: text, decision: ReviewDecision::Redact, ..ReviewCompleted::example() };
    delivered(data, text, Timestamp::now()).1
}

/// The event that a person was erased.
pub fn erased(person: Uuid) -> String {
    let data = ProfileErased { profile_id: person, ..ProfileErased::example() };
    delivered(data, person, Timestamp::now()).1
}

/// The scorer as a consumer, for tests that put something around it.
pub fn scorer<'a>(vault: &'a Vault, backend: &'a dyn Backend) -> Scorer<'a> {
    Scorer { vault, backend }
}
