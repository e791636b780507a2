//! Statements become facts, once.

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn statements_become_facts_and_the_second_run_finds_nothing_new() {
    let world = World::new().await;
    world.lrs.store([
        with(statement(1, COMPLETED, "NOR-101", 1), json!({"result": {"score": {"scaled": 0.925}}})),
        progress(2, "NOR-102", 40, 2),
        with(
            statement(3, EARNED, "NOR-101", 3),
            json!({"object": {"id": "https://badges.example.org/a", "definition": {"type": "https://x.example/badge"}},
            "context": {"contextActivities": {"parent": [{"id": "https://courses.example.org/NOR-101"}]}}}),
        ),
        statement(4, "http://adlnet.gov/expapi/verbs/experienced", "NOR-103", 4),
        with(
            statement(5, PASSED, "NOR-104", 5),
            json!({"actor": {"account": {"homePage": "https://lms.example", "name": "Taras@Example.org"}}}),
        ),
    ]);
    assert_eq!(world.done().await, json!({"new": 4, "passed_over": 1}));
    let facts = [
        "completion NOR-101 92.5",
        "completion NOR-104",
        "credential NOR-101 badge",
        "progress NOR-102 40 in_progress",
    ];
    assert_eq!(world.facts().await, facts);
    assert_eq!(world.count("core.profiles").await, 2);
    assert_eq!(world.count("intake.pull_statements").await, 4, "other verbs leave no row");
    let completed = world.events("upskilling.course.completed.v1").await;
    assert_eq!(completed.len(), 2);
    assert_eq!(completed[0]["data"]["provider"], "academy");
    assert_eq!(completed[0]["data"]["finalScore"].to_string(), "92.5");
    assert_eq!(completed[0]["time"], "2026-03-04T06:01:00Z");
    assert_eq!(world.nudges.delays(), [30, 0, 30, 0], "each page nudges the relay");

    let events = world.count("bus.events").await;
    assert_eq!(world.done().await, json!({"known": 4, "passed_over": 1}));
    assert_eq!(world.facts().await, facts);
    assert_eq!((world.count("bus.events").await, world.count("intake.imports").await), (events, 4));
}

#[tokio::test]
async fn a_question_says_who_asks_in_which_version_and_what_for() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.done().await;
    let asked = world.lrs.asked();
    assert_eq!(asked[0].target, "/xAPI/statements?ascending=true&limit=3");
    assert_eq!(asked[0].header("x-experience-api-version"), Some("1.0.3"));
    assert_eq!(asked[0].header("authorization"), Some("Basic dGVlaTpvcGVuc2VzYW1l"));
}

#[tokio::test]
async fn the_events_of_a_run_have_its_id_as_correlation() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    let report = world.run().await;
    let completed = world.events("upskilling.course.completed.v1").await;
    assert_eq!(completed[0]["correlationid"], json!(report.run.to_string()));
}

#[tokio::test]
async fn actors_that_say_nothing_of_who_they_are_are_rejected_with_the_reason() {
    let world = World::new().await;
    let actor = |id, actor| with(statement(id, COMPLETED, "NOR-101", 1), json!({ "actor": actor }));
    world.lrs.store([
        actor(1, json!({"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9", "name": "Olena Kovalenko"})),
        actor(2, json!({"openid": "https://olena.example/", "name": "Olena Kovalenko"})),
        actor(3, json!({"objectType": "Group", "mbox": "mailto:team@example.org"})),
        actor(4, json!({"account": {"homePage": "https://lms.example", "name": "okovalenko"}})),
        actor(5, json!({"mbox": "mailto:nobody"})),
    ]);
    assert_eq!(world.done().await, json!({"rejected": 5}));
    for (id, code) in
        [(1, "actor_mbox_sha1sum"), (2, "actor_openid"), (3, "actor_group"), (4, "unknown_account"), (5, "bad_email")]
    {
        assert_eq!(world.fate(id).await, ("rejected".to_owned(), Some(code.to_owned())));
    }
    assert_eq!(world.count("core.profiles").await, 0);
    let kept = "intake.pull_statements s WHERE s::text ~* 'kovalenko|olena|team@|ebd31e|nobody@|lms.example'";
    assert_eq!(world.count(kept).await, 0, "a fate names nobody");
}

#[tokio::test]
async fn an_account_that_is_linked_later_is_tried_again() {
    let world = World::new().await;
    let account = json!({"actor": {"account": {"homePage": "https://lms.example", "name": "4711"}}});
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), with(progress(2, "NOR-102", 40, 2), account)]);
    assert_eq!(world.done().await, json!({"new": 1, "rejected": 1}));
    let link = "INSERT INTO core.external_ids (link_id, source, external_id, profile_id, linked_by)
                SELECT gen_random_uuid(), 'academy', 'https://lms.example|4711', profile_id, 'test' FROM core.profiles";
    world.owner.execute(link, &[]).await.unwrap();
    world.owner.execute("UPDATE intake.pull_statements SET tried_at = now() - interval '1 hour'", &[]).await.unwrap();
    world.lrs.forget();
    assert_eq!(world.done().await["new"], 1);
    assert!(world.lrs.asked().iter().any(|asked| asked.parameter("statementId").is_some()));
    assert_eq!(world.facts().await, ["completion NOR-101", "progress NOR-102 40 in_progress"]);
    assert_eq!(world.fate(2).await, ("new".to_owned(), None));
    assert_eq!(world.count("core.profiles").await, 1, "it is the same person");
}

#[tokio::test]
async fn a_statement_that_is_about_no_course_any_more_does_not_stand_before_others_that_are_tried_again() {
    let world = World::new().await;
    let account = json!({"actor": {"account": {"homePage": "https://lms.example", "name": "4711"}}});
    world.lrs.store([with(statement(1, COMPLETED, "NOR-101", 1), account)]);
    assert_eq!(world.done().await, json!({"rejected": 1}));
    world.owner.execute("UPDATE intake.pull_statements SET tried_at = now() - interval '1 hour'", &[]).await.unwrap();
    world.lrs.with(|store| store.statements[0]["verb"] = json!({"id": "http://adlnet.gov/expapi/verbs/experienced"}));
    assert_eq!(world.done().await, json!({"passed_over": 2}));
    assert_eq!(world.count("intake.pull_statements WHERE tried_at > now() - interval '30 minutes'").await, 1);
}

#[tokio::test]
async fn an_account_and_an_address_of_one_person_make_one_fact() {
    let world = World::new().await;
    world.lrs.store([progress(1, "NOR-101", 20, 1)]);
    world.done().await;
    let link = "INSERT INTO core.external_ids (link_id, source, external_id, profile_id, linked_by)
                SELECT gen_random_uuid(), 'academy', '4711', profile_id, 'test' FROM core.profiles";
    world.owner.execute(link, &[]).await.unwrap();
    let mut world = world;
    world.more = json!({"home_page": "https://lms.example/"});
    let account = json!({"actor": {"account": {"homePage": "https://lms.example", "name": "4711"}}});
    world.lrs.store([with(progress(2, "NOR-101", 60, 2), account)]);
    assert_eq!(world.done().await["changed"], 1);
    assert_eq!(world.facts().await, ["progress NOR-101 60 in_progress"]);
    let other = json!({"actor": {"account": {"homePage": "https://other.example", "name": "4711"}}});
    world.lrs.store([with(progress(3, "NOR-101", 80, 3), other)]);
    assert_eq!(world.done().await["rejected"], 1, "the same number on another page is somebody else");
}

#[tokio::test]
async fn somebody_who_was_erased_stays_so() {
    let world = World::new().await;
    let vault = world.database.vault().await;
    let hash = vault.suppression_hash("academy", "https://lms.example|4711").to_vec();
    let kind = vault.suppression_hash("email", "olena@example.org").to_vec();
    for hash in [hash, kind] {
        world.owner.execute("INSERT INTO vault.suppressions (hash) VALUES ($1)", &[&hash]).await.unwrap();
    }
    let account = json!({"actor": {"account": {"homePage": "https://lms.example", "name": "4711"}}});
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), with(statement(2, COMPLETED, "NOR-101", 2), account)]);
    assert_eq!(world.done().await, json!({"suppressed": 2}));
    assert_eq!((world.facts().await.len(), world.count("core.profiles").await), (0, 0));
}

#[tokio::test]
async fn statements_out_of_order_end_as_the_latest_says() {
    let world = World::new().await;
    // The page is turned round, and the next one brings what happened before.
    world.lrs.with(|store| store.pages_turned = true);
    world.lrs.store([progress(1, "NOR-101", 20, 1), progress(2, "NOR-101", 60, 2), progress(3, "NOR-101", 80, 3)]);
    let late = progress(4, "NOR-101", 50, 4);
    world.lrs.store([with(late, json!({"timestamp": "2026-03-04T06:02:30Z"}))]);
    assert_eq!(world.done().await, json!({"new": 1, "changed": 2, "unchanged": 1}));
    assert_eq!(world.facts().await, ["progress NOR-101 80 in_progress"]);
}

#[tokio::test]
async fn a_statement_told_twice_is_one_fact() {
    let world = World::new().await;
    let one = statement(1, COMPLETED, "NOR-101", 1);
    let other_content = with(statement(1, COMPLETED, "NOR-999", 2), json!({"stored": "2026-03-04T06:30:00Z"}));
    world.lrs.store([one.clone(), one.clone(), one.clone(), one, other_content]);
    assert_eq!(world.done().await, json!({"known": 1, "new": 1}));
    assert_eq!(world.facts().await, ["completion NOR-101"]);
}

#[tokio::test]
async fn what_is_no_statement_leaves_the_others_alone() {
    let mut world = World::new().await;
    world.more = json!({"page": 10});
    let mut without_stored = statement(4, COMPLETED, "NOR-104", 4);
    without_stored.as_object_mut().unwrap().remove("stored");
    let mut without_id = statement(5, COMPLETED, "NOR-105", 5);
    without_id.as_object_mut().unwrap().remove("id");
    world.lrs.store([
        json!(5),
        json!({"id": uuid::Uuid::from_u128(2).to_string(), "stored": "2026-03-04T06:02:00Z", "verb": "completed"}),
        with(statement(3, COMPLETED, "NOR-103", 3), json!({"timestamp": "yesterday"})),
        without_stored,
        without_id,
        with(statement(6, COMPLETED, "NOR-106", 6), json!({"timestamp": "2099-01-01T00:00:00Z"})),
        with(
            statement(7, COMPLETED, "NOR-107", 7),
            json!({"object": {"id": "https://courses.example.org/ask olena@example.org"}}),
        ),
        statement(8, COMPLETED, "NOR-108", 8),
    ]);
    assert_eq!(world.done().await, json!({"new": 2, "passed_over": 2, "rejected": 4}));
    assert_eq!(world.facts().await, ["completion NOR-104", "completion NOR-108"]);
    assert_eq!(world.fate(2).await.1.as_deref(), Some("bad_statement"));
    assert_eq!(world.fate(3).await.1.as_deref(), Some("bad_date"));
    assert_eq!(world.fate(6).await.1.as_deref(), Some("future_timestamp"));
    assert_eq!(world.fate(7).await.1.as_deref(), Some("bad_email"));
}

#[tokio::test]
async fn a_course_without_a_name_is_called_as_it_was_or_by_its_id() {
    let world = World::new().await;
    let nameless = |id, course: &str, minute| {
        let object = json!({"object": {"id": format!("https://courses.example.org/{course}")}, "actor": {"mbox": format!("mailto:p{id}@example.org")}});
        with(statement(id, COMPLETED, course, minute), object)
    };
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), nameless(2, "NOR-101", 2), nameless(3, "NOR-102", 3)]);
    world.done().await;
    let rows = world.owner.query("SELECT course_name FROM core.upskilling_completions ORDER BY 1", &[]).await.unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["Course NOR-101", "Course NOR-101", "NOR-102"]);
}
