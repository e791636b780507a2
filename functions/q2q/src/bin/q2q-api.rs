//! `q2q-api`: reads the configuration, serves the router.

use std::sync::Arc;

use q2q::api::{App, router};
use shared::{
    auth::Verifier,
    bus::nudge::SqsNudger,
    config::Env,
    db::{Db, DbConfig},
    vault::Kms,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("q2q-api");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let aws = shared::config::aws().await;
    let (keys, nudger) = (Kms::from_env(&env, &aws)?, SqsNudger::from_env(&env, &aws)?);
    let db = Db::connect_lazy(DbConfig::from_env(&env, &aws).await?);
    db.warm_up();
    let app = App::new(db, Box::new(keys), Box::new(nudger)).with_console(&env);
    shared::http::run(router(Arc::new(app), verifier)).await
}
