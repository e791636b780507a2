//! `moderation-screener`: reads its configuration once, then a batch of contract events or a sweep a trigger.

use std::{sync::Arc, time::SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use moderation::screener::{App, handle};
use serde_json::Value;
use shared::{config::Env, error::diagnostic, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("moderation-screener");
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
