//! Invoked by the deploy with `{}`, or `{"seed": true}` on a local stage.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use migrate::{App, Request, handle};
use shared::{
    config::Env,
    error::{Classified, diagnostic},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init("migrate");
    let app = Arc::new(App::from_env(&Env::from_process()).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Request>| {
        let app = app.clone();
        async move {
            handle(&app, event.payload).await.map_err(|error| {
                tracing::error!(code = error.code(), %error, "migrate failed");
                diagnostic(&error)
            })
        }
    }))
    .await
}
