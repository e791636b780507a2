//! What the scorer reads of an event: which text or whose texts to look at. What holds is in the store, so nothing else
//! of an event matters, neither its order nor what it decided.

use shared::contracts::{
    Contract, ContractError, Envelope, FactRetracted, FactType, ProfileErased, PurposeChanged, PurposeName,
    ReviewCompleted, TextScreened,
};
use uuid::Uuid;

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A text, and what shares its place in a fact.
    Text(Uuid),
    /// All texts of a person, or by one.
    Person(Uuid),
    /// A person was erased.
    Erased(Uuid),
    /// Nothing: the event is about something else.
    Nothing,
}

/// An event the scorer takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// The event; what is told because of it names it as its cause.
    pub event_id: Uuid,
    /// What there is to look at.
    pub look: Look,
}

/// Reads an event.
pub fn read(kind: &str, detail: &str) -> Result<Trigger, ContractError> {
    let (event_id, look) = match kind {
        TextScreened::TYPE => {
            let event = Envelope::<TextScreened>::read(detail)?;
            (event.id, Look::Text(event.data.text_id))
        }
        ReviewCompleted::TYPE => {
            let event = Envelope::<ReviewCompleted>::read(detail)?;
            (event.id, Look::Text(event.data.text_id))
        }
        FactRetracted::TYPE => {
            let event = Envelope::<FactRetracted>::read(detail)?;
            let look = match event.data.fact_type {
                FactType::IntakeText => Look::Text(event.data.fact_id),
                _ => Look::Nothing,
            };
            (event.id, look)
        }
        PurposeChanged::TYPE => {
            let event = Envelope::<PurposeChanged>::read(detail)?;
            let look = match event.data.purpose {
                PurposeName::OutcomeScoring => Look::Person(event.data.profile_id),
                _ => Look::Nothing,
            };
            (event.id, look)
        }
        ProfileErased::TYPE => {
            let event = Envelope::<ProfileErased>::read(detail)?;
            (event.id, Look::Erased(event.data.profile_id))
        }
        _ => return Err(ContractError::UnknownType),
    };
    Ok(Trigger { event_id, look })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::contracts::{consumers, schema};

    use super::*;

    #[test]
    fn an_event_says_what_to_look_at_and_other_facts_are_passed_over() {
        let example = |name: &str| {
            let published = schema::catalogue();
            let one = published.iter().find(|one| one.name == name).unwrap();
            one.schema["examples"][0].clone()
        };
        let look = |name: &str| read(name, &example(name).to_string()).unwrap().look;
        assert!(matches!(look(TextScreened::TYPE), Look::Text(_)));
        assert!(matches!(look(ReviewCompleted::TYPE), Look::Text(_)));
        assert_eq!(look(FactRetracted::TYPE), Look::Nothing, "a meeting's");
        assert_eq!(look(PurposeChanged::TYPE), Look::Nothing, "of figures for companies");
        assert!(matches!(look(ProfileErased::TYPE), Look::Erased(_)));
        assert_eq!(read("q2q.outcome.scored.v1", "{}"), Err(ContractError::UnknownType));
    }

    /// What an event makes the scorer look at depends on the declared members, and on no other.
    #[test]
    fn what_is_declared_to_be_read_is_what_makes_a_difference() {
        let other = json!("01900000-0000-7000-8000-00000000ffff");
        let changes = [
            ("factType", json!("intake.text")),
            ("purpose", json!("outcome_scoring")),
            ("decision", json!("escalate")),
            ("state", json!("withdrawn")),
            ("reason", json!("erased")),
            ("engine", json!("other")),
            ("engineVersion", json!("9.9")),
            ("completedAt", json!("2024-01-01T00:00:00Z")),
            ("revision", json!(7)),
        ];
        for reads in consumers::Q2Q_SCORER.reads {
            let published = schema::catalogue();
            let mut event = published.iter().find(|one| one.name == reads.kind).unwrap().schema["examples"][0].clone();
            // Of the kinds it looks at, so that a change can be seen.
            for (name, value) in [("factType", json!("intake.text")), ("purpose", json!("outcome_scoring"))] {
                if event["data"].get(name).is_some() {
                    event["data"][name] = value;
                }
            }
            event["source"] = json!(format!("teei/{}", reads.from[0]));
            let before = read(reads.kind, &event.to_string()).unwrap().look;
            for member in event["data"].as_object().unwrap().keys() {
                let mut changed = event.clone();
                let known = changes.iter().find(|(name, _)| name == member).map(|(_, value)| value.clone());
                let mut value = known.unwrap_or_else(|| other.clone());
                if event["data"][member] == value {
                    value = match member.as_str() {
                        "factType" => json!("kintell.session"),
                        "purpose" => json!("safety"),
                        _ => json!("overturn"),
                    };
                }
                changed["data"][member] = value;
                if member == "factType" {
                    changed["source"] = json!("teei/kintell");
                }
                // The moderation's decision may be any of its own list.
                let after = read(reads.kind, &changed.to_string())
                    .or_else(|_| {
                        changed["data"][member] = json!("block");
                        read(reads.kind, &changed.to_string())
                    })
                    .unwrap_or_else(|error| panic!("{} {member}: {error}", reads.kind))
                    .look;
                assert_eq!(before != after, reads.fields.contains(&member.as_str()), "{} {member}", reads.kind);
            }
        }
    }
}
