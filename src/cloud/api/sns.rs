//! AWS SNS: telling whoever has subscribed.

use super::call;

/// A message to a topic. Sent once more, it arrives once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    pub topic: String,
    /// At most 100 characters of ASCII, no control characters (SNS API, Publish).
    pub subject: String,
    /// At most 256 KiB.
    pub message: String,
}
call!(Publish, "sns:Publish", changes once, (), topic);
