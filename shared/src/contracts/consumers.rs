//! Who takes events in, and what of them it reads: what a change of a contract is weighed against, what the catalogue
//! shows, and what the bus is reconciled with. A consumer that is not in [`ALL`] is on its own.
//!
//! The tests of a consumer show that its declaration is true: its `read` takes exactly these types, and what it makes of
//! an event depends on exactly these fields.

use super::{
    BuddyMilestoneReached, CheckinCompleted, Contract, CourseCompleted, CredentialIssued, EventAttended, EventLogged,
    FactRetracted, FeedbackSubmitted, MatchCreated, MatchEnded, ProfileErased, ProgressUpdated, PurposeChanged,
    RatingCreated, ReviewCompleted, SessionCompleted, SessionScheduled, SkillShareCompleted, TextReceived,
    TextScreened,
};

/// One consumer behind a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// Its name: the function's, and the one in `bus.inbox`.
    pub name: &'static str,
    /// The types it takes in; every other is [`super::ContractError::UnknownType`].
    pub reads: &'static [Reads],
}

/// What a consumer reads of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// The type, with its version.
    pub kind: &'static str,
    /// The services whose events of this type its rule lets through.
    pub from: &'static [&'static str],
    /// The members of `data` it makes something of; a dot leads inside an object.
    pub fields: &'static [&'static str],
}

/// Members of the envelope that every consumer reads: to know a repeat, to choose how to read, to log, to order.
pub const ENVELOPE: &[&str] = &[
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "recordedtime",
    "datacontenttype",
    "dataschema",
    "correlationid",
    "dataclassification",
    "data",
];

/// Every consumer of this platform.
pub const ALL: &[Declared] = &[PROFILE_PROJECTOR, MODERATION_SCREENER, Q2Q_SCORER];

/// Facts become timelines, enrolments, milestones and flags.
pub const PROFILE_PROJECTOR: Declared = Declared {
    name: "profile-projector",
    reads: &[
        own::<SessionScheduled>(&[
            "sessionId",
            "sessionType",
            "participantId",
            "volunteerId",
            "scheduledAt",
            "revision",
        ]),
        own::<SessionCompleted>(&[
            "sessionId",
            "sessionType",
            "participantId",
            "volunteerId",
            "completedAt",
            "durationMinutes",
            "languageLevel",
            "rating",
            "revision",
        ]),
        own::<RatingCreated>(&["ratingId", "sessionId", "fromRole", "rating", "createdAt", "revision"]),
        own::<MatchCreated>(&["matchId", "participantId", "buddyId", "matchedAt", "revision"]),
        own::<MatchEnded>(&[
            "matchId",
            "participantId",
            "buddyId",
            "matchedAt",
            "endedAt",
            "durationDays",
            "reason",
            "revision",
        ]),
        own::<EventLogged>(&["eventId", "matchId", "eventType", "eventDate", "attendees", "revision"]),
        own::<EventAttended>(&[
            "profileId",
            "eventType",
            "eventFormat",
            "attendedAt",
            "durationMinutes",
            "sdgGoals",
            "revision",
        ]),
        own::<SkillShareCompleted>(&[
            "sessionId",
            "teacherId",
            "learnerId",
            "completedAt",
            "durationMinutes",
            "proficiencyLevel",
            "revision",
        ]),
        own::<CheckinCompleted>(&["checkinId", "matchId", "checkinDate", "hasMood", "revision"]),
        own::<FeedbackSubmitted>(&["feedbackId", "matchId", "fromRole", "rating", "submittedAt", "revision"]),
        own::<BuddyMilestoneReached>(&["milestoneId", "profileId", "category", "reachedAt", "points", "revision"]),
        own::<CourseCompleted>(&[
            "progressId",
            "profileId",
            "provider",
            "courseId",
            "courseName",
            "completedAt",
            "finalScore",
            "revision",
        ]),
        own::<CredentialIssued>(&[
            "credentialId",
            "profileId",
            "provider",
            "courseId",
            "courseName",
            "credentialType",
            "issuedAt",
            "expiresAt",
            "hasUrl",
            "revision",
        ]),
        own::<ProgressUpdated>(&[
            "progressId",
            "profileId",
            "provider",
            "courseId",
            "courseName",
            "progressPercent",
            "status",
            "updatedAt",
            "revision",
        ]),
        // Not what the profile service takes back: milestones of journeys are the projector's own.
        reads::<FactRetracted>(&["kintell", "buddy", "upskilling"], &["factType", "factId", "reason", "revision"]),
    ],
};

/// Every text is screened. What is known about it is read from the store, so the event only says which.
pub const MODERATION_SCREENER: Declared = Declared {
    name: "moderation-screener",
    reads: &[
        own::<TextReceived>(&["textId", "supersedes"]),
        // A text that holds no more leaves the queue.
        reads::<FactRetracted>(&["intake"], &["factType", "factId"]),
    ],
};

/// Texts that moderation lets through become outcomes. An event says where to look and nothing more: what holds is in the
/// store.
pub const Q2Q_SCORER: Declared = Declared {
    name: "q2q-scorer",
    reads: &[
        own::<TextScreened>(&["textId"]),
        own::<ReviewCompleted>(&["textId"]),
        // Of texts only.
        reads::<FactRetracted>(&["intake"], &["factType", "factId"]),
        own::<PurposeChanged>(&["profileId", "purpose"]),
        own::<ProfileErased>(&["profileId"]),
    ],
};

/// A type of which a rule lets the events of every service through that may tell it.
const fn own<T: Contract>(fields: &'static [&'static str]) -> Reads {
    reads::<T>(T::SERVICES, fields)
}

const fn reads<T: Contract>(from: &'static [&'static str], fields: &'static [&'static str]) -> Reads {
    Reads { kind: T::TYPE, from, fields }
}

/// Who reads a type, with what of it.
pub fn of(kind: &str) -> impl Iterator<Item = (&'static Declared, &'static Reads)> {
    ALL.iter().flat_map(move |consumer| {
        consumer.reads.iter().filter(move |reads| reads.kind == kind).map(move |reads| (consumer, reads))
    })
}
