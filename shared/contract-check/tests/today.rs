//! Today's contracts against what was released; this is what fails when a change breaks a consumer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use contract_check::{
    released::{self, Verdict, judge},
    report,
};
use jiff::Timestamp;
use serde_json::json;
use shared::contracts::schema::{self, Published};

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

#[test]
fn no_change_since_the_releases_breaks_a_consumer() {
    let kept = released::read(&released::folder()).unwrap();
    assert!(kept.len() > 30, "{} types were released", kept.len());
    let verdicts = judge(&kept, &schema::catalogue(), Timestamp::now());
    let broken: String = verdicts
        .iter()
        .filter(|(_, verdict)| !verdict.is_good())
        .map(|(kind, verdict)| report::of(kind, verdict))
        .collect();
    assert!(broken.is_empty(), "a breaking change is a new type, ….v2: see events/README.md\n{broken}");
}

#[test]
fn every_type_of_the_first_release_is_still_there_or_has_ended() {
    let kept = released::read(&released::folder()).unwrap();
    let today: BTreeSet<&str> = schema::catalogue().iter().map(|published| published.name).collect();
    for (kind, schemas) in &kept {
        let ends = schemas.last().is_some_and(|(_, schema)| schema["x-sunset"].is_string());
        assert!(today.contains(kind.as_str()) || ends, "{kind}");
        assert!(schemas.iter().all(|(_, schema)| schema["title"] == kind.as_str()), "{kind}");
    }
}

/// A folder of its own that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("teei-contracts-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn edited(kind: &str, edit: impl Fn(&mut Published)) -> Vec<Published> {
    let mut all = schema::catalogue();
    edit(all.iter_mut().find(|published| published.name == kind).unwrap());
    all
}

const SESSION: &str = "kintell.session.completed.v1";

#[test]
fn a_release_holds_what_is_new_or_changed_and_today_is_judged_by_all_of_them() {
    let folder = Folder::new("release");
    let release = |today: &[Published]| {
        let verdicts = judge(&released::read(&folder.0).unwrap(), today, now());
        assert!(verdicts.iter().all(|(_, verdict)| verdict.is_good()));
        released::release(&folder.0, today, &verdicts).unwrap()
    };
    let all = schema::catalogue();
    assert_eq!(release(&all), Some((1, all.len())));
    assert_eq!(release(&all), None, "nothing has changed");
    let added = edited(SESSION, |published| {
        published.schema["properties"]["data"]["properties"]["platform"] = json!({ "enum": ["web", "app"] });
    });
    assert_eq!(release(&added), Some((2, 1)));
    assert_eq!((files(&folder.0.join("1")), files(&folder.0.join("2"))), (all.len(), 1));

    // Taken back: those who read by release 2 will not see it again, though release 1 never had it.
    let verdicts = judge(&released::read(&folder.0).unwrap(), &all, now());
    let broken: Vec<_> = verdicts.iter().filter(|(_, verdict)| !verdict.is_good()).collect();
    assert!(matches!(broken.as_slice(), [(kind, Verdict::Broken { release: 2, .. })] if kind == SESSION), "{broken:?}");
    assert!(report::of(SESSION, &broken[0].1).contains("data.platform"));
}

#[test]
fn a_type_may_go_only_after_the_end_that_was_announced() {
    let folder = Folder::new("sunset");
    let ending = edited(SESSION, |published| {
        published.sunset = Some("2026-12-31T00:00:00Z");
        published.schema["deprecated"] = json!(true);
        published.schema["x-sunset"] = json!("2026-12-31T00:00:00Z");
    });
    let verdicts = judge(&released::read(&folder.0).unwrap(), &ending, now());
    released::release(&folder.0, &ending, &verdicts).unwrap();
    let kept = released::read(&folder.0).unwrap();
    let without: Vec<Published> =
        schema::catalogue().into_iter().filter(|published| published.name != SESSION).collect();
    let of_it = |now: &str| {
        let mut verdicts = judge(&kept, &without, now.parse().unwrap());
        verdicts.remove(verdicts.iter().position(|(kind, _)| kind == SESSION).unwrap()).1
    };
    assert!(matches!(of_it("2027-01-01T00:00:00Z"), Verdict::Ended));
    let early = of_it("2026-06-01T00:00:00Z");
    let said = report::of(SESSION, &early);
    assert!(!early.is_good() && said.contains("before its end") && said.contains("profile-projector"), "{said}");

    let other =
        schema::catalogue().into_iter().filter(|published| published.name != "profile.created.v1").collect::<Vec<_>>();
    let verdicts = judge(&kept, &other, now());
    let gone = &verdicts.iter().find(|(kind, _)| kind == "profile.created.v1").unwrap().1;
    assert!(report::of("profile.created.v1", gone).contains("no end was announced"));
}

#[test]
fn a_rule_of_the_reader_alone_is_found_by_the_released_examples() {
    let folder = Folder::new("reader");
    let all = schema::catalogue();
    let verdicts = judge(&released::read(&folder.0).unwrap(), &all, now());
    released::release(&folder.0, &all, &verdicts).unwrap();
    let stricter = edited(SESSION, |published| {
        published.schema["description"] = json!("The same, and a rule in the code.");
        published.reread = |_| Err(shared::contracts::ContractError::UnknownType);
    });
    let verdicts = judge(&released::read(&folder.0).unwrap(), &stricter, now());
    let verdict = &verdicts.iter().find(|(kind, _)| kind == SESSION).unwrap().1;
    assert!(report::of(SESSION, verdict).contains("the reader checks more than the schema says"));
}

#[test]
fn a_break_is_told_with_what_whom_and_the_smallest_event() {
    let all = schema::catalogue();
    let old = &all.iter().find(|published| published.name == SESSION).unwrap().schema;
    let kept = [(SESSION.to_owned(), vec![(1, old.clone())])].into();
    let changed = edited(SESSION, |published| {
        published.schema["properties"]["data"]["properties"]["durationMinutes"]["maximum"] = json!(240);
    });
    let verdicts = judge(&kept, &changed, now());
    let said = report::of(SESSION, &verdicts.iter().find(|(kind, _)| kind == SESSION).unwrap().1);
    for part in [
        "BREAK       kintell.session.completed.v1, for those who read by release 1",
        "data.durationMinutes",
        "the range is narrower",
        r#"was       {"maximum":480,"minimum":1,"type":["integer","null"]}"#,
        r#"is        {"maximum":240,"minimum":1,"type":["integer","null"]}"#,
        "yesterday's events at today's readers (replay)",
        "profile-projector reads data.durationMinutes",
        "241 is above 240",
        "smallest event that was valid yesterday, fails today:",
        "\"durationMinutes\":241",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}
