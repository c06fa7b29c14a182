//! Amazon SNS: messages to subscribers.

use super::call;

/// Publishes a message to a topic. Repeating the call sends the message again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// TopicArn.
    pub topic: String,
    /// At most 100 characters of ASCII, no control characters (SNS API, Publish).
    pub subject: String,
    /// At most 256 KiB.
    pub message: String,
}
call!(Publish, "sns:Publish", changes once, (), topic);
