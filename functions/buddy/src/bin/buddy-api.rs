//! `buddy-api`: reads the configuration, serves the router.

use std::sync::Arc;

use buddy::api::{App, router};
use shared::{
    auth::Verifier,
    bus::nudge::SqsNudger,
    config::Env,
    db::{Db, DbConfig},
    vault::Kms,
    webhook::{Keep, KeptSecrets, SecretsManager},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("buddy-api");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let aws = shared::config::aws().await;
    let (keys, nudger) = (Kms::from_env(&env, &aws)?, SqsNudger::from_env(&env, &aws)?);
    let secrets = SecretsManager::new(&aws, env.required("WEBHOOK_SECRET")?);
    let db = Db::connect_lazy(DbConfig::from_env(&env, &aws).await?);
    db.warm_up();
    let app = App::new(db, Box::new(keys), Box::new(nudger), KeptSecrets::new(Box::new(secrets), Keep::default()));
    shared::http::run(router(Arc::new(app), verifier)).await
}
