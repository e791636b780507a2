//! A screening on its way into the store, and what follows from it. All take the transaction that has the text's lock.

use jiff::Timestamp;
use moderation_engine::policy::{Decision, Lane};
use shared::{bus::outbox::Outbox, vault::SubjectKey};
use tokio_postgres::{Row, Transaction, types::Type};
use uuid::Uuid;

use super::{Screener, ScreenerError, Stored, Words, told::Screening};
use crate::{
    items::{self, Cleared, Flag, SENSITIVE_MINUTES},
    name,
    policies::{Numbered, known},
    screening::{self, Screened},
};

/// A screening to be written.
pub struct New<'a> {
    /// The text.
    pub text: &'a Stored,
    /// Its words.
    pub words: &'a Words,
    /// Its subject's key.
    pub key: &'a SubjectKey,
    /// What was decided.
    pub screened: &'a Screened,
    /// By which policy.
    pub policy: &'a Numbered,
}

/// What a screening says, as far as later ones are held against it.
#[derive(Clone, Copy)]
struct Weight {
    decision: Decision,
    scorable: bool,
    lane: Lane,
}

impl Weight {
    fn of(row: &Row, at: usize) -> Result<Self, ScreenerError> {
        Ok(Self {
            decision: known(row.get(at)).ok_or(ScreenerError::StoredValue)?,
            scorable: row.get(at + 1),
            lane: known(row.get(at + 2)).ok_or(ScreenerError::StoredValue)?,
        })
    }

    /// Whether somebody who decided on the other has not seen what this says.
    fn stricter_than(self, other: Self) -> bool {
        self.decision > other.decision || self.lane > other.lane || (other.scorable && !self.scorable)
    }
}

/// An item that is not closed.
struct Open {
    review_id: Uuid,
    flag_id: Uuid,
    flag_revision: i32,
    sensitive: bool,
    urgent: bool,
    /// Blocked, and shown to nobody by the queue; somebody may have claimed it all the same.
    unseen: bool,
    appeal: bool,
}

/// Writes a screening, and what follows from it: item, cleared words, events.
pub async fn put(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    outbox: &mut Outbox,
) -> Result<(), ScreenerError> {
    let now = Timestamp::now();
    let text_id = new.text.text_id;
    let last = decided(tx, text_id).await?;
    let stands = last.as_ref().is_some_and(|last| !weight(new).stricter_than(last.on));
    let by_person = last.map(|last| last.decision);
    let (screening_id, revision) = insert(tx, by, new, now, outbox).await?;
    let allowed = new.screened.verdict.decision == Decision::Allow;
    match (open(tx, text_id).await?, allowed) {
        (Some(item), true) if item.sensitive || item.appeal => point(tx, &item, screening_id).await?,
        // A person let less through than there is, and a stricter policy took that back: which words may go on, a
        // person says again.
        (Some(item), true) if by_person.as_deref() == Some("redact") => {
            tighten(tx, by, new, &item, true, screening_id, now, outbox).await?;
        }
        (Some(item), true) => {
            close_by_rescreening(tx, &item).await?;
            clear_unless_decided(tx, by, new, screening_id, by_person.as_deref()).await?;
        }
        (Some(item), false) => {
            items::hold_back(tx, text_id).await?;
            let waits = new.screened.verdict.opens_item;
            tighten(tx, by, new, &item, waits, screening_id, now, outbox).await?;
        }
        // What a person decided holds for as long as the screening finds nothing that person did not see.
        (None, _) if stands => {}
        (None, true) => clear_unless_decided(tx, by, new, screening_id, by_person.as_deref()).await?,
        (None, false) => {
            items::hold_back(tx, text_id).await?;
            raise(tx, by, new, screening_id, now, outbox).await?;
        }
    }
    tx.execute_typed("DELETE FROM core.unscreened_texts WHERE text_id = $1", &[(&text_id, Type::UUID)]).await?;
    let engine_version = by.screens.backend.version();
    let told = Screening {
        screening_id,
        text_id,
        subject_id: new.text.subject_id,
        decision: &name(new.screened.verdict.decision),
        engine: by.screens.backend.code(),
        engine_version,
        revision,
        at: now,
    };
    told.tell(outbox)
}

fn weight(new: &New<'_>) -> Weight {
    let verdict = &new.screened.verdict;
    Weight { decision: verdict.decision, scorable: verdict.scorable, lane: verdict.lane }
}

/// What the last person who decided on the text did, and what they had before them.
struct Decided {
    decision: String,
    on: Weight,
}

async fn decided(tx: &Transaction<'_>, text_id: Uuid) -> Result<Option<Decided>, ScreenerError> {
    let rows = tx
        .query_typed(
            "SELECT r.decision, s.decision, s.scorable, r.lane FROM core.reviews r JOIN core.screenings s USING (screening_id)
             WHERE r.text_id = $1 AND r.closed_by = 'decision' ORDER BY r.decided_at DESC LIMIT 1",
            &[(&text_id, Type::UUID)],
        )
        .await?;
    rows.first().map(|row| Ok(Decided { decision: row.get(0), on: Weight::of(row, 1)? })).transpose()
}

/// What a person upheld is never used, and what a person redacted is used as they left it: a policy that became milder
/// gives neither of them to scoring.
async fn clear_unless_decided(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    screening_id: Uuid,
    by_person: Option<&str>,
) -> Result<(), ScreenerError> {
    match by_person {
        Some("uphold" | "redact") if new.screened.verdict.scorable => Ok(()),
        _ => clear(tx, by, new, screening_id).await,
    }
}

async fn insert(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    now: Timestamp,
    outbox: &Outbox,
) -> Result<(Uuid, i32), ScreenerError> {
    let (text, screened) = (new.text, new.screened);
    let screening_id = Uuid::now_v7();
    let replaced = tx
        .query_typed(
            "UPDATE core.screenings SET newest = false WHERE text_id = $1 AND newest RETURNING revision",
            &[(&text.text_id, Type::UUID)],
        )
        .await?;
    let revision = replaced.first().map_or(0, |row| row.get::<_, i32>(0)) + 1;
    let verdict = &screened.verdict;
    let replay = outbox.replay().is_some();
    tx.execute_typed(
        "INSERT INTO core.screenings (screening_id, text_id, subject_id, revision, kind, decision, urgent, lane, opens_item, scorable,
           engine, engine_version, policy_version, language, failure, told, correlation_id, import_id, line, screened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        &[
            (&screening_id, Type::UUID),
            (&text.text_id, Type::UUID),
            (&text.subject_id, Type::UUID),
            (&revision, Type::INT4),
            (&name(text.kind), Type::TEXT),
            (&name(verdict.decision), Type::TEXT),
            (&verdict.urgent, Type::BOOL),
            (&name(verdict.lane), Type::TEXT),
            (&verdict.opens_item, Type::BOOL),
            (&verdict.scorable, Type::BOOL),
            (&by.screens.backend.code(), Type::TEXT),
            (&by.screens.backend.version(), Type::TEXT),
            (&new.policy.version(), Type::TEXT),
            (&screened.language.map(|language| language.code()), Type::TEXT),
            (&screened.failure, Type::TEXT),
            (&!replay, Type::BOOL),
            (&outbox.correlation(), Type::TEXT),
            (&text.import_id, Type::UUID),
            (&text.line, Type::INT4),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    insert_findings(tx, screening_id, screened).await?;
    if replay {
        tx.execute_typed(
            "INSERT INTO bus.unsettled (consumer, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[(&<Screener as shared::bus::consumer::Consumer>::NAME, Type::TEXT), (&text.text_id, Type::UUID)],
        )
        .await?;
    }
    Ok((screening_id, revision))
}

async fn insert_findings(tx: &Transaction<'_>, screening_id: Uuid, screened: &Screened) -> Result<(), ScreenerError> {
    if screened.findings.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        (|$finding:ident| $value:expr) => {
            &screened.findings.iter().map(|$finding| $value).collect::<Vec<_>>()
        };
    }
    tx.execute_typed(
        "INSERT INTO core.screening_findings (screening_id, place, category, grade, score, span_start, span_end, rule, reason, obfuscated, aimed, placeholder)
         SELECT $1, generate_series(0, cardinality($2::text[]) - 1), unnest($2::text[]), unnest($3::text[]), unnest($4::int2[]),
                unnest($5::int4[]), unnest($6::int4[]), unnest($7::text[]), unnest($8::text[]), unnest($9::bool[]), unnest($10::bool[]),
                unnest($11::text[])",
        &[
            (&screening_id, Type::UUID),
            (column!(|f| name(f.category)), Type::TEXT_ARRAY),
            (column!(|f| name(f.grade)), Type::TEXT_ARRAY),
            (column!(|f| i16::try_from(f.score.min(1000)).unwrap_or(1000)), Type::INT2_ARRAY),
            (column!(|f| i32::try_from(f.span.start).unwrap_or(i32::MAX)), Type::INT4_ARRAY),
            (column!(|f| i32::try_from(f.span.end).unwrap_or(i32::MAX)), Type::INT4_ARRAY),
            (column!(|f| f.rule), Type::TEXT_ARRAY),
            (column!(|f| f.reason), Type::TEXT_ARRAY),
            (column!(|f| f.obfuscated), Type::BOOL_ARRAY),
            (column!(|f| f.aimed), Type::BOOL_ARRAY),
            (column!(|f| f.placeholder), Type::TEXT_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

/// Gives an allowed text's words to scoring: as they are, but for what the policy has replaced.
async fn clear(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    screening_id: Uuid,
) -> Result<(), ScreenerError> {
    let Words::Readable(words) = new.words else { return Ok(()) };
    if !new.screened.verdict.scorable {
        return Ok(items::hold_back(tx, new.text.text_id).await?);
    }
    let plain = words.expose();
    let redacted =
        screening::redact(&by.screens.engine, plain, &new.screened.findings, &new.policy.policy, new.text.kind);
    let redacted = shared::pii::Pii::new(redacted);
    let cleared = Cleared {
        text_id: new.text.text_id,
        subject_id: new.text.subject_id,
        screening_id,
        review_id: None,
        words: redacted.expose(),
        redacted: redacted.expose() != plain,
    };
    Ok(cleared.write(tx, new.key).await?)
}

/// A new item: in the queue, or held where the policy wants nobody to look.
async fn raise(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    screening_id: Uuid,
    now: Timestamp,
    outbox: &mut Outbox,
) -> Result<(), ScreenerError> {
    let verdict = &new.screened.verdict;
    let (review_id, flag_id) = (Uuid::now_v7(), Uuid::now_v7());
    let reason = reason(new);
    let due = (verdict.lane == Lane::Sensitive).then(|| by.hours.due(now, SENSITIVE_MINUTES));
    tx.execute_typed(
        "INSERT INTO core.reviews (review_id, flag_id, flag_revision, screening_id, text_id, subject_id, reason, lane, urgent, state,
           written_at, raised_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            (&review_id, Type::UUID),
            (&flag_id, Type::UUID),
            (&i32::from(verdict.opens_item), Type::INT4),
            (&screening_id, Type::UUID),
            (&new.text.text_id, Type::UUID),
            (&new.text.subject_id, Type::UUID),
            (&reason, Type::TEXT),
            (&name(verdict.lane), Type::TEXT),
            (&verdict.urgent, Type::BOOL),
            (&if verdict.opens_item { "pending" } else { "held" }, Type::TEXT),
            (&new.text.written_at, Type::TIMESTAMPTZ),
            (&now, Type::TIMESTAMPTZ),
            (&due, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    if verdict.opens_item {
        let flag = Flag { flag_id, text_id: new.text.text_id, urgent: verdict.urgent, raised_at: now, revision: 1 };
        flag.tell(outbox)?;
    }
    Ok(())
}

fn reason(new: &New<'_>) -> &'static str {
    match new.screened.verdict.decision {
        Decision::Block if new.screened.verdict.opens_item => "aimed_block",
        Decision::Block => "block",
        Decision::Allow | Decision::Review => "review",
    }
}

async fn open(tx: &Transaction<'_>, text_id: Uuid) -> Result<Option<Open>, ScreenerError> {
    let rows = tx
        .query_typed(
            "SELECT review_id, flag_id, flag_revision, lane = 'sensitive', urgent, reason = 'block', reason = 'appeal'
             FROM core.reviews WHERE text_id = $1 AND state <> 'closed' FOR UPDATE",
            &[(&text_id, Type::UUID)],
        )
        .await?;
    Ok(rows.first().map(|row| Open {
        review_id: row.get(0),
        flag_id: row.get(1),
        flag_revision: row.get(2),
        sensitive: row.get(3),
        urgent: row.get(4),
        unseen: row.get(5),
        appeal: row.get(6),
    }))
}

/// The item goes on, by what was found last.
async fn point(tx: &Transaction<'_>, item: &Open, screening_id: Uuid) -> Result<(), ScreenerError> {
    tx.execute_typed(
        "UPDATE core.reviews SET screening_id = $2, version = version + 1 WHERE review_id = $1",
        &[(&item.review_id, Type::UUID), (&screening_id, Type::UUID)],
    )
    .await?;
    Ok(())
}

async fn close_by_rescreening(tx: &Transaction<'_>, item: &Open) -> Result<(), ScreenerError> {
    tx.execute_typed(
        "UPDATE core.reviews SET state = 'closed', closed_by = 'rescreening', claimed_by = NULL, claimed_until = NULL, version = version + 1
         WHERE review_id = $1",
        &[(&item.review_id, Type::UUID)],
    )
    .await?;
    Ok(())
}

/// An open item by what was found last: it may become more urgent and go to the sensitive lane, never the other way, and
/// whoever holds it goes on. `waits`: somebody is to be shown it.
#[allow(clippy::too_many_arguments, reason = "what a screening brings, and what follows from it")]
async fn tighten(
    tx: &Transaction<'_>,
    by: &Screener<'_>,
    new: &New<'_>,
    item: &Open,
    waits: bool,
    screening_id: Uuid,
    now: Timestamp,
    outbox: &mut Outbox,
) -> Result<(), ScreenerError> {
    let verdict = &new.screened.verdict;
    let newly_sensitive = verdict.lane == Lane::Sensitive && !item.sensitive;
    let newly_waiting = waits && item.unseen;
    let urgent = item.urgent || verdict.urgent;
    let raised = newly_sensitive || newly_waiting || urgent != item.urgent;
    let due = newly_sensitive.then(|| by.hours.due(now, SENSITIVE_MINUTES));
    tx.execute_typed(
        "UPDATE core.reviews SET screening_id = $2, urgent = $3, version = version + 1, flag_revision = flag_revision + $4::int,
           lane = CASE WHEN $5 THEN 'sensitive' ELSE lane END,
           due_at = CASE WHEN $5 THEN $6 ELSE due_at END,
           opened_at = CASE WHEN $5 THEN NULL ELSE opened_at END,
           -- Whoever holds it may not be somebody of the sensitive lane.
           claimed_by = CASE WHEN $5 THEN NULL ELSE claimed_by END,
           claimed_until = CASE WHEN $5 THEN NULL ELSE claimed_until END,
           raised_at = CASE WHEN $5 OR $7 THEN $8 ELSE raised_at END,
           state = CASE WHEN $5 OR state = 'held' AND $7 THEN 'pending' ELSE state END,
           reason = CASE WHEN reason = 'block' AND ($5 OR $7) THEN $9 ELSE reason END
         WHERE review_id = $1",
        &[
            (&item.review_id, Type::UUID),
            (&screening_id, Type::UUID),
            (&urgent, Type::BOOL),
            (&i32::from(raised), Type::INT4),
            (&newly_sensitive, Type::BOOL),
            (&due, Type::TIMESTAMPTZ),
            (&newly_waiting, Type::BOOL),
            (&now, Type::TIMESTAMPTZ),
            (&reason(new), Type::TEXT),
        ],
    )
    .await?;
    if raised {
        let flag = Flag {
            flag_id: item.flag_id,
            text_id: new.text.text_id,
            urgent,
            raised_at: now,
            revision: item.flag_revision + 1,
        };
        flag.tell(outbox)?;
    }
    Ok(())
}
