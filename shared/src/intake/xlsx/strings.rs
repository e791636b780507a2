//! The table of texts that the cells of a workbook share, in one piece of memory with a limit.

use quick_xml::events::Event;

use super::{
    xml::{Xml, text, unescape},
    zip::{PartReader, ZipError},
};

/// The most bytes the table may take.
const LIMIT: usize = 96 << 20;

/// The shared texts.
#[derive(Debug, Default)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// The text of a number, if there is one.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let begin = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.text.get(begin..end)
    }

    /// Reads the table. Runs of rich text are put together, phonetic ones left out.
    ///
    /// # Errors
    /// `TooLarge` if it does not fit, `Broken` if it is no table.
    pub fn read(part: PartReader) -> Result<Self, ZipError> {
        let (mut strings, mut xml) = (Self::default(), Xml::new(part));
        let (mut inside, mut phonetic, mut begin) = (false, false, 0);
        loop {
            let event = xml.next()?;
            match &event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => inside = !phonetic,
                    "rPh" => phonetic = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "t" => inside = false,
                    "rPh" => phonetic = false,
                    "si" => {
                        if let std::borrow::Cow::Owned(text) = unescape(&strings.text[begin..]) {
                            strings.text.truncate(begin);
                            strings.text.push_str(&text);
                        }
                        begin = strings.text.len();
                        strings.ends.push(u32::try_from(begin).map_err(|_| ZipError::TooLarge)?);
                    }
                    _ => {}
                },
                Event::Eof => break,
                event if inside => {
                    if let Some(text) = text(event)? {
                        strings.text.push_str(&text);
                    }
                }
                _ => {}
            }
            // What a growing buffer holds at its worst is twice its length.
            if strings.text.capacity() + strings.ends.capacity() * 4 > LIMIT {
                return Err(ZipError::TooLarge);
            }
        }
        Ok(strings)
    }
}
