//! A stream of bytes in the file's encoding into a stream of UTF-8.
//!
//! Bytes that are no text become the byte `0xFF`, which no UTF-8 has: the scanner then rejects
//! that record alone. Nothing is ever replaced by U+FFFD.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How a file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8 or ASCII.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, least significant byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, most significant byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Western European, as old Windows programs write it.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// Cyrillic, as old Windows programs write it.
    #[serde(rename = "windows-1251")]
    Windows1251,
}

impl Encoding {
    /// The name in receipts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Windows1251 => "windows-1251",
        }
    }

    /// The byte order mark in this encoding; empty where there is none.
    pub const fn bom(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xef\xbb\xbf",
            Self::Utf16Le => b"\xff\xfe",
            Self::Utf16Be => b"\xfe\xff",
            Self::Windows1252 | Self::Windows1251 => b"",
        }
    }
}

/// 0x80–0xFF of Windows-1252; `\0` where the code page has nothing. Source: Unicode's CP1252.TXT.
const WINDOWS_1252: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
    àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// 0x80–0xFF of Windows-1251; `\0` where the code page has nothing. Source: Unicode's CP1251.TXT.
const WINDOWS_1251: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\0™љ›њќћџ\
    \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя";

/// Appends text in an encoding, without a byte order mark; `?` for a character that its code page does not have.
pub fn encode(encoding: Encoding, text: &str, out: &mut Vec<u8>) {
    let page = match encoding {
        Encoding::Utf8 => return out.extend_from_slice(text.as_bytes()),
        Encoding::Utf16Le => return out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        Encoding::Utf16Be => return out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        Encoding::Windows1252 => WINDOWS_1252,
        Encoding::Windows1251 => WINDOWS_1251,
    };
    for character in text.chars() {
        let index = || page.chars().position(|known| known == character && known != '\0');
        out.push(match u8::try_from(u32::from(character)) {
            Ok(byte @ 0..0x80) => byte,
            _ => index().and_then(|index| u8::try_from(0x80 + index).ok()).unwrap_or(b'?'),
        });
    }
}

/// A byte that no UTF-8 has: stands for input that is no text.
const NO_TEXT: u8 = 0xff;

/// Decodes one stream.
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    /// Bytes of the byte order mark still possible at the begin, or of a unit cut in two.
    held: Vec<u8>,
    at_begin: bool,
    high: Option<u16>,
    upper: Vec<char>,
    utf8: Utf8Proof,
}

impl Decoder {
    /// A decoder at the begin of a stream. A byte order mark there is left out.
    pub fn new(encoding: Encoding) -> Self {
        let upper = match encoding {
            Encoding::Windows1252 => WINDOWS_1252.chars().collect(),
            Encoding::Windows1251 => WINDOWS_1251.chars().collect(),
            _ => Vec::new(),
        };
        let (held, utf8) = (Vec::new(), Utf8Proof::default());
        Self { encoding, held, at_begin: true, high: None, upper, utf8 }
    }

    /// The next piece as UTF-8. `eof`: it is the last one. Broken UTF-8 passes as it is.
    pub fn decode<'a>(&mut self, input: &'a [u8], eof: bool) -> Cow<'a, [u8]> {
        let input = self.without_bom(input, eof);
        match self.encoding {
            Encoding::Utf8 => input,
            Encoding::Utf16Le => Cow::Owned(self.utf16(&input, eof, u16::from_le_bytes)),
            Encoding::Utf16Be => Cow::Owned(self.utf16(&input, eof, u16::from_be_bytes)),
            Encoding::Windows1252 | Encoding::Windows1251 => {
                self.utf8.feed(&input);
                Cow::Owned(self.code_page(&input))
            }
        }
    }

    /// After the end of a stream declared as Windows-125x: it was UTF-8 all the same, perhaps with a few broken places;
    /// no other text is that by chance. Start again with [`Encoding::Utf8`].
    pub fn proves_utf8(&self) -> bool {
        self.utf8.characters > 4 * (self.utf8.broken + u64::from(self.utf8.missing > 0))
    }

    fn without_bom<'a>(&mut self, input: &'a [u8], eof: bool) -> Cow<'a, [u8]> {
        let bom = self.encoding.bom();
        if !self.at_begin {
            return Cow::Borrowed(input);
        }
        if self.held.is_empty() && input.len() >= bom.len() {
            self.at_begin = false;
            return Cow::Borrowed(input.strip_prefix(bom).unwrap_or(input));
        }
        self.held.extend_from_slice(input);
        if self.held.len() < bom.len() && !eof {
            return Cow::Borrowed(&[]);
        }
        self.at_begin = false;
        let all = std::mem::take(&mut self.held);
        Cow::Owned(all.strip_prefix(bom).map(<[u8]>::to_vec).unwrap_or(all))
    }

    fn utf16(&mut self, input: &[u8], eof: bool, unit: fn([u8; 2]) -> u16) -> Vec<u8> {
        let mut out = Vec::with_capacity(input.len() + 4);
        let mut rest = input;
        if let (Some(&first), Some((&second, after))) = (self.held.first(), rest.split_first()) {
            self.unit(unit([first, second]), &mut out);
            self.held.clear();
            rest = after;
        }
        let pairs = rest.chunks_exact(2);
        self.held.extend_from_slice(pairs.remainder());
        for pair in pairs {
            self.unit(unit([pair[0], pair[1]]), &mut out);
        }
        if eof && (self.high.take().is_some() | !std::mem::take(&mut self.held).is_empty()) {
            out.push(NO_TEXT);
        }
        out
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            if (0xdc00..0xe000).contains(&unit) {
                let code = 0x10000 + ((u32::from(high) - 0xd800) << 10) + u32::from(unit) - 0xdc00;
                push(char::from_u32(code), out);
                return;
            }
            out.push(NO_TEXT);
        }
        match unit {
            0xd800..0xdc00 => self.high = Some(unit),
            _ => push(char::from_u32(u32::from(unit)), out),
        }
    }

    fn code_page(&self, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(input.len() + input.len() / 8);
        for &byte in input {
            match byte.checked_sub(0x80) {
                None => out.push(byte),
                Some(index) => push(self.upper.get(usize::from(index)).copied().filter(|&c| c != '\0'), &mut out),
            }
        }
        out
    }
}

fn push(character: Option<char>, out: &mut Vec<u8>) {
    match character {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.push(NO_TEXT),
    }
}

/// Counts what of a stream is UTF-8 beyond ASCII and what is broken, roughly (overlong forms pass).
#[derive(Debug, Default)]
struct Utf8Proof {
    missing: u8,
    characters: u64,
    broken: u64,
}

impl Utf8Proof {
    fn feed(&mut self, input: &[u8]) {
        for &byte in input {
            match (byte, self.missing) {
                (0..0x80, 0) => {}
                (0x80..0xc0, 1..) => {
                    self.missing -= 1;
                    self.characters += u64::from(self.missing == 0);
                }
                (0xc2..0xf5, missing) => {
                    self.broken += u64::from(missing > 0);
                    self.missing = 1 + u8::from(byte >= 0xe0) + u8::from(byte >= 0xf0);
                }
                _ => {
                    self.broken += 1;
                    self.missing = 0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode_in(encoding: Encoding, bytes: &[u8], size: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(encoding);
        let mut out = Vec::new();
        for piece in bytes.chunks(size) {
            out.extend_from_slice(&decoder.decode(piece, false));
        }
        out.extend_from_slice(&decoder.decode(b"", true));
        out
    }

    #[test]
    fn utf8_passes_without_a_copy_and_without_its_mark() {
        let mut decoder = Decoder::new(Encoding::Utf8);
        assert!(matches!(decoder.decode(b"\xef\xbb\xbfa\xff", true), Cow::Borrowed(b"a\xff")));
        assert_eq!(decode_in(Encoding::Utf8, b"\xef\xbb\xbfa", 1), b"a");
        assert_eq!(decode_in(Encoding::Utf8, b"\xef\xbb", 1), b"\xef\xbb");
    }

    #[test]
    fn code_pages_are_read_exactly_and_holes_are_no_text() {
        assert_eq!(decode_in(Encoding::Windows1252, b"bl\xe5b\xe6r \x80", 2), "blåbær €".as_bytes());
        assert_eq!(
            decode_in(Encoding::Windows1251, b"\xce\xea\xf1\xe0\xed\xe0 \xb3\xbf\xba\xb4", 3),
            "Оксана іїєґ".as_bytes()
        );
        assert_eq!(decode_in(Encoding::Windows1252, b"a\x81b", 9), b"a\xffb");
        assert_eq!(decode_in(Encoding::Windows1251, b"a\x98b", 9), b"a\xffb");
        assert_eq!((WINDOWS_1251.chars().count(), WINDOWS_1252.chars().count()), (128, 128));
    }

    #[test]
    fn half_a_surrogate_pair_breaks_its_record_only() {
        let bytes = [0x61, 0, 0x00, 0xd8, 0x62, 0, 0x0a, 0];
        assert_eq!(decode_in(Encoding::Utf16Le, &bytes, 3), b"a\xffb\n");
        assert_eq!(decode_in(Encoding::Utf16Le, b"a\0b", 2), b"a\xff");
    }

    #[test]
    fn a_file_declared_as_windows_that_is_utf8_is_noticed() {
        let mut decoder = Decoder::new(Encoding::Windows1252);
        decoder.decode("bl".as_bytes(), false);
        assert!(!decoder.proves_utf8());
        decoder.decode("å".as_bytes(), true);
        assert!(decoder.proves_utf8());
        decoder.decode(b"\xe5 ", true);
        assert!(!decoder.proves_utf8());
        // One broken place among many whole ones is a broken UTF-8 file, and no text of a code page.
        let mut decoder = Decoder::new(Encoding::Windows1252);
        decoder.decode("blåbærsyltetøy på brød i høst\n".as_bytes(), false);
        decoder.decode(b"\xe5\n", true);
        assert!(decoder.proves_utf8());
    }

    proptest! {
        #[test]
        fn utf16_gives_the_same_text_in_any_pieces(text in any::<String>(), size in 1usize..7) {
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let expected = text.strip_prefix('\u{feff}').unwrap_or(&text).as_bytes();
            prop_assert_eq!(decode_in(Encoding::Utf16Le, &le, size), expected);
            prop_assert_eq!(decode_in(Encoding::Utf16Be, &be, size), expected);
        }

        #[test]
        fn what_is_encoded_is_decoded_again(text in "[a-z,;\n æøåіїєЖ€😀]{0,20}", western in "[a-zæøå€,]{0,20}", eastern in "[a-zіїєЖ,]{0,20}") {
            for (encoding, text) in [
                (Encoding::Utf8, &text), (Encoding::Utf16Le, &text), (Encoding::Utf16Be, &text),
                (Encoding::Windows1252, &western), (Encoding::Windows1251, &eastern),
            ] {
                let mut bytes = Vec::new();
                encode(encoding, text, &mut bytes);
                prop_assert_eq!(decode_in(encoding, &bytes, 3), text.as_bytes());
            }
        }

        #[test]
        fn no_bytes_make_a_decoder_panic(bytes in any::<Vec<u8>>(), size in 1usize..9) {
            for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1251, Encoding::Windows1252] {
                decode_in(encoding, &bytes, size);
            }
        }
    }
}
