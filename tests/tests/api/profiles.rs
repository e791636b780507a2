//! Reading and correcting a profile.

use serde_json::{Value, json};
use shared::auth::Role;
use uuid::Uuid;

use crate::support::{Answer, World, admin, call, person, profile_service, token};

async fn get(world: &World, n: u128) -> Answer {
    call("GET", &format!("/v1/profiles/{}", person(n))).bearer(&admin()).to(&world.profiles).await
}

async fn put(world: &World, n: u128, tag: &str, body: &Value) -> Answer {
    let request = call("PUT", &format!("/v1/profiles/{}", person(n))).bearer(&admin()).header("if-match", tag);
    request.json(body).to(&world.profiles).await
}

#[tokio::test]
async fn a_profile_reads_as_designed() {
    let world = World::new().await;
    let answer = get(&world, 1).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"1\""));
    assert_eq!(
        answer.json,
        json!({
            "id": person(1),
            "revision": 1,
            "name": "Олена Приклад",
            "email": "olena.seed@newcomer.example",
            "language": "uk",
            "city": "Bergen",
            "external_ids": [{"id": "01900000-0000-7000-8000-0000000000e1", "source": "buddy", "external_id": "01900000-0000-7000-8000-00000000b001"}],
            "enrolments": [{"programme": "language", "role": "participant", "status": "active", "since": "2025-03-03T15:45:00Z"}],
            "milestones": [{"name": "first_language_session", "reached_at": "2025-03-03T15:45:00Z"}],
            "flags": {"mentor_ready": false, "language_support_needed": false, "followup_needed": true},
        })
    );
}

#[tokio::test]
async fn a_profile_shows_its_match_and_its_courses() {
    let world = World::new().await;
    let of = |n: u128| {
        let answer = get(&world, n);
        async { answer.await.json }
    };
    let learner = of(2).await;
    assert_eq!(
        learner["enrolments"],
        json!([
            {"programme": "mentorship", "role": "participant", "status": "active", "since": "2025-03-04T16:00:00Z"},
            {"programme": "upskilling", "role": "participant", "status": "completed", "since": "2025-04-01T08:00:00Z", "until": "2025-05-10T12:00:00Z"},
        ])
    );
    assert_eq!(
        learner["milestones"],
        json!([
            {"name": "first_mentorship_session", "reached_at": "2025-03-04T16:00:00Z"},
            {"name": "course_enrolled", "reached_at": "2025-04-01T08:00:00Z"},
            {"name": "course_completed", "reached_at": "2025-05-10T12:00:00Z"},
            {"name": "credential_earned", "reached_at": "2025-05-12T08:00:00Z"},
        ])
    );
    let matched = of(3).await;
    let enrolment =
        |role: &str| json!([{"programme": "buddy", "role": role, "status": "active", "since": "2025-02-01T10:00:00Z"}]);
    assert_eq!(matched["enrolments"], enrolment("participant"));
    assert_eq!(matched["milestones"], json!([{"name": "buddy_matched", "reached_at": "2025-02-01T10:00:00Z"}]));
    assert_eq!(matched["external_ids"][0]["external_id"], "01900000-0000-7000-8000-00000000b003");
    assert_eq!(of(6).await["enrolments"], enrolment("volunteer"));
}

#[tokio::test]
async fn who_is_not_there_and_what_is_no_id_are_the_same_404() {
    let world = World::new().await;
    let there = person(1);
    let (braced, urn) = (format!("%7B{there}%7D"), there.urn().to_string());
    let undashed = there.simple().to_string();
    for id in [Uuid::now_v7().to_string(), "me".to_owned(), "%00".to_owned(), "a%20b".to_owned(), braced, urn, undashed]
    {
        let answer = call("GET", &format!("/v1/profiles/{id}")).bearer(&admin()).to(&world.profiles).await;
        assert_eq!(answer.brief(), "404 not_found", "{id}");
    }
}

#[tokio::test]
async fn a_volunteer_sees_the_first_name_of_the_people_met_and_no_more() {
    let world = World::new().await;
    let volunteer = token(Role::Volunteer, "kari", Some(person(4)));
    let met = call("GET", &format!("/v1/profiles/{}", person(1))).bearer(&volunteer).to(&world.profiles).await;
    assert_eq!(met.json, json!({"id": person(1), "name": "Олена"}));
    assert_eq!(met.header("etag"), "", "what cannot be changed has no tag");
    let buddy = token(Role::Volunteer, "ingrid", Some(person(6)));
    let matched = call("GET", &format!("/v1/profiles/{}", person(3))).bearer(&buddy).to(&world.profiles).await;
    assert_eq!(matched.json, json!({"id": person(3), "name": "Dmytro"}));
    let own = call("GET", &format!("/v1/profiles/{}", person(4))).bearer(&volunteer).to(&world.profiles).await;
    assert_eq!(own.json["email"], "kari.seed@nordlys.example");
    // A participant does not see the volunteer, and a volunteer without a profile of their own sees nobody.
    let participant = token(Role::Participant, "olena", Some(person(1)));
    let volunteer_seen = call("GET", &format!("/v1/profiles/{}", person(4))).bearer(&participant);
    assert_eq!(volunteer_seen.to(&world.profiles).await.brief(), "404 not_found");
    let nobody = token(Role::Volunteer, "kari", None);
    let seen = call("GET", &format!("/v1/profiles/{}", person(4))).bearer(&nobody).to(&world.profiles).await;
    assert_eq!(seen.brief(), "404 not_found");
    let put = call("PUT", &format!("/v1/profiles/{}", person(1))).bearer(&volunteer).header("if-match", "*");
    assert_eq!(put.json(&json!({"name": "X"})).to(&world.profiles).await.brief(), "404 not_found");
}

#[tokio::test]
async fn a_follow_up_is_due_fourteen_days_after_the_last_thing_happened() {
    let world = World::new().await;
    // Person 1: one session, 2025-03-03T15:45:00Z, enrolled since then.
    for (as_of, due) in [
        ("2025-03-03T15:44:59Z", false),
        ("2025-03-03T15:45:00Z", false),
        ("2025-03-17T15:44:59Z", false),
        ("2025-03-17T15:45:00Z", true),
        ("2025-03-17T16:44:59%2B01:00", false),
    ] {
        let path = format!("/v1/profiles/{}?as_of={as_of}", person(1));
        let answer = call("GET", &path).bearer(&admin()).to(&world.profiles).await;
        assert_eq!(answer.json["flags"]["followup_needed"], due, "{as_of}");
    }
    // Person 2 completed a course and is still being mentored; without that enrolment nothing would be due.
    world
        .owner
        .batch_execute(
            "UPDATE core.enrolments SET status = 'dropped', until = '2025-06-01' WHERE programme = 'mentorship'",
        )
        .await
        .unwrap();
    assert_eq!(get(&world, 2).await.json["flags"]["followup_needed"], false);
    for bad in
        ["yesterday", "2025-03-17", "2025-03-17T15:45:00", "-009999-01-02T01:59:59Z", "0000-12-31T23:59:59Z", "%00"]
    {
        let answer = call("GET", &format!("/v1/profiles/{}?as_of={bad}", person(1))).bearer(&admin());
        assert_eq!(answer.to(&world.profiles).await.brief(), "400 bad_query", "{bad}");
    }
}

#[tokio::test]
async fn a_field_that_nobody_can_read_is_refused_and_a_name_with_a_joiner_is_not() {
    let world = World::new().await;
    for (value, expected) in [
        ("\u{200b}", "/name empty"),
        (" \u{202e}\u{a0}", "/name empty"),
        ("\u{3164}", "/name empty"),
        ("Olena\0", "/name control_character"),
        ("Olena\u{202e}dalkyrP", "/name control_character"),
    ] {
        let answer = put(&world, 1, "*", &json!({"name": value})).await;
        let error = &answer.json["errors"][0];
        assert_eq!(answer.brief(), "422 bad_field", "{value:?}");
        assert_eq!(format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()), expected);
    }
    assert_eq!(put(&world, 1, "*", &json!({"city": "\u{200b}"})).await.json["errors"][0]["pointer"], "/city");
    assert_eq!(put(&world, 1, "*", &json!({"name": "علی\u{200c}رضا"})).await.json["name"], "علی\u{200c}رضا");
}

#[tokio::test]
async fn stored_flags_show_as_they_are() {
    let world = World::new().await;
    world.owner.batch_execute(&format!("INSERT INTO core.flags (profile_id, flag, value) VALUES ('{}', 'mentor_ready', true), ('{0}', 'language_support_needed', false)", person(1))).await.unwrap();
    assert_eq!(
        get(&world, 1).await.json["flags"],
        json!({"mentor_ready": true, "language_support_needed": false, "followup_needed": true})
    );
}

#[tokio::test]
async fn a_correction_replaces_the_three_fields_and_tells_which_changed() {
    let world = World::new().await;
    let answer = put(&world, 1, "\"1\"", &json!({"name": "Olena Pryklad", "language": "uk", "city": null})).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"2\""));
    assert_eq!((&answer.json["name"], &answer.json["language"]), (&json!("Olena Pryklad"), &json!("uk")));
    assert!(answer.json.get("city").is_none(), "null clears");
    assert_eq!(answer.json["email"], "olena.seed@newcomer.example", "what is not editable stays");

    let event: String = world.owner.query_one("SELECT detail FROM bus.events", &[]).await.unwrap().get(0);
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["type"], "profile.updated.v1");
    assert_eq!(event["data"]["changed"], json!(["name", "city"]));
    assert_eq!((&event["data"]["revision"], &event["data"]["trigger"]), (&json!(2), &json!("api")));
    assert_eq!(event["correlationid"], answer.header("x-correlation-id"));
    assert!(!event.to_string().contains("Olena"), "names fields, never values");
    assert_eq!(world.nudges.0.delays(), [30, 0], "one before the commit, one after");

    // The language was said again and not changed: no row by hand, so imports go on updating it.
    let by_hand = "SELECT string_agg(field || CASE WHEN sealed IS NULL THEN ' cleared' ELSE '' END, ',' ORDER BY field) FROM vault.attributes WHERE source = 'hand'";
    let by_hand: String = world.owner.query_one(by_hand, &[]).await.unwrap().get(0);
    assert_eq!(by_hand, "city cleared,name");
    let audit = world
        .owner
        .query_one("SELECT actor, role, action, target, details FROM audit.log WHERE action = 'profile.update'", &[])
        .await
        .unwrap();
    assert_eq!(
        (audit.get::<_, &str>(0), audit.get::<_, &str>(1), audit.get::<_, Uuid>(3)),
        ("admin-1", "admin", person(1))
    );
    assert_eq!(audit.get::<_, Value>(4), json!({"fields": ["name", "city"]}));
}

#[tokio::test]
async fn what_was_set_by_hand_wins_over_a_newer_import_also_when_it_was_cleared() {
    let world = World::new().await;
    put(&world, 1, "\"1\"", &json!({"name": "Olena Pryklad", "language": "uk"})).await;
    world
        .owner
        .batch_execute("UPDATE vault.attributes SET set_at = now() + interval '1 day' WHERE source = 'seed'")
        .await
        .unwrap();
    let answer = get(&world, 1).await;
    assert_eq!((&answer.json["name"], answer.json.get("city")), (&json!("Olena Pryklad"), None));
    // And a second correction, also of what was cleared.
    let answer = put(&world, 1, "\"2\"", &json!({"name": "Olena P.", "language": "uk", "city": "Voss"})).await;
    assert_eq!(
        (&answer.json["name"], &answer.json["city"], &answer.json["revision"]),
        (&json!("Olena P."), &json!("Voss"), &json!(3))
    );
}

#[tokio::test]
async fn a_correction_that_changes_nothing_is_answered_and_leaves_no_trace_but_the_reading() {
    let world = World::new().await;
    let same = json!({"name": "Олена Приклад", "language": "uk", "city": "Bergen"});
    for _ in 0..2 {
        let answer = put(&world, 1, "\"1\"", &same).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"1\""));
    }
    assert_eq!(world.count("SELECT count(*) FROM bus.events").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM vault.attributes WHERE source = 'hand'").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'profile.read'").await, 2);
    assert!(world.nudges.0.delays().is_empty());
}

#[tokio::test]
async fn only_the_version_that_was_read_may_be_replaced() {
    let world = World::new().await;
    let path = format!("/v1/profiles/{}", person(1));
    let body = json!({"name": "A"});
    let without = call("PUT", &path).bearer(&admin()).json(&body).to(&world.profiles).await;
    assert_eq!(without.brief(), "428 precondition_required");
    for (tag, expected) in [
        ("\"2\"", "412 stale"),
        ("W/\"1\"", "412 stale"),
        ("\"other\"", "412 stale"),
        ("1", "400 bad_if_match"),
        ("\"7\", \"1\"", "200"),
        ("\"1\"", "412 stale"),
        ("*", "200"),
    ] {
        assert_eq!(put(&world, 1, tag, &body).await.brief(), expected, "{tag}");
    }
}

#[tokio::test]
async fn of_two_people_who_read_the_same_version_one_is_told_so() {
    let world = World::new().await;
    let other = profile_service(&world.database, &world.nudges);
    let request = |name: &str| {
        call("PUT", &format!("/v1/profiles/{}", person(1)))
            .bearer(&admin())
            .header("if-match", "\"1\"")
            .json(&json!({"name": name}))
    };
    let (a, b) = futures::join!(request("A").to(&world.profiles), request("B").to(&other));
    let mut statuses = [a.brief(), b.brief()];
    statuses.sort();
    assert_eq!(statuses, ["200", "412 stale"]);
    assert_eq!(world.count("SELECT count(*) FROM bus.events").await, 1);
}

#[tokio::test]
async fn fields_are_refused_by_name_and_without_their_value() {
    let world = World::new().await;
    let long = "ø".repeat(101);
    for (body, expected) in [
        (json!({"name": ""}), "/name empty"),
        (json!({"name": " \t"}), "/name empty"),
        (json!({"name": long}), "/name too_long"),
        (json!({"city": "Ber\u{0}gen"}), "/city control_character"),
        (json!({"language": 7}), "/language wrong_type"),
        (json!({"email": "new@newcomer.example"}), "/email unknown_field"),
    ] {
        let answer = put(&world, 1, "\"1\"", &body).await;
        assert_eq!(answer.brief(), "422 bad_field");
        let error = &answer.json["errors"][0];
        assert_eq!(format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()), expected);
        assert!(!answer.json.to_string().contains("newcomer.example"));
    }
    assert_eq!(put(&world, 1, "\"1\"", &json!({"name": "ø".repeat(100)})).await.brief(), "200");
}

#[tokio::test]
async fn when_the_queue_does_not_answer_nothing_is_changed() {
    let world = World::new().await;
    world.nudges.0.fail(true);
    let answer = put(&world, 1, "\"1\"", &json!({"name": "A"})).await;
    assert_eq!((answer.brief().as_str(), answer.header("retry-after")), ("503 bus_unavailable", "5"));
    assert_eq!(get(&world, 1).await.json["name"], "Олена Приклад");
    assert_eq!(world.count("SELECT count(*) FROM bus.events").await, 0);
}

#[tokio::test]
async fn reading_somebody_is_written_down() {
    let world = World::new().await;
    let answer = get(&world, 1).await;
    let row = world.owner.query_one("SELECT request_id, actor, action, target FROM audit.log", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), answer.header("x-request-id"));
    assert_eq!(
        (row.get::<_, &str>(1), row.get::<_, &str>(2), row.get::<_, Uuid>(3)),
        ("admin-1", "profile.read", person(1))
    );
    // What was not shown was not read.
    call("GET", &format!("/v1/profiles/{}", person(1)))
        .bearer(&token(Role::Coordinator, "x", None))
        .to(&world.profiles)
        .await;
    assert_eq!(world.count("SELECT count(*) FROM audit.log").await, 1);
}

#[tokio::test]
async fn of_an_erased_person_nothing_personal_is_left_to_show_or_change() {
    let world = World::new().await;
    world
        .owner
        .batch_execute(&format!(
            "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = '{}'",
            person(1)
        ))
        .await
        .unwrap();
    let answer = get(&world, 1).await;
    for field in ["name", "email", "language", "city"] {
        assert!(answer.json.get(field).is_none(), "{field}");
    }
    assert_eq!(put(&world, 1, "*", &json!({"name": "A"})).await.brief(), "404 not_found");
}

#[tokio::test]
async fn the_service_says_that_it_is_up_and_beats() {
    let world = World::new().await;
    let answer = call("GET", "/v1/profiles/health").to(&world.profiles).await;
    assert_eq!(answer.json, json!({"status": "up", "service": "profiles"}));
    assert_eq!(world.count("SELECT count(*) FROM core.heartbeats WHERE function = 'profile-api' AND service = 'profiles' AND last_ok_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn without_a_database_it_is_down_and_every_question_can_be_asked_again() {
    let nowhere =
        || shared::db::Db::connect_lazy(shared::db::DbConfig::from_url("postgres://a:b@127.0.0.1:1/none").unwrap());
    let app = profile::api::App::new(nowhere(), Box::new(tests::keys()), Box::new(crate::support::Nudges::default()));
    let router = profile::api::router(std::sync::Arc::new(app), crate::support::verifier());
    let health = call("GET", "/v1/profiles/health").to(&router).await;
    assert_eq!((health.status.as_u16(), health.json), (503, json!({"status": "down", "service": "profiles"})));
    let answer = call("GET", &format!("/v1/profiles/{}", person(1))).bearer(&admin()).to(&router).await;
    assert_eq!((answer.brief().as_str(), answer.header("retry-after")), ("503 database_unavailable", "2"));
    assert_eq!(answer.json["retryable"], true);
}
