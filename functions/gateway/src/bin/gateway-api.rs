//! `gateway-api`: reads the configuration, serves the router.

use std::sync::Arc;

use gateway::{
    api::{App, router},
    console::Console,
};
use shared::{
    auth::Verifier,
    config::Env,
    db::{Db, DbConfig},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("gateway-api");
    let env = Env::from_process();
    let verifier = Verifier::from_env(&env)?;
    let aws = shared::config::aws().await;
    let db = Db::connect_lazy(DbConfig::from_env(&env, &aws).await?);
    db.warm_up();
    shared::http::run(router(Arc::new(App::new(db).with_console(Console::from_env(&env))), verifier)).await
}
