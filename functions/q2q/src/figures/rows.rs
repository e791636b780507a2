//! Texts as figures see them, from the store.

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    DIMENSIONS, Read, Text,
    quarter::{Quarter, ZONE, zone},
};
use jiff::civil::Date;
use shared::db::DbError;

/// The person allows figures for companies in this programme.
pub const ALLOWED: &str = "COALESCE((SELECT p.state FROM core.purposes p WHERE p.profile_id = r.profile_id AND p.purpose = 'company_reporting'),
                            (SELECT d.state FROM core.purpose_defaults d WHERE d.programme = r.programme AND d.purpose = 'company_reporting'),
                            'withdrawn') = 'granted'";

/// Which texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of<'a> {
    /// Of a company, and then of people only who allow figures for companies; of all else.
    pub company: Option<Uuid>,
    /// Of these programmes; of all if none are named.
    pub programmes: Option<&'a [String]>,
    /// From this day to the day before that one, in Norway.
    pub days: Option<(Date, Date)>,
}

/// The texts that were let through, in the order of their times.
pub async fn texts(tx: &Transaction<'_>, of: Of<'_>) -> Result<Vec<Text>, DbError> {
    let (from, to) = of.days.map(|(from, to)| (from.to_string(), to.to_string())).unzip();
    let rows = tx
        .query_typed(
            &format!(
                "SELECT r.text_id, r.profile_id, r.programme, r.written_at, r.state, o.dimension, o.score, o.method, o.revision
                 FROM core.readings r
                 LEFT JOIN core.outcomes o ON o.text_id = r.text_id AND o.retracted IS NULL
                 WHERE r.state IN ('read', 'not_read')
                   AND ($1::uuid IS NULL OR r.company_id = $1)
                   AND ($2::text[] IS NULL OR r.programme = ANY ($2))
                   AND ($3::text IS NULL OR r.written_at >= $3::date::timestamp AT TIME ZONE '{ZONE}')
                   AND ($4::text IS NULL OR r.written_at < $4::date::timestamp AT TIME ZONE '{ZONE}')
                   AND ($1 IS NULL OR {ALLOWED})
                 ORDER BY r.written_at, r.text_id"
            ),
            &[(&of.company, Type::UUID), (&of.programmes, Type::TEXT_ARRAY), (&from, Type::TEXT), (&to, Type::TEXT)],
        )
        .await?;
    let zone = zone();
    let mut texts: Vec<Text> = Vec::new();
    for row in &rows {
        let id: Uuid = row.get(0);
        if texts.last().is_none_or(|text| text.id != id) {
            texts.push(Text {
                id,
                person: row.get(1),
                programme: row.get(2),
                quarter: Quarter::at(row.get(3), &zone),
                read: if row.get::<_, &str>(4) == "read" { Read::Yes } else { Read::No },
                scores: [None; 5],
                revisions: [0; 5],
                by_people: [false; 5],
            });
        }
        if let (Some(text), Some(dimension)) = (texts.last_mut(), row.get::<_, Option<&str>>(5))
            && let Some(at) = DIMENSIONS.iter().position(|name| *name == dimension)
        {
            text.scores[at] = u16::try_from(row.get::<_, i16>(6)).ok();
            text.by_people[at] = row.get::<_, &str>(7) == "human";
            text.revisions[at] = row.get(8);
        }
    }
    Ok(texts)
}
