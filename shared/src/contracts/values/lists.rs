//! The closed lists of names in contract events: what a reader may switch on.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::ValueError;

vocabulary!(
    /// What a Kintell meeting is for.
    SessionType {
        /// Language practice ("Language Connect").
        Language = "language",
        /// Career mentoring ("Mentorship").
        Mentorship = "mentorship",
    }
);
vocabulary!(
    /// A level of the Common European Framework of Reference for languages, lowest first.
    Cefr {
        /// Breakthrough.
        A1 = "A1",
        /// Waystage.
        A2 = "A2",
        /// Threshold.
        B1 = "B1",
        /// Vantage.
        B2 = "B2",
        /// Advanced.
        C1 = "C1",
        /// Mastery.
        C2 = "C2",
    }
);
vocabulary!(
    /// The scale a rating was given on, before it became 0 to 1.
    RatingScale {
        /// One to five; stored as (r − 1) / 4.
        OneToFive = "1-5",
        /// Zero to one; stored as it is.
        ZeroToOne = "0-1",
    }
);
vocabulary!(
    /// Which side of a meeting gave the rating.
    Rater {
        /// The newcomer.
        Participant = "participant",
        /// The volunteer or mentor.
        Volunteer = "volunteer",
    }
);
vocabulary!(
    /// The two sides of a buddy match.
    MatchSide {
        /// The newcomer.
        Participant = "participant",
        /// The local buddy.
        Buddy = "buddy",
    }
);
vocabulary!(
    /// Why a buddy match ended: `completed` and `program_ended` complete an enrolment, the others drop it.
    EndReason {
        /// They did what they had set out to do.
        Completed = "completed",
        /// The participant asked for it.
        ParticipantRequest = "participant_request",
        /// The buddy asked for it.
        BuddyRequest = "buddy_request",
        /// Both agreed.
        MutualAgreement = "mutual_agreement",
        /// Nothing happened any more.
        Inactivity = "inactivity",
        /// Rules were broken.
        Violation = "violation",
        /// The programme was over.
        ProgramEnded = "program_ended",
        /// Something else, or the source does not say.
        Other = "other",
    }
);
vocabulary!(
    /// What an event in the buddy programme was.
    EventType {
        /// Getting to know a culture.
        Cultural = "cultural",
        /// A workshop or a training.
        Educational = "educational",
        /// Careers and contacts.
        Professional = "professional",
        /// Being together.
        Social = "social",
        /// A support group.
        Support = "support",
        /// Sports and hobbies.
        Recreational = "recreational",
        /// Language practice.
        Language = "language",
        /// Anything else.
        Other = "other",
    }
);
vocabulary!(
    /// Where people of an event met.
    EventFormat {
        /// In one place.
        InPerson = "in-person",
        /// On video.
        Online = "online",
        /// Both.
        Hybrid = "hybrid",
    }
);
vocabulary!(
    /// At which level a skill was taught.
    Proficiency {
        /// For beginners.
        Beginner = "beginner",
        /// For those who know some of it.
        Intermediate = "intermediate",
        /// For those who know most of it.
        Advanced = "advanced",
    }
);
vocabulary!(
    /// What a milestone of the buddy programme speaks of.
    MilestoneCategory {
        /// First steps.
        Onboarding = "onboarding",
        /// Getting to know a culture.
        Cultural = "cultural",
        /// Learning the language.
        Language = "language",
        /// Taking part in a community.
        Community = "community",
        /// Careers and contacts.
        Professional = "professional",
        /// Teaching and learning skills.
        Skills = "skills",
        /// Coming to events.
        Events = "events",
        /// The match itself.
        BuddyConnection = "buddy-connection",
        /// Helping others.
        Impact = "impact",
        /// The end of the programme.
        Completion = "completion",
        /// Anything else, or the source does not say.
        Other = "other",
    }
);
vocabulary!(
    /// What a provider gave for a course.
    CredentialType {
        /// A certificate.
        Certificate = "certificate",
        /// A badge.
        Badge = "badge",
        /// A diploma.
        Diploma = "diploma",
        /// A list of courses and marks.
        Transcript = "transcript",
    }
);
vocabulary!(
    /// How far a person is in a course.
    CourseStatus {
        /// Signed up.
        Enrolled = "enrolled",
        /// Has begun.
        InProgress = "in_progress",
        /// Is through.
        Completed = "completed",
        /// Has given up.
        Dropped = "dropped",
    }
);
vocabulary!(
    /// What kind of fact a retraction takes back; the part before the dot is the service the fact belongs to.
    FactType {
        /// A meeting: `kintell.session.scheduled` and `.completed`.
        KintellSession = "kintell.session",
        /// A rating that came on its own: `kintell.rating.created`.
        KintellRating = "kintell.rating",
        /// A match: `buddy.match.created` and `.ended`.
        BuddyMatch = "buddy.match",
        /// An event of a match: `buddy.event.logged`.
        BuddyEvent = "buddy.event",
        /// Who came to a community event: `buddy.event.attended`.
        BuddyAttendance = "buddy.attendance",
        /// A skill-share session: `buddy.skill_share.completed`.
        BuddySkillShare = "buddy.skill_share",
        /// A check-in: `buddy.checkin.completed`.
        BuddyCheckin = "buddy.checkin",
        /// Feedback on a match: `buddy.feedback.submitted`.
        BuddyFeedback = "buddy.feedback",
        /// A milestone a source reports: `buddy.milestone.reached`.
        BuddyMilestone = "buddy.milestone",
        /// A completed course: `upskilling.course.completed`.
        UpskillingCompletion = "upskilling.completion",
        /// A credential: `upskilling.credential.issued`.
        UpskillingCredential = "upskilling.credential",
        /// Progress in a course: `upskilling.progress.updated`.
        UpskillingProgress = "upskilling.progress",
        /// Something a person wrote: `intake.text.received`.
        IntakeText = "intake.text",
        /// A milestone of a journey: `profile.milestone.reached`.
        ProfileMilestone = "profile.milestone",
        /// A score: `q2q.outcome.scored`.
        Q2qOutcome = "q2q.outcome",
    }
);

impl FactType {
    /// What the records of a file are told as; none for people, who have no event of their own as records.
    pub fn of_entity(entity: Entity) -> Option<Self> {
        match entity {
            Entity::Sessions => Some(Self::KintellSession),
            Entity::Ratings => Some(Self::KintellRating),
            Entity::Users => None,
            Entity::Matches => Some(Self::BuddyMatch),
            Entity::Events => Some(Self::BuddyEvent),
            Entity::EventAttendance => Some(Self::BuddyAttendance),
            Entity::SkillSessions => Some(Self::BuddySkillShare),
            Entity::Checkins => Some(Self::BuddyCheckin),
            Entity::Feedback => Some(Self::BuddyFeedback),
            Entity::Milestones => Some(Self::BuddyMilestone),
            Entity::Completions => Some(Self::UpskillingCompletion),
            Entity::Credentials => Some(Self::UpskillingCredential),
            Entity::Progress => Some(Self::UpskillingProgress),
        }
    }

    /// The service the fact belongs to.
    pub fn service(self) -> &'static str {
        self.as_str().split_once('.').map_or("", |(service, _)| service)
    }
}

vocabulary!(
    /// Why a fact no longer holds.
    RetractionReason {
        /// The import that brought it was undone.
        Undone = "undone",
        /// Somebody withdrew it.
        Withdrawn = "withdrawn",
        /// The person was erased.
        Erased = "erased",
        /// What it rests on was corrected.
        Corrected = "corrected",
    }
);
vocabulary!(
    /// Who wrote a text, as the source declares it.
    AuthorRole {
        /// The newcomer.
        Participant = "participant",
        /// A Kintell volunteer or mentor.
        Volunteer = "volunteer",
        /// A local buddy.
        Buddy = "buddy",
        /// The source does not say: screened, never scored.
        Undeclared = "undeclared",
    }
);
vocabulary!(
    /// What a text was written about.
    TextKind {
        /// A Kintell meeting.
        KintellSession = "kintell_session",
        /// A buddy check-in.
        BuddyCheckin = "buddy_checkin",
        /// Feedback on a buddy match.
        BuddyFeedback = "buddy_feedback",
        /// A reflection on a course.
        CourseReflection = "course_reflection",
        /// Anything else.
        Other = "other",
    }
);
vocabulary!(
    /// A milestone of a journey: reached once, the earliest event time wins.
    Milestone {
        /// Matched with a buddy.
        BuddyMatched = "buddy_matched",
        /// The first completed language session.
        FirstLanguageSession = "first_language_session",
        /// A language session at a level above an earlier one's.
        LanguageLevelUp = "language_level_up",
        /// The first completed mentoring session.
        FirstMentorshipSession = "first_mentorship_session",
        /// Enrolled in a course.
        CourseEnrolled = "course_enrolled",
        /// Completed a course.
        CourseCompleted = "course_completed",
        /// Was given a credential.
        CredentialEarned = "credential_earned",
    }
);
vocabulary!(
    /// A flag on a journey: advice with its cause, nothing acts on a person by it.
    Flag {
        /// Three or more rated language sessions with a mean rating of at least 0.75.
        MentorReady = "mentor_ready",
        /// Two rated language sessions within 60 days, both below 0.5.
        LanguageSupportNeeded = "language_support_needed",
    }
);
vocabulary!(
    /// A part of a profile a reader can see. Events name what changed, never the value.
    ProfileField {
        /// The person's name.
        Name = "name",
        /// The e-mail address.
        Email = "email",
        /// The preferred language.
        Language = "language",
        /// The city.
        City = "city",
    }
);
vocabulary!(
    /// What made a profile or changed it.
    Trigger {
        /// A dropped file.
        Import = "import",
        /// A signed delivery of a provider.
        Webhook = "webhook",
        /// A call of the API by a person or a service.
        Api = "api",
        /// An answer of a provider that was asked.
        Pull = "pull",
        /// Two profiles became one, or two again.
        Merge = "merge",
    }
);
vocabulary!(
    /// What a file of a source holds.
    Entity {
        /// Kintell meetings.
        Sessions = "sessions",
        /// Ratings of Kintell meetings that came on their own.
        Ratings = "ratings",
        /// People of a source.
        Users = "users",
        /// Buddy matches.
        Matches = "matches",
        /// Events of a buddy match.
        Events = "events",
        /// Who came to a community event.
        EventAttendance = "event_attendance",
        /// Skill-share sessions.
        SkillSessions = "skill_sessions",
        /// Buddy check-ins.
        Checkins = "checkins",
        /// Buddy feedback.
        Feedback = "feedback",
        /// Milestones a source reports.
        Milestones = "milestones",
        /// Completed courses.
        Completions = "completions",
        /// Credentials.
        Credentials = "credentials",
        /// Course progress.
        Progress = "progress",
    }
);
vocabulary!(
    /// How a finished import ended, where it ended in an event: `planned` and `unchanged` publish nothing.
    ImportOutcome {
        /// Applied.
        Loaded = "loaded",
        /// The file as a whole was refused.
        Refused = "refused",
    }
);
vocabulary!(
    /// How an undone import ended. A list of its own, so that those who switch on the outcome of a finished import
    /// meet no name they do not know.
    UndoOutcome {
        /// Taken back after it was applied.
        Undone = "undone",
    }
);
vocabulary!(
    /// What a person's data may be used for.
    PurposeName {
        /// Running the programme the person takes part in.
        Programme = "programme",
        /// Screening what people wrote.
        Safety = "safety",
        /// Scoring outcomes.
        OutcomeScoring = "outcome_scoring",
        /// Figures for companies.
        CompanyReporting = "company_reporting",
        /// A model outside our own infrastructure.
        ExternalModel = "external_model",
    }
);
vocabulary!(
    /// What holds for a purpose. Only `granted` allows anything.
    PurposeState {
        /// The data may be used.
        Granted = "granted",
        /// The person objected.
        Objected = "objected",
        /// The data is kept and not used.
        Restricted = "restricted",
        /// The person took the consent back.
        Withdrawn = "withdrawn",
    }
);
vocabulary!(
    /// What screening decided on a text.
    ScreeningDecision {
        /// It may be used.
        Allow = "allow",
        /// A person has to look first.
        Review = "review",
        /// It is not used.
        Block = "block",
    }
);
vocabulary!(
    /// What a reviewer decided on a flag.
    ReviewDecision {
        /// The flag was right.
        Uphold = "uphold",
        /// The flag was wrong; the text may be used.
        Overturn = "overturn",
        /// The text may be used without some of its words.
        Redact = "redact",
        /// Somebody else has to act.
        Escalate = "escalate",
    }
);
vocabulary!(
    /// What an outcome score speaks of.
    Dimension {
        /// Believing in oneself.
        Confidence = "confidence",
        /// Being part of something.
        Belonging = "belonging",
        /// Managing in the language, by what the text says.
        LangLevelProxy = "lang_level_proxy",
        /// Being ready for work.
        JobReadiness = "job_readiness",
        /// How the person is. Its score is not in events: it is read by id, by those who may.
        WellBeing = "well_being",
    }
);
vocabulary!(
    /// How sure the engine is, in bands whose precision is measured.
    ConfidenceBand {
        /// Hardly.
        Low = "low",
        /// Fairly.
        Medium = "medium",
        /// Very.
        High = "high",
    }
);
vocabulary!(
    /// What made a score.
    ScoringMethod {
        /// Rules.
        Rule = "rule",
        /// A model.
        Model = "model",
        /// A person, who corrected it.
        Human = "human",
    }
);
