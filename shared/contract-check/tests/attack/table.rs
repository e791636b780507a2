//! What a person may do to a type by hand.

use contract_check::Side::{Live, Lost, Replay};
use serde_json::json;

use crate::{Attack, add_name, data, drop_name, member, remove, rename, require};

pub const SESSION: &str = "kintell.session.completed.v1";
const ENDED: &str = "buddy.match.ended.v1";
const PROJECTOR: &str = "profile-projector reads data.";
const WHOLE: &str = "profile-projector does not read";
const BOTH: &str = "profile-projector, moderation-screener, q2q-scorer reads data.";
const SCREENER: &str = "moderation-screener does not read";
const NOBODY: &str = "none of ours";

pub const ATTACKS: &[Attack] = &[
    Attack {
        what: "an optional member removed",
        kind: SESSION,
        edit: |s| drop(remove(s, "durationMinutes")),
        breaks: &[(Lost, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "one that nobody here reads removed",
        kind: SESSION,
        edit: |s| drop(remove(s, "line")),
        breaks: &[(Lost, "data.line")],
        reader: NOBODY,
    },
    Attack {
        what: "a required member removed",
        kind: SESSION,
        edit: |s| drop(remove(s, "completedAt")),
        breaks: &[(Lost, "data.completedAt"), (Live, "data.completedAt")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an optional member renamed",
        kind: SESSION,
        edit: |s| rename(s, "durationMinutes", "minutes"),
        breaks: &[(Lost, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a required member renamed",
        kind: SESSION,
        edit: |s| rename(s, "participantId", "learnerId"),
        breaks: &[(Replay, "data.learnerId"), (Lost, "data.participantId"), (Live, "data.participantId")],
        reader: WHOLE,
    },
    Attack {
        what: "a member renamed in another case",
        kind: SESSION,
        edit: |s| rename(s, "languageLevel", "language_level"),
        breaks: &[(Lost, "data.languageLevel")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a range narrowed",
        kind: SESSION,
        edit: |s| member(s, "durationMinutes")["maximum"] = json!(240),
        breaks: &[(Replay, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a range widened",
        kind: SESSION,
        edit: |s| member(s, "durationMinutes")["maximum"] = json!(600),
        breaks: &[(Live, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a range narrowed from below",
        kind: SESSION,
        edit: |s| member(s, "durationMinutes")["minimum"] = json!(5),
        breaks: &[(Replay, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a range widened from below",
        kind: SESSION,
        edit: |s| member(s, "durationMinutes")["minimum"] = json!(0),
        breaks: &[(Live, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "ratings out of five",
        kind: "buddy.feedback.submitted.v1",
        edit: |s| member(s, "rating")["maximum"] = json!(5),
        breaks: &[(Live, "data.rating")],
        reader: PROJECTOR,
    },
    Attack {
        what: "revisions from 0",
        kind: SESSION,
        edit: |s| member(s, "revision")["minimum"] = json!(0),
        breaks: &[(Live, "data.revision")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an optional member required",
        kind: SESSION,
        edit: |s| require(s, "languageLevel"),
        breaks: &[(Replay, "data.languageLevel")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an optional member required that nobody reads",
        kind: SESSION,
        edit: |s| require(s, "textId"),
        breaks: &[(Replay, "data.textId")],
        reader: WHOLE,
    },
    Attack {
        what: "a required member optional",
        kind: SESSION,
        edit: |s| data(s)["required"].as_array_mut().unwrap().retain(|one| one != "volunteerId"),
        breaks: &[(Live, "data.volunteerId")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a required member added",
        kind: SESSION,
        edit: |s| {
            data(s)["properties"]["platform"] = json!({ "enum": ["web", "app"] });
            require(s, "platform");
        },
        breaks: &[(Replay, "data.platform")],
        reader: WHOLE,
    },
    Attack {
        what: "an optional member added",
        kind: SESSION,
        edit: |s| data(s)["properties"]["platform"] = json!({ "enum": ["web", "app"] }),
        breaks: &[],
        reader: "",
    },
    Attack {
        what: "an optional object added",
        kind: SESSION,
        edit: |s| {
            data(s)["properties"]["parts"] =
                json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] })
        },
        breaks: &[],
        reader: "",
    },
    Attack {
        what: "a name added",
        kind: SESSION,
        edit: |s| add_name(s, "sessionType", "tutoring"),
        breaks: &[(Live, "data.sessionType")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a name added to what nobody here switches on",
        kind: SESSION,
        edit: |s| add_name(s, "ratingScale", "1-10"),
        breaks: &[(Live, "data.ratingScale")],
        reader: WHOLE,
    },
    Attack {
        what: "a name removed",
        kind: SESSION,
        edit: |s| drop_name(s, "sessionType", "mentorship"),
        breaks: &[(Replay, "data.sessionType")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a name renamed",
        kind: ENDED,
        edit: |s| {
            drop_name(s, "reason", "inactivity");
            add_name(s, "reason", "inactive");
        },
        breaks: &[(Replay, "data.reason"), (Live, "data.reason")],
        reader: PROJECTOR,
    },
    Attack {
        what: "null refused",
        kind: SESSION,
        edit: |s| {
            member(s, "languageLevel")["type"] = json!("string");
            drop_name(s, "languageLevel", "");
            member(s, "languageLevel")["enum"].as_array_mut().unwrap().retain(|one| !one.is_null());
        },
        breaks: &[(Replay, "data.languageLevel")],
        reader: PROJECTOR,
    },
    Attack {
        what: "null allowed",
        kind: SESSION,
        edit: |s| member(s, "participantId")["type"] = json!(["string", "null"]),
        breaks: &[(Live, "data.participantId")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an id becomes a number",
        kind: SESSION,
        edit: |s| *member(s, "sessionId") = json!({ "type": "integer" }),
        breaks: &[(Replay, "data.sessionId"), (Live, "data.sessionId")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an id becomes any text",
        kind: SESSION,
        edit: |s| *member(s, "sessionId") = json!({ "type": "string" }),
        breaks: &[(Live, "data.sessionId")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a time becomes a day",
        kind: SESSION,
        edit: |s| member(s, "completedAt")["format"] = json!("date"),
        breaks: &[(Replay, "data.completedAt"), (Live, "data.completedAt")],
        reader: PROJECTOR,
    },
    Attack {
        what: "minutes with fractions",
        kind: SESSION,
        edit: |s| member(s, "durationMinutes")["type"] = json!(["number", "null"]),
        breaks: &[(Live, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "data closed",
        kind: SESSION,
        edit: |s| data(s)["additionalProperties"] = json!(false),
        breaks: &[(Replay, "data.*")],
        reader: WHOLE,
    },
    Attack {
        what: "the envelope closed",
        kind: SESSION,
        edit: |s| s["additionalProperties"] = json!(false),
        breaks: &[(Replay, "*")],
        reader: WHOLE,
    },
    Attack {
        what: "data closed, and a member added",
        kind: SESSION,
        edit: |s| {
            data(s)["additionalProperties"] = json!(false);
            data(s)["properties"]["platform"] = json!({ "type": "integer" });
        },
        breaks: &[(Replay, "data.*")],
        reader: WHOLE,
    },
    Attack {
        what: "a rule between members added",
        kind: SESSION,
        edit: |s| data(s)["dependentRequired"]["languageLevel"] = json!(["durationMinutes"]),
        breaks: &[(Replay, "data.durationMinutes")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a rule between members removed",
        kind: SESSION,
        edit: |s| drop(data(s).as_object_mut().unwrap().remove("dependentRequired")),
        breaks: &[(Live, "data.rating"), (Live, "data.ratingScale")],
        reader: PROJECTOR,
    },
    Attack {
        what: "the author always there",
        kind: "intake.text.received.v1",
        edit: |s| require(s, "authorId"),
        breaks: &[(Replay, "data.authorId")],
        reader: SCREENER,
    },
    Attack {
        what: "the author never needed",
        kind: "intake.text.received.v1",
        edit: |s| drop(data(s).as_object_mut().unwrap().remove("anyOf")),
        breaks: &[(Live, "data.authorId")],
        reader: SCREENER,
    },
    Attack {
        what: "a score of well-being let out",
        kind: "q2q.outcome.scored.v1",
        edit: |s| {
            let data = data(s).as_object_mut().unwrap();
            data.remove("if");
            data.remove("then");
        },
        breaks: &[(Live, "data.score")],
        reader: NOBODY,
    },
    Attack {
        what: "a kind of fact added",
        kind: "fact.retracted.v1",
        edit: |s| add_name(s, "factType", "kintell.note"),
        breaks: &[(Live, "data.factType")],
        reader: BOTH,
    },
    Attack {
        what: "a milestone with every retraction",
        kind: "fact.retracted.v1",
        edit: |s| {
            let data = data(s).as_object_mut().unwrap();
            data.remove("else");
        },
        breaks: &[(Live, "data.milestone")],
        reader: "profile-projector, moderation-screener, q2q-scorer does not read data.milestone",
    },
    Attack {
        what: "another service as source",
        kind: SESSION,
        edit: |s| s["properties"]["source"]["const"] = json!("teei/kintel"),
        breaks: &[(Replay, "source"), (Live, "source")],
        reader: "profile-projector reads source",
    },
    Attack {
        what: "another constant of the envelope",
        kind: SESSION,
        edit: |s| s["properties"]["specversion"]["const"] = json!("1.1"),
        breaks: &[(Replay, "specversion"), (Live, "specversion")],
        reader: "profile-projector reads specversion",
    },
    Attack {
        what: "the subject optional",
        kind: SESSION,
        edit: |s| s["required"].as_array_mut().unwrap().retain(|one| one != "subject"),
        breaks: &[(Live, "subject")],
        reader: "profile-projector reads subject",
    },
    Attack {
        what: "shorter correlation ids",
        kind: SESSION,
        edit: |s| s["properties"]["correlationid"]["pattern"] = json!("^[A-Za-z0-9._:=;-]{1,64}$"),
        breaks: &[(Replay, "correlationid")],
        reader: "profile-projector reads correlationid",
    },
    Attack {
        what: "more characters in correlation ids",
        kind: SESSION,
        edit: |s| s["properties"]["correlationid"]["pattern"] = json!("^[A-Za-z0-9._:=;/-]{1,128}$"),
        breaks: &[(Live, "correlationid")],
        reader: "profile-projector reads correlationid",
    },
    Attack {
        what: "the cause of an event required",
        kind: SESSION,
        edit: |s| s["required"].as_array_mut().unwrap().push(json!("causationid")),
        breaks: &[(Replay, "causationid")],
        reader: WHOLE,
    },
    Attack {
        what: "shorter titles of courses",
        kind: "upskilling.course.completed.v1",
        edit: |s| {
            let shorter = member(s, "courseName")["pattern"].as_str().unwrap().replace("255", "100");
            member(s, "courseName")["pattern"] = json!(shorter);
        },
        breaks: &[(Replay, "data.courseName")],
        reader: PROJECTOR,
    },
    Attack {
        what: "addresses in titles of courses",
        kind: "upskilling.course.completed.v1",
        edit: |s| {
            let wider = member(s, "courseName")["pattern"].as_str().unwrap().replace("(?!.*[^ @]@[^ @]*\\.)", "");
            member(s, "courseName")["pattern"] = json!(wider);
        },
        breaks: &[(Live, "data.courseName")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an attendee twice",
        kind: "buddy.event.logged.v1",
        edit: |s| drop(member(s, "attendees").as_object_mut().unwrap().remove("uniqueItems")),
        breaks: &[(Live, "data.attendees")],
        reader: PROJECTOR,
    },
    Attack {
        what: "an eighteenth goal",
        kind: "buddy.event.attended.v1",
        edit: |s| member(s, "sdgGoals")["items"]["maximum"] = json!(18),
        breaks: &[(Live, "data.sdgGoals[]")],
        reader: "profile-projector reads data.sdgGoals",
    },
    Attack {
        what: "at least one attendee",
        kind: "buddy.event.logged.v1",
        edit: |s| member(s, "attendees")["minItems"] = json!(1),
        breaks: &[(Replay, "data.attendees")],
        reader: PROJECTOR,
    },
    Attack {
        what: "a part of a rating removed",
        kind: "buddy.feedback.submitted.v1",
        edit: |s| drop(member(s, "categories")["properties"].as_object_mut().unwrap().remove("helpfulness")),
        breaks: &[(Lost, "data.categories.helpfulness")],
        reader: NOBODY,
    },
    Attack {
        what: "a part of a rating added",
        kind: "buddy.feedback.submitted.v1",
        edit: |s| member(s, "categories")["properties"]["humour"] = json!({ "type": "number" }),
        breaks: &[],
        reader: "",
    },
    Attack {
        what: "a part of a rating required",
        kind: "buddy.feedback.submitted.v1",
        edit: |s| member(s, "categories")["required"] = json!(["communication"]),
        breaks: &[(Replay, "data.categories.communication")],
        reader: WHOLE,
    },
    Attack {
        what: "a count removed",
        kind: "intake.import.completed.v1",
        edit: |s| {
            let counts = member(s, "counts");
            counts["properties"].as_object_mut().unwrap().remove("blank");
            counts["required"].as_array_mut().unwrap().retain(|one| one != "blank");
        },
        breaks: &[(Lost, "data.counts.blank"), (Live, "data.counts.blank")],
        reader: NOBODY,
    },
    Attack {
        what: "a count that may be wider",
        kind: "intake.import.completed.v1",
        edit: |s| member(s, "counts")["properties"]["records"]["maximum"] = json!(u64::MAX),
        breaks: &[(Live, "data.counts.records")],
        reader: NOBODY,
    },
    Attack {
        what: "other words in a description",
        kind: SESSION,
        edit: |s| {
            s["description"] = json!("Other words.");
            member(s, "rating")["description"] = json!("Other words.");
        },
        breaks: &[],
        reader: "",
    },
    Attack {
        what: "members in another order",
        kind: SESSION,
        edit: |s| data(s)["required"].as_array_mut().unwrap().reverse(),
        breaks: &[],
        reader: "",
    },
    Attack {
        what: "marked as ending",
        kind: SESSION,
        edit: |s| {
            s["deprecated"] = json!(true);
            s["x-sunset"] = json!("2027-01-01T00:00:00Z");
        },
        breaks: &[],
        reader: "",
    },
];
