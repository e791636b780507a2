//! Saying that an id of a source is a person.

use serde_json::{Value, json};
use shared::auth::Role;
use uuid::Uuid;

use crate::support::{Answer, Call, World, admin, call, person, profile_service, token};

fn request(n: u128, source: &str, id: &str) -> Call {
    let body = json!({"source": source, "external_id": id});
    call("POST", &format!("/v1/profiles/{}/external-ids", person(n))).bearer(&admin()).json(&body)
}

async fn link(world: &World, n: u128, id: &str) -> Answer {
    request(n, "kintell", id).to(&world.profiles).await
}

#[tokio::test]
async fn a_new_link_is_made_once_and_told() {
    let world = World::new().await;
    let first = link(&world, 1, " KT-00042 ").await;
    assert_eq!(first.status.as_u16(), 201);
    let id: Uuid = first.json["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(first.json, json!({"id": id, "source": "kintell", "external_id": "KT-00042"}));
    assert_eq!(first.header("location"), format!("external-ids/{id}"), "relative: holds behind every stage");

    let again = link(&world, 1, "KT-00042").await;
    assert_eq!((again.status.as_u16(), &again.json), (200, &first.json));

    assert_eq!(world.count("SELECT count(*) FROM bus.events").await, 1);
    let event: String = world.owner.query_one("SELECT detail FROM bus.events", &[]).await.unwrap().get(0);
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!((&event["type"], &event["data"]["linkId"]), (&json!("profile.linked.v1"), &json!(id)));
    assert!(!event.to_string().contains("KT-00042"), "source ids stay inside");
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'profile.link'").await, 1);
    assert_eq!(world.nudges.0.delays(), [30, 0]);
    let seen = call("GET", &format!("/v1/profiles/{}", person(1))).bearer(&admin()).to(&world.profiles).await;
    assert_eq!((&seen.json["revision"], seen.json["external_ids"].as_array().unwrap().len()), (&json!(2), 2));
}

#[tokio::test]
async fn an_id_of_somebody_else_is_never_moved_and_its_owner_not_told() {
    let world = World::new().await;
    link(&world, 1, "KT-1").await;
    let answer = link(&world, 2, "KT-1").await;
    assert_eq!(answer.brief(), "409 external_id_taken");
    assert!(!answer.json.to_string().contains(&person(1).to_string()));
    let owner: Uuid = world
        .owner
        .query_one("SELECT profile_id FROM core.external_ids WHERE external_id = 'KT-1'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(owner, person(1));
    // The same id in another source is another id.
    assert_eq!(request(2, "discord", "KT-1").to(&world.profiles).await.status.as_u16(), 201);
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_makes_the_link() {
    let world = World::new().await;
    let other = profile_service(&world.database, &world.nudges);
    for round in 0..10 {
        let id = format!("same-{round}");
        let (a, b) =
            futures::join!(request(1, "kintell", &id).to(&world.profiles), request(1, "kintell", &id).to(&other));
        let mut answers = [a.brief(), b.brief()];
        answers.sort();
        assert_eq!(answers, ["200", "201"]);
        assert_eq!(a.json, b.json);

        let id = format!("rivals-{round}");
        let (a, b) =
            futures::join!(request(1, "kintell", &id).to(&world.profiles), request(2, "kintell", &id).to(&other));
        let mut answers = [a.brief(), b.brief()];
        answers.sort();
        assert_eq!(answers, ["201", "409 external_id_taken"]);
    }
    assert_eq!(world.count("SELECT count(*) FROM bus.events").await, 20);
    assert_eq!(world.count("SELECT count(*) FROM core.external_ids WHERE source = 'kintell'").await, 20);
}

#[tokio::test]
async fn what_cannot_be_an_id_is_refused_by_name() {
    let world = World::new().await;
    let long = "x".repeat(256);
    for (source, id, expected) in [
        ("kintell", "olena@newcomer.example", "/external_id email_as_id"),
        ("kintell", "  ", "/external_id out_of_range"),
        ("kintell", long.as_str(), "/external_id out_of_range"),
        ("kintell", "a\u{0}b", "/external_id control_character"),
        ("kintell", "olena\u{ff20}newcomer.example", "/external_id email_as_id"),
        ("kintell", "\u{200b}", "/external_id control_character"),
        ("kintell", "KT\u{200d}1", "/external_id control_character"),
        ("kintell", "\u{202e}1-TK", "/external_id control_character"),
        ("kintell", "KT\u{a0}1", "/external_id control_character"),
        ("hand", "1", "/source reserved_source"),
        ("seed", "1", "/source reserved_source"),
        ("kintell\u{200b}", "1", "/source bad_source"),
        ("Kintell", "1", "/source bad_source"),
        ("k", "1", "/source bad_source"),
        ("kin tell", "1", "/source bad_source"),
    ] {
        let answer = request(1, source, id).to(&world.profiles).await;
        let error = &answer.json["errors"][0];
        assert_eq!(answer.brief(), "422 bad_field");
        assert_eq!(format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()), expected);
        assert!(!answer.json.to_string().contains("olena@"));
    }
    assert_eq!(world.count("SELECT count(*) FROM core.external_ids").await, 4, "the seed's");
}

#[tokio::test]
async fn the_id_of_an_erased_person_is_not_stored_again() {
    let world = World::new().await;
    let hash = world.database.vault().await.suppression_hash("kintell", "KT-9");
    world.owner.execute("INSERT INTO vault.suppressions (hash) VALUES ($1)", &[&hash.as_slice()]).await.unwrap();
    assert_eq!(link(&world, 1, "KT-9").await.brief(), "422 external_id_refused");
    assert_eq!(world.count("SELECT count(*) FROM core.external_ids WHERE external_id = 'KT-9'").await, 0);
}

#[tokio::test]
async fn a_coordinator_links_people_of_own_programmes_only() {
    let world = World::new().await;
    let body = json!({"source": "kintell", "external_id": "KT-3"});
    let ask = |subject: &str| {
        let request = call("POST", &format!("/v1/profiles/{}/external-ids", person(1)));
        request.bearer(&token(Role::Coordinator, subject, None)).json(&body)
    };
    assert_eq!(ask("buddy-coordinator").to(&world.profiles).await.brief(), "404 not_found");
    assert_eq!(ask("coordinator").to(&world.profiles).await.brief(), "201");
}

#[tokio::test]
async fn when_the_queue_does_not_answer_no_link_is_made() {
    let world = World::new().await;
    world.nudges.0.fail(true);
    assert_eq!(link(&world, 1, "KT-1").await.brief(), "503 bus_unavailable");
    world.nudges.0.fail(false);
    assert_eq!(link(&world, 1, "KT-1").await.brief(), "201");
}
