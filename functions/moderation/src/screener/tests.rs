//! The screener's declaration in `shared::contracts::consumers` is true: it takes exactly those types, and what it makes
//! of an event depends on exactly those members.

use serde_json::{Value, json};
use shared::contracts::{consumers::MODERATION_SCREENER, schema};

use super::*;

fn read(kind: &str, event: &Value) -> Result<Told, ContractError> {
    Screener::read(kind, &event.to_string())
}

#[test]
fn exactly_the_declared_types_are_taken_in() {
    assert_eq!(Screener::NAME, MODERATION_SCREENER.name);
    for published in schema::catalogue() {
        let declared = MODERATION_SCREENER.reads.iter().any(|reads| reads.kind == published.name);
        let taken = !matches!(read(published.name, &published.example), Err(ContractError::UnknownType));
        assert_eq!(taken, declared, "{}", published.name);
    }
}

#[test]
fn what_is_made_of_an_event_depends_on_the_declared_members_alone() {
    let other = json!("00000000-0000-7000-8000-000000000001");
    for published in schema::catalogue() {
        let Some(reads) = MODERATION_SCREENER.reads.iter().find(|reads| reads.kind == published.name) else { continue };
        // A retraction of a text, and a text that supersedes another.
        let mut base = published.example.clone();
        if published.name == FactRetracted::TYPE {
            base["source"] = json!("teei/intake");
            base["data"]["factType"] = json!("intake.text");
        } else {
            base["data"]["supersedes"] = json!("00000000-0000-7000-8000-000000000002");
        }
        let told = read(published.name, &base).unwrap();
        for (member, value) in base["data"].as_object().unwrap() {
            let changes = [
                other.clone(),
                json!(7),
                json!("undone"),
                json!("withdrawn"),
                json!("other"),
                json!("volunteer"),
                Value::Null,
            ];
            let moved = changes.into_iter().filter(|change| change != value).any(|change| {
                let mut changed = base.clone();
                changed["data"][member] = change;
                read(published.name, &changed).is_ok_and(|read| read != told)
            });
            if member == "factType" {
                let mut changed = base.clone();
                changed["data"]["factType"] = json!("kintell.session");
                changed["source"] = json!("teei/kintell");
                assert_eq!(read(published.name, &changed).unwrap(), Told::Other);
                continue;
            }
            assert_eq!(moved, reads.fields.contains(&member.as_str()), "{} {member}", published.name);
        }
    }
}
