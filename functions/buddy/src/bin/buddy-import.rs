//! Woken by SQS with S3 notifications, or invoked with a bare one.

use std::{sync::Arc, time::Duration};

use buddy::SOURCE;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use shared::{
    config::Env,
    error::diagnostic,
    intake::importer::{App, handle},
};
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// Two threads: while the database works on some records, the next are read.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    shared::telemetry::init("buddy-import");
    let app = Arc::new(App::from_env(&SOURCE, &Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let app = app.clone();
        async move {
            let left = event.context.deadline.saturating_sub(Timestamp::now().as_millisecond().unsigned_abs());
            let deadline = Instant::now() + Duration::from_millis(left);
            handle(&app, event.payload, deadline).await.map(Value::from).map_err(|error| diagnostic(&error))
        }
    }))
    .await
}
