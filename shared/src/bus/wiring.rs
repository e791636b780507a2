//! How a consumer of [`crate::contracts::consumers`] is reached. Its name says it: `profile-projector` has
//! `ProfileProjectorQueue`, `…Dlq` and `…Rule` in the template, `PROFILE_PROJECTOR_QUEUE_URL` and `…_DLQ_URL` in the
//! environment of those who send to it, and `core.rebuild_profile_projector()` in the database, which takes away what
//! it made of events. A test holds the template against this.

/// How often a queue hands a message out before it is a dead letter: `maxReceiveCount`.
pub const TRIES: u32 = 5;

/// The variable with the address of a function's queue.
pub fn queue_variable(name: &str) -> String {
    format!("{}_QUEUE_URL", name.replace('-', "_").to_uppercase())
}

/// The variable with the address of a function's dead-letter queue.
pub fn dlq_variable(name: &str) -> String {
    format!("{}_DLQ_URL", name.replace('-', "_").to_uppercase())
}

/// The function of the database that begins a rebuild.
pub fn rebuild_function(name: &str) -> String {
    format!("core.rebuild_{}", name.replace('-', "_"))
}

/// The name in the template.
pub fn logical_id(name: &str) -> String {
    let part = |part: &str| {
        part.chars().next().into_iter().flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>()
    };
    name.split('-').map(part).collect()
}

/// Messages in a queue that are not done: waiting, handed out, delayed.
#[cfg(feature = "sqs")]
pub async fn depth(client: &aws_sdk_sqs::Client, url: &str) -> Result<i64, String> {
    use aws_sdk_sqs::{error::ProvideErrorMetadata, types::QueueAttributeName as Name};
    let wanted = [
        Name::ApproximateNumberOfMessages,
        Name::ApproximateNumberOfMessagesNotVisible,
        Name::ApproximateNumberOfMessagesDelayed,
    ];
    let answer = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(wanted.to_vec())).send().await;
    let answer = answer.map_err(|error| error.code().unwrap_or("no answer").to_owned())?;
    let found = answer.attributes().into_iter().flatten();
    Ok(found.filter_map(|(_, count)| count.parse::<i64>().ok()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_its_consumer_is() {
        assert_eq!(queue_variable("profile-projector"), "PROFILE_PROJECTOR_QUEUE_URL");
        assert_eq!(dlq_variable("kintell-import"), "KINTELL_IMPORT_DLQ_URL");
        assert_eq!(rebuild_function("profile-projector"), "core.rebuild_profile_projector");
        assert_eq!(logical_id("profile-projector"), "ProfileProjector");
    }
}
