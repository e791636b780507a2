//! `upskilling-webhook`: reads the configuration, serves the router.

use std::sync::Arc;

use shared::{
    auth::Verifier,
    bus::nudge::SqsNudger,
    config::Env,
    db::{Db, DbConfig},
    vault::Kms,
    webhook::{Keep, KeptSecrets, SecretsManager},
};
use upskilling::webhook::{App, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("upskilling-webhook");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let aws = shared::config::aws().await;
    let (keys, nudger) = (Kms::from_env(&env, &aws)?, SqsNudger::from_env(&env, &aws)?);
    let prefix = env.required("WEBHOOK_SECRET_PREFIX")?;
    let secrets = |provider: &str| {
        let stored = SecretsManager::new(&aws, format!("{prefix}/{provider}"));
        KeptSecrets::new(Box::new(stored), Keep::default())
    };
    let db = Db::connect_lazy(DbConfig::from_env(&env, &aws).await?);
    db.warm_up();
    let app = App::new(db, Box::new(keys), Box::new(nudger), secrets);
    shared::http::run(router(Arc::new(app), verifier)).await
}
