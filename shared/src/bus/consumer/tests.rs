use serde_json::json;

use super::*;
use crate::{
    bus::testing::RecordedNudges,
    contracts::{Contract, Envelope, SessionCompleted, SessionScheduled, schema},
    db::DbConfig,
};

/// Reads completed sessions and never gets to its effect: these tests have no database.
struct Reader;

impl Consumer for Reader {
    const NAME: &'static str = "reader";
    type Event = SessionCompleted;
    type Error = DbError;

    fn read(kind: &str, detail: &str) -> Result<SessionCompleted, ContractError> {
        match kind {
            SessionCompleted::TYPE => Ok(Envelope::<SessionCompleted>::read(detail)?.data),
            _ => Err(ContractError::UnknownType),
        }
    }

    async fn apply(&self, _: &Transaction<'_>, _: &SessionCompleted, _: &mut Outbox) -> Result<(), DbError> {
        panic!("there is no database to get here with")
    }
}

fn delivery<T: Contract>() -> serde_json::Value {
    json!({ "version": "0", "detail-type": T::TYPE, "source": format!("teei.{}", T::SERVICE), "detail": schema::example::<T>() })
}

fn message(body: serde_json::Value) -> SqsMessage {
    SqsMessage { message_id: "m".to_owned(), body, attributes: json!(null) }
}

fn code_of(body: serde_json::Value) -> Result<Uuid, &'static str> {
    read::<Reader>(&message(body)).map(|read| read.id).map_err(|unread| unread.error.code())
}

#[test]
fn a_delivery_is_read_and_anything_else_has_its_typed_reason() {
    let good = delivery::<SessionCompleted>();
    assert!(code_of(json!(good.to_string())).is_ok());

    assert_eq!(code_of(json!(delivery::<SessionScheduled>().to_string())), Err("unknown_type"));
    let mut other_type = good.clone();
    other_type["detail-type"] = json!("kintell.session.scheduled.v1");
    assert_eq!(code_of(json!(other_type.to_string())), Err("malformed_event"));
    let mut bad_value = good.clone();
    bad_value["detail"]["data"]["durationMinutes"] = json!(481);
    assert_eq!(code_of(json!(bad_value.to_string())), Err("malformed_event"));
    let mut broken = good.clone();
    broken["detail"]["data"]["volunteerId"] = broken["detail"]["data"]["participantId"].clone();
    assert_eq!(code_of(json!(broken.to_string())), Err("contract_violation"));
    let text = good.to_string();
    for body in [
        json!("{"),
        json!(""),
        json!(&text[..text.len() - 1]),
        json!(null),
        json!({ "detail": 1 }),
        json!("[]"),
        json!("{\"detail\":{}}"),
    ] {
        assert_eq!(code_of(body.clone()), Err("malformed_event"), "{body}");
    }
}

#[test]
fn what_cannot_be_read_still_says_which_event_it_is_where_that_much_can() {
    let unread = |body: serde_json::Value| read::<Reader>(&message(json!(body.to_string()))).map(drop).unwrap_err();
    let mut good = delivery::<SessionCompleted>();
    good["detail"]["data"] = json!({});
    let id = good["detail"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!((unread(good).id, unread(json!({ "detail-type": "a", "detail": {} })).id), (Some(id), None));
}

#[test]
fn a_message_is_asked_how_often_it_was_handed_out_and_a_strange_answer_is_once() {
    let handed_out = |attributes| SqsMessage { message_id: String::new(), body: json!(null), attributes }.handed_out();
    assert_eq!(handed_out(json!({ "ApproximateReceiveCount": "5" })), 5);
    for strange in [json!(null), json!({}), json!([]), json!({ "ApproximateReceiveCount": 5 })] {
        assert_eq!(handed_out(strange), 1);
    }
}

#[test]
fn only_the_message_that_asks_to_settle_is_one() {
    let is_settle = |body: serde_json::Value| settle::Settle::read(&message(body)).is_some();
    assert!(is_settle(json!(settle::Settle::body(None))) && is_settle(json!(settle::Settle::body(Some(Uuid::nil())))));
    let other = [json!(null), json!("{}"), json!(delivery::<SessionCompleted>().to_string())];
    assert!(!other.into_iter().any(is_settle));
    assert!(!is_settle(json!(r#"{"teei":"settle","replay":null,"detail":{}}"#)));
}

#[test]
fn the_answer_is_pinned_because_an_empty_or_misspelt_one_deletes_every_message() {
    let none = BatchReply { failures: vec![] };
    assert_eq!(serde_json::to_string(&none).unwrap(), r#"{"batchItemFailures":[]}"#);
    let one = BatchReply { failures: vec![ItemFailure { id: "a".to_owned() }] };
    assert_eq!(serde_json::to_string(&one).unwrap(), r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
}

fn batch(bodies: &[serde_json::Value]) -> SqsBatch {
    let records: Vec<_> =
        bodies.iter().enumerate().map(|(n, body)| json!({ "messageId": format!("m{n}"), "body": body })).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

#[tokio::test]
async fn when_the_database_is_down_every_message_is_kept_and_it_is_asked_once() {
    // A port that was free a moment ago: nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let db = Db::connect_lazy(DbConfig::from_url(&format!("postgres://nobody:x@127.0.0.1:{port}/none")).unwrap());
    let nudges = RecordedNudges::default();
    let driver = Driver { consumer: &Reader, db: &db, nudger: &nudges };
    let good = json!(delivery::<SessionCompleted>().to_string());
    let summary = driver.run(batch(&[good.clone(), json!("{"), good]), Instant::now() + Duration::from_secs(20)).await;
    let json = serde_json::to_string(&summary.reply).unwrap();
    assert_eq!(
        json,
        r#"{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]}"#
    );
    assert_eq!(summary.last_error, Some("database_unavailable"));
    assert!(nudges.delays().is_empty());
}

#[tokio::test]
async fn nothing_is_begun_when_the_time_is_up() {
    let db = Db::connect_lazy(DbConfig::from_url("postgres://nobody:x@127.0.0.1:9/none").unwrap());
    let nudges = RecordedNudges::default();
    let driver = Driver { consumer: &Reader, db: &db, nudger: &nudges };
    let summary = driver.run(batch(&[json!(delivery::<SessionCompleted>().to_string())]), Instant::now()).await;
    assert_eq!((summary.reply.failures.len(), summary.last_error), (1, Some("out_of_time")));
}

#[test]
fn a_batch_with_members_nobody_knows_is_read() {
    let batch: SqsBatch = serde_json::from_value(json!({
        "Records": [{ "messageId": "a", "body": "x", "attributes": { "ApproximateReceiveCount": "1" }, "added": 1 }], "added": true
    }))
    .unwrap();
    assert_eq!(batch.records[0].message_id, "a");
}
