//! Logs: one JSON object a line on standard output, which Lambda ships. A message reads alone *and* carries fields;
//! units are in the names (`duration_ms`, `bytes`); a failure is logged once, at the boundary that answers for it.

use serde_json::{Map, Value, json};
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

/// Where CloudWatch keeps our metrics.
const NAMESPACE: &str = "TEEI";

/// Metrics as a line of the log that CloudWatch makes metrics of, so that no call leaves the function.
pub fn metrics(dimensions: &[(&str, &str)], values: &[(&str, i64)]) {
    use std::io::Write;
    let line = embedded(dimensions, values, jiff::Timestamp::now().as_millisecond());
    // Nobody is there to tell when standard output is closed.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The embedded metric format:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn embedded(dimensions: &[(&str, &str)], values: &[(&str, i64)], milliseconds: i64) -> Value {
    let names: Vec<_> = dimensions.iter().map(|(name, _)| name).collect();
    let unit = |name: &str| if name.ends_with("Seconds") { "Seconds" } else { "Count" };
    let declared: Vec<_> = values.iter().map(|(name, _)| json!({ "Name": name, "Unit": unit(name) })).collect();
    let mut line = Map::new();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": declared });
    line.insert("_aws".to_owned(), json!({ "Timestamp": milliseconds, "CloudWatchMetrics": [directive] }));
    line.extend(dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    line.extend(values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_declared_with_their_dimensions_and_stand_beside_their_values() {
        let line =
            embedded(&[("Stage", "prod"), ("Consumer", "c")], &[("MissingEvents", 2), ("OldestSeconds", 7)], 1_000);
        assert_eq!(
            line,
            json!({
                "_aws": { "Timestamp": 1_000, "CloudWatchMetrics": [{
                    "Namespace": "TEEI", "Dimensions": [["Stage", "Consumer"]],
                    "Metrics": [{ "Name": "MissingEvents", "Unit": "Count" }, { "Name": "OldestSeconds", "Unit": "Seconds" }],
                }]},
                "Stage": "prod", "Consumer": "c", "MissingEvents": 2, "OldestSeconds": 7,
            })
        );
    }
}
