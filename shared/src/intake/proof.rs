//! What a whole column proves where its source declares nothing.
//!
//! In the first pass every cell of a column is fed; afterwards the column has the same facts for
//! all its cells. A column that proves both of two things, or nothing, proves nothing: its
//! ambiguous cells are then all rejected in the same way, never guessed one by one.

use rust_decimal::Decimal;

use super::column::Kind;
use super::date;
use super::facts::{DateOrder, DecimalSign, Facts, RatingScale};
use super::number;

/// What the cells of one column have shown so far; a few bytes whatever their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnProof {
    day_first: bool,
    month_first: bool,
    one_to_five: bool,
    zero_to_one: bool,
}

impl ColumnProof {
    /// Whether feeding cells of this kind can prove anything.
    pub const fn is_useful(kind: Kind) -> bool {
        matches!(kind, Kind::Timestamp { .. } | Kind::Rating)
    }

    /// Takes one cell as it stands in the file.
    pub fn feed(&mut self, kind: Kind, raw: &str) {
        match kind {
            Kind::Timestamp { .. } => match date::proven_order(raw.trim()) {
                Some(DateOrder::DayFirst) => self.day_first = true,
                Some(DateOrder::MonthFirst) => self.month_first = true,
                None => {}
            },
            Kind::Rating => {
                let Ok(rating) = number::decimal(raw.trim(), Some(DecimalSign::Comma)) else {
                    return;
                };
                // 1 is the worst of one scale and the best of the other: it proves nothing.
                self.one_to_five |= rating > Decimal::ONE && rating <= Decimal::from(5);
                self.zero_to_one |= rating >= Decimal::ZERO && rating < Decimal::ONE;
            }
            _ => {}
        }
    }

    /// The order of day and month that the column proves.
    pub fn date_order(&self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// The rating scale that the column proves.
    pub fn rating_scale(&self) -> Option<RatingScale> {
        match (self.one_to_five, self.zero_to_one) {
            (true, false) => Some(RatingScale::OneToFive),
            (false, true) => Some(RatingScale::ZeroToOne),
            _ => None,
        }
    }

    /// The facts for the column's cells: what the source declares, else what the column proves,
    /// else what the dialect does. Spreadsheets write semicolons between cells where the comma
    /// is the decimal sign.
    pub fn facts(&self, declared: &Facts, delimiter: u8) -> Facts {
        let by_dialect = (delimiter == b';').then_some(DecimalSign::Comma);
        Facts {
            date_order: declared.date_order.or(self.date_order()),
            decimal: declared.decimal.or(by_dialect),
            rating_scale: declared.rating_scale.or(self.rating_scale()),
            zone: declared.zone.clone(),
            excel_serials: declared.excel_serials,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prove(kind: Kind, cells: &[&str]) -> ColumnProof {
        let mut proof = ColumnProof::default();
        cells.iter().for_each(|cell| proof.feed(kind, cell));
        proof
    }

    #[test]
    fn one_date_beyond_the_twelfth_proves_the_whole_column() {
        let time = Kind::Timestamp { future_ok: false };
        let order = |cells: &[&str]| prove(time, cells).date_order();
        assert_eq!(order(&["04/03/2025", " 13/03/2025 ", ""]), Some(DateOrder::DayFirst));
        assert_eq!(order(&["04/03/2025", "03/13/2025"]), Some(DateOrder::MonthFirst));
        assert_eq!(order(&["13/03/2025", "03/13/2025"]), None);
        assert_eq!(order(&["04/03/2025", "13.03.2025"]), None);
    }

    #[test]
    fn ratings_prove_their_scale_unless_all_are_one() {
        let scale = |cells: &[&str]| prove(Kind::Rating, cells).rating_scale();
        assert_eq!(scale(&["1", "4,5"]), Some(RatingScale::OneToFive));
        assert_eq!(scale(&["1", "0.75", "N/A"]), Some(RatingScale::ZeroToOne));
        assert_eq!(scale(&["1", "1.0"]), None);
        assert_eq!(scale(&["0.5", "4"]), None);
    }

    #[test]
    fn what_is_declared_wins_over_what_is_proven() {
        let proof = prove(Kind::Rating, &["4"]);
        let declared =
            Facts { rating_scale: Some(RatingScale::ZeroToOne), decimal: Some(DecimalSign::Dot), ..Facts::default() };
        let facts = proof.facts(&declared, b';');
        assert_eq!(facts.rating_scale, Some(RatingScale::ZeroToOne));
        assert_eq!(facts.decimal, Some(DecimalSign::Dot));
        let facts = proof.facts(&Facts::default(), b';');
        assert_eq!(facts.rating_scale, Some(RatingScale::OneToFive));
        assert_eq!(facts.decimal, Some(DecimalSign::Comma));
    }
}
