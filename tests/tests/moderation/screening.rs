//! What becomes of a text, from its event to the words scoring may read.

use serde_json::{Value, json};
use shared::contracts::RetractionReason;
use uuid::Uuid;

use crate::support::{SCREENER, World, deliver, hours, screener_of};

#[tokio::test]
async fn what_is_found_decides_where_a_text_goes_and_whether_it_is_scored() {
    let world = World::new().await;
    let cases: [(&str, Value, Option<&str>, &[&str]); 12] = [
        (
            "Vi øvde på intervju.",
            json!(["allow", "general", false, true, null, null]),
            Some("Vi øvde på intervju."),
            &["safety.text.screened.v1 allow 1"],
        ),
        (
            "#insult",
            json!(["review", "general", false, true, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 false 1", "safety.text.screened.v1 review 1"],
        ),
        (
            "Ring meg: #phone",
            json!(["review", "general", false, true, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 false 1", "safety.text.screened.v1 review 1"],
        ),
        (
            "#crisis",
            json!(["review", "sensitive", true, false, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 review 1"],
        ),
        (
            "#child",
            json!(["review", "sensitive", true, false, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 review 1"],
        ),
        (
            "#hate",
            json!(["block", "general", false, false, "held", "block"]),
            None,
            &["safety.text.screened.v1 block 1"],
        ),
        (
            "#advert",
            json!(["block", "general", false, false, "held", "block"]),
            None,
            &["safety.text.screened.v1 block 1"],
        ),
        (
            "#advert, ring #phone",
            json!(["block", "general", false, false, "held", "block"]),
            None,
            &["safety.text.screened.v1 block 1"],
        ),
        (
            "#threat",
            json!(["block", "sensitive", true, false, "pending", "aimed_block"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 block 1"],
        ),
        (
            "#hate, og #crisis",
            json!(["block", "sensitive", true, false, "pending", "aimed_block"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 block 1"],
        ),
        (
            "#panic",
            json!(["review", "general", true, false, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 review 1"],
        ),
        (
            "#slow",
            json!(["review", "general", true, false, "pending", "review"]),
            None,
            &["safety.flag.raised.v1 true 1", "safety.text.screened.v1 review 1"],
        ),
    ];
    for (words, outcome, cleared, told) in cases {
        let text = world.received(words).await;
        assert_eq!(world.outcome(&text).await, outcome, "{words}");
        assert_eq!(world.cleared(&text).await.as_deref(), cleared, "{words}");
        assert_eq!(world.told(&text).await, told, "{words}");
    }
    let failures = "SELECT json_agg(failure ORDER BY failure) FROM core.screenings WHERE failure IS NOT NULL";
    assert_eq!(world.json(failures).await, json!(["engine_panicked", "engine_too_slow"]));
}

#[tokio::test]
async fn a_finding_is_kept_by_its_place_and_no_word_of_a_text_is_in_any_row_or_event() {
    let world = World::new().await;
    let text = world.received("Zyxwv sa det: #insult og ring #phone").await;
    assert_eq!(
        world
            .json(&format!(
                "SELECT json_agg(json_build_array(f.category, f.grade, f.span_start, f.span_end, f.rule, f.aimed, f.placeholder) ORDER BY place)
                 FROM core.screening_findings f JOIN core.screenings s USING (screening_id) WHERE s.text_id = '{}'",
                text.id
            ))
            .await,
        json!([["harassment", "insult", 14, 21, "#insult", true, null], ["pii", "contact", 30, 36, "#phone", false, "PHONE"]])
    );
    for table in
        ["core.screenings", "core.screening_findings", "core.reviews", "bus.events", "bus.inbox", "vault.cleared_texts"]
    {
        let found = world.one(&format!("SELECT count(*) FROM {table} t WHERE t::text ILIKE '%zyxwv%'")).await;
        assert_eq!(found, "0", "{table}");
    }
    let events = world.one("SELECT string_agg(detail, ' ') FROM bus.events").await;
    for special in ["harassment", "insult", "pii", "general", "sensitive"] {
        assert!(!events.contains(special), "{special} is in an event");
    }
}

#[tokio::test]
async fn a_text_is_screened_once_however_often_and_in_whatever_order_it_is_told() {
    let world = World::new().await;
    let text = world.wrote("#insult").await;
    let first = text.received();
    let again = text.received_again(2);
    for bodies in [vec![first.clone(), first.clone(), again.clone()], vec![again, first, text.received()]] {
        assert_eq!(world.deliver(&bodies).await, [""; 0]);
    }
    assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "1");
    assert_eq!(world.told(&text).await.len(), 2);
    // A newer engine decides again, and what counts is what it says.
    let newer = screener_of(&world.database, &world.nudges, "1.1.0+bb", hours());
    assert_eq!(deliver(&newer, &[text.received()]).await, [""; 0]);
    assert_eq!(
        world.json("SELECT json_agg(json_build_array(engine_version, revision, newest) ORDER BY revision) FROM core.screenings").await,
        json!([["1.0.0+aa", 1, false], ["1.1.0+bb", 2, true]])
    );
    assert_eq!(world.one("SELECT count(*) FROM core.reviews").await, "1", "the item goes on");
    assert_eq!(world.told(&text).await.last().unwrap(), "safety.text.screened.v1 review 2");
}

#[tokio::test]
async fn without_the_purpose_safety_a_text_is_not_screened_and_goes_no_further_until_it_is_allowed() {
    let world = World::new().await;
    let text = world.wrote("Hyggelig.").await;
    let state = |state: &str| {
        format!(
            "INSERT INTO core.purposes (profile_id, purpose, legal_basis, state, source, since)
             VALUES ('{}', 'safety', 'legitimate_interests', '{state}', 'test', now())
             ON CONFLICT (profile_id, purpose) DO UPDATE SET state = excluded.state",
            text.person
        )
    };
    world.owner.batch_execute(&state("objected")).await.unwrap();
    assert_eq!(world.deliver(&[text.received()]).await, [""; 0]);
    assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "0");
    assert_eq!((world.cleared(&text).await, world.told(&text).await.len()), (None, 0));
    world.owner.batch_execute("UPDATE vault.texts SET received_at = now() - interval '1 hour'").await.unwrap();
    let swept = world.sweep().await;
    assert_eq!((swept.without_purpose, swept.unscreened, swept.screened), (1, 0, 0), "counted, and not as lost");
    world.owner.batch_execute(&state("granted")).await.unwrap();
    assert_eq!(world.sweep().await.screened, 1);
    assert_eq!(world.cleared(&text).await.as_deref(), Some("Hyggelig."));
    assert_eq!(world.sweep().await.without_purpose, 0);
}

#[tokio::test]
async fn words_that_do_not_open_are_reviewed_and_those_of_erased_people_are_nothing() {
    let world = World::new().await;
    let text = world.wrote("Hyggelig.").await;
    world.owner.execute("UPDATE vault.texts SET sealed = '\\x01'", &[]).await.unwrap();
    assert_eq!(world.deliver(&[text.received()]).await, [""; 0]);
    assert_eq!(world.one("SELECT failure FROM core.screenings").await, "text_unreadable");
    assert_eq!(world.outcome(&text).await, json!(["review", "general", true, false, "pending", "review"]));

    let erased = world.received("#crisis").await;
    world
        .owner
        .execute(
            "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = $1",
            &[&erased.person],
        )
        .await
        .unwrap();
    assert_eq!(world.deliver(&[erased.retracted(RetractionReason::Erased)]).await, [""; 0]);
    let closed = format!("SELECT closed_by FROM core.reviews WHERE text_id = '{}'", erased.id);
    assert_eq!(world.one(&closed).await, "erasure");

    let unknown = Uuid::now_v7();
    let gone = crate::support::Text { id: unknown, person: unknown, supersedes: None };
    assert_eq!(world.deliver(&[gone.received(), gone.retracted(RetractionReason::Undone)]).await, [""; 0]);
}

#[tokio::test]
async fn a_text_that_does_not_hold_leaves_the_queue_and_comes_back_with_what_was_decided() {
    let world = World::new().await;
    let [plain, insult, crisis] = ["Hyggelig.", "#insult", "#crisis"].map(|words| world.received(words));
    let texts = [plain.await, insult.await, crisis.await];
    world.owner.batch_execute("UPDATE vault.texts SET withdrawn_at = now()").await.unwrap();
    let retracted = texts.map(|text| text.retracted(RetractionReason::Undone));
    assert_eq!(world.deliver(&retracted).await, [""; 0]);
    assert_eq!(world.cleared(&texts[0]).await, None);
    let states = "SELECT json_agg(json_build_array(lane, state, closed_by, withdrawn_at IS NOT NULL) ORDER BY lane) FROM core.reviews";
    assert_eq!(
        world.json(states).await,
        json!([["general", "closed", "withdrawal", true], ["sensitive", "pending", null, true]]),
        "nobody has looked at the sensitive one"
    );

    world.owner.batch_execute("UPDATE vault.texts SET withdrawn_at = NULL").await.unwrap();
    let again = texts.map(|text| text.received_again(3));
    assert_eq!(world.deliver(&again).await, [""; 0]);
    assert_eq!(world.cleared(&texts[0]).await.as_deref(), Some("Hyggelig."));
    assert_eq!(
        world.json(states).await,
        json!([["general", "pending", null, false], ["sensitive", "pending", null, false]])
    );
    assert_eq!(
        world.told(&texts[0]).await,
        ["safety.text.screened.v1 allow 1", "safety.text.screened.v1 allow 2"],
        "whoever scores is told once more"
    );
    // A late retraction of before changes nothing: the store says what holds.
    assert_eq!(world.deliver(&texts.map(|text| text.retracted(RetractionReason::Undone))).await, [""; 0]);
    assert_eq!(world.cleared(&texts[0]).await.as_deref(), Some("Hyggelig."));
}

#[tokio::test]
async fn a_text_that_was_taken_back_before_its_event_came_is_screened_all_the_same() {
    let world = World::new().await;
    for retracted_first in [false, true] {
        let texts = [world.wrote("Hyggelig.").await, world.wrote("#insult").await, world.wrote("#crisis").await];
        world
            .owner
            .batch_execute("UPDATE vault.texts SET withdrawn_at = now() WHERE withdrawn_at IS NULL")
            .await
            .unwrap();
        for text in &texts {
            let mut bodies = vec![text.received(), text.retracted(RetractionReason::Undone)];
            if retracted_first {
                bodies.reverse();
            }
            assert_eq!(world.deliver(&bodies).await, [""; 0]);
        }
        let [plain, insult, crisis] = &texts;
        assert_eq!(world.outcome(plain).await[0], "allow");
        assert_eq!(world.cleared(plain).await, None, "it does not hold");
        assert_eq!(world.outcome(insult).await, json!(["review", "general", false, true, null, null]));
        assert_eq!(world.outcome(crisis).await, json!(["review", "sensitive", true, false, "pending", "review"]));
        assert_eq!(world.told(crisis).await.len(), 2, "screened and raised once");
    }
}

#[tokio::test]
async fn words_that_others_replace_are_screened_all_the_same_and_only_the_new_ones_are_scored() {
    let world = World::new().await;
    for order in [[0, 1], [1, 0]] {
        let old = world.wrote("#crisis").await;
        let new = world.wrote_as(old.person, "Nå går det bedre.", Some(old.id)).await;
        let events = [old.received(), new.received()];
        assert_eq!(world.deliver(&order.map(|n| events[n].clone())).await, [""; 0]);
        assert_eq!(world.cleared(&new).await.as_deref(), Some("Nå går det bedre."));
        assert_eq!(
            world.outcome(&old).await,
            json!(["review", "sensitive", true, false, "pending", "review"]),
            "{order:?}"
        );

        let old = world.wrote("Hyggelig.").await;
        let new = world.wrote_as(old.person, "#insult", Some(old.id)).await;
        let events = [old.received(), new.received()];
        assert_eq!(world.deliver(&order.map(|n| events[n].clone())).await, [""; 0]);
        assert_eq!((world.cleared(&old).await, world.cleared(&new).await), (None, None), "{order:?}");
    }
}

#[tokio::test]
async fn words_are_replaced_also_by_what_replaced_words_that_were_taken_back() {
    let world = World::new().await;
    let first = world.received("Hyggelig.").await;
    let middle = world.wrote_as(first.person, "Bra.", Some(first.id)).await;
    let last = world.wrote_as(first.person, "Fint.", Some(middle.id)).await;
    assert_eq!(world.deliver(&[middle.received(), last.received()]).await, [""; 0]);
    let withdraw = |text: &crate::support::Text| {
        format!("UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{}'", text.id)
    };
    let again = [first.received_again(2), middle.retracted(RetractionReason::Undone)];
    world.owner.batch_execute(&withdraw(&middle)).await.unwrap();
    assert_eq!(world.deliver(&again).await, [""; 0]);
    assert_eq!((world.cleared(&first).await, world.cleared(&last).await.as_deref()), (None, Some("Fint.")));
    world.owner.batch_execute(&withdraw(&last)).await.unwrap();
    assert_eq!(world.deliver(&[last.retracted(RetractionReason::Undone), first.received_again(3)]).await, [""; 0]);
    assert_eq!(world.cleared(&first).await.as_deref(), Some("Hyggelig."));
}

#[tokio::test]
async fn the_store_itself_keeps_self_harm_and_what_nobody_let_through_from_being_scored() {
    let world = World::new().await;
    let screener = world.database.client_for(SCREENER).await;
    for (words, why) in [
        ("#crisis", "texts of somebody who may be in danger are never scored"),
        ("#child", "texts of somebody who may be in danger are never scored"),
        ("#disclosure", "texts of somebody who may be in danger are never scored"),
        ("#insult", "what screening does not allow, only a decision lets through"),
    ] {
        let text = world.received(words).await;
        // Also where a screening came to say that it may be.
        world.owner.batch_execute("UPDATE core.screenings SET scorable = true").await.unwrap();
        let insert = |review: &str| {
            format!(
                "INSERT INTO vault.cleared_texts (text_id, subject_id, screening_id, review_id, sealed, redacted)
                 SELECT s.text_id, s.subject_id, s.screening_id, {review}, '\\x01', false FROM core.screenings s WHERE s.text_id = '{}'",
                text.id
            )
        };
        let error = screener.batch_execute(&insert("NULL")).await.unwrap_err();
        assert_eq!(error.as_db_error().unwrap().message(), why, "{words}");
        let undecided = format!("(SELECT review_id FROM core.reviews WHERE text_id = '{}')", text.id);
        assert!(screener.batch_execute(&insert(&undecided)).await.is_err(), "{words}: nobody decided");
    }
}

#[tokio::test]
async fn an_undone_import_cannot_take_a_text_along_that_somebody_has_to_look_at() {
    let world = World::new().await;
    let crisis = world.received("#crisis").await;
    let plain = world.received("Hyggelig.").await;
    let delete = |text: &crate::support::Text| format!("DELETE FROM vault.texts WHERE text_id = '{}'", text.id);
    let error = world.owner.batch_execute(&delete(&crisis)).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23503", "as a reference would, which undo understands");
    world.owner.batch_execute(&delete(&plain)).await.unwrap();
    assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "1", "what hung on the other went with it");
}
