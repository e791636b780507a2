//! Undo in any order: what is left is what the imports that still count say, and nothing where none does.

use serde_json::{Value, json};
use shared::intake::importer::handle;

use super::{
    sequences::Random,
    support::{World, file, in_a_minute, line, message},
    timelines::Timelines,
};

const PARTICIPANT: &str = "018f0000-0000-7000-8000-0000000000a1";
const BUDDY: &str = "018f0000-0000-7000-8000-0000000000b1";
const OTHER: &str = "018f0000-0000-7000-8000-0000000000b2";

fn users() -> String {
    format!(
        "id,email,first_name,last_name,role,joined_at,location\n\
         {PARTICIPANT},olena@people.example,Olena,P,participant,2025-01-01T10:00:00Z,Oslo\n\
         {BUDDY},kari@nordlys.example,Kari,N,buddy,2025-01-01T10:00:00Z,\n\
         {OTHER},per@nordlys.example,Per,N,buddy,2025-01-01T10:00:00Z,\n"
    )
}

fn matches(rows: &[(&str, &str)]) -> String {
    let rows: Vec<String> =
        rows.iter().map(|(id, buddy)| format!("{id},{PARTICIPANT},{buddy},2025-02-01T10:00:00Z,active\n")).collect();
    format!("match_id,participant_id,buddy_id,matched_at,status\n{}", rows.concat())
}

fn checkins(rows: &[(&str, &str)]) -> String {
    let rows: Vec<String> =
        rows.iter().map(|(id, of)| format!("{id},{of},2025-03-01T10:00:00Z,good,we met\n")).collect();
    format!("checkin_id,match_id,checkin_date,mood,notes\n{}", rows.concat())
}

/// What an import may leave in the store, but for its history.
async fn left(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    for table in [
        "core.profiles",
        "core.external_ids",
        "core.buddy_users",
        "core.buddy_matches",
        "core.buddy_checkins",
        "core.kintell_users",
        "core.kintell_sessions",
        "core.timeline",
        "core.enrolments",
        "core.milestones",
        "core.match_facts",
        "vault.subject_keys",
        "vault.emails",
        "vault.attributes",
        "vault.texts",
    ] {
        let many = world.count(&format!("SELECT count(*) FROM {table}")).await;
        if many > 0 {
            left.push(format!("{table} {many}"));
        }
    }
    left
}

#[tokio::test]
async fn a_set_of_files_that_refer_to_each_other_is_undone_in_any_order_and_nothing_is_left() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let world = World::new().await;
        let mut timelines = Timelines::over(&world.database);
        let mut random = Random::from(order[0] as u64 * 10 + order[1] as u64);
        let all = [
            world.import("buddy/users/a.csv", users()).await,
            world.import("buddy/matches/a.csv", matches(&[("M1", BUDDY), ("M2", OTHER)])).await,
            world.import("buddy/checkins/a.csv", checkins(&[("C1", "M1"), ("C2", "M2")])).await,
        ];
        assert!(all.iter().all(|receipt| receipt["outcome"] == "loaded"), "{all:#?}");
        for which in order {
            timelines.take_in_some(&world, &mut random).await;
            assert_eq!(world.undo(&all[which]).await["outcome"], "undone");
        }
        timelines.take_in_all(&world, &mut random).await;
        assert_eq!(left(&world).await, [""; 0], "{order:?}");
        let gaps = "SELECT count(*) FROM (SELECT array_agg((detail::jsonb -> 'data' ->> 'revision')::int ORDER BY detail::jsonb -> 'data' ->> 'revision') AS are
                    FROM bus.events WHERE type NOT LIKE 'profile.%' GROUP BY subject) e WHERE are <> ARRAY(SELECT generate_series(1, cardinality(are)))";
        assert_eq!(world.count(gaps).await, 0, "{order:?}");
    }
}

#[tokio::test]
async fn a_match_kept_for_a_checkin_that_moved_away_is_there_when_the_move_is_undone() {
    let world = World::new().await;
    world.import("buddy/users/a.csv", users()).await;
    let first = world.import("buddy/matches/a.csv", matches(&[("M1", BUDDY)])).await;
    world.import("buddy/matches/b.csv", matches(&[("M2", OTHER)])).await;
    let checkin = world.import("buddy/checkins/a.csv", checkins(&[("C1", "M1")])).await;
    let moved = world.import("buddy/checkins/b.csv", checkins(&[("C1", "M2")])).await;
    assert_eq!(moved["counts"]["changed"], 1, "{moved:#}");
    assert_eq!(world.undo(&first).await["undo"]["kept_later_edit"], 1);
    assert_eq!(world.undo(&moved).await["undo"]["restored"], 1);
    let of = "SELECT m.source_id FROM core.buddy_checkins c JOIN core.buddy_matches m USING (match_id)";
    assert_eq!(world.text(of).await, "M1");
    assert_eq!(world.undo(&checkin).await["undo"]["removed"], 1);
    assert_eq!(world.text("SELECT string_agg(source_id, ',') FROM core.buddy_matches").await, "M2");
}

#[tokio::test]
async fn somebody_an_earlier_revision_names_is_there_when_it_comes_back() {
    let world = World::new().await;
    let made = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world.import("kintell/sessions/b.csv", file(&[line("S1", "5", "good")])).await;
    let moved = line("S1", "5", "good").replace("olena@", "iryna@");
    let moved = world.import("kintell/sessions/c.csv", file(&[moved])).await;
    world.undo(&made).await;
    let undone = world.undo(&moved).await;
    assert_eq!((&undone["outcome"], &undone["undo"]["restored"]), (&json!("undone"), &json!(1)), "{undone:#}");
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2, "Olena and Kari");
}

const KINTELL_USERS: &str =
    "Email,Name,Linkedin_URL,Verification_status,\"Role when joined\",grant_access,Joined_kg_at\n";

#[tokio::test]
async fn what_two_imports_said_about_a_person_goes_with_the_second_undo_in_either_order() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new().await;
        let said = |status: &str| format!("{KINTELL_USERS}olena@people.example,Olena P,,{status},,,\n");
        let both = [
            world.import("kintell/users/a.csv", said("pending")).await,
            world.import("kintell/users/b.csv", said("verified")).await,
        ];
        for which in order {
            world.undo(&both[which]).await;
        }
        assert_eq!(left(&world).await, [""; 0], "{order:?}");
    }
}

#[tokio::test]
async fn words_that_two_imports_brought_go_with_the_second_undo_in_either_order() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new().await;
        let both = [
            world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await,
            world.import("kintell/sessions/b.csv", file(&[line("S1", "4", "well").replace("olena@", "iryna@")])).await,
        ];
        for which in order {
            world.undo(&both[which]).await;
        }
        assert_eq!(left(&world).await, [""; 0], "{order:?}");
    }
}

#[tokio::test]
async fn a_listing_that_two_imports_made_takes_its_link_with_it() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new().await;
        let both = [
            world.import("buddy/users/a.csv", users()).await,
            world.import("buddy/users/b.csv", users().replace("Oslo", "Bergen").replace(",Kari,", ",Karin,")).await,
        ];
        for which in order {
            world.undo(&both[which]).await;
        }
        assert_eq!(left(&world).await, [""; 0], "{order:?}");
    }
}

#[tokio::test]
async fn what_an_import_set_a_second_time_is_taken_back_from_what_it_made_itself() {
    let world = World::new().await;
    let made = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world.import("kintell/sessions/b.csv", file(&[line("S1", "5", "good")])).await;
    world.commit(&made, json!({ "apply_stale": true })).await;
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "4");
    assert_eq!(world.undo(&made).await["undo"]["restored"], 1);
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "5");
}

#[tokio::test]
async fn events_told_of_an_import_are_numbered_without_gaps_however_often_it_was_delivered() {
    let world = World::new().await;
    let plan = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    for _ in 0..3 {
        world.deliver("dry-run/kintell/sessions/a.csv", "v1").await;
    }
    world.commit(&plan, json!({})).await;
    world.deliver("dry-run/kintell/sessions/a.csv", "v1").await;
    world.undo(&plan).await;
    let revision = |events: &[Value]| events[0]["revision"].clone();
    assert_eq!(revision(&world.event_data("intake.import.completed.v1").await), 1);
    assert_eq!(revision(&world.event_data("intake.import.undone.v1").await), 2);
}

#[tokio::test]
async fn a_loaded_rejects_file_stays_loaded_when_its_stale_records_are_applied() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/a.csv", file(&[line("S1", "9", "good"), line("S2", "4", "x")])).await;
    let id = first["id"].as_str().unwrap();
    let content =
        format!("# teei-rejects import={id}\n_line,_reason,{}", file(&[line("2,x,S1", "4", "changed elsewhere")]));
    let plan = world.import("kintell/sessions/b.csv", content).await;
    assert_eq!(plan["code"], "changed_elsewhere", "{plan:#}");
    assert_eq!(world.commit(&plan, json!({ "accept_changes": true })).await["outcome"], "loaded");
    world.import("kintell/sessions/c.csv", file(&[line("S1", "5", "changed elsewhere")])).await;
    let again = world.commit(&plan, json!({ "apply_stale": true })).await;
    assert_eq!((&again["outcome"], &again["counts"]["new"]), (&json!("loaded"), &json!(0)), "{again:#}");
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions WHERE source_id = 'S1'").await, "4");
}

/// A source that was declared in another way since rejects in the second run what the first had loaded.
#[tokio::test]
async fn what_the_first_run_made_is_undone_although_the_second_run_rejected_it() {
    let world = World::new().await;
    let loaded = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world
        .owner
        .batch_execute("UPDATE intake.source_profiles SET rating_scale = '0-1' WHERE layout = 'language'")
        .await
        .unwrap();
    let again = world.commit(&loaded, json!({ "apply_stale": true })).await;
    assert_eq!((&again["counts"]["new"], &again["counts"]["rejected"]), (&json!(1), &json!(0)), "{again:#}");
    assert_eq!(again["rejects"], json!([]));
    assert_eq!(world.undo(&loaded).await["undo"]["removed"], 1);
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn the_older_of_two_versions_written_in_one_second_is_late_whichever_is_told_first() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let old = world.drop(key, file(&[line("S1", "2", "a")]));
    let new = world.drop(key, file(&[line("S1", "5", "a")]));
    world.deliver(key, &new).await;
    world.deliver(key, &old).await;
    let receipt = world.receipt(key, &old).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("unchanged"), &json!("stale_revision")));
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "5");
}

#[tokio::test]
async fn a_bucket_that_is_away_is_told_in_a_receipt_and_the_next_delivery_heals_it() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.drop(key, file(&[line("S1", "4", "good")]));
    world.blobs.fail_next(100);
    for _ in 0..3 {
        assert_eq!(world.deliver(key, &version).await["batchItemFailures"].as_array().unwrap().len(), 1);
    }
    let receipt = world.receipt(key, &version).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["code"], &receipt["retryable"]),
        (&json!("failed"), &json!("bucket_unavailable"), &json!(true))
    );
    world.blobs.fail_next(0);
    world.deliver(key, &version).await;
    assert_eq!(world.receipt(key, &version).await["outcome"], "loaded");
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 1);
}

#[tokio::test]
async fn an_import_that_waits_for_another_gives_up_in_time_and_says_so() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.drop(key, file(&[line("S1", "4", "good")]));
    world.owner.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('teei identity'))").await.unwrap();
    let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(4);
    let answer: Value = handle(&world.app, message(key, &version), soon).await.unwrap().into();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    world.owner.batch_execute("COMMIT").await.unwrap();
    assert!(tokio::time::Instant::now() < soon, "it answers before it is killed");
    assert_eq!(world.receipt(key, &version).await["code"], "time_limit");
    world.deliver(key, &version).await;
    assert_eq!(world.receipt(key, &version).await["outcome"], "loaded");
}

/// The history that an import writes refers to the imports before it, and the undo of one of those waits for it.
#[tokio::test]
async fn an_import_and_the_undo_of_the_one_before_it_do_not_block_each_other() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let key = "kintell/sessions/b.csv";
    let version = world.drop(key, file(&[line("S1", "5", "good")]));
    world.ask(&first, json!({ "kind": "undo" })).await;
    let other = world.another_instance();
    let waiting = world.database.owner().await;
    let many = async |who: i64| {
        let sql = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()";
        while waiting.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) < who {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let mut hands = world.database.owner().await;
    let held = hands.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE intake.revisions IN SHARE MODE").await.unwrap();
    let import = handle(&world.app, message(key, &version), in_a_minute());
    let undo = async {
        many(1).await;
        handle(&other, super::support::command_event(&first), in_a_minute()).await
    };
    let free = async {
        many(2).await;
        held.commit().await.unwrap();
    };
    let (import, undo, ()) = tokio::join!(import, undo, free);
    for answer in [import, undo] {
        assert_eq!(Value::from(answer.unwrap()), json!({ "batchItemFailures": [] }));
    }
    assert_eq!(world.receipt_of(&first).await["undo"]["kept_later_edit"], 1);
}

#[tokio::test]
async fn one_file_of_a_message_that_fails_does_not_keep_the_others_waiting() {
    let world = World::new().await;
    let keys = ["kintell/sessions/a.csv", "kintell/sessions/b.csv"];
    let versions = keys.map(|key| world.drop(key, file(&[line(&key[17..18], "4", "good")])));
    let (mut both, other) = (message(keys[0], &versions[0]), message(keys[1], &versions[1]));
    let body =
        |event: &Value| -> Value { serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap() };
    let mut records = body(&both);
    let second = body(&other)["Records"][0].clone();
    records["Records"].as_array_mut().unwrap().push(second);
    both["Records"][0]["body"] = json!(records.to_string());
    world.blobs.fail_next(1);
    let answer: Value = handle(&world.app, both.clone(), in_a_minute()).await.unwrap().into();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    assert_eq!(world.receipt(keys[1], &versions[1]).await["outcome"], "loaded");
    handle(&world.app, both, in_a_minute()).await.unwrap();
    assert_eq!(world.receipt(keys[0], &versions[0]).await["outcome"], "loaded");
}
