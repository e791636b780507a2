//! `moderation-api`: reads the configuration, serves the router.

use std::sync::Arc;

use moderation::api::{App, router};
use shared::{auth::Verifier, config::Env};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("moderation-api");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let app = App::from_env(&env).await?;
    shared::http::run(router(Arc::new(app), verifier)).await
}
