//! kintell/users: the list of people Kintell knows. It makes profiles and says things about them; what it says is
//! personal data and stands in the vault.

use shared::intake::{
    column::{Class, Column, Kind},
    entity::{Entity, Field, FieldKind, Key, Layout},
};

/// Something Kintell says about a person, of a vocabulary that nobody has confirmed: kept as it is, sealed.
const fn said(name: &'static str) -> Column {
    Column::new(name, Class::Person, Kind::Name)
}

const fn attribute(name: &'static str) -> Field {
    Field { name, kind: FieldKind::Attribute("user") }
}

const LAYOUT: Layout = Layout {
    name: "users",
    columns: &[
        Column::email("email").required().aliases(&["E-mail", "Email address"]),
        Column::name("name").aliases(&["Full name"]),
        // People write it with and without https://, so it is kept as it is.
        Column::new("linkedin_url", Class::Person, Kind::Text).aliases(&["LinkedIn"]),
        said("verification_status").aliases(&["Verification"]),
        said("role_when_joined").aliases(&["Role"]),
        said("grant_access"),
        Column::timestamp("joined_kg_at").aliases(&["Joined"]),
    ],
    feeds: &[("email", &["profile_id"]), ("joined_kg_at", &["joined_at"])],
    constants: &[],
    words: &[],
};

/// A person of Kintell's user list.
pub static USERS: Entity = Entity {
    source: "kintell",
    name: "users",
    table: "core.kintell_users",
    id: "user_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "profile_id", kind: FieldKind::Person("user") },
        Field { name: "joined_at", kind: FieldKind::Time },
        attribute("name"),
        attribute("linkedin_url"),
        attribute("verification_status"),
        attribute("role_when_joined"),
        attribute("grant_access"),
    ],
    key: Key::Email("email"),
    company_through: None,
    rated_by: false,
    // The list says nothing of a programme: being in it is no use of data for one.
    programme: |_| None,
    happened: |fact| fact.time("joined_at"),
    check: |_| Ok(()),
    publish: |_, _| Ok(0),
};
