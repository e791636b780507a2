//! `authorizer`: reads the configuration, answers API Gateway.

use gateway::authorizer::{Request, handle};
use lambda_runtime::{LambdaEvent, service_fn};
use shared::{auth::Verifier, config::Env};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init("authorizer");
    let verifier = Verifier::from_env(&Env::from_process())?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Request>| handle(&verifier, event.payload))).await
}
