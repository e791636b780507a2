//! What a survey and the fates of its records say in a receipt, and when a person should look first.

use super::{
    apply::Apply,
    receipt::{ColumnsFound, FactsUsed, Unknown, Warning},
    source::SourceProfile,
    survey::Survey,
};
use crate::{
    config::{ConfigError, Env},
    contracts::Counts,
};

/// When a person has to look first: a setting of the function.
///
/// | variable | what | if absent |
/// |---|---|---|
/// | `BRAKE_PERCENT` | the share of a file, in percent, above which changed or rejected records stop it | 50 |
/// | `BRAKE_RECORDS` | a file of no more records than this is not stopped | 20 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brake {
    /// The share, in percent.
    pub percent: u32,
    /// Records a file has to have more than.
    pub records: u32,
}

impl Default for Brake {
    fn default() -> Self {
        Self { percent: 50, records: 20 }
    }
}

impl Brake {
    /// The function's setting.
    ///
    /// # Errors
    /// A variable that is there and is no number.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let number = |name, usual| match env.optional(name) {
            Some(_) => env.parsed(name),
            None => Ok(usual),
        };
        let usual = Self::default();
        Ok(Self { percent: number("BRAKE_PERCENT", usual.percent)?, records: number("BRAKE_RECORDS", usual.records)? })
    }
}

/// Records without blank ones, repeated headers and totals rows: what an export counts.
pub fn counted(apply: &Apply<'_>) -> u64 {
    use super::code::Code;
    let counts = apply.fates.counts();
    let not_records = apply
        .fates
        .rejections()
        .filter(|(_, _, _, rejection)| matches!(rejection.code, Code::FooterRow | Code::RepeatedHeader))
        .count() as u64;
    u64::from(counts.records - counts.blank) - not_records
}

/// Whether a person should look first: most of what was known would change, or most records are rejected.
pub fn brake(brake: Brake, counts: &Counts, apply: &Apply<'_>) -> Option<String> {
    use super::code::Code;
    let percent = brake.percent;
    if counts.records <= brake.records {
        return None;
    }
    let over = |part: u64, whole: u64| whole > 0 && part * 100 > whole * u64::from(percent);
    let excused = |code| matches!(code, Code::OrphanRef | Code::RepeatedHeader | Code::FooterRow);
    let rejected = apply.fates.rejections().filter(|(_, _, _, rejection)| !excused(rejection.code)).count() as u64;
    if over(rejected, u64::from(counts.records)) {
        return Some(format!(
            "{rejected} of {} records are rejected, more than {percent} percent; nothing was applied. Look at the first reasons; correct the file and drop it again, or commit it as it is.",
            counts.records
        ));
    }
    if over(u64::from(counts.changed), u64::from(apply.known)) {
        return Some(format!(
            "{} of {} known records would change, more than {percent} percent; nothing was applied. Make sure that this is the right file, then commit it.",
            counts.changed, apply.known
        ));
    }
    None
}

/// The file's columns, as matched.
pub fn columns(survey: &Survey) -> ColumnsFound {
    let header = &survey.preamble.recognised.header;
    let known = header
        .columns
        .iter()
        .zip(&header.names)
        .filter_map(|(column, name)| Some((name.clone(), survey.layout.columns[(*column)?].name.into())));
    ColumnsFound {
        known: known.collect(),
        unknown: header
            .unknown
            .iter()
            .map(|column| Unknown { name: column.name.clone(), nearest: column.nearest.map(ToOwned::to_owned) })
            .collect(),
        missing: header.missing.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Warnings about columns nobody reads.
pub fn unknown_columns(survey: &Survey) -> Vec<Warning> {
    let unknown = &survey.preamble.recognised.header.unknown;
    let sentence = |column: &super::header::UnknownColumn| match column.nearest {
        Some(nearest) => format!("The column {} is not read; did you mean {nearest}?", column.name),
        None => format!("The column {} is not read; its values stay in the dropped file.", column.name),
    };
    unknown
        .iter()
        .map(|column| Warning {
            code: super::code::Code::UnknownColumn,
            records: 0,
            first_line: None,
            detail: Some(sentence(column)),
            hint: Some(match column.nearest {
                Some(nearest) => format!("{} → {nearest}", column.name),
                None => column.name.clone(),
            }),
        })
        .collect()
}

/// What is declared about a source, where nothing could be proven.
pub fn facts_declared(profile: &SourceProfile) -> FactsUsed {
    let name = |value: serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let declared = &profile.facts;
    FactsUsed {
        date_order: declared.date_order.and_then(|order| name(serde_json::json!(order))),
        decimal: declared.decimal.and_then(|sign| name(serde_json::json!(sign))),
        rating_scale: declared.rating_scale.map(|scale| scale.as_str().to_owned()),
        zone: declared.zone.as_ref().and_then(|zone| zone.iana_name()).map(ToOwned::to_owned),
        author: profile.author.map(|author| author.as_str().to_owned()),
        rater: profile.rater.clone(),
        programme_instance: profile.instance_id,
        from: "source profile".to_owned(),
    }
}

/// What cells were read by, declared or proven.
pub fn facts_used(survey: &Survey) -> FactsUsed {
    let declared = &survey.profile.facts;
    let name = |value: serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let date_order = survey.facts.iter().find_map(|facts| facts.date_order);
    let rating_scale = survey.facts.iter().find_map(|facts| facts.rating_scale);
    let decimal = survey.facts.iter().find_map(|facts| facts.decimal);
    let proven =
        date_order != declared.date_order || rating_scale != declared.rating_scale || decimal != declared.decimal;
    FactsUsed {
        date_order: date_order.and_then(|order| name(serde_json::json!(order))),
        decimal: decimal.and_then(|sign| name(serde_json::json!(sign))),
        rating_scale: rating_scale.map(|scale| scale.as_str().to_owned()),
        from: if proven { "source profile and the whole column" } else { "source profile" }.to_owned(),
        ..facts_declared(&survey.profile)
    }
}
