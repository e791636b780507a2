//! Encodings: text is exact or refused, and broken text costs its record alone.

use proptest::prelude::*;
use shared::intake::{code::Code, decode::Encoding};

use super::file::{Declared, LAYOUT, brief, read, read_as};

const TEXT: &str =
    "session_id;participant_email;feedback_text\r\nС-1;a@b.no;Дякую, Ødegård — «så fint» 😀\r\n2;c@d.no;ї\r\n";

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn the_same_text_in_every_unicode_encoding_is_the_same_values_on_the_same_lines() {
    let plain = read(TEXT).unwrap();
    assert_eq!(plain.records[0].get("feedback_text"), Some("Дякую, Ødegård — «så fint» 😀"));
    let marked = format!("\u{feff}{TEXT}");
    for (bytes, encoding, bom) in [
        (marked.as_bytes().to_vec(), Encoding::Utf8, true),
        (utf16(TEXT, u16::to_le_bytes), Encoding::Utf16Le, false),
        (utf16(TEXT, u16::to_be_bytes), Encoding::Utf16Be, false),
        (utf16(&marked, u16::to_le_bytes), Encoding::Utf16Le, true),
        (utf16(&marked, u16::to_be_bytes), Encoding::Utf16Be, true),
    ] {
        let found = read(&bytes).unwrap();
        assert_eq!(found.records, plain.records, "{encoding:?}");
        assert_eq!((found.dialect.encoding, found.dialect.bom), (encoding, bom));
    }
}

#[test]
fn a_declared_code_page_is_exact_and_never_spoils_utf8() {
    let western = b"session_id;participant_email;first_name\n1;a@b.no;K\xe5re \xd8rsta \x80\n2;c@d.no;\x81\n";
    let declared = |encoding| Declared { encoding: Some(encoding), ..Declared::default() };
    let found = read_as(western, &declared(Encoding::Windows1252), &[LAYOUT]).unwrap();
    assert_eq!(found.records[0].get("first_name"), Some("Kåre Ørsta €"));
    assert_eq!(found.records[1].brief(), "3 undecodable_bytes@first_name");
    let cyrillic = b"session_id;participant_email;first_name\n1;a@b.no;\xce\xea\xf1\xe0\xed\xe0 \xaf\xb3\xba\xb4\n";
    let found = read_as(cyrillic, &declared(Encoding::Windows1251), &[LAYOUT]).unwrap();
    assert_eq!(found.records[0].get("first_name"), Some("Оксана Їієґ"));
    // UTF-8 in a source that is declared otherwise, also where the beginning of the file does not show it and one
    // record of it is broken.
    let filler = "9,b@c.no,plain text and nothing else\n".repeat(9_000);
    let tail = "1,a@b.no,Kåre på brønnøysund; ÆØÅ\n";
    let text = format!("session_id,participant_email,feedback_text\n{filler}{tail}");
    for broken in [&b""[..], b"2,a@b.no,\xe5\n"] {
        let bytes = [text.as_bytes(), broken].concat();
        let found = read_as(&bytes, &declared(Encoding::Windows1252), &[LAYOUT]).unwrap();
        assert_eq!(found.dialect.encoding, Encoding::Utf8);
        assert_eq!(found.records[9_000].get("feedback_text"), Some("Kåre på brønnøysund; ÆØÅ"));
        assert!(found.records.get(9_001).is_none_or(|record| record.get("session_id").is_none()));
    }
}

#[test]
fn an_undeclared_code_page_is_not_guessed() {
    let found = brief(b"session_id;participant_email;first_name\n1;a@b.no;K\xe5re\n2;c@d.no;Kari\n");
    assert_eq!(found, ["2 undecodable_bytes@first_name", "3 2"]);
}

#[test]
fn broken_utf8_rejects_its_record_alone_with_its_column_and_line() {
    for broken in [&b"\xff"[..], b"\xc3", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"] {
        let bytes = [
            b"session_id,participant_email,feedback_text\n1,a@b.no,\"x\ny\"\n2,a@b.no,before ",
            broken,
            b" after\n3,a@b.no,z\n",
        ]
        .concat();
        assert_eq!(brief(&bytes), ["2-3 1", "4 undecodable_bytes@feedback_text", "5 3"], "{broken:x?}");
    }
}

#[test]
fn text_that_was_damaged_in_the_source_is_kept_as_it_is() {
    let found = read("session_id,participant_email,feedback_text\n1,a@b.no,bl\u{fffd}b\u{fffd}r Ã¥\n").unwrap();
    assert_eq!(found.records[0].get("feedback_text"), Some("bl\u{fffd}b\u{fffd}r Ã¥"));
}

#[test]
fn half_a_character_in_utf16_costs_its_record() {
    let mut bytes = utf16("\u{feff}session_id,participant_email,first_name\n1,a@b.no,x", u16::to_le_bytes);
    bytes.extend_from_slice(&[0x3d, 0xd8]);
    bytes.extend(utf16("\n2,c@d.no,y\n", u16::to_le_bytes));
    assert_eq!(brief(&bytes), ["2 undecodable_bytes@first_name", "3 2"]);
    bytes.push(b'z');
    assert_eq!(brief(&bytes).len(), 3, "a byte too much is one more record that is rejected");
}

#[test]
fn a_nul_rejects_its_record_in_an_identifier_and_in_a_text() {
    let found = brief("session_id,participant_email,feedback_text\na\0b,a@b.no,x\n2,a@b.no,x\0y\n3,c@d.no,z\n");
    assert_eq!(found, ["2 nul_byte@session_id", "3 nul_byte@feedback_text", "4 3"]);
}

#[test]
fn a_header_with_broken_text_is_told_as_such() {
    let refusal = read(b"session_id,participant_email,\xe5rgang\n1,a@b.no,x\n").unwrap_err();
    assert_eq!(refusal.code, Code::UndecodableBytes);
}

#[test]
fn utf32_and_noise_are_no_text() {
    let utf32: Vec<u8> =
        "\u{feff}session_id,participant_email\n1,a@b.no\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    assert_eq!(read(&utf32).unwrap_err().code, Code::NotCsv);
    let noise: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(read(&noise).unwrap_err().code, Code::NotCsv);
}

#[test]
fn a_nul_amid_cyrillic_in_a_declared_code_page_costs_its_record_and_not_the_file() {
    let header = b"session_id;participant_email;feedback_text\n";
    let text = b"1;a@b.no;\xc4\xff\xea\xf3\xfe \xe7\xe0 \xf0\xee\xe7\xec\xee\xe2\xf3, \xe1\xf3\xeb\xee \xf7\xf3\xe4\xee\xe2\xee\n";
    let bytes = [&header[..], &text.repeat(3), b"2;a@b.no;\xc4\0\xff\n"].concat();
    let declared = Declared { encoding: Some(Encoding::Windows1251), ..Declared::default() };
    let found = read_as(&bytes, &declared, &[LAYOUT]).unwrap();
    assert_eq!(found.records[0].get("feedback_text"), Some("Дякую за розмову, було чудово"));
    assert_eq!(found.records[3].brief(), "5 nul_byte@feedback_text");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// `read` itself asserts that spans cover every byte once, in pieces of several sizes.
    #[test]
    fn any_text_is_the_same_records_on_the_same_lines_in_every_encoding(
        pieces in prop::collection::vec(prop::sample::select(vec![
            ",", ",", "\"", "\"", "\n", "\n", "\r\n", "\r", "\"\"", ",\"", "\",", "x", "å", "Ї", "😀", "\u{feff}", "1,a@b.no,x\n",
        ]), 0..40),
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let text = format!("session_id,participant_email,feedback_text{ending}{}", pieces.concat());
        let plain = read(&text).unwrap();
        let marked = format!("\u{feff}{text}");
        for bytes in [marked.clone().into_bytes(), utf16(&marked, u16::to_le_bytes), utf16(&marked, u16::to_be_bytes)] {
            let found = read(&bytes).unwrap();
            prop_assert_eq!(&found.records, &plain.records);
            prop_assert_eq!(found.line_ending, plain.line_ending);
        }
        // Lines as an editor counts them: the last record's last line is the file's.
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let last = lines.matches('\n').count() + usize::from(!lines.ends_with('\n'));
        if let Some(record) = plain.records.last() {
            prop_assert_eq!(record.line_end as usize, last);
        }
    }
}
