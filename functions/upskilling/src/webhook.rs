//! `upskilling-webhook`: what providers of courses tell by themselves, signed, and what is brought by a call.
//!
//! The records have the columns of the files by the same names, so a course that is told here and stands in a file is one
//! fact. In which form a provider tells it is [`crate::providers`]; how a delivery is received is
//! [`shared::intake::live::webhook`], how a call is [`shared::intake::live::adapter`].

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use serde::Serialize;
use shared::{
    auth::{Access, Role, Verifier, Who},
    bus::nudge::Nudger,
    db::Db,
    described,
    heartbeat::Heartbeat,
    http::{Beat, Caller, Edge, Ids, Problem, RawJson, problem, wrap},
    intake::{
        entity::Entity,
        live::{
            adapter::{Adapter, Answer, Call, CallHeaders, RecordAnswer, Refusals},
            webhook::{DeliveryHeaders, DeliveryRefusals, StandardEvent, Webhook, WebhookAnswer},
        },
    },
    openapi::Service,
    vault::{KeyService, LazyVault},
    webhook::KeptSecrets,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    completions::COMPLETIONS,
    credentials::CREDENTIALS,
    providers::{PROVIDERS, Provider},
};

/// Who brings records by a call.
const WRITERS: Who = Who::Roles(&[Role::Admin, Role::Coordinator, Role::Service]);

/// The access table.
pub const ACCESS: &[Access] = &[
    Access { method: "POST", path: "/v1/upskilling/webhooks/{provider}", who: Who::Signed },
    Access { method: "POST", path: "/v1/upskilling/completions", who: WRITERS },
    Access { method: "POST", path: "/v1/upskilling/credentials", who: WRITERS },
];

described! {
    Completion Completions COMPLETIONS;
    Credential Credentials CREDENTIALS;
}

/// What the handlers use.
pub struct App {
    db: Db,
    vault: LazyVault,
    nudger: Box<dyn Nudger>,
    secrets: Vec<(&'static Provider, KeptSecrets)>,
}

impl App {
    /// An app; `secrets` gives those of a provider by its name. The vault is opened and secrets are read by the first
    /// request that needs them.
    pub fn new(
        db: Db,
        keys: Box<dyn KeyService>,
        nudger: Box<dyn Nudger>,
        secrets: impl Fn(&str) -> KeptSecrets,
    ) -> Self {
        let secrets = PROVIDERS.iter().map(|provider| (provider, secrets(provider.name))).collect();
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
    OpenApiRouter::default().routes(routes!(receive)).routes(routes!(completions)).routes(routes!(credentials))
}

/// The service for the Lambda Runtime API.
pub fn router(app: Arc<App>, verifier: Verifier) -> Router {
    let beat = Beat { heartbeat: Heartbeat::new("upskilling-webhook", "upskilling"), db: app.db.clone() };
    let (router, _) = routes().with_state(app).split_for_parts();
    wrap(router, Arc::new(Edge { access: ACCESS, verifier, beat: Some(beat) }))
}

/// What this service contributes to the API description.
pub fn description() -> Service {
    Service {
        name: "upskilling",
        description: "Courses and credentials: told by their providers, or brought by a call.",
        api: routes().into_openapi(),
        access: ACCESS,
    }
}

/// What a provider sends: its description, because the bytes are checked before they are read.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is a description")]
enum CourseEvent {
    Generic(StandardEvent),
    Ecornell(EcornellEvent),
    Itslearning(ItslearningEvent),
}

/// What eCornell sends. Members that are not named here are passed over and not stored.
#[derive(Serialize, ToSchema)]
struct EcornellEvent {
    /// `enrollment.created`, `course.started`, `course.completed`, `certificate.issued`.
    #[schema(example = "course.completed")]
    event_type: String,
    /// When it was told, from 1970 on. A record told before the newest live revision of its fact is left out whole, with
    /// the warning `stale_revision`; a delivery that changed nothing made no revision.
    #[schema(format = DateTime)]
    timestamp: String,
    user: EcornellUser,
    course: EcornellCourse,
    progress: Option<EcornellProgress>,
    certificate: Option<EcornellCertificate>,
}

/// Whom eCornell means.
#[derive(Serialize, ToSchema)]
struct EcornellUser {
    #[schema(format = "email")]
    email: String,
}

/// A course of eCornell.
#[derive(Serialize, ToSchema)]
struct EcornellCourse {
    course_id: String,
    course_name: String,
}

/// How far somebody is.
#[derive(Serialize, ToSchema)]
struct EcornellProgress {
    /// `enrolled`, `in_progress`, `completed`, `dropped`; capitals and separators make no difference.
    status: String,
    /// 0–100
    percent_complete: Option<f64>,
    /// Of `course.completed`; without it the event's timestamp.
    #[schema(format = DateTime)]
    completed_at: Option<String>,
}

/// What was issued.
#[derive(Serialize, ToSchema)]
struct EcornellCertificate {
    /// Required for `certificate.issued`: no id is made up.
    certificate_id: Option<String>,
    #[schema(format = "uri")]
    certificate_url: Option<String>,
    /// Without it the event's timestamp.
    #[schema(format = DateTime)]
    issued_at: Option<String>,
}

/// What itslearning sends. Members that are not named here are passed over and not stored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ItslearningEvent {
    /// `CourseEnrollment`, `CourseProgress`, `CourseCompletion`.
    #[schema(example = "CourseCompletion")]
    event_type: String,
    /// When it was told, from 1970 on. A record told before the newest live revision of its fact is left out whole, with
    /// the warning `stale_revision`; a delivery that changed nothing made no revision.
    #[schema(format = DateTime)]
    timestamp: String,
    #[schema(format = "email")]
    user_email: String,
    course_id: String,
    course_name: String,
    /// `enrolled`, `in_progress`, `completed`, `dropped`; capitals and separators make no difference.
    status: String,
    /// 0–100; required for `CourseProgress`.
    progress_percentage: Option<f64>,
    /// Of `CourseCompletion`; without it the event's timestamp.
    #[schema(format = DateTime)]
    completion_date: Option<String>,
    #[schema(format = "uri")]
    certificate_url: Option<String>,
}

/// A signed delivery of a provider
///
/// Standard Webhooks, each provider with a secret of its own. `generic` sends the standard's body with
/// `course.completed`, `credential.issued` or `progress.updated` and the columns of upskilling/completions, credentials or
/// progress; `ecornell` and `itslearning` send their own. Answered with 200 only when the record is stored; the same
/// delivery again is answered the same and done once. A record that is rejected keeps its fate under
/// `GET /v1/imports?door=webhook`.
#[utoipa::path(post, path = "/v1/upskilling/webhooks/{provider}", operation_id = "receive_upskilling_webhook",
    request_body = CourseEvent,
    params(
        ("provider" = String, Path, description = "ecornell, itslearning or generic", example = "ecornell"),
        DeliveryHeaders),
    responses(
        (status = 200, description = "Stored, or known already", body = WebhookAnswer),
        (status = 404, description = "`not_found`: no provider of this name"),
        DeliveryRefusals))]
async fn receive(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    ids: Ids,
    headers: HeaderMap,
    RawJson(body): RawJson,
) -> Result<Response, Problem> {
    let Some((provider, secrets)) = app.secrets.iter().find(|(provider, _)| provider.name == name) else {
        let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
        let detail = format!("There is no provider of this name; those that may send are {}.", known.join(", "));
        return Err(Problem::new(&problem::NOT_FOUND).detail(detail));
    };
    let webhook =
        Webhook { sender: provider.name, secrets, db: &app.db, vault: &app.vault, nudger: app.nudger.as_ref() };
    webhook.receive(&headers, &body, &ids, |body| provider.read(body)).await
}

/// Bring completed courses
///
/// A completed course of a person, or up to 500 of them. What is known with the same content is `unchanged`.
#[utoipa::path(post, path = "/v1/upskilling/completions", operation_id = "bring_completions", request_body = Completions, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn completions(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&COMPLETIONS, caller, ids, call).await
}

/// Bring credentials
///
/// A certificate, badge, diploma or transcript of a person, or up to 500 of them. Links and codes that lead to a person
/// are sealed and stand in no event.
#[utoipa::path(post, path = "/v1/upskilling/credentials", operation_id = "bring_credentials", request_body = Credentials, params(CallHeaders),
    responses(
        (status = 200, description = "One record that was known, or an end for each of a batch", body = Answer),
        (status = 201, description = "One record that is a new fact", body = RecordAnswer),
        Refusals))]
async fn credentials(State(app): State<Arc<App>>, caller: Caller, ids: Ids, call: Call) -> Result<Response, Problem> {
    app.take(&CREDENTIALS, caller, ids, call).await
}
