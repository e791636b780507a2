//! `upskilling-sync`: asks learning-record stores over xAPI 1.0.3 what people did in their courses.
//!
//! ```text
//! schedule ─▶ the secret of the providers ─▶ each provider, the one asked longest ago first
//!     │ a lease, unless it rests or another run has it                               [`store`]
//!     │ GET statements?since=…&ascending=true&limit=… ─▶ page ─▶ more ─▶ page …      [`pull`], [`client`], [`irl`]
//!     │      statement ─▶ columns of completions, credentials, progress              [`statement`], [`translate`]
//!     │      one transaction a page: facts, events, fates of statements, cursor      [`page`], [`pass`]
//!     └ how it was: its failures in a row, and until when it rests                   [`trouble`]
//! ```
//!
//! | killed | what is there | what the next run does |
//! |---|---|---|
//! | before a page's commit | the pages before | asks for this page again |
//! | after it | the page, and the cursor or the link to the next | goes on there |
//! | with the lease in hand | a lease of a connection that is gone | takes it |
//!
//! What one provider does wrong is noted against it and does not stop the others. What is ours (the database, the
//! vault) ends the run, and the schedule comes again.

mod actor;
mod client;
mod config;
mod irl;
mod number;
mod page;
mod pass;
mod pull;
mod statement;
mod store;
mod translate;
mod trouble;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::Serialize;
use shared::{
    bus::nudge::Nudger,
    config::{ConfigError, Env},
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
    intake::{apply::ApplyError, live::CommitError},
    pii::Pii,
    vault::{LazyVault, VaultError},
};
use tokio::time::Instant;
use uuid::Uuid;

use self::{
    client::Client,
    config::{BadProviders, Provider},
    page::Applying,
    pull::{Pull, Pulled},
    store::Lease,
    trouble::Trouble,
};

/// What is left of the function's time when a run stops asking, so that it can write down how far it came.
const TIME_RESERVE: Duration = Duration::from_secs(5);
/// How long the function waits after the first failed try of a question.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Where the providers are configured, as narrow as the policy behind it.
pub trait Secrets: Send + Sync {
    /// The secret; none: there is none, so there are no providers.
    fn providers(&self) -> BoxFuture<'_, Result<Option<Pii<String>>, SyncError>>;
}

/// What the function holds between invocations.
pub struct App {
    /// Postgres, as `teei_upskilling_sync`.
    pub db: Db,
    /// The vault.
    pub vault: LazyVault,
    /// The relay's queue.
    pub nudger: Box<dyn Nudger>,
    secrets: Box<dyn Secrets>,
    http: Client,
    heartbeat: Heartbeat,
    /// Whether this instance has written to the database what a run without providers has to take back.
    spoke: AtomicBool,
    stage: String,
}

impl App {
    /// Puts together what a run needs.
    pub fn new(db: Db, vault: LazyVault, nudger: Box<dyn Nudger>, secrets: Box<dyn Secrets>) -> Self {
        let heartbeat = Heartbeat::new("upskilling-sync", "upskilling");
        let stage = "test".to_owned();
        let (http, spoke) = (Client::new(FIRST_WAIT), AtomicBool::new(false));
        Self { db, vault, nudger, secrets, http, heartbeat, spoke, stage }
    }

    /// The same with less patience between tries.
    #[must_use]
    pub fn waiting(self, first_wait: Duration) -> Self {
        Self { http: Client::new(first_wait), ..self }
    }

    /// Reads `STAGE`, `DATABASE_*`, `KMS_KEY_ID`, `NUDGE_QUEUE_URL` and `PROVIDERS_SECRET`.
    ///
    /// # Errors
    /// The variable that is missing.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        // Not warmed up: where nobody is to be asked, the database sleeps on.
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        let vault = LazyVault::new(Box::new(shared::vault::Kms::from_env(env, &aws)?));
        let nudger = Box::new(shared::bus::nudge::SqsNudger::from_env(env, &aws)?);
        let secrets = SecretsManager {
            client: aws_sdk_secretsmanager::Client::new(&aws),
            name: env.required("PROVIDERS_SECRET")?,
        };
        let stage = env.required("STAGE")?;
        Ok(Self { stage, ..Self::new(db, vault, nudger, Box::new(secrets)) })
    }
}

/// The real secret.
struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    name: String,
}

impl Secrets for SecretsManager {
    fn providers(&self) -> BoxFuture<'_, Result<Option<Pii<String>>, SyncError>> {
        Box::pin(async move {
            let answer = self.client.get_secret_value().secret_id(&self.name).send().await;
            match answer {
                Ok(answer) => Ok(answer.secret_string.map(Pii::new)),
                Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                    Ok(None)
                }
                Err(error) => Err(SyncError::Secret(shared::db::sdk_code(&error).to_owned())),
            }
        })
    }
}

/// What a run can fail with: what is ours. The schedule comes again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Applying a statement.
    #[error(transparent)]
    Apply(ApplyError),
    /// Committing a page.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The secret cannot be read; holds the service's code.
    #[error("the secret of the providers cannot be read ({0}): check PROVIDERS_SECRET and the function's policy")]
    Secret(String),
    /// The secret is wrong.
    #[error(transparent)]
    Providers(#[from] BadProviders),
}

impl From<tokio_postgres::Error> for SyncError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Classified for SyncError {
    fn retry(&self) -> Retry {
        match self {
            Self::Db(error) => error.retry(),
            Self::Vault(error) => error.retry(),
            Self::Apply(error) => error.retry(),
            Self::Commit(CommitError::Db(error)) => error.retry(),
            Self::Commit(CommitError::Nudge(error)) => error.retry(),
            Self::Secret(_) => Retry::Retry,
            Self::Providers(_) => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Apply(error) => error.code(),
            Self::Commit(CommitError::Db(error)) => error.code(),
            Self::Commit(CommitError::Nudge(error)) => error.code(),
            Self::Secret(_) => "secret_unavailable",
            Self::Providers(_) => "bad_providers",
        }
    }
}

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The run; its events and log lines have it as their correlation id.
    pub run: Uuid,
    /// Each provider, in the order they were asked.
    pub providers: Vec<Asked>,
}

/// What a run did at one provider.
#[derive(Debug, Default, Serialize)]
pub struct Asked {
    /// Its code.
    pub provider: String,
    /// `done`: read to its end. `more_left`: the time was over. `failed`: the provider did something wrong.
    /// `resting`: not asked, see `resting_until`. `busy`: another run asks it.
    pub outcome: &'static str,
    /// What it did wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Pages read.
    pub pages: u64,
    /// Statements by fate.
    pub statements: BTreeMap<&'static str, u64>,
    /// How far the store is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Timestamp>,
    /// Not asked before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_until: Option<Timestamp>,
}

/// Asks every provider. `deadline` is when the function's time is over. Without providers the database is left alone.
///
/// # Errors
/// What is ours; what providers do wrong is in the report.
pub async fn handle(app: &App, deadline: Instant) -> Result<Report, SyncError> {
    let run = Uuid::now_v7();
    let result = match named(app).await {
        Ok(providers) if providers.is_empty() && !app.spoke.load(Ordering::Relaxed) => {
            return Ok(Report { run, providers: Vec::new() });
        }
        Ok(providers) => all(app, run, providers, deadline).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        tracing::error!(correlation_id = %run, code = error.code(), %error, "providers could not be asked");
    }
    let failed = result.as_ref().err().map(Classified::code);
    let idle = result.as_ref().is_ok_and(|report| report.providers.is_empty());
    app.spoke.store(!idle, Ordering::Relaxed);
    app.heartbeat.note(&app.db, failed).await;
    result
}

async fn named(app: &App) -> Result<Vec<Provider>, SyncError> {
    Ok(match app.secrets.providers().await? {
        Some(secret) => config::read(secret.expose())?,
        None => Vec::new(),
    })
}

async fn all(app: &App, run: Uuid, mut providers: Vec<Provider>, deadline: Instant) -> Result<Report, SyncError> {
    {
        let client = app.db.client().await?;
        store::configured(&client, &providers).await?;
        let last = store::last_runs(&client).await?;
        providers.sort_by_key(|provider| last.get(&provider.code).copied());
    }
    let end = deadline.checked_sub(TIME_RESERVE).unwrap_or(deadline);
    let mut asked = Vec::with_capacity(providers.len());
    for (at, provider) in providers.iter().enumerate() {
        // What one does not use is left for the others.
        let share = end.saturating_duration_since(Instant::now()) / (providers.len() - at) as u32;
        let until = Instant::now() + provider.run.min(share);
        asked.push(one(app, run, provider, until).await?);
    }
    measure(app, &asked);
    Ok(Report { run, providers: asked })
}

/// What alarms and graphs are made of. No provider by name: each would be a metric that costs by the month.
fn measure(app: &App, asked: &[Asked]) {
    let count = |of: &dyn Fn(&Asked) -> bool| asked.iter().filter(|one| of(one)).count() as i64;
    let statements = |fate: &str| asked.iter().filter_map(|one| one.statements.get(fate)).sum::<u64>() as i64;
    shared::telemetry::metrics(
        &[("Stage", &app.stage)],
        &[
            ("ProvidersAsked", count(&|one| one.pages > 0)),
            ("ProvidersFailed", count(&|one| one.outcome == "failed")),
            ("ProvidersResting", count(&|one| one.resting_until.is_some())),
            ("StatementsApplied", statements("new") + statements("changed")),
            ("StatementsRejected", statements("rejected")),
        ],
    );
}

async fn one(app: &App, run: Uuid, provider: &Provider, until: Instant) -> Result<Asked, SyncError> {
    let began = Instant::now();
    let mut client = app.db.client().await?;
    let left = until.saturating_duration_since(began) + TIME_RESERVE;
    let lease_until = Timestamp::now().saturating_add(left).unwrap_or(Timestamp::MAX);
    let mut asked = Asked { provider: provider.code.clone(), ..Asked::default() };
    let mut place = match store::lease(&client, provider, run, lease_until).await? {
        Lease::Mine(place) => place,
        Lease::Busy => return Ok(Asked { outcome: "busy", ..asked }),
        Lease::Resting(until) => return Ok(Asked { outcome: "resting", resting_until: Some(until), ..asked }),
    };
    let vault = app.vault.get(&client).await?;
    let applying = Applying { provider, run, vault, nudger: app.nudger.as_ref() };
    let pull = Pull { http: &app.http, provider, applying, until };
    let done = AssertUnwindSafe(pull.all(&mut client, &mut place)).catch_unwind().await;
    let Pulled { pages, counts, trouble } = match done {
        Ok(Ok(pulled)) => pulled,
        Ok(Err(error)) => {
            // If this fails too, the lease runs out by itself.
            let _ = store::let_go(&client, &provider.code, run).await;
            return Err(error);
        }
        // What makes us stumble over one provider must not keep us from the others.
        Err(_) => Pulled { trouble: Some(Trouble::Stumbled), ..Pulled::default() },
    };
    asked.outcome = match &trouble {
        None => "done",
        Some(Trouble::OutOfTime) => "more_left",
        Some(Trouble::TakenOver) => "busy",
        Some(_) => "failed",
    };
    asked.resting_until = if trouble == Some(Trouble::OutOfTime) && pages == 0 {
        store::let_go(&client, &provider.code, run).await?;
        None
    } else {
        store::release(&client, &provider.code, run, trouble.as_ref()).await?
    };
    (asked.code, asked.pages, asked.cursor) = (trouble.as_ref().map(Trouble::code), pages, place.cursor);
    tracing::info!(
        correlation_id = %run,
        provider = provider.code,
        outcome = asked.outcome,
        code = asked.code,
        status = trouble.as_ref().and_then(Trouble::status),
        pages,
        new = counts.of("new"),
        changed = counts.of("changed"),
        rejected = counts.of("rejected"),
        voided = counts.of("voiding"),
        known = counts.of("known"),
        passed_over = counts.of("passed_over"),
        events = counts.events,
        resting_until = asked.resting_until.map(tracing::field::display),
        duration_ms = began.elapsed().as_millis() as u64,
        "a provider was asked"
    );
    asked.statements = counts.fates;
    Ok(asked)
}
