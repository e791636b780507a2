//! What wakes an importer: an SQS batch of S3 notifications and of commands, a bare S3 notification
//! (`sam local invoke`), or the `s3:TestEvent` that S3 sends once when a notification is set up.
//!
//! A command is `{"teei": "import-command", "import_id": "<uuid>"}`: what is asked stands in the import's row.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// One object to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded: notifications carry it form-encoded.
    pub key: String,
    /// The version, where the bucket has them.
    pub version: Option<String>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Import an object.
    Import(Drop),
    /// Do what a person asked of this import.
    Command(Uuid),
}

/// The member that tells a command from a notification, and its value.
const COMMAND: (&str, &str) = ("teei", "import-command");

/// The body of a command's message.
pub fn command_message(import_id: Uuid) -> Value {
    serde_json::json!({ COMMAND.0: COMMAND.1, "import_id": import_id })
}

/// A message of a batch and what is in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The SQS message id; none for a bare notification.
    pub id: Option<String>,
    /// What it asks for, or why it cannot be read.
    pub jobs: Result<Vec<Job>, NotANotification>,
}

/// The message is neither an S3 notification nor a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is neither an S3 notification nor a command: look at what was sent to the queue")]
pub struct NotANotification;

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "versionId")]
    version_id: Option<String>,
}

/// Reads whatever invoked the function, message by message: one bad body fails alone.
pub fn messages(event: &Value) -> Vec<Message> {
    let records = event.get("Records").and_then(Value::as_array);
    let from_sqs = records
        .is_some_and(|records| !records.is_empty() && records.iter().all(|record| record.get("messageId").is_some()));
    match records {
        Some(records) if from_sqs => records
            .iter()
            .map(|record| {
                let body = record.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
                Message {
                    id: record.get("messageId").and_then(Value::as_str).map(ToOwned::to_owned),
                    jobs: body.ok_or(NotANotification).and_then(|body: Value| jobs(&body)),
                }
            })
            .collect(),
        _ => vec![Message { id: None, jobs: jobs(event) }],
    }
}

fn jobs(notification: &Value) -> Result<Vec<Job>, NotANotification> {
    if notification.get(COMMAND.0).and_then(Value::as_str) == Some(COMMAND.1) {
        let import_id = notification.get("import_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        return import_id.map(|id| vec![Job::Command(id)]).ok_or(NotANotification);
    }
    if notification.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    let notification = Notification::deserialize(notification).map_err(|_| NotANotification)?;
    let created = |record: &Record| record.event_name.trim_start_matches("s3:").starts_with("ObjectCreated");
    // The console's "create folder" puts an empty object with a slash at its end: that is no file.
    let folder = |record: &Record| record.s3.object.key.ends_with('/') && record.s3.object.size == 0;
    Ok(notification
        .records
        .into_iter()
        .filter(|record| created(record) && !folder(record))
        .map(|record| {
            Job::Import(Drop {
                bucket: record.s3.bucket.name,
                key: form_decode(&record.s3.object.key),
                version: record.s3.object.version_id,
            })
        })
        .collect())
}

/// `application/x-www-form-urlencoded`, as S3 writes keys: `+` is a space, `%C3%B8` is ø. Bytes that are no UTF-8
/// after that become replacement characters, and the object is then not found, which is an answer.
fn form_decode(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits =
            tail.get(..2).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 16).ok());
        match (first, digits) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notification(key: &str) -> Value {
        json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": key, "versionId": "v"}}}]})
    }

    #[test]
    fn a_key_arrives_form_encoded() {
        let found = messages(&notification("kintell/sessions/M%C3%B8ter+i+mars%2B1.csv"));
        let Ok([Job::Import(drop)]) = found[0].jobs.as_deref() else { panic!("one drop: {found:?}") };
        assert_eq!(drop.key, "kintell/sessions/Møter i mars+1.csv");
        assert_eq!(form_decode("100%"), "100%");
    }

    #[test]
    fn a_batch_is_read_message_by_message_and_a_bad_body_fails_alone() {
        let event = json!({"Records": [
            {"messageId": "1", "body": notification("kintell/a.csv").to_string()},
            {"messageId": "2", "body": "hello"},
            {"messageId": "3", "body": json!({"Service": "Amazon S3", "Event": "s3:TestEvent"}).to_string()},
        ]});
        let found = messages(&event);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].jobs.as_ref().unwrap().len(), 1);
        assert_eq!(found[1], Message { id: Some("2".to_owned()), jobs: Err(NotANotification) });
        assert_eq!(found[2].jobs, Ok(Vec::new()));
    }

    #[test]
    fn a_command_is_told_from_a_notification() {
        let id = Uuid::from_u128(7);
        assert_eq!(messages(&command_message(id))[0].jobs, Ok(vec![Job::Command(id)]));
        let event = json!({"Records": [{"messageId": "1", "body": command_message(id).to_string()}]});
        assert_eq!(messages(&event)[0].jobs, Ok(vec![Job::Command(id)]));
        assert_eq!(messages(&json!({"teei": "import-command", "import_id": "x"}))[0].jobs, Err(NotANotification));
    }

    #[test]
    fn folders_and_deletions_are_no_drops() {
        assert_eq!(messages(&notification("kintell/sessions/"))[0].jobs, Ok(Vec::new()));
        let mut file = notification("kintell/sessions/x/");
        file["Records"][0]["s3"]["object"]["size"] = json!(12);
        assert_eq!(messages(&file)[0].jobs.as_ref().unwrap().len(), 1, "what has content gets its answer");
        let mut deleted = notification("kintell/a.csv");
        deleted["Records"][0]["eventName"] = json!("ObjectRemoved:Delete");
        assert_eq!(messages(&deleted)[0].jobs, Ok(Vec::new()));
    }
}
