//! Takes contract events in from a queue of its own. Copy the folder and put your effect where it says so.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(|batch: LambdaEvent<Value>| async move { Ok::<_, Error>(handle(&batch.payload)) }))
        .await
}

/// Names every message that is not finished: the queue keeps those and deletes the rest.
fn handle(batch: &Value) -> Value {
    let messages = batch["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let open = messages.iter().filter(|message| take_in(message).inspect_err(|why| println!("{why}")).is_err());
    let failures: Vec<Value> = open.map(|message| json!({ "itemIdentifier": message["messageId"] })).collect();
    json!({ "batchItemFailures": failures })
}

fn take_in(message: &Value) -> Result<(), &'static str> {
    let body = message["body"].as_str().ok_or("a message without a body")?;
    let delivery: Value = serde_json::from_str(body).map_err(|_| "a message that is no JSON")?;
    let event = &delivery["detail"];
    let (Some(id), Some(kind), Some(fact)) = (event["id"].as_str(), event["type"].as_str(), event["subject"].as_str())
    else {
        return Err("a message that is no contract event");
    };
    // Your effect goes here, once an id: an event may come twice. It may come late, too: of a fact (`subject`) keep
    // the highest `data.revision`.
    println!("{}", json!({ "event": id, "type": kind, "fact": fact, "revision": event["data"]["revision"] }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_taken_in_and_what_is_no_event_is_kept_alone() {
        let mut batch: Value = serde_json::from_str(include_str!("../event.json")).unwrap();
        assert_eq!(handle(&batch), json!({ "batchItemFailures": [] }));
        for broken in [json!("{"), json!(null), json!("{}"), json!(1)] {
            batch["Records"] = json!([batch["Records"][0], { "messageId": "broken", "body": broken }]);
            assert_eq!(handle(&batch), json!({ "batchItemFailures": [{ "itemIdentifier": "broken" }] }));
        }
        assert_eq!(handle(&json!({})), json!({ "batchItemFailures": [] }));
    }
}
