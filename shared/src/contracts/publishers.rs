//! Which functions write which types; a type that nobody writes yet has none.

/// The importers, which are one engine.
const IMPORTERS: &[&str] = &["kintell-import", "buddy-import", "upskilling-import"];
/// The other door of Kintell's records.
const KINTELL_WEBHOOK: &str = "kintell-webhook";
/// The live doors of Buddy's.
const BUDDY_API: &str = "buddy-api";
/// The live doors of course providers'.
const UPSKILLING_WEBHOOK: &str = "upskilling-webhook";
/// What asks learning-record stores.
const UPSKILLING_SYNC: &str = "upskilling-sync";

/// What reads texts.
const Q2Q_SCORER: &str = "q2q-scorer";
/// Where a person corrects a score.
const Q2Q_API: &str = "q2q-api";

/// The functions that write events of this type.
pub fn of(kind: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = match kind {
        "intake.text.received.v1" | "profile.created.v1" | "profile.updated.v1" | "profile.linked.v1" => {
            IMPORTERS.to_vec()
        }
        "profile.unlinked.v1" | "fact.retracted.v1" => IMPORTERS.to_vec(),
        "profile.milestone.reached.v1" | "profile.flag.changed.v1" => vec!["profile-projector"],
        "kintell.session.scheduled.v1" | "kintell.session.completed.v1" => {
            vec!["kintell-import", KINTELL_WEBHOOK]
        }
        "kintell.rating.created.v1" => vec![KINTELL_WEBHOOK],
        "q2q.outcome.scored.v1" => vec![Q2Q_SCORER, Q2Q_API],
        "safety.text.screened.v1" => vec!["moderation-screener"],
        "safety.flag.raised.v1" => vec!["moderation-screener", "moderation-api"],
        "safety.review.completed.v1" => vec!["moderation-api"],
        _ if kind.starts_with("intake.import.") => IMPORTERS.to_vec(),
        _ if kind.starts_with("buddy.") => vec!["buddy-import", BUDDY_API],
        _ if kind.starts_with("upskilling.") => vec!["upskilling-import", UPSKILLING_WEBHOOK, UPSKILLING_SYNC],
        _ => Vec::new(),
    };
    match kind {
        "intake.text.received.v1" => found.extend([KINTELL_WEBHOOK, BUDDY_API]),
        "profile.created.v1" => found.extend([KINTELL_WEBHOOK, BUDDY_API, UPSKILLING_WEBHOOK, UPSKILLING_SYNC]),
        "profile.updated.v1" | "profile.linked.v1" => found.push("profile-api"),
        "fact.retracted.v1" => {
            found.extend([KINTELL_WEBHOOK, BUDDY_API, UPSKILLING_SYNC, "profile-projector", Q2Q_SCORER, Q2Q_API]);
        }
        _ => {}
    }
    found
}
