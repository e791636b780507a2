//! Finding people by what they are called elsewhere.

use serde_json::{Value, json};
use shared::auth::Role;

use crate::support::{Answer, World, admin, call, person, token};

async fn search(world: &World, bearer: &str, body: Value) -> Answer {
    call("POST", "/v1/profiles/search").bearer(bearer).json(&body).to(&world.profiles).await
}

fn ids(answer: &Answer) -> Vec<Value> {
    answer.json["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn a_person_is_found_by_address_however_it_is_written() {
    let world = World::new().await;
    for email in ["olena.seed@newcomer.example", " OLENA.seed@Newcomer.Example "] {
        let answer = search(&world, &admin(), json!({"email": email})).await;
        assert_eq!(ids(&answer), [json!(person(1))], "{email}");
        assert_eq!(answer.json["items"][0]["city"], "Bergen");
    }
    // A Cyrillic о is another address.
    assert!(ids(&search(&world, &admin(), json!({"email": "оlena.seed@newcomer.example"})).await).is_empty());
}

#[tokio::test]
async fn a_person_is_found_by_the_exact_id_of_a_source() {
    let world = World::new().await;
    assert_eq!(
        ids(&search(&world, &admin(), json!({"source": "upskilling", "external_id": "learner-2"})).await),
        [json!(person(2))]
    );
    for (source, id) in
        [("kintell", "learner-2"), ("upskilling", "LEARNER-2"), ("upskilling", "learner-02"), ("upskilling", "\u{0}")]
    {
        assert!(
            ids(&search(&world, &admin(), json!({"source": source, "external_id": id})).await).is_empty(),
            "{source} {id:?}"
        );
    }
}

#[tokio::test]
async fn exactly_one_form_of_question_is_understood() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({"source": "kintell"}),
        json!({"external_id": "1"}),
        json!({"email": "a@b.no", "source": "kintell", "external_id": "1"}),
        json!({"email": null}),
    ] {
        let answer = search(&world, &admin(), body.clone()).await;
        assert_eq!(
            (answer.brief().as_str(), &answer.json["errors"][0]["code"]),
            ("422 bad_field", &json!("one_form")),
            "{body}"
        );
    }
    let answer = search(&world, &admin(), json!({"email": "olena at newcomer"})).await;
    assert_eq!(
        (&answer.json["errors"][0]["pointer"], &answer.json["errors"][0]["code"]),
        (&json!("/email"), &json!("bad_email"))
    );
    assert!(!answer.json.to_string().contains("olena at"));
}

#[tokio::test]
async fn nobody_is_found_who_may_not_be_seen() {
    let world = World::new().await;
    let email = json!({"email": "olena.seed@newcomer.example"});
    let cases = [
        (token(Role::Coordinator, "coordinator", None), 1),
        (token(Role::Coordinator, "buddy-coordinator", None), 0),
        (token(Role::Dpo, "dpo", None), 1),
        (token(Role::Service, "crm", None), 1),
        (token(Role::Participant, "olena", Some(person(1))), 1),
        (token(Role::Participant, "amina", Some(person(2))), 0),
        // The volunteer who met her sees her first name by id, and cannot ask whose address this is.
        (token(Role::Volunteer, "kari", Some(person(4))), 0),
    ];
    for (bearer, found) in cases {
        assert_eq!(ids(&search(&world, &bearer, email.clone()).await).len(), found);
    }
}

#[tokio::test]
async fn a_search_is_written_down_without_what_was_searched_for() {
    let world = World::new().await;
    search(&world, &admin(), json!({"email": "olena.seed@newcomer.example"})).await;
    search(&world, &admin(), json!({"email": "nobody@newcomer.example"})).await;
    let rows =
        world.owner.query("SELECT action, target, details::text FROM audit.log ORDER BY entry_id", &[]).await.unwrap();
    let entries: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row.get::<_, &str>(0),
                row.get::<_, Option<uuid::Uuid>>(1).is_some(),
                row.get::<_, &str>(2)
            )
        })
        .collect();
    assert_eq!(
        entries,
        [r#"profile.read true {"by": "email"}"#, r#"profile.search false {"by": "email", "found": 0}"#]
    );
}
