//! Published = received, and what consumers declare: one place, and everything else agrees with it.

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bus::check::{self, Lack};
use jiff::{SignedDuration, Timestamp};
use profile::projector::Projector;
use serde_json::json;
use shared::{
    bus::{
        consumer::Consumer,
        reconcile::{GRACE, Line, STATEMENT, first_id, reconcile},
        testing::{MemoryQueues, ScriptedBus},
        wiring::{TRIES, dlq_variable, logical_id, queue_variable, rebuild_function},
    },
    contracts::{Contract, ContractError, SessionCompleted, consumers, schema},
};
use support::{
    batch,
    bus::Platform,
    bus::relay,
    meetings::{event, people, session},
    nudges, text, write_batch,
};
use tests::Database;
use uuid::Uuid;

async fn lines(owner: &tokio_postgres::Client, grace: Duration) -> Vec<Line> {
    let from = Timestamp::now() - SignedDuration::from_hours(1);
    reconcile(owner, from, grace).await.unwrap()
}

fn of(lines: &[Line], kind: &str) -> Line {
    lines.iter().find(|line| line.kind == kind).unwrap().clone()
}

fn counts(line: &Line) -> [i64; 5] {
    assert_eq!(line.published, line.received + line.failed + line.replaying + line.missing, "{line:?}");
    [line.published, line.received, line.failed, line.replaying, line.missing]
}

#[tokio::test]
async fn every_published_event_is_received_failed_in_a_replay_or_missing() {
    let mut platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    let stranger = Uuid::now_v7();
    let events =
        [session(Uuid::now_v7(), p, v, 1), session(Uuid::now_v7(), stranger, v, 2), session(Uuid::now_v7(), p, v, 3)];
    platform.log(&events.map(|data| event(data).1)).await;
    let kind = SessionCompleted::TYPE;
    let mut seen = lines(&platform.owner, Duration::ZERO).await;
    assert_eq!(counts(&of(&seen, kind)), [0; 5], "what is not published is nobody's to receive");
    platform.publish().await;
    let bodies = platform.on_the_bus();
    assert_eq!(platform.deliver(&bodies[..2]).await, 1);
    seen = lines(&platform.owner, Duration::ZERO).await;
    assert_eq!(counts(&of(&seen, kind)), [3, 1, 1, 0, 1]);
    let (oldest, since) = of(&seen, kind).oldest.unwrap();
    assert!(bodies[2].contains(&oldest.to_string()) && Timestamp::now().duration_since(since).as_secs() < 60);
    assert_eq!(seen.iter().map(|line| line.published).sum::<i64>(), 3, "the other types have none");

    platform.replay(Some(&[kind])).await;
    assert_eq!(
        counts(&of(&lines(&platform.owner, Duration::ZERO).await, kind)),
        [3, 1, 1, 0, 1],
        "it waits for the relay"
    );
    platform.publish().await;
    assert_eq!(counts(&of(&lines(&platform.owner, Duration::ZERO).await, kind)), [3, 0, 0, 3, 0]);
    platform.settle().await;
    assert_eq!(counts(&of(&lines(&platform.owner, Duration::ZERO).await, kind)), [3, 2, 1, 0, 0]);
}

#[tokio::test]
async fn what_is_young_old_from_before_the_consumer_or_not_its_own_is_not_missed() {
    let platform = Platform::new().await;
    let kind = SessionCompleted::TYPE;
    write_batch(&platform.database, "teei_kintell_import", 4).await;
    platform.publish().await;
    assert_eq!(counts(&of(&lines(&platform.owner, GRACE).await, kind))[4], 0, "it may be on its way");
    assert_eq!(counts(&of(&lines(&platform.owner, Duration::ZERO).await, kind))[4], 4);
    // Published long ago, all but one that the bus refused first and took a moment ago.
    platform
        .owner
        .batch_execute(
            "UPDATE bus.batches SET published_at = now() - interval '10 minutes';
             INSERT INTO bus.dead (event_id, batch_id, seq, reason, attempts, published_at)
             SELECT event_id, batch_id, seq, 'Test', 1, now() FROM bus.events WHERE seq = 2;
             INSERT INTO bus.dead (event_id, batch_id, seq, reason, attempts)
             SELECT event_id, batch_id, seq, 'Test', 1 FROM bus.events WHERE seq = 3",
        )
        .await
        .unwrap();
    assert_eq!(counts(&of(&lines(&platform.owner, GRACE).await, kind)), [2, 0, 0, 0, 2]);
    platform.owner.batch_execute("UPDATE bus.subscriptions SET since = now()").await.unwrap();
    assert_eq!(counts(&of(&lines(&platform.owner, GRACE).await, kind)), [0; 5], "the consumer came later");
    platform
        .owner
        .batch_execute("UPDATE bus.subscriptions SET since = now() - interval '1 day', sources = '{teei.elsewhere}'")
        .await
        .unwrap();
    assert_eq!(counts(&of(&lines(&platform.owner, GRACE).await, kind)), [0; 5], "its rule does not let them through");
}

#[tokio::test]
async fn the_check_counts_what_is_lost_and_not_what_waits_in_the_queue() {
    let database = Database::fresh().await;
    let (bus, queues, nudges) = (Arc::new(ScriptedBus::default()), Arc::new(MemoryQueues::default()), nudges());
    let app = relay(&database, &bus, &nudges, &queues);
    write_batch(&database, "teei_kintell_import", 7).await;
    bus::relay::run(&app, support::PLENTY).await.unwrap();
    let owner = database.owner().await;
    let lack = async |missing, at_least| {
        let lacks = check::received(&app).await.unwrap();
        assert_eq!(
            lacks.iter().map(|lack| (lack.consumer.as_str(), lack.missing)).collect::<Vec<_>>(),
            [("moderation-screener", 0), ("profile-projector", missing)]
        );
        let Lack { oldest_seconds, .. } = lacks[1];
        assert!(oldest_seconds >= at_least && oldest_seconds < at_least + 60, "{oldest_seconds}");
    };
    lack(0, 0).await;
    owner.batch_execute("UPDATE bus.batches SET published_at = now() - interval '10 minutes'").await.unwrap();
    lack(7, 600).await;
    queues.holds(5);
    lack(2, 600).await;
    queues.holds(9);
    lack(0, 0).await;
}

#[tokio::test]
async fn the_comparison_reads_its_window_and_not_the_whole_log() {
    let database = Database::fresh().await;
    write_batch(&database, "teei_kintell_import", 5_000).await;
    write_batch(&database, "teei_kintell_import", 5_000).await;
    let owner = database.owner().await;
    let published = "SELECT bus.unpack(batch_id, count) FROM bus.batches;
         UPDATE bus.batches SET next = count + 1, state = 'published', published_at = now();
         ANALYZE bus.events; ANALYZE bus.batches";
    owner.batch_execute(published).await.unwrap();
    let from = Timestamp::now() + SignedDuration::from_mins(1);
    let sql = STATEMENT
        .replace("$1", &format!("'{}'::uuid", first_id(from)))
        .replace("$2", &format!("'{from}'::timestamptz"))
        .replace("$3", "0");
    let rows = owner.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("events_event_id_key"), "events are found by their ids:\n{plan}");
    assert!(!plan.contains("Seq Scan on events"), "{plan}");
}

#[tokio::test]
async fn a_reason_is_noted_when_no_try_helps_or_the_last_was_in_vain_and_goes_when_the_event_is_taken_in() {
    let platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    let letters = async || {
        text(
            &platform.owner,
            "SELECT json_agg(json_build_array(letter, event_id, code, tries) ORDER BY letter) FROM bus.dead_letters",
        )
        .await
    };
    let handle = async |mut messages: shared::bus::consumer::SqsBatch, handed_out: u32| {
        for message in &mut messages.records {
            message.attributes = json!({ "ApproximateReceiveCount": handed_out.to_string() });
        }
        profile::projector::handle(&platform.projector, messages, support::PLENTY).await.reply.failures.len()
    };
    // No event at all; an event nobody may write; one of another consumer.
    let (id, good) = event(session(Uuid::now_v7(), p, v, 1));
    let (broken_id, text_of_broken) = event(session(Uuid::now_v7(), p, v, 2));
    let broken = text_of_broken.replace(&v.to_string(), &p.to_string());
    assert_eq!(handle(batch(&["{", &broken]), 1).await, 2);
    assert_eq!(handle(batch(&["{", &broken]), 2).await, 2);
    let expected = json!([[broken_id, broken_id, "contract_violation", 2], ["m0", null, "malformed_event", 2]]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&letters().await).unwrap(), expected);
    platform.owner.batch_execute("TRUNCATE bus.dead_letters").await.unwrap();

    // A right is missing: no try helps.
    platform.owner.batch_execute("REVOKE INSERT ON bus.inbox FROM teei_profile_projector").await.unwrap();
    assert_eq!(handle(batch(&[&good]), 1).await, 1);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&letters().await).unwrap(),
        json!([[id, id, "database_error", 1]])
    );
    platform
        .owner
        .batch_execute("GRANT INSERT ON bus.inbox TO teei_profile_projector; TRUNCATE bus.dead_letters")
        .await
        .unwrap();
    // The relay's queue does not answer: another try may help, so it is told only when there is none.
    let failing =
        profile::projector::App::new(platform.database.db_for("teei_profile_projector"), Box::new(failing_nudges()));
    let one = |handed_out: u32| {
        let mut messages = batch(&[&good]);
        messages.records[0].attributes = json!({ "ApproximateReceiveCount": handed_out.to_string() });
        messages
    };
    assert_eq!(
        profile::projector::handle(&failing, one(TRIES - 1), support::PLENTY).await.last_error,
        Some("nudge_failed")
    );
    assert_eq!(letters().await, "");
    assert_eq!(
        profile::projector::handle(&failing, one(TRIES), support::PLENTY).await.last_error,
        Some("nudge_failed")
    );
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&letters().await).unwrap(),
        json!([[id, id, "nudge_failed", 1]])
    );
    assert_eq!(handle(batch(&[&good]), 1).await, 0);
    assert_eq!(letters().await, "", "taken in after all");
}

fn failing_nudges() -> Arc<shared::bus::testing::RecordedNudges> {
    let nudges = nudges();
    nudges.fail(true);
    nudges
}

#[test]
fn the_projector_reads_what_it_declares_under_the_name_it_declares() {
    let declared = &consumers::PROFILE_PROJECTOR;
    assert_eq!(Projector::NAME, declared.name);
    for published in schema::catalogue() {
        let example = published.schema["examples"][0].to_string();
        let read = Projector::read(published.name, &example);
        let takes = declared.reads.iter().any(|reads| reads.kind == published.name);
        assert_eq!(!matches!(read, Err(ContractError::UnknownType)), takes, "{}", published.name);
    }
}

#[test]
fn every_consumer_is_the_one_that_its_declaration_names() {
    let names = [Projector::NAME, moderation::screener::Screener::NAME];
    assert_eq!(consumers::ALL.iter().map(|declared| declared.name).collect::<Vec<_>>(), names);
}

#[tokio::test]
async fn the_deploy_notes_what_consumers_declare_and_since_when() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let rows = owner.query("SELECT consumer, type, sources, since FROM bus.subscriptions", &[]).await.unwrap();
    let noted: BTreeSet<(String, String, Vec<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let mut declared = BTreeSet::new();
    for consumer in consumers::ALL {
        for reads in consumer.reads {
            let sources = reads.from.iter().map(|service| format!("teei.{service}")).collect();
            declared.insert((consumer.name.to_owned(), reads.kind.to_owned(), sources));
        }
        let function = rebuild_function(consumer.name);
        assert_ne!(text(&owner, &format!("SELECT to_regprocedure('{function}()')")).await, "", "{function}");
    }
    assert_eq!(noted, declared);

    // A type is declared no more, another is new, a third comes from elsewhere: only these begin anew.
    owner
        .batch_execute(
            "UPDATE bus.subscriptions SET since = '2025-01-01T00:00:00Z';
             DELETE FROM bus.subscriptions WHERE type = 'buddy.match.created.v1';
             INSERT INTO bus.subscriptions (consumer, type, sources) VALUES ('profile-projector', 'gone.v1', '{teei.gone}');
             UPDATE bus.subscriptions SET sources = '{teei.kintell}' WHERE consumer = 'profile-projector' AND type = 'fact.retracted.v1'",
        )
        .await
        .unwrap();
    let mut client = database.owner().await;
    migrate::migrations(&mut client).await.unwrap();
    let anew = "SELECT string_agg(type, ' ' ORDER BY type) FROM bus.subscriptions WHERE since > '2025-01-01T00:00:00Z'";
    assert_eq!(text(&owner, anew).await, "buddy.match.created.v1 fact.retracted.v1");
    assert_eq!(text(&owner, "SELECT count(*) FROM bus.subscriptions").await, declared.len().to_string());
}

/// The lines of a resource of the template, without its name.
fn resource(template: &str, name: &str) -> String {
    let after =
        template.split_once(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("template.yaml has no {name}")).1;
    let own = after.lines().take_while(|line| line.is_empty() || line.starts_with("   "));
    own.collect::<Vec<_>>().join("\n")
}

#[test]
fn rules_queues_and_variables_of_the_template_are_what_consumers_declare() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let (relay, gateway) = (resource(&template, "BusRelay"), resource(&template, "GatewayApi"));
    for consumer in consumers::ALL {
        let name = logical_id(consumer.name);
        let rule = resource(&template, &format!("{name}Rule"));
        let (_, pattern) = rule.split_once("EventPattern:").unwrap();
        let (pattern, targets) = pattern.split_once("Targets:").unwrap();
        let types: BTreeSet<&str> = pattern.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
        assert_eq!(types, consumer.reads.iter().map(|reads| reads.kind).collect(), "{}", consumer.name);
        let (_, sources) = pattern.split_once("source: [").unwrap();
        let sources: BTreeSet<String> = sources.split_once(']').unwrap().0.split(", ").map(str::to_owned).collect();
        let declared: BTreeSet<String> =
            consumer.reads.iter().flat_map(|reads| reads.from).map(|service| format!("teei.{service}")).collect();
        assert_eq!(sources, declared, "one list for all types: a type may come from each of these");
        assert!(rule.contains("EventBusName: !Ref EventBus"));
        assert!(targets.contains(&format!("Arn: !GetAtt {name}Queue.Arn")));
        assert!(targets.contains(&format!("DeadLetterConfig: {{ Arn: !GetAtt {name}Dlq.Arn }}")));
        let queue = resource(&template, &format!("{name}Queue"));
        assert!(
            queue.contains(&format!("deadLetterTargetArn: !GetAtt {name}Dlq.Arn, maxReceiveCount: {TRIES}")),
            "{queue}"
        );
        let function = resource(&template, &name);
        assert!(
            function.contains(&format!("Queue: !GetAtt {name}Queue.Arn"))
                && function.contains("ReportBatchItemFailures")
        );
        let variable = format!("{}: !Ref {name}Queue", queue_variable(consumer.name));
        assert!(relay.contains(&variable) && gateway.contains(&variable), "{variable}");
        assert!(gateway.contains(&format!("{}: !Ref {name}Dlq", dlq_variable(consumer.name))));
        let alarm = resource(&template, &format!("{name}MissingAlarm"));
        assert!(alarm.contains("MetricName: MissingEvents") && alarm.contains(&format!("Value: {} }}", consumer.name)));
        resource(&template, &format!("{name}DlqAlarm"));
    }
}
