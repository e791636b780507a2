//! The routes of `q2q-api`.
//!
//! | route | what |
//! |---|---|
//! | `POST /v1/q2q/classify` | what texts say; nothing is stored |
//! | `GET /v1/q2q/taxonomy` | dimensions, tags, rules of the game, version |
//! | `GET /v1/q2q/outcomes` | figures of many people |
//! | `GET /v1/q2q/outcomes/{id}` | a score, the places it rests on, the words as far as the caller may see, file and line |
//! | `POST /v1/q2q/outcomes/{id}/correction` | a person's word against the rules' |
//! | `GET /v1/q2q/scores` | the outcomes behind a figure |
//! | `GET /v1/q2q/companies` | whose figures there are, by name |
//! | `GET /v1/q2q/rules` | how often each rule was confirmed or contradicted |
//! | `GET /v1/q2q/console` | the page |
//!
//! The outcomes of a person are at `GET /v1/profiles/{id}/outcomes`, which `profile-api` serves: API Gateway allows no
//! second variable beside its `/v1/profiles/{proxy+}`.

mod classify;
mod companies;
mod console;
mod correction;
mod evidence;
mod figures;
mod health;
mod rules;
mod scores;
mod taxonomy;
pub mod view;

use std::sync::Arc;

use axum::Router;
use shared::{
    audit,
    auth::{Access, Claims, Role, Verifier, Who},
    bus::nudge::Nudger,
    config::Env,
    db::{Db, DbError},
    heartbeat::Heartbeat,
    http::{Beat, Edge, wrap},
    openapi::Service,
    vault::{KeyService, LazyVault, Vault, VaultError},
};
use tokio_postgres::{Transaction, types::Type};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::backend::Local;
pub use console::Console;

/// Who may have texts classified, and nothing stored.
const CLASSIFIERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Service]);

/// Who may see a person's score and what it rests on; whose is decided row by row.
const READERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo, Role::Participant, Role::Volunteer]);

/// Who may see figures: company users of their own company.
const FIGURES: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo, Role::CompanyUser]);

/// Who may go from a figure to the outcomes behind it; whose is decided row by row.
const OPENERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo]);

/// Who may say that a score is wrong.
const CORRECTORS: Who = Who::Roles(&[Role::Admin, Role::Coordinator]);

/// Who may see how rules do.
const RULES: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo]);

/// What is measured and how is no secret.
const EVERYONE: Who = Who::Roles(&Role::ALL);

/// The access table.
pub const ACCESS: &[Access] = &[
    Access { method: "GET", path: "/v1/q2q/health", who: Who::Public },
    Access { method: "GET", path: "/v1/q2q/console", who: Who::Public },
    Access { method: "GET", path: "/v1/q2q/taxonomy", who: EVERYONE },
    Access { method: "POST", path: "/v1/q2q/classify", who: CLASSIFIERS },
    Access { method: "GET", path: "/v1/q2q/outcomes", who: FIGURES },
    Access { method: "GET", path: "/v1/q2q/outcomes/{id}", who: READERS },
    Access { method: "POST", path: "/v1/q2q/outcomes/{id}/correction", who: CORRECTORS },
    Access { method: "GET", path: "/v1/q2q/scores", who: OPENERS },
    Access { method: "GET", path: "/v1/q2q/companies", who: FIGURES },
    Access { method: "GET", path: "/v1/q2q/rules", who: RULES },
];

/// What the handlers use.
pub struct App {
    /// The database under the role `teei_q2q_api`.
    pub db: Db,
    /// The relay's queue.
    pub nudger: Box<dyn Nudger>,
    /// The rules.
    pub backend: Local,
    console: Console,
    vault: LazyVault,
}

impl App {
    /// An app; the vault is opened by the first request that needs it.
    pub fn new(db: Db, keys: Box<dyn KeyService>, nudger: Box<dyn Nudger>) -> Self {
        Self { db, nudger, backend: Local::new(), console: Console::default(), vault: LazyVault::new(keys) }
    }

    /// The same with the page, where the stage has one.
    #[must_use]
    pub fn with_console(self, env: &Env) -> Self {
        Self { console: Console::from_env(env), ..self }
    }

    /// The vault, its keyring unwrapped once.
    async fn vault(&self, client: &tokio_postgres::Client) -> Result<&Vault, VaultError> {
        self.vault.get(client).await
    }
}

/// Whether a caller may see outcomes of this person in this programme: all, own, or own programmes.
async fn may_see(tx: &Transaction<'_>, claims: &Claims, person: Uuid, programme: &str) -> Result<bool, DbError> {
    match claims.role {
        Role::Admin | Role::Dpo => Ok(true),
        Role::Participant | Role::Volunteer => Ok(claims.profile_id == Some(person)),
        Role::Coordinator => {
            let sql = "SELECT FROM core.programme_staff WHERE subject = $1 AND programme = $2";
            let rows = tx.query_typed(sql, &[(&claims.sub, Type::TEXT), (&programme, Type::TEXT)]).await?;
            Ok(!rows.is_empty())
        }
        _ => Ok(false),
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default()
        .routes(routes!(classify::classify))
        .routes(routes!(taxonomy::taxonomy))
        .routes(routes!(figures::figures))
        .routes(routes!(evidence::evidence))
        .routes(routes!(correction::correct))
        .routes(routes!(scores::scores))
        .routes(routes!(companies::companies))
        .routes(routes!(rules::rules))
        .routes(routes!(console::console))
        .routes(routes!(health::health))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>, verifier: Verifier) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("q2q-api", "q2q"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "q2q",
        description: "What texts say about outcomes: scores that lead back to the words, and figures that do not lead to a person.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}
