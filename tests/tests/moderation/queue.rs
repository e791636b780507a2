//! The queue: order, claims, decisions, appeals.

use std::{sync::Arc, time::Duration};

use moderation::screener::Screens;
use moderation_engine::Engine;
use serde_json::{Value, json};
use shared::auth::Role;

use crate::support::{Answer, Stumbling, Text, World, api_of, api_with, call, hours, token};

fn ids(answer: &Answer) -> Vec<String> {
    answer.json["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn urgent_items_come_first_then_the_oldest_page_by_page_and_without_a_word() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for words in ["#insult Zyxwv en", "#insult Zyxwv to", "#phone Zyxwv tre", "#slow Zyxwv fire"] {
        let text = world.received(words).await;
        expected.push(world.item(&text).await.to_string());
    }
    world.received("#crisis").await;
    world.received("#hate").await;
    expected.rotate_right(1); // the urgent one
    let all = world.ask("GET", "reviews", Role::Reviewer, "kari", None).await;
    assert_eq!(ids(&all), expected, "{}", all.text);
    assert!(!all.text.contains("Zyxwv"));
    assert_eq!(all.json["queue"]["general"], json!({"waiting": 4, "urgent": 1}));
    let mut seen = Vec::new();
    let mut path = "reviews?limit=3".to_owned();
    loop {
        let page = world.ask("GET", &path, Role::Reviewer, "kari", None).await;
        seen.extend(ids(&page));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("reviews?limit=3&cursor={next}");
    }
    assert_eq!(seen, expected);
    let first = &all.json["items"][1];
    assert_eq!(
        (
            &first["findings"],
            &first["written_at"],
            &first["reason"],
            &first["state"],
            &first["kind"],
            &first["author_role"]
        ),
        (
            &json!([{"category": "harassment", "grade": "insult"}]),
            &json!("2025-03-04T18:00:00Z"),
            &json!("review"),
            &json!("pending"),
            &json!("buddy_checkin"),
            &json!("participant")
        )
    );
    let held = world.ask("GET", "reviews?state=held", Role::Reviewer, "kari", None).await;
    assert_eq!(held.json["items"].as_array().unwrap().len(), 1, "the block is there for whoever looks for it");
    for (query, code) in
        [("state=open", "bad_query"), ("lane=both", "bad_query"), ("limit=0", "bad_limit"), ("cursor=x", "bad_cursor")]
    {
        let answer = world.ask("GET", &format!("reviews?{query}"), Role::Reviewer, "kari", None).await;
        assert_eq!(answer.brief(), format!("400 {code}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_who_claim_at_once_exactly_one_gets_it() {
    let world = World::new().await;
    let item = world.item(&world.received("#insult").await).await;
    let path = format!("/v1/moderation/reviews/{item}/claim");
    let tries: Vec<_> = (0..8)
        .map(|n| {
            let api = api_of(&world.database, &world.nudges, hours(), Duration::from_secs(900));
            let request = call("POST", &path).bearer(&token(Role::Reviewer, &format!("reviewer-{n}"), None));
            tokio::spawn(async move { request.to(&api).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for one in tries {
        outcomes.push(one.await.unwrap().brief());
    }
    outcomes.sort();
    let mut expected = vec!["409 already_claimed"; 7];
    expected.insert(0, "200");
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_claim_is_for_a_while_can_be_prolonged_and_given_back() {
    let world = World::new().await;
    let item = world.item(&world.received("#insult").await).await;
    let (claim, release) = (format!("reviews/{item}/claim"), format!("reviews/{item}/release"));
    let ask = async |path: &str, who: &str| world.ask("POST", path, Role::Reviewer, who, None).await;
    let first = ask(&claim, "kari").await;
    assert_eq!((&first.json["claimed_by_me"], &first.json["state"]), (&json!(true), &json!("claimed")));
    let prolonged = ask(&claim, "kari").await;
    assert!(prolonged.json["claimed_until"].as_str() >= first.json["claimed_until"].as_str());
    assert_eq!(ask(&release, "ola").await.brief(), "409 already_claimed");
    let mine = world.ask("GET", "reviews?mine=true", Role::Reviewer, "kari", None).await;
    let others = world.ask("GET", "reviews?mine=true", Role::Reviewer, "ola", None).await;
    assert_eq!((ids(&mine).len(), ids(&others).len()), (1, 0));
    assert_eq!(ask(&release, "kari").await.json["state"], "pending");
    assert_eq!(ask(&release, "kari").await.brief(), "409 not_claimed");
    assert_eq!(ask(&claim, "ola").await.brief(), "200");
    // The lease ends: whoever held it holds it no longer, before any sweep.
    world.owner.execute("UPDATE core.reviews SET claimed_until = now() - interval '1 second'", &[]).await.unwrap();
    let shown = world.ask("GET", &format!("reviews/{item}"), Role::Reviewer, "ola", None).await;
    assert_eq!((&shown.json["state"], shown.json["claimed_by"].is_null()), (&json!("pending"), true));
    let body = json!({"decision": "uphold"});
    let late = world.decide(item, Role::Reviewer, "ola", shown.header("etag"), &body).await;
    assert_eq!(late.brief(), "409 not_claimed");
    assert_eq!(ask(&claim, "kari").await.brief(), "200");
    let late = world.decide(item, Role::Reviewer, "ola", "*", &body).await;
    assert_eq!(late.brief(), "409 already_claimed");
}

#[tokio::test]
async fn each_decision_does_what_it_says_and_leaves_its_trail() {
    let world = World::new().await;
    let cases: [(&str, Value, Option<&str>, Value); 4] = [
        ("uphold", json!({"decision": "uphold"}), None, json!("closed")),
        (
            "overturn",
            json!({"decision": "overturn", "notes": "en spøk mellom venner"}),
            Some("#insult og #phone"),
            json!("closed"),
        ),
        (
            "redact",
            json!({"decision": "redact", "notes": "uten nummer", "spans": [{"start": 0, "end": 7}]}),
            None,
            json!("closed"),
        ),
        ("escalate", json!({"decision": "escalate", "notes": "dette er alvor"}), None, json!("pending")),
    ];
    for (decision, body, cleared, state) in cases {
        let text = world.received("#insult og #phone").await;
        let item = world.item(&text).await;
        let etag = world.opened(item, Role::Reviewer, "kari").await;
        let made = world.decide(item, Role::Reviewer, "kari", &etag, &body).await;
        assert_eq!(made.status.as_u16(), 200, "{decision}: {}", made.text);
        assert_eq!((&made.json["decision"], &made.json["state"]), (&json!(decision), &state));
        let scored = world.cleared(&text).await;
        assert_eq!(made.json["scored"], scored.is_some(), "{decision}");
        match decision {
            "redact" => {
                let scored = scored.unwrap();
                assert!(
                    !scored.contains("#insult") && !scored.contains("#phone") && scored.contains(" og "),
                    "{scored}"
                );
            }
            _ => assert_eq!(scored.as_deref(), cleared, "{decision}"),
        }
        let told = world.told(&text).await;
        assert!(told.contains(&format!("safety.review.completed.v1 {decision} 1")), "{told:?}");
        let audited =
            format!("SELECT string_agg(action, ' ' ORDER BY entry_id) FROM audit.log WHERE target = '{item}'");
        assert_eq!(world.one(&audited).await, "review.claim review.open review.decide", "{decision}");
    }
    assert_eq!(world.one("SELECT count(*) FROM vault.review_notes").await, "3");
    for table in ["audit.log", "bus.events", "core.review_decisions"] {
        let found = world.one(&format!("SELECT count(*) FROM {table} t WHERE t::text ~ 'spøk|nummer|alvor'")).await;
        assert_eq!(found, "0", "a note is in {table}");
    }
    let events = "SELECT detail::json -> 'data' ->> 'reviewerId' FROM bus.events WHERE type = 'safety.review.completed.v1' LIMIT 1";
    assert_eq!(world.one(events).await.len(), 36, "a reviewer is an id");
}

#[tokio::test]
async fn words_that_the_engine_comes_to_no_end_with_are_not_passed_on_as_redacted() {
    let mut world = World::new().await;
    let text = world.received("#insult og #phone").await;
    let item = world.item(&text).await;
    let stumbling = Screens { backend: Box::new(Stumbling), engine: Arc::new(Engine::new()) };
    let readable = std::mem::replace(
        &mut world.api,
        api_with(&world.database, &world.nudges, hours(), Duration::from_secs(900), stumbling),
    );
    let etag = world.opened(item, Role::Reviewer, "kari").await;
    let opened = world.ask("POST", &format!("reviews/{item}/open"), Role::Reviewer, "kari", None).await;
    assert_eq!((&opened.json["text"], opened.json["redacted"].is_null()), (&json!("#insult og #phone"), true));
    let body = json!({"decision": "redact", "notes": "uten navn", "spans": [{"start": 0, "end": 7}]});
    let refused = world.decide(item, Role::Reviewer, "kari", &etag, &body).await;
    assert_eq!(refused.brief(), "503 screening_unavailable");
    assert_eq!(world.cleared(&text).await, None);
    world.api = readable;
    let made = world.decide(item, Role::Reviewer, "kari", &etag, &body).await;
    assert_eq!(made.json["scored"], true, "{}", made.text);
}

#[tokio::test]
async fn a_place_of_a_reviewer_that_reaches_into_a_found_one_leaves_nothing_of_it() {
    let world = World::new().await;
    let text = world.received("Nora sa #phone i dag").await;
    // From the name into the number: `Nora sa #pho`.
    let body = json!({"decision": "redact", "notes": "uten navn", "spans": [{"start": 0, "end": 12}]});
    let made = world.decided(&text, Role::Reviewer, "kari", &body).await;
    assert_eq!(made.json["scored"], true, "{}", made.text);
    assert_eq!(world.cleared(&text).await.as_deref(), Some("[REMOVED_1] i dag"));
}

#[tokio::test]
async fn what_lets_words_through_needs_them_to_have_been_read_and_a_reason() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let item = world.item(&text).await;
    let claimed = world.ask("POST", &format!("reviews/{item}/claim"), Role::Reviewer, "kari", None).await;
    let etag = claimed.header("etag").to_owned();
    let decide = async |body: Value| world.decide(item, Role::Reviewer, "kari", &etag, &body).await;
    assert_eq!(decide(json!({"decision": "overturn", "notes": "fin"})).await.brief(), "409 not_opened");
    for (body, pointer, code) in [
        (json!({"decision": "overturn"}), "/notes", "missing_field"),
        (json!({"decision": "escalate", "notes": "  "}), "/notes", "missing_field"),
        (json!({"decision": "redact", "notes": "x".repeat(2001)}), "/notes", "too_long"),
        (json!({"decision": "overturn", "notes": "x", "spans": [{"start": 0, "end": 1}]}), "/spans", "not_here"),
        (json!({"decision": "redact", "notes": "x", "spans": [{"start": 4, "end": 4}]}), "/spans", "out_of_range"),
        (json!({"decision": "approve"}), "/decision", "wrong_type"),
    ] {
        let answer = decide(body).await;
        assert_eq!(answer.brief(), "422 bad_field", "{}", answer.text);
        assert_eq!(
            (&answer.json["errors"][0]["pointer"], &answer.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    let opened = world.ask("POST", &format!("reviews/{item}/open"), Role::Reviewer, "kari", None).await;
    assert_eq!((&opened.json["text"], opened.json["places"][0]["start"].as_i64()), (&json!("#insult"), Some(0)));
    assert_eq!(
        decide(json!({"decision": "overturn", "notes": "fin"})).await.brief(),
        "412 stale",
        "opening is a change"
    );
    let etag = opened.header("etag");
    let outside = json!({"decision": "redact", "notes": "x", "spans": [{"start": 0, "end": 99}]});
    assert_eq!(
        world.decide(item, Role::Reviewer, "kari", etag, &outside).await.json["errors"][0]["code"],
        "out_of_range"
    );
    let nothing = json!({"decision": "redact", "notes": "x"});
    assert_eq!(
        world.decide(item, Role::Reviewer, "kari", etag, &nothing).await.json["errors"][0]["code"],
        "nothing_redacted"
    );
    let without = call("POST", &format!("/v1/moderation/reviews/{item}/decision"))
        .bearer(&token(Role::Reviewer, "kari", None))
        .json(&json!({"decision": "uphold"}))
        .to(&world.api)
        .await;
    assert_eq!(without.brief(), "428 precondition_required");
    assert_eq!(world.one("SELECT count(*) FROM core.review_decisions").await, "0");
}

#[tokio::test]
async fn a_decision_whose_answer_was_lost_is_asked_for_again_under_its_key() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let item = world.item(&text).await;
    let etag = world.opened(item, Role::Reviewer, "kari").await;
    let send = async |body: Value| {
        call("POST", &format!("/v1/moderation/reviews/{item}/decision"))
            .bearer(&token(Role::Reviewer, "kari", None))
            .header("if-match", &etag)
            .header("idempotency-key", "d-1")
            .json(&body)
            .to(&world.api)
            .await
    };
    let body = json!({"decision": "overturn", "notes": "fin"});
    let (first, second) = (send(body.clone()).await, send(body).await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200), "{}", second.text);
    assert_eq!((&first.json, second.header("idempotency-replayed")), (&second.json, "true"));
    assert_eq!(send(json!({"decision": "uphold"})).await.brief(), "422 idempotency_mismatch");
    assert_eq!(world.one("SELECT count(*) FROM core.review_decisions").await, "1");
    let kept = world.one("SELECT response FROM intake.idempotency_keys").await;
    assert!(!kept.contains("harassment") && !kept.contains("fin"), "{kept}");
}

#[tokio::test]
async fn an_appeal_is_decided_by_somebody_else_and_until_then_what_was_decided_holds() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let item = world.item(&text).await;
    let appeal = json!({"notes": "Hun mente det ikke slik."});
    let path = format!("reviews/{item}/appeal");
    assert_eq!(world.ask("POST", &path, Role::Reviewer, "ola", Some(appeal.clone())).await.brief(), "409 not_decided");
    world.decided(&text, Role::Reviewer, "kari", &json!({"decision": "uphold"})).await;
    let made = world.ask("POST", &path, Role::Reviewer, "kari", Some(appeal.clone())).await;
    assert_eq!(
        (made.status.as_u16(), &made.json["reason"], &made.json["appeal_of"]),
        (201, &json!("appeal"), &json!(item))
    );
    let again = world.ask("POST", &path, Role::Reviewer, "ola", Some(appeal)).await;
    assert_eq!((again.status.as_u16(), &again.json["id"]), (200, &made.json["id"]));
    assert_eq!(world.cleared(&text).await, None);

    let second = world.item(&text).await;
    let refused = world.ask("POST", &format!("reviews/{second}/claim"), Role::Reviewer, "kari", None).await;
    assert_eq!(refused.brief(), "409 other_eyes");
    let etag = world.opened(second, Role::Reviewer, "ola").await;
    let opened = world.ask("POST", &format!("reviews/{second}/open"), Role::Reviewer, "ola", None).await;
    let steps: Vec<_> =
        opened.json["history"].as_array().unwrap().iter().map(|step| (&step["step"], &step["notes"])).collect();
    assert_eq!(steps, [(&json!("uphold"), &Value::Null), (&json!("appeal"), &json!("Hun mente det ikke slik."))]);
    let decided =
        world.decide(second, Role::Reviewer, "ola", &etag, &json!({"decision": "overturn", "notes": "enig"})).await;
    assert_eq!(decided.json["scored"], true, "{}", decided.text);
    assert_eq!(world.cleared(&text).await.as_deref(), Some("#insult"));
    assert_eq!(
        world.told(&text).await,
        [
            "safety.flag.raised.v1 false 1",
            "safety.text.screened.v1 review 1",
            "safety.review.completed.v1 uphold 1",
            "safety.flag.raised.v1 false 2",
            "safety.review.completed.v1 overturn 1"
        ]
    );
}

#[tokio::test]
async fn a_text_that_does_not_hold_cannot_be_let_through() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let item = world.item(&text).await;
    let etag = world.opened(item, Role::Reviewer, "kari").await;
    let escalated =
        world.decide(item, Role::Reviewer, "kari", &etag, &json!({"decision": "escalate", "notes": "alvor"})).await;
    assert_eq!(escalated.status.as_u16(), 200);
    world.owner.batch_execute("UPDATE vault.texts SET withdrawn_at = now()").await.unwrap();
    let retracted = text.retracted(shared::contracts::RetractionReason::Undone);
    assert_eq!(world.deliver(&[retracted]).await, [""; 0]);
    let etag = world.opened(item, Role::Safeguarding, "siri").await;
    let body = |decision: &str| json!({"decision": decision, "notes": "sett"});
    let refused = world.decide(item, Role::Safeguarding, "siri", &etag, &body("overturn")).await;
    assert_eq!(refused.brief(), "409 text_withdrawn");
    let upheld = world.decide(item, Role::Safeguarding, "siri", &etag, &body("uphold")).await;
    assert_eq!(upheld.status.as_u16(), 200, "{}", upheld.text);
}

/// A text of which nothing is left but its item.
#[tokio::test]
async fn a_block_that_nobody_was_shown_can_be_overturned_by_whoever_looks_for_it() {
    let world = World::new().await;
    let text: Text = world.received("#advert").await;
    let item = world.item(&text).await;
    let etag = world.opened(item, Role::Reviewer, "kari").await;
    let released = world.ask("POST", &format!("reviews/{item}/release"), Role::Reviewer, "kari", None).await;
    assert_eq!(released.json["state"], "held", "{}", released.text);
    assert_eq!(etag.len(), 3);
    let made =
        world.decided(&text, Role::Reviewer, "kari", &json!({"decision": "overturn", "notes": "et bibliotek"})).await;
    // The policy does not have blocked advertising scored, whatever a person thinks of it.
    assert_eq!((made.status.as_u16(), &made.json["scored"]), (200, &json!(false)));
}
