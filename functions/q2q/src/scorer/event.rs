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
    use shared::contracts::schema;

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
}
