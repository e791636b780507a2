//! Files that refer to each other, people by the ids of a source, keys of several columns.

use serde_json::{Value, json};

use super::support::{World, file, line};

const SET: [&str; 8] =
    ["users", "matches", "events", "event_attendance", "skill_sessions", "checkins", "feedback", "milestones"];
const USERS: &str = "id,email,first_name,last_name,role,joined_at\n";
const A: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0001";
const B: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0003";

fn user(id: &str, email: &str, name: &str) -> String {
    format!("{id},{email},{name},Prøve,participant,2025-01-10\n")
}

async fn facts(world: &World) -> i64 {
    let tables = SET.map(|entity| format!("(SELECT count(*) FROM core.buddy_{entity})")).join(" + ");
    world.count(&format!("SELECT {tables}")).await
}

fn warned(receipt: &Value, code: &str) -> bool {
    receipt["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == code)
}

#[tokio::test]
async fn the_sample_set_loads_in_order_and_again_changes_nothing() {
    let world = World::new().await;
    for entity in SET {
        let receipt = world.fixture(&format!("buddy/{entity}.csv")).await;
        assert_eq!((&receipt["outcome"], &receipt["counts"]["rejected"]), (&json!("loaded"), &json!(0)), "{receipt:#}");
    }
    world.fixture("buddy/matches-legacy.csv").await;
    let before = (facts(&world).await, world.state().await);
    for entity in SET {
        let receipt = world.fixture(&format!("buddy/{entity}.csv")).await;
        assert_eq!(receipt["outcome"], "unchanged", "{entity}: {receipt:#}");
    }
    assert_eq!((facts(&world).await, world.state().await), before);
}

#[tokio::test]
async fn the_sample_set_out_of_order_says_what_to_drop_first_and_heals() {
    let in_order = World::new().await;
    for entity in SET {
        in_order.fixture(&format!("buddy/{entity}.csv")).await;
    }
    let world = World::new().await;
    for entity in SET.iter().rev().filter(|entity| **entity != "users") {
        let receipt = world.fixture(&format!("buddy/{entity}.csv")).await;
        assert_eq!(receipt["counts"]["new"], 0, "{entity}: {receipt:#}");
        let first = &receipt["rejects"][0];
        let brought_by = if first["column"] == "match_id" { "buddy/matches" } else { "buddy/users" };
        assert_eq!(first["code"], "orphan_ref", "{entity}");
        assert!(first["reason"].as_str().unwrap().contains(brought_by), "{entity}: {first}");
    }
    for entity in SET {
        let receipt = world.fixture(&format!("buddy/{entity}.csv")).await;
        assert_eq!((&receipt["outcome"], &receipt["counts"]["rejected"]), (&json!("loaded"), &json!(0)), "{receipt:#}");
    }
    assert_eq!(facts(&world).await, facts(&in_order).await);
    assert_eq!(world.event_data("buddy.feedback.submitted.v1").await.len(), 2, "told once");
}

#[tokio::test]
async fn a_buddy_user_known_by_address_from_elsewhere_is_one_profile() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let receipt =
        world.import("buddy/users/u.csv", format!("{USERS}{}", user(A, "olena@people.example", "Olena"))).await;
    assert_eq!(receipt["people"]["created"], 0);
    assert_eq!(world.event_data("profile.linked.v1").await.len(), 1);
    assert_eq!(world.event_data("profile.updated.v1").await[0]["changed"], json!(["name"]));
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
}

#[tokio::test]
async fn a_known_id_wins_and_its_new_address_is_added() {
    let world = World::new().await;
    world.import("buddy/users/1.csv", format!("{USERS}{}", user(A, "old@p.example", "Olena"))).await;
    let receipt = world.import("buddy/users/2.csv", format!("{USERS}{}", user(A, "new@p.example", "Olena"))).await;
    assert_eq!((&receipt["counts"]["changed"], &receipt["people"]["created"]), (&json!(1), &json!(0)), "{receipt:#}");
    assert_eq!(world.count("SELECT count(*) FROM vault.emails").await, 2);
    assert_eq!(world.event_data("profile.updated.v1").await[0]["changed"], json!(["email"]));
    let sessions = file(&[line("S1", "4", "a").replace("olena@people.example", "new@p.example")]);
    world.import("kintell/sessions/a.csv", sessions).await;
    let one =
        "SELECT count(*) FROM core.kintell_sessions s JOIN core.external_ids x ON x.profile_id = s.participant_id";
    assert_eq!(world.count(one).await, 1, "the added address names the same person");
}

#[tokio::test]
async fn an_address_under_two_ids_makes_two_profiles_and_asks_a_person() {
    let world = World::new().await;
    let users = format!("{USERS}{}{}", user(A, "shared@p.example", "Olena"), user(B, "shared@p.example", "Iryna"));
    let receipt = world.import("buddy/users/1.csv", users).await;
    assert_eq!(receipt["people"]["created"], 2, "{receipt:#}");
    assert!(warned(&receipt, "identity_conflict"), "{receipt:#}");
    assert_eq!(
        world.text("SELECT string_agg(kind, ',') FROM intake.identity_suggestions").await,
        "same_email_other_id"
    );
    let sessions = file(&[line("S1", "4", "a").replace("olena@people.example", "shared@p.example")]);
    let receipt = world.import("kintell/sessions/a.csv", sessions).await;
    let reject = &receipt["rejects"][0];
    assert_eq!((&reject["code"], &reject["column"]), (&json!("ambiguous_person"), &json!("participant_email")));
    let third = world
        .import(
            "buddy/users/2.csv",
            format!("{USERS}{}", user("0190a5c2-7d10-7a01-8c11-5e0f6a1b0009", "shared@p.example", "Oksana")),
        )
        .await;
    assert_eq!(third["rejects"][0]["code"], "ambiguous_person");
    let again = world.import("buddy/users/3.csv", format!("{USERS}{}", user(B, "shared@p.example", "Iryna"))).await;
    assert_eq!((&again["counts"]["unchanged"], warned(&again, "identity_conflict")), (&json!(1), false), "{again:#}");
}

#[tokio::test]
async fn an_address_of_another_profile_on_a_known_id_is_added_and_asked_about() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    world.import("buddy/users/1.csv", format!("{USERS}{}", user(A, "other@p.example", "Olena"))).await;
    let receipt =
        world.import("buddy/users/2.csv", format!("{USERS}{}", user(A, "olena@people.example", "Olena"))).await;
    assert!(warned(&receipt, "identity_conflict"), "{receipt:#}");
    assert_eq!(world.count("SELECT count(*) FROM intake.identity_suggestions WHERE profile_id <> other_id").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 3, "nobody was joined");
}

#[tokio::test]
async fn somebody_erased_is_not_stored_by_id_and_not_by_address() {
    let world = World::new().await;
    let vault = world.database.vault().await;
    for hash in [vault.suppression_hash("buddy", A), vault.suppression_hash("email", "gone@p.example")] {
        world.owner.execute("INSERT INTO vault.suppressions (hash) VALUES ($1)", &[&hash.as_slice()]).await.unwrap();
    }
    let users = format!(
        "{USERS}{}{}{}",
        user(A, "a@p.example", "Olena"),
        user(B, "gone@p.example", "Iryna"),
        user("0190a5c2-7d10-7a01-8c11-5e0f6a1b0009", "b@p.example", "Oksana")
    );
    let receipt = world.import("buddy/users/1.csv", users).await;
    assert_eq!((&receipt["counts"]["suppressed"], &receipt["counts"]["new"]), (&json!(2), &json!(1)));
    let matches = format!(
        "match_id,participant_id,buddy_id,matched_at,status\nM,{A},0190a5c2-7d10-7a01-8c11-5e0f6a1b0009,2025-02-01,active\n"
    );
    let receipt = world.import("buddy/matches/1.csv", matches).await;
    assert_eq!(receipt["counts"]["suppressed"], 1, "an erased person is not an orphan");
}

#[tokio::test]
async fn a_match_is_revised_with_its_history_and_a_late_older_export_changes_nothing() {
    let world = World::new().await;
    world.fixture("buddy/users.csv").await;
    let row = |rest: &str| {
        format!(
            "match_id,participant_id,buddy_id,matched_at,status,ended_at,end_reason\nM-1,{A},{B},2025-02-01T10:00:00Z,{rest}\n"
        )
    };
    world.import("buddy/matches/1.csv", row("active,,")).await;
    let receipt = world.import("buddy/matches/2.csv", row("ended,2025-05-01T10:00:00Z,completed")).await;
    assert_eq!(receipt["counts"]["changed"], 1);
    let late = world.import("buddy/matches/3.csv", row("active,,")).await;
    assert_eq!(late["counts"]["changed"], 1, "the empty cells clear what this layout set, so it is another content");
    let old = world.import("buddy/matches/4.csv", row("ended,2025-05-01T10:00:00Z,completed")).await;
    assert_eq!((&old["counts"]["unchanged"], warned(&old, "stale_revision")), (&json!(1), true), "{old:#}");
    let ended = world.event_data("buddy.match.ended.v1").await;
    assert_eq!(
        (&ended[0]["revision"], &ended[0]["durationDays"], &ended[0]["reason"]),
        (&json!(2), &json!(89), &json!("completed"))
    );
    let kept = world.text("SELECT string_agg(content ->> 'status', ',' ORDER BY revision) FROM intake.revisions").await;
    assert_eq!(kept, "active,ended");
}

#[tokio::test]
async fn a_key_of_several_columns_is_the_same_however_its_date_is_written() {
    let world = World::new().await;
    for file in ["users", "matches"] {
        world.fixture(&format!("buddy/{file}.csv")).await;
    }
    let row = |date: &str, mood: &str| format!("checkin_id,match_id,checkin_date,mood\n,BM-001,{date},{mood}\n");
    world.import("buddy/checkins/1.csv", row("2025-02-15T09:00:00Z", "good")).await;
    let same = world.import("buddy/checkins/2.csv", row("15.02.2025 10:00", "good")).await;
    assert_eq!(same["counts"]["unchanged"], 1, "{same:#}");
    let other = world.import("buddy/checkins/3.csv", row("2025-02-15T10:00:00+01:00", "okay")).await;
    assert_eq!((&other["counts"]["changed"], facts(&world).await), (&json!(1), 7));
    let in_one = "checkin_id,match_id,checkin_date,mood\n,BM-001,13/02/2025 09:00,good\n,BM-001,2025-02-13T08:00:00Z,good\n,BM-001,2025-02-13T08:00:00Z,okay\n";
    let receipt = world.import("buddy/checkins/4.csv", in_one).await;
    assert_eq!(receipt["counts"]["rejected"], 3, "{receipt:#}");
    assert_eq!(receipt["rejects"][2]["code"], "duplicate_conflict");
}

#[tokio::test]
async fn an_id_that_looks_like_a_key_of_several_columns_is_another_fact() {
    let world = World::new().await;
    for file in ["users", "matches"] {
        world.fixture(&format!("buddy/{file}.csv")).await;
    }
    let rows = "event_id,match_id,event_type,event_date\n,BM-001,social,2025-03-01T12:00:00Z\n\
                6:BM-001 6:social 20:2025-03-01T12:00:00Z,BM-001,social,2025-03-01T12:00:00Z\n";
    let receipt = world.import("buddy/events/1.csv", rows).await;
    assert_eq!(receipt["counts"]["new"], 2, "{receipt:#}");
}

#[tokio::test]
async fn a_completion_and_progress_in_one_course_are_two_facts_of_one_person() {
    let world = World::new().await;
    for file in ["completions", "credentials", "progress"] {
        let receipt = world.fixture(&format!("upskilling/{file}.csv")).await;
        assert_eq!((&receipt["counts"]["new"], &receipt["counts"]["rejected"]), (&json!(2), &json!(0)), "{receipt:#}");
    }
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    let again = world.fixture("upskilling/completions.csv").await;
    assert_eq!(again["outcome"], "unchanged");
    let inside = world
        .count("SELECT count(*) FROM bus.events WHERE detail LIKE '%credentials.example.org%' OR detail LIKE '%K7-PLUM%' OR detail LIKE '%EC-2025%'")
        .await;
    assert_eq!(inside, 0, "links and codes stay inside");
}

#[tokio::test]
async fn a_changed_link_is_sealed_anew_and_the_old_one_is_kept_sealed() {
    let world = World::new().await;
    let row = |url: &str, name: &str| {
        format!(
            "credential_id,user_email,provider,course_id,course_name,credential_type,issued_at,credential_url\nC-1,a@p.example,ec,X,{name},badge,2025-05-12,{url}\n"
        )
    };
    let sealed = "SELECT encode(credential_url_sealed, 'hex') FROM core.upskilling_credentials";
    world.import("upskilling/credentials/1.csv", row("https://example.org/1", "One")).await;
    let first = world.text(sealed).await;
    world.import("upskilling/credentials/2.csv", row("https://example.org/1", "Two")).await;
    assert_eq!(world.text(sealed).await, first, "what did not change is not sealed anew");
    world.import("upskilling/credentials/3.csv", row("https://example.org/2", "Two")).await;
    assert_ne!(world.text(sealed).await, first);
    let kept = "SELECT content -> 'credential_url' ->> 'sealed' FROM intake.revisions WHERE revision = 2";
    assert_eq!(world.text(kept).await, first);
    let state = world
        .count("SELECT count(*) FROM core.upskilling_credentials WHERE credential_url_sealed::text LIKE '%example%'")
        .await;
    assert_eq!(state, 0);
}

#[tokio::test]
async fn somebody_who_objects_is_left_out_of_a_list_of_attendees() {
    let world = World::new().await;
    for file in ["users", "matches"] {
        world.fixture(&format!("buddy/{file}.csv")).await;
    }
    world
        .owner
        .batch_execute(
            "INSERT INTO core.purposes SELECT profile_id, 'programme', 'consent', 'withdrawn', 'test', now()
             FROM core.external_ids WHERE external_id = '0190a5c2-7d10-7a01-8c11-5e0f6a1b0004'",
        )
        .await
        .unwrap();
    let receipt = world
        .import(
            "buddy/events/1.csv",
            format!("event_id,match_id,event_type,event_date,attendees\nE,BM-001,social,2025-03-01,{A};0190a5c2-7d10-7a01-8c11-5e0f6a1b0004\n"),
        )
        .await;
    assert!(warned(&receipt, "no_purpose"), "{receipt:#}");
    assert_eq!(world.event_data("buddy.event.logged.v1").await[0]["attendees"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_course_name_that_is_an_address_rejects_its_record_and_not_the_file() {
    let world = World::new().await;
    let rows = "user_email,provider,course_id,course_name,completed_at\na@p.example,ec,X,write to b@p.example,2025-05-12\na@p.example,ec,Y,Accounting,2025-05-12\n";
    let receipt = world.import("upskilling/completions/1.csv", rows).await;
    assert_eq!((&receipt["counts"]["rejected"], &receipt["counts"]["new"]), (&json!(1), &json!(1)), "{receipt:#}");
    assert_eq!(world.count("SELECT count(*) FROM core.upskilling_completions").await, 1);
}
