//! The access table of a service: one row an operation, and no row is no access.

use super::Role;

/// Who may use an operation at all. Which rows of data a caller then sees is the handler's query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, also without a token.
    Public,
    /// Whoever signs what they send; the handler checks the signature, and no token is looked at.
    Signed,
    /// Callers with one of these roles.
    Roles(&'static [Role]),
}

/// A row of a service's access table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path as the router and OpenAPI write it: `/v1/profiles/{id}`.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
}

/// What the table says about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is a row.
    Row(Who),
    /// The path is there, the method is not; these are (for the `Allow` header).
    OtherMethods(Vec<&'static str>),
    /// The router knows the path and the table does not: refused.
    NoRow,
}

/// Looks an operation up. `HEAD` is asked like `GET`, as the router serves it.
pub fn decide(table: &[Access], method: &str, path: &str) -> Decision {
    let asked = if method == "HEAD" { "GET" } else { method };
    let rows = table.iter().filter(|row| row.path == path);
    if let Some(row) = rows.clone().find(|row| row.method == asked) {
        return Decision::Row(row.who);
    }
    let methods: Vec<_> = rows.map(|row| row.method).collect();
    if methods.is_empty() { Decision::NoRow } else { Decision::OtherMethods(methods) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Access] = &[
        Access { method: "GET", path: "/v1/things/{id}", who: Who::Roles(&[Role::Admin]) },
        Access { method: "PUT", path: "/v1/things/{id}", who: Who::Roles(&[]) },
    ];

    #[test]
    fn an_operation_without_a_row_is_refused() {
        assert_eq!(decide(TABLE, "GET", "/v1/other"), Decision::NoRow);
        assert_eq!(decide(TABLE, "DELETE", "/v1/things/{id}"), Decision::OtherMethods(vec!["GET", "PUT"]));
        assert_eq!(decide(TABLE, "get", "/v1/things/{id}"), Decision::OtherMethods(vec!["GET", "PUT"]));
    }

    #[test]
    fn head_is_asked_like_get() {
        assert_eq!(decide(TABLE, "HEAD", "/v1/things/{id}"), decide(TABLE, "GET", "/v1/things/{id}"));
    }
}
