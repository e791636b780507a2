//! `kintell-webhook`: what Kintell tells by itself, signed.
//!
//! The records have the columns of its exports by the same names, so a session that is told here and stands in a file is
//! one fact. What a delivery is, and how it is answered, is [`shared::intake::live::webhook`].

use std::sync::Arc;

use axum::{Router, extract::State, response::Response};
use http::HeaderMap;
use shared::{
    auth::{Access, Verifier, Who},
    bus::nudge::Nudger,
    db::Db,
    heartbeat::Heartbeat,
    http::{Beat, Edge, Ids, Problem, RawJson, wrap},
    intake::live::webhook::{DeliveryHeaders, DeliveryRefusals, Event, StandardEvent, Types, Webhook, WebhookAnswer},
    openapi::Service,
    vault::{KeyService, LazyVault},
    webhook::KeptSecrets,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ratings::RATINGS, sessions::SESSIONS};

/// The types Kintell sends, and what their records are.
pub const TYPES: Types =
    &[("session.scheduled", &SESSIONS), ("session.completed", &SESSIONS), ("rating.created", &RATINGS)];

/// The access table.
pub const ACCESS: &[Access] = &[Access { method: "POST", path: "/v1/kintell/webhooks", who: Who::Signed }];

/// What the handler uses.
pub struct App {
    db: Db,
    vault: LazyVault,
    nudger: Box<dyn Nudger>,
    secrets: KeptSecrets,
}

impl App {
    /// An app; the vault is opened and the secrets are read by the first delivery.
    pub fn new(db: Db, keys: Box<dyn KeyService>, nudger: Box<dyn Nudger>, secrets: KeptSecrets) -> Self {
        Self { db, vault: LazyVault::new(keys), nudger, secrets }
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default().routes(routes!(receive))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("kintell-webhook", "kintell"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier: Verifier::nobody(), beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "kintell",
        description: "What Kintell tells by itself: meetings and ratings.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}

/// A signed delivery of Kintell
///
/// Standard Webhooks. `session.scheduled`, `session.completed` (the columns of kintell/sessions), `rating.created`
/// (kintell/ratings). Answered with 200 only when the record is stored; the same delivery again is answered the same and
/// done once. A record that is rejected keeps its fate under `GET /v1/imports?door=webhook`.
#[utoipa::path(post, path = "/v1/kintell/webhooks", operation_id = "receive_kintell_webhook",
    request_body = StandardEvent,
    params(DeliveryHeaders),
    responses((status = 200, description = "Stored, or known already", body = WebhookAnswer), DeliveryRefusals))]
async fn receive(
    State(app): State<Arc<App>>,
    ids: Ids,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Problem> {
    let webhook = Webhook {
        sender: "kintell",
        secrets: &app.secrets,
        db: &app.db,
        vault: &app.vault,
        nudger: app.nudger.as_ref(),
    };
    webhook.receive(&headers, &body, &ids, |body| Event::standard(body, TYPES)).await
}
