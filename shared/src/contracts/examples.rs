//! The invented ids and times of the examples that stand in the schemas.

use jiff::Timestamp;
use uuid::Uuid;

use super::values::SourceCode;

pub(super) const EVENT: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0001);
pub(super) const SESSION: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0010);
pub(super) const PARTICIPANT: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0020);
pub(super) const VOLUNTEER: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0021);
pub(super) const TEXT: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0030);
pub(super) const LINK: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0040);

pub(super) const IMPORT: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0050);

pub(super) const MATCH: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0060);
pub(super) const FACT: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0061);
pub(super) const SKILL: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0062);

pub(super) const OTHER_PROFILE: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0022);
pub(super) const REVIEWER: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0023);
pub(super) const MERGE: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0041);
pub(super) const CERTIFICATE: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0042);
pub(super) const SAFETY_FLAG: Uuid = Uuid::from_u128(0x0195_61e0_0000_7000_8000_0000_0000_0063);

pub(super) fn kintell() -> SourceCode {
    SourceCode::new("kintell").expect("a constant that keeps the rule of source codes")
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("a constant in RFC 3339")
}
