//! The policy as data: changed by an admin, applied to what it touches.

use http::HeaderMap;
use moderation_engine::policy::Policy;
use serde_json::{Value, json};
use shared::auth::Role;

use crate::support::{Answer, World, call, token};

async fn policy(world: &World) -> (Vec<Value>, HeaderMap) {
    let answer = world.ask("GET", "policy", Role::Admin, "admin", None).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    (answer.json["rules"].as_array().unwrap().clone(), answer.headers)
}

async fn put(world: &World, etag: &str, rules: &[Value], note: &str) -> Answer {
    call("PUT", "/v1/moderation/policy")
        .bearer(&token(Role::Admin, "admin", None))
        .header("if-match", etag)
        .json(&json!({"rules": rules, "note": note}))
        .to(&world.api)
        .await
}

/// The rules with a row in front.
fn with(mut rules: Vec<Value>, row: Value) -> Vec<Value> {
    rules.insert(0, row);
    rules
}

fn insults(decision: &str) -> Value {
    json!({"category": "harassment", "grade": "insult", "decision": decision, "lane": "general", "scored": decision != "block"})
}

#[tokio::test]
async fn the_policy_begins_with_the_engines_and_each_change_is_a_version_with_its_maker() {
    let world = World::new().await;
    let (rules, headers) = policy(&world).await;
    assert_eq!(headers["etag"], "\"0\"");
    let standard: Vec<Value> =
        Policy::standard().rules.iter().map(|rule| serde_json::to_value(rule).unwrap()).collect();
    assert_eq!(rules.len(), standard.len());
    let changed = put(&world, "\"0\"", &with(rules.clone(), insults("allow")), "Fornærmelser er sjeldne.").await;
    assert_eq!((changed.status.as_u16(), &changed.json["version"]), (200, &json!(1)), "{}", changed.text);
    assert_eq!(
        (&changed.json["made_by"], &changed.json["note"]),
        (&json!("admin"), &json!("Fornærmelser er sjeldne."))
    );
    assert_eq!(put(&world, "\"0\"", &rules, "for sent").await.brief(), "412 stale");
    let same = put(&world, "\"1\"", changed.json["rules"].as_array().unwrap(), "det samme").await;
    assert_eq!(same.json["version"], 1, "nothing changes, so nothing is a change");
    let log =
        "SELECT json_agg(json_build_array(actor, action, details)) FROM audit.log WHERE action = 'moderation.policy'";
    assert_eq!(
        world.json(log).await,
        json!([["admin", "moderation.policy", {"version": 1, "rows": rules.len() + 1, "texts": 0}]])
    );
}

#[tokio::test]
async fn what_a_policy_may_not_say_is_refused_row_by_row() {
    let world = World::new().await;
    let (rules, _) = policy(&world).await;
    for (row, pointer, code) in [
        (
            json!({"category": "self_harm", "decision": "review", "lane": "sensitive", "scored": true}),
            "/rules/0",
            "never_scored",
        ),
        (
            json!({"category": "safeguarding", "decision": "allow", "lane": "sensitive", "scored": false}),
            "/rules/0",
            "not_lowered",
        ),
        (
            json!({"category": "self_harm", "decision": "review", "lane": "sensitive", "scored": false}),
            "/rules/0",
            "not_lowered",
        ),
        (
            json!({"category": "harassment", "decision": "review", "lane": "general", "scored": true}),
            "/rules/0",
            "not_lowered",
        ),
        (json!({"category": "pii", "decision": "allow", "lane": "general", "scored": true}), "/rules/0", "not_lowered"),
        (
            json!({"category": "rudeness", "decision": "allow", "lane": "general", "scored": true}),
            "/rules/0",
            "unknown_name",
        ),
        (json!({"category": "spam", "decision": "allow", "lane": "general"}), "/rules/0/scored", "missing_field"),
    ] {
        let refused = put(&world, "\"0\"", &with(rules.clone(), row), "x").await;
        assert_eq!(refused.brief(), "422 bad_field", "{}", refused.text);
        assert_eq!(
            (&refused.json["errors"][0]["pointer"], &refused.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    let without: Vec<Value> = rules.iter().filter(|row| row["category"] != "self_harm").cloned().collect();
    assert_eq!(put(&world, "\"0\"", &without, "x").await.json["errors"][0]["code"], "missing_row");
    assert_eq!(put(&world, "\"0\"", &rules, " ").await.json["errors"][0]["pointer"], "/note");
    assert_eq!(world.one("SELECT count(*) FROM core.moderation_policies").await, "0");
}

#[tokio::test]
async fn a_change_screens_again_what_it_touches_and_nothing_else() {
    let world = World::new().await;
    let (insult, hate, plain) =
        (world.received("#insult").await, world.received("#hate").await, world.received("Hyggelig.").await);
    let mut more = Vec::new();
    for _ in 0..60 {
        more.push(world.received("#insult og mer").await);
    }
    let (rules, _) = policy(&world).await;
    let changed = put(&world, "\"0\"", &with(rules.clone(), insults("allow")), "mildere").await;
    assert_eq!(changed.json["rescreens"][0], {
        let mut expected = json!({"version": 1, "state": "running", "touched": 61, "screened": 0});
        expected["created_at"] = changed.json["rescreens"][0]["created_at"].clone();
        expected
    });
    assert_eq!(world.sweep().await.screened, 61);
    assert_eq!(world.outcome(&insult).await, json!(["allow", "general", false, true, null, null]));
    assert_eq!(world.cleared(&insult).await.as_deref(), Some("#insult"));
    assert_eq!(world.cleared(&more[59]).await.as_deref(), Some("#insult og mer"));
    let revisions = |text: &crate::support::Text| {
        format!("SELECT max(revision) FROM core.screenings WHERE text_id = '{}'", text.id)
    };
    assert_eq!(world.one(&revisions(&hate)).await, "1");
    assert_eq!(world.one(&revisions(&plain)).await, "1");
    let closed = format!("SELECT closed_by FROM core.reviews WHERE text_id = '{}'", insult.id);
    assert_eq!(world.one(&closed).await, "rescreening");
    assert_eq!(world.told(&insult).await.last().unwrap(), "safety.text.screened.v1 allow 2");
    // A second look, when what was on its way by the old policy has ended; then it is done.
    assert_eq!(world.one("SELECT state FROM core.rescreens").await, "running");
    world.owner.batch_execute("UPDATE core.rescreens SET created_at = now() - interval '11 minutes'").await.unwrap();
    assert_eq!(world.sweep().await.screened, 0);
    assert_eq!(world.one("SELECT state || ' ' || screened FROM core.rescreens").await, "done 61");

    // And stricter: what was scored is scored no more.
    let harder = put(&world, "\"1\"", &with(rules, insults("block")), "strengere").await;
    assert_eq!(harder.json["rescreens"][0]["touched"], 61);
    world.sweep().await;
    assert_eq!(world.cleared(&insult).await, None);
    assert_eq!(world.outcome(&insult).await[0], "block");
    assert_eq!(world.one(&format!("SELECT string_agg(DISTINCT policy_version, ' ' ORDER BY policy_version) FROM core.screenings WHERE text_id = '{}'", insult.id)).await.split(' ').count(), 3);
}

#[tokio::test]
async fn what_a_person_decided_holds_unless_the_policy_is_stricter_than_what_they_saw() {
    let world = World::new().await;
    let [overturned, upheld] = [world.received("#insult").await, world.received("#insult").await];
    world.decided(&overturned, Role::Reviewer, "kari", &json!({"decision": "overturn", "notes": "en spøk"})).await;
    world.decided(&upheld, Role::Reviewer, "kari", &json!({"decision": "uphold"})).await;
    let (rules, _) = policy(&world).await;
    let urgent = {
        let mut row = insults("review");
        row["urgent"] = json!(true);
        row
    };
    put(&world, "\"0\"", &with(rules.clone(), urgent), "fortere").await;
    world.sweep().await;
    assert_eq!(world.cleared(&overturned).await.as_deref(), Some("#insult"));
    assert_eq!(world.outcome(&overturned).await[4], Value::Null, "no second item");
    put(&world, "\"1\"", &with(rules.clone(), insults("allow")), "mildere").await;
    world.sweep().await;
    assert_eq!(world.cleared(&upheld).await, None, "a person upheld it");
    assert_eq!(world.cleared(&overturned).await.as_deref(), Some("#insult"));
    put(&world, "\"2\"", &with(rules, insults("block")), "strengere").await;
    world.sweep().await;
    assert_eq!(world.cleared(&overturned).await, None, "nobody has let a blocked text through");
    let item = world.item(&overturned).await;
    // An insult that is blocked and aimed at a person may mean that the person needs help.
    let etag = world.opened(item, Role::Safeguarding, "siri").await;
    let upheld = json!({"decision": "uphold", "notes": "sett"});
    let again = world.decide(item, Role::Safeguarding, "siri", &etag, &upheld).await;
    assert_eq!(again.status.as_u16(), 200);
}

/// A row for noise, which is aimed at nobody.
fn noise(decision: &str) -> Value {
    json!({"category": "spam", "grade": "noise", "decision": decision, "lane": "general", "scored": decision != "block"})
}

#[tokio::test]
async fn a_policy_that_became_milder_again_gives_nothing_to_scoring_that_a_person_kept_from_it() {
    let world = World::new().await;
    // The samples of these days are drawn: nothing but the policy moves an item.
    let days = "INSERT INTO core.review_samples (day, picked) SELECT current_date + n, 1 FROM generate_series(-1, 1) n";
    world.owner.batch_execute(days).await.unwrap();
    let (rules, _) = policy(&world).await;
    put(&world, "\"0\"", &with(rules.clone(), noise("review")), "se på det").await;
    let [upheld, redacted, open] =
        [world.received("#mash").await, world.received("Nora #mash").await, world.received("#mash").await];
    world.decided(&upheld, Role::Reviewer, "kari", &json!({"decision": "uphold"})).await;
    let body = json!({"decision": "redact", "notes": "uten navn", "spans": [{"start": 0, "end": 4}]});
    world.decided(&redacted, Role::Reviewer, "kari", &body).await;
    assert_eq!(world.cleared(&redacted).await.as_deref(), Some("[REMOVED_1] #mash"));
    put(&world, "\"1\"", &with(rules.clone(), noise("block")), "strengere").await;
    world.sweep().await;
    for text in [&upheld, &redacted] {
        assert_eq!((world.cleared(text).await, world.outcome(text).await[0].clone()), (None, json!("block")));
    }
    put(&world, "\"2\"", &with(rules, noise("allow")), "mildere").await;
    world.sweep().await;
    assert_eq!(world.cleared(&open).await.as_deref(), Some("#mash"), "nobody decided on this one");
    assert_eq!(world.cleared(&upheld).await, None, "a person said never");
    assert_eq!(world.outcome(&upheld).await[4], Value::Null);
    assert_eq!(world.cleared(&redacted).await, None, "not with the name a person took out");
    assert_eq!(world.outcome(&redacted).await, json!(["allow", "general", false, true, "pending", "review"]));
}

#[tokio::test]
async fn a_block_that_somebody_has_claimed_stays_in_the_queue_when_a_policy_puts_it_there() {
    let world = World::new().await;
    let (rules, _) = policy(&world).await;
    put(&world, "\"0\"", &with(rules.clone(), noise("block")), "strengere").await;
    let text = world.received("#mash").await;
    let item = world.item(&text).await;
    let claimed = world.ask("POST", &format!("reviews/{item}/claim"), Role::Reviewer, "kari", None).await;
    assert_eq!(claimed.json["state"], "claimed", "{}", claimed.text);
    put(&world, "\"1\"", &with(rules, noise("review")), "se på det").await;
    world.sweep().await;
    let outcome = world.outcome(&text).await;
    assert_eq!((&outcome[4], &outcome[5]), (&json!("claimed"), &json!("review")));
    assert_eq!(world.told(&text).await.iter().filter(|told| told.starts_with("safety.flag")).count(), 1);
    let released = world.ask("POST", &format!("reviews/{item}/release"), Role::Reviewer, "kari", None).await;
    assert_eq!(released.json["state"], "pending", "{}", released.text);
}

#[tokio::test]
async fn an_appeal_is_in_the_most_restricted_lane_the_text_was_in_and_tells_others_nothing_of_it() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    let old = world.item(&text).await;
    world.decided(&text, Role::Reviewer, "kari", &json!({"decision": "uphold"})).await;
    let (rules, _) = policy(&world).await;
    let row = json!({"category": "harassment", "grade": "insult", "decision": "review", "lane": "sensitive", "scored": false});
    put(&world, "\"0\"", &with(rules, row), "navngitte").await;
    world.sweep().await;
    let appeal = async |role, who| {
        let body = json!({"notes": "Hun mente det ikke slik."});
        world.ask("POST", &format!("reviews/{old}/appeal"), role, who, Some(body)).await
    };
    assert_eq!(appeal(Role::Reviewer, "ola").await.brief(), "409 not_decided", "while an item of that lane is open");
    let seen = json!({"decision": "uphold", "notes": "sett"});
    assert_eq!(world.decided(&text, Role::Safeguarding, "siri", &seen).await.status.as_u16(), 200);
    assert_eq!(appeal(Role::Reviewer, "ola").await.brief(), "409 not_decided", "when it is closed");
    assert_eq!(world.one("SELECT count(*) FROM core.reviews WHERE reason = 'appeal'").await, "0");
    let made = appeal(Role::Safeguarding, "nils").await;
    assert_eq!((made.status.as_u16(), &made.json["lane"]), (201, &json!("sensitive")), "{}", made.text);
    assert!(made.json["due_at"].is_string());
    assert_eq!(appeal(Role::Reviewer, "ola").await.brief(), "409 not_decided", "and when it was made by others");
    assert_eq!(appeal(Role::Safeguarding, "siri").await.json["id"], made.json["id"]);
}

#[tokio::test]
async fn a_text_that_was_on_its_way_when_the_policy_changed_is_found_though_nothing_was_touched_then() {
    let world = World::new().await;
    let text = world.received("#insult").await;
    // What is not committed yet is not seen.
    world.owner.batch_execute("UPDATE core.screenings SET newest = false").await.unwrap();
    let (rules, _) = policy(&world).await;
    let changed = put(&world, "\"0\"", &with(rules, insults("allow")), "mildere").await;
    assert_eq!(changed.json["rescreens"][0]["touched"], 0, "{}", changed.text);
    assert_eq!(world.sweep().await.screened, 0);
    world
        .owner
        .batch_execute(
            "UPDATE core.screenings SET newest = true;
             UPDATE core.rescreens SET created_at = now() - interval '11 minutes'",
        )
        .await
        .unwrap();
    assert_eq!(world.sweep().await.screened, 1);
    assert_eq!(world.outcome(&text).await[0], "allow");
}

#[tokio::test]
async fn a_text_whose_key_is_damaged_keeps_no_other_from_being_screened_again() {
    let world = World::new().await;
    let [damaged, other] = [world.received("#insult").await, world.received("#insult").await];
    world
        .owner
        .execute("UPDATE vault.subject_keys SET wrapped = '\\x0102' WHERE profile_id = $1", &[&damaged.person])
        .await
        .unwrap();
    let (rules, _) = policy(&world).await;
    put(&world, "\"0\"", &with(rules, insults("allow")), "mildere").await;
    assert_eq!(world.sweep().await.screened, 1);
    assert_eq!(world.outcome(&other).await[0], "allow");
    assert_eq!(world.outcome(&damaged).await[0], "review");
    world.owner.batch_execute("UPDATE core.rescreens SET created_at = now() - interval '11 minutes'").await.unwrap();
    world.sweep().await;
    assert_eq!(world.one("SELECT state FROM core.rescreens").await, "done", "it comes to an end all the same");
}

#[tokio::test]
async fn a_rule_is_as_good_as_people_say() {
    let world = World::new().await;
    for (n, words) in ["#insult", "#insult og #phone", "#insult", "#mash", "#crisis"].into_iter().enumerate() {
        let text = world.received(words).await;
        let decision = ["overturn", "uphold", "overturn", "uphold", "uphold"][n];
        let role = if words == "#crisis" { Role::Safeguarding } else { Role::Reviewer };
        world.decided(&text, role, "kari", &json!({"decision": decision, "notes": "sett"})).await;
    }
    world.received("#insult").await;
    let answer = world.ask("GET", "rules", Role::Reviewer, "kari", None).await;
    let rows: Vec<Value> = answer.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["rule"], row["held"], row["decided"], row["overturned"], row["overturn_rate"]]))
        .collect();
    assert_eq!(
        rows,
        [json!(["#insult", 4, 3, 2, 0.667]), json!(["#mash", 1, 1, 0, 0.0]), json!(["#phone", 1, 1, 0, 0.0])]
    );
    let all = world.ask("GET", "rules?days=1", Role::Admin, "admin", None).await;
    assert_eq!(all.json["items"].as_array().unwrap().len(), 4, "{}", all.text);
    assert_eq!(world.ask("GET", "rules?days=0", Role::Admin, "admin", None).await.brief(), "400 bad_query");
}
