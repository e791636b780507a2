//! One table test for each mapping: a row of a file, the fact it becomes, the events it is told by.
//!
//! Ids are shown as what they are the id of: a person by the address before its `@`, a text by its words in “ ”, another
//! fact by its key, the fact itself as `this`.

mod buddy;
mod kintell;
mod upskilling;

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use shared::{intake::entity::Entity, vault::Place};
use uuid::Uuid;

use super::support::World;

/// What a row became.
pub struct Mapped {
    /// The fact's fields that have a value.
    pub fact: Value,
    /// What is sealed about people: `<person> <field>` and the value.
    pub attributes: Value,
    /// The events, without those about people and texts: type and data.
    pub events: Value,
    /// The texts that were received: their words, and who wrote them on which side about what.
    pub texts: Value,
}

/// Imports a file of one row and shows what became of it.
pub async fn map(world: &World, key: &str, file: &str) -> Mapped {
    let before: i64 = world.count("SELECT count(*) FROM bus.events").await;
    let receipt = world.import(key, file).await;
    assert_eq!(receipt["counts"]["new"], 1, "{receipt:#}");
    let id: Uuid = receipt["id"].as_str().unwrap().parse().unwrap();
    let entity = entity_of(&receipt);
    let row = world
        .owner
        .query_one(&format!("SELECT to_jsonb(t), {} FROM {} t WHERE import_id = $1", entity.id, entity.table), &[&id])
        .await
        .unwrap();
    let mut names = names(world).await;
    names.insert(row.get::<_, Uuid>(1).to_string(), "this".to_owned());
    names.insert(id.to_string(), "import".to_owned());
    let mut fact: Map<String, Value> = serde_json::from_value(row.get(0)).unwrap();
    let plumbing = ["content_hash", "doors", "import_id", "line", "updated_at", "revision", "email_index"];
    fact.retain(|name, value| {
        let said = !value.is_null() && *value != json!(false);
        said && !plumbing.contains(&name.as_str()) && !name.ends_with("_digest")
    });
    for (name, value) in &mut fact {
        if name.ends_with("_sealed") {
            *value = json!("sealed");
        }
        if let Some(at) = value.as_str().and_then(|text| text.strip_suffix("+00:00")) {
            *value = json!(format!("{at}Z"));
        }
    }
    let (mut events, mut texts) = (Vec::new(), Vec::new());
    let rows = world
        .owner
        .query("SELECT type, (detail::jsonb) -> 'data' FROM bus.events ORDER BY event_id OFFSET $1", &[&before])
        .await
        .unwrap();
    for row in rows {
        let (kind, mut data): (String, Value) = (row.get(0), row.get(1));
        for plumbing in ["importId", "line", "revision"] {
            data.as_object_mut().unwrap().remove(plumbing);
        }
        let data = shown(&data, &names);
        match kind.as_str() {
            "intake.text.received.v1" => texts.push(json!([
                data["textId"],
                data["kind"],
                data["authorRole"],
                data["authorId"],
                data["subjectId"]
            ])),
            kind if kind.starts_with("profile.") || kind.starts_with("intake.") => {}
            kind => events.push(json!([kind, data])),
        }
    }
    Mapped {
        fact: shown(&Value::Object(fact), &names),
        attributes: attributes(world, id, &names).await,
        events: json!(events),
        texts: json!(texts),
    }
}

fn entity_of(receipt: &Value) -> &'static Entity {
    let all = kintell_entities().into_iter().chain(::buddy::ENTITIES.iter()).chain(::upskilling::ENTITIES.iter());
    all.copied().find(|entity| receipt["source"] == entity.source && receipt["entity"] == entity.name).unwrap()
}

fn kintell_entities() -> Vec<&'static &'static Entity> {
    ::kintell::ENTITIES.iter().collect()
}

/// A value with every id replaced by what it is the id of.
fn shown(value: &Value, names: &HashMap<String, String>) -> Value {
    match value {
        Value::String(text) => json!(names.get(text).unwrap_or(text)),
        Value::Array(items) => items.iter().map(|item| shown(item, names)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), shown(value, names)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

async fn names(world: &World) -> HashMap<String, String> {
    let vault = world.database.vault().await;
    let profiles: Vec<Uuid> = world
        .owner
        .query("SELECT profile_id FROM core.profiles", &[])
        .await
        .unwrap()
        .iter()
        .map(|r| r.get(0))
        .collect();
    let keys = vault.subject_keys(&world.owner, &profiles).await.unwrap();
    let mut names = HashMap::new();
    for row in world.owner.query("SELECT email_id, profile_id, sealed FROM vault.emails", &[]).await.unwrap() {
        let profile: Uuid = row.get(1);
        let place = Place { table: "vault.emails", column: "sealed", row: row.get(0) };
        let email = keys[&profile].unseal(place, row.get(2)).unwrap();
        names.insert(profile.to_string(), email.expose().split('@').next().unwrap().to_owned());
    }
    for row in world.owner.query("SELECT text_id, subject_id, sealed FROM vault.texts", &[]).await.unwrap() {
        let (text, subject): (Uuid, Uuid) = (row.get(0), row.get(1));
        let place = Place { table: "vault.texts", column: "sealed", row: text };
        names.insert(text.to_string(), format!("“{}”", keys[&subject].unseal(place, row.get(2)).unwrap().expose()));
    }
    for row in world.owner.query("SELECT match_id, source_id FROM core.buddy_matches", &[]).await.unwrap() {
        names.insert(row.get::<_, Uuid>(0).to_string(), row.get(1));
    }
    names
}

async fn attributes(world: &World, import: Uuid, names: &HashMap<String, String>) -> Value {
    let vault = world.database.vault().await;
    let mut found = Map::new();
    let rows = world
        .owner
        .query("SELECT profile_id, field, source, sealed FROM vault.attributes WHERE import_id = $1", &[&import])
        .await
        .unwrap();
    for row in rows {
        let (profile, field, source): (Uuid, String, String) = (row.get(0), row.get(1), row.get(2));
        let keys = vault.subject_keys(&world.owner, &[profile]).await.unwrap();
        let column = format!("sealed/{field}/{source}");
        let place = Place { table: "vault.attributes", column: &column, row: profile };
        let value = keys[&profile].unseal(place, row.get(3)).unwrap();
        found.insert(format!("{} {field}", names[&profile.to_string()]), json!(value.expose()));
    }
    Value::Object(found)
}
