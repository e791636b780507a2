//! Logs: one JSON object a line on standard output, which Lambda ships. A message reads alone *and* carries fields;
//! units are in the names (`duration_ms`, `bytes`); a failure is logged once, at the boundary that answers for it.

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging for the process, at `RUST_LOG` or `info`. Libraries log warnings only: their debug output may
/// hold requests, and requests may hold people.
pub fn init(function: &'static str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = [
        "aws_smithy_runtime",
        "aws_sdk_s3",
        "aws_config",
        "hyper",
        "hyper_util",
        "rustls",
        "tokio_postgres",
        "lambda_runtime",
        "lambda_http",
    ];
    let filter = quiet.iter().fold(filter, |filter, target| match format!("{target}=warn").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    });
    let format = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_ansi(false);
    // A second call in one process (tests) keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(filter).with(format).try_init();
    // A panic's message may quote what it stumbled over; its place says enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code = "panic", place, "a panic was caught");
    }));
    tracing::debug!(function, version = env!("CARGO_PKG_VERSION"), "logging started");
}
