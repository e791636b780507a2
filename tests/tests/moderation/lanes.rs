//! The sensitive lane: who sees it, by when, and what nobody may do with it.

use serde_json::json;
use shared::auth::Role;
use uuid::Uuid;

use crate::support::{CONTACT, World};

#[tokio::test]
async fn the_sensitive_lane_is_not_there_for_whoever_it_is_not_for() {
    let world = World::new().await;
    let text = world.received("#crisis").await;
    let item = world.item(&text).await;
    let list = world.ask("GET", "reviews", Role::Reviewer, "kari", None).await;
    assert_eq!((&list.json["items"], list.json["queue"]["sensitive"].is_null()), (&json!([]), true));
    assert!(!list.text.contains(CONTACT));
    assert_eq!(world.ask("GET", "reviews?lane=sensitive", Role::Reviewer, "kari", None).await.brief(), "404 not_found");
    for (method, path) in [("GET", ""), ("POST", "/claim"), ("POST", "/release"), ("POST", "/open")] {
        let there = world.ask(method, &format!("reviews/{item}{path}"), Role::Reviewer, "kari", None).await;
        let nowhere =
            world.ask(method, &format!("reviews/{}{path}", Uuid::now_v7()), Role::Reviewer, "kari", None).await;
        assert_eq!(
            (there.brief(), nowhere.brief()),
            ("404 not_found".to_owned(), "404 not_found".to_owned()),
            "{path}"
        );
    }
    let body = json!({"decision": "uphold", "notes": "x"});
    assert_eq!(world.decide(item, Role::Reviewer, "kari", "*", &body).await.brief(), "404 not_found");
    let appeal =
        world.ask("POST", &format!("reviews/{item}/appeal"), Role::Reviewer, "kari", Some(json!({"notes": "x"}))).await;
    assert_eq!(appeal.brief(), "404 not_found");

    let list = world.ask("GET", "reviews", Role::Safeguarding, "siri", None).await;
    let lane = &list.json["queue"]["sensitive"];
    assert_eq!(
        (&lane["waiting"], &lane["urgent"], &lane["overdue"], &lane["contact"]),
        (&json!(1), &json!(1), &json!(0), &json!(CONTACT))
    );
    assert!(lane["notice"].as_str().unwrap().contains("no emergency service"));
    let shown = &list.json["items"][0];
    assert_eq!(
        (&shown["findings"][0]["category"], &shown["written_at"]),
        (&json!("self_harm"), &json!("2025-03-04T18:00:00Z"))
    );
    assert!(shown["due_at"].is_string());
}

#[tokio::test]
async fn nobody_closes_an_item_of_the_sensitive_lane_without_having_opened_it() {
    let world = World::new().await;
    let text = world.received("#crisis").await;
    let item = world.item(&text).await;
    let claimed = world.ask("POST", &format!("reviews/{item}/claim"), Role::Safeguarding, "siri", None).await;
    for decision in ["uphold", "overturn", "redact", "escalate"] {
        let body = json!({"decision": decision, "notes": "x"});
        let refused = world.decide(item, Role::Safeguarding, "siri", claimed.header("etag"), &body).await;
        assert_eq!(refused.brief(), "409 not_opened", "{decision}");
    }
    // Also not because somebody else has.
    let etag = world.opened(item, Role::Safeguarding, "siri").await;
    world.ask("POST", &format!("reviews/{item}/release"), Role::Safeguarding, "siri", None).await;
    let other = world.ask("POST", &format!("reviews/{item}/claim"), Role::Safeguarding, "nils", None).await;
    let body = json!({"decision": "uphold", "notes": "x"});
    assert_eq!(
        world.decide(item, Role::Safeguarding, "nils", other.header("etag"), &body).await.brief(),
        "409 not_opened"
    );
    assert!(!etag.is_empty());
    // Nor does the store let a function do it.
    let unseen = world.received("#child").await;
    let api = world.database.client_for(crate::support::API).await;
    let close = format!(
        "UPDATE core.reviews SET state = 'closed', closed_by = 'decision', decision = 'uphold', decided_by = 'x', decided_at = now()
         WHERE text_id = '{}'",
        unseen.id
    );
    assert_eq!(api.batch_execute(&close).await.unwrap_err().code().unwrap().code(), "23514");
}

#[tokio::test]
async fn a_text_of_the_sensitive_lane_is_scored_after_no_decision() {
    let world = World::new().await;
    for words in ["#crisis", "#child", "#crisis og #insult"] {
        for decision in ["overturn", "redact"] {
            let text = world.received(words).await;
            let mut body = json!({"decision": decision, "notes": "falsk alarm"});
            if decision == "redact" {
                body["spans"] = json!([{"start": 0, "end": 7}]);
            }
            let made = world.decided(&text, Role::Safeguarding, "siri", &body).await;
            assert_eq!((made.status.as_u16(), &made.json["scored"]), (200, &json!(false)), "{}", made.text);
            assert_eq!(world.cleared(&text).await, None, "{words} {decision}");
        }
    }
}

#[tokio::test]
async fn opening_an_item_is_logged_and_tells_whom_to_reach() {
    let world = World::new().await;
    let text = world.received("#crisis").await;
    let item = world.item(&text).await;
    assert_eq!(
        world.ask("POST", &format!("reviews/{item}/open"), Role::Safeguarding, "siri", None).await.brief(),
        "409 not_claimed"
    );
    world.opened(item, Role::Safeguarding, "siri").await;
    let opened = world.ask("POST", &format!("reviews/{item}/open"), Role::Safeguarding, "siri", None).await;
    assert_eq!((&opened.json["text"], &opened.json["contact"]), (&json!("#crisis"), &json!(CONTACT)));
    assert!(opened.json["notice"].is_string());
    let log = format!(
        "SELECT json_agg(json_build_array(actor, role, action)) FROM audit.log WHERE target = '{item}' AND action = 'review.open'"
    );
    assert_eq!(
        world.json(&log).await,
        json!([["siri", "safeguarding", "review.open"], ["siri", "safeguarding", "review.open"]]),
        "each time, and not the one that was refused"
    );
}

#[tokio::test]
async fn what_is_escalated_goes_to_the_sensitive_lane_with_a_time_of_its_own() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let made =
        world.decided(&text, Role::Reviewer, "kari", &json!({"decision": "escalate", "notes": "hun er redd"})).await;
    assert_eq!((&made.json["state"], &made.json["lane"]), (&json!("pending"), &json!("sensitive")));
    let item = world.item(&text).await;
    assert_eq!(
        world.ask("GET", &format!("reviews/{item}"), Role::Reviewer, "kari", None).await.brief(),
        "404 not_found"
    );
    let seen = world.ask("GET", &format!("reviews/{item}"), Role::Safeguarding, "siri", None).await;
    assert!(
        seen.json["due_at"].is_string() && seen.json["opened_at"].is_null() && seen.json["urgent"] == true,
        "{}",
        seen.text
    );
    let etag = world.opened(item, Role::Safeguarding, "siri").await;
    let opened = world.ask("POST", &format!("reviews/{item}/open"), Role::Safeguarding, "siri", None).await;
    assert_eq!(opened.json["history"][0]["notes"], "hun er redd");
    let upheld = world
        .decide(item, Role::Safeguarding, "siri", &etag, &json!({"decision": "uphold", "notes": "fulgt opp"}))
        .await;
    assert_eq!(upheld.status.as_u16(), 200, "{}", upheld.text);
    assert_eq!(
        world.told(&text).await[2..],
        [
            "safety.flag.raised.v1 true 2",
            "safety.review.completed.v1 escalate 1",
            "safety.review.completed.v1 uphold 2"
        ]
    );
}

#[tokio::test]
async fn an_appeal_that_is_escalated_takes_the_words_back_from_scoring() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let first = world.item(&text).await;
    world.decided(&text, Role::Reviewer, "kari", &json!({"decision": "overturn", "notes": "en spøk"})).await;
    let notes = json!({"notes": "hun er redd"});
    world.ask("POST", &format!("reviews/{first}/appeal"), Role::Reviewer, "ola", Some(notes)).await;
    assert_eq!(world.cleared(&text).await.as_deref(), Some("#insult"), "until it is decided");
    let body = json!({"decision": "escalate", "notes": "alvor"});
    let made = world.decided(&text, Role::Reviewer, "ola", &body).await;
    assert_eq!(made.json["scored"], false, "{}", made.text);
    assert_eq!(world.cleared(&text).await, None);
}

#[tokio::test]
async fn whoever_read_an_item_before_it_came_to_the_sensitive_lane_reads_it_again_before_closing_it() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let item = world.item(&text).await;
    world.decided(&text, Role::Safeguarding, "siri", &json!({"decision": "escalate", "notes": "alvor"})).await;
    let claimed = world.ask("POST", &format!("reviews/{item}/claim"), Role::Safeguarding, "siri", None).await;
    let body = json!({"decision": "uphold", "notes": "sett"});
    let refused = world.decide(item, Role::Safeguarding, "siri", claimed.header("etag"), &body).await;
    assert_eq!(refused.brief(), "409 not_opened", "nobody has looked since");
    world.ask("POST", &format!("reviews/{item}/release"), Role::Safeguarding, "siri", None).await;
    world.opened(item, Role::Safeguarding, "nils").await;
    world.ask("POST", &format!("reviews/{item}/release"), Role::Safeguarding, "nils", None).await;
    let claimed = world.ask("POST", &format!("reviews/{item}/claim"), Role::Safeguarding, "siri", None).await;
    let refused = world.decide(item, Role::Safeguarding, "siri", claimed.header("etag"), &body).await;
    assert_eq!(refused.brief(), "409 not_opened", "somebody else has");
    let etag = world.opened(item, Role::Safeguarding, "siri").await;
    let made = world.decide(item, Role::Safeguarding, "siri", &etag, &body).await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.text);
}
