//! Work that may hang or panic, in a thread of its own and with a time limit: what it does not come to an end with costs
//! nobody else anything. A thread that hangs is left behind; nothing can end it.

use std::time::Duration;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// It panicked.
    Panicked,
    /// It took longer than it may.
    TooSlow,
}

/// Runs work of one thread.
///
/// # Errors
/// It panicked, or was not done in time.
pub async fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(Unfinished::Panicked),
        Err(_) => Err(Unfinished::TooSlow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_or_hangs_is_an_error_and_takes_nobody_along() {
        let plenty = Duration::from_secs(60);
        assert_eq!(within(plenty, || 1).await, Ok(1));
        assert_eq!(within::<()>(plenty, || panic!("injected")).await, Err(Unfinished::Panicked));
        let slow = within(Duration::from_millis(20), || std::thread::sleep(Duration::from_millis(300))).await;
        assert_eq!(slow, Err(Unfinished::TooSlow));
    }
}
