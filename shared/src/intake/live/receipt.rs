//! The receipt of a delivery: the same as a file's, without a file.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Delivery, Profiles, Taken};
use crate::{
    contracts::Counts,
    intake::{
        code::Code,
        entity::Layout,
        fates::Fates,
        receipt::{ColumnsFound, FactsUsed, Outcome, PeopleFound, Receipt, Unknown, Warning},
        report::facts_declared,
    },
};

/// Members that are no columns, shown at most.
const UNKNOWN_SHOWN: usize = 100;

/// The receipt. `layouts`: those its items are in; `people`: known and created; `started`: when it began.
pub fn of(
    delivery: &Delivery<'_>,
    taken: &Taken,
    fates: &Fates,
    layouts: &[&'static Layout],
    profiles: &Profiles,
    (people, started_at): ((u32, u32), Timestamp),
) -> Receipt {
    // Items in several layouts are read in several ways: then the receipt names none.
    let layout = match layouts {
        [one] => Some(one.name),
        _ => None,
    };
    let first = taken.items.iter().find_map(|item| item.rejection.as_ref());
    let why = first.filter(|_| taken.outcome == Outcome::Refused);
    let unknown = unknown(taken);
    let mut receipt = Receipt {
        id: taken.import_id,
        source: delivery.entity.source.to_owned(),
        entity: Some(delivery.entity.name.to_owned()),
        layout: layout.map(ToOwned::to_owned),
        status: "done".to_owned(),
        door: delivery.door.as_str().to_owned(),
        outcome: taken.outcome,
        retryable: taken.retryable,
        reason: why.map(|rejection| rejection.reason.clone()),
        code: why.map(|rejection| rejection.code.as_str().to_owned()),
        hint: why.and_then(|rejection| rejection.hint.clone()),
        file: None,
        dialect: None,
        columns: Some(ColumnsFound { unknown: unknown.clone(), ..ColumnsFound::default() }),
        facts_used: layout.and_then(|name| facts(profiles, name)),
        counts: Counts::default(),
        control_total: None,
        warnings: unknown.iter().map(warning).collect(),
        rejects: Vec::new(),
        events: taken.events,
        people: PeopleFound { known: people.0, created: people.1 },
        started_at,
        finished_at: started_at,
        rows_per_second: 0,
        cents: 0.0,
        first_import: None,
        name: delivery.name.map(ToOwned::to_owned),
        dry_run: false,
        plan: None,
        plan_hash: None,
        moved: false,
        rejects_key: None,
        rejects_xlsx_key: None,
        rejects_note: None,
        first_attempt: None,
        undo: None,
        command_failed: None,
    };
    receipt.tell_fates(fates);
    receipt.tell_time(Timestamp::now(), 0);
    receipt
}

fn facts(profiles: &Profiles, layout: &str) -> Option<FactsUsed> {
    Some(facts_declared(&profiles.get(layout)?.profile))
}

fn unknown(taken: &Taken) -> Vec<Unknown> {
    let all: BTreeSet<(&str, Option<&str>)> = taken
        .items
        .iter()
        .flat_map(|item| &item.unknown)
        .map(|column| (column.name.as_str(), column.nearest))
        .collect();
    let shown = all.into_iter().take(UNKNOWN_SHOWN);
    shown.map(|(name, nearest)| Unknown { name: name.to_owned(), nearest: nearest.map(ToOwned::to_owned) }).collect()
}

fn warning(unknown: &Unknown) -> Warning {
    let (detail, hint) = match &unknown.nearest {
        Some(nearest) => (
            format!("The field {} is not read; did you mean {nearest}?", unknown.name),
            format!("{} → {nearest}", unknown.name),
        ),
        None => (format!("The field {} is not read, and its value is not stored.", unknown.name), unknown.name.clone()),
    };
    Warning { code: Code::UnknownColumn, records: 0, first_line: None, detail: Some(detail), hint: Some(hint) }
}
