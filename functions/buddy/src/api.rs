//! `buddy-api`: what Buddy tells by itself, signed, and what a programme's own systems and people bring by a call.
//!
//! The records have the columns of Buddy's exports by the same names, so a match that is told here and stands in a file
//! is one fact. How a delivery is received is [`shared::intake::live::webhook`], how a call is
//! [`shared::intake::live::adapter`].

use std::sync::Arc;

use axum::{Router, extract::State, response::Response};
use http::HeaderMap;
use shared::{
    auth::{Access, Role, Verifier, Who},
    bus::nudge::Nudger,
    db::Db,
    described,
    heartbeat::Heartbeat,
    http::{Beat, Caller, Edge, Ids, Problem, RawJson, wrap},
    intake::{
        entity::Entity,
        live::{
            adapter::{Adapter, Answer, Call, CallHeaders, RecordAnswer, Refusals},
            webhook::{DeliveryHeaders, DeliveryRefusals, Event, StandardEvent, Types, Webhook, WebhookAnswer},
        },
    },
    openapi::Service,
    vault::{KeyService, LazyVault},
    webhook::KeptSecrets,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    checkins::CHECKINS, event_attendance::EVENT_ATTENDANCE, feedback::FEEDBACK, matches::MATCHES, meetings::EVENTS,
    milestones::MILESTONES, skill_sessions::SKILL_SESSIONS,
};

/// The types Buddy sends, and what their records are.
pub const TYPES: Types = &[
    ("match.created", &MATCHES),
    ("match.ended", &MATCHES),
    ("event.logged", &EVENTS),
    ("event.attended", &EVENT_ATTENDANCE),
    ("skill_share.completed", &SKILL_SESSIONS),
    ("checkin.completed", &CHECKINS),
    ("feedback.submitted", &FEEDBACK),
    ("milestone.reached", &MILESTONES),
];

/// Who brings records by a call.
const WRITERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Service]);

/// The access table.
pub const ACCESS: &[Access] = &[
    Access { method: "POST", path: "/v1/buddy/webhooks", who: Who::Signed },
    Access { method: "POST", path: "/v1/buddy/matches", who: WRITERS },
    Access { method: "POST", path: "/v1/buddy/events", who: WRITERS },
    Access { method: "POST", path: "/v1/buddy/checkins", who: WRITERS },
    Access { method: "POST", path: "/v1/buddy/feedback", who: WRITERS },
];

described! {
    BuddyMatch BuddyMatches MATCHES;
    BuddyEvent BuddyEvents EVENTS;
    BuddyCheckin BuddyCheckins CHECKINS;
    BuddyFeedback BuddyFeedbacks FEEDBACK;
}

/// What the handlers use.
pub struct App {
    db: Db,
    vault: LazyVault,
    nudger: Box<dyn Nudger>,
    secrets: KeptSecrets,
}

impl App {
    /// An app; the vault is opened and the secrets are read by the first request that needs them.
    pub fn new(db: Db, keys: Box<dyn KeyService>, nudger: Box<dyn Nudger>, secrets: KeptSecrets) -> Self {
        Self { db, vault: LazyVault::new(keys), nudger, secrets }
    }

    async fn take(
        &self,
        entity: &'static Entity,
        Caller(claims): Caller,
        ids: Ids,
        call: Call,
    ) -> Result<Response, Problem> {
        let adapter = Adapter { entity, db: &self.db, vault: &self.vault, nudger: self.nudger.as_ref() };
        adapter.receive(&call, &claims, &ids).await
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default()
        .routes(routes!(receive))
        .routes(routes!(matches))
        .routes(routes!(events))
        .routes(routes!(checkins))
        .routes(routes!(feedback))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>, verifier: Verifier) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("buddy-api", "buddy"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "buddy",
        description: "Matches, what they do together and how it goes: told by Buddy itself, or brought by a call.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}

/// A signed delivery of Buddy
///
/// Standard Webhooks. `match.created`, `match.ended` (the columns of buddy/matches), `event.logged` (events),
/// `event.attended` (event_attendance), `skill_share.completed` (skill_sessions), `checkin.completed` (checkins),
/// `feedback.submitted` (feedback), `milestone.reached` (milestones). Answered with 200 only when the record is stored;
/// the same delivery again is answered the same and done once. A record that is rejected keeps its fate under
/// `GET /v1/imports?door=webhook`.
#[utoipa::path(post, path = "/v1/buddy/webhooks", operation_id = "receive_buddy_webhook",
    request_body = StandardEvent,
    params(DeliveryHeaders),
    responses((status = 200, description = "Stored, or known already", body = WebhookAnswer), DeliveryRefusals))]
async fn receive(
    State(app): State<Arc<App>>,
    ids: Ids,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Problem> {
    let webhook =
        Webhook { sender: "buddy", secrets: &app.secrets, db: &app.db, vault: &app.vault, nudger: app.nudger.as_ref() };
    webhook.receive(&headers, &body, &ids, |body| Event::standard(body, TYPES)).await
}

/// Bring matches
///
/// A match, or up to 500 of them. Its people are those of Buddy's list of users, which comes as a file; in the layout of
/// the first years they are named by e-mail. What is known with the same content is `unchanged`.
#[utoipa::path(post, path = "/v1/buddy/matches", operation_id = "bring_buddy_matches", request_body = BuddyMatches, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn matches(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&MATCHES, caller, ids, call).await
}

/// Bring events of matches
///
/// What a match did together, once or up to 500 times. The match has to be here.
#[utoipa::path(post, path = "/v1/buddy/events", operation_id = "bring_buddy_events", request_body = BuddyEvents, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn events(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&EVENTS, caller, ids, call).await
}

/// Bring check-ins
///
/// How a match is going, once or up to 500 times. The match has to be here. The mood stays inside and stands in no event;
/// notes and answers are sealed.
#[utoipa::path(post, path = "/v1/buddy/checkins", operation_id = "bring_buddy_checkins", request_body = BuddyCheckins, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn checkins(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&CHECKINS, caller, ids, call).await
}

/// Bring feedback
///
/// What one side of a match says about it, once or up to 500 times; ratings are from 0 to 1. The match has to be here.
#[utoipa::path(post, path = "/v1/buddy/feedback", operation_id = "bring_buddy_feedback", request_body = BuddyFeedbacks, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn feedback(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&FEEDBACK, caller, ids, call).await
}
