//! Outcomes over HTTP: reading texts, the words behind a score by role, corrections, figures.

use std::{collections::BTreeSet, sync::Arc};

use axum::Router;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{auth::Role, vault::Place};
use tests::{Database, keys};
use uuid::Uuid;

use crate::support::{Answer, Call, Nudges, World, admin, call, claims, ec_key, person, token, verifier};

pub const OUTCOME: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000e1);
const TEXT: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000e2);
pub const NORDLYS: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000c1);
const WORDS: &str = "Тепер я не боюся говорити у крамниці. [NAME_1] helps me.";

pub fn service(database: &Database, nudges: &Nudges) -> Router {
    let env = shared::config::Env::from_pairs(&[("STAGE", "test")]);
    let app = q2q::api::App::new(database.db_for("teei_q2q_api"), Box::new(keys()), Box::new(nudges.clone()));
    q2q::api::router(Arc::new(app.with_console(&env)), verifier())
}

/// An outcome of the seed's first person, from a text that moderation let through: `confidence`, from a meeting.
pub async fn outcome(world: &World, author: Uuid, role: &str) {
    let vault = world.database.vault().await;
    let subject = person(1);
    let key = vault.subject_keys(&world.owner, &[subject]).await.unwrap().remove(&subject).unwrap();
    let seal = |table| key.seal(Place { table, column: "sealed", row: TEXT }, WORDS.as_bytes()).unwrap();
    world
        .owner
        .batch_execute(
            "INSERT INTO intake.imports (import_id, source, status, bucket, object_key, object_version, name)
             VALUES ('01900000-0000-7000-8000-0000000000e3', 'kintell', 'queued', 'drops', 'kintell/sessions/march.csv', '1', 'march.csv')
             ON CONFLICT DO NOTHING",
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO vault.texts (text_id, subject_id, author_id, author_role, kind, source, fact_id, field, sealed, digest, written_at, import_id, line)
             VALUES ($1, $2, $3, $4, 'kintell_session', 'kintell', '01900000-0000-7000-8000-0000000000a1', 'feedback', $5, '0123456789abcdef',
               '2025-03-03T15:45:00Z', '01900000-0000-7000-8000-0000000000e3', 17)",
            &[&TEXT, &subject, &author, &role, &seal("vault.texts")],
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO core.screenings (screening_id, text_id, subject_id, revision, kind, decision, urgent, lane, opens_item, scorable, engine, engine_version,
               policy_version, correlation_id, screened_at)
             VALUES ($1, $1, $2, 1, 'kintell_session', 'allow', false, 'general', false, true, 'rules', '1', '0+00000000', 'test', now())",
            &[&TEXT, &subject],
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO vault.cleared_texts (text_id, subject_id, screening_id, sealed, redacted) VALUES ($1, $2, $1, $3, true)",
            &[&TEXT, &subject, &seal("vault.cleared_texts")],
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO core.readings (text_id, profile_id, state, digest, engine_version, language, programme, written_at)
             VALUES ($1, $2, 'read', $3, '1.0.0+aa', 'uk', 'language', '2025-03-03T15:45:00Z')",
            &[&TEXT, &subject, &&q2q::scorer::consider::digest(&vault, "kintell_session", role, WORDS)[..]],
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO core.outcomes (outcome_id, text_id, profile_id, dimension, polarity, score, confidence, method, engine_version, language, evidence, programme,
               import_id, line, occurred_at)
             VALUES ($1, $2, $3, 'confidence', '+', 800, 'medium', 'rule', '1.0.0+aa', 'uk',
               '[{\"start\": 6, \"end\": 16, \"rule\": \"conf.uk.afraid\", \"cue\": \"change\", \"polarity\": \"+\"}]', 'language',
               '01900000-0000-7000-8000-0000000000e3', 17, '2025-03-03T15:45:00Z')",
            &[&OUTCOME, &TEXT, &subject],
        )
        .await
        .unwrap();
    world
        .owner
        .batch_execute("INSERT INTO core.programme_staff VALUES ('language-coordinator', 'language'), ('buddy-coordinator', 'buddy') ON CONFLICT DO NOTHING")
        .await
        .unwrap();
}

async fn get(router: &Router, path: &str, bearer: &str) -> Answer {
    call("GET", path).bearer(bearer).to(router).await
}

fn classify(body: &Value) -> Call {
    call("POST", "/v1/q2q/classify").bearer(&token(Role::Service, "a-system", None)).json(body)
}

#[tokio::test]
async fn a_text_is_read_with_quotes_that_stand_in_it_and_nothing_is_stored() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let text = "Before I was afraid to speak. Now I am proud of myself and I dare to ask people in the shop.";
    let answer = classify(&json!({"text": text, "source": "kintell_session", "role": "learner"})).to(&router).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["language"], "en");
    let outcomes = answer.json["outcomes"].as_array().unwrap();
    assert!(outcomes.iter().any(|one| one["dimension"] == "confidence" && one["polarity"] == "+"), "{}", answer.text);
    for place in outcomes.iter().flat_map(|one| one["evidence"].as_array().unwrap()) {
        let characters: Vec<char> = text.chars().collect();
        let (start, end) = (place["start"].as_u64().unwrap() as usize, place["end"].as_u64().unwrap() as usize);
        assert_eq!(place["quote"].as_str().unwrap(), characters[start..end].iter().collect::<String>());
    }
    let items = json!({"items": [{"text": text}, {"text": "Мы вчера гуляли в парке и разговаривали о погоде."}, {"text": " "}]});
    let answer = classify(&items).to(&router).await;
    assert_eq!(answer.json["items"][1]["not_read"], "language", "{}", answer.text);
    assert_eq!(answer.json["items"][2]["not_read"], "empty");
    assert_eq!(answer.json["items"][1]["outcomes"], json!([]));
    assert_eq!(
        world.count("SELECT (SELECT count(*) FROM core.outcomes) + (SELECT count(*) FROM core.readings)").await,
        0
    );
}

#[tokio::test]
async fn what_cannot_be_classified_is_refused_by_its_field() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let long = "a".repeat(20_001);
    let many: Vec<Value> = (0..501).map(|_| json!({"text": "x"})).collect();
    for (body, expected) in [
        (json!({}), " one_form"),
        (json!({"text": "a", "items": []}), " one_form"),
        (json!({"items": []}), "/items out_of_range"),
        (json!({"items": many}), "/items out_of_range"),
        (json!({"text": long}), "/text too_long"),
        (json!({"items": [{"text": "a"}, {"text": "b", "role": "boss"}]}), "/items/1/role unknown_role"),
        (json!({"text": "a", "language": "sv"}), "/language unknown_language"),
        (json!({"text": "a", "source": "letter"}), "/source wrong_type"),
        (json!({"text": "a", "store": true}), "/store unknown_field"),
    ] {
        let answer = classify(&body).to(&router).await;
        let error = &answer.json["errors"][0];
        let got = format!("{} {}", error["pointer"].as_str().unwrap_or(""), error["code"].as_str().unwrap_or(""));
        assert_eq!((answer.status.as_u16(), got.as_str()), (422, expected), "{}", answer.text);
    }
}

#[tokio::test]
async fn from_the_number_to_the_words_as_far_as_a_role_may_see_them_and_every_reading_is_noted() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let router = service(&world.database, &world.nudges);
    let path = format!("/v1/q2q/outcomes/{OUTCOME}");
    let whole = [
        admin(),
        token(Role::Coordinator, "language-coordinator", None),
        token(Role::Dpo, "officer", None),
        token(Role::Participant, "olena", Some(person(1))),
    ];
    for bearer in &whole {
        let answer = get(&router, &path, bearer).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["text"], WORDS);
        assert_eq!(answer.json["evidence"][0]["quote"], "я не боюся");
        assert_eq!(answer.json["score"], json!(0.8));
        assert_eq!(
            answer.json["origin"],
            json!({"import_id": "01900000-0000-7000-8000-0000000000e3", "line": 17, "file": "march.csv", "door": "csv", "source": "kintell", "kind": "kintell_session"})
        );
    }
    for (role, subject, profile) in [
        (Role::Coordinator, "buddy-coordinator", None),
        (Role::Participant, "amina", Some(person(2))),
        (Role::Volunteer, "kari", Some(person(4))),
    ] {
        assert_eq!(get(&router, &path, &token(role, subject, profile)).await.brief(), "404 not_found", "{subject}");
    }
    for role in [Role::Reviewer, Role::Safeguarding, Role::CompanyUser, Role::Service] {
        assert_eq!(get(&router, &path, &token(role, "x", None)).await.brief(), "403 forbidden");
    }
    assert_eq!(
        world
            .count("SELECT count(*) FROM audit.log WHERE action = 'outcome.read' AND (details ->> 'words')::boolean")
            .await,
        4
    );
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE details::text LIKE '%бою%'").await, 0);
}

#[tokio::test]
async fn a_person_sees_a_score_from_anothers_words_without_the_words() {
    let world = World::new().await;
    outcome(&world, person(4), "volunteer").await;
    let router = service(&world.database, &world.nudges);
    let path = format!("/v1/q2q/outcomes/{OUTCOME}");
    let answer = get(&router, &path, &token(Role::Participant, "olena", Some(person(1)))).await;
    assert_eq!((answer.status.as_u16(), &answer.json["text_withheld"]), (200, &json!("not_yours")));
    assert!(answer.json["text"].is_null() && answer.json["evidence"][0]["quote"].is_null(), "{}", answer.text);
    assert_eq!(answer.json["evidence"][0]["rule"], "conf.uk.afraid");
    // Other words since, held back by moderation afterwards, and erased: rules and places are of no words that hold.
    world.owner.batch_execute("UPDATE core.readings SET digest = 'other words read'").await.unwrap();
    let changed = get(&router, &path, &admin()).await;
    assert_eq!((&changed.json["text_withheld"], &changed.json["evidence"]), (&json!("changed"), &json!([])));
    world.owner.batch_execute("UPDATE vault.cleared_texts SET withdrawn_at = now()").await.unwrap();
    assert_eq!(get(&router, &path, &admin()).await.json["text_withheld"], "not_cleared");
    world
        .owner
        .batch_execute("UPDATE vault.cleared_texts SET withdrawn_at = NULL; UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now()")
        .await
        .unwrap();
    let erased = get(&router, &path, &admin()).await;
    assert_eq!((&erased.json["text_withheld"], &erased.json["evidence"]), (&json!("erased"), &json!([])));
}

#[tokio::test]
async fn the_outcomes_of_a_person_are_listed_without_a_word_by_those_who_may() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let path = format!("/v1/profiles/{}/outcomes", person(1));
    for (bearer, expected) in [
        (admin(), 1),
        (token(Role::Coordinator, "language-coordinator", None), 1),
        (token(Role::Participant, "olena", Some(person(1))), 1),
    ] {
        let answer = get(&world.profiles, &path, &bearer).await;
        assert_eq!(answer.json["items"].as_array().unwrap().len(), expected, "{}", answer.text);
        assert_eq!((&answer.json["items"][0]["id"], &answer.json["texts"]["read"]), (&json!(OUTCOME), &json!(1)));
        assert!(!answer.text.contains("бою"));
    }
    // The volunteer met the person and sees a first name, no outcome; another programme's coordinator sees nobody.
    let volunteer = token(Role::Volunteer, "kari", Some(person(4)));
    assert_eq!(get(&world.profiles, &path, &volunteer).await.brief(), "404 not_found");
    let coordinator = token(Role::Coordinator, "buddy-coordinator", None);
    assert_eq!(get(&world.profiles, &path, &coordinator).await.brief(), "404 not_found");
    world.owner.batch_execute("UPDATE core.outcomes SET retracted = 'withdrawn'").await.unwrap();
    assert_eq!(get(&world.profiles, &path, &admin()).await.json["items"], json!([]));
}

fn correct(body: &Value) -> Call {
    let coordinator = token(Role::Coordinator, "language-coordinator", None);
    call("POST", &format!("/v1/q2q/outcomes/{OUTCOME}/correction")).bearer(&coordinator).json(body)
}

#[tokio::test]
async fn a_persons_word_counts_is_kept_as_an_example_and_told() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let router = service(&world.database, &world.nudges);
    let answer = correct(&json!({"verdict": "-", "revision": 1})).header("idempotency-key", "one").to(&router).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let now = &answer.json;
    assert_eq!(
        (&now["polarity"], &now["score"], &now["method"], &now["revision"], &now["confidence"]),
        (&json!("-"), &json!(0.25), &json!("human"), &json!(2), &json!("high"))
    );
    assert_eq!((&now["earlier"][0]["polarity"], &now["corrections"][0]["machine"]), (&json!("+"), &json!("+")));
    let again = correct(&json!({"verdict": "-", "revision": 1})).header("idempotency-key", "one").to(&router).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.json["score"], json!(0.25), "read again, by whoever may");
    let kept = "SELECT count(*) FROM intake.idempotency_keys WHERE response = jsonb_build_object('id', $$01900000-0000-7000-8000-0000000000e1$$, 'revision', 2)";
    assert_eq!(world.count(kept).await, 1, "what is kept in the open holds no score and no word");
    let noted = "SELECT count(*) FROM audit.log WHERE action = 'outcome.correct' AND details ? 'dimension' AND NOT details ?| ARRAY['verdict', 'score', 'polarity']";
    assert_eq!(world.count(noted).await, 1, "what was said is no matter of the log");

    assert_eq!(correct(&json!({"verdict": "0", "revision": 1})).to(&router).await.brief(), "412 stale");
    let gone = correct(&json!({"verdict": "0", "revision": 2})).to(&router).await;
    assert_eq!((&gone.json["retracted"], &gone.json["revision"]), (&json!("corrected"), &json!(3)));
    let back = correct(&json!({"verdict": "+", "revision": 3, "score": 0.9})).to(&router).await;
    assert_eq!((&back.json["retracted"], &back.json["score"]), (&Value::Null, &json!(0.9)), "{}", back.text);
    let told = world
        .owner
        .query("SELECT type || ' ' || coalesce(detail::json -> 'data' ->> 'method', detail::json -> 'data' ->> 'reason') || ' ' || (detail::json -> 'data' ->> 'revision') FROM bus.events ORDER BY recorded_at, event_id", &[])
        .await
        .unwrap();
    let told: Vec<String> = told.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        told,
        ["q2q.outcome.scored.v1 human 2", "fact.retracted.v1 corrected 3", "q2q.outcome.scored.v1 human 4"]
    );
    assert!(world.nudges.0.delays().len() >= 6);

    // How the rule does: the newest word about each score counts.
    let rules = get(&router, "/v1/q2q/rules", &admin()).await;
    assert_eq!(
        rules.json["items"],
        json!([{"rule": "conf.uk.afraid", "outcomes": 1, "reviewed": 1, "right": 1, "precision": 1.0}])
    );
    assert_eq!(world.count("SELECT count(*) FROM core.outcome_corrections WHERE machine_polarity = '+'").await, 3);
}

#[tokio::test]
async fn a_coordinator_of_another_programme_corrects_nothing_and_what_was_withdrawn_cannot_be_judged() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let router = service(&world.database, &world.nudges);
    let path = format!("/v1/q2q/outcomes/{OUTCOME}/correction");
    let body = json!({"verdict": "0", "revision": 1});
    let other = call("POST", &path).bearer(&token(Role::Coordinator, "buddy-coordinator", None)).json(&body);
    assert_eq!(other.to(&router).await.brief(), "404 not_found");
    world.owner.batch_execute("UPDATE core.outcomes SET retracted = 'withdrawn'").await.unwrap();
    assert_eq!(correct(&body).to(&router).await.brief(), "412 stale");
    assert_eq!(world.count("SELECT count(*) FROM core.outcome_corrections").await, 0);
}

#[tokio::test]
async fn nobody_judges_what_may_not_be_scored_any_more() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let router = service(&world.database, &world.nudges);
    let body = json!({"verdict": "-", "revision": 1});
    let purpose = |state: &str| {
        format!(
            "INSERT INTO core.purposes SELECT '{}', 'outcome_scoring', 'consent', '{state}', 'test', now()
             ON CONFLICT (profile_id, purpose) DO UPDATE SET state = excluded.state",
            person(1)
        )
    };
    for (change, back, expected) in [
        (purpose("withdrawn"), purpose("granted"), "409 no_purpose"),
        (
            "UPDATE vault.cleared_texts SET withdrawn_at = now()".to_owned(),
            "UPDATE vault.cleared_texts SET withdrawn_at = NULL".to_owned(),
            "409 not_cleared",
        ),
        (
            "UPDATE vault.texts SET withdrawn_at = now()".to_owned(),
            "UPDATE vault.texts SET withdrawn_at = NULL".to_owned(),
            "409 not_cleared",
        ),
        (
            "UPDATE vault.texts SET kind = 'other'".to_owned(),
            "UPDATE vault.texts SET kind = 'kintell_session'".to_owned(),
            "409 not_cleared",
        ),
        // Words that took the place of words that took theirs and are gone.
        (
            "INSERT INTO vault.texts (text_id, subject_id, author_role, kind, source, fact_id, field, sealed, digest, supersedes, written_at, withdrawn_at)
             SELECT x.id, t.subject_id, t.author_role, t.kind, t.source, t.fact_id, t.field, '', x.digest, x.before, t.written_at, x.gone
             FROM vault.texts t, (VALUES
               ('01900000-0000-7000-8000-0000000000f8'::uuid, 'a later digest 1'::bytea, t0(), now()),
               ('01900000-0000-7000-8000-0000000000f9', 'a later digest 2', '01900000-0000-7000-8000-0000000000f8', NULL)) AS x (id, digest, before, gone)
             WHERE t.text_id = t0()"
                .replace("t0()", &format!("'{TEXT}'::uuid")),
            "DELETE FROM vault.texts WHERE text_id <> supersedes".to_owned(),
            "409 not_cleared",
        ),
        (
            "CREATE TABLE public.kept AS SELECT digest FROM core.readings; UPDATE core.readings SET digest = 'other words read'".to_owned(),
            "UPDATE core.readings SET digest = k.digest FROM public.kept k".to_owned(),
            "412 stale",
        ),
    ] {
        world.owner.batch_execute(&change).await.unwrap();
        assert_eq!(correct(&body).to(&router).await.brief(), expected, "{change}");
        world.owner.batch_execute(&back).await.unwrap();
    }
    assert_eq!(world.count("SELECT count(*) FROM core.outcome_corrections").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM core.outcomes WHERE revision = 1 AND retracted IS NULL").await, 1);
    // What the person took back with their purpose is not revived, and shows nothing it rested on.
    world.owner.batch_execute("UPDATE core.outcomes SET retracted = 'withdrawn'").await.unwrap();
    assert_eq!(correct(&body).to(&router).await.brief(), "412 stale");
    let gone = get(&router, &format!("/v1/q2q/outcomes/{OUTCOME}"), &admin()).await;
    assert_eq!(
        (&gone.json["text_withheld"], &gone.json["evidence"]),
        (&json!("withdrawn"), &json!([])),
        "{}",
        gone.text
    );
    assert_eq!(correct(&json!({"verdict": "-", "revision": 1})).to(&router).await.status, 412);
}

#[tokio::test]
async fn days_that_no_calendar_of_the_store_has_are_refused_and_are_no_fault_of_ours() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    for day in ["-009999-01-01", "0000-12-31", "-000001-01-01", "+010000-01-01", "99999-01-01", "2025-02-30"] {
        let day = day.replace('+', "%2B");
        for path in [
            format!("/v1/q2q/outcomes?from={day}"),
            format!("/v1/q2q/outcomes?to={day}"),
            format!("/v1/q2q/scores?dimension=belonging&from={day}&to=2025-01-01"),
            format!("/v1/q2q/scores?dimension=belonging&from=2025-01-01&to={day}"),
        ] {
            assert_eq!(get(&router, &path, &admin()).await.brief(), "400 bad_query", "{path}");
        }
    }
    for path in ["/v1/q2q/outcomes?to=0001-01-02", "/v1/q2q/outcomes?from=0001-01-01&to=9999-12-31"] {
        assert_eq!(get(&router, path, &admin()).await.status, 200, "{path}");
    }
    let sign = "/v1/q2q/scores?dimension=belonging&from=2025-01-01&to=2025-04-01&polarity=-";
    assert_eq!(get(&router, sign, &admin()).await.brief(), "400 bad_query", "nobody is selected by a score");
}

/// Publishes to companies what is due by now.
async fn publish(world: &World) -> u64 {
    let vault = world.database.vault().await;
    let mut scorer = world.database.client_for("teei_q2q_scorer").await;
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    q2q::figures::published::release_all(&mut scorer, &vault, Timestamp::now(), until).await.unwrap().blocks
}

/// Texts with evidence: `(person, programme, day, dimension, score)`, all of one company.
async fn texts(world: &World, company: Uuid, all: &[(u128, &str, &str, &str, i16)]) {
    let people: BTreeSet<u128> = all.iter().map(|one| one.0).collect();
    let id = |n: u128| Uuid::from_u128(0x01910000_0000_7000_8000_000000000000 + n);
    for person in people {
        let sql = "INSERT INTO core.profiles (profile_id) VALUES ($1) ON CONFLICT DO NOTHING";
        world.owner.execute(sql, &[&id(person)]).await.unwrap();
    }
    for (person, programme, day, dimension, score) in all {
        let (text, at): (Uuid, Timestamp) = (Uuid::now_v7(), format!("{day}T10:00:00Z").parse().unwrap());
        world
            .owner
            .execute(
                "INSERT INTO vault.texts (text_id, subject_id, author_role, kind, source, fact_id, field, sealed, digest, written_at)
                 VALUES ($1, $2, 'participant', 'kintell_session', 'kintell', $1, 'x', '', '0123456789abcdef', $3)",
                &[&text, &id(*person), &at],
            )
            .await
            .unwrap();
        world
            .owner
            .execute(
                "INSERT INTO core.readings (text_id, profile_id, state, digest, engine_version, language, programme, company_id, written_at, looked_at)
                 VALUES ($1, $2, 'read', '0123456789abcdef', '1.0.0+aa', 'en', $3, $4, $5, $5)",
                &[&text, &id(*person), programme, &company, &at],
            )
            .await
            .unwrap();
        world
            .owner
            .execute(
                "INSERT INTO core.outcomes (outcome_id, text_id, profile_id, dimension, polarity, score, confidence, method, engine_version, language, evidence,
                   programme, company_id, occurred_at)
                 VALUES (gen_random_uuid(), $1, $2, $3, CASE WHEN $4 >= 500::smallint THEN '+' ELSE '-' END, $4, 'high', 'rule', '1.0.0+aa', 'en', '[{}]', $5, $6, $7)",
                &[&text, &id(*person), dimension, score, programme, &company, &at],
            )
            .await
            .unwrap();
    }
}

fn company_user(company: Uuid) -> String {
    let mut claims = claims("company_user", "a-company", None);
    claims["company_id"] = json!(company);
    ec_key().sign(&claims)
}

#[tokio::test]
async fn a_company_sees_blocks_of_its_own_and_no_set_of_questions_takes_them_apart() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let mut all = Vec::new();
    // Language: six people in the first quarter, three in the second, four others in the third. Buddy: three people, always.
    for person in 1..=6 {
        all.push((person, "language", "2024-02-10", "belonging", if person < 4 { 800 } else { 200 }));
    }
    for person in 1..=3 {
        all.push((person, "language", "2024-05-10", "belonging", 900));
        for day in ["2024-02-11", "2024-05-11", "2024-08-11"] {
            all.push((person + 20, "buddy", day, "belonging", 700));
        }
    }
    for person in 7..=10 {
        all.push((person, "language", "2024-08-10", "belonging", 900));
    }
    // Well-being of the same six needs ten people.
    for person in 1..=6 {
        all.push((person, "language", "2024-02-12", "well_being", 300));
    }
    texts(&world, NORDLYS, &all).await;
    assert!(publish(&world).await > 0);
    let bearer = company_user(NORDLYS);
    let quarters = ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01"];
    let mut cells: BTreeSet<(String, String, String)> = BTreeSet::new();
    let mut asked = 0;
    for programme in [None, Some("language"), Some("buddy"), Some("mentorship"), Some("upskilling")] {
        for (n, from) in quarters.iter().enumerate() {
            for to in &quarters[n + 1..] {
                let filter = programme.map(|programme| format!("&programme={programme}")).unwrap_or_default();
                let answer = get(&router, &format!("/v1/q2q/outcomes?from={from}&to={to}{filter}"), &bearer).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                assert_eq!((&answer.json["company"], &answer.json["left_out"]), (&json!(NORDLYS), &Value::Null));
                asked += 1;
                for dimension in answer.json["dimensions"].as_array().unwrap() {
                    assert_eq!(dimension["by_people"], Value::Null);
                    for cell in dimension["cells"].as_array().unwrap() {
                        assert!(cell["persons"].as_u64().unwrap() >= 5 && cell["persons"].as_u64().unwrap() % 5 == 0);
                        assert_eq!(dimension["dimension"], "belonging", "six people are too few for well-being");
                        cells.insert((
                            cell["from"].to_string(),
                            cell["to"].to_string(),
                            cell["programmes"].to_string(),
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(asked, 50);
    // The same three blocks, whatever was asked: the first quarter of language; then language and buddy until there
    // are enough of them.
    let expected = [
        ("2024-01-01", "2024-04-01", r#"["language"]"#),
        ("2024-01-01", "2024-07-01", r#"["buddy","language"]"#),
        ("2024-07-01", "2024-10-01", r#"["buddy","language"]"#),
    ];
    let expected: BTreeSet<_> =
        expected.map(|(from, to, of)| (format!("\"{from}\""), format!("\"{to}\""), of.to_owned())).into();
    assert_eq!(cells, expected);

    let one = get(&router, "/v1/q2q/outcomes?from=2024-01-01&to=2025-01-01&dimension=belonging", &bearer).await;
    let cell = &one.json["dimensions"][0]["cells"][0];
    assert_eq!((&cell["share_plus"], &cell["share_minus"], &cell["mean"]), (&json!(0.5), &json!(0.5), &json!(0.5)));
    assert_eq!(one.json["dimensions"].as_array().unwrap().len(), 1);
    assert_eq!(world.count("SELECT count(*) FROM audit.log WHERE action = 'outcome.figures'").await, 51);
}

#[tokio::test]
async fn a_company_meets_no_other_company_no_half_quarters_and_nobody_who_does_not_want_to_be_counted() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let all: Vec<_> = (1..=6).map(|person| (person, "language", "2024-02-10", "belonging", 800)).collect();
    texts(&world, NORDLYS, &all).await;
    // One of them does not want to be in figures for companies: five are enough.
    let objects =
        "INSERT INTO core.purposes SELECT profile_id, 'company_reporting', 'consent', 'objected', 'test', now()
                   FROM (SELECT DISTINCT profile_id FROM core.readings ORDER BY profile_id LIMIT 1) x";
    world.owner.batch_execute(objects).await.unwrap();
    publish(&world).await;
    let (own, other) = (company_user(NORDLYS), company_user(Uuid::from_u128(0x01900000_0000_7000_8000_0000000000c2)));
    let year = "from=2024-01-01&to=2025-01-01";
    let cells = |answer: &Answer| answer.json["dimensions"][1]["cells"].as_array().unwrap().len();
    assert_eq!(cells(&get(&router, &format!("/v1/q2q/outcomes?{year}"), &own).await), 1);
    assert_eq!(cells(&get(&router, &format!("/v1/q2q/outcomes?{year}"), &other).await), 0);
    let foreign = get(&router, &format!("/v1/q2q/outcomes?{year}&company={NORDLYS}"), &other).await;
    assert_eq!(foreign.brief(), "404 not_found");
    assert_eq!(get(&router, "/v1/q2q/outcomes", &token(Role::CompanyUser, "x", None)).await.brief(), "404 not_found");
    for (query, code) in [
        ("from=2024-01-02&to=2025-01-01", "whole_quarters"),
        ("from=2024-01-01&to=2024-12-31", "whole_quarters"),
        ("from=2024-01-01&to=2099-01-01", "not_yet"),
        ("from=2024-01-01&to=2024-01-01", "out_of_range"),
        ("programme=golf", "unknown_programme"),
        ("dimension=height", "unknown_dimension"),
    ] {
        let answer = get(&router, &format!("/v1/q2q/outcomes?{query}"), &own).await;
        assert_eq!(answer.json["errors"][0]["code"], code, "{}", answer.text);
    }
    // One more: what was told stays, to the last character, or who it was could be seen.
    let before = get(&router, &format!("/v1/q2q/outcomes?{year}"), &own).await.text;
    world.owner.batch_execute(&objects.replace("LIMIT 1", "OFFSET 1 LIMIT 1")).await.unwrap();
    publish(&world).await;
    assert_eq!(get(&router, &format!("/v1/q2q/outcomes?{year}"), &own).await.text, before);
    let staff = get(&router, &format!("/v1/q2q/outcomes?{year}&company={NORDLYS}"), &admin()).await;
    assert_eq!(staff.json["left_out"]["no_company_reporting"], 2);
    assert_eq!(staff.json["dimensions"][1]["total"], Value::Null, "four are too few for staff as well");
}

#[tokio::test]
async fn staff_sees_quarters_with_means_intervals_and_change_and_how_many_scores_were_erased() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let mut all = Vec::new();
    for person in 1..=5 {
        all.push((person, "language", "2024-02-10", "confidence", 200 + person as i16 * 10));
        all.push((person, "language", "2024-05-10", "confidence", 600 + person as i16 * 10));
    }
    all.push((9, "mentorship", "2024-05-10", "well_being", 100));
    texts(&world, NORDLYS, &all).await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.outcome_tombstones (outcome_id, revision, reason, dimension, programme, occurred_at)
             SELECT gen_random_uuid(), 1, 'erased', 'belonging', 'language', '2024-03-01' FROM generate_series(1, 3)",
        )
        .await
        .unwrap();
    let answer = get(&router, "/v1/q2q/outcomes?from=2024-01-01&to=2024-07-01", &admin()).await;
    let confidence = &answer.json["dimensions"][0];
    assert_eq!(confidence["cells"][0]["mean"], json!(0.23), "{}", answer.text);
    assert_eq!(confidence["change"], json!(0.4));
    assert_eq!(confidence["total"]["persons"], 5);
    let interval: Vec<f64> = serde_json::from_value(confidence["cells"][0]["interval"].clone()).unwrap();
    assert!(interval[0] < 0.23 && interval[1] > 0.23 && interval[1] - interval[0] < 0.05, "{interval:?}");
    let well_being = &answer.json["dimensions"][4];
    assert_eq!((&well_being["cells"][1]["suppressed"], &well_being["cells"][1]["mean"]), (&json!(true), &Value::Null));
    assert_eq!(answer.json["erased_scores"], 3);
    assert_eq!(answer.json["coverage"][1]["texts"], 6);
    let whole = &answer.json["coverage_total"];
    assert_eq!((&whole["texts"], &whole["persons"]), (&json!(11), &json!(6)), "people are counted once");
    // The outcomes behind a figure, newest first, with an entry for each person.
    let list =
        get(&router, "/v1/q2q/scores?dimension=confidence&from=2024-01-01&to=2024-07-01&limit=6", &admin()).await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 6, "{}", list.text);
    let next = list.json["next"].as_str().unwrap();
    let rest = get(
        &router,
        &format!("/v1/q2q/scores?dimension=confidence&from=2024-01-01&to=2024-07-01&limit=6&cursor={next}"),
        &admin(),
    )
    .await;
    assert_eq!((rest.json["items"].as_array().unwrap().len(), &rest.json["next"]), (4, &Value::Null));
    assert_eq!(world.count("SELECT count(DISTINCT target) FROM audit.log WHERE action = 'outcome.listed'").await, 5);
    let other = token(Role::Coordinator, "buddy-coordinator", None);
    let none = get(&router, "/v1/q2q/scores?dimension=confidence&from=2024-01-01&to=2024-07-01", &other).await;
    assert_eq!(none.json["items"], json!([]), "of own programmes only");
    let companies = get(&router, "/v1/q2q/companies", &company_user(NORDLYS)).await;
    assert_eq!(companies.json["items"].as_array().unwrap().len(), 1, "{}", companies.text);
    let company = get(&router, "/v1/q2q/outcomes?from=2024-01-01&to=2024-07-01", &company_user(NORDLYS)).await;
    assert_eq!(company.json["erased_scores"], Value::Null, "erased people are fewer than any figure is about");
}

#[tokio::test]
async fn a_coordinator_sees_figures_of_own_programmes_and_cannot_subtract_others() {
    let world = World::new().await;
    outcome(&world, person(1), "participant").await;
    let router = service(&world.database, &world.nudges);
    let mut all = Vec::new();
    for person in 1..=5 {
        all.push((person, "language", "2024-02-10", "belonging", 800));
        all.push((person + 10, "mentorship", "2024-02-10", "belonging", 200));
    }
    texts(&world, NORDLYS, &all).await;
    let bearer = token(Role::Coordinator, "language-coordinator", None);
    let year = "from=2024-01-01&to=2025-01-01";
    for company in ["", "&company=01900000-0000-7000-8000-0000000000c1"] {
        for programme in ["", "&programme=language"] {
            let answer = get(&router, &format!("/v1/q2q/outcomes?{year}{company}{programme}"), &bearer).await;
            let total = &answer.json["dimensions"][1]["total"];
            assert_eq!((&total["persons"], &total["programmes"]), (&json!(5), &json!(["language"])), "{}", answer.text);
            assert_eq!(answer.json["coverage_total"]["texts"], 5);
        }
        let other = get(&router, &format!("/v1/q2q/outcomes?{year}{company}&programme=mentorship"), &bearer).await;
        assert_eq!(other.brief(), "404 not_found");
    }
    let nobodys = token(Role::Coordinator, "new-coordinator", None);
    assert_eq!(get(&router, &format!("/v1/q2q/outcomes?{year}"), &nobodys).await.json["coverage_total"], Value::Null);
}

#[tokio::test]
async fn the_taxonomy_and_the_page_are_there() {
    let world = World::new().await;
    let router = service(&world.database, &world.nudges);
    let answer = get(&router, "/v1/q2q/taxonomy", &token(Role::Volunteer, "kari", Some(person(4)))).await;
    assert_eq!(answer.json["taxonomy"]["dimensions"].as_array().unwrap().len(), 5, "{}", answer.text);
    assert_eq!(
        (&answer.json["figures"]["persons"], &answer.json["figures"]["persons_well_being"]),
        (&json!(5), &json!(10))
    );
    let page = call("GET", "/v1/q2q/console").to(&router).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let health = call("GET", "/v1/q2q/health").to(&router).await;
    assert_eq!((health.status.as_u16(), &health.json["status"]), (200, &json!("up")));
}
