//! What is declared about a source and layout: `intake.source_profiles`.

use tokio_postgres::{GenericClient, types::Type};
use uuid::Uuid;

use super::{
    decode::Encoding,
    facts::{DateOrder, DecimalSign, Facts, RatingScale},
};
use crate::{contracts::AuthorRole, db::DbError};

/// Facts of a source and layout that a file cannot prove.
#[derive(Debug, Clone, Default)]
pub struct SourceProfile {
    /// How cells are read.
    pub facts: Facts,
    /// A code page the source is known to use.
    pub encoding: Option<Encoding>,
    /// Who wrote the texts; none: stored and screened, not scored.
    pub author: Option<AuthorRole>,
    /// Who gave the ratings.
    pub rater: Option<String>,
    /// The programme instance the facts belong to where neither upload nor file says.
    pub instance_id: Option<Uuid>,
}

impl SourceProfile {
    /// The profile of a layout; a layout without a row has nothing declared.
    pub async fn load(client: &impl GenericClient, source: &str, entity: &str, layout: &str) -> Result<Self, DbError> {
        let row = client
            .query_typed(
                "SELECT date_order, decimal_sign, rating_scale, zone, excel_serials, encoding, author, rater, instance_id
                 FROM intake.source_profiles WHERE source = $1 AND entity = $2 AND layout = $3",
                &[(&source, Type::TEXT), (&entity, Type::TEXT), (&layout, Type::TEXT)],
            )
            .await?;
        let Some(row) = row.first() else { return Ok(Self::default()) };
        let word = |column: usize| row.get::<_, Option<&str>>(column);
        Ok(Self {
            facts: Facts {
                date_order: word(0).and_then(|order| match order {
                    "day_first" => Some(DateOrder::DayFirst),
                    "month_first" => Some(DateOrder::MonthFirst),
                    _ => None,
                }),
                decimal: word(1).map(|sign| if sign == "comma" { DecimalSign::Comma } else { DecimalSign::Dot }),
                rating_scale: word(2)
                    .map(|scale| if scale == "1-5" { RatingScale::OneToFive } else { RatingScale::ZeroToOne }),
                zone: word(3).and_then(|zone| jiff::tz::TimeZone::get(zone).ok()),
                excel_serials: row.get(4),
            },
            encoding: word(5).map(|name| match name {
                "windows-1251" => Encoding::Windows1251,
                _ => Encoding::Windows1252,
            }),
            author: word(6).and_then(|author| author.parse().ok()),
            rater: row.get(7),
            instance_id: row.get(8),
        })
    }

    /// The code page declared for any layout of a source: it has to be known before the layout is.
    pub async fn encoding_of(client: &impl GenericClient, source: &str) -> Result<Option<Encoding>, DbError> {
        let rows = client
            .query_typed(
                "SELECT DISTINCT encoding FROM intake.source_profiles WHERE source = $1 AND encoding IS NOT NULL",
                &[(&source, Type::TEXT)],
            )
            .await?;
        Ok(match rows.as_slice() {
            [one] => Some(match one.get::<_, &str>(0) {
                "windows-1251" => Encoding::Windows1251,
                _ => Encoding::Windows1252,
            }),
            _ => None,
        })
    }
}
