//! The schemas that were released, kept in the repository: `events/contracts/released/<n>/<type>.schema.json`. A release
//! holds the types that are new or changed in it. Somebody may still read by any of them, so today is compared with all.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::Value;
use shared::contracts::schema::Published;

use crate::{Break, Rule, Side, Unjudged, compare, renamed};

/// All releases: of each type its schemas, with the number of the release, oldest first.
pub type Released = BTreeMap<String, Vec<(u32, Value)>>;

/// Where the releases are kept.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/contracts/released")
}

/// Reads all releases.
pub fn read(folder: &Path) -> io::Result<Released> {
    let mut found = Released::new();
    for (number, path) in numbered(folder)? {
        for file in fs::read_dir(path)? {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(kind) = name.strip_suffix(".schema.json") else {
                return Err(io::Error::other(format!("{} is no schema: remove it", path.display())));
            };
            let schema = serde_json::from_slice(&fs::read(&path)?)
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
            found.entry(kind.to_owned()).or_default().push((number, schema));
        }
    }
    found.values_mut().for_each(|schemas| schemas.sort_by_key(|(number, _)| *number));
    Ok(found)
}

fn numbered(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        found.push((number.ok_or_else(|| io::Error::other(format!("{} is no release", path.display())))?, path));
    }
    found.sort();
    Ok(found)
}

/// What became of one type since it was released.
#[derive(Debug)]
pub enum Verdict {
    /// The same as released last.
    Same,
    /// It has changed and breaks nobody.
    Compatible,
    /// It was not released yet.
    New,
    /// It was to end, and has ended.
    Ended,
    /// It breaks somebody who reads by this release.
    Broken {
        /// The release.
        release: u32,
        /// Where.
        breaks: Vec<Break>,
        /// Members that may have been renamed.
        renamed: Vec<(String, String)>,
    },
    /// It cannot be told.
    Unjudged(Unjudged),
}

impl Verdict {
    /// Whether nobody is broken.
    pub fn is_good(&self) -> bool {
        !matches!(self, Self::Broken { .. } | Self::Unjudged(_))
    }
}

/// Every type that is or was published, with its verdict.
pub fn judge(released: &Released, today: &[Published], now: Timestamp) -> Vec<(String, Verdict)> {
    let mut found: BTreeMap<String, Verdict> = BTreeMap::new();
    for (kind, schemas) in released {
        let verdict = match today.iter().find(|published| published.name == kind) {
            Some(published) => of_type(schemas, published),
            None => gone(schemas, now),
        };
        found.insert(kind.clone(), verdict);
    }
    for published in today.iter().filter(|published| !released.contains_key(published.name)) {
        // One that cannot be judged must not become the measure of what comes.
        let verdict = match compare(&published.schema, &published.schema) {
            Ok(_) => Verdict::New,
            Err(unjudged) => Verdict::Unjudged(unjudged),
        };
        found.insert(published.name.to_owned(), verdict);
    }
    found.into_iter().collect()
}

fn of_type(schemas: &[(u32, Value)], published: &Published) -> Verdict {
    let same = schemas.last().is_some_and(|(_, schema)| *schema == published.schema);
    for (release, schema) in schemas.iter().rev() {
        match compare(schema, &published.schema) {
            Ok(breaks) if breaks.is_empty() => {}
            Ok(breaks) => {
                let renamed = renamed(schema, &published.schema);
                return Verdict::Broken { release: *release, breaks, renamed };
            }
            Err(unjudged) => return Verdict::Unjudged(unjudged),
        }
    }
    let good = if same { Verdict::Same } else { Verdict::Compatible };
    refused_by_reader(schemas, published).unwrap_or(good)
}

/// Rules between members that JSON Schema cannot say are in the reader alone: it has to take every released example.
fn refused_by_reader(schemas: &[(u32, Value)], published: &Published) -> Option<Verdict> {
    for (release, schema) in schemas.iter().rev() {
        for event in schema["examples"].as_array().into_iter().flatten() {
            if let Err(error) = (published.reread)(&event.to_string()) {
                let one = Break {
                    side: Side::Replay,
                    path: "data".to_owned(),
                    rule: Rule::Between,
                    what: "the reader checks more than the schema says".to_owned(),
                    refusal: error.to_string(),
                    event: event.clone(),
                    schemas: [None, None],
                };
                return Some(Verdict::Broken { release: *release, breaks: vec![one], renamed: Vec::new() });
            }
        }
    }
    None
}

/// A type may go when the date is past that was announced with it.
fn gone(schemas: &[(u32, Value)], now: Timestamp) -> Verdict {
    let Some((release, schema)) = schemas.last() else { return Verdict::Ended };
    let sunset = schema["x-sunset"].as_str().and_then(|date| date.parse::<Timestamp>().ok());
    if sunset.is_some_and(|sunset| sunset < now) {
        return Verdict::Ended;
    }
    let one = Break {
        side: Side::Lost,
        path: "type".to_owned(),
        rule: Rule::Member,
        what: match sunset {
            Some(sunset) => format!("the type is gone before its end on {sunset}"),
            None => "the type is gone, and no end was announced".to_owned(),
        },
        refusal: "no contract has this type any more".to_owned(),
        event: schema["examples"][0].clone(),
        schemas: [None, None],
    };
    Verdict::Broken { release: *release, breaks: vec![one], renamed: Vec::new() }
}

/// Writes the next release: every type that is not as it was released last. Its number, and how many types; none if
/// there is nothing to release.
pub fn release(folder: &Path, today: &[Published], verdicts: &[(String, Verdict)]) -> io::Result<Option<(u32, usize)>> {
    let fresh = |published: &&Published| {
        let of_it = verdicts.iter().find(|(kind, _)| kind == published.name);
        of_it.is_none_or(|(_, verdict)| matches!(verdict, Verdict::New | Verdict::Compatible))
    };
    let fresh: Vec<&Published> = today.iter().filter(fresh).collect();
    if fresh.is_empty() {
        return Ok(None);
    }
    let number = numbered(folder)?.last().map_or(1, |(number, _)| number + 1);
    let path = folder.join(number.to_string());
    fs::create_dir(&path)?;
    for published in &fresh {
        let text = serde_json::to_string_pretty(&published.schema)?;
        fs::write(path.join(format!("{}.schema.json", published.name)), text + "\n")?;
    }
    Ok(Some((number, fresh.len())))
}
