//! An import is taken back, field by field: what it set and nobody since.

use serde_json::{Value, json};

use super::support::{World, file, line};

const USERS: &str = "Email,Name,Linkedin_URL,Verification_status,\"Role when joined\",grant_access,Joined_kg_at\n";

fn user(name: &str, status: &str) -> String {
    format!("{USERS}olena@people.example,{name},,{status},,,\n")
}

async fn ratings(world: &World) -> String {
    world
        .text("SELECT COALESCE(string_agg(source_id || ' ' || COALESCE(rating_raw::text, '-'), ', ' ORDER BY source_id), '') FROM core.kintell_sessions")
        .await
}

fn tally(receipt: &Value) -> [u64; 3] {
    ["restored", "removed", "kept_later_edit"].map(|name| receipt["undo"][name].as_u64().unwrap())
}

#[tokio::test]
async fn undoing_the_only_import_leaves_nothing_of_it_but_its_history() {
    let world = World::new().await;
    let receipt =
        world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good"), line("S2", "5", "well")])).await;
    let undone = world.undo(&receipt).await;
    assert_eq!((&undone["outcome"], tally(&undone)), (&json!("undone"), [0, 2, 0]), "{undone:#}");
    assert_eq!((&undone["counts"], &undone["undo"]["by"]), (&receipt["counts"], &json!("kari")));
    assert_eq!(undone["undo"]["people_removed"], 2);
    for table in ["core.kintell_sessions", "core.profiles", "vault.subject_keys", "vault.emails", "vault.texts"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(world.count("SELECT count(*) FROM intake.revisions").await, 2, "the last content is kept");
    assert_eq!(world.fates("kintell/sessions/a.csv").await, ["removed", "removed"]);
    let retracted = world.event_data("fact.retracted.v1").await;
    let sessions: Vec<_> = retracted.iter().filter(|event| event["factType"] == "kintell.session").collect();
    assert_eq!((sessions.len(), retracted.len()), (2, 4), "two sessions and their texts");
    assert_eq!((&sessions[0]["revision"], &sessions[0]["reason"]), (&json!(2), &json!("undone")));
    let told = &world.event_data("intake.import.undone.v1").await[0];
    assert_eq!((&told["undo"]["removed"], &told["revision"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn undoing_twice_does_nothing_more_and_neither_does_a_commit_after_it() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world.undo(&receipt).await;
    let before = world.state().await;
    assert_eq!(world.undo(&receipt).await["outcome"], "undone");
    assert_eq!(world.commit(&receipt, json!({ "apply_stale": true })).await["outcome"], "undone");
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn dropped_again_after_an_undo_it_makes_new_facts() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "good")]);
    let receipt = world.import("kintell/sessions/a.csv", &content).await;
    let first = world.text("SELECT session_id::text FROM core.kintell_sessions").await;
    world.undo(&receipt).await;
    let again = world.import("kintell/sessions/b.csv", &content).await;
    assert_eq!(
        (&again["outcome"], &again["counts"]["new"], &again["first_import"]),
        (&json!("loaded"), &json!(1), &Value::Null)
    );
    assert_ne!(world.text("SELECT session_id::text FROM core.kintell_sessions").await, first);
    assert_eq!(world.count("SELECT revision::bigint FROM core.kintell_sessions").await, 1);
}

#[tokio::test]
async fn what_was_changed_goes_back_as_the_next_revision_with_its_event_and_its_words() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good"), line("S2", "4", "x")])).await;
    let change =
        world.import("kintell/sessions/b.csv", file(&[line("S1", "5", "very good"), line("S2", "4", "x")])).await;
    let undone = world.undo(&change).await;
    assert_eq!(tally(&undone), [1, 0, 0]);
    assert_eq!(ratings(&world).await, "S1 4, S2 4");
    assert_eq!(world.fates("kintell/sessions/b.csv").await, ["restored", "unchanged"]);
    let told = world.event_data("kintell.session.completed.v1").await;
    let last = told.last().unwrap();
    assert_eq!((&last["revision"], &last["rating"], &last["importId"]), (&json!(3), &json!(0.75), &change["id"]));
    let texts = world.event_data("intake.text.received.v1").await;
    let (first, second, again) = (&texts[0], &texts[2], &texts[3]);
    assert_eq!(
        (&again["textId"], &again["supersedes"], &again["revision"]),
        (&first["textId"], &second["textId"], &json!(2))
    );
    assert_eq!(last["textId"], first["textId"]);
    assert_eq!(world.count("SELECT count(*) FROM vault.texts WHERE withdrawn_at IS NOT NULL").await, 1);
    // The undone content does not count as seen before: dropped again, it is a change once more.
    let again =
        world.import("kintell/sessions/c.csv", file(&[line("S1", "5", "very good"), line("S2", "4", "x")])).await;
    assert_eq!((&again["counts"]["changed"], &again["warnings"]), (&json!(1), &json!([])), "{again:#}");
    // And the content that came back is what it was.
    let same = world.import("kintell/sessions/d.csv", file(&[line("S2", "4", "x")])).await;
    assert_eq!(same["counts"]["unchanged"], 1);
}

#[tokio::test]
async fn fields_somebody_set_since_stay_and_the_others_go_back() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let wrong = world.import("kintell/sessions/b.csv", file(&[line("S1", "2", "bad")])).await;
    world.import("kintell/sessions/c.csv", file(&[line("S1", "5", "bad")])).await;
    let undone = world.undo(&wrong).await;
    assert_eq!(tally(&undone), [1, 0, 0], "{undone:#}");
    assert_eq!(ratings(&world).await, "S1 5", "set since");
    let texts = world.event_data("intake.text.received.v1").await;
    assert_eq!(texts.last().unwrap()["textId"], texts[0]["textId"], "the words are the first ones again");
}

#[tokio::test]
async fn words_of_an_undone_import_hide_no_others_in_whatever_order_it_was_undone() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let middle = world.import("kintell/sessions/b.csv", file(&[line("S1", "4", "bad")])).await;
    let last = world.import("kintell/sessions/c.csv", file(&[line("S1", "4", "fine")])).await;
    let held = "SELECT string_agg((withdrawn_at IS NULL)::text, ' ' ORDER BY received_at, text_id) FROM vault.texts";
    world.undo(&middle).await;
    assert_eq!(world.text(held).await, "true false true");
    world.undo(&last).await;
    assert_eq!(world.text(held).await, "true false false", "nothing that holds stands in place of the first");
    let gone: Vec<_> = world
        .event_data("fact.retracted.v1")
        .await
        .into_iter()
        .filter(|fact| fact["factType"] == "intake.text")
        .map(|fact| fact["factId"].clone())
        .collect();
    let texts = world.event_data("intake.text.received.v1").await;
    assert_eq!(gone, [texts[1]["textId"].clone()]);
    assert_eq!(texts.last().unwrap()["textId"], texts[0]["textId"]);
}

#[tokio::test]
async fn a_fact_that_was_set_since_as_a_whole_is_kept_and_reported() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let wrong = world.import("kintell/sessions/b.csv", file(&[line("S1", "2", "good")])).await;
    world.import("kintell/sessions/c.csv", file(&[line("S1", "5", "good")])).await;
    let undone = world.undo(&wrong).await;
    assert_eq!(tally(&undone), [0, 0, 1]);
    assert_eq!(world.fates("kintell/sessions/b.csv").await, ["kept_later_edit"]);
    assert_eq!(ratings(&world).await, "S1 5");
}

#[tokio::test]
async fn a_fact_it_created_and_a_later_import_changed_is_kept_until_that_is_undone_too() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let later = world.import("kintell/sessions/b.csv", file(&[line("S1", "5", "good")])).await;
    assert_eq!(tally(&world.undo(&first).await), [0, 0, 1]);
    assert_eq!(ratings(&world).await, "S1 5");
    let undone = world.undo(&later).await;
    assert_eq!(tally(&undone), [0, 1, 0], "nothing that counts says that it is");
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 0);
}

/// Revisions decide: a later file that found the same values has not set them.
#[tokio::test]
async fn a_later_import_that_changed_nothing_does_not_hold_a_fact() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "good")]);
    let first = world.import("kintell/sessions/a.csv", &content).await;
    world.import("kintell/sessions/b.csv", &content).await;
    assert_eq!(tally(&world.undo(&first).await), [0, 1, 0]);
    let again = world.import("kintell/sessions/c.csv", &content).await;
    assert_eq!(again["counts"]["new"], 1);
}

#[tokio::test]
async fn people_something_else_refers_to_stay() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let other = line("S2", "4", "x").replace("kari@nordlys.example", "per@nordlys.example");
    world.import("kintell/sessions/b.csv", file(&[other])).await;
    let undone = world.undo(&first).await;
    assert_eq!(undone["undo"]["people_removed"], 1, "the volunteer nobody else met; {undone:#}");
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    let again = world.import("kintell/sessions/c.csv", file(&[line("S3", "4", "y")])).await;
    assert_eq!(again["people"], json!({"known": 1, "created": 1}));
}

#[tokio::test]
async fn what_the_projector_made_of_people_who_go_goes_with_them() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.timeline (profile_id, fact_type, fact_id, revision, event_id, programme, role, occurred_at)
             SELECT participant_id, 'kintell.session', session_id, 1, gen_random_uuid(), 'language', 'participant', now() FROM core.kintell_sessions;
             INSERT INTO core.flags (profile_id, flag, value) SELECT participant_id, 'mentor_ready', true FROM core.kintell_sessions;",
        )
        .await
        .unwrap();
    assert_eq!(world.undo(&receipt).await["undo"]["people_removed"], 2);
    assert_eq!(world.count("SELECT (SELECT count(*) FROM core.timeline) + (SELECT count(*) FROM core.flags)").await, 0);
}

#[tokio::test]
async fn what_was_said_about_a_person_goes_back() {
    let world = World::new().await;
    world.import("kintell/users/1.csv", user("Olena P", "verified")).await;
    let digest = "SELECT encode(digest, 'hex') || encode(folded, 'hex') FROM vault.attributes WHERE field = 'name'";
    let before = world.text(digest).await;
    let wrong = world.import("kintell/users/2.csv", user("Somebody Else", "verified")).await;
    assert_ne!(world.text(digest).await, before);
    let undone = world.undo(&wrong).await;
    assert_eq!(tally(&undone), [1, 0, 0], "{undone:#}");
    assert_eq!(world.text(digest).await, before);
    let updated = world.event_data("profile.updated.v1").await;
    assert_eq!((updated.len(), &updated[1]["revision"]), (2, &json!(3)), "readers hear of the name that is back");
    assert_eq!(world.import("kintell/users/3.csv", user("Olena P", "verified")).await["counts"]["unchanged"], 1);
    assert_eq!(world.import("kintell/users/4.csv", user("Somebody Else", "verified")).await["counts"]["changed"], 1);
}

#[tokio::test]
async fn what_was_said_since_stays_and_the_rest_goes_back() {
    let world = World::new().await;
    world.import("kintell/users/1.csv", user("Olena P", "verified")).await;
    let wrong = world.import("kintell/users/2.csv", user("Somebody Else", "pending")).await;
    world.import("kintell/users/3.csv", user("Olena Pryklad", "pending")).await;
    let name = "SELECT encode(digest, 'hex') FROM vault.attributes WHERE field = 'name'";
    let since = world.text(name).await;
    assert_eq!(tally(&world.undo(&wrong).await), [1, 0, 0]);
    assert_eq!(world.text(name).await, since);
    let same = world.import("kintell/users/4.csv", user("Olena Pryklad", "verified")).await;
    assert_eq!(same["counts"]["unchanged"], 1, "{same:#}");
}

#[tokio::test]
async fn a_rating_with_its_scale_and_a_cleared_value_come_back() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let cleared = world.import("kintell/sessions/b.csv", file(&[line("S1", "", "good")])).await;
    assert_eq!(ratings(&world).await, "S1 -");
    world.undo(&cleared).await;
    assert_eq!(
        world.text("SELECT rating::text || ' ' || rating_raw::text || ' ' || rating_scale || ' ' || rated_by FROM core.kintell_sessions").await,
        "0.75000 4 1-5 participant"
    );
    let clear_again = world.import("kintell/sessions/c.csv", file(&[line("S1", "", "good")])).await;
    assert_eq!(clear_again["counts"]["changed"], 1, "the value came back with its door: {clear_again:#}");
}

#[tokio::test]
async fn the_company_a_change_brought_goes_back_with_it() {
    let world = World::new().await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.companies VALUES ('01900000-0000-7000-8000-0000000000c1', 'Nordlys'), ('01900000-0000-7000-8000-0000000000c2', 'Fjellheim');
             INSERT INTO core.company_domains VALUES ('nordlys.example', '01900000-0000-7000-8000-0000000000c1'), ('fjellheim.example', '01900000-0000-7000-8000-0000000000c2');",
        )
        .await
        .unwrap();
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let moved = line("S1", "4", "good").replace("kari@nordlys.example", "per@fjellheim.example");
    let wrong = world.import("kintell/sessions/b.csv", file(&[moved])).await;
    let company = "SELECT right(company_id::text, 2) FROM core.kintell_sessions";
    assert_eq!(world.text(company).await, "c2");
    let undone = world.undo(&wrong).await;
    assert_eq!((tally(&undone), &undone["undo"]["people_removed"]), ([1, 0, 0], &json!(1)));
    assert_eq!(world.text(company).await, "c1");
}

/// Two imports undone in either order end where neither was.
#[tokio::test]
async fn undoing_two_imports_in_either_order_ends_in_the_same_state() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new().await;
        world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
        let one = world.import("kintell/sessions/b.csv", file(&[line("S1", "3", "good")])).await;
        let two = world.import("kintell/sessions/c.csv", file(&[line("S1", "2", "good")])).await;
        for which in order {
            world.undo([&one, &two][which]).await;
        }
        assert_eq!(ratings(&world).await, "S1 4", "{order:?}");
    }
}

#[tokio::test]
async fn words_whose_cell_is_empty_later_are_withdrawn_with_those_they_replaced_and_come_back_with_an_undo() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    world.import("kintell/sessions/b.csv", file(&[line("S1", "4", "better")])).await;
    let emptied = world.import("kintell/sessions/c.csv", file(&[line("S1", "4", "")])).await;
    assert_eq!(emptied["counts"]["changed"], 1, "{emptied:#}");
    let held = "SELECT string_agg((withdrawn_at IS NULL)::text || revision, ' ' ORDER BY received_at, text_id) FROM vault.texts";
    assert_eq!(world.text(held).await, "false2 false2", "the first words would hold again");
    let told = world.event_data("intake.text.received.v1").await;
    let mut gone = world.event_data("fact.retracted.v1").await;
    gone.sort_by_key(|event| event["factId"].to_string());
    for (event, text) in gone.iter().zip(&told) {
        assert_eq!(
            (&event["factType"], &event["factId"], &event["reason"], &event["revision"]),
            (&json!("intake.text"), &text["textId"], &json!("corrected"), &json!(2))
        );
    }
    assert_eq!((gone.len(), told.len()), (2, 2));
    world.undo(&emptied).await;
    assert_eq!(world.text(held).await, "false2 true3");
    let again = world.event_data("intake.text.received.v1").await;
    assert_eq!((&again[2]["textId"], &again[2]["revision"]), (&told[1]["textId"], &json!(3)));
}
