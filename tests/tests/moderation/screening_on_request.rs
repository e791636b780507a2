//! `POST /v1/moderation/screen`

use serde_json::{Value, json};
use shared::auth::Role;

use crate::support::World;

async fn screen(world: &World, body: Value) -> crate::support::Answer {
    world.ask("POST", "screen", Role::Service, "another-system", Some(body)).await
}

#[tokio::test]
async fn one_text_is_answered_with_what_was_found_where() {
    let world = World::new().await;
    let answer = screen(
        &world,
        json!({"text": "Å, #insult og #phone", "kind": "buddy_checkin", "role": "participant", "language": "no"}),
    )
    .await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let mut body = answer.json;
    assert!(body["screening_id"].is_string() && body["policy_version"].as_str().unwrap().starts_with("0+"));
    for unstable in ["screening_id", "policy_version"] {
        body.as_object_mut().unwrap().remove(unstable);
    }
    let redacted = body["redacted"].take();
    assert!(
        redacted.as_str().unwrap().contains("#insult") && !redacted.as_str().unwrap().contains("#phone"),
        "{redacted}"
    );
    assert_eq!(
        body,
        json!({
            "decision": "review", "urgent": false, "redacted": null, "language": "en", "engine_version": "1.0.0+aa",
            "reasons": ["a mark of the test"],
            "categories": [
                {"name": "harassment", "score": 0.9, "spans": [{"start": 3, "end": 10}]},
                {"name": "pii", "score": 0.9, "spans": [{"start": 14, "end": 20}]}
            ]
        })
    );
}

#[tokio::test]
async fn many_are_answered_in_their_order_and_an_engine_that_stumbles_means_review() {
    let world = World::new().await;
    let texts: Vec<Value> = (0..500).map(|n| json!({"text": if n % 2 == 0 { "Hyggelig." } else { "#hate" }})).collect();
    let answer = screen(&world, json!({"items": texts})).await;
    let decisions: Vec<&str> =
        answer.json["items"].as_array().unwrap().iter().map(|one| one["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["allow", "block"].repeat(250));
    let odd = screen(&world, json!({"items": [{"text": "#panic"}, {"text": "#slow"}, {"text": "#crisis"}]})).await;
    for one in odd.json["items"].as_array().unwrap() {
        assert_eq!((&one["decision"], &one["urgent"]), (&json!("review"), &json!(true)), "{one}");
        assert_eq!(one["reasons"].as_array().unwrap().len(), 1);
    }
    for (at, there) in [(0, false), (1, false), (2, true)] {
        assert_eq!(odd.json["items"][at]["redacted"].is_string(), there, "nobody knows what there is to replace");
    }
}

#[tokio::test]
async fn words_are_kept_in_no_case_and_with_store_false_not_even_that_they_were_asked_about() {
    let world = World::new().await;
    let text = "Zyxwv #insult";
    let silent = screen(&world, json!({"text": text, "store": false})).await;
    assert!(silent.json["screening_id"].is_null());
    let traces = "SELECT (SELECT count(*) FROM core.screening_answers) || ' ' || (SELECT count(*) FROM audit.log)";
    assert_eq!(world.one(traces).await, "0 0");
    screen(&world, json!({"text": text})).await;
    screen(&world, json!({"items": [{"text": text}]})).await;
    assert_eq!(world.one(traces).await, "2 2");
    assert_eq!(world.one("SELECT count(DISTINCT digest) FROM core.screening_answers").await, "1", "the same words");
    for table in ["core.screening_answers", "audit.log"] {
        assert_eq!(
            world.one(&format!("SELECT count(*) FROM {table} t WHERE t::text ILIKE '%zyxwv%'")).await,
            "0",
            "{table}"
        );
    }
    assert_eq!(world.one("SELECT count(*) FROM core.reviews").await, "0", "nothing is put into the queue");
}

#[tokio::test]
async fn what_cannot_be_screened_is_refused_at_its_place() {
    let world = World::new().await;
    let long = "x".repeat(10_001);
    for (body, pointer, code) in [
        (json!({}), "", "one_form"),
        (json!({"text": "a", "items": []}), "", "one_form"),
        (json!({"items": [{"text": "a"}], "kind": "other"}), "", "one_form"),
        (json!({"items": []}), "/items", "out_of_range"),
        (json!({"items": vec![json!({"text": "a"}); 501]}), "/items", "out_of_range"),
        (json!({"items": [{"text": "a"}], "store": false}), "/store", "not_here"),
        (json!({"text": ""}), "/text", "out_of_range"),
        (json!({"text": long}), "/text", "out_of_range"),
        (json!({"items": [{"text": "a"}, {"text": "b", "kind": "poem"}]}), "/items/1/kind", "unknown_name"),
        (json!({"text": "a", "role": "learner"}), "/role", "unknown_name"),
        (json!({"text": "a", "language": "se"}), "/language", "unknown_name"),
        (json!({"text": "a", "typo": 1}), "/typo", "unknown_field"),
    ] {
        let refused = screen(&world, body).await;
        assert_eq!(refused.brief(), "422 bad_field", "{}", refused.text);
        assert_eq!(
            (&refused.json["errors"][0]["pointer"], &refused.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    }
}
