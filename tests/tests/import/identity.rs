//! Who a record is about, and what may not be stored of whom.

use serde_json::json;

use super::support::{World, file, line};

const USERS: &str = "Email,Name,Linkedin_URL,Verification_status,\"Role when joined\",grant_access,Joined_kg_at\n";

#[tokio::test]
async fn a_user_and_a_session_of_one_address_are_one_profile() {
    let world = World::new().await;
    world
        .import(
            "kintell/users/u.csv",
            format!("{USERS}Olena@People.example,Олена Приклад,,verified,Participant,yes,\"Dec 14, 2025\"\n"),
        )
        .await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    let created = world.event_data("profile.created.v1").await;
    assert_eq!(created[0]["changed"], json!(["email", "name"]));
}

#[tokio::test]
async fn dots_tags_and_look_alike_letters_make_different_people() {
    let world = World::new().await;
    let users =
        format!("{USERS}a.b@p.example,A,,,,,\nab@p.example,B,,,,,\nab+x@p.example,C,,,,,\n\u{430}b@p.example,D,,,,,\n");
    let receipt = world.import("kintell/users/u.csv", users).await;
    assert_eq!(receipt["people"]["created"], 4, "{receipt:#}");
}

#[tokio::test]
async fn a_new_name_of_the_same_source_replaces_and_is_told_once() {
    let world = World::new().await;
    let user = |name: &str| format!("{USERS}olena@people.example,{name},,,,,\n");
    world.import("kintell/users/1.csv", user("Olena P")).await;
    let again = world.import("kintell/users/2.csv", user("Olena P")).await;
    assert_eq!(again["counts"]["unchanged"], 1);
    let receipt = world.import("kintell/users/3.csv", user("Olena Pryklad")).await;
    assert_eq!(receipt["counts"]["changed"], 1);
    let updated = world.event_data("profile.updated.v1").await;
    assert_eq!((updated.len(), &updated[0]["changed"], &updated[0]["revision"]), (1, &json!(["name"]), &json!(2)));
}

#[tokio::test]
async fn a_name_corrected_by_hand_wins_and_a_differing_one_is_suggested_to_a_person() {
    let world = World::new().await;
    let user = |name: &str| format!("{USERS}olena@people.example,{name},,,,,\n");
    world.import("kintell/users/1.csv", user("Olena P")).await;
    let vault = world.database.vault().await;
    world
        .owner
        .execute(
            "INSERT INTO vault.attributes (profile_id, field, source, sealed, digest, folded, set_at)
             SELECT profile_id, 'name', 'hand', 'x', $1, $2, now() FROM core.profiles",
            &[&vault.digest("name", "Iryna").as_slice(), &vault.digest("folded name", "iryna").as_slice()],
        )
        .await
        .unwrap();
    let receipt = world.import("kintell/users/2.csv", user("Olena Pryklad")).await;
    assert_eq!(world.event_data("profile.updated.v1").await.len(), 0, "nobody sees another name");
    assert_eq!(receipt["warnings"][0]["code"], "identity_conflict", "{receipt:#}");
    assert_eq!(world.text("SELECT kind FROM intake.identity_suggestions").await, "names_differ");
}

#[tokio::test]
async fn an_address_of_several_people_waits_for_a_person() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.profiles (profile_id) VALUES ('01900000-0000-7000-8000-0000000000ff');
             INSERT INTO vault.emails (email_id, profile_id, blind_index, sealed, source)
             SELECT gen_random_uuid(), '01900000-0000-7000-8000-0000000000ff', blind_index, sealed, source FROM vault.emails;",
        )
        .await
        .unwrap();
    let receipt = world.import("kintell/sessions/b.csv", file(&[line("S2", "4", "a")])).await;
    assert_eq!(
        (&receipt["counts"]["rejected"], &receipt["rejects"][0]["code"]),
        (&json!(1), &json!("ambiguous_person"))
    );
}

#[tokio::test]
async fn nothing_is_stored_of_somebody_who_was_erased() {
    let world = World::new().await;
    let hash = world.database.vault().await.suppression_hash("email", "olena@people.example");
    world.owner.execute("INSERT INTO vault.suppressions (hash) VALUES ($1)", &[&hash.as_slice()]).await.unwrap();
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    assert_eq!(receipt["counts"]["suppressed"], 1);
    assert_eq!(world.count("SELECT (SELECT count(*) FROM core.profiles) + (SELECT count(*) FROM core.kintell_sessions) + (SELECT count(*) FROM vault.texts)").await, 0);
}

#[tokio::test]
async fn nothing_is_stored_of_somebody_who_withdrew_the_programme() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.purposes SELECT participant_id, 'programme', 'consent', 'withdrawn', 'test', now() FROM core.kintell_sessions",
        )
        .await
        .unwrap();
    let receipt = world.import("kintell/sessions/b.csv", file(&[line("S2", "4", "a")])).await;
    assert_eq!((&receipt["counts"]["suppressed"], &receipt["warnings"][0]["code"]), (&json!(1), &json!("no_purpose")));
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
}

#[tokio::test]
async fn a_session_belongs_to_its_volunteers_company_unless_an_instance_is_declared() {
    let world = World::new().await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.companies VALUES ('01900000-0000-7000-8000-0000000000c1', 'Nordlys'), ('01900000-0000-7000-8000-0000000000c2', 'Fjellheim');
             INSERT INTO core.company_domains VALUES ('nordlys.example', '01900000-0000-7000-8000-0000000000c1');",
        )
        .await
        .unwrap();
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    assert_eq!(
        world.text("SELECT company_id::text FROM core.kintell_sessions").await,
        "01900000-0000-7000-8000-0000000000c1"
    );
    world
        .owner
        .batch_execute(
            "INSERT INTO core.programme_instances VALUES ('01900000-0000-7000-8000-0000000000d1', 'language', 'Autumn', '2025-01-01', NULL, '01900000-0000-7000-8000-0000000000c2');
             UPDATE intake.source_profiles SET instance_id = '01900000-0000-7000-8000-0000000000d1' WHERE layout = 'language';",
        )
        .await
        .unwrap();
    world.import("kintell/sessions/b.csv", file(&[line("S2", "4", "a")])).await;
    assert_eq!(
        world.text("SELECT company_id::text FROM core.kintell_sessions WHERE source_id = 'S2'").await,
        "01900000-0000-7000-8000-0000000000c2"
    );
}

#[tokio::test]
async fn an_undeclared_author_is_stored_screened_and_warned_about() {
    let world = World::new().await;
    world.owner.batch_execute("UPDATE intake.source_profiles SET author = NULL").await.unwrap();
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "words")])).await;
    assert_eq!(receipt["warnings"][0]["code"], "undeclared_author");
    let text = &world.event_data("intake.text.received.v1").await[0];
    assert_eq!((&text["authorRole"], text.get("authorId")), (&json!("undeclared"), None));
}

#[tokio::test]
async fn words_go_with_the_person_when_a_session_turns_out_to_be_somebody_elses() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "my words")])).await;
    world.import("kintell/sessions/b.csv", file(&[line("S1", "4", "my words").replace("olena@", "iryna@")])).await;
    let texts = world.event_data("intake.text.received.v1").await;
    assert_eq!((texts.len(), &texts[1]["supersedes"]), (2, &texts[0]["textId"]));
    let matching = world
        .count(
            "SELECT count(*) FROM core.kintell_sessions s JOIN vault.texts t ON t.text_id = s.feedback_text_id
             WHERE t.subject_id = s.participant_id AND t.author_id = s.participant_id",
        )
        .await;
    assert_eq!(matching, 1, "the text in force is the new person's");
}

#[tokio::test]
async fn a_company_does_not_keep_a_session_whose_volunteer_is_another_now() {
    let world = World::new().await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.companies VALUES ('01900000-0000-7000-8000-0000000000c1', 'Nordlys');
             INSERT INTO core.company_domains VALUES ('nordlys.example', '01900000-0000-7000-8000-0000000000c1');",
        )
        .await
        .unwrap();
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    assert_eq!(world.count("SELECT count(company_id) FROM core.kintell_sessions").await, 1);
    world
        .import(
            "kintell/sessions/b.csv",
            file(&[line("S1", "4", "a").replace("kari@nordlys.example", "per@p.example")]),
        )
        .await;
    assert_eq!(world.count("SELECT count(company_id) FROM core.kintell_sessions").await, 0);
}

#[tokio::test]
async fn what_was_said_before_is_kept_sealed() {
    let world = World::new().await;
    for name in ["Alpha", "Beta", "Gamma"] {
        world.import(&format!("kintell/users/{name}.csv"), format!("{USERS}olena@people.example,{name},,,,,\n")).await;
    }
    assert_eq!(
        world.count("SELECT count(*) FROM vault.attribute_revisions WHERE field = 'name' AND sealed IS NOT NULL").await,
        2
    );
}

#[tokio::test]
async fn an_address_is_no_session_id() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("anna@leak.example", "4", "a")])).await;
    assert_eq!(
        (&receipt["rejects"][0]["code"], &receipt["rejects"][0]["column"]),
        (&json!("bad_email"), &json!("session_id"))
    );
    assert!(!receipt.to_string().contains("anna@leak"), "{receipt:#}");
}
