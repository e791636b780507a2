//! The one question every error answers: does it help to try again?

/// What a caller should do with a failed operation. Mapped once at each boundary: to an HTTP status,
/// a batch item failure or a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Something outside was not there (database, bus, time): the same call may succeed later.
    Retry,
    /// The input or the configuration is wrong: the same call fails the same way.
    Never,
    /// The effect is there already: treat as success.
    AlreadyDone,
}

/// An error with a stable code and a retry class.
pub trait Classified: std::error::Error {
    /// Whether the same call may succeed later.
    fn retry(&self) -> Retry;
    /// A stable snake_case code; safe to log and to store, holds no value from outside.
    fn code(&self) -> &'static str;
}

/// An error as the Lambda service shows it: the stable code as its type, our own sentence as its message.
pub fn diagnostic(error: &impl Classified) -> lambda_runtime::Diagnostic {
    lambda_runtime::Diagnostic { error_type: error.code().to_owned(), error_message: error.to_string() }
}
