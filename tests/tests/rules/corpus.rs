//! The checked-in corpus (`tests/corpus`), as it is and changed at random: nothing panics, every byte is covered once,
//! every answer can be said in every language. The fuzz targets in `fuzz/` begin with the same files.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use shared::intake::{
    cell,
    column::{Class, Column, Kind},
    facts::{DateOrder, DecimalSign, Facts, RatingScale},
    words::{Lang, answer, sentence},
};

use super::file::{Fate, now, read};

fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Reads a file, checks what holds for every file, and says everything in every language.
fn check(bytes: &[u8]) {
    match read(bytes) {
        Err(refusal) => {
            for lang in Lang::ALL {
                assert!(answer(lang, refusal.code.as_str(), refusal.hint.as_deref()).ends_with('.'));
            }
        }
        Ok(found) => {
            for record in &found.records {
                assert!(record.line_end >= record.line && record.line >= found.preamble.records_line);
                if let Fate::Rejected(rejection) = &record.fate {
                    for lang in Lang::ALL {
                        let text = sentence(lang, rejection);
                        assert!(text.ends_with('.') && !text.contains(['{', '}']), "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_file_of_the_corpus_gets_an_answer() {
    let files = corpus("csv");
    assert!(files.len() >= 20, "{}", files.len());
    for file in files {
        check(&std::fs::read(&file).unwrap());
    }
}

const KINDS: [(&str, Kind); 15] = [
    ("identifier", Kind::Identifier),
    ("uuid", Kind::Uuid),
    ("email", Kind::Email),
    ("name", Kind::Name),
    ("text", Kind::Text),
    ("json", Kind::JsonText),
    ("json_list", Kind::JsonList),
    ("timestamp", Kind::Timestamp { future_ok: false }),
    ("duration", Kind::Duration),
    ("rating", Kind::Rating),
    ("score", Kind::Score),
    ("cefr", Kind::Cefr),
    ("one_of", Kind::OneOf(&["active", "inactive", "ended"])),
    ("integer", Kind::Integer { min: -5, max: i64::MAX }),
    ("url", Kind::Url),
];

/// The cells of a kind's corpus file: one a line, `\n`, `\0` and `\\` escaped.
fn cells(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/cells").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(path).unwrap();
    let escaped = |line: &str| line.replace("\\0", "\0").replace("\\n", "\n");
    text.lines().map(escaped).collect()
}

fn declared(all: bool) -> Facts {
    let zone = jiff::tz::TimeZone::get("Europe/Oslo").ok();
    match all {
        true => Facts {
            date_order: Some(DateOrder::DayFirst),
            decimal: Some(DecimalSign::Comma),
            rating_scale: Some(RatingScale::OneToFive),
            zone,
            excel_serials: true,
        },
        false => Facts::default(),
    }
}

/// What holds for every cell: an answer, the same one every time, a reason that does not show it, and a value that
/// reads back as itself where it is written as text.
fn check_cell(kind: Kind, raw: &str, all: bool) {
    let column = Column::new("COLUMN", Class::Value, kind);
    let facts = declared(all);
    let once = cell::read(&column, raw, &facts, now());
    assert_eq!(once, cell::read(&column, raw, &facts, now()));
    match once {
        Ok(None) => {}
        Ok(Some(value)) => {
            assert!(!raw.trim().is_empty() && !raw.contains('\0'));
            let text = value.canonical();
            if matches!(kind, Kind::Identifier | Kind::Uuid | Kind::Email | Kind::Cefr | Kind::OneOf(_) | Kind::Url) {
                let again = cell::read(&column, &text, &facts, now()).unwrap().unwrap();
                assert_eq!(again.canonical(), text, "{raw:?}");
            }
        }
        Err(rejection) => {
            assert_eq!(rejection.column.as_deref(), Some("COLUMN"));
            assert!(rejection.value.as_ref().is_none_or(|value| value.chars().count() <= 24));
            for lang in Lang::ALL {
                assert!(sentence(lang, &rejection).ends_with('.'));
            }
        }
    }
}

#[test]
fn every_cell_of_the_corpus_gets_an_answer() {
    for (name, kind) in KINDS {
        let cells = cells(name);
        assert!(cells.len() >= 5, "{name}");
        for cell in cells {
            check_cell(kind, &cell, true);
            check_cell(kind, &cell, false);
        }
    }
}

/// A few changes at random places: cut out, put in, doubled.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![&b"\""[..], b",", b";", b"\n", b"\r\n", b"\r", b"\t", b"\"\"", b"\0", b"\xff", b"\xef\xbb\xbf"])
            .prop_map(<[u8]>::to_vec),
        1 => any::<Vec<u8>>(),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece), 1..5)
}

fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, usize, Vec<u8>)]) -> Vec<u8> {
    for (at, cut, piece) in changes {
        let at = at.index(bytes.len() + 1);
        let end = bytes.len().min(at + cut);
        bytes.splice(at..end, piece.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_changed_file_of_the_corpus_gets_an_answer(file in any::<prop::sample::Index>(), changes in changes()) {
        let files = corpus("csv");
        let bytes = std::fs::read(file.get(&files)).unwrap();
        check(&changed(bytes, &changes));
    }

    #[test]
    fn every_changed_cell_of_the_corpus_gets_an_answer(
        kind in prop::sample::select(KINDS.to_vec()), cell in any::<prop::sample::Index>(), changes in changes(), all in any::<bool>(),
    ) {
        let cells = cells(kind.0);
        let bytes = changed(cell.get(&cells).as_bytes().to_vec(), &changes);
        check_cell(kind.1, &String::from_utf8_lossy(&bytes), all);
    }
}
