//! Texts become the answer's cells: for staff quarter by quarter, for companies by blocks. Pure, without a database.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PROGRAMMES, Wanted, last_published};
use crate::figures::{
    Coverage, DIMENSIONS, Measure, Text, coverage, measure,
    quarter::Quarter,
    suppress::{self, Block, Point, blocks},
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
    /// Texts that were not read: another language, nothing in them.
    not_read: usize,
    /// Texts that give evidence of something.
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
    /// All cells with a number together; absent without any.
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

fn coarse(value: f64) -> f64 {
    suppress::share(value) as f64 / 100.0
}

/// Where a cell is.
struct Place {
    from: Date,
    to: Date,
    programmes: Vec<String>,
}

fn cell(place: Place, measured: Option<Measure>, shown: bool, company: bool) -> Cell {
    let Place { from, to, programmes } = place;
    let number = if company { coarse } else { exact };
    let count = |n: usize| if company { suppress::round(n) } else { n };
    let measured = measured.filter(|_| shown);
    let plus = measured.map(|measure| measure.plus as f64 / measure.evidence as f64);
    Cell {
        from,
        to,
        programmes,
        suppressed: measured.is_none(),
        with_evidence: measured.map(|measure| count(measure.evidence)),
        persons: measured.map(|measure| count(measure.persons)),
        share_plus: plus.map(number),
        share_minus: plus.map(|plus| exact(1.0 - number(plus))),
        mean: measured.map(|measure| number(measure.mean)),
        interval: measured.and_then(|measure| {
            let half = measure.half_width?;
            Some([number((measure.mean - half).max(0.0)), number((measure.mean + half).min(1.0))])
        }),
    }
}

fn covered(place: Place, covered: Coverage, company: bool) -> CoverageCell {
    let Place { from, to, programmes } = place;
    let count = |n: usize| if company { suppress::round(n) } else { n };
    CoverageCell {
        from,
        to,
        programmes,
        texts: count(covered.texts),
        persons: count(covered.persons),
        not_read: count(covered.not_read),
        with_evidence: count(covered.with_evidence),
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
    let programmes: Vec<String> = match &wanted.programme {
        Some(programme) => vec![programme.clone()],
        None => PROGRAMMES.iter().map(|programme| (*programme).to_owned()).collect(),
    };
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
    let coverage = quarters.iter().map(|quarter| covered(place(*quarter), coverage(within(*quarter)), false)).collect();
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let least = suppress::persons(DIMENSIONS[dimension]);
        let enough = |measured: &Option<Measure>| measured.is_some_and(|measure| measure.persons >= least);
        let cells: Vec<Cell> = quarters
            .iter()
            .map(|quarter| {
                let measured = measure(within(*quarter), dimension);
                let shown = enough(&measured);
                cell(place(*quarter), measured, shown, false)
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
            total: shown.then(|| cell(everywhere, whole, true, false)),
            change,
            by_people: Some(texts.iter().filter(|text| text.by_people[dimension]).count()),
        }
    });
    let everywhere = Place { from: wanted.from, to: wanted.to, programmes: programmes.clone() };
    let coverage_total = (!texts.is_empty()).then(|| covered(everywhere, self::coverage(texts.iter()), false));
    Answer { coverage, coverage_total, dimensions: dimensions.collect() }
}

/// The blocks that are within what was asked for.
pub(super) fn for_company(texts: &[Text], wanted: &Wanted, now: Timestamp) -> Answer {
    let last = last_published(now);
    let (from, to) = (Quarter::of(wanted.from), Quarter::of(wanted.to).before());
    let cut = |points: &[(usize, Point)], least: usize| -> Vec<Block> {
        let only: Vec<Point> = points.iter().map(|(_, point)| point.clone()).collect();
        let mut cut = blocks(&only, last, least);
        cut.retain(|block| block.within(wanted.programme.as_deref(), from, to));
        // From places in the points to places in the texts.
        for at in cut.iter_mut().flat_map(|block| &mut block.points) {
            *at = points[*at].0;
        }
        cut
    };
    let point = |(at, text): (usize, &Text)| {
        (at, Point { person: text.person, programme: text.programme.clone(), quarter: text.quarter })
    };
    let place = |block: &Block| Place {
        from: block.first().first_day(),
        to: block.last.next().first_day(),
        programmes: block.programmes.keys().cloned().collect(),
    };
    let of = |block: &Block| block.points.iter().map(|&at| &texts[at]).collect::<Vec<_>>();
    let all: Vec<(usize, Point)> = texts.iter().enumerate().map(point).collect();
    let parts = cut(&all, suppress::PERSONS);
    let coverage =
        parts.iter().map(|block| covered(place(block), self::coverage(of(block).into_iter()), true)).collect();
    let coverage_total = together(&parts).map(|place| covered(place, self::coverage(parts.iter().flat_map(of)), true));
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let least = suppress::persons(DIMENSIONS[dimension]);
        let with: Vec<(usize, Point)> =
            texts.iter().enumerate().filter(|(_, text)| text.scores[dimension].is_some()).map(point).collect();
        let cut = cut(&with, least);
        let cells: Vec<Cell> =
            cut.iter().map(|block| cell(place(block), measure(of(block).into_iter(), dimension), true, true)).collect();
        let whole = measure(cut.iter().flat_map(of), dimension);
        let total = together(&cut).filter(|_| cut.len() > 1).map(|place| cell(place, whole, true, true));
        let change = change(&cells);
        DimensionFigures { dimension: DIMENSIONS[dimension], min_persons: least, cells, total, change, by_people: None }
    });
    Answer { coverage, coverage_total, dimensions: dimensions.collect() }
}

/// Where blocks are together; none: nowhere.
fn together(blocks: &[Block]) -> Option<Place> {
    let mut programmes: Vec<String> = blocks.iter().flat_map(|block| block.programmes.keys().cloned()).collect();
    programmes.sort();
    programmes.dedup();
    let first = blocks.iter().map(Block::first).min()?;
    let last = blocks.iter().map(|block| block.last).max()?;
    Some(Place { from: first.first_day(), to: last.next().first_day(), programmes })
}
