//! An event's JSON as it is written, taken apart into its form and its values.
//!
//! Objects whose members are taken apart, and texts, are written here; everything else is `serde_json`'s, and so is what
//! is in here by its own test: the two write the same bytes.

use std::{fmt, io::Write};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

/// Where a slot stands in a form, and what is between two values of a packed event. JSON has no such byte: in its
/// texts it would be escaped.
pub(super) const MARK: u8 = 0x1f;

/// Objects whose members are taken apart: the event, and its data.
const OPENED: u32 = 2;

/// Members whose values belong to the form: the events of a transaction have them in common.
const COMMON: [&str; 8] = [
    "specversion",
    "source",
    "type",
    "datacontenttype",
    "dataschema",
    "correlationid",
    "dataclassification",
    "importId",
];

/// Names of structs that are none: what `serde_json` makes of them is its own.
const PRIVATE: &str = "$serde_json::private::";

/// Takes an event apart behind what is there: its form, its values, and where each of them ends.
///
/// # Errors
/// What the event's own `Serialize` refuses; what was written until then is left for the caller to take out.
pub(super) fn take_apart(
    event: &impl Serialize,
    form: &mut Vec<u8>,
    values: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> serde_json::Result<()> {
    Parts { form, values, ends }.value(event, 0)
}

struct Parts<'a> {
    form: &'a mut Vec<u8>,
    values: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
}

/// Why a value is not written here.
#[derive(Debug)]
enum Left {
    /// It is a list, an object inside the data, or a rarer thing: one slot, as `serde_json` writes it.
    Whole,
    /// It refuses to be written.
    Refused(serde_json::Error),
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("a value that is one slot"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Left {}

impl ser::Error for Left {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(ser::Error::custom(message))
    }
}

impl From<serde_json::Error> for Left {
    fn from(error: serde_json::Error) -> Self {
        Self::Refused(error)
    }
}

impl Parts<'_> {
    /// Writes a value inside so many objects that are taken apart.
    #[inline]
    fn value<T: ?Sized + Serialize>(&mut self, value: &T, open: u32) -> serde_json::Result<()> {
        let (form, values, ends) = (self.form.len(), self.values.len(), self.ends.len());
        match value.serialize(Value { parts: self, open }) {
            Ok(()) => Ok(()),
            Err(Left::Refused(error)) => Err(error),
            Err(Left::Whole) => {
                self.form.truncate(form);
                self.values.truncate(values);
                self.ends.truncate(ends);
                self.slot(value)
            }
        }
    }

    /// Writes a value as one slot.
    #[inline]
    fn slot<T: ?Sized + Serialize>(&mut self, value: &T) -> serde_json::Result<()> {
        self.form.push(MARK);
        serde_json::to_writer(&mut *self.values, value)?;
        self.ends.push(self.values.len());
        Ok(())
    }

    /// A text's quotes belong to the form.
    #[inline]
    fn text_slot(&mut self) {
        self.form.extend_from_slice(&[b'"', MARK, b'"']);
        self.ends.push(self.values.len());
    }
}

/// Whether JSON writes these bytes of a text as they are.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    // To the end, whatever comes: many bytes are looked at in one step.
    !text.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\'))
}

/// A text as it stands between its quotes.
#[inline]
fn push_text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        let quoted = serde_json::to_string(text)?;
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    }
    Ok(())
}

/// What is to be written.
struct Value<'p, 'a> {
    parts: &'p mut Parts<'a>,
    open: u32,
}

impl<'p, 'a> Value<'p, 'a> {
    fn whole(self, value: impl Serialize) -> Result<(), Left> {
        Ok(self.parts.slot(&value)?)
    }

    #[inline]
    fn members(self) -> Result<Members<'p, 'a>, Left> {
        if self.open >= OPENED {
            return Err(Left::Whole);
        }
        self.parts.form.push(b'{');
        Ok(Members { parts: self.parts, open: self.open + 1, first: true, common: false })
    }
}

macro_rules! scalars {
    ($($name:ident($of:ty)),*) => {
        $(fn $name(self, value: $of) -> Result<(), Left> {
            self.whole(value)
        })*
    };
}

impl<'p, 'a> Serializer for Value<'p, 'a> {
    type Ok = ();
    type Error = Left;
    type SerializeSeq = Impossible<(), Left>;
    type SerializeTuple = Impossible<(), Left>;
    type SerializeTupleStruct = Impossible<(), Left>;
    type SerializeTupleVariant = Impossible<(), Left>;
    type SerializeMap = Members<'p, 'a>;
    type SerializeStruct = Members<'p, 'a>;
    type SerializeStructVariant = Impossible<(), Left>;

    scalars!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_f32(f32),
        serialize_f64(f64)
    );

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Left> {
        push_text(self.parts.values, text)?;
        self.parts.text_slot();
        Ok(())
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, value: &T) -> Result<(), Left> {
        let from = self.parts.values.len();
        write!(self.parts.values, "{value}").map_err(serde_json::Error::io)?;
        if !is_plain(&self.parts.values[from..]) {
            self.parts.values.truncate(from);
            push_text(self.parts.values, &value.to_string())?;
        }
        self.parts.text_slot();
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Left> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), Left> {
        Err(Left::Whole)
    }
    fn serialize_none(self) -> Result<(), Left> {
        self.whole(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Left> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Left> {
        self.whole(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Left> {
        self.whole(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Left> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Left> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Left> {
        Err(Left::Whole)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Left> {
        Err(Left::Whole)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Left> {
        Err(Left::Whole)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Left> {
        Err(Left::Whole)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Left> {
        Err(Left::Whole)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'p, 'a>, Left> {
        self.members()
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'p, 'a>, Left> {
        if name.starts_with(PRIVATE) {
            return Err(Left::Whole);
        }
        self.members()
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Left> {
        Err(Left::Whole)
    }
}

/// An object whose members are taken apart.
struct Members<'p, 'a> {
    parts: &'p mut Parts<'a>,
    open: u32,
    first: bool,
    /// The member that comes next is one of [`COMMON`].
    common: bool,
}

impl Members<'_, '_> {
    /// `written`: the name as it stands between its quotes.
    #[inline]
    fn name(&mut self, written: &str) {
        if !std::mem::take(&mut self.first) {
            self.parts.form.push(b',');
        }
        self.parts.form.push(b'"');
        self.parts.form.extend_from_slice(written.as_bytes());
        self.parts.form.extend_from_slice(b"\":");
        self.common = COMMON.contains(&written);
    }

    fn member<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Left> {
        match self.common {
            true => serde_json::to_writer(&mut *self.parts.form, value)?,
            false => self.parts.value(value, self.open)?,
        }
        Ok(())
    }

    fn close(self) {
        self.parts.form.push(b'}');
    }
}

impl SerializeStruct for Members<'_, '_> {
    type Ok = ();
    type Error = Left;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Left> {
        if !is_plain(name.as_bytes()) {
            return Err(Left::Whole);
        }
        self.name(name);
        self.member(value)
    }

    fn end(self) -> Result<(), Left> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = Left;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, name: &T) -> Result<(), Left> {
        let json = serde_json::to_string(name)?;
        // A number may be a name, too.
        let written = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).ok_or(Left::Whole)?;
        self.name(written);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Left> {
        self.member(value)
    }

    fn end(self) -> Result<(), Left> {
        self.close();
        Ok(())
    }
}
