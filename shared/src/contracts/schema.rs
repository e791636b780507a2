//! JSON Schema (2020-12) of every contract event, whole: envelope and data. Generated from the Rust types into
//! `events/contracts/`, so that a subscriber needs no Rust to know what comes.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{
    BuddyMilestoneReached, CLASSIFICATION, CONTENT_TYPE, CheckinCompleted, Contract, CorrelationId, CourseCompleted,
    CredentialIssued, Envelope, EventAttended, EventDraft, EventLogged, FactRetracted, FeedbackSubmitted, FlagChanged,
    ImportCompleted, ImportRefused, ImportUndone, MatchCreated, MatchEnded, MilestoneReached, ProfileCreated,
    ProfileLinked, ProfileUnlinked, ProfileUpdated, ProgressUpdated, RatingCreated, SPEC_VERSION, SessionCompleted,
    SessionScheduled, SkillShareCompleted, TextReceived, examples, source,
};

/// One published type.
pub struct Published {
    /// The type's name with its version.
    pub name: &'static str,
    /// Its schema.
    pub schema: Value,
}

/// Every type there is, in the order of the contract document.
pub fn catalogue() -> Vec<Published> {
    vec![
        published::<SessionScheduled>(),
        published::<SessionCompleted>(),
        published::<RatingCreated>(),
        published::<MatchCreated>(),
        published::<MatchEnded>(),
        published::<EventLogged>(),
        published::<EventAttended>(),
        published::<SkillShareCompleted>(),
        published::<CheckinCompleted>(),
        published::<FeedbackSubmitted>(),
        published::<BuddyMilestoneReached>(),
        published::<CourseCompleted>(),
        published::<CredentialIssued>(),
        published::<ProgressUpdated>(),
        published::<TextReceived>(),
        published::<FactRetracted>(),
        published::<ProfileCreated>(),
        published::<ProfileUpdated>(),
        published::<ProfileLinked>(),
        published::<ProfileUnlinked>(),
        published::<MilestoneReached>(),
        published::<FlagChanged>(),
        published::<ImportCompleted>(),
        published::<ImportRefused>(),
        published::<ImportUndone>(),
    ]
}

fn published<T: Contract>() -> Published {
    Published { name: T::TYPE, schema: schema_of::<T>() }
}

/// The schema of a whole event of type `T`. Unknown members are allowed on purpose: readers pass over them.
pub fn schema_of<T: Contract>() -> Value {
    let mut data: Value = data_schema::<T>();
    let description = data.as_object_mut().and_then(|data| data.remove("description"));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": Envelope::<T>::dataschema(),
        "title": T::TYPE,
        "description": description,
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "recordedtime", "datacontenttype", "dataschema",
            "correlationid", "dataclassification", "data"
        ],
        "properties": {
            "specversion": { "const": SPEC_VERSION, "description": "The version of CloudEvents." },
            "id": uuid("The event's identity, UUIDv7: recognise repeats by it."),
            "source": sources::<T>(),
            "type": { "const": T::TYPE, "description": "The event's type with its version; also the detail-type on the bus." },
            "subject": uuid("The fact's id."),
            "time": instant("When it happened, in UTC."),
            "recordedtime": instant("When it was written down, in UTC."),
            "datacontenttype": { "const": CONTENT_TYPE, "description": "The media type of data." },
            "dataschema": { "const": Envelope::<T>::dataschema(), "description": "The name of this schema." },
            "correlationid": correlation(),
            "causationid": uuid("The event this one follows from, if one did."),
            "dataclassification": { "const": CLASSIFICATION, "description": "People are surrogate ids; no names, addresses or words." },
            "data": data,
        },
        "examples": [example::<T>()],
    })
}

fn data_schema<T: Contract>() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator();
    let mut schema = generator.root_schema_for::<T>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
    }
    schema
}

fn sources<T: Contract>() -> Value {
    let sources: Vec<String> = T::SERVICES.iter().map(|service| source(service)).collect();
    let description = "The service the fact belongs to.";
    match sources.as_slice() {
        [one] => json!({ "const": one, "description": description }),
        several => json!({ "type": "string", "enum": several, "description": description }),
    }
}

fn uuid(description: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": description })
}

fn instant(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

fn correlation() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = <CorrelationId as schemars::JsonSchema>::json_schema(&mut generator).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!("What all events of one cause have in common."));
    }
    schema
}

/// The type's example as a whole event, with invented ids and times.
pub fn example<T: Contract>() -> Value {
    let recorded = examples::instant("2025-03-05T08:00:00Z");
    let draft =
        EventDraft::new(T::example(), examples::SESSION, examples::instant("2025-03-04T17:45:00Z"), "import-0195");
    let sealed = Envelope::seal(draft, recorded).expect("the example of a contract keeps its rules");
    let sealed = Envelope { id: examples::EVENT, ..sealed };
    let json = sealed.to_json().expect("the example of a contract is JSON");
    serde_json::from_str(&json).expect("the JSON just written is read")
}
