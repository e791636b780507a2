//! First byte: the kind of column and what is declared. The rest: a cell.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::intake::{
    cell,
    column::{Class, Column, Kind},
    facts::{DateOrder, DecimalSign, Facts, RatingScale},
    words::{Lang, sentence},
};

const KINDS: [Kind; 16] = [
    Kind::Identifier,
    Kind::Uuid,
    Kind::Email,
    Kind::Name,
    Kind::Text,
    Kind::JsonText,
    Kind::LongJsonText,
    Kind::JsonList,
    Kind::Timestamp { future_ok: false },
    Kind::Duration,
    Kind::Rating,
    Kind::Score,
    Kind::Cefr,
    Kind::OneOf(&["active", "inactive", "ended"]),
    Kind::Integer { min: -5, max: i64::MAX },
    Kind::Url,
];

fuzz_target!(|input: &[u8]| {
    let [choice, rest @ ..] = input else { return };
    let Ok(raw) = std::str::from_utf8(rest) else { return };
    let column = Column::new("COLUMN", Class::Value, KINDS[usize::from(*choice) % KINDS.len()]);
    let facts = match choice & 0x80 {
        0 => Facts::default(),
        _ => Facts {
            date_order: Some(DateOrder::DayFirst),
            decimal: Some(DecimalSign::Comma),
            rating_scale: Some(RatingScale::OneToFive),
            zone: jiff::tz::TimeZone::get("Europe/Oslo").ok(),
            excel_serials: true,
        },
    };
    let now = jiff::Timestamp::from_second(1_777_881_600).unwrap_or_default();
    match cell::read(&column, raw, &facts, now) {
        Ok(None) => {}
        Ok(Some(value)) => assert!(!value.canonical().contains('\0')),
        Err(rejection) => {
            assert!(!raw.contains('@') || raw.len() < 6 || !rejection.reason.contains(raw));
            for lang in Lang::ALL {
                assert!(sentence(lang, &rejection).ends_with('.'));
            }
        }
    }
});
