//! Which figures a company may see, so that no set of answers is about few people.
//!
//! The texts of a company are cut into **blocks** that do not overlap. A block is whole quarters of whole programmes and
//! is *safe*: at least `k` people (5; 10 for well-being), and nobody with more than half of its texts. Every answer is
//! put together of whole blocks, whatever was asked for; what is in no block is in no answer. So whatever is added,
//! subtracted or overlaid of answers ends in unions of blocks, and none of them is about fewer than `k` people. That is
//! suppression and complementary suppression at once: a total is the sum of what is published, so nothing is left over
//! when its parts are subtracted.
//!
//! Blocks are made from the oldest quarter on. What is too few waits for the next quarter; programmes that are too few
//! alone are published together when that is enough. A quarter that comes later adds blocks and changes none before it.
//!
//! That holds while texts stay as they are, and they do not: files come late, people are erased, scores are corrected. So
//! a block is counted once, when its quarters are due ([`LAG_DAYS`]), and its numbers are kept ([`super::published`]):
//! answers from two days are the same answer.
//!
//! Evidence of each dimension is cut on its own, and so is the coverage (texts, people, not read).

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::quarter::{Quarter, zone};

/// People a block has at least.
pub const PERSONS: usize = 5;
/// People a block of well-being has at least.
pub const PERSONS_WELL_BEING: usize = 10;
/// A quarter is published so many days after its end: files of it come in late.
pub const LAG_DAYS: i64 = 30;
/// Counts are told as multiples of this.
pub const STEP: usize = 5;

/// How many people a figure of a dimension needs.
pub fn persons(dimension: &str) -> usize {
    if dimension == "well_being" { PERSONS_WELL_BEING } else { PERSONS }
}

/// What is cut: a text with evidence, by whom, where and when. Its place in the list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The person.
    pub person: Uuid,
    /// The programme.
    pub programme: String,
    /// The quarter.
    pub quarter: Quarter,
}

/// Quarters of programmes that are published together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Each programme with its first quarter; all end with `last`.
    pub programmes: BTreeMap<String, Quarter>,
    /// The last quarter.
    pub last: Quarter,
    /// The points, by their places in the list.
    pub points: Vec<usize>,
}

impl Block {
    /// The first quarter of any programme in it.
    pub fn first(&self) -> Quarter {
        self.programmes.values().min().copied().unwrap_or(self.last)
    }

    /// Whether all of it is within what was asked for.
    pub fn within(&self, programme: Option<&str>, from: Quarter, to: Quarter) -> bool {
        self.first() >= from
            && self.last <= to
            && programme.is_none_or(|wanted| self.programmes.keys().all(|one| one == wanted))
    }
}

/// At least `k` people, and nobody with more than half of the texts.
pub fn safe(people: impl Iterator<Item = Uuid>, k: usize) -> bool {
    let mut texts: BTreeMap<Uuid, usize> = BTreeMap::new();
    for person in people {
        *texts.entry(person).or_default() += 1;
    }
    let all: usize = texts.values().sum();
    texts.len() >= k && texts.values().all(|own| own * 2 <= all)
}

/// Cuts points into safe blocks that end behind the quarter `after`, if there is one, and with `last` at the latest.
/// What is of `after` or before has waited until now.
pub fn blocks(points: &[Point], after: Option<Quarter>, last: Quarter, k: usize) -> Vec<Block> {
    let mut by_quarter: BTreeMap<Quarter, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, point) in points.iter().enumerate() {
        let due = after.map_or(point.quarter, |after| point.quarter.max(after.next()));
        if due <= last {
            by_quarter.entry(due).or_default().entry(&point.programme).or_default().push(at);
        }
    }
    let who = |at: &usize| points[*at].person;
    let first = |of: &[usize]| of.iter().map(|at| points[*at].quarter).min();
    let mut waiting: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut blocks = Vec::new();
    for (quarter, programmes) in by_quarter {
        for (programme, mut new) in programmes {
            waiting.entry(programme).or_default().append(&mut new);
        }
        let enough: BTreeSet<&str> = waiting
            .iter()
            .filter(|(_, points)| safe(points.iter().map(who), k))
            .map(|(programme, _)| *programme)
            .collect();
        let (alone, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut waiting).into_iter().partition(|(programme, _)| enough.contains(programme));
        for (programme, points) in alone {
            let first = first(&points).unwrap_or(quarter);
            blocks.push(Block { programmes: [(programme.to_owned(), first)].into(), last: quarter, points });
        }
        // Of one programme alone nothing is gained by calling it "together".
        if rest.len() > 1 && safe(rest.values().flatten().map(who), k) {
            let programmes = rest
                .iter()
                .map(|(programme, points)| ((*programme).to_owned(), first(points).unwrap_or(quarter)))
                .collect();
            let points = rest.into_values().flatten().collect();
            blocks.push(Block { programmes, last: quarter, points });
        } else {
            waiting = rest;
        }
    }
    blocks
}

/// The last quarter that is due: it ended so long ago that its files are in.
pub fn last_due(now: Timestamp) -> Quarter {
    let day = now.to_zoned(zone()).date().saturating_sub(LAG_DAYS.days());
    Quarter::of(day).before()
}

/// A part of a block's texts, given the people inside and outside of it: of fewer than `k` people it is told as none,
/// and where fewer than `k` are not in it as all. So a part needs as many people as the whole.
pub fn part(texts: usize, all: usize, (inside, outside): (usize, usize), k: usize) -> usize {
    match (inside >= k, outside >= k) {
        (false, _) => 0,
        (true, false) => all,
        (true, true) => texts,
    }
}

/// A count as a company sees it: the nearest multiple of [`STEP`].
pub fn round(count: usize) -> usize {
    (count + STEP / 2) / STEP * STEP
}

/// A share or a mean as a company sees it, in steps of 0.05; given in hundredths, so that it is exact.
pub fn share(value: f64) -> i64 {
    ((value.clamp(0.0, 1.0) * 20.0).round() as i64) * 5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROGRAMMES: [&str; 4] = ["buddy", "language", "mentorship", "upskilling"];

    fn quarter(n: u8) -> Quarter {
        (0..n).fold(Quarter::new(2024, 1), |quarter, _| quarter.next())
    }

    fn point(person: u128, programme: usize, n: u8) -> Point {
        Point { person: Uuid::from_u128(person), programme: PROGRAMMES[programme].to_owned(), quarter: quarter(n) }
    }

    #[test]
    fn too_few_people_or_one_with_most_of_the_texts_are_not_published() {
        let people = |of: &[u128]| of.iter().map(|&id| Uuid::from_u128(id)).collect::<Vec<_>>();
        let is_safe = |of: &[u128]| safe(people(of).into_iter(), 5);
        assert!(is_safe(&[1, 2, 3, 4, 5]));
        assert!(!is_safe(&[1, 2, 3, 4, 4]));
        assert!(is_safe(&[1, 2, 3, 4, 5, 5, 5, 5]), "exactly half");
        assert!(!is_safe(&[1, 2, 3, 4, 5, 5, 5, 5, 5]), "more than half");
        assert!(!is_safe(&[]));
    }

    #[test]
    fn what_is_too_few_waits_and_small_programmes_go_together() {
        // Language: 3 people in the first quarter, 2 others in the second. Buddy and mentorship: 3 and 2 in the second.
        let mut points: Vec<_> = (1..=3).map(|id| point(id, 1, 0)).chain((4..=5).map(|id| point(id, 1, 1))).collect();
        points.extend((10..=12).map(|id| point(id, 0, 1)).chain((13..=14).map(|id| point(id, 2, 1))));
        let blocks = blocks(&points, None, quarter(1), 5);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].programmes, [("language".to_owned(), quarter(0))].into());
        assert_eq!(blocks[0].last, quarter(1));
        assert_eq!(blocks[1].programmes.keys().collect::<Vec<_>>(), ["buddy", "mentorship"]);
        assert!(blocks[0].within(Some("language"), quarter(0), quarter(1)));
        assert!(!blocks[0].within(Some("language"), quarter(1), quarter(1)), "it begins before what was asked for");
        assert!(!blocks[1].within(Some("buddy"), quarter(0), quarter(1)), "it is of mentorship, too");
    }

    #[test]
    fn what_comes_late_for_a_quarter_that_was_cut_waits_for_the_next() {
        let points: Vec<_> = (1..=5).map(|id| point(id, 1, 0)).chain((6..=9).map(|id| point(id, 1, 2))).collect();
        assert_eq!(blocks(&points, Some(quarter(1)), quarter(1), 5), []);
        let late = blocks(&points, Some(quarter(1)), quarter(2), 5);
        assert_eq!((late.len(), late[0].first(), late[0].last, late[0].points.len()), (1, quarter(0), quarter(2), 9));
    }

    #[test]
    fn a_part_of_a_block_needs_as_many_people_inside_and_outside_as_the_block() {
        assert_eq!(part(7, 20, (4, 9), 5), 0);
        assert_eq!(part(7, 20, (5, 5), 5), 7);
        assert_eq!(part(17, 20, (9, 4), 5), 20);
        assert_eq!(part(20, 20, (9, 0), 5), 20);
    }

    #[test]
    fn a_quarter_is_due_thirty_days_after_its_end() {
        let due = |now: &str| last_due(now.parse().unwrap());
        assert_eq!(due("2026-01-20T12:00:00Z"), Quarter::new(2025, 3), "files come late");
        assert_eq!(due("2026-02-10T12:00:00Z"), Quarter::new(2025, 4));
    }

    #[test]
    fn counts_and_shares_are_coarse() {
        assert_eq!([0, 2, 3, 7, 8, 12].map(round), [0, 0, 5, 5, 10, 10]);
        assert_eq!([0.0, 0.024, 0.026, 0.5, 0.99, 1.0].map(share), [0, 0, 5, 50, 100, 100]);
    }

    /// Every question a company can ask: each programme or all, each range of quarters.
    fn every_question(last: u8) -> Vec<(Option<&'static str>, Quarter, Quarter)> {
        let mut questions = Vec::new();
        for programme in std::iter::once(None).chain(PROGRAMMES.map(Some)) {
            for from in 0..=last {
                for to in from..=last {
                    questions.push((programme, quarter(from), quarter(to)));
                }
            }
        }
        questions
    }

    /// People, in groups of different sizes and diligence, over four programmes and six quarters.
    fn populations() -> impl Strategy<Value = Vec<Point>> {
        let one = (1..=25u128, 0..4usize, 0..6u8, 1..=6usize);
        proptest::collection::vec(one, 0..120).prop_map(|many| {
            many.into_iter()
                .flat_map(|(person, programme, n, texts)| vec![point(person, programme, n); texts])
                .collect()
        })
    }

    /// The texts an answer is about: what its cells, its counts and its total are functions of.
    fn answer(blocks: &[Block], (programme, from, to): (Option<&str>, Quarter, Quarter)) -> Vec<BTreeSet<usize>> {
        let cells: Vec<BTreeSet<usize>> = blocks
            .iter()
            .filter(|block| block.within(programme, from, to))
            .map(|block| block.points.iter().copied().collect())
            .collect();
        let total = cells.iter().flatten().copied().collect();
        cells.into_iter().chain([total]).filter(|set: &BTreeSet<usize>| !set.is_empty()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Texts that are in exactly the same published sets cannot be told apart by any combination of answers: sums,
        /// differences, overlaps. Every set that can be made of answers is a union of such groups, so the smallest
        /// group is what an attacker can come down to at most.
        #[test]
        fn no_combination_of_all_answerable_questions_is_about_fewer_than_k_people(points in populations(), ten: bool) {
            let k = if ten { PERSONS_WELL_BEING } else { PERSONS };
            let blocks = blocks(&points, None, quarter(5), k);
            let published: BTreeSet<BTreeSet<usize>> =
                every_question(5).into_iter().flat_map(|question| answer(&blocks, question)).collect();
            let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
            for text in 0..points.len() {
                let sets: Vec<usize> =
                    published.iter().enumerate().filter(|(_, set)| set.contains(&text)).map(|(n, _)| n).collect();
                if !sets.is_empty() {
                    groups.entry(sets).or_default().push(text);
                }
            }
            for group in groups.values() {
                prop_assert!(safe(group.iter().map(|&text| points[text].person), k), "{group:?}");
            }
            // The same, pair by pair: what one answer has more than another.
            for one in &published {
                for other in &published {
                    let more: Vec<Uuid> = one.difference(other).map(|&text| points[text].person).collect();
                    let people: BTreeSet<_> = more.iter().collect();
                    prop_assert!(people.is_empty() || people.len() >= k);
                }
            }
        }

        #[test]
        fn a_later_quarter_changes_no_block_before_it(points in populations(), ten: bool) {
            let k = if ten { PERSONS_WELL_BEING } else { PERSONS };
            let all = blocks(&points, None, quarter(5), k);
            for n in 0..5 {
                let early = blocks(&points, None, quarter(n), k);
                prop_assert_eq!(&all[..early.len()], &early[..]);
                prop_assert!(all[early.len()..].iter().all(|block| block.last > quarter(n)));
            }
        }

        #[test]
        fn blocks_do_not_overlap_and_are_whole_quarters_of_their_programmes(points in populations()) {
            let blocks = blocks(&points, None, quarter(5), PERSONS);
            let mut seen = BTreeSet::new();
            for block in &blocks {
                prop_assert!(block.points.iter().all(|point| seen.insert(*point)));
                let inside = |point: &Point| {
                    block.programmes.get(&point.programme).is_some_and(|first| *first <= point.quarter) && point.quarter <= block.last
                };
                let whole: BTreeSet<usize> = (0..points.len()).filter(|&at| inside(&points[at])).collect();
                prop_assert_eq!(whole, block.points.iter().copied().collect::<BTreeSet<_>>());
            }
        }
    }
}
