//! The events the projector takes in, as the one fact they tell: a meeting of two people.

use jiff::Timestamp;
use shared::contracts::{Contract, ContractError, Envelope, Revision, SessionCompleted, SessionScheduled};
use uuid::Uuid;

use super::derive::{Details, Role, Status, TimelineEntry};

/// `fact_type` of a Kintell meeting on the timeline.
pub const KINTELL_SESSION: &str = "kintell.session";

/// One revision of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The meeting.
    pub fact_id: Uuid,
    /// Which revision of it this is.
    pub revision: Revision,
    /// The event's own time: when what it tells happened.
    pub time: Timestamp,
    /// The event that told it.
    pub event_id: Uuid,
    /// The two people, each with the entry their timeline gets.
    pub entries: [(Uuid, TimelineEntry); 2],
}

impl Fact {
    /// Reads an event of one of the types taken in.
    pub fn read(kind: &str, detail: &str) -> Result<Self, ContractError> {
        match kind {
            SessionScheduled::TYPE => Ok(Self::scheduled(&Envelope::read(detail)?)),
            SessionCompleted::TYPE => Ok(Self::completed(&Envelope::read(detail)?)),
            _ => Err(ContractError::UnknownType),
        }
    }

    fn scheduled(event: &Envelope<SessionScheduled>) -> Self {
        let data = &event.data;
        let entry = TimelineEntry {
            fact_id: data.session_id,
            event_id: event.id,
            programme: data.session_type,
            role: Role::Participant,
            occurred_at: data.scheduled_at,
            details: Details { status: Status::Scheduled, duration_minutes: None, language_level: None, rating: None },
        };
        Self::of_two(data.revision, event.time, data.participant_id, data.volunteer_id, entry)
    }

    fn completed(event: &Envelope<SessionCompleted>) -> Self {
        let data = &event.data;
        let entry = TimelineEntry {
            fact_id: data.session_id,
            event_id: event.id,
            programme: data.session_type,
            role: Role::Participant,
            occurred_at: data.completed_at,
            details: Details {
                status: Status::Completed,
                duration_minutes: data.duration_minutes,
                language_level: data.language_level,
                rating: data.rating,
            },
        };
        Self::of_two(data.revision, event.time, data.participant_id, data.volunteer_id, entry)
    }

    fn of_two(revision: Revision, time: Timestamp, participant: Uuid, volunteer: Uuid, entry: TimelineEntry) -> Self {
        let other = TimelineEntry { role: Role::Volunteer, ..entry.clone() };
        Self {
            fact_id: entry.fact_id,
            revision,
            time,
            event_id: entry.event_id,
            entries: [(participant, entry), (volunteer, other)],
        }
    }
}
