//! Every operation × every role × no token × bad tokens, as one checked-in table, against a real database.

use std::fmt::Write;

use axum::Router;
use serde_json::json;
use shared::auth::{Access, Role};
use uuid::Uuid;

use crate::support::{Answer, Call, World, call, claims, ec_key, golden, person};

/// Items of the queue, held by nobody who asks here.
const GENERAL: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000f2);
const SENSITIVE: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000f3);
const IMPORT: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_0000000000f1);

/// The requests that stand for an operation: what is asked about whom, and the request itself, which may depend on
/// the caller's name where asking twice is not the same as asking once.
fn requests(row: &Access, caller: &str) -> Vec<(&'static str, Call)> {
    let people = [("of somebody in a language programme", person(1)), ("of somebody in another programme", person(3))];
    match (row.method, row.path) {
        (
            "GET",
            "/v1/profiles/health"
            | "/v1/health"
            | "/v1/openapi.json"
            | "/v1/imports/console"
            | "/v1/bus/console"
            | "/v1/q2q/health"
            | "/v1/q2q/console"
            | "/v1/q2q/taxonomy"
            | "/v1/q2q/rules",
        ) => {
            vec![("", call("GET", row.path))]
        }
        ("GET", "/v1/{service}/health") => vec![("", call("GET", "/v1/kintell/health"))],
        ("GET", "/v1/profiles/{id}") => {
            people.map(|(who, id)| (who, call("GET", &format!("/v1/profiles/{id}")))).into()
        }
        ("PUT", "/v1/profiles/{id}") => {
            let put =
                |id| call("PUT", &format!("/v1/profiles/{id}")).header("if-match", "*").json(&json!({"name": caller}));
            people.map(|(who, id)| (who, put(id))).into()
        }
        ("POST", "/v1/profiles/{id}/external-ids") => {
            let body = |who: &str| json!({"source": "kintell", "external_id": format!("{caller} {who}")});
            people
                .map(|(who, id)| (who, call("POST", &format!("/v1/profiles/{id}/external-ids")).json(&body(who))))
                .into()
        }
        ("GET", "/v1/profiles/{id}/outcomes") => {
            people.map(|(who, id)| (who, call("GET", &format!("/v1/profiles/{id}/outcomes")))).into()
        }
        ("POST", "/v1/q2q/classify") => {
            vec![("", call("POST", row.path).json(&json!({"text": "I have a friend here."})))]
        }
        ("GET", "/v1/q2q/outcomes") => {
            let of = |company: u128| {
                format!("{}?company={}", row.path, Uuid::from_u128(crate::q2q::NORDLYS.as_u128() + company))
            };
            vec![
                ("", call("GET", row.path)),
                ("of its company", call("GET", &of(0))),
                ("of another company", call("GET", &of(1))),
            ]
        }
        ("GET", "/v1/q2q/scores") => {
            vec![("", call("GET", "/v1/q2q/scores?dimension=confidence&from=2025-01-01&to=2026-01-01"))]
        }
        ("GET", "/v1/q2q/companies") => vec![("", call("GET", row.path))],
        ("GET", "/v1/q2q/outcomes/{id}") => {
            let path = row.path.replace("{id}", &crate::q2q::OUTCOME.to_string());
            vec![("of somebody in a language programme", call("GET", &path))]
        }
        // Of a revision that is not the current one: whoever may is told so, and nothing changes.
        ("POST", "/v1/q2q/outcomes/{id}/correction") => {
            let path = row.path.replace("{id}", &crate::q2q::OUTCOME.to_string());
            vec![(
                "of somebody in a language programme",
                call("POST", &path).json(&json!({"verdict": "0", "revision": 9})),
            )]
        }
        ("POST", "/v1/profiles/search") => {
            let body = json!({"email": "olena.seed@newcomer.example"});
            vec![("of somebody in a language programme", call("POST", row.path).json(&body))]
        }
        ("GET", "/v1/contracts" | "/v1/imports") => vec![("", call("GET", row.path))],
        ("GET", "/v1/contracts/{name}") => vec![("", call("GET", "/v1/contracts/fact.retracted.v1.schema.json"))],
        ("POST", "/v1/imports") => {
            let body = json!({"source": "kintell", "entity": "sessions", "name": "march.csv"});
            vec![("", call("POST", row.path).json(&body))]
        }
        ("GET", "/v1/imports/{id}/records") => {
            let path = row.path.replace("{id}", &IMPORT.to_string());
            vec![("", call("GET", &path)), ("with values", call("GET", &format!("{path}?values=true")))]
        }
        ("GET", "/v1/imports/{id}" | "/v1/imports/{id}/page" | "/v1/imports/{id}/rejects") => {
            vec![("", call("GET", &row.path.replace("{id}", &IMPORT.to_string())))]
        }
        // What may be done with an import depends on its state: these are in none that allows it.
        ("POST", "/v1/imports/{id}/commit" | "/v1/imports/{id}/undo") => {
            vec![("", call("POST", &row.path.replace("{id}", &IMPORT.to_string())).json(&json!({})))]
        }
        ("GET", "/v1/imports/sources/{source}") => vec![("", call("GET", "/v1/imports/sources/kintell"))],
        ("PUT", "/v1/imports/sources/{source}") => {
            let call = call("PUT", "/v1/imports/sources/kintell").header("if-match", "*");
            vec![("", call.json(&json!({"layouts": []})))]
        }
        // No token opens it: what is not signed is not believed, whoever sends it.
        ("GET", "/v1/bus/reconciliation" | "/v1/bus/replays" | "/v1/bus/dead-letters") => {
            vec![("", call("GET", row.path))]
        }
        ("GET", "/v1/bus/replays/{id}") => vec![("", call("GET", &row.path.replace("{id}", &IMPORT.to_string())))],
        ("POST", "/v1/bus/replays") => {
            let body = json!({"consumer": "profile-projector", "all": true});
            vec![("", call("POST", row.path).json(&body))]
        }
        ("POST", "/v1/bus/redrives") => {
            vec![("", call("POST", row.path).json(&json!({"function": "profile-projector"})))]
        }
        ("POST", "/v1/kintell/webhooks" | "/v1/buddy/webhooks") => {
            vec![("unsigned", call("POST", row.path).json(&json!({})))]
        }
        ("POST", "/v1/upskilling/webhooks/{provider}") => {
            let signed = |provider: &str| call("POST", &format!("/v1/upskilling/webhooks/{provider}")).json(&json!({}));
            vec![("unsigned", signed("ecornell")), ("of nobody known", signed("udemy"))]
        }
        // Empty, so that it does the same for whoever may.
        (
            "POST",
            "/v1/buddy/matches"
            | "/v1/buddy/events"
            | "/v1/buddy/checkins"
            | "/v1/buddy/feedback"
            | "/v1/upskilling/completions"
            | "/v1/upskilling/credentials",
        ) => vec![("without a record", call("POST", row.path).json(&json!({ "items": [] })))],
        ("GET", "/v1/moderation/health" | "/v1/moderation/console") => vec![("", call("GET", row.path))],
        ("GET", "/v1/moderation/reviews") => {
            let lane = |lane: &str| call("GET", &format!("/v1/moderation/reviews?lane={lane}"));
            vec![("general lane", lane("general")), ("sensitive lane", lane("sensitive"))]
        }
        (
            method,
            "/v1/moderation/reviews/{id}"
            | "/v1/moderation/reviews/{id}/claim"
            | "/v1/moderation/reviews/{id}/open"
            | "/v1/moderation/reviews/{id}/release",
        ) => {
            let path = |id: Uuid| row.path.replace("{id}", &id.to_string());
            vec![("general lane", call(method, &path(GENERAL))), ("sensitive lane", call(method, &path(SENSITIVE)))]
        }
        // Nothing is decided, so that it is the same for whoever may.
        ("POST", "/v1/moderation/reviews/{id}/decision" | "/v1/moderation/reviews/{id}/appeal") => {
            let body = match row.path.ends_with("decision") {
                true => json!({"decision": "uphold", "notes": "x"}),
                false => json!({"notes": "x"}),
            };
            let ask =
                |id: Uuid| call("POST", &row.path.replace("{id}", &id.to_string())).header("if-match", "*").json(&body);
            vec![("general lane", ask(GENERAL)), ("sensitive lane", ask(SENSITIVE))]
        }
        ("GET", "/v1/moderation/policy" | "/v1/moderation/rules") => vec![("", call("GET", row.path))],
        ("PUT", "/v1/moderation/policy") => {
            let call = call("PUT", row.path).header("if-match", "*");
            vec![("without a rule", call.json(&json!({"rules": [], "note": "x"})))]
        }
        ("POST", "/v1/moderation/screen") => {
            vec![("", call("POST", row.path).json(&json!({"text": "We practised.", "store": false})))]
        }
        (method, path) => panic!("{method} {path} is in an access table and has no request here: add one"),
    }
}

/// No token, two bad ones, and every role: the coordinator runs the language programme, the participant is its
/// participant, the volunteer met that participant.
fn callers() -> Vec<(&'static str, Option<String>)> {
    let mut expired = claims("admin", "admin", None);
    expired["exp"] = json!(1);
    let mut callers = vec![
        ("no token", None),
        ("forged token", Some(crate::support::Key::ec("ec-1").sign(&claims("admin", "admin", None)))),
        ("expired token", Some(ec_key().sign(&expired))),
    ];
    for role in Role::ALL {
        let own = match role {
            Role::Participant => Some(person(1)),
            Role::Volunteer => Some(person(4)),
            _ => None,
        };
        let mut claims = claims(role.name(), "language-coordinator", own);
        if role == Role::CompanyUser {
            claims["company_id"] = json!(crate::q2q::NORDLYS);
        }
        callers.push((role.name(), Some(ec_key().sign(&claims))));
    }
    callers
}

fn outcome(answer: &Answer) -> String {
    let mut text = answer.brief();
    if let Some(items) = answer.json["items"].as_array() {
        write!(text, ", {} found", items.len()).unwrap();
    }
    if answer.json["id"].is_string() && answer.json["name"].is_string() && answer.json["revision"].is_null() {
        text.push_str(", first name only");
    }
    if answer.json["services"][0]["oldest_unpublished_seconds"].is_number() {
        text.push_str(", with detail");
    }
    text
}

#[tokio::test]
async fn generated_access_table_is_what_every_caller_meets() {
    let world = World::new().await;
    crate::q2q::outcome(&world, person(1), "participant").await;
    world
        .owner
        .batch_execute(&format!(
            "INSERT INTO bus.batches (batch_id, count) VALUES (gen_random_uuid(), 1);
             INSERT INTO intake.imports (import_id, source, status, bucket, object_key, object_version)
             VALUES ('{IMPORT}', 'kintell', 'queued', 'drops', 'kintell/sessions/a.csv', '1')"
        ))
        .await
        .unwrap();
    let webhook = crate::webhooks::service(
        world.database.db_for("teei_kintell_webhook"),
        &world.nudges,
        &crate::webhooks::secret(),
    );
    let doors = crate::doors::services(&world.database, &world.nudges, &crate::webhooks::secret());
    let moderation = moderation_service(&world).await;
    let q2q = crate::q2q::service(&world.database, &world.nudges);
    let services: [(&str, &[Access], &Router); 7] = [
        ("profile-api", profile::api::ACCESS, &world.profiles),
        ("gateway-api", gateway::api::ACCESS, &world.gateway),
        ("q2q-api", q2q::api::ACCESS, &q2q),
        ("kintell-webhook", kintell::webhook::ACCESS, &webhook),
        ("buddy-api", buddy::api::ACCESS, &doors.0),
        ("upskilling-webhook", upskilling::webhook::ACCESS, &doors.1),
        ("moderation-api", moderation::api::ACCESS, &moderation),
    ];
    let mut table = String::from(
        "Who meets what: every operation, every role, no token, bad tokens. Generated by the tests.\n\
         The coordinator runs the language programme only; the participant is its participant; the volunteer met them.\n",
    );
    for (service, access, router) in services {
        for row in access {
            for at in 0..requests(row, "").len() {
                writeln!(table, "\n{service}  {} {}  {}", row.method, row.path, requests(row, "")[at].0).unwrap();
                for (name, bearer) in callers() {
                    let request = requests(row, name).swap_remove(at).1;
                    let request = if let Some(token) = &bearer { request.bearer(token) } else { request };
                    writeln!(table, "  {name:<15} {}", outcome(&request.to(router).await)).unwrap();
                }
            }
        }
    }
    let trimmed: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    golden("tests/golden/access.txt", &trimmed);
}

/// `moderation-api` over an item in each lane, held by somebody else.
async fn moderation_service(world: &World) -> Router {
    for (item, lane) in [(GENERAL, "general"), (SENSITIVE, "sensitive")] {
        world
            .owner
            .batch_execute(&format!(
                "INSERT INTO vault.texts (text_id, subject_id, author_role, kind, source, fact_id, field, sealed, digest, written_at)
                 VALUES ('{item}', '{person}', 'undeclared', 'other', 'kintell', '{item}', 'topics', '\\x01', decode(repeat('00', 16), 'hex'), now());
                 INSERT INTO core.screenings (screening_id, text_id, subject_id, revision, kind, decision, urgent, lane, opens_item, scorable,
                   engine, engine_version, policy_version, correlation_id, screened_at)
                 VALUES ('{item}', '{item}', '{person}', 1, 'other', 'review', false, '{lane}', true, false, 'rules', '1', '0+00000000', 'test', now());
                 INSERT INTO core.reviews (review_id, flag_id, screening_id, text_id, subject_id, reason, lane, urgent, state, written_at, raised_at,
                   due_at, claimed_by, claimed_until)
                 VALUES ('{item}', '{item}', '{item}', '{item}', '{person}', 'review', '{lane}', false, 'claimed', now(), now(),
                   CASE '{lane}' WHEN 'sensitive' THEN now() END, 'somebody else', now() + interval '1 hour')",
                person = person(1)
            ))
            .await
            .unwrap();
    }
    let hours = moderation::office_hours::OfficeHours::new("Europe/Oslo", "Mon-Fri 08:00-16:00").unwrap();
    let settings = moderation::api::Settings { contact: "on call".to_owned(), hours, lease: moderation::api::LEASE };
    let app = moderation::api::App::new(
        world.database.db_for("teei_moderation_api"),
        Box::new(tests::keys()),
        Box::new(world.nudges.clone()),
        moderation::screener::Screens::standard(),
        settings,
    );
    let page = shared::config::Env::from_pairs(&[("STAGE", "test")]);
    let app = app.with_console(moderation::api::console::Console::from_env(&page));
    moderation::api::router(std::sync::Arc::new(app), crate::support::verifier())
}
