//! An event's JSON as it is written, taken apart into its form and its values.

use std::{
    cell::Cell,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

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
    let place = Cell::new(Place::Form);
    let writer = Apart { place: &place, written: Place::Form, form, values, ends };
    event.serialize(&mut Serializer::with_formatter(writer, Members::new(&place)))
}

/// Where what is written belongs.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Form,
    Slot,
}

/// Writes to the form or to the values, as the formatter says.
struct Apart<'a> {
    place: &'a Cell<Place>,
    written: Place,
    form: &'a mut Vec<u8>,
    values: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
}

impl Write for Apart<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let place = self.place.get();
        if place != self.written {
            match place {
                Place::Slot => self.form.push(MARK),
                Place::Form => self.ends.push(self.values.len()),
            }
            self.written = place;
        }
        match place {
            Place::Form => self.form.extend_from_slice(bytes),
            Place::Slot => self.values.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compact JSON that says where a member's value begins and ends. The quotes of a text belong to the form.
struct Members<'a> {
    place: &'a Cell<Place>,
    /// Objects open whose members are taken apart.
    open: u32,
    /// A member's value comes next.
    expected: bool,
    /// Lists and objects open inside a slot.
    nested: u32,
    /// The slot is a text.
    text: bool,
    /// A member's name is being written.
    name: bool,
    /// The name is one of [`COMMON`].
    common: bool,
}

impl<'a> Members<'a> {
    fn new(place: &'a Cell<Place>) -> Self {
        Self { place, open: 0, expected: false, nested: 0, text: false, name: false, common: false }
    }

    fn inside(&self) -> bool {
        self.place.get() == Place::Slot
    }

    /// Whatever is written next may be a member's value.
    #[inline]
    fn value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if std::mem::take(&mut self.expected) {
            self.place.set(Place::Slot);
            // An empty text writes nothing of its own.
            writer.write_all(b"")?;
        }
        Ok(())
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.place.set(Place::Form);
        writer.write_all(b"")
    }
}

macro_rules! scalars {
    ($($name:ident($of:ty)),*) => {
        $(#[inline]
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W, value: $of) -> io::Result<()> {
            self.value(writer)?;
            CompactFormatter.$name(writer, value)
        })*
    };
}

impl Formatter for Members<'_> {
    scalars!(
        write_bool(bool),
        write_i8(i8),
        write_i16(i16),
        write_i32(i32),
        write_i64(i64),
        write_i128(i128),
        write_u8(u8),
        write_u16(u16),
        write_u32(u32),
        write_u64(u64),
        write_u128(u128),
        write_f32(f32),
        write_f64(f64),
        write_number_str(&str),
        write_raw_fragment(&str)
    );

    fn write_null<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.value(writer)?;
        CompactFormatter.write_null(writer)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\"")?;
        self.text = self.expected;
        self.value(writer)
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if std::mem::take(&mut self.text) {
            self.end(writer)?;
        }
        writer.write_all(b"\"")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.value(writer)?;
        self.nested += u32::from(self.inside());
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.nested -= u32::from(self.inside());
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inside() || (self.expected && self.open >= OPENED) {
            self.value(writer)?;
            self.nested += 1;
        } else {
            self.expected = false;
            self.open += 1;
        }
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.inside() {
            true => self.nested -= 1,
            false => self.open -= 1,
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.name = !self.inside();
        CompactFormatter.begin_object_key(writer, first)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if std::mem::take(&mut self.name) {
            self.common = COMMON.contains(&fragment);
        }
        writer.write_all(fragment.as_bytes())
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b":")?;
        self.name = false;
        self.expected = !self.inside() && !std::mem::take(&mut self.common);
        Ok(())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inside() && self.nested == 0 {
            self.end(writer)?;
        }
        Ok(())
    }
}
