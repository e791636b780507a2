//! A part's XML as events, one in memory at a time, each of a bounded size.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read},
};

use quick_xml::{
    XmlVersion,
    events::{BytesRef, BytesStart, Event},
    reader::Reader,
};

use super::zip::{ZipError, of_io};

/// The most bytes of one tag or one text.
const EVENT_LIMIT: usize = 9 << 20;

/// Gives at most [`EVENT_LIMIT`] bytes an event.
struct Guard<R> {
    inner: BufReader<R>,
    left: usize,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl<R: Read> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

/// Reads one part.
pub struct Xml<R> {
    reader: Reader<Guard<R>>,
    buffer: Vec<u8>,
}

impl<R: Read> Xml<R> {
    /// Over a part's bytes.
    pub fn new(inner: R) -> Self {
        let mut reader = Reader::from_reader(Guard { inner: BufReader::with_capacity(64 << 10, inner), left: 0 });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = false;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event.
    ///
    /// # Errors
    /// `Broken` if it is no well-formed XML in UTF-8, `TooLarge` if one event is; the bucket's.
    pub fn next(&mut self) -> Result<Event<'_>, ZipError> {
        self.reader.get_mut().left = EVENT_LIMIT;
        self.buffer.clear();
        // A giant cell's buffer is not kept for the rest of the sheet.
        self.buffer.shrink_to(1 << 20);
        self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => of_io(&error),
            _ => ZipError::Broken,
        })
    }
}

/// An attribute by its name without a prefix.
pub fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}

/// The character a reference stands for: `&amp;`, `&#229;`. Workbooks have no entities of their own.
pub fn reference(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    quick_xml::escape::resolve_predefined_entity(reference)?.chars().next()
}

/// The text of an event inside a text element, if it has one.
///
/// # Errors
/// `Broken` for an unknown entity.
pub fn text<'a>(event: &'a Event<'_>) -> Result<Option<Cow<'a, str>>, ZipError> {
    Ok(match event {
        Event::Text(text) => Some(Cow::Borrowed(&**text)),
        Event::CData(text) => Some(Cow::Borrowed(&**text)),
        Event::GeneralRef(found) => Some(Cow::Owned(reference(found).ok_or(ZipError::Broken)?.to_string())),
        _ => None,
    })
}

/// `_x000D_` is how a workbook writes a carriage return and other characters XML cannot; `_x005F_` is a plain
/// underscore before what only looks like one.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("_x") {
        let digits = rest.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let character = digits
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        let behind = match character {
            Some(character) => {
                out.push_str(&rest[..at]);
                out.push(character);
                at + 7
            }
            None => {
                out.push_str(&rest[..at + 2]);
                at + 2
            }
        };
        rest = &rest[behind..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_read_and_what_only_looks_like_one_stays() {
        for (written, text) in [
            ("a_x000D_\nb", "a\r\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x12_", "_x12_"),
            ("_xD83D_", "_xD83D_"),
            ("a_x", "a_x"),
            ("_x00e5_é", "åé"),
        ] {
            assert_eq!(unescape(written), text);
        }
    }
}
