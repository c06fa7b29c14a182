//! Notices to people in other places than this terminal.

use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cloud::notify::{Channel, Destination};
use crate::model::notice::Notice;
use std::time::Duration;

/// The longest that a place may take, whatever timeout it has itself.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// The places that a flag names, separated by spaces.
///
/// # Errors
/// Returns the error of the first that is invalid, without its secret.
pub(super) async fn channels(
    places: &str,
    session: &Session,
) -> Result<Vec<Box<dyn Channel>>, Failure> {
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    for destination in Destination::parse_all(places)? {
        channels.push(match destination {
            Destination::Slack(slack) => Box::new(slack),
            Destination::Mail(mail) => mail,
            Destination::Topic(topic) => session.environment.topic(topic).await?,
            // Messages go there anyway.
            Destination::Stderr => continue,
        });
    }
    Ok(channels)
}

/// Sends a notice to each place once. One that fails is a warning: nothing depends on it.
pub(super) async fn send(notice: &Notice, channels: &[Box<dyn Channel>], session: &Session) {
    for channel in channels {
        let sent = tokio::time::timeout(SEND_TIMEOUT, channel.send(notice)).await;
        let why = match sent {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        let name = channel.name();
        session.reporter.say(&format!(
            "warning: the notice by {name} was not sent: {why}"
        ));
    }
}
