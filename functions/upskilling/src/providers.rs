//! Providers that tell by themselves, each in its own form: which of its types are which records, and where the columns
//! stand. None of them has confirmed a format; these are our intake contract.
//!
//! | provider | type | record |
//! |---|---|---|
//! | `generic` | `course.completed`, `credential.issued`, `progress.updated` | completions, credentials, progress, by the standard's body |
//! | `ecornell` | `enrollment.created`, `course.started` | progress, 0 per cent unless it says more |
//! | | `course.completed` | completions |
//! | | `certificate.issued` | credentials |
//! | `itslearning` | `CourseEnrollment` | progress, 0 per cent unless it says more |
//! | | `CourseProgress` | progress |
//! | | `CourseCompletion` | completions |
//!
//! Whom a provider means it says by e-mail. Its own ids of people and its names for them are not stored, and no id of a
//! certificate is made up: a certificate without one is rejected.

use shared::{
    http::Problem,
    intake::live::{
        shape::{Cell, Shape, Type},
        webhook::{Event, Types},
    },
};

use crate::{completions::COMPLETIONS, credentials::CREDENTIALS, progress::PROGRESS};

/// A provider, as its path and its secret name it.
#[derive(Debug)]
pub struct Provider {
    /// `ecornell`
    pub name: &'static str,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// The standard's body.
    Standard(Types),
    /// One of its own.
    Own(&'static Shape),
}

/// Those there are.
pub const PROVIDERS: &[Provider] = &[
    Provider { name: "ecornell", form: Form::Own(&ECORNELL) },
    Provider { name: "itslearning", form: Form::Own(&ITSLEARNING) },
    Provider { name: "generic", form: Form::Standard(GENERIC) },
];

impl Provider {
    /// Reads one of its bodies.
    ///
    /// # Errors
    /// What [`Event::standard`] and [`Shape::read`] say.
    pub fn read(&self, body: &[u8]) -> Result<Event, Problem> {
        match self.form {
            Form::Standard(types) => Event::standard(body, types),
            Form::Own(shape) => shape.read(body),
        }
    }

    /// The types it may send.
    pub fn types(&self) -> Vec<&'static str> {
        match self.form {
            Form::Standard(types) => types.iter().map(|(name, _)| *name).collect(),
            Form::Own(shape) => shape.types.iter().map(|one| one.name).collect(),
        }
    }
}

const GENERIC: Types =
    &[("course.completed", &COMPLETIONS), ("credential.issued", &CREDENTIALS), ("progress.updated", &PROGRESS)];

/// What providers call a status, in small letters and digits alone.
const STATUS: &[(&str, &str)] = &[
    ("enrolled", "enrolled"),
    ("notstarted", "enrolled"),
    ("registered", "enrolled"),
    ("active", "in_progress"),
    ("inprogress", "in_progress"),
    ("started", "in_progress"),
    ("complete", "completed"),
    ("completed", "completed"),
    ("finished", "completed"),
    ("cancelled", "dropped"),
    ("dropped", "dropped"),
    ("withdrawn", "dropped"),
];

mod ecornell {
    use super::{Cell, STATUS};

    const PROVIDER: Cell = Cell::always("provider", "ecornell");
    const EMAIL: Cell = Cell::of("user_email", &["/user/email"]);
    const COURSE: Cell = Cell::of("course_id", &["/course/course_id"]);
    const COURSE_NAME: Cell = Cell::of("course_name", &["/course/course_name"]);
    const PERCENT: Cell = Cell::of("progress_percent", &["/progress/percent_complete"]).otherwise("0");
    const SAID: Cell = Cell::of("status", &["/progress/status"]).words(STATUS);
    const UPDATED: Cell = Cell::of("updated_at", &["/timestamp"]);

    pub const ENROLLED: &[Cell] = &[PROVIDER, EMAIL, COURSE, COURSE_NAME, PERCENT, SAID.otherwise("enrolled"), UPDATED];
    pub const STARTED: &[Cell] =
        &[PROVIDER, EMAIL, COURSE, COURSE_NAME, PERCENT, SAID.otherwise("in_progress"), UPDATED];
    pub const COMPLETED: &[Cell] = &[
        PROVIDER,
        EMAIL,
        COURSE,
        COURSE_NAME,
        Cell::of("completed_at", &["/progress/completed_at", "/timestamp"]),
        Cell::of("credential_ref", &["/certificate/certificate_id", "/certificate/certificate_url"]),
    ];
    pub const CERTIFICATE: &[Cell] = &[
        PROVIDER,
        EMAIL,
        COURSE,
        COURSE_NAME,
        Cell::of("credential_id", &["/certificate/certificate_id"]),
        Cell::always("credential_type", "certificate"),
        Cell::of("issued_at", &["/certificate/issued_at", "/timestamp"]),
        Cell::of("credential_url", &["/certificate/certificate_url"]),
    ];
}

static ECORNELL: Shape = Shape {
    kind: "/event_type",
    told: "/timestamp",
    types: &[
        Type { name: "enrollment.created", entity: &PROGRESS, cells: ecornell::ENROLLED },
        Type { name: "course.started", entity: &PROGRESS, cells: ecornell::STARTED },
        Type { name: "course.completed", entity: &COMPLETIONS, cells: ecornell::COMPLETED },
        Type { name: "certificate.issued", entity: &CREDENTIALS, cells: ecornell::CERTIFICATE },
    ],
};

mod itslearning {
    use super::{Cell, STATUS};

    const PROVIDER: Cell = Cell::always("provider", "itslearning");
    const EMAIL: Cell = Cell::of("user_email", &["/userEmail"]);
    const COURSE: Cell = Cell::of("course_id", &["/courseId"]);
    const COURSE_NAME: Cell = Cell::of("course_name", &["/courseName"]);
    const PERCENT: Cell = Cell::of("progress_percent", &["/progressPercentage"]);
    const SAID: Cell = Cell::of("status", &["/status"]).words(STATUS);
    const UPDATED: Cell = Cell::of("updated_at", &["/timestamp"]);

    pub const ENROLLED: &[Cell] =
        &[PROVIDER, EMAIL, COURSE, COURSE_NAME, PERCENT.otherwise("0"), SAID.otherwise("enrolled"), UPDATED];
    pub const PROGRESSED: &[Cell] = &[PROVIDER, EMAIL, COURSE, COURSE_NAME, PERCENT, SAID, UPDATED];
    pub const COMPLETED: &[Cell] = &[
        PROVIDER,
        EMAIL,
        COURSE,
        COURSE_NAME,
        Cell::of("completed_at", &["/completionDate", "/timestamp"]),
        Cell::of("credential_ref", &["/certificateUrl"]),
    ];
}

static ITSLEARNING: Shape = Shape {
    kind: "/eventType",
    told: "/timestamp",
    types: &[
        Type { name: "CourseEnrollment", entity: &PROGRESS, cells: itslearning::ENROLLED },
        Type { name: "CourseProgress", entity: &PROGRESS, cells: itslearning::PROGRESSED },
        Type { name: "CourseCompletion", entity: &COMPLETIONS, cells: itslearning::COMPLETED },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_that_a_table_fills_is_one_and_every_required_one_is_filled() {
        for shape in [&ECORNELL, &ITSLEARNING] {
            for one in shape.types {
                let columns = one.entity.layouts[0].columns;
                let filled: Vec<&str> = one.cells.iter().map(Cell::column).collect();
                assert!(filled.iter().all(|name| columns.iter().any(|column| column.name == *name)), "{}", one.name);
                let missing = columns.iter().find(|column| column.required && !filled.contains(&column.name));
                assert!(missing.is_none(), "{}: {missing:?}", one.name);
            }
        }
    }
}
