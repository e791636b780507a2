//! Sentences for coordinators in their language: English, Norwegian (bokmål) and Ukrainian.
//!
//! What is stored is a code with its column, masked value and hint; a sentence is made of them when somebody reads it.
//! Rows stored before there were values and hints still make a sentence. Names of columns stay as they are.
//!
//! A hint is free of language: allowed words, a limit, a file's place, or one of these tokens:
//!
//! | code | tokens and forms |
//! |---|---|
//! | `missing_required` | the column whose word asks for it; none if every record needs it |
//! | `bad_date`, `ambiguous_date`, `impossible_date` | `short_year`, `fraction` · `order`, `zone`, `twice` · `day_first`, `month_first` |
//! | `bad_number` | `comma`, `form`, `whole`, `digits`, `thousands` |
//! | `bad_email` | `no_at`, `several`, `character`, `length`, `domain`, `id` (an address where an id should be) |
//! | `bad_json` | `duplicate_key`, or the number of the first wrong character |
//! | `not_csv`, `empty_file` | see [`super::not_csv::NotCsv::token`] |
//! | `out_of_range` | `1–480`, `≥ 2016-05-04` |
//! | `too_long`, `too_deep` | the limit |
//! | `too_large` | `2 GB`, `5 000 000`, `header`, `columns`, `lines`, `internal`; of a record the three limits |
//! | `too_few_cells`, `too_many_cells` | found, expected |
//! | `stray_quote`, `unclosed_quote` | the lines left out: `12–20` |
//! | `missing_column`, `duplicate_column` | our name of the column |
//! | `wrong_entity` | the entity the file looks like, `buddy/matches`; or the folders that are read, each with a `/` at its end |
//! | `orphan_ref` | what to drop first: `buddy/matches` |
//! | `completed_before_scheduled`, `self_pair` | the other column · both columns |
//! | `unknown_column` | `name`, or `name → nearest` |
//! | `control_total_mismatch` | stated, counted |

mod en;
mod nb;
#[cfg(test)]
mod tests;
mod uk;

use std::borrow::Cow;

use super::code::{Code, Rejection};

/// A language of receipts and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Norwegian bokmål.
    Nb,
    /// Ukrainian.
    Uk,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::En, Self::Nb, Self::Uk];

    /// The language tag for `lang` attributes and `Content-Language`: `en`, `nb`, `uk`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Nb => "nb",
            Self::Uk => "uk",
        }
    }

    /// The language of a tag: `nb-NO`, `no`, `nn` and `da` read bokmål, `uk-UA` Ukrainian; none for others.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "nb" | "no" | "nn" => Some(Self::Nb),
            "uk" => Some(Self::Uk),
            _ => None,
        }
    }

    /// The language that an `Accept-Language` header wants most of those we have; English if none.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let Some(lang) = Self::from_tag(tag) else { continue };
            let weight = weight(parameters);
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::En, |(_, lang)| lang)
    }

    fn words(self) -> &'static Words {
        match self {
            Self::En => &en::WORDS,
            Self::Nb => &nb::WORDS,
            Self::Uk => &uk::WORDS,
        }
    }
}

/// Thousandths of `q=0.8`; 1000 without one, 0 for what is none.
fn weight(parameters: &str) -> u16 {
    let q = parameters.split(';').find_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    match q.map(str::parse::<f32>) {
        None => 1000,
        Some(Ok(q)) if (0.0..=1.0).contains(&q) => (q * 1000.0) as u16,
        Some(_) => 0,
    }
}

/// One language.
struct Words {
    /// Sentence of a rejection, refusal or warning by code and hint. `{cell}` is its beginning, see `cells`.
    code: fn(Code, &str) -> &'static str,
    /// Sentence of a receipt's code that is no [`Code`].
    other: fn(&str) -> &'static str,
    /// How a sentence about a cell begins: with column and value, with the column, with neither.
    cells: [&'static str; 3],
    /// Labels by name.
    labels: &'static [(&'static str, &'static str)],
    /// `{1}` is a line; `{1}` to `{2}` are lines.
    lines: [&'static str; 2],
    /// `{1}` records, the first on line `{2}`.
    records: &'static str,
    /// Instead of a reason, beside a line that belongs to the record of line `{1}`.
    goes_on: &'static str,
}

/// Why a record was rejected, as one sentence: what is wrong, in which column, what to do. The line is not in it,
/// except for the lines that a broken quote took with it. In English the sentence that was stored.
pub fn sentence(lang: Lang, rejection: &Rejection) -> String {
    if lang == Lang::En && !rejection.reason.is_empty() {
        return rejection.reason.clone();
    }
    let template = (lang.words().code)(rejection.code, rejection.hint.as_deref().unwrap_or_default());
    fill(lang, template, rejection.column.as_deref(), rejection.value.as_deref(), rejection.hint.as_deref())
}

/// Why a whole file ended as it did, by the code and hint of its receipt: refused, planned, failed. Codes nobody
/// knows get a general sentence.
pub fn answer(lang: Lang, code: &str, hint: Option<&str>) -> String {
    let words = lang.words();
    let template = match code.parse::<Code>() {
        Ok(Code::StaleRevision) | Err(_) => (words.other)(code),
        Ok(code) => (words.code)(code, hint.unwrap_or_default()),
    };
    fill(lang, template, None, None, hint)
}

/// What a warning means, by its code and hint.
pub fn warning(lang: Lang, code: Code, hint: Option<&str>) -> String {
    fill(lang, (lang.words().code)(code, hint.unwrap_or_default()), None, None, hint)
}

/// `line 5`, `lines 5–9`.
pub fn lines(lang: Lang, line: i64, line_end: i64) -> String {
    let [one, several] = lang.words().lines;
    let template = if line_end > line { several } else { one };
    template.replace("{1}", &line.to_string()).replace("{2}", &line_end.to_string())
}

/// `records: 12, the first on line 5`.
pub fn how_often(lang: Lang, records: i64, first_line: i64) -> String {
    lang.words().records.replace("{1}", &records.to_string()).replace("{2}", &first_line.to_string())
}

/// `(goes on from line 5)`, in a file that has a row for each line of a record.
pub fn goes_on(lang: Lang, line: i64) -> String {
    lang.words().goes_on.replace("{1}", &line.to_string())
}

/// The label of a fate, count, outcome or status by its name in the API: `new`, `records`, `loaded`, `queued`. A name
/// nobody knows is its own label.
pub fn label(lang: Lang, name: &str) -> Cow<'_, str> {
    match lang.words().labels.iter().find(|(known, _)| *known == name) {
        Some((_, label)) => Cow::Borrowed(*label),
        None => Cow::Borrowed(name),
    }
}

/// Fills a template. `[…]` is left out if something in it has no value; elsewhere what has none is left out alone.
fn fill(lang: Lang, template: &str, column: Option<&str>, value: Option<&str>, hint: Option<&str>) -> String {
    let [with_value, with_column, with_neither] = lang.words().cells;
    let cell = match (column, value) {
        (Some(_), Some(_)) => with_value,
        (Some(_), None) => with_column,
        (None, _) => with_neither,
    };
    let cell = cell.replace("{column}", column.unwrap_or_default()).replace("{value}", value.unwrap_or_default());
    let mut parts = hint.into_iter().flat_map(|hint| hint.split(", "));
    let (one, two, three) = (parts.next(), parts.next(), parts.next());
    let known = |name: &str| match name {
        "cell" => Some(cell.as_str()),
        "column" => column,
        "value" => value,
        "hint" => hint,
        "1" => one,
        "2" => two,
        "3" => three,
        _ => None,
    };
    let mut out = String::with_capacity(template.len() + 64);
    let (mut rest, mut optional) = (template, None);
    while let Some(at) = rest.find(['{', '[', ']']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        rest = &found[1..];
        match found.as_bytes()[0] {
            b'[' => optional = Some((out.len(), true)),
            b']' => {
                if let Some((begin, false)) = optional.take() {
                    out.truncate(begin);
                }
            }
            _ => {
                let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
                rest = after;
                match (known(name), &mut optional) {
                    (Some(text), _) => out.push_str(text),
                    (None, Some((_, whole))) => *whole = false,
                    (None, None) => {}
                }
            }
        }
    }
    out.push_str(rest);
    let first = out.chars().next();
    // A column's name keeps its letters; a sentence of ours begins with a capital.
    match first.filter(|c| c.is_lowercase() && column.is_none()) {
        Some(c) => c.to_uppercase().chain(out.chars().skip(1)).collect(),
        None => out,
    }
}
