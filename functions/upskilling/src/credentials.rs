//! upskilling/credentials: certificates, badges, diplomas and transcripts.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{CredentialIssued, CredentialType, EventDraft},
    intake::{
        column::{Class, Column},
        entity::{Entity, Field, FieldKind, Key, Layout, Published, in_order},
    },
};

use crate::courses::{COURSE, COURSE_NAME, Course, EMAIL, FEEDS, PROVIDER, bad, course, needed};

const LAYOUT: Layout = Layout {
    name: "credentials",
    columns: &[
        Column::id("credential_id").required(),
        EMAIL,
        PROVIDER,
        COURSE,
        COURSE_NAME,
        Column::one_of("credential_type", &["certificate", "badge", "diploma", "transcript"])
            .required()
            .aliases(&["Type"]),
        Column::timestamp("issued_at").required().aliases(&["Issued"]),
        Column::timestamp("expires_at").future_ok().aliases(&["Expires"]),
        Column::url("credential_url").class(Class::Person).aliases(&["URL"]),
        Column::id("verification_code").class(Class::Person),
    ],
    feeds: &[FEEDS],
    constants: &[],
    words: &[],
};

/// A credential of a person.
pub static CREDENTIALS: Entity = Entity {
    source: "upskilling",
    name: "credentials",
    table: "core.upskilling_credentials",
    id: "credential_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "profile_id", kind: FieldKind::Person("participant") },
        Field { name: "provider", kind: FieldKind::Code },
        Field { name: "course_id", kind: FieldKind::Code },
        Field { name: "course_name", kind: FieldKind::Code },
        Field { name: "credential_type", kind: FieldKind::Word },
        Field { name: "issued_at", kind: FieldKind::Time },
        Field { name: "expires_at", kind: FieldKind::Time },
        Field { name: "credential_url", kind: FieldKind::Secret("participant") },
        Field { name: "verification_code", kind: FieldKind::Secret("participant") },
    ],
    key: Key::Column("credential_id"),
    company_through: Some("volunteer"),
    rated_by: false,
    programme: |_| Some("upskilling"),
    happened: |fact| fact.time("issued_at"),
    check: |fact| in_order(fact, "issued_at", "expires_at"),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let Course { profile_id, provider, course_id, course_name, revision, import_id, line, correlation } =
        course(published)?;
    let kind = needed(fact.word("credential_type"), "the type of a credential")?;
    let issued = CredentialIssued {
        credential_id: published.fact_id,
        profile_id,
        provider,
        course_id,
        course_name,
        credential_type: kind.parse::<CredentialType>().map_err(bad)?,
        issued_at: needed(fact.time("issued_at"), "the time of a credential")?,
        expires_at: fact.time("expires_at"),
        has_url: fact.get("credential_url").is_some(),
        revision,
        import_id,
        line,
    };
    let at = issued.issued_at;
    outbox.push(EventDraft::new(issued, published.fact_id, at, &correlation))?;
    Ok(1)
}
