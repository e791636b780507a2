mod generated;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Runs a check on every type, by its Rust type.
macro_rules! for_every_type {
    ($check:ident) => {
        every_type!(run $check)
    };
}
macro_rules! run {
    ([$check:ident] $($kind:ident),+) => {{ $($check::<$kind>();)+ }};
}

fn valid(schema: &Value, event: &Value) -> Result<(), String> {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    validator.validate(event).map_err(|error| error.to_string())
}

fn the_example_is_valid_and_comes_back_the_same<T: Contract>() {
    let example = schema::example::<T>();
    valid(&schema::schema_of::<T>(), &example).unwrap_or_else(|error| panic!("{}: {error}", T::TYPE));
    let read = Envelope::<T>::read(&example.to_string()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read.to_json().unwrap()).unwrap(), example, "{}", T::TYPE);
}

#[test]
fn every_example_is_valid_against_its_schema_and_round_trips() {
    for_every_type!(the_example_is_valid_and_comes_back_the_same);
}

fn an_added_member_is_passed_over_and_not_written_again<T: Contract>() {
    let mut event = schema::example::<T>();
    event["added"] = json!("later");
    event["data"]["added"] = json!({ "later": true });
    valid(&schema::schema_of::<T>(), &event).unwrap();
    let again = Envelope::<T>::read(&event.to_string()).unwrap().to_json().unwrap();
    assert!(!again.contains("added") && !again.contains("later"), "{again}");
}

#[test]
fn readers_pass_over_added_members_and_writers_emit_none() {
    for_every_type!(an_added_member_is_passed_over_and_not_written_again);
}

/// Each member of the envelope and of the data is taken away in turn, and set to a value no contract allows.
fn reader_and_schema_refuse_the_same<T: Contract>() {
    let (schema, example) = (schema::schema_of::<T>(), schema::example::<T>());
    let mut tried = 0;
    for (pointer, members) in [("", &example), ("/data", &example["data"])] {
        for member in members.as_object().unwrap().keys() {
            for replacement in [None, Some(json!("Oksana Shevchenko")), Some(json!(-1))] {
                let mut event = example.clone();
                let target = event.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
                match replacement {
                    None => target.remove(member),
                    Some(value) => target.insert(member.clone(), value),
                };
                let by_schema = valid(&schema, &event);
                let by_reader = Envelope::<T>::read(&event.to_string());
                assert_eq!(
                    by_schema.is_ok(),
                    by_reader.is_ok(),
                    "{} {pointer}/{member}: {by_schema:?} {:?} {event}",
                    T::TYPE,
                    by_reader.err()
                );
                if let Err(error) = by_reader {
                    assert!(!error.to_string().contains("Oksana"), "{error}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn the_reader_refuses_exactly_what_the_schema_refuses() {
    for_every_type!(reader_and_schema_refuse_the_same);
}

/// No text of a person fits: every string in a schema has a format, a pattern, a list of names or is constant.
#[test]
fn no_member_of_any_contract_takes_free_text() {
    fn look(at: &str, schema: &Value) {
        match schema {
            Value::Object(members) => {
                if members.get("type").is_some_and(|kind| {
                    kind == "string" || kind.as_array().is_some_and(|k| k.contains(&json!("string")))
                }) {
                    assert!(
                        ["format", "pattern", "enum", "const"].iter().any(|rule| members.contains_key(*rule)),
                        "{at} takes any text"
                    );
                }
                members.iter().for_each(|(name, value)| look(&format!("{at}/{name}"), value));
            }
            Value::Array(items) => items.iter().for_each(|item| look(at, item)),
            _ => {}
        }
    }
    let catalogue = schema::catalogue();
    assert_eq!(catalogue.len(), 33);
    for published in catalogue {
        look(published.name, &published.schema["properties"]);
    }
}

#[test]
fn every_member_of_every_contract_is_described() {
    for published in schema::catalogue() {
        let properties = &published.schema["properties"];
        for members in [properties, &properties["data"]["properties"]] {
            for (name, member) in members.as_object().unwrap() {
                if name != "data" {
                    assert!(member["description"].is_string(), "{} {name}", published.name);
                }
            }
        }
        assert!(published.schema["description"].is_string(), "{}", published.name);
    }
}

#[test]
fn an_event_of_another_type_is_unknown_and_not_broken() {
    let event = schema::example::<SessionScheduled>().to_string();
    assert_eq!(Envelope::<SessionCompleted>::read(&event), Err(ContractError::UnknownType));
    assert_eq!(ContractError::UnknownType.code(), "unknown_type");
}

#[test]
fn the_rules_between_fields_hold_when_writing_and_when_reading() {
    let now: Timestamp = "2025-03-05T08:00:00Z".parse().unwrap();
    let seal = |data: SessionCompleted| {
        let id = data.session_id;
        Envelope::seal(EventDraft::new(data, id, now, "r"), now).map(drop)
    };
    let good = SessionCompleted::example();
    assert!(seal(good.clone()).is_ok());
    for bad in [
        SessionCompleted { volunteer_id: good.participant_id, ..good.clone() },
        SessionCompleted { rating_scale: None, ..good.clone() },
        SessionCompleted { rating: None, ..good.clone() },
        SessionCompleted { completed_at: good.scheduled_at - jiff::SignedDuration::from_secs(1), ..good.clone() },
    ] {
        let mut event = schema::example::<SessionCompleted>();
        event["data"] = serde_json::to_value(&bad).unwrap();
        assert!(matches!(seal(bad), Err(ContractError::Broken(_))));
        assert!(matches!(Envelope::<SessionCompleted>::read(&event.to_string()), Err(ContractError::Broken(_))));
    }
    let counts = Counts { records: 3, new: 1, ..Counts::default() };
    assert!(ImportCompleted { counts, ..ImportCompleted::example() }.check().is_err());
    assert!(TextReceived { author_id: None, ..TextReceived::example() }.check().is_err());
    assert!(
        TextReceived { author_id: None, author_role: AuthorRole::Undeclared, ..TextReceived::example() }
            .check()
            .is_ok()
    );
    assert!(FlagChanged { value: false, ..FlagChanged::example() }.check().is_err());
}

#[test]
fn a_type_that_is_to_end_says_so_in_every_event_and_in_its_schema() {
    /// Ends.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Ending {
        revision: Revision,
    }
    impl Contract for Ending {
        const TYPE: &'static str = "profile.ending.v1";
        const SERVICE: &'static str = "profile";
        const SUNSET: Option<&'static str> = Some("2027-01-01T00:00:00Z");
        fn example() -> Self {
            Self { revision: Revision::FIRST }
        }
    }
    let (schema, example) = (schema::schema_of::<Ending>(), schema::example::<Ending>());
    assert_eq!(example["deprecationsunset"], "2027-01-01T00:00:00Z");
    assert_eq!((&schema["deprecated"], &schema["x-sunset"]), (&json!(true), &json!("2027-01-01T00:00:00Z")));
    valid(&schema, &example).unwrap();
    assert!(Envelope::<Ending>::read(&example.to_string()).is_ok());
    assert!(schema::example::<SessionCompleted>().get("deprecationsunset").is_none());
}

/// Each breaks one rule between fields, as its type's check finds it.
#[test]
fn the_rules_of_buddy_retraction_and_undo_hold() {
    fn broken<T: Contract>(bad: T) {
        let mut event = schema::example::<T>();
        event["data"] = serde_json::to_value(&bad).unwrap();
        assert!(bad.check().is_err(), "{event}");
        assert!(matches!(Envelope::<T>::read(&event.to_string()), Err(ContractError::Broken(_))), "{event}");
    }
    let created = MatchCreated::example();
    broken(MatchCreated { buddy_id: created.participant_id, ..created });
    let ended = MatchEnded::example();
    broken(MatchEnded { buddy_id: ended.participant_id, ..ended.clone() });
    broken(MatchEnded { matched_at: Some(ended.ended_at + jiff::SignedDuration::from_secs(1)), ..ended.clone() });
    assert!(MatchEnded { matched_at: None, ..ended }.check().is_ok());
    let shared = SkillShareCompleted::example();
    broken(SkillShareCompleted { teacher_id: shared.learner_id, ..shared });
    let merged = ProfileMerged::example();
    broken(ProfileMerged { merged_id: merged.survivor_id, ..merged });
    let unmerged = ProfileUnmerged::example();
    broken(ProfileUnmerged { merged_id: unmerged.survivor_id, ..unmerged });
    let scored = OutcomeScored::example();
    broken(OutcomeScored { dimension: Dimension::WellBeing, ..scored.clone() });
    assert!(OutcomeScored { dimension: Dimension::WellBeing, score: None, ..scored }.check().is_ok());
    broken(ImportUndone { counts: Counts { records: 3, ..Counts::default() }, ..ImportUndone::example() });
}

/// What JSON Schema can say of the rules between fields, it says.
#[test]
fn the_schema_refuses_a_score_of_well_being_and_a_flag_whose_cause_is_missing() {
    let refused = |schema: Value, event: &Value, member: &str, value: Value| {
        let mut event = event.clone();
        event["data"][member] = value;
        assert!(valid(&schema, &event).is_err(), "{event}");
    };
    let scored = schema::example::<OutcomeScored>();
    refused(schema::schema_of::<OutcomeScored>(), &scored, "dimension", json!("well_being"));
    let flag = schema::example::<FlagChanged>();
    refused(schema::schema_of::<FlagChanged>(), &flag, "value", json!(false));
    refused(schema::schema_of::<FlagChanged>(), &flag, "becauseOf", json!([]));
    refused(schema::schema_of::<ProfileUpdated>(), &schema::example::<ProfileUpdated>(), "changed", json!([]));
    refused(schema::schema_of::<ImportCompleted>(), &schema::example::<ImportCompleted>(), "outcome", json!("refused"));
    refused(schema::schema_of::<ImportRefused>(), &schema::example::<ImportRefused>(), "outcome", json!("loaded"));
}

#[test]
fn a_retraction_belongs_to_the_service_of_its_fact_and_names_a_milestone_only_of_a_journey() {
    let schema = schema::schema_of::<FactRetracted>();
    let of = |fact_type, milestone| FactRetracted { fact_type, milestone, ..FactRetracted::example() };
    for fact_type in FactType::ALL {
        for milestone in [None, Some(Milestone::BuddyMatched)] {
            let data = of(*fact_type, milestone);
            let right = milestone.is_some() == (*fact_type == FactType::ProfileMilestone);
            assert_eq!(data.check().is_ok(), right);
            let mut event = schema::example::<FactRetracted>();
            event["source"] = json!(format!("teei/{}", fact_type.service()));
            event["data"] = serde_json::to_value(&data).unwrap();
            assert_eq!(valid(&schema, &event).is_ok(), right, "{event}");
            assert_eq!(Envelope::<FactRetracted>::read(&event.to_string()).is_ok(), right, "{event}");
            if right {
                let sealed = Envelope::<FactRetracted>::read(&event.to_string()).unwrap();
                assert_eq!(sealed.source(), event["source"].as_str().unwrap());
                event["source"] = json!("teei/moderation");
                assert!(Envelope::<FactRetracted>::read(&event.to_string()).is_err(), "{event}");
            }
        }
    }
}

#[test]
fn a_scheduled_meeting_happens_when_it_is_recorded() {
    let now: Timestamp = "2025-03-05T08:00:00Z".parse().unwrap();
    let draft = EventDraft::recorded(SessionScheduled::example(), SessionScheduled::example().session_id, "r");
    let sealed = Envelope::seal(draft.caused_by(Uuid::nil()), now).unwrap();
    assert_eq!((sealed.time, sealed.recordedtime, sealed.causationid), (now, now, Some(Uuid::nil())));
    assert_eq!(sealed.id.get_version_num(), 7);
}

proptest! {
    #[test]
    fn a_completed_session_of_any_values_survives_the_wire(
        minutes in 1i64..=480, units in proptest::option::of(0i64..=100_000), level in 0usize..6, seconds in 0i64..4_000_000_000, revision in 1i64..100,
    ) {
        let data = SessionCompleted {
            duration_minutes: DurationMinutes::new(minutes).ok(),
            rating: units.map(|units| Rating::new(rust_decimal::Decimal::new(units, 5)).unwrap()),
            rating_scale: units.map(|_| RatingScale::ZeroToOne),
            language_level: Some(Cefr::ALL[level]),
            scheduled_at: Timestamp::from_second(seconds).unwrap(),
            completed_at: Timestamp::from_second(seconds + 60).unwrap(),
            revision: Revision::new(revision).unwrap(),
            ..SessionCompleted::example()
        };
        let sealed = Envelope::seal(EventDraft::new(data.clone(), data.session_id, data.completed_at, "r"), data.completed_at).unwrap();
        prop_assert_eq!(Envelope::<SessionCompleted>::read(&sealed.to_json().unwrap()).unwrap(), sealed);
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(text in ".{0,200}") {
        prop_assert!(Header::read(&text).is_err());
        prop_assert!(Envelope::<SessionCompleted>::read(&text).is_err());
    }
}
