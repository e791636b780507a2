//! `bus-relay`: reads its configuration once, then one run a trigger.

use std::{sync::Arc, time::SystemTime};

use bus::{App, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use shared::{config::Env, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("bus-relay");
    let app = Arc::new(App::from_env(&Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let app = Arc::clone(&app);
        async move {
            let remaining = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            handle(&app, event.payload, remaining).await
        }
    }))
    .await
}
