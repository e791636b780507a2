//! Figures of many people: pure functions of texts, so that what they may give away can be tested without a database.
//! [`rows`] gets the texts, [`published`] keeps what companies were told.
//!
//! A text counts with its person, its programme and its own time. For each dimension: how many texts give evidence,
//! which way, the mean of the scores, how sure that mean is, how it changes. A text that says nothing of a dimension is
//! in no mean. Nothing is filled in: few people means no figure, and the answer says why.

pub mod published;
pub mod quarter;
pub mod rows;
pub mod suppress;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use self::quarter::Quarter;

/// Dimensions, in the order of the taxonomy.
pub const DIMENSIONS: [&str; 5] = ["confidence", "belonging", "lang_level_proxy", "job_readiness", "well_being"];

/// How a text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// It was.
    Yes,
    /// It was not: another language, nothing in it.
    No,
}

/// A text as figures see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Which.
    pub id: Uuid,
    /// Whose outcome it is.
    pub person: Uuid,
    /// The programme.
    pub programme: String,
    /// The quarter it was written in.
    pub quarter: Quarter,
    /// Whether it was read.
    pub read: Read,
    /// In thousandths, by dimension; none where it says nothing.
    pub scores: [Option<u16>; 5],
    /// Of these outcomes; 0 where there is none.
    pub revisions: [i32; 5],
    /// Which of these a person has looked at.
    pub by_people: [bool; 5],
}

/// The measure of one dimension over some texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Texts with evidence.
    pub evidence: usize,
    /// People they are of.
    pub persons: usize,
    /// Of the texts with evidence, those that say `+`.
    pub plus: usize,
    /// The mean of the persons' means, 0 to 1: who writes often counts once.
    pub mean: f64,
    /// Half of the 95 % interval around it; none for one person.
    pub half_width: Option<f64>,
}

/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom; the normal one beyond.
/// <https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm>
const T95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The measure of a dimension; none without evidence.
pub fn measure<'a>(texts: impl Iterator<Item = &'a Text>, dimension: usize) -> Option<Measure> {
    let mut people: BTreeMap<Uuid, (u64, u64)> = BTreeMap::new();
    let (mut evidence, mut plus) = (0, 0);
    for text in texts {
        let Some(score) = text.scores[dimension] else { continue };
        let (sum, count) = people.entry(text.person).or_default();
        *sum += u64::from(score);
        *count += 1;
        evidence += 1;
        plus += usize::from(score >= 500);
    }
    if evidence == 0 {
        return None;
    }
    let n = people.len() as f64;
    let means: Vec<f64> = people.values().map(|(sum, count)| *sum as f64 / *count as f64 / 1000.0).collect();
    let mean = means.iter().sum::<f64>() / n;
    let half_width = (people.len() > 1).then(|| {
        let variance = means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let t = T95.get(people.len() - 2).copied().unwrap_or(1.960);
        t * (variance / n).sqrt()
    });
    Some(Measure { evidence, persons: people.len(), plus, mean, half_width })
}

/// How many texts, of how many people, of them not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Texts let through for scoring.
    pub texts: usize,
    /// People they are of.
    pub persons: usize,
    /// Texts that were not read.
    pub not_read: usize,
    /// Texts that were read and give evidence of something.
    pub with_evidence: usize,
}

/// Counts.
pub fn coverage<'a>(texts: impl Iterator<Item = &'a Text>) -> Coverage {
    let mut coverage = Coverage::default();
    let mut people = BTreeSet::new();
    for text in texts {
        coverage.texts += 1;
        coverage.not_read += usize::from(text.read == Read::No);
        coverage.with_evidence += usize::from(text.scores.iter().any(Option::is_some));
        people.insert(text.person);
    }
    coverage.persons = people.len();
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(person: u128, score: Option<u16>) -> Text {
        Text {
            id: Uuid::nil(),
            person: Uuid::from_u128(person),
            programme: "language".to_owned(),
            quarter: Quarter::new(2025, 1),
            read: Read::Yes,
            scores: [score, None, None, None, None],
            revisions: [0; 5],
            by_people: [false; 5],
        }
    }

    #[test]
    fn a_text_without_evidence_is_in_no_mean() {
        let texts = [text(1, Some(800)), text(2, None), text(3, Some(200))];
        let measure = measure(texts.iter(), 0).unwrap();
        assert_eq!((measure.evidence, measure.persons, measure.plus), (2, 2, 1));
        assert!((measure.mean - 0.5).abs() < 1e-9);
        assert_eq!(super::measure(texts.iter(), 1), None);
        let coverage = coverage(texts.iter());
        assert_eq!((coverage.texts, coverage.persons, coverage.with_evidence), (3, 3, 2));
    }

    #[test]
    fn who_writes_often_counts_once_in_the_mean() {
        let mut texts = vec![text(1, Some(1000)); 9];
        texts.push(text(2, Some(0)));
        let measure = measure(texts.iter(), 0).unwrap();
        assert!((measure.mean - 0.5).abs() < 1e-9);
        assert_eq!(measure.plus, 9);
    }

    #[test]
    fn the_interval_is_students_and_there_is_none_of_one_person() {
        let texts = [text(1, Some(600)), text(2, Some(700)), text(3, Some(800))];
        let half = measure(texts.iter(), 0).unwrap().half_width.unwrap();
        assert!((half - 4.303 * 0.1 / 3f64.sqrt()).abs() < 1e-6, "{half}");
        assert_eq!(measure(texts[..1].iter(), 0).unwrap().half_width, None);
    }
}
