//! How fast files become records and cells: `cargo run --release -p shared --example scan_speed`.
//!
//! Prints megabytes a second for scanning alone and for scanning, splitting and reading values,
//! over files of 64 MB fed in pieces of 1 MB: plain, with every cell quoted, and quoted with a line break and doubled
//! quotes in each record.

use std::io::Write;
use std::time::Instant;

use shared::intake::cell::read;
use shared::intake::column::Column;
use shared::intake::facts::{Facts, RatingScale};
use shared::intake::scan::{Scanner, Width};
use shared::intake::split::Splitter;

const LAYOUT: &[Column] = &[
    Column::id("session_id").required(),
    Column::email("participant_email").required(),
    Column::email("volunteer_email").required(),
    Column::timestamp("scheduled_at").required().future_ok(),
    Column::duration("duration_minutes"),
    Column::rating("rating"),
    Column::text("feedback_text"),
];

const SIZE: usize = 64 << 20;
const PIECE: usize = 1 << 20;

fn main() -> std::io::Result<()> {
    let plain =
        "S-000001,anna@example.org,bjorn@example.org,2025-03-04T10:15:00Z,45,4,Мы говорили о работе and the weather\n";
    let quoted = "\"S-000001\",\"anna@example.org\",\"bjorn@example.org\",\"2025-03-04T10:15:00Z\",\"45\",\"4\",\"Мы говорили о работе, and the weather\"\r\n";
    let lines = "\"S-000001\",\"anna@example.org\",\"bjorn@example.org\",\"2025-03-04T10:15:00Z\",\"45\",\"4\",\"She said \"\"hei\"\",\nand we talked\"\r\n";
    for (name, row) in [("plain", plain), ("quoted", quoted), ("quoted, with line breaks", lines)] {
        let file = row.repeat(SIZE / row.len());
        let (records, scanned) = timed(|| each(file.as_bytes(), |_| {}));
        let mut splitter = Splitter::new(b',');
        let (_, split) = timed(|| {
            each(file.as_bytes(), |record| {
                std::hint::black_box(splitter.split(record).map(|cells| cells.len()).ok());
            })
        });
        let facts = Facts { rating_scale: Some(RatingScale::OneToFive), ..Facts::default() };
        let now = "2025-06-15T12:00:00Z".parse().unwrap_or_default();
        let (_, valued) = timed(|| {
            each(file.as_bytes(), |record| {
                if let Ok(cells) = splitter.split(record) {
                    for (column, raw) in LAYOUT.iter().zip(cells.iter()) {
                        std::hint::black_box(read(column, raw, &facts, now).ok());
                    }
                }
            })
        });
        let speed = |seconds: f64| file.len() as f64 / 1e6 / seconds;
        writeln!(
            std::io::stdout(),
            "{name}: scan {:.0} MB/s, scan and split {:.0} MB/s, to values {:.0} MB/s ({:.0} records/s)",
            speed(scanned),
            speed(split),
            speed(valued),
            records as f64 / valued,
        )?;
    }
    Ok(())
}

fn timed<T>(mut work: impl FnMut() -> T) -> (T, f64) {
    work();
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

/// Feeds the file piece by piece, as from a network, and hands on every record.
fn each(file: &[u8], mut record: impl FnMut(&[u8])) -> usize {
    let mut scanner = Scanner::new(b',', Some(Width::exactly(LAYOUT.len())));
    let (mut tail, mut spans, mut count) = (Vec::new(), Vec::new(), 0);
    let mut pieces = file.chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        tail.extend_from_slice(piece);
        let begin = scanner.offset();
        let consumed = scanner.scan(&tail, pieces.peek().is_none(), &mut spans);
        for span in spans.drain(..) {
            count += 1;
            if span.fault.is_none() {
                record(&tail[(span.start - begin) as usize..(span.end - begin) as usize]);
            }
        }
        tail.drain(..consumed);
    }
    count
}
