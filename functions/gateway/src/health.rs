//! Health: up or down for everybody, the detail for those who can do something about it.
//!
//! A service is down when a run of one of its functions failed after its last good one. Silence is no failure:
//! functions run only when something arrives. The bus is down too when events wait for more than five minutes, and
//! `kintell` when an import has been running for longer than a function may: it was killed and told nobody; `upskilling`
//! when a learning-record store failed three times in a row.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::Timestamp;
use serde::Serialize;
use shared::{
    auth::{Claims, Role},
    db::{Db, DbError},
    http::{MaybeCaller, Problem, problem},
};
use tokio_postgres::{Row, types::Type};
use utoipa::ToSchema;

use crate::{
    api::App,
    providers::{self, ProviderHealth},
};

/// The services there are, whether they have run yet or not.
pub const SERVICES: [&str; 7] = ["buddy", "bus", "gateway", "kintell", "moderation", "profiles", "upskilling"];

const CACHED_FOR: Duration = Duration::from_secs(10);
const DATABASE_LIMIT: Duration = Duration::from_secs(1);
/// The relay is nudged twice a transaction; events that wait longer than this are stuck.
const UNPUBLISHED_LIMIT_SECONDS: i64 = 300;
/// Lambda ends a function after fifteen minutes at the latest.
const RUNNING_LIMIT_MINUTES: i32 = 20;

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The last run of every function was good, or there was none yet.
    Up,
    /// Something failed and has not worked since.
    Down,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceHealth {
    /// Its name, as in `/v1/{service}/health`.
    #[schema(example = "kintell")]
    pub service: String,
    /// Up or down.
    pub status: Status,
    /// When one of its functions last ended a run well (admin, coordinator).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ok_at: Option<Timestamp>,
    /// When one of its functions last failed (admin, coordinator).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Timestamp>,
    /// The code it failed with (admin, coordinator).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "database_unavailable")]
    pub last_error: Option<String>,
    /// Of the bus: how long the oldest event that is not published has been waiting (admin, coordinator).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_unpublished_seconds: Option<i64>,
    /// Of `kintell`: how many imports have been running for longer than twenty minutes (admin, coordinator).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stuck_imports: Option<i64>,
    /// Of `upskilling`: the learning-record stores that are asked (admin, coordinator).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderHealth>,
}

impl ServiceHealth {
    fn new(service: &str, status: Status) -> Self {
        Self {
            service: service.to_owned(),
            status,
            last_ok_at: None,
            last_error_at: None,
            last_error: None,
            oldest_unpublished_seconds: None,
            stuck_imports: None,
            providers: Vec::new(),
        }
    }

    fn seen_by(self, caller: Option<&Claims>) -> Self {
        match caller.map(|claims| claims.role) {
            Some(Role::Admin | Role::Coordinator) => self,
            _ => Self::new(&self.service, self.status),
        }
    }
}

/// All services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Down when one of them is.
    pub status: Status,
    /// Each, in alphabetical order.
    pub services: Vec<ServiceHealth>,
}

impl Health {
    fn of(services: Vec<ServiceHealth>) -> Self {
        let down = services.iter().any(|service| service.status == Status::Down);
        Self { status: if down { Status::Down } else { Status::Up }, services }
    }
}

/// The last answer and when it was made.
#[derive(Default)]
pub struct Cache(Mutex<Option<(Instant, Vec<ServiceHealth>)>>);

impl Cache {
    fn fresh(&self) -> Option<Vec<ServiceHealth>> {
        let slot = self.0.lock().ok()?;
        slot.as_ref().filter(|(at, _)| at.elapsed() < CACHED_FOR).map(|(_, services)| services.clone())
    }

    fn keep(&self, services: &[ServiceHealth]) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some((Instant::now(), services.to_vec()));
        }
    }
}

fn code(status: Status) -> StatusCode {
    if status == Status::Up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Health of all services
///
/// From the functions' heartbeats, at most ten seconds old. 503 when a service is down, so that a monitor needs to
/// look at the status only.
#[utoipa::path(get, path = "/v1/health", operation_id = "get_health", responses(
    (status = 200, description = "Everything is up", body = Health),
    (status = 503, description = "A service is down", body = Health)))]
pub async fn all(State(app): State<Arc<App>>, MaybeCaller(caller): MaybeCaller) -> (StatusCode, Json<Health>) {
    let services = match app.health.fresh() {
        Some(services) => services,
        None => match ask(&app.db).await {
            Some(services) => {
                app.health.keep(&services);
                services
            }
            // Everything stands on the database.
            None => SERVICES.iter().map(|service| ServiceHealth::new(service, Status::Down)).collect(),
        },
    };
    let services = services.into_iter().map(|service| service.seen_by(caller.as_ref())).collect();
    let health = Health::of(services);
    (code(health.status), Json(health))
}

/// Health of one service
///
/// Asks the database, with a limit of one second.
#[utoipa::path(get, path = "/v1/{service}/health", operation_id = "get_service_health",
    params(("service" = String, Path, description = "buddy, bus, gateway, kintell, moderation, profiles or upskilling", example = "kintell")),
    responses(
        (status = 200, description = "The service is up", body = ServiceHealth),
        (status = 404, description = "No such service: `not_found`"),
        (status = 503, description = "The service is down", body = ServiceHealth)))]
pub async fn one(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    MaybeCaller(caller): MaybeCaller,
) -> Result<(StatusCode, Json<ServiceHealth>), Problem> {
    let known = |services: Vec<ServiceHealth>| services.into_iter().find(|service| service.service == name);
    let found = match ask(&app.db).await {
        Some(services) => known(services),
        None => known(SERVICES.iter().map(|service| ServiceHealth::new(service, Status::Down)).collect()),
    };
    let health = found.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?.seen_by(caller.as_ref());
    Ok((code(health.status), Json(health)))
}

/// Every service, or none when the database does not answer in time.
async fn ask(db: &Db) -> Option<Vec<ServiceHealth>> {
    match tokio::time::timeout(DATABASE_LIMIT, read(db)).await {
        Ok(Ok(services)) => Some(services),
        Ok(Err(error)) => {
            tracing::warn!(%error, "health could not be read");
            None
        }
        Err(_) => {
            tracing::warn!(limit_ms = DATABASE_LIMIT.as_millis() as u64, "the database did not answer in time");
            None
        }
    }
}

async fn read(db: &Db) -> Result<Vec<ServiceHealth>, DbError> {
    let client = db.client().await?;
    let beats = client
        .query_typed(
            // A failing run of upskilling-sync writes each time; one that has nobody to ask writes nothing.
            "SELECT service, last_ok_at, last_error,
                    CASE WHEN function <> 'upskilling-sync' OR last_error_at > now() - interval '2 days' THEN last_error_at END AS last_error_at
             FROM core.heartbeats ORDER BY function",
            &[],
        )
        .await?;
    let waiting = client
        .query_typed(
            "SELECT extract(epoch FROM now() - min(created_at))::bigint FROM bus.batches WHERE state = 'pending'",
            &[],
        )
        .await?;
    let stuck = client
        .query_typed(
            "SELECT count(*) FROM intake.imports
             WHERE status = 'running' AND attempted_at < now() - make_interval(mins => $1)",
            &[(&RUNNING_LIMIT_MINUTES, Type::INT4)],
        )
        .await?;
    let providers = providers::read(&client).await?;
    let mut services: BTreeMap<String, ServiceHealth> =
        SERVICES.iter().map(|name| ((*name).to_owned(), ServiceHealth::new(name, Status::Up))).collect();
    for beat in &beats {
        let name: String = beat.get("service");
        fold(services.entry(name.clone()).or_insert_with(|| ServiceHealth::new(&name, Status::Up)), beat);
    }
    if let Some(bus) = services.get_mut("bus") {
        bus.oldest_unpublished_seconds = waiting.first().and_then(|row| row.get(0));
        if bus.oldest_unpublished_seconds.is_some_and(|seconds| seconds > UNPUBLISHED_LIMIT_SECONDS) {
            bus.status = Status::Down;
        }
    }
    if let Some(kintell) = services.get_mut("kintell") {
        kintell.stuck_imports = stuck.first().map(|row| row.get(0));
        if kintell.stuck_imports.is_some_and(|count| count > 0) {
            kintell.status = Status::Down;
        }
    }
    if let Some(upskilling) = services.get_mut("upskilling") {
        if providers.iter().any(ProviderHealth::is_down) {
            upskilling.status = Status::Down;
        }
        upskilling.providers = providers;
    }
    Ok(services.into_values().collect())
}

/// Adds one function's heartbeat to its service.
fn fold(service: &mut ServiceHealth, beat: &Row) {
    let ok_at: Option<Timestamp> = beat.get("last_ok_at");
    let error_at: Option<Timestamp> = beat.get("last_error_at");
    if error_at > ok_at {
        service.status = Status::Down;
    }
    service.last_ok_at = service.last_ok_at.max(ok_at);
    if error_at > service.last_error_at {
        service.last_error_at = error_at;
        service.last_error = beat.get("last_error");
    }
}
