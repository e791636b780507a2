//! The answer's cells: for staff from texts, quarter by quarter, for companies from what was published. Pure, without a
//! database.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PROGRAMMES, Wanted};
use crate::figures::{
    Coverage, DIMENSIONS, Measure, Text, coverage, measure,
    published::{Counted, Published},
    quarter::Quarter,
    suppress,
};

/// Counts of texts and people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageCell {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Of these programmes together.
    programmes: Vec<String>,
    /// Texts that were let through for scoring.
    texts: usize,
    /// People they are of.
    persons: usize,
    /// Texts that were not read: another language, nothing in them. For companies a part of fewer than five people is 0,
    /// and one that lacks fewer than five is all texts; so with the next.
    not_read: usize,
    /// Texts that give evidence of something; for companies not counting well-being, which needs ten people.
    with_evidence: usize,
}

/// One dimension over some quarters of some programmes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cell {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Of these programmes together.
    programmes: Vec<String>,
    /// Too few people, or one with more than half of the texts: then there is no number.
    suppressed: bool,
    /// Texts with evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_evidence: Option<usize>,
    /// People they are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    persons: Option<usize>,
    /// The share that says `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_plus: Option<f64>,
    /// The share that says `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_minus: Option<f64>,
    /// The mean of the persons' mean scores, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    /// Its 95 % interval over persons (Student's t).
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[f64; 2]>,
}

/// A dimension.
#[derive(Debug, Serialize, ToSchema)]
pub struct DimensionFigures {
    /// Which.
    #[schema(example = "belonging")]
    dimension: &'static str,
    /// People a cell has at least.
    min_persons: usize,
    /// In the order of time.
    cells: Vec<Cell>,
    /// All cells with a number together; absent without any, and for companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Cell>,
    /// The mean of the last cell less that of the first, of those with a number; absent where there are not two that
    /// are of the same programmes. Two intervals that overlap much mean that nothing is known to have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    /// Of the scores in these figures, those that a person has looked at (staff only).
    #[serde(skip_serializing_if = "Option::is_none")]
    by_people: Option<usize>,
}

fn exact(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Where a cell is.
struct Place {
    from: Date,
    to: Date,
    programmes: Vec<String>,
}

fn cell(place: Place, measured: Option<Measure>, shown: bool) -> Cell {
    let Place { from, to, programmes } = place;
    let measured = measured.filter(|_| shown);
    let plus = measured.map(|measure| measure.plus as f64 / measure.evidence as f64);
    Cell {
        from,
        to,
        programmes,
        suppressed: measured.is_none(),
        with_evidence: measured.map(|measure| measure.evidence),
        persons: measured.map(|measure| measure.persons),
        share_plus: plus.map(exact),
        share_minus: plus.map(|plus| exact(1.0 - exact(plus))),
        mean: measured.map(|measure| exact(measure.mean)),
        interval: measured.and_then(|measure| {
            let half = measure.half_width?;
            Some([exact((measure.mean - half).max(0.0)), exact((measure.mean + half).min(1.0))])
        }),
    }
}

fn covered(place: Place, covered: Coverage) -> CoverageCell {
    let Place { from, to, programmes } = place;
    CoverageCell {
        from,
        to,
        programmes,
        texts: covered.texts,
        persons: covered.persons,
        not_read: covered.not_read,
        with_evidence: covered.with_evidence,
    }
}

fn change(cells: &[Cell]) -> Option<f64> {
    let mut with = cells.iter().filter_map(|cell| Some((cell.mean?, &cell.programmes)));
    let (first, programmes) = with.next()?;
    let (last, same) = with.next_back()?;
    (programmes == same).then(|| exact(last - first))
}

/// The parts of an answer that are counted from texts.
pub(super) struct Answer {
    pub(super) coverage: Vec<CoverageCell>,
    pub(super) coverage_total: Option<CoverageCell>,
    pub(super) dimensions: Vec<DimensionFigures>,
}

/// Quarter by quarter, each with its own threshold.
pub(super) fn for_staff(texts: &[Text], wanted: &Wanted) -> Answer {
    let all = || PROGRAMMES.iter().map(|programme| (*programme).to_owned()).collect();
    let programmes: Vec<String> = wanted.programmes.clone().unwrap_or_else(all);
    let place = |quarter: Quarter| Place {
        from: quarter.first_day().max(wanted.from),
        to: quarter.next().first_day().min(wanted.to),
        programmes: programmes.clone(),
    };
    let last_day = wanted.to.saturating_sub(1.day());
    let quarters: Vec<Quarter> = std::iter::successors(Some(Quarter::of(wanted.from)), |quarter| Some(quarter.next()))
        .take_while(|quarter| *quarter <= Quarter::of(last_day))
        .take(400)
        .collect();
    let mut by_quarter: BTreeMap<Quarter, Vec<&Text>> = BTreeMap::new();
    for text in texts {
        by_quarter.entry(text.quarter).or_default().push(text);
    }
    let within = |quarter: Quarter| by_quarter.get(&quarter).into_iter().flatten().copied();
    let coverage = quarters.iter().map(|quarter| covered(place(*quarter), coverage(within(*quarter)))).collect();
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let least = suppress::persons(DIMENSIONS[dimension]);
        let enough = |measured: &Option<Measure>| measured.is_some_and(|measure| measure.persons >= least);
        let cells: Vec<Cell> = quarters
            .iter()
            .map(|quarter| {
                let measured = measure(within(*quarter), dimension);
                let shown = enough(&measured);
                cell(place(*quarter), measured, shown)
            })
            .collect();
        let whole = measure(texts.iter(), dimension);
        let shown = enough(&whole);
        let everywhere = Place { from: wanted.from, to: wanted.to, programmes: programmes.clone() };
        let change = change(&cells);
        DimensionFigures {
            dimension: DIMENSIONS[dimension],
            min_persons: least,
            cells,
            total: shown.then(|| cell(everywhere, whole, true)),
            change,
            by_people: Some(texts.iter().filter(|text| text.by_people[dimension]).count()),
        }
    });
    let everywhere = Place { from: wanted.from, to: wanted.to, programmes: programmes.clone() };
    let coverage_total = (!texts.is_empty()).then(|| covered(everywhere, self::coverage(texts.iter())));
    Answer { coverage, coverage_total, dimensions: dimensions.collect() }
}

/// The published blocks that are within what was asked for, as they were published. Nothing is added up: how many people
/// several blocks are of is in no block.
pub(super) fn for_company(published: &[Published], wanted: &Wanted) -> Answer {
    let (from, to) = (Quarter::of(wanted.from), Quarter::of(wanted.to).before());
    let programme = wanted.programmes.as_ref().and_then(|programmes| programmes.first()).map(String::as_str);
    let of = |counted: Counted| {
        published.iter().filter(move |block| block.counted == counted && block.within(programme, from, to))
    };
    let coverage = of(Counted::Coverage).filter_map(told_coverage).collect();
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let cells: Vec<Cell> = of(Counted::Dimension(dimension)).filter_map(told_cell).collect();
        let change = change(&cells);
        let (dimension, min_persons) = (DIMENSIONS[dimension], suppress::persons(DIMENSIONS[dimension]));
        DimensionFigures { dimension, min_persons, cells, total: None, change, by_people: None }
    });
    Answer { coverage, coverage_total: None, dimensions: dimensions.collect() }
}

fn told_coverage(block: &Published) -> Option<CoverageCell> {
    let count = |n: i32| usize::try_from(n).unwrap_or_default();
    let (texts, not_read) = block.numbers.texts?;
    Some(CoverageCell {
        from: block.first.first_day(),
        to: block.last.next().first_day(),
        programmes: block.programmes.clone(),
        texts: count(texts),
        persons: count(block.numbers.persons),
        not_read: count(not_read),
        with_evidence: count(block.numbers.with_evidence),
    })
}

fn told_cell(block: &Published) -> Option<Cell> {
    let count = |n: i32| usize::try_from(n).ok();
    let hundredths = |n: i16| f64::from(n) / 100.0;
    let (plus, mean) = block.numbers.share_and_mean?;
    Some(Cell {
        from: block.first.first_day(),
        to: block.last.next().first_day(),
        programmes: block.programmes.clone(),
        suppressed: false,
        with_evidence: count(block.numbers.with_evidence),
        persons: count(block.numbers.persons),
        share_plus: Some(hundredths(plus)),
        share_minus: Some(hundredths(100 - plus)),
        mean: Some(hundredths(mean)),
        interval: block.numbers.interval.map(|(low, high)| [hundredths(low), hundredths(high)]),
    })
}
