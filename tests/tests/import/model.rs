//! A second, small reading of the rules "records to facts" and "undo", to compare the importer with: no database, no
//! chunks, no vault. Facts are lists of revisions, values are texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub type Values = BTreeMap<&'static str, String>;

/// The fields of a session, in any layout.
pub const FIELDS: [&str; 9] = [
    "session_type",
    "participant_id",
    "volunteer_id",
    "scheduled_at",
    "completed_at",
    "duration_minutes",
    "rating",
    "language_level",
    "feedback",
];

/// A record: its cells by field; an empty text is an empty cell. Who it is about stands there by address.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    Cells { id: &'static str, cells: BTreeMap<&'static str, String> },
    Unreadable { id: &'static str, code: &'static str },
    Blank,
}

#[derive(Debug, Clone)]
pub struct File {
    pub text: String,
    pub layout: &'static str,
    pub records: Vec<Record>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    New,
    Changed,
    Unchanged,
    Duplicate,
    Blank,
    Rejected,
    Restored,
    Removed,
    KeptLaterEdit,
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Blank => "blank",
            Self::Rejected => "rejected",
            Self::Restored => "restored",
            Self::Removed => "removed",
            Self::KeptLaterEdit => "kept_later_edit",
        }
    }
}

#[derive(Debug, Clone)]
struct Revision {
    import: usize,
    values: Values,
    doors: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Clone)]
struct Fact {
    id: &'static str,
    revisions: Vec<Revision>,
    gone: bool,
}

impl Fact {
    fn now(&self) -> &Revision {
        &self.revisions[self.revisions.len() - 1]
    }
}

/// One import.
#[derive(Debug, Clone)]
pub struct Import {
    pub outcome: &'static str,
    pub file: File,
    pub fates: Vec<(Fate, Option<usize>)>,
    pub plan: Vec<String>,
    /// A newer version of the same object.
    pub newer: Option<usize>,
    /// The earliest other import that had these bytes and counted when it ran.
    pub first: Option<usize>,
}

/// What a run or an undo does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Session events: one for each new or changed record, and for each fact that is restored or retracted.
    pub sessions: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    facts: Vec<Fact>,
    known: HashMap<&'static str, usize>,
    /// Address and creator of every person that ever was; whether that person is there.
    people: Vec<(String, usize, bool)>,
    /// Words and subject of every text.
    texts: Vec<(String, String)>,
    pub imports: Vec<Import>,
}

/// The fate of each record with its fact, what a plan says of it, and what is told.
type Ran = (Vec<(Fate, Option<usize>)>, Vec<String>, Told);

/// What a person asks of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask {
    pub dry_run: bool,
    pub apply_stale: bool,
    /// A commit of a plan.
    pub commit: bool,
}

impl Model {
    /// Imports a file for the first time.
    pub fn import(&mut self, file: File, newer: Option<usize>, dry_run: bool) -> Told {
        self.imports.push(Import { outcome: "none", file, fates: Vec::new(), plan: Vec::new(), newer, first: None });
        self.run(self.imports.len() - 1, Ask { dry_run, ..Ask::default() })
    }

    /// Runs an import, again if it ran before.
    pub fn run(&mut self, at: usize, ask: Ask) -> Told {
        let before = self.imports[at].clone();
        let newer = before.newer.filter(|newer| matches!(self.imports[*newer].outcome, "loaded" | "unchanged"));
        let told_newer = newer.map(|newer| self.facts_of(newer)).unwrap_or_default();
        let mut tried = self.clone();
        let (mut fates, plan, told) = tried.apply(at, &before.file, &told_newer, ask.apply_stale);
        let moved = ask.commit && before.outcome == "planned" && before.plan != plan;
        if ask.dry_run || moved {
            for (fate, fact) in &mut fates {
                fact.take_if(|_| *fate == Fate::New);
            }
            self.imports[at] = Import { outcome: "planned", fates, plan, ..before };
            return Told::default();
        }
        if before.outcome == "loaded" {
            for ((now, fact), (then, of)) in fates.iter_mut().zip(&before.fates) {
                let made = |fate: &Fate| matches!(fate, Fate::New | Fate::Changed);
                if made(then) && !made(now) {
                    (*now, *fact) = (*then, *of);
                }
            }
        }
        *self = tried;
        let something = fates.iter().any(|(fate, _)| matches!(fate, Fate::New | Fate::Changed));
        let first = self.first_with_these_bytes(at);
        let nothing = !something && before.outcome != "loaded" && (first.is_some() || newer.is_some());
        let outcome = if nothing { "unchanged" } else { "loaded" };
        self.imports[at] = Import { outcome, fates, plan, first, ..before };
        told
    }

    fn first_with_these_bytes(&self, at: usize) -> Option<usize> {
        let these = &self.imports[at].file;
        (0..self.imports.len()).find(|other| {
            let import = &self.imports[*other];
            *other != at && import.file.text == these.text && matches!(import.outcome, "loaded" | "unchanged")
        })
    }

    /// Facts that an import told of.
    pub fn facts_of(&self, at: usize) -> Vec<usize> {
        self.imports[at].fates.iter().filter_map(|(_, fact)| *fact).collect()
    }

    fn apply(&mut self, at: usize, file: &File, newer: &[usize], apply_stale: bool) -> Ran {
        let readable = |id: &str| {
            let same = file.records.iter().filter_map(move |record| match record {
                Record::Cells { id: other, cells } if *other == id => Some(cells),
                _ => None,
            });
            same.collect::<Vec<_>>()
        };
        let (mut fates, mut plan, mut told) = (Vec::new(), Vec::new(), Told::default());
        let (mut met, begun) = (BTreeSet::new(), self.people.len());
        let mut newcomers: Vec<usize> = Vec::new();
        for record in &file.records {
            let (fate, fact, said) = match record {
                Record::Blank => (Fate::Blank, None, String::new()),
                Record::Unreadable { code, .. } => (Fate::Rejected, None, (*code).to_owned()),
                Record::Cells { id, cells } => {
                    let all = readable(id);
                    if all.iter().any(|other| *other != all[0]) {
                        (Fate::Rejected, None, "duplicate_conflict".to_owned())
                    } else if !met.insert(*id) {
                        (Fate::Duplicate, None, String::new())
                    } else {
                        self.one((at, file.layout), id, cells, (newer, apply_stale), (begun, &mut newcomers))
                    }
                }
            };
            told.sessions += usize::from(matches!(fate, Fate::New | Fate::Changed));
            let stale = said.starts_with("stale");
            plan.push(format!("{} {said}", if stale { "unchanged" } else { fate.name() }));
            fates.push((fate, fact));
        }
        (fates, plan, told)
    }

    fn one(
        &mut self,
        (at, layout): (usize, &'static str),
        id: &'static str,
        cells: &BTreeMap<&'static str, String>,
        (newer, apply_stale): (&[usize], bool),
        (begun, newcomers): (usize, &mut Vec<usize>),
    ) -> (Fate, Option<usize>, String) {
        let (people, texts) = (self.people.len(), self.texts.len());
        let existing = self.known.get(id).copied();
        let mut values = existing.map(|fact| self.facts[fact].now().values.clone()).unwrap_or_default();
        let mut doors = existing.map(|fact| self.facts[fact].now().doors.clone()).unwrap_or_default();
        let forget = |model: &mut Self| {
            model.people.truncate(people);
            model.texts.truncate(texts);
        };
        for field in FIELDS {
            let Some(cell) = cells.get(field) else { continue };
            let value = match field {
                _ if cell.is_empty() => None,
                "participant_id" | "volunteer_id" => Some(self.person(at, cell)),
                "feedback" => Some(self.text(cell, &values["participant_id"], values.get("feedback"))),
                _ => Some(cell.clone()),
            };
            match value {
                Some(value) if values.get(field) == Some(&value) => {}
                Some(value) => {
                    values.insert(field, value);
                    doors.insert(field, layout);
                }
                None if doors.get(field) == Some(&layout) => {
                    values.remove(field);
                    doors.remove(field);
                }
                None => {}
            }
        }
        if let Err(code) = check(&values) {
            forget(self);
            return (Fate::Rejected, None, code.to_owned());
        }
        for field in ["participant_id", "volunteer_id"] {
            let who: usize = values[field][1..].parse().unwrap();
            if who >= begun && !newcomers.contains(&who) {
                newcomers.push(who);
            }
        }
        let Some(fact) = existing else {
            let difference = self.difference(None, &values, newcomers);
            self.facts.push(Fact { id, revisions: vec![Revision { import: at, values, doors }], gone: false });
            self.known.insert(id, self.facts.len() - 1);
            return (Fate::New, Some(self.facts.len() - 1), difference);
        };
        let content = self.content(&values);
        if content == self.content(&self.facts[fact].now().values) {
            forget(self);
            return (Fate::Unchanged, Some(fact), String::new());
        }
        let earlier = &self.facts[fact].revisions[..self.facts[fact].revisions.len() - 1];
        let seen = earlier.iter().any(|revision| {
            self.imports[revision.import].outcome != "undone" && self.content(&revision.values) == content
        });
        let difference = self.difference(Some(fact), &values, newcomers);
        let stale = seen || newer.contains(&fact);
        let said = if stale { format!("stale {difference}") } else { difference };
        if stale && !apply_stale {
            forget(self);
            return (Fate::Unchanged, Some(fact), said);
        }
        self.facts[fact].revisions.push(Revision { import: at, values, doors });
        (Fate::Changed, Some(fact), said)
    }

    /// What differs, as a plan tells it: people who would be created by their order in the file.
    fn difference(&self, fact: Option<usize>, values: &Values, newcomers: &[usize]) -> String {
        let old = fact.map(|fact| self.content(&self.facts[fact].now().values)).unwrap_or_default();
        let new = self.content(values);
        let mut said = String::new();
        for field in FIELDS.iter().filter(|field| old.get(**field) != new.get(**field)) {
            let value = match new.get(field) {
                Some(who) if field.ends_with("t_id") || field.ends_with("r_id") => {
                    let at: usize = who[1..].parse().unwrap();
                    let place = newcomers.iter().position(|new| *new == at);
                    place.map_or_else(|| who.clone(), |place| format!("new {place}"))
                }
                Some(text) if *field == "feedback" => text.split('|').next().unwrap().to_owned(),
                other => other.cloned().unwrap_or_default(),
            };
            said.push_str(&format!("{field}: {:?} → {value}; ", old.get(field)));
        }
        said
    }

    fn person(&mut self, by: usize, address: &str) -> String {
        let there = self.people.iter().position(|(of, _, there)| of == address && *there);
        let at = there.unwrap_or_else(|| {
            self.people.push((address.to_owned(), by, true));
            self.people.len() - 1
        });
        format!("p{at}")
    }

    fn text(&mut self, words: &str, subject: &str, known: Option<&String>) -> String {
        let said = (words.to_owned(), subject.to_owned());
        match known.filter(|text| self.texts[text[1..].parse::<usize>().unwrap()] == said) {
            Some(same) => same.clone(),
            None => {
                self.texts.push(said);
                format!("t{}", self.texts.len() - 1)
            }
        }
    }

    /// What contents are compared by: texts by their words and whose they are.
    fn content(&self, values: &Values) -> Values {
        let mut values = values.clone();
        if let Some(text) = values.get_mut("feedback") {
            let (words, subject) = &self.texts[text[1..].parse::<usize>().unwrap()];
            *text = format!("{words}|{subject}");
        }
        values
    }

    /// Takes an import back. What became of its facts: restored, removed, kept.
    pub fn undo(&mut self, at: usize) -> (Told, [usize; 3]) {
        self.imports[at].outcome = "undone";
        let (mut told, mut tally) = (Told::default(), [0; 3]);
        for record in 0..self.imports[at].fates.len() {
            let (Fate::New | Fate::Changed, Some(fact)) = self.imports[at].fates[record] else { continue };
            let fate = self.take_back(at, fact);
            tally[[Fate::Restored, Fate::Removed, Fate::KeptLaterEdit].iter().position(|f| *f == fate).unwrap()] += 1;
            told.sessions += usize::from(fate != Fate::KeptLaterEdit);
            self.imports[at].fates[record].0 = fate;
        }
        let named: BTreeSet<&String> = self
            .facts
            .iter()
            .filter(|fact| !fact.gone)
            .flat_map(|fact| {
                let may_come_back = |at: usize| {
                    let by = fact.revisions[at].import;
                    at == 0 || at + 1 == fact.revisions.len() || self.imports[by].outcome != "undone"
                };
                let revisions = (0..fact.revisions.len()).filter(move |at| may_come_back(*at));
                revisions.flat_map(|at| fact.revisions[at].values.values())
            })
            .collect();
        for (who, (_, by, there)) in self.people.iter_mut().enumerate() {
            *there &= self.imports[*by].outcome != "undone" || named.contains(&format!("p{who}"));
        }
        (told, tally)
    }

    fn take_back(&mut self, at: usize, fact: usize) -> Fate {
        let revisions = &self.facts[fact].revisions;
        let live = |revision: &Revision| self.imports[revision.import].outcome != "undone";
        if !revisions.iter().any(live) {
            self.facts[fact].gone = true;
            self.known.remove(self.facts[fact].id);
            return Fate::Removed;
        }
        let (mut values, mut doors) = (Values::new(), BTreeMap::new());
        for field in FIELDS {
            let mut from = &revisions[0];
            for pair in revisions.windows(2) {
                if live(&pair[1]) && pair[0].values.get(field) != pair[1].values.get(field) {
                    from = &pair[1];
                }
            }
            if let Some(value) = from.values.get(field) {
                values.insert(field, value.clone());
                doors.insert(field, from.doors[field]);
            }
        }
        if values == revisions[revisions.len() - 1].values || check(&values).is_err() {
            return Fate::KeptLaterEdit;
        }
        self.facts[fact].revisions.push(Revision { import: at, values, doors });
        Fate::Restored
    }

    /// The facts as they stand in the table: id, revision, and every value as a person would read it.
    pub fn table(&self) -> Vec<String> {
        let mut rows: Vec<String> = self
            .facts
            .iter()
            .filter(|fact| !fact.gone)
            .map(|fact| {
                let mut row = format!("{} r{}", fact.id, fact.revisions.len());
                for field in FIELDS {
                    let value = match fact.now().values.get(field) {
                        None => "-",
                        Some(who) if who.starts_with('p') => &self.people[who[1..].parse::<usize>().unwrap()].0,
                        Some(text) if field == "feedback" => &self.texts[text[1..].parse::<usize>().unwrap()].0,
                        Some(value) => value,
                    };
                    row.push_str(&format!(" {value}"));
                }
                row
            })
            .collect();
        rows.sort();
        rows
    }

    /// Addresses of everybody who is there.
    pub fn everybody(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.people.iter().filter(|(.., there)| *there).map(|(address, ..)| address.clone()).collect();
        all.sort();
        all
    }
}

fn check(values: &Values) -> Result<(), &'static str> {
    if values["participant_id"] == values["volunteer_id"] {
        return Err("self_pair");
    }
    match (values.get("scheduled_at"), values.get("completed_at")) {
        (Some(first), Some(then)) if then[..19] < first[..19] => Err("completed_before_scheduled"),
        _ => Ok(()),
    }
}
