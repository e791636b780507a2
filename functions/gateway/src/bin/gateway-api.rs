//! `gateway-api`: reads the configuration, serves the router.

use std::sync::Arc;

use gateway::{
    api::{App, router},
    bus::{Tools, queues::SqsLetters},
    console::Console,
    presign::Presigner,
    queues::SqsImportQueues,
};
use shared::{
    auth::Verifier,
    bus::nudge::SqsNudger,
    config::Env,
    db::{Db, DbConfig},
    vault::Kms,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("gateway-api");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let aws = shared::config::aws().await;
    let (keys, queues) = (Kms::from_env(&env, &aws)?, SqsImportQueues::from_env(&env, &aws)?);
    let presigner = Presigner::from_env(&env, &aws)?;
    let bus = Tools {
        letters: Box::new(SqsLetters::from_env(&env, &aws)?),
        nudger: Box::new(SqsNudger::from_env(&env, &aws)?),
    };
    let db = Db::connect_lazy(DbConfig::from_env(&env, &aws).await?);
    db.warm_up();
    let app = App::new(db, Box::new(keys), Box::new(queues), presigner, bus).with_console(Console::from_env(&env));
    shared::http::run(router(Arc::new(app), verifier)).await
}
