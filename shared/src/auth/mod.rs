//! Who calls, and what that role may ask for. Denied is what no table allows.
//!
//! A token is a JWT signed with RS256 or ES256 by a key of the configured JWKS. Functions verify it themselves;
//! the `authorizer` runs the same [`Verifier`] at the edge.
//!
//! | variable | what |
//! |---|---|
//! | `JWT_ISSUER` | the `iss` a token has to carry |
//! | `JWT_AUDIENCE` | the `aud` a token has to be meant for |
//! | `JWT_JWKS` | the key set itself (`{"keys":[…]}`) or an `https` URL of it |

mod access;
mod jwks;
mod verifier;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use access::{Access, Decision, Who, decide};
pub use jwks::{FetchError, FetchKeys, HttpsKeys, Refresh};
pub use verifier::{TokenError, Verifier};

/// The access roles. A token carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the platform.
    Admin,
    /// Runs programmes; sees the people of its own.
    Coordinator,
    /// Decides on what moderation held back.
    Reviewer,
    /// A reviewer of the sensitive lane.
    Safeguarding,
    /// Data protection officer.
    Dpo,
    /// Sees figures of the own company, never a person.
    CompanyUser,
    /// A newcomer; sees the own profile.
    Participant,
    /// A volunteer; sees the own profile and the first names of the people met.
    Volunteer,
    /// Another system.
    Service,
}

impl Role {
    /// Every role, in the order of the access table.
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::Coordinator,
        Self::Reviewer,
        Self::Safeguarding,
        Self::Dpo,
        Self::CompanyUser,
        Self::Participant,
        Self::Volunteer,
        Self::Service,
    ];

    /// The name as tokens, logs and the audit log carry it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Coordinator => "coordinator",
            Self::Reviewer => "reviewer",
            Self::Safeguarding => "safeguarding",
            Self::Dpo => "dpo",
            Self::CompanyUser => "company_user",
            Self::Participant => "participant",
            Self::Volunteer => "volunteer",
            Self::Service => "service",
        }
    }
}

/// What a verified token says about its bearer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The caller, opaque; at most 255 characters.
    pub sub: String,
    /// The caller's role.
    pub role: Role,
    /// The caller's company, for company users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<Uuid>,
    /// The caller's own profile, for participants and volunteers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<Uuid>,
    /// Issued at, seconds since 1970.
    pub iat: u64,
    /// Expires at, seconds since 1970.
    pub exp: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_named_as_tokens_carry_it() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }
}
