//! Events of one transaction as they are kept until it writes them: what events have in common once, their values each.
//!
//! Where an event is made, its JSON is taken apart: member names and punctuation are its *form*, the values of the
//! envelope's and the data's members are its *slots*. A million events of a large import have a handful of forms, and
//! of a slot's values most are the same in all of them. So a batch that is written packed holds each form once, with
//! all values in it that its events share, and of each event only what is its own: a third of the bytes.
//! `bus.unpack` puts both together again, byte by byte.

mod apart;

use std::{collections::HashMap, ops::Range};

use serde::Serialize;

use self::apart::{MARK, take_apart};

/// An event taken apart; its values lie in its [`Pieces`].
#[derive(Debug, Clone)]
pub(super) struct Piece {
    form: u32,
    slots: Range<u32>,
    /// Bytes of the event as JSON.
    pub bytes: usize,
}

#[cfg(test)]
impl Piece {
    /// An event of this size, for what looks at nothing else.
    pub fn of_bytes(bytes: usize) -> Self {
        Self { form: 0, slots: 0..0, bytes }
    }
}

/// Forms and values of events.
#[derive(Default)]
pub(super) struct Pieces {
    forms: Vec<Vec<u8>>,
    /// All values, one behind the other.
    values: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// The form that is being written.
    form: Vec<u8>,
}

impl Pieces {
    /// With room for so many events more: a large import's would grow step by step.
    pub fn make_room(&mut self, events: usize) {
        // What a session's event brings.
        const VALUES: usize = 18;
        const BYTES: usize = 360;
        self.ends.reserve(events * VALUES);
        self.values.reserve(events * BYTES);
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// What the event's own `Serialize` refuses; nothing of it is kept then.
    pub fn push(&mut self, event: &impl Serialize) -> Result<Piece, serde_json::Error> {
        self.form.clear();
        let (from, first) = (self.values.len(), self.ends.len());
        if let Err(error) = take_apart(event, &mut self.form, &mut self.values, &mut self.ends) {
            self.forget(from, first);
            return Err(error);
        }
        let slots = first as u32..self.ends.len() as u32;
        let bytes = self.form.len() - slots.len() + self.values.len() - from;
        // Neighbours are mostly of few forms, the latest of them at the end.
        let known = self.forms.iter().rposition(|form| *form == self.form);
        let form = known.unwrap_or_else(|| {
            self.forms.push(self.form.clone());
            self.forms.len() - 1
        });
        Ok(Piece { form: form as u32, slots, bytes })
    }

    /// Takes the latest event out again.
    pub fn pop(&mut self, piece: &Piece) {
        let first = piece.slots.start as usize;
        self.forget(self.begin(first), first);
    }

    fn forget(&mut self, from: usize, first: usize) {
        self.values.truncate(from);
        self.ends.truncate(first);
    }

    /// Takes the events of others in behind its own; `pieces` are theirs.
    pub fn append<'p>(&mut self, other: Self, pieces: impl Iterator<Item = &'p mut Piece>) {
        let (bytes, slots) = (self.values.len(), self.ends.len() as u32);
        let forms: Vec<u32> = other.forms.into_iter().map(|form| self.form_of(form)).collect();
        self.values.extend_from_slice(&other.values);
        self.ends.extend(other.ends.iter().map(|end| bytes + end));
        for piece in pieces {
            piece.form = forms[piece.form as usize];
            piece.slots = piece.slots.start + slots..piece.slots.end + slots;
        }
    }

    fn form_of(&mut self, form: Vec<u8>) -> u32 {
        let known = self.forms.iter().position(|known| *known == form).unwrap_or_else(|| {
            self.forms.push(form);
            self.forms.len() - 1
        });
        known as u32
    }

    fn begin(&self, slot: usize) -> usize {
        slot.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn value(&self, slot: usize) -> &[u8] {
        &self.values[self.begin(slot)..self.ends[slot]]
    }

    /// The event as JSON.
    pub fn json(&self, piece: &Piece) -> String {
        let mut json = Vec::with_capacity(piece.bytes);
        let mut slot = piece.slots.start as usize;
        for (at, part) in self.forms[piece.form as usize].split(|byte| *byte == MARK).enumerate() {
            if at > 0 {
                json.extend_from_slice(self.value(slot));
                slot += 1;
            }
            json.extend_from_slice(part);
        }
        // What serde_json wrote is UTF-8, and it was taken apart at ASCII.
        String::from_utf8(json).unwrap_or_default()
    }

    fn joined(&self, event: &Piece, slots: &[u32]) -> String {
        let mut joined = Vec::with_capacity(event.bytes / 2);
        for (at, slot) in slots.iter().enumerate() {
            if at > 0 {
                joined.push(MARK);
            }
            joined.extend_from_slice(self.value((event.slots.start + slot) as usize));
        }
        String::from_utf8(joined).unwrap_or_default()
    }

    /// Events packed together: what they share, and each event's own values.
    pub fn pack<'e>(&self, events: impl Iterator<Item = &'e Piece> + Clone) -> Packed {
        let mut packed = Packed { forms: Vec::new(), kinds: Vec::new(), values: Vec::new() };
        let mut shares: Vec<Share> = Vec::new();
        let mut by_form: HashMap<u32, usize> = HashMap::new();
        for event in events.clone() {
            let kind = *by_form.entry(event.form).or_insert_with(|| {
                shares.push(Share::of(self, event));
                shares.len() - 1
            });
            shares[kind].look_at(self, event);
            packed.kinds.push(kind as i16 + 1);
        }
        for share in &shares {
            packed.forms.push(share.template(self));
        }
        let own: Vec<Vec<u32>> = shares.iter().map(Share::own).collect();
        for (event, kind) in events.zip(&packed.kinds) {
            packed.values.push(self.joined(event, &own[*kind as usize - 1]));
        }
        packed
    }
}

/// What the events of a form share.
struct Share {
    form: u32,
    /// The first of them, whose values the others' are held against.
    first: usize,
    slots: Vec<Likeness>,
}

/// What holds of a slot in all events looked at.
#[derive(Clone, Copy)]
struct Likeness {
    /// Its value is the same.
    constant: bool,
    /// Its value is that of this slot before it.
    like: Option<u32>,
}

impl Likeness {
    /// Whether each event brings its own value.
    fn is_own(self) -> bool {
        !self.constant && self.like.is_none()
    }
}

impl Share {
    fn of(pieces: &Pieces, event: &Piece) -> Self {
        // Ids, that is: shorter values are alike by chance.
        const WORTH: usize = 16;
        let first = event.slots.start as usize;
        let value = |slot: usize| pieces.value(first + slot);
        let like = |slot: usize| (0..slot).find(|other| value(slot).len() >= WORTH && value(*other) == value(slot));
        let slots = 0..event.slots.len();
        Self {
            form: event.form,
            first,
            slots: slots.map(|slot| Likeness { constant: true, like: like(slot).map(|other| other as u32) }).collect(),
        }
    }

    fn look_at(&mut self, pieces: &Pieces, event: &Piece) {
        let begin = event.slots.start as usize;
        for (slot, holds) in self.slots.iter_mut().enumerate().filter(|(_, holds)| !holds.is_own()) {
            let value = pieces.value(begin + slot);
            holds.constant &= value == pieces.value(self.first + slot);
            holds.like = holds.like.filter(|other| value == pieces.value(begin + *other as usize));
        }
    }

    /// Slots that each event brings.
    fn own(&self) -> Vec<u32> {
        (0..).zip(&self.slots).filter(|(_, holds)| holds.is_own()).map(|(slot, _)| slot).collect()
    }

    /// The form for Postgres's `format`: what is shared written out, an event's own values by their number.
    fn template(&self, pieces: &Pieces) -> String {
        let own = self.own();
        let number = |slot: u32| own.iter().position(|own| *own == slot).map_or(0, |at| at + 1);
        let mut template = Vec::new();
        for (at, part) in pieces.forms[self.form as usize].split(|byte| *byte == MARK).enumerate() {
            if let Some(slot) = at.checked_sub(1) {
                match self.slots[slot] {
                    Likeness { constant: true, .. } => escaped(&mut template, pieces.value(self.first + slot)),
                    Likeness { like, .. } => {
                        template.extend_from_slice(format!("%{}$s", number(like.unwrap_or(slot as u32))).as_bytes());
                    }
                }
            }
            escaped(&mut template, part);
        }
        String::from_utf8(template).unwrap_or_default()
    }
}

fn escaped(template: &mut Vec<u8>, part: &[u8]) {
    for byte in part {
        template.extend_from_slice(if *byte == b'%' { b"%%" } else { std::slice::from_ref(byte) });
    }
}

/// Events on their way into a row of `bus.packed_events`.
pub(super) struct Packed {
    /// Templates for `format`.
    pub forms: Vec<String>,
    /// Which of them each event has, from 1.
    pub kinds: Vec<i16>,
    /// Each event's own values, with [`MARK`] between.
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// What `format(template, VARIADIC string_to_array(values, …))` gives.
    fn formatted(template: &str, values: &str) -> String {
        let values: Vec<&str> = values.split(MARK as char).collect();
        let (mut out, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            rest = match after.strip_prefix('%') {
                Some(after) => {
                    out.push('%');
                    after
                }
                None => {
                    let (number, after) = after.split_once("$s").unwrap();
                    out.push_str(values[number.parse::<usize>().unwrap() - 1]);
                    after
                }
            };
        }
        out + rest
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e6..1e6f64).prop_map(Value::from),
            "[a-z%\"\u{1f}\u{0}æ $]{0,24}".prop_map(Value::from),
            Just(json!("01890000-0000-7000-8000-000000000001")),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c%\"]{0,2}|type", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_taken_apart_or_packed_is_the_json_that_serde_json_writes(
            events in proptest::collection::vec(value(), 1..12), others in proptest::collection::vec(value(), 0..6),
        ) {
            let (mut pieces, mut behind) = (Pieces::default(), Pieces::default());
            let mut kept: Vec<Piece> = events.iter().map(|event| pieces.push(event).unwrap()).collect();
            let refused = pieces.push(&events[0]).unwrap();
            pieces.pop(&refused);
            let mut appended: Vec<Piece> = others.iter().map(|event| behind.push(event).unwrap()).collect();
            pieces.append(behind, appended.iter_mut());
            kept.extend(appended);
            let packed = pieces.pack(kept.iter());
            for (at, event) in events.iter().chain(&others).enumerate() {
                let json = serde_json::to_string(event).unwrap();
                prop_assert_eq!(pieces.json(&kept[at]), json.clone());
                prop_assert_eq!(kept[at].bytes, json.len());
                prop_assert_eq!(formatted(&packed.forms[packed.kinds[at] as usize - 1], &packed.values[at]), json);
            }
        }
    }

    #[test]
    fn a_packed_event_holds_only_what_is_its_own() {
        let mut pieces = Pieces::default();
        let event = |n: u8| {
            let id = format!("01890000-0000-7000-8000-0000000000{n:02}");
            json!({ "source": "teei/kintell", "subject": id, "data": { "minutes": 45, "sessionId": id } })
        };
        let kept: Vec<Piece> = (10..20).map(|n| pieces.push(&event(n)).unwrap()).collect();
        let packed = pieces.pack(kept.iter());
        assert_eq!(
            packed.forms,
            [r#"{"data":{"minutes":45,"sessionId":"%1$s"},"source":"teei/kintell","subject":"%1$s"}"#]
        );
        assert_eq!(packed.values[3], "01890000-0000-7000-8000-000000000013");
    }

    #[test]
    fn whatever_serde_writes_is_taken_apart_and_stays_the_json_of_serde_json() {
        use std::{borrow::Cow, collections::BTreeMap};

        #[derive(Serialize)]
        enum Kind {
            Unit,
            New(u8),
            Pair(u8, char),
            Named { text: &'static str },
        }
        #[derive(Serialize)]
        struct Nothing;
        #[derive(Serialize)]
        struct Wrapped<T>(T);
        #[derive(Serialize)]
        struct Data {
            kinds: [Kind; 4],
            unit: Kind,
            named: Kind,
            nothing: Nothing,
            wrapped: Wrapped<Option<Wrapped<&'static str>>>,
            none: Option<u8>,
            #[serde(skip_serializing_if = "Option::is_none")]
            left_out: Option<u8>,
            escaped: &'static str,
            #[serde(rename = "a \"name\"")]
            name: char,
            empty: &'static str,
            numbers: BTreeMap<u8, f64>,
            at: jiff::Timestamp,
            id: uuid::Uuid,
            pair: (i128, f32),
            raw: Box<serde_json::value::RawValue>,
            not_finite: f64,
            inner: Wrapped<BTreeMap<char, Cow<'static, str>>>,
        }
        #[derive(Serialize)]
        struct Event {
            source: &'static str,
            #[serde(flatten)]
            more: BTreeMap<&'static str, Kind>,
            data: Data,
            #[serde(rename = "importId")]
            import: Option<uuid::Uuid>,
            last: (),
        }
        let data = |escaped| Data {
            kinds: [Kind::Unit, Kind::New(1), Kind::Pair(2, '"'), Kind::Named { text: "\u{1f}" }],
            unit: Kind::Unit,
            named: Kind::Named { text: "%1$s" },
            nothing: Nothing,
            wrapped: Wrapped(Some(Wrapped("æ\\"))),
            none: None,
            left_out: None,
            escaped,
            name: '\n',
            empty: "",
            numbers: [(1, 0.1), (2, 1e300)].into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            id: uuid::Uuid::nil(),
            pair: (-1, 0.5),
            raw: serde_json::value::RawValue::from_string(r#"{ "as": "it is" }"#.to_owned()).unwrap(),
            not_finite: f64::NAN,
            inner: Wrapped([('x', "y".into())].into()),
        };
        let event = |escaped, import| Event {
            source: "a \"source\"",
            more: [("new", Kind::New(3)), ("type", Kind::Unit), ("\t", Kind::Unit)].into(),
            data: data(escaped),
            import,
            last: (),
        };
        let events = [event("\"", None), event("plain", Some(uuid::Uuid::max())), event("\u{1f}\u{7f}", None)];
        let mut pieces = Pieces::default();
        let kept: Vec<Piece> = events.iter().map(|event| pieces.push(event).unwrap()).collect();
        let packed = pieces.pack(kept.iter());
        for (at, event) in events.iter().enumerate() {
            let json = serde_json::to_string(event).unwrap();
            assert_eq!((pieces.json(&kept[at]), kept[at].bytes), (json.clone(), json.len()));
            assert_eq!(formatted(&packed.forms[packed.kinds[at] as usize - 1], &packed.values[at]), json);
        }
        for other in [json!([1, { "a": [] }]), json!("\""), json!(null), json!({})] {
            let piece = pieces.push(&other).unwrap();
            assert_eq!(pieces.json(&piece), other.to_string());
        }
    }

    #[test]
    fn an_event_that_refuses_to_be_written_leaves_nothing_behind() {
        struct Refusing;
        impl Serialize for Refusing {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        let mut pieces = Pieces::default();
        let before = pieces.push(&json!({ "a": 1 })).unwrap();
        let refused: std::collections::BTreeMap<&str, Refusing> = [("data", Refusing)].into();
        assert_eq!(pieces.push(&refused).unwrap_err().to_string(), "no");
        let after = pieces.push(&json!({ "a": 2 })).unwrap();
        assert_eq!((pieces.json(&before), pieces.json(&after)), (r#"{"a":1}"#.to_owned(), r#"{"a":2}"#.to_owned()));
    }
}
