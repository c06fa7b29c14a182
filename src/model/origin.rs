//! From where a stack was applied last: two folders may have stacks of one name, and they are one
//! stack to every cloud.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who applied a stack, from which file, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `user@host`.
    pub who: String,
    /// The whole path of the stack's file on that host.
    pub file: String,
    /// The path by which it was given, where that has a link in it: what lies beside a stack, and the
    /// policies above it, are looked for from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    pub at: DateTime<Utc>,
}

impl Origin {
    /// Whether the same person and machine have applied the same file.
    pub fn is_same(&self, other: &Self) -> bool {
        self.who == other.who && self.file == other.file
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Others have written it: it must stay in its line.
        let line = |text: &str| text.replace(char::is_control, "\u{fffd}");
        let who = line(&self.who);
        let file = line(&self.file);
        let at = self.at;
        write!(f, "by {who} from {file} on {}", at.format("%F %R UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_in_its_line() {
        let text =
            r#"{"who":"a@h\n  next: rm -rf","file":"/x\u001b[2J","at":"2026-11-29T10:00:00Z"}"#;
        let origin: Origin = serde_json::from_str(text).unwrap();
        let shown = "by a@h\u{fffd}  next: rm -rf from /x\u{fffd}[2J on 2026-11-29 10:00 UTC";
        assert_eq!(origin.to_string(), shown);
    }
}
