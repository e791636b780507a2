//! Records in the API's description, made of the tables that they are read by.

use utoipa::openapi::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema,
    schema::{AnyOfBuilder, KnownFormat, SchemaFormat, SchemaType, Type},
};

use super::MOST_ITEMS;
use crate::intake::{
    column::{Column, Kind},
    entity::{Entity, Layout},
};

/// Types that stand for an entity in the API's description: one of its records, and the body of a call that brings one
/// or many.
#[macro_export]
macro_rules! described {
    ($($record:ident $body:ident $entity:expr;)+) => {$(
        #[doc = concat!("A record of ", stringify!($entity), ", in the API's description.")]
        pub struct $record;

        impl utoipa::PartialSchema for $record {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::intake::live::describe::record(&$entity)
            }
        }

        impl utoipa::ToSchema for $record {}

        #[doc = concat!("The body of a call that brings ", stringify!($entity), ", in the API's description.")]
        pub struct $body;

        impl utoipa::PartialSchema for $body {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::intake::live::describe::one_or_many(stringify!($record))
            }
        }

        impl utoipa::ToSchema for $body {
            fn schemas(all: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                let record = <$record as utoipa::PartialSchema>::schema();
                all.push((<$record as utoipa::ToSchema>::name().into_owned(), record));
            }
        }
    )+};
}

/// A record: its columns by their names, in one of its layouts.
pub fn record(entity: &Entity) -> RefOr<Schema> {
    match entity.layouts {
        [one] => object(entity, one),
        several => {
            let any = several.iter().fold(AnyOfBuilder::new(), |any, layout| any.item(object(entity, layout)));
            Schema::AnyOf(any.build()).into()
        }
    }
}

/// A body: a record, an object with a list of them, or the list alone.
pub fn one_or_many(record: &str) -> RefOr<Schema> {
    let list = || {
        ArrayBuilder::new()
            .items(RefOr::<Schema>::Ref(Ref::from_schema_name(record)))
            .min_items(Some(1))
            .max_items(Some(MOST_ITEMS))
    };
    let batch = ObjectBuilder::new().schema_type(Type::Object).property("items", list()).required("items");
    let body = OneOfBuilder::new()
        .item(Ref::from_schema_name(record))
        .item(batch)
        .item(list())
        .description(Some("One record, or many with an end for each."));
    Schema::OneOf(body.build()).into()
}

fn object(entity: &Entity, layout: &Layout) -> RefOr<Schema> {
    let described = format!(
        "{}/{} in the layout {}. A number or a text; null is an empty cell, a field that is absent says nothing.",
        entity.source, entity.name, layout.name
    );
    let mut object = ObjectBuilder::new().schema_type(Type::Object).description(Some(described));
    for column in layout.columns {
        object = object.property(column.name, value(column));
        if column.needs_value() {
            object = object.required(column.name);
        }
    }
    Schema::Object(object.build()).into()
}

fn value(column: &Column) -> RefOr<Schema> {
    let of = |kind| ObjectBuilder::new().schema_type(SchemaType::new(kind));
    let text = |most| of(Type::String).max_length(Some(most));
    let within = |kind, min: i64, max: i64| of(kind).minimum(Some(min)).maximum(Some(max));
    let formatted = |format| of(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
    let list = |items: ObjectBuilder| Schema::Array(ArrayBuilder::new().items(items).build());
    let one = match column.kind {
        Kind::Identifier | Kind::Reference | Kind::Label => text(255),
        Kind::Name => text(100),
        Kind::Text => text(5_000),
        Kind::Uuid => formatted(KnownFormat::Uuid),
        Kind::Email => formatted(KnownFormat::Email),
        Kind::Url => of(Type::String).format(Some(SchemaFormat::Custom("uri".to_owned()))),
        Kind::Timestamp { future_ok } => {
            let when = if future_ok { "A time, or a date." } else { "A time, or a date; nothing to come." };
            formatted(KnownFormat::DateTime).description(Some(when))
        }
        Kind::Duration => within(Type::Integer, 1, 480).description(Some("Whole minutes.")),
        Kind::Rating => of(Type::Number).description(Some("On the scale of the source.")),
        Kind::Score => within(Type::Number, 0, 100),
        Kind::Integer { min, max } => within(Type::Integer, min, max),
        Kind::Decimal { min, max } => within(Type::Number, min, max),
        Kind::Cefr => of(Type::String).enum_values(Some(["A1", "A2", "B1", "B2", "C1", "C2"])),
        Kind::OneOf(words) => of(Type::String).enum_values(Some(words.iter().copied())),
        Kind::JsonText | Kind::LongJsonText => {
            let described = Some("JSON, sealed like a text: as it stands, or in a text.");
            return Schema::Object(
                ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(described).build(),
            )
            .into();
        }
        Kind::JsonList | Kind::References => return list(of(Type::String)).into(),
        Kind::Integers { min, max } => return list(within(Type::Integer, min, max)).into(),
    };
    Schema::Object(one.build()).into()
}
