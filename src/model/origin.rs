//! From where a stack was last applied. Two folders may have stacks of the same name, which are one
//! stack to every cloud.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who applied a stack, from which file, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// Who applied it, as `user@host`.
    pub who: String,
    /// The absolute path of the stack's file on that host.
    pub file: String,
    /// The path as it was given, if it contains a symbolic link: files beside the stack, and
    /// policies above it, are looked up from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// When it was applied.
    pub at: DateTime<Utc>,
    /// Whether its scripts were not checked (`--no-lint`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
}

impl Origin {
    /// Whether the same person applied the same file on the same machine.
    pub fn is_same(&self, other: &Self) -> bool {
        self.who == other.who && self.file == other.file
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is untrusted and must stay on its line.
        let line = |text: &str| text.replace(char::is_control, "\u{fffd}");
        let who = line(&self.who);
        let file = line(&self.file);
        let at = self.at;
        write!(f, "by {who} from {file} on {}", at.format("%F %R UTC"))?;
        f.write_str(if self.unchecked {
            ", without the lint"
        } else {
            ""
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untrusted_text_stays_on_its_line() {
        let text =
            r#"{"who":"a@h\n  next: rm -rf","file":"/x\u001b[2J","at":"2026-11-29T10:00:00Z"}"#;
        let origin: Origin = serde_json::from_str(text).unwrap();
        let shown = "by a@h\u{fffd}  next: rm -rf from /x\u{fffd}[2J on 2026-11-29 10:00 UTC";
        assert_eq!(origin.to_string(), shown);
    }
}
