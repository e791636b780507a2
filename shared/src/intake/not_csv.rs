//! Files that are something else than a CSV, told by their first bytes.

use super::code::{Code, Refusal};

/// What a file is instead of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCsv {
    /// No bytes at all.
    Empty,
    /// Only a byte order mark, or nothing but blanks.
    OnlyBlank,
    /// A zip container that may be an Excel workbook: worth trying to open.
    Workbook,
    /// A zip archive of something else.
    Zip,
    /// A workbook of Excel 97–2003.
    OldWorkbook,
    /// gzip.
    Gzip,
    /// PDF.
    Pdf,
    /// An HTML page, usually an error or a login page saved as CSV.
    Html,
    /// XML.
    Xml,
    /// JSON.
    Json,
    /// A picture.
    Picture,
    /// Bytes of no known kind.
    Noise,
}

impl NotCsv {
    /// The refusal with its sentence.
    pub fn refusal(self) -> Refusal {
        let (code, reason) = match self {
            Self::Empty => (Code::EmptyFile, "The file is empty; export it again."),
            Self::OnlyBlank => (Code::EmptyFile, "The file holds no text, not even a header; export it again."),
            Self::Workbook => (
                Code::NotCsv,
                "This looks like an Excel workbook that cannot be read; save its first sheet as \
                 \"CSV UTF-8\" and drop that.",
            ),
            Self::Zip => (Code::NotCsv, "This looks like a zip archive; unpack it and drop the CSV inside."),
            Self::OldWorkbook => (
                Code::NotCsv,
                "This looks like a workbook of an old Excel (.xls); save it as \"CSV UTF-8\" or \
                 as .xlsx and drop that.",
            ),
            Self::Gzip => (Code::NotCsv, "This looks like a gzip archive; unpack it and drop the CSV inside."),
            Self::Pdf => (Code::NotCsv, "This looks like a PDF; drop the CSV export instead."),
            Self::Html => (
                Code::NotCsv,
                "This looks like a web page, perhaps an error or login page; sign in to the \
                 system again and repeat the export.",
            ),
            Self::Xml => (Code::NotCsv, "This looks like XML; choose CSV when you export."),
            Self::Json => (Code::NotCsv, "This looks like JSON; choose CSV when you export."),
            Self::Picture => (Code::NotCsv, "This looks like a picture; drop the CSV export."),
            Self::Noise => {
                (Code::NotCsv, "This is no text in any encoding we know; export the file again as \"CSV UTF-8\".")
            }
        };
        Refusal::new(code, reason).hinted(self.token())
    }

    /// The same as a token of [`super::words`].
    pub const fn token(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::OnlyBlank => "blank",
            Self::Workbook => "workbook",
            Self::Zip => "zip",
            Self::OldWorkbook => "xls",
            Self::Gzip => "gzip",
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Picture => "picture",
            Self::Noise => "noise",
        }
    }
}

const SIGNATURES: &[(&[u8], NotCsv)] = &[
    (b"\x1f\x8b", NotCsv::Gzip),
    (b"%PDF-", NotCsv::Pdf),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", NotCsv::OldWorkbook),
    (b"\x89PNG\r\n", NotCsv::Picture),
    (b"\xff\xd8\xff", NotCsv::Picture),
    (b"GIF8", NotCsv::Picture),
];

/// What the file is, if it is surely no CSV. `sample`: its first bytes as they are, up to [`super::dialect::SAMPLE`]
/// (all of them if it is shorter).
pub fn looks_like(sample: &[u8]) -> Option<NotCsv> {
    if sample.is_empty() {
        return Some(NotCsv::Empty);
    }
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        let has = |name: &[u8]| memchr::memmem::find(sample, name).is_some();
        let workbook = has(b"[Content_Types].xml") || has(b"xl/");
        return Some(if workbook { NotCsv::Workbook } else { NotCsv::Zip });
    }
    if let Some((_, kind)) = SIGNATURES.iter().find(|(begin, _)| sample.starts_with(begin)) {
        return Some(*kind);
    }
    let text = super::dialect::sample_text(sample);
    let begin = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if begin.is_empty() {
        return Some(NotCsv::OnlyBlank);
    }
    markup(begin).or_else(|| json(begin).then_some(NotCsv::Json)).or_else(|| {
        // Text has hardly a control character; what has many is not text.
        let controls = |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || c == '\u{fffd}';
        let (bad, all) = (text.chars().filter(|&c| controls(c)).count(), text.chars().count());
        (bad * 10 > all).then_some(NotCsv::Noise)
    })
}

fn markup(begin: &str) -> Option<NotCsv> {
    let lower: String = begin.chars().take(256).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<?xml") {
        return Some(if begin.to_ascii_lowercase().contains("<html") { NotCsv::Html } else { NotCsv::Xml });
    }
    if lower.starts_with("<!") {
        return Some(NotCsv::Html);
    }
    let tag = lower.strip_prefix('<')?;
    let name: &str = &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len())];
    if HTML.contains(&name) {
        return Some(NotCsv::Html);
    }
    // `<id>,<email>` is a header all the same.
    let behind = tag.split_once('>').map(|(_, behind)| behind.trim_start_matches(' '))?;
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins && !behind.starts_with([',', ';', '\t', '|'])).then_some(NotCsv::Xml)
}

/// What a web page, or a part of one, begins with.
const HTML: &[&str] = &[
    "html", "head", "body", "title", "meta", "link", "style", "script", "table", "div", "span", "p", "br", "hr", "pre",
    "h1", "h2", "h3", "h4", "center", "font", "form", "main", "header", "section", "b", "strong", "ul", "iframe",
];

/// A header never begins like JSON: `{"`, `{}`, `[{`, `["`, `[1`, `[]`.
fn json(begin: &str) -> bool {
    let mut characters = begin.chars().filter(|c| !c.is_whitespace());
    match (characters.next(), characters.next()) {
        (Some('{'), next) => matches!(next, None | Some('"' | '}')),
        (Some('['), next) => {
            matches!(next, None | Some('{' | '[' | '"' | ']' | '-' | '0'..='9'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_csv_is_named() {
        for (bytes, kind) in [
            (&b""[..], NotCsv::Empty),
            (b"\xef\xbb\xbf", NotCsv::OnlyBlank),
            (b"\xff\xfe", NotCsv::OnlyBlank),
            (b" \r\n\t\n", NotCsv::OnlyBlank),
            (b"PK\x03\x04\x14\0\x06\0\x08[Content_Types].xml", NotCsv::Workbook),
            (b"PK\x03\x04\x14\0sessions.csv", NotCsv::Zip),
            (b"\x1f\x8b\x08\0", NotCsv::Gzip),
            (b"%PDF-1.7", NotCsv::Pdf),
            (b"\n<!DOCTYPE html><html>", NotCsv::Html),
            (b"<h1>502 Bad Gateway</h1>", NotCsv::Html),
            (b"<meta charset=\"utf-8\"><p>Sign in</p>", NotCsv::Html),
            (b"<?xml version=\"1.0\"?><Workbook>", NotCsv::Xml),
            (b"<Error><Code>AccessDenied</Code></Error>", NotCsv::Xml),
            (b"\xef\xbb\xbf[\n {\"id\": 1}]", NotCsv::Json),
            (b"{\"error\":\"not allowed\"}", NotCsv::Json),
            (b"\x00\x01\x02\x03\xff\xfe\x90\x80\x81", NotCsv::Noise),
        ] {
            assert_eq!(looks_like(bytes), Some(kind), "{bytes:?}");
            assert!(kind.refusal().reason.ends_with('.'));
        }
    }

    #[test]
    fn text_that_may_be_a_csv_is_let_through() {
        for bytes in [
            &b"id,email\n"[..],
            b"[id],[email]\n1,2\n",
            b"<id>,<email>\n1,2\n",
            b"<3 of us, and more\n",
            b"# Total Records: 3\nid;email\n",
            b"i\0d\0,\0e\0\n\0",
            b"navn;by\r\nK\xe5re;\xd8rsta\r\n",
        ] {
            assert_eq!(looks_like(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes in any::<Vec<u8>>()) { looks_like(&bytes); }
    }
}
