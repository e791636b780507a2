//! How a file is written: encoding and delimiter, found in its first bytes.
//!
//! Line endings are counted by the scanner over the whole file; what stands above the header is
//! [`super::preamble`]'s.

use std::borrow::Cow;

use super::decode::{Decoder, Encoding};
use super::scan::Scanner;
use super::split::Splitter;

/// How much of a file is enough to tell; a header of 3,000 columns fits in.
pub const SAMPLE: usize = 256 << 10;

/// The delimiters a file may have, the likelier first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// How its text is encoded.
    pub encoding: Encoding,
    /// Whether it begins with a byte order mark.
    pub bom: bool,
    /// The byte between cells.
    pub delimiter: u8,
    /// Whether a first line `sep=;` names the delimiter.
    pub sep_line: bool,
}

impl Dialect {
    /// The delimiter's name in receipts.
    pub fn delimiter_name(&self) -> &'static str {
        match self.delimiter {
            b';' => "semicolon",
            b'\t' => "tab",
            b'|' => "pipe",
            _ => "comma",
        }
    }
}

/// Finds the dialect. `sample`: the first bytes as they are, up to [`SAMPLE`]; `eof`: they are
/// all. `declared`: a code page the source is known to use; it counts only where the text is not
/// UTF anyway.
pub fn detect(sample: &[u8], eof: bool, declared: Option<Encoding>) -> Dialect {
    let (encoding, bom) = encoding(sample, declared);
    let text = Decoder::new(encoding).decode(sample, eof).into_owned();
    let (first, _) = first_line(&text);
    match sep_line(first) {
        Some(delimiter) => Dialect { encoding, bom, delimiter, sep_line: true },
        None => Dialect { encoding, bom, delimiter: delimiter(&text, eof), sep_line: false },
    }
}

/// The sample as text for the eye, lossy: to tell what it looks like, never to read values.
pub(super) fn sample_text(sample: &[u8]) -> String {
    let (encoding, _) = encoding(sample, None);
    let bytes = Decoder::new(encoding).decode(sample, false).into_owned();
    let controls = bytes.iter().filter(|&&b| b < 0x20 && !b.is_ascii_whitespace()).count();
    match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        // Some code page: letters for the eye. A sequence cut off by the sample's end is no noise, nor is a NUL amid
        // letters.
        Err(_) if controls * 50 <= bytes.len() => {
            bytes.iter().map(|&b| if b < 0x80 { char::from(b) } else { 'x' }).collect()
        }
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The delimiter that a line `sep=;` names.
pub(super) fn sep_line(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (name, rest) = line.split_at_checked(4)?;
    let delimiter = *rest.first()?;
    let tail = rest[1..].trim_ascii();
    let known = DELIMITERS.contains(&delimiter) && (tail.is_empty() || tail == b"\"");
    (name.eq_ignore_ascii_case(b"sep=") && known).then_some(delimiter)
}

/// The first physical line without its ending, and how long it is with it.
pub(super) fn first_line(text: &[u8]) -> (&[u8], usize) {
    match memchr::memchr2(b'\n', b'\r', text) {
        None => (text, text.len()),
        Some(end) => (&text[..end], super::walk::behind_newline(text, end, true).unwrap_or(end)),
    }
}

fn encoding(sample: &[u8], declared: Option<Encoding>) -> (Encoding, bool) {
    for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
        if sample.starts_with(encoding.bom()) {
            return (encoding, true);
        }
    }
    if let Some(encoding) = utf16_by_nuls(sample) {
        return (encoding, false);
    }
    match declared {
        Some(code_page @ (Encoding::Windows1251 | Encoding::Windows1252)) if !mostly_utf8(sample) => (code_page, false),
        _ => (Encoding::Utf8, false),
    }
}

/// UTF-16 without a mark: the ASCII of a CSV (delimiters, digits, line ends) has a NUL in every
/// pair, always on the same side, and text in UTF-8 or a code page has none.
fn utf16_by_nuls(sample: &[u8]) -> Option<Encoding> {
    let pairs = sample.chunks_exact(2);
    let count = pairs.len();
    let (mut high_first, mut low_first, mut ends) = (0, 0, [0usize; 2]);
    for pair in pairs {
        match pair {
            [0, 0] => return None,
            [0, low] => {
                high_first += 1;
                ends[0] += usize::from(matches!(low, b',' | b';' | b'\t' | b'|' | b'\n' | b'\r'));
            }
            [low, 0] => {
                low_first += 1;
                ends[1] += usize::from(matches!(low, b',' | b';' | b'\t' | b'|' | b'\n' | b'\r'));
            }
            _ => {}
        }
    }
    // A tenth is enough: Cyrillic text has its NULs only in what separates it.
    let proven =
        |nuls: usize, others: usize, ends: usize| nuls >= 2 && nuls * 10 >= count && others * 20 <= nuls && ends > 0;
    if proven(low_first, high_first, ends[1]) {
        Some(Encoding::Utf16Le)
    } else if proven(high_first, low_first, ends[0]) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Whether what is beyond ASCII is UTF-8 with at most a few broken places.
fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut good, mut broken) = (0, 0);
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    good > 4 * broken
}

/// The delimiter that divides the records of the sample most evenly; of equals, the one that
/// makes the most cells.
fn delimiter(text: &[u8], eof: bool) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let (share, width) = evenness(text, eof, delimiter);
        if (share, width) > (best.0, best.1) {
            best = (share, width, delimiter);
        }
    }
    best.2
}

/// How many of a thousand records have the most frequent number of cells (of two or more), and
/// that number.
fn evenness(text: &[u8], eof: bool, delimiter: u8) -> (usize, usize) {
    let (mut scanner, mut spans) = (Scanner::new(delimiter, None), Vec::new());
    let consumed = scanner.scan(text, eof, &mut spans);
    if consumed == 0 {
        // The first line is longer than the sample: judge what there is of it.
        scanner.scan(text, true, &mut spans);
    }
    let mut splitter = Splitter::new(delimiter);
    let (mut widths, mut all) = (std::collections::BTreeMap::new(), 0);
    for span in spans.iter().take(1000) {
        let record = &text[span.start as usize..span.end as usize];
        if record.trim_ascii().is_empty() || record.starts_with(b"#") {
            continue;
        }
        all += 1;
        if span.fault.is_none()
            && let Ok(cells) = splitter.split(record)
            && cells.len() > 1
        {
            *widths.entry(cells.len()).or_insert(0) += 1;
        }
    }
    let even = widths.into_iter().max_by_key(|&(width, count): &(usize, usize)| (count, width));
    even.map_or((0, 0), |(width, count)| (count * 1000 / all, width))
}

/// The sample's text in UTF-8, without its byte order mark.
pub fn decode_sample<'a>(sample: &'a [u8], eof: bool, dialect: &Dialect) -> Cow<'a, [u8]> {
    Decoder::new(dialect.encoding).decode(sample, eof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bytes: &[u8]) -> (Encoding, bool, u8) {
        let dialect = detect(bytes, true, None);
        (dialect.encoding, dialect.bom, dialect.delimiter)
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn the_delimiter_is_the_one_that_divides_evenly() {
        for (text, delimiter) in [
            ("a,b,c\n1,2;3,4\n", b','),
            ("a;b;c\n1;2,5;x, y\n2;3,5;z\n", b';'),
            ("a\tb\n1,5\t2,5\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("\"a;x\",\"b\"\n\"1;2\",\"3;4\"\n", b','),
            ("Report, of March\n\na;b;c\n1;2;3\n2;3;4\n", b';'),
            ("# a,b,c,d\na;b\n1;2\n", b';'),
            ("id\n1\n2\n", b','),
            ("a;b;c", b';'),
        ] {
            assert_eq!(of(text.as_bytes()).2, delimiter, "{text:?}");
        }
    }

    #[test]
    fn a_sep_line_decides() {
        let dialect = detect(b"\xef\xbb\xbfsep=;\r\na,b;c,d\r\n", true, None);
        assert!(dialect.bom && dialect.sep_line && dialect.delimiter == b';');
        assert_eq!(sep_line(b"\"sep=\t\""), Some(b'\t'));
        assert_eq!(sep_line(b"sep=x"), None);
        assert_eq!(sep_line(b"separator"), None);
    }

    #[test]
    fn the_encoding_is_told_by_mark_or_by_nuls() {
        let text = "id;navn\r\n1;Оксана Ødegård\r\n";
        assert_eq!(of(text.as_bytes()), (Encoding::Utf8, false, b';'));
        assert_eq!(of(&utf16(text, u16::to_le_bytes)), (Encoding::Utf16Le, false, b';'));
        assert_eq!(of(&utf16(text, u16::to_be_bytes)), (Encoding::Utf16Be, false, b';'));
        let marked = format!("\u{feff}{text}");
        assert_eq!(of(marked.as_bytes()), (Encoding::Utf8, true, b';'));
        assert_eq!(of(&utf16(&marked, u16::to_le_bytes)), (Encoding::Utf16Le, true, b';'));
        assert_eq!(of(&utf16(&marked, u16::to_be_bytes)), (Encoding::Utf16Be, true, b';'));
        assert_eq!(of(b"id,name\n1,a\0b\n").0, Encoding::Utf8);
    }

    #[test]
    fn a_code_page_counts_only_where_declared_and_never_against_utf8() {
        let western = b"id;navn\n1;K\xe5re \xd8rsta\n";
        let declared = Some(Encoding::Windows1252);
        assert_eq!(detect(western, true, None).encoding, Encoding::Utf8);
        assert_eq!(detect(western, true, declared).encoding, Encoding::Windows1252);
        let utf8 = "id;navn\n1;Kåre\n2;Øyvind\n3;Åse\n4;Bjørn\n5;Pål\n6;\u{e5}".as_bytes();
        assert_eq!(detect(utf8, true, declared).encoding, Encoding::Utf8);
        let one_broken = [utf8, b"\n7;\xe5\n"].concat();
        assert_eq!(detect(&one_broken, true, declared).encoding, Encoding::Utf8);
        assert_eq!(detect(b"id;navn\n1;Kari\n", true, declared).encoding, Encoding::Windows1252);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_dialect(bytes in any::<Vec<u8>>(), eof in any::<bool>()) {
            detect(&bytes, eof, Some(Encoding::Windows1251));
        }
    }
}
