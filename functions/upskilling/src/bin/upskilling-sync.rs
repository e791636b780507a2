//! Woken by the schedule; what the event says does not matter, only that there is one.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use shared::{config::Env, error::diagnostic};
use tokio::time::Instant;
use upskilling::sync::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init("upskilling-sync");
    let app = Arc::new(App::from_env(&Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let app = app.clone();
        async move {
            let left = event.context.deadline.saturating_sub(Timestamp::now().as_millisecond().unsigned_abs());
            handle(&app, Instant::now() + Duration::from_millis(left)).await.map_err(|error| diagnostic(&error))
        }
    }))
    .await
}
