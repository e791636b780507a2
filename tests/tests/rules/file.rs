//! A file through the pure layer, as an importer goes, in pieces of several sizes.

use jiff::{Timestamp, tz::TimeZone};
use shared::intake::{
    cell,
    code::{Refusal, Rejection},
    column::Column,
    decode::{Decoder, Encoding},
    dialect::{self, Dialect},
    facts::{Facts, RatingScale},
    fault, not_csv, preamble,
    proof::ColumnProof,
    scan::{RecordSpan, Scanner, SpanKind},
    split::{Cells, Splitter, check_width},
};

/// One column of every kind that a rule is about, two of them required.
pub const LAYOUT: &[Column] = &[
    Column::id("session_id").required(),
    Column::email("participant_email").required(),
    Column::timestamp("completed_at").aliases(&["Session date"]),
    Column::timestamp("scheduled_at").future_ok(),
    Column::duration("duration_minutes").aliases(&["Duration (min)"]),
    Column::rating("rating"),
    Column::score("final_score"),
    Column::cefr("language_level").aliases(&["CEFR"]),
    Column::one_of("status", &["active", "inactive", "ended"]),
    Column::name("first_name"),
    Column::text("feedback_text").aliases(&["Feedback"]),
    Column::json_text("metadata"),
    Column::json_list("interests"),
    Column::integer("points", 0, 1_000_000),
];

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Blank,
    /// `column=value` of every value, in the layout's order.
    Accepted(Vec<(&'static str, String)>),
    Rejected(Rejection),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub line: u32,
    pub line_end: u32,
    pub fate: Fate,
    pub truncated: bool,
    pub lookalikes: bool,
}

impl Record {
    /// A value as stored.
    pub fn get(&self, column: &str) -> Option<&str> {
        match &self.fate {
            Fate::Accepted(values) => values.iter().find(|(name, _)| *name == column).map(|(_, text)| text.as_str()),
            _ => None,
        }
    }

    /// `5 blank`, `5 S1`, `5-7 bad_date@completed_at`.
    pub fn brief(&self) -> String {
        let lines = match self.line == self.line_end {
            true => self.line.to_string(),
            false => format!("{}-{}", self.line, self.line_end),
        };
        match &self.fate {
            Fate::Blank => format!("{lines} blank"),
            Fate::Accepted(values) => format!("{lines} {}", values.first().map_or("", |(_, text)| text.as_str())),
            Fate::Rejected(Rejection { code, column: Some(column), .. }) => format!("{lines} {code}@{column}"),
            Fate::Rejected(rejection) => format!("{lines} {}", rejection.code),
        }
    }
}

#[derive(Debug)]
pub struct Reading {
    pub dialect: Dialect,
    pub line_ending: &'static str,
    pub preamble: preamble::Preamble,
    pub records: Vec<Record>,
}

impl Reading {
    pub fn brief(&self) -> Vec<String> {
        self.records.iter().map(Record::brief).collect()
    }
}

/// What is declared about a source.
#[derive(Clone)]
pub struct Declared {
    pub facts: Facts,
    pub encoding: Option<Encoding>,
}

impl Default for Declared {
    fn default() -> Self {
        let zone = TimeZone::get("Europe/Oslo").ok();
        Self { facts: Facts { zone, rating_scale: Some(RatingScale::OneToFive), ..Facts::default() }, encoding: None }
    }
}

pub fn now() -> Timestamp {
    "2026-05-04T08:00:00Z".parse().unwrap()
}

pub fn read(bytes: impl AsRef<[u8]>) -> Result<Reading, Refusal> {
    read_as(bytes.as_ref(), &Declared::default(), &[LAYOUT])
}

/// Briefs of the records of a file that is read.
pub fn brief(bytes: impl AsRef<[u8]>) -> Vec<String> {
    read(bytes).unwrap().brief()
}

pub fn read_as(bytes: &[u8], declared: &Declared, layouts: &[&'static [Column]]) -> Result<Reading, Refusal> {
    let sample = &bytes[..bytes.len().min(dialect::SAMPLE)];
    let whole = sample.len() == bytes.len();
    if let Some(other) = not_csv::looks_like(sample) {
        return Err(other.refusal());
    }
    let mut dialect = dialect::detect(sample, whole, declared.encoding);
    let text = decode(bytes, &mut dialect);
    let begin = dialect::decode_sample(sample, whole, &dialect);
    let preamble = preamble::settle(&begin, whole, &mut dialect, layouts)?;
    preamble.recognised.header.is_export_of("of a test")?;
    let layout = layouts[preamble.recognised.layout];
    let (spans, line_ending) = scan(&text, &preamble, dialect.delimiter, layout, usize::MAX);
    for size in [1, 7, 4096] {
        if text.len() < 20_000 || size > 7 {
            let (pieces, _) = scan(&text, &preamble, dialect.delimiter, layout, size);
            assert_eq!(pieces, spans, "in pieces of {size}");
        }
    }
    let records = records(&text, &spans, &preamble, &dialect, layout, &declared.facts);
    Ok(Reading { dialect, line_ending, preamble, records })
}

fn decode(bytes: &[u8], dialect: &mut Dialect) -> Vec<u8> {
    let mut decoder = Decoder::new(dialect.encoding);
    let text = decoder.decode(bytes, true).into_owned();
    match dialect.encoding {
        Encoding::Windows1251 | Encoding::Windows1252 if decoder.proves_utf8() => {
            dialect.encoding = Encoding::Utf8;
            Decoder::new(Encoding::Utf8).decode(bytes, true).into_owned()
        }
        _ => text,
    }
}

fn scan(
    text: &[u8],
    preamble: &preamble::Preamble,
    delimiter: u8,
    layout: &[Column],
    size: usize,
) -> (Vec<RecordSpan>, &'static str) {
    let width = Some(preamble.recognised.header.width(layout));
    let mut scanner = Scanner::resume(delimiter, width, preamble.records_start, preamble.records_line);
    let (mut spans, mut tail) = (Vec::new(), Vec::new());
    let mut rest = &text[preamble.records_start as usize..];
    loop {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        tail.extend_from_slice(piece);
        rest = after;
        let consumed = scanner.scan(&tail, rest.is_empty(), &mut spans);
        tail.drain(..consumed);
        if rest.is_empty() {
            break;
        }
    }
    // Every byte once: the spans follow each other from the first record to the end.
    let mut at = preamble.records_start;
    for span in &spans {
        assert_eq!(span.start, at);
        at = span.end;
    }
    assert_eq!(at, text.len() as u64);
    (spans, scanner.endings().plus(preamble.endings).as_str())
}

fn records(
    text: &[u8],
    spans: &[RecordSpan],
    preamble: &preamble::Preamble,
    dialect: &Dialect,
    layout: &'static [Column],
    declared: &Facts,
) -> Vec<Record> {
    let header = &preamble.recognised.header;
    let mut splitter = Splitter::new(dialect.delimiter);
    let mut proofs = vec![ColumnProof::default(); layout.len()];
    let bytes_of = |span: &RecordSpan| &text[span.start as usize..span.end as usize];
    for span in spans.iter().filter(|span| span.fault.is_none()) {
        let cells = splitter.split(bytes_of(span)).unwrap();
        for (cell, column) in cells.iter().zip(&header.columns) {
            if let Some(at) = column {
                proofs[*at].feed(layout[*at].kind, cell);
            }
        }
    }
    let facts: Vec<Facts> = proofs.iter().map(|proof| proof.facts(declared, dialect.delimiter)).collect();
    let values = |cells: &Cells<'_>| {
        check_width(cells, header, layout)?;
        let mut values = Vec::new();
        for (at, column) in layout.iter().enumerate() {
            let raw = header.position(at).and_then(|at| cells.get(at)).unwrap_or_default();
            if let Some(value) = cell::read(column, raw, &facts[at], now())? {
                values.push((column.name, value.canonical()));
            }
        }
        Ok(values)
    };
    spans
        .iter()
        .map(|span| {
            let mut truncated = false;
            let fate = if span.kind == SpanKind::Blank {
                Fate::Blank
            } else if let Some(rejection) = fault::rejection(span, header, layout) {
                truncated = fault::may_be_cut_off(span);
                Fate::Rejected(rejection)
            } else {
                let cells = splitter.split(bytes_of(span)).unwrap();
                truncated = fault::may_be_truncated(span, &cells, header);
                match fault::no_record(&cells, header, layout) {
                    Some(rejection) => Fate::Rejected(rejection),
                    None => values(&cells).map_or_else(Fate::Rejected, Fate::Accepted),
                }
            };
            Record { line: span.line, line_end: span.line_end, fate, truncated, lookalikes: span.lookalikes }
        })
        .collect()
}
