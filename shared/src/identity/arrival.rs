//! What a record brings about a person, decided before anything is written.

use std::collections::HashMap;

use uuid::Uuid;

use super::{EmailIndex, People};
use crate::{
    pii::Pii,
    random_keys::{RandomMap, RandomSet},
};

/// What a record brings about a person: a profile, an address, an id of the source.
pub struct Arrival {
    /// The person.
    pub profile_id: Uuid,
    /// Whether the profile is to be made.
    pub new: bool,
    /// The address that is to be added, normalised.
    pub email: Option<(EmailIndex, Pii<String>)>,
    /// The id of the source that is to be linked.
    pub external_id: Option<String>,
    /// Profiles the address names as well: they may be the same person.
    pub may_be: Vec<Uuid>,
}

/// Whom a record means.
pub enum Met {
    /// Somebody about whom it brings nothing new.
    Known(Uuid),
    /// Somebody about whom it does.
    Arrives(Arrival),
    /// Several people: a person has to decide.
    Several,
    /// Somebody who was erased.
    Suppressed,
    /// Nobody who was ever listed.
    Nobody,
}

/// What earlier records of the same chunk bring, which is not written yet and may not be: a record can still be left
/// out, so each carries what it needs.
#[derive(Default)]
pub struct Arriving {
    emails: RandomMap<EmailIndex, Vec<Uuid>>,
    ids: HashMap<String, Uuid>,
    listed: RandomSet<Uuid>,
}

impl Arriving {
    /// A record that was read to its end brings this.
    pub fn note(&mut self, arrival: &Arrival) {
        if let Some((index, _)) = &arrival.email {
            let named = self.emails.entry(*index).or_default();
            if !named.contains(&arrival.profile_id) {
                named.push(arrival.profile_id);
            }
        }
        if let Some(id) = &arrival.external_id {
            self.ids.insert(id.clone(), arrival.profile_id);
            self.listed.insert(arrival.profile_id);
        }
    }
}

impl People {
    /// Whom an address means, after [`People::look_up`].
    pub fn by_email(&self, arriving: &Arriving, index: EmailIndex, email: Pii<String>) -> Met {
        if self.erased_emails.contains(&index) {
            return Met::Suppressed;
        }
        let known = self.emails.get(&index).map(Vec::as_slice).unwrap_or_default();
        let coming = arriving.emails.get(&index).map(Vec::as_slice).unwrap_or_default();
        let arrives = |profile_id| {
            Met::Arrives(Arrival {
                profile_id,
                new: true,
                email: Some((index, email)),
                external_id: None,
                may_be: Vec::new(),
            })
        };
        match (known, coming) {
            ([], []) => arrives(Uuid::now_v7()),
            ([], [one]) => arrives(*one),
            ([one], []) => Met::Known(*one),
            _ => Met::Several,
        }
    }

    /// Whom an id of the source means, after [`People::look_up`].
    pub fn by_id(&self, external_id: &str) -> Met {
        if self.erased_ids.contains(external_id) {
            return Met::Suppressed;
        }
        self.ids.get(external_id).copied().flatten().map_or(Met::Nobody, Met::Known)
    }

    /// Whom a record of the source's own list means: an id with an address, after [`People::look_up`].
    pub fn listed(&self, arriving: &Arriving, external_id: &str, index: EmailIndex, email: Pii<String>) -> Met {
        if self.erased_ids.contains(external_id) || self.erased_emails.contains(&index) {
            return Met::Suppressed;
        }
        let mut named: Vec<Uuid> = self.emails.get(&index).cloned().unwrap_or_default();
        named.extend(arriving.emails.get(&index).into_iter().flatten());
        let owner = self.ids.get(external_id).copied().flatten().or_else(|| arriving.ids.get(external_id).copied());
        let has_id = |id: &Uuid| self.listed.contains(id) || arriving.listed.contains(id);
        let new_id = Some(external_id.to_owned());
        let new_email = Some((index, email));
        match (owner, named.as_slice()) {
            (Some(one), named) if named.contains(&one) => Met::Known(one),
            (Some(one), _) => Met::Arrives(Arrival {
                profile_id: one,
                new: false,
                email: new_email,
                external_id: None,
                may_be: named,
            }),
            (None, [one]) if !has_id(one) => Met::Arrives(Arrival {
                profile_id: *one,
                new: false,
                email: None,
                external_id: new_id,
                may_be: Vec::new(),
            }),
            (None, [] | [_]) => Met::Arrives(Arrival {
                profile_id: Uuid::now_v7(),
                new: true,
                email: new_email,
                external_id: new_id,
                may_be: named,
            }),
            (None, _) => Met::Several,
        }
    }
}
