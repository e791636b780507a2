//! `kintell-webhook`: what Kintell tells by itself, signed.
//!
//! The records have the columns of its exports by the same names, so a session that is told here and stands in a file is
//! one fact. What a delivery is, and how it is answered, is [`shared::intake::live::webhook`].

use std::sync::Arc;

use axum::{Router, extract::State, response::Response};
use http::HeaderMap;
use serde::Serialize;
use shared::{
    auth::{Access, Verifier, Who},
    bus::nudge::Nudger,
    db::Db,
    heartbeat::Heartbeat,
    http::{Beat, Edge, Ids, Problem, RawJson, wrap},
    intake::live::webhook::{Event, Types, Webhook, WebhookAnswer},
    openapi::Service,
    vault::{KeyService, LazyVault},
    webhook::KeptSecrets,
};
use utoipa::ToSchema;
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

/// What Kintell sends: its description, because the bytes are checked before they are read.
#[derive(Serialize, ToSchema)]
pub struct KintellEvent {
    /// `session.scheduled`, `session.completed`, `rating.created`.
    #[schema(example = "session.completed")]
    r#type: String,
    /// When it happened at Kintell, from 1970 on. A record told before the newest live revision of its fact is left out
    /// whole, with the warning `stale_revision`; a delivery that changed nothing made no revision.
    #[schema(value_type = Option<String>, format = DateTime)]
    timestamp: Option<String>,
    /// The record: the columns of kintell/sessions or kintell/ratings by their names. A number or a text; null is an empty
    /// cell, a field that is absent says nothing.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

/// A signed delivery of Kintell
///
/// Standard Webhooks. Answered with 200 only when the record is stored; the same delivery again is answered the same and
/// done once. A record that is rejected keeps its fate under `GET /v1/imports?door=webhook`.
#[utoipa::path(post, path = "/v1/kintell/webhooks", operation_id = "receive_kintell_webhook",
    request_body = KintellEvent,
    params(
        ("webhook-id" = String, Header, description = "The sender's id of the message, the same whenever it is sent again"),
        ("webhook-timestamp" = String, Header, description = "When this try was signed, seconds since 1970"),
        ("webhook-signature" = String, Header, description = "`v1,<base64>`, several between blanks")),
    responses(
        (status = 200, description = "Stored, or known already", body = WebhookAnswer),
        (status = 400, description = "`bad_request`: no body of this form"),
        (status = 422, description = "`invalid_record` and `unknown_event`: sending it again is pointless; `orphan_ref`: send it again later; `webhook_id_mismatch`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`")))]
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
