//! buddy/users: the people Buddy knows, under Buddy's own ids. Names are sealed in the vault.

use shared::{
    contracts::TextKind,
    intake::{
        column::{Class, Column, Kind},
        entity::{Author, Entity, Field, FieldKind, Key, Layout},
    },
};

const LAYOUT: Layout = Layout {
    name: "users",
    columns: &[
        Column::uuid("id").required().aliases(&["User id"]),
        Column::email("email").required().aliases(&["E-mail", "Email address"]),
        Column::name("first_name").required().aliases(&["Given name"]),
        Column::name("last_name").required().aliases(&["Family name", "Surname"]),
        Column::one_of("role", &["participant", "buddy"]).required(),
        Column::timestamp("joined_at").required().aliases(&["Joined"]),
        Column::new("language_preference", Class::Person, Kind::Name).aliases(&["Preferred language"]),
        Column::json_list("interests"),
        Column::text("location").aliases(&["City"]),
    ],
    feeds: &[("email", &["profile_id", "email_index"]), ("language_preference", &["language"])],
    constants: &[],
    words: &[],
};

const fn said(name: &'static str) -> Field {
    Field { name, kind: FieldKind::Attribute("user") }
}

const fn text(name: &'static str) -> Field {
    Field { name, kind: FieldKind::Text { kind: TextKind::Other, subject: "user", author: Author::Declared } }
}

/// A person of Buddy's list.
pub static USERS: Entity = Entity {
    source: "buddy",
    name: "users",
    table: "core.buddy_users",
    id: "user_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "profile_id", kind: FieldKind::Listed("user") },
        Field { name: "email_index", kind: FieldKind::Address },
        Field { name: "role", kind: FieldKind::Word },
        Field { name: "joined_at", kind: FieldKind::Time },
        said("first_name"),
        said("last_name"),
        Field { name: "name", kind: FieldKind::Joined { part: "user", of: &["first_name", "last_name"] } },
        said("language"),
        text("interests"),
        text("location"),
    ],
    key: Key::Column("id"),
    company_through: None,
    rated_by: false,
    // The list says nothing of a programme: being in it is no use of data for one.
    programme: |_| None,
    happened: |fact| fact.time("joined_at"),
    check: |_| Ok(()),
    publish: |_, _| Ok(0),
};
