//! The routes of `moderation-api`: the queue of what was held back, the policy, and screening on request.
//!
//! A reviewer sees the general lane. The sensitive lane (self-harm, safeguarding, threats and demands aimed at somebody)
//! is for the role `safeguarding`; for everybody else its items are not there. Admins have the settings and see no item.
//! Words are shown to whoever holds an item and opens it, with an entry in the audit log.

mod appeal;
mod claim;
pub mod console;
mod decide;
mod health;
mod list;
mod open;
mod policy;
mod rules;
mod screen;
pub mod view;

use std::{sync::Arc, time::Duration};

use axum::Router;
use shared::{
    audit,
    auth::{Access, Claims, Role, Verifier, Who},
    bus::nudge::{Nudger, SqsNudger},
    config::{ConfigError, Env},
    db::{Db, DbConfig},
    heartbeat::Heartbeat,
    http::{Beat, Edge, Problem, wrap},
    openapi::Service,
    vault::{KeyService, Kms, LazyVault, Vault, VaultError},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{office_hours::OfficeHours, policies::PolicyError, screener::Screens};
use console::Console;

/// Who works on the queue; which lane is decided item by item.
const REVIEWERS: Who = Who::Roles(&[Role::Reviewer, Role::Safeguarding]);
/// Who may ask for a screening.
const SCREENING: Who = Who::Roles(&[Role::Reviewer, Role::Safeguarding, Role::Service]);
/// Who may read the settings.
const SETTINGS: Who = Who::Roles(&[Role::Admin, Role::Reviewer, Role::Safeguarding]);

/// The access table.
pub const ACCESS: &[Access] = &[
    Access { method: "GET", path: "/v1/moderation/health", who: Who::Public },
    Access { method: "GET", path: "/v1/moderation/console", who: Who::Public },
    Access { method: "GET", path: "/v1/moderation/reviews", who: REVIEWERS },
    Access { method: "GET", path: "/v1/moderation/reviews/{id}", who: REVIEWERS },
    Access { method: "POST", path: "/v1/moderation/reviews/{id}/claim", who: REVIEWERS },
    Access { method: "POST", path: "/v1/moderation/reviews/{id}/release", who: REVIEWERS },
    Access { method: "POST", path: "/v1/moderation/reviews/{id}/open", who: REVIEWERS },
    Access { method: "POST", path: "/v1/moderation/reviews/{id}/decision", who: REVIEWERS },
    Access { method: "POST", path: "/v1/moderation/reviews/{id}/appeal", who: REVIEWERS },
    Access { method: "GET", path: "/v1/moderation/policy", who: SETTINGS },
    Access { method: "PUT", path: "/v1/moderation/policy", who: Who::Roles(&[Role::Admin]) },
    Access { method: "GET", path: "/v1/moderation/rules", who: SETTINGS },
    Access { method: "POST", path: "/v1/moderation/screen", who: SCREENING },
];

/// How long a claim lasts, unless it is set otherwise.
pub const LEASE: Duration = Duration::from_secs(15 * 60);

/// What is set from outside.
pub struct Settings {
    /// Whom to reach about an item of the sensitive lane when the office is closed.
    pub contact: String,
    /// When the office is open.
    pub hours: OfficeHours,
    /// How long a claim lasts.
    pub lease: Duration,
}

impl Settings {
    /// Reads `SAFEGUARDING_CONTACT`, `OFFICE_ZONE`, `OFFICE_HOURS`.
    ///
    /// # Errors
    /// The variable that is missing or cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let contact = env.required("SAFEGUARDING_CONTACT")?.trim().to_owned();
        Ok(Self { contact, hours: OfficeHours::from_env(env)?, lease: LEASE })
    }
}

/// What the handlers use.
pub struct App {
    /// The database under the role `teei_moderation_api`.
    pub db: Db,
    /// The relay's queue.
    pub nudger: Box<dyn Nudger>,
    /// What is set from outside.
    pub settings: Settings,
    screens: Screens,
    vault: LazyVault,
    console: Console,
}

impl App {
    /// An app; the vault is opened by the first request that needs it.
    pub fn new(
        db: Db,
        keys: Box<dyn KeyService>,
        nudger: Box<dyn Nudger>,
        screens: Screens,
        settings: Settings,
    ) -> Self {
        Self { db, nudger, settings, screens, vault: LazyVault::new(keys), console: Console::default() }
    }

    /// With the reviewers' page.
    #[must_use]
    pub fn with_console(self, console: Console) -> Self {
        Self { console, ..self }
    }

    /// Reads `STAGE`, `DATABASE_*`, `KMS_KEY_ID`, `NUDGE_QUEUE_URL` and [`Settings`], and begins to connect.
    ///
    /// # Errors
    /// The variable that is missing or cannot be used.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        let (keys, nudger) = (Kms::from_env(env, &aws)?, SqsNudger::from_env(env, &aws)?);
        let settings = Settings::from_env(env)?;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        let app = Self::new(db, Box::new(keys), Box::new(nudger), Screens::standard(), settings);
        Ok(app.with_console(Console::from_env(env)))
    }

    /// The vault, its keyring unwrapped once.
    async fn vault(&self, client: &tokio_postgres::Client) -> Result<&Vault, VaultError> {
        self.vault.get(client).await
    }
}

/// Whether the caller works on the sensitive lane.
fn sees_sensitive(claims: &Claims) -> bool {
    claims.role == Role::Safeguarding
}

impl From<PolicyError> for Problem {
    fn from(error: PolicyError) -> Self {
        Self::of(&error)
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default()
        .routes(routes!(list::list))
        .routes(routes!(list::get))
        .routes(routes!(claim::claim))
        .routes(routes!(claim::release))
        .routes(routes!(open::open))
        .routes(routes!(decide::decide))
        .routes(routes!(appeal::appeal))
        .routes(routes!(policy::get, policy::put))
        .routes(routes!(rules::rules))
        .routes(routes!(screen::screen))
        .routes(routes!(console::console))
        .routes(routes!(health::health))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>, verifier: Verifier) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("moderation-api", "moderation"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "moderation",
        description: "Texts that were held back, and the people who decide on them; the policy; screening on request. No emergency service.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}
