//! `profile-projector`: reads its configuration once, then one batch of contract events a trigger.

use std::{sync::Arc, time::SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use profile::projector::{App, handle};
use shared::{bus::consumer::SqsBatch, config::Env, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("profile-projector");
    let app = Arc::new(App::from_env(&Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsBatch>| {
        let app = Arc::clone(&app);
        async move {
            let remaining = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            Ok::<_, Error>(handle(&app, event.payload, remaining).await.reply)
        }
    }))
    .await
}
