//! Contract events: what this platform tells others, and itself.
//!
//! Every event is a [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) object
//! whose `data` is one of the structs below. The Rust types are the source; `events/contracts/<type>.schema.json`
//! is generated from them ([`schema`]). A type's promise:
//! - it holds ids, enums, numbers, times and codes, and no field for what a person is called or wrote. The one text is
//!   the title a provider gives a course ([`CourseName`]), bounded, and no address fits into it;
//! - it is checked when it is written ([`EventDraft`]) and when it is read ([`Envelope::read`]);
//! - readers pass over fields they do not know, so that a field may be added; writers emit none of those.
//!
//! A breaking change is a new type `….v2`.

pub mod asyncapi;
pub mod buddy;
pub mod catalogue;
pub mod consumers;
mod examples;
pub mod intake;
pub mod kintell;
pub mod outcome;
pub mod profile;
pub mod publishers;
pub mod retraction;
pub mod safety;
pub mod schema;
pub mod typescript;
pub mod upskilling;
pub mod values;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use buddy::{
    BuddyMilestoneReached, CheckinCompleted, EventAttended, EventLogged, FeedbackCategories, FeedbackSubmitted,
    MatchCreated, MatchEnded, SkillShareCompleted,
};
pub use intake::{Counts, ImportCompleted, ImportRefused, ImportUndone, TextReceived, UndoCounts};
pub use kintell::{RatingCreated, SessionCompleted, SessionScheduled};
pub use outcome::OutcomeScored;
pub use profile::{
    FlagChanged, MilestoneReached, ProfileCreated, ProfileErased, ProfileLinked, ProfileMerged, ProfileUnlinked,
    ProfileUnmerged, ProfileUpdated, PurposeChanged,
};
pub use retraction::FactRetracted;
pub use safety::{ReviewCompleted, SafetyFlagRaised, TextScreened};
pub use upskilling::{CourseCompleted, CredentialIssued, ProgressUpdated};
pub use values::*;

use crate::error::{Classified, Retry};

/// Where the schemas are named from: `dataschema` of an event and `$id` of its schema are `<base><type>.schema.json`.
pub const SCHEMA_BASE: &str = "https://theeducationalequalityinstitute.org/contracts/";

/// The version of CloudEvents in use.
const SPEC_VERSION: &str = "1.0";
/// The media type of `data`.
const CONTENT_TYPE: &str = "application/json";
/// What every event says about itself: people are surrogate ids.
const CLASSIFICATION: &str = "pseudonymous";

/// A rule between fields that an event breaks; names fields and never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(pub &'static str);

/// One type of contract event: the shape of its `data` and its name on the bus.
pub trait Contract: Serialize + DeserializeOwned + JsonSchema + Sized + Send + Sync {
    /// The type, with its version: `kintell.session.completed.v1`. Also the `detail-type` on the bus.
    const TYPE: &'static str;
    /// The service the fact belongs to: `source` is `teei/<service>`, on the bus `teei.<service>`.
    const SERVICE: &'static str;
    /// Every service that facts of this type belong to: one, unless the type speaks of other facts.
    const SERVICES: &'static [&'static str] = &[Self::SERVICE];
    /// Until when this type is published beside the one that replaces it, in RFC 3339; none while nothing does. Every
    /// event of it then says so in `deprecationsunset`.
    const SUNSET: Option<&'static str> = None;

    /// The service this fact belongs to; one of [`Self::SERVICES`].
    fn service(&self) -> &'static str {
        Self::SERVICE
    }

    /// Rules between fields; the rules of single fields are in their types.
    fn check(&self) -> Result<(), Violation> {
        Ok(())
    }

    /// An invented instance, printed into the schema.
    fn example() -> Self;
}

/// An event to be written: data, what it is about, when it happened and what it belongs to. Becomes an event with
/// id and `recordedtime` in [`crate::bus::outbox::Outbox::push`].
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft<T> {
    pub(crate) data: T,
    pub(crate) subject: Uuid,
    pub(crate) time: Option<Timestamp>,
    pub(crate) correlation: String,
    pub(crate) causation: Option<Uuid>,
}

impl<T: Contract> EventDraft<T> {
    /// `subject` is the fact's id, `time` when it happened, `correlation` the id of the request or import.
    pub fn new(data: T, subject: Uuid, time: Timestamp, correlation: &str) -> Self {
        Self { data, subject, time: Some(time), correlation: correlation.to_owned(), causation: None }
    }

    /// For facts that happen by being recorded (a meeting was scheduled): `time` becomes `recordedtime`.
    pub fn recorded(data: T, subject: Uuid, correlation: &str) -> Self {
        Self { data, subject, time: None, correlation: correlation.to_owned(), causation: None }
    }

    /// Names the event this one follows from.
    pub fn caused_by(mut self, event_id: Uuid) -> Self {
        self.causation = Some(event_id);
        self
    }
}

/// An event with its envelope. The constant members (`specversion`, `source`, `type`, `datacontenttype`,
/// `dataschema`, `dataclassification`) follow from `T` and are checked when read.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<T> {
    /// Our identity of the event, UUIDv7: what consumers recognise a repeat by.
    pub id: Uuid,
    /// The fact's id.
    pub subject: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// When it was written down.
    pub recordedtime: Timestamp,
    /// What all events of one cause have in common.
    pub correlationid: CorrelationId,
    /// The event this one follows from.
    pub causationid: Option<Uuid>,
    /// The fact.
    pub data: T,
}

/// The envelope as it stands in JSON, for both ways: `S` borrows the constants or owns what was read.
#[derive(Serialize, Deserialize)]
struct Wire<S, C, T> {
    specversion: S,
    id: Uuid,
    source: S,
    r#type: S,
    subject: Uuid,
    time: Timestamp,
    recordedtime: Timestamp,
    datacontenttype: S,
    dataschema: S,
    correlationid: C,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    causationid: Option<Uuid>,
    dataclassification: S,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    deprecationsunset: Option<Timestamp>,
    data: T,
}

/// An event as it stands on the bus.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct OnTheWire<'e, T>(Wire<&'e str, &'e CorrelationId, &'e T>);

/// What stands on the outside of any event: enough to log it and to choose how to read it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Header {
    /// The event's id.
    pub id: Uuid,
    /// The type; may be one this platform does not know.
    pub r#type: String,
    /// What all events of one cause have in common.
    pub correlationid: CorrelationId,
    /// The replay that sent it once more; only an event from the log has it, none on the bus.
    #[serde(default)]
    pub replayid: Option<Uuid>,
}

/// Why an event was not written or not taken in. Says the place and the rule; never a value of the event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// The type is none that the reader knows.
    #[error(
        "the event's type is unknown to this consumer: deploy the consumer that knows it, then move it back from the dead-letter queue"
    )]
    UnknownType,
    /// The envelope or the data do not have the shape of the type.
    #[error("the event does not have the shape of its contract ({0}): correct its producer and publish it again")]
    Malformed(&'static str),
    /// The shape is right, a rule between fields is broken.
    #[error("the event breaks a rule of its contract: {0}")]
    Broken(Violation),
    /// A value given to the envelope keeps no rule of its own.
    #[error("the event's envelope cannot be made: {0}")]
    Value(ValueError),
    /// The event is larger than the contract allows.
    #[error("the event is {bytes} bytes, the limit is {limit}: send less in one event")]
    TooLarge {
        /// Its size as JSON.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl Classified for ContractError {
    fn retry(&self) -> Retry {
        Retry::Never
    }
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::Malformed(_) => "malformed_event",
            Self::Broken(_) | Self::Value(_) => "contract_violation",
            Self::TooLarge { .. } => "event_too_large",
        }
    }
}

/// The JSON reader's own message may quote the event, so only its kind is kept.
fn malformed(error: &serde_json::Error) -> ContractError {
    ContractError::Malformed(match error.classify() {
        serde_json::error::Category::Data => "a member is missing or has a value the contract does not allow",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it is cut off",
        serde_json::error::Category::Io => "it could not be read",
    })
}

impl Header {
    /// Reads what stands on the outside of any event.
    pub fn read(json: &str) -> Result<Self, ContractError> {
        serde_json::from_str(json).map_err(|error| malformed(&error))
    }
}

/// When a type that is replaced ends.
fn sunset<T: Contract>() -> Result<Option<Timestamp>, ContractError> {
    T::SUNSET.map(str::parse).transpose().map_err(|_| ContractError::Malformed("deprecationsunset"))
}

/// `source` of the events of a service.
fn source(service: &str) -> String {
    ["teei/", service].concat()
}

impl<T: Contract> Envelope<T> {
    /// `source` of this event.
    pub fn source(&self) -> String {
        source(self.data.service())
    }

    /// `dataschema` of every event of this type, and `$id` of its schema.
    pub fn dataschema() -> String {
        [SCHEMA_BASE, T::TYPE, ".schema.json"].concat()
    }

    /// Completes a draft: a fresh id, and `now` as `recordedtime`. Checks the rules between fields.
    pub fn seal(draft: EventDraft<T>, now: Timestamp) -> Result<Self, ContractError> {
        draft.data.check().map_err(ContractError::Broken)?;
        Ok(Self {
            id: Uuid::now_v7(),
            subject: draft.subject,
            time: draft.time.unwrap_or(now),
            recordedtime: now,
            correlationid: CorrelationId::try_from(draft.correlation).map_err(ContractError::Value)?,
            causationid: draft.causation,
            data: draft.data,
        })
    }

    /// The event as JSON, the `detail` on the bus.
    pub fn to_json(&self) -> Result<String, ContractError> {
        self.on_the_wire(|wire| serde_json::to_string(wire))
    }

    /// Has the event written down as it stands on the bus.
    pub(crate) fn on_the_wire<R>(
        &self,
        write: impl FnOnce(&OnTheWire<'_, T>) -> Result<R, serde_json::Error>,
    ) -> Result<R, ContractError> {
        let (source, dataschema) = (self.source(), Self::dataschema());
        let wire = OnTheWire(Wire {
            specversion: SPEC_VERSION,
            id: self.id,
            source: source.as_str(),
            r#type: T::TYPE,
            subject: self.subject,
            time: self.time,
            recordedtime: self.recordedtime,
            datacontenttype: CONTENT_TYPE,
            dataschema: dataschema.as_str(),
            correlationid: &self.correlationid,
            causationid: self.causationid,
            dataclassification: CLASSIFICATION,
            deprecationsunset: sunset::<T>()?,
            data: &self.data,
        });
        write(&wire).map_err(|error| malformed(&error))
    }

    /// Reads and checks an event of this type. Members it does not know are passed over.
    pub fn read(json: &str) -> Result<Self, ContractError> {
        // The type first: a wrong type is a wrong route and not a broken event.
        if Header::read(json)?.r#type != T::TYPE {
            return Err(ContractError::UnknownType);
        }
        let wire: Wire<String, CorrelationId, T> = serde_json::from_str(json).map_err(|error| malformed(&error))?;
        for (is, must, member) in [
            (&wire.specversion, SPEC_VERSION, "specversion"),
            (&wire.source, source(wire.data.service()).as_str(), "source"),
            (&wire.datacontenttype, CONTENT_TYPE, "datacontenttype"),
            (&wire.dataschema, Self::dataschema().as_str(), "dataschema"),
            (&wire.dataclassification, CLASSIFICATION, "dataclassification"),
        ] {
            if is != must {
                return Err(ContractError::Malformed(member));
            }
        }
        wire.data.check().map_err(ContractError::Broken)?;
        Ok(Self {
            id: wire.id,
            subject: wire.subject,
            time: wire.time,
            recordedtime: wire.recordedtime,
            correlationid: wire.correlationid,
            causationid: wire.causationid,
            data: wire.data,
        })
    }
}

/// Calls a macro with the Rust types of all contract events, in the order of the contract document.
macro_rules! every_type {
    ($call:ident $($with:ident)?) => {
        $call!(
            [$($with)?]
            SessionScheduled,
            SessionCompleted,
            RatingCreated,
            MatchCreated,
            MatchEnded,
            EventLogged,
            EventAttended,
            SkillShareCompleted,
            CheckinCompleted,
            FeedbackSubmitted,
            BuddyMilestoneReached,
            CourseCompleted,
            CredentialIssued,
            ProgressUpdated,
            TextReceived,
            FactRetracted,
            ProfileCreated,
            ProfileUpdated,
            ProfileLinked,
            ProfileUnlinked,
            ProfileMerged,
            ProfileUnmerged,
            PurposeChanged,
            ProfileErased,
            MilestoneReached,
            FlagChanged,
            TextScreened,
            SafetyFlagRaised,
            ReviewCompleted,
            OutcomeScored,
            ImportCompleted,
            ImportRefused,
            ImportUndone
        )
    };
}
use every_type;

#[cfg(test)]
mod tests;
