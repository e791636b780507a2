//! The routes of `profile-api`.
//!
//! Every answer about a person is written to the audit log in the transaction that read it.

mod get;
mod health;
mod links;
mod outcomes;
mod personal;
mod put;
mod read;
mod search;
mod sight;
pub mod view;

use std::sync::Arc;

use axum::Router;
use shared::{
    audit,
    auth::{Access, Role, Verifier, Who},
    bus::nudge::Nudger,
    db::Db,
    heartbeat::Heartbeat,
    http::{Beat, Edge, wrap},
    openapi::Service,
    vault::{KeyService, LazyVault, Vault, VaultError},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Who may read profiles; which ones is decided row by row.
const READERS: Who =
    Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo, Role::Participant, Role::Volunteer, Role::Service]);

/// Who may correct them.
const EDITORS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo, Role::Participant, Role::Volunteer]);

/// Who may see what texts say about a person.
const OUTCOME_READERS: Who =
    Who::Roles(&[Role::Admin, Role::Coordinator, Role::Dpo, Role::Participant, Role::Volunteer]);

/// Who may say that two ids are one person.
const LINKERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator]);

/// The access table.
pub const ACCESS: &[Access] = &[
    Access { method: "GET", path: "/v1/profiles/health", who: Who::Public },
    Access { method: "GET", path: "/v1/profiles/{id}", who: READERS },
    Access { method: "PUT", path: "/v1/profiles/{id}", who: EDITORS },
    Access { method: "GET", path: "/v1/profiles/{id}/outcomes", who: OUTCOME_READERS },
    Access { method: "POST", path: "/v1/profiles/search", who: READERS },
    Access { method: "POST", path: "/v1/profiles/{id}/external-ids", who: LINKERS },
];

/// What the handlers use.
pub struct App {
    /// The database under the role `teei_profile_api`.
    pub db: Db,
    /// The relay's queue.
    pub nudger: Box<dyn Nudger>,
    vault: LazyVault,
}

impl App {
    /// An app; the vault is opened by the first request that needs it.
    pub fn new(db: Db, keys: Box<dyn KeyService>, nudger: Box<dyn Nudger>) -> Self {
        Self { db, nudger, vault: LazyVault::new(keys) }
    }

    /// The vault, its keyring unwrapped once.
    async fn vault(&self, client: &tokio_postgres::Client) -> Result<&Vault, VaultError> {
        self.vault.get(client).await
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default()
        .routes(routes!(get::get, put::put))
        .routes(routes!(search::search))
        .routes(routes!(links::link))
        .routes(routes!(outcomes::outcomes))
        .routes(routes!(health::health))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>, verifier: Verifier) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("profile-api", "profiles"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "profiles",
        description: "People under surrogate ids: who they are in each source, where they take part, what they reached.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}
