//! `q2q-scorer`: reads its configuration once, then one batch of contract events or one sweep a trigger.

use std::{sync::Arc, time::SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use q2q::scorer::{App, handle};
use serde_json::Value;
use shared::{config::Env, error::diagnostic, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("q2q-scorer");
    let app = Arc::new(App::from_env(&Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let app = Arc::clone(&app);
        async move {
            let remaining = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            handle(&app, event.payload, remaining).await.map_err(|error| diagnostic(&error))
        }
    }))
    .await
}
