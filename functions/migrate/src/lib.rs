//! Run by the deploy, safe to run again: migrations, the vault's first keys, a login for each function's role,
//! and on a local stage the seed.

mod logins;
pub mod seed;

use serde::{Deserialize, Serialize};
use shared::{
    config::{ConfigError, Env},
    contracts::consumers,
    db::{Db, DbError},
    error::{Classified, Retry},
    vault::{KeyService, Vault, VaultError},
};

pub use logins::{LoginStore, Logins, RoleAuth, SecretsManager};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// One invocation; every field may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Load the seed afterwards; refused on any stage but `local` and `test`.
    #[serde(default)]
    pub seed: bool,
}

/// What was done.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Report {
    /// Migrations applied by this run, by name.
    pub applied: Vec<String>,
    /// The schema's version now.
    pub version: i32,
    /// Vault keys made by this run.
    pub keys_made: u64,
    /// Roles whose login was made or set again.
    pub logins: Vec<String>,
    /// Rows the seed added; absent when it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeded: Option<u64>,
}

/// What a run can fail with; the step is in the message, values are not.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error("{step}: {source}")]
    Db {
        /// Where it happened.
        step: &'static str,
        /// What happened.
        source: DbError,
    },
    /// A migration; its SQL is ours, so the message may be shown.
    #[error("a migration failed: {0}")]
    Migration(#[from] refinery::Error),
    /// The vault's keys.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The login could not be stored.
    #[error("the login of {role} could not be stored ({code})")]
    LoginStore {
        /// The database role.
        role: String,
        /// The secret store's error code.
        code: String,
    },
    /// The seed was asked for where real people may be.
    #[error("the seed is for the stages local and test; this is {0}")]
    SeedRefused(String),
}

impl MigrateError {
    fn db(step: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Db { step, source: source.into() }
    }
}

impl Classified for MigrateError {
    fn retry(&self) -> Retry {
        match self {
            Self::Db { source, .. } => source.retry(),
            Self::Vault(error) => error.retry(),
            Self::LoginStore { .. } => Retry::Retry,
            Self::Config(_) | Self::Migration(_) | Self::SeedRefused(_) => Retry::Never,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Db { source, .. } => source.code(),
            Self::Migration(_) => "migration_failed",
            Self::Vault(error) => error.code(),
            Self::LoginStore { .. } => "login_not_stored",
            Self::SeedRefused(_) => "seed_refused",
        }
    }
}

/// What the function holds between invocations.
pub struct App {
    /// The owner's connection.
    pub db: Db,
    /// Who wraps the vault's keys.
    pub keys: Box<dyn KeyService>,
    /// Where the roles' logins go.
    pub logins: Logins,
    /// `STAGE`.
    pub stage: String,
}

impl App {
    /// Reads the environment.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        Ok(Self {
            db: Db::connect_lazy(shared::db::DbConfig::from_env(env, &aws).await?),
            keys: Box::new(shared::vault::Kms::from_env(env, &aws)?),
            logins: Logins {
                auth: RoleAuth::from_env(env)?,
                store: Box::new(SecretsManager::new(&aws, env.required("DATABASE_SECRET_PREFIX")?)),
            },
            stage: env.required("STAGE")?,
        })
    }
}

/// The whole run. Each step is safe to repeat, and a lock keeps two deploys from running it at once.
pub async fn handle(app: &App, request: Request) -> Result<Report, MigrateError> {
    if request.seed && !seed::allowed(&app.stage) {
        return Err(MigrateError::SeedRefused(app.stage.clone()));
    }
    let mut client = app.db.client().await.map_err(|source| MigrateError::Db { step: "connecting", source })?;
    let client: &mut tokio_postgres::Client = &mut client;
    client
        .batch_execute("SELECT pg_advisory_lock(hashtext('teei migrate'))")
        .await
        .map_err(MigrateError::db("waiting for another migrate"))?;
    let report = run(app, request, client).await;
    client
        .batch_execute("SELECT pg_advisory_unlock(hashtext('teei migrate'))")
        .await
        .map_err(MigrateError::db("releasing the lock"))?;
    if let Ok(report) = &report {
        tracing::info!(version = report.version, applied = report.applied.len(), "migrated");
    }
    report
}

async fn run(app: &App, request: Request, client: &mut tokio_postgres::Client) -> Result<Report, MigrateError> {
    let (applied, version) = migrations(client).await?;
    let keys_made = Vault::initialise(app.keys.as_ref(), client).await?;
    let logins = app.logins.apply(client).await?;
    let seeded = if request.seed { Some(seed::load(app.keys.as_ref(), client).await?) } else { None };
    Ok(Report { applied, version, keys_made, logins, seeded })
}

/// Applies what is missing; returns the names applied and the version reached.
pub async fn migrations(client: &mut tokio_postgres::Client) -> Result<(Vec<String>, i32), MigrateError> {
    let done = embedded::migrations::runner().set_grouped(true).run_async(client).await?;
    let version = embedded::migrations::runner().get_migrations().iter().map(|m| m.version()).max().unwrap_or_default();
    subscriptions(client).await?;
    Ok((done.applied_migrations().iter().map(ToString::to_string).collect(), version))
}

/// Notes what each consumer declares to take in, and since when: what was recorded before, nobody misses.
async fn subscriptions(client: &mut tokio_postgres::Client) -> Result<(), MigrateError> {
    let declared = consumers::ALL.iter().flat_map(|consumer| consumer.reads.iter().map(|reads| (consumer.name, reads)));
    let (mut names, mut types, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for (name, reads) in declared {
        names.push(name);
        types.push(reads.kind);
        sources.push(reads.from.iter().map(|service| format!("teei.{service}")).collect::<Vec<_>>().join(" "));
    }
    let failed = || MigrateError::db("noting what consumers take in");
    let tx = client.transaction().await.map_err(failed())?;
    tx.execute(
        "DELETE FROM bus.subscriptions WHERE (consumer, type) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        &[&names, &types],
    )
    .await
    .map_err(failed())?;
    tx.execute(
        "INSERT INTO bus.subscriptions (consumer, type, sources)
         SELECT consumer, type, string_to_array(sources, ' ') FROM unnest($1::text[], $2::text[], $3::text[]) AS d (consumer, type, sources)
         ON CONFLICT (consumer, type) DO UPDATE SET sources = excluded.sources, since = now()
         WHERE subscriptions.sources <> excluded.sources",
        &[&names, &types, &sources],
    )
    .await
    .map_err(failed())?;
    tx.commit().await.map_err(failed())
}
