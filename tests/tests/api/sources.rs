//! What is declared about a source: read, changed by those who know it, kept in the audit log.

use serde_json::{Value, json};
use shared::auth::Role;
use uuid::Uuid;

use crate::support::{Answer, World, admin, call, token};

const PATH: &str = "/v1/imports/sources/kintell";

async fn get(world: &World) -> Answer {
    call("GET", PATH).bearer(&admin()).to(&world.gateway).await
}

async fn put(world: &World, etag: &str, body: &Value) -> Answer {
    call("PUT", PATH).bearer(&admin()).header("if-match", etag).json(body).to(&world.gateway).await
}

fn layout<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["layouts"].as_array().unwrap().iter().find(|layout| layout["layout"] == name).unwrap()
}

#[tokio::test]
async fn a_source_is_all_its_layouts_with_their_columns_and_what_is_declared() {
    let world = World::new().await;
    let answer = get(&world).await;
    let names: Vec<_> =
        answer.json["layouts"].as_array().unwrap().iter().map(|one| one["layout"].as_str().unwrap()).collect();
    assert_eq!(
        (answer.json["source"].as_str(), names),
        (Some("kintell"), vec!["language", "mentor", "legacy", "users", "ratings"])
    );
    let mut language = layout(&answer.json, "language").clone();
    assert!(language["columns"].take().as_array().unwrap().contains(&json!("participant_email")));
    assert_eq!(
        language,
        json!({"entity": "sessions", "layout": "language", "columns": null, "date_order": null, "decimal_sign": null, "rating_scale": "1-5",
               "zone": "Europe/Oslo", "excel_serials": false, "encoding": null, "author": "participant", "rater": "participant", "instance_id": null})
    );
    assert!(answer.header("etag").starts_with('"'));
    let unknown = call("GET", "/v1/imports/sources/kintel").bearer(&admin()).to(&world.gateway).await;
    assert_eq!(unknown.brief(), "404 not_found");
}

#[tokio::test]
async fn what_was_read_can_be_put_back_and_changes_nothing() {
    let world = World::new().await;
    let read = get(&world).await;
    let answer = put(&world, read.header("etag"), &read.json).await;
    assert_eq!((answer.brief().as_str(), &answer.json), ("200", &read.json));
    assert_eq!(answer.header("etag"), read.header("etag"));
    assert_eq!(world.count("SELECT count(*) FROM audit.log").await, 0);
}

#[tokio::test]
async fn a_declaration_is_changed_field_by_field_and_audited_old_and_new() {
    let world = World::new().await;
    let read = get(&world).await;
    let body = json!({"layouts": [
        {"entity": "sessions", "layout": "language", "date_order": "day_first", "rater": null},
        {"entity": "users", "layout": "users", "encoding": "windows-1252", "excel_serials": true},
    ]});
    let answer = put(&world, read.header("etag"), &body).await;
    assert_eq!(answer.brief(), "200", "{}", answer.json);
    let language = layout(&answer.json, "language");
    assert_eq!(
        (&language["date_order"], &language["rater"], &language["zone"]),
        (&json!("day_first"), &Value::Null, &json!("Europe/Oslo"))
    );
    assert_eq!(layout(&answer.json, "users")["excel_serials"], true);
    assert_ne!(answer.header("etag"), read.header("etag"));
    assert_eq!(get(&world).await.json, answer.json);
    let row = world.owner.query_one("SELECT actor, action, details FROM audit.log", &[]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("admin-1", "source_profile.update"));
    let mut details: Value = row.get(2);
    details["changes"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    let change = |entity: &str, layout: &str, field: &str, from: Value, to: Value| json!({"entity": entity, "layout": layout, "field": field, "from": from, "to": to});
    assert_eq!(
        details,
        json!({"source": "kintell", "changes": [
            change("sessions", "language", "date_order", Value::Null, json!("day_first")),
            change("sessions", "language", "rater", json!("participant"), Value::Null),
            change("users", "users", "encoding", Value::Null, json!("windows-1252")),
            change("users", "users", "excel_serials", json!(false), json!(true)),
        ]})
    );
}

#[tokio::test]
async fn null_takes_every_declaration_back_also_the_one_of_day_counts() {
    let world = World::new().await;
    let body = |value: Value| json!({"layouts": [{"entity": "sessions", "layout": "mentor", "excel_serials": value, "zone": "Europe/Oslo"}]});
    let serials = async |value: Value| {
        let answer = put(&world, "*", &body(value)).await;
        layout(&answer.json, "mentor")["excel_serials"].clone()
    };
    assert_eq!(serials(json!(true)).await, json!(true));
    assert_eq!(serials(Value::Null).await, json!(false));
}

#[tokio::test]
async fn of_two_who_read_the_same_the_second_is_told() {
    let world = World::new().await;
    let read = get(&world).await;
    let body = |order: &str| json!({"layouts": [{"entity": "sessions", "layout": "mentor", "date_order": order}]});
    assert_eq!(put(&world, read.header("etag"), &body("day_first")).await.brief(), "200");
    assert_eq!(put(&world, read.header("etag"), &body("month_first")).await.brief(), "412 stale");
    let without = call("PUT", PATH).bearer(&admin()).json(&body("day_first")).to(&world.gateway).await;
    assert_eq!(without.brief(), "428 precondition_required");
    assert_eq!(put(&world, "nonsense", &body("day_first")).await.brief(), "400 bad_if_match");
    assert_eq!(layout(&get(&world).await.json, "mentor")["date_order"], "day_first");
}

#[tokio::test]
async fn a_declaration_that_cannot_be_meant_is_refused_and_nothing_of_it_is_kept() {
    let world = World::new().await;
    let of = |extra: Value| {
        let mut layout = json!({"entity": "sessions", "layout": "language"});
        layout.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"layouts": [{"entity": "users", "layout": "users", "date_order": "day_first"}, layout]})
    };
    for (extra, pointer, code) in [
        (json!({"zone": "Europe/Atlantis"}), "/layouts/1/zone", "unknown_zone"),
        (json!({"zone": "local"}), "/layouts/1/zone", "unknown_zone"),
        (json!({"zone": "Etc/Unknown"}), "/layouts/1/zone", "unknown_zone"),
        (json!({"date_order": "year_first"}), "/layouts/1/date_order", "wrong_type"),
        (json!({"rating_scale": "1-10"}), "/layouts/1/rating_scale", "wrong_type"),
        (json!({"decimal_sign": ","}), "/layouts/1/decimal_sign", "wrong_type"),
        (json!({"encoding": "latin1"}), "/layouts/1/encoding", "wrong_type"),
        (json!({"rater": "buddy"}), "/layouts/1/rater", "unknown_part"),
        (json!({"author": "mentor"}), "/layouts/1/author", "wrong_type"),
        (json!({"excel_serials": null, "zone": 1}), "/layouts/1/zone", "wrong_type"),
        (json!({"instance_id": Uuid::nil()}), "/layouts/1/instance_id", "unknown_instance"),
        (json!({"layout": "legcy"}), "/layouts/1/layout", "unknown_layout"),
        (json!({"entity": "matches"}), "/layouts/1/entity", "unknown_entity"),
        (json!({"entity": "users", "layout": "users"}), "/layouts/1/layout", "duplicate_layout"),
        (json!({"scale": "1-5"}), "/layouts/1/scale", "unknown_field"),
    ] {
        let answer = put(&world, "*", &of(extra.clone())).await;
        let error = &answer.json["errors"][0];
        assert_eq!(
            (answer.brief().as_str(), &error["pointer"], &error["code"]),
            ("422 bad_field", &json!(pointer), &json!(code)),
            "{extra}"
        );
    }
    assert_eq!(world.count("SELECT count(*) FROM intake.source_profiles WHERE date_order IS NOT NULL").await, 0);
    let other = json!({"source": "buddy", "layouts": []});
    assert_eq!(put(&world, "*", &other).await.json["errors"][0]["pointer"], "/source");
}

#[tokio::test]
async fn the_data_protection_officer_reads_declarations_and_does_not_change_them() {
    let world = World::new().await;
    let dpo = token(Role::Dpo, "dpo-1", None);
    assert_eq!(call("GET", PATH).bearer(&dpo).to(&world.gateway).await.brief(), "200");
    let change = call("PUT", PATH).bearer(&dpo).header("if-match", "*").json(&json!({"layouts": []}));
    assert_eq!(change.to(&world.gateway).await.brief(), "403 forbidden");
}
