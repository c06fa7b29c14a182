//! Extensions: a deadline of a living cluster was moved, by how much, by whom, when and why. They
//! are recorded with the cluster.

use super::invalid::Invalid;
use super::money::Usd;
use super::parsed::serde_by_text;
use super::shown::Untrusted;
use super::span::Span;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// An extension. Text: `2026-11-21T04:00:00Z max_lifetime=4h budget=4.50 by=me@host why=the rest`,
/// with characters that AWS allows in tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// When the deadline was moved.
    pub at: DateTime<Utc>,
    /// The new lifetime, if that was moved.
    pub max_lifetime: Option<Span>,
    /// The new budget, if that was moved.
    pub budget: Option<Usd>,
    /// Who moved it, as `user@host`.
    pub by: Untrusted,
    /// The reason that was given.
    pub why: Untrusted,
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.to_rfc3339_opts(SecondsFormat::Secs, true))?;
        if let Some(span) = self.max_lifetime {
            write!(f, " max_lifetime={span}")?;
        }
        if let Some(budget) = self.budget {
            write!(f, " budget={}", budget.amount())?;
        }
        write!(
            f,
            " by={} why={}",
            word(self.by.as_str()),
            self.why.as_str()
        )
    }
}

/// The maximum length of the name, which leaves room for the rest.
const MAX_NAME: usize = 100;

/// A person's name as one word of characters that AWS allows in tags.
fn word(name: &str) -> String {
    let plain = |c: char| {
        let allowed = c.is_ascii_alphanumeric() || "+-._:/@".contains(c);
        if allowed { c } else { '-' }
    };
    name.chars().map(plain).take(MAX_NAME).collect()
}

impl FromStr for Extension {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("an instant, what was moved, by= whom and why=");
        let (head, why) = text.split_once(" why=").ok_or_else(wrong)?;
        // A name may contain spaces, which replace other characters in tags.
        let (head, by) = head.split_once(" by=").ok_or_else(wrong)?;
        let mut words = head.split(' ');
        let at = words.next().and_then(|word| word.parse().ok());
        let mut extension = Self {
            at: at.ok_or_else(wrong)?,
            max_lifetime: None,
            budget: None,
            by: by.into(),
            why: why.into(),
        };
        for word in words {
            match word.split_once('=') {
                Some(("max_lifetime", span)) => extension.max_lifetime = Some(span.parse()?),
                Some(("budget", amount)) => {
                    extension.budget = Some(format!("${amount}").parse()?);
                }
                Some(_) | None => return Err(wrong()),
            }
        }
        Ok(extension)
    }
}

/// An extension in documents.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ExtensionForm {
    /// When the deadline was moved.
    at: DateTime<Utc>,
    /// The new lifetime, if that was moved.
    max_lifetime: Option<Span>,
    /// The new budget, if that was moved.
    budget: Option<Usd>,
    /// Who moved it, as `user@host`.
    by: Untrusted,
    /// The reason that was given.
    why: Untrusted,
}

impl Extension {
    fn form(&self) -> ExtensionForm {
        let Self {
            at,
            max_lifetime,
            budget,
            by,
            why,
        } = self.clone();
        ExtensionForm {
            at,
            max_lifetime,
            budget,
            by,
            why,
        }
    }
}

serde_by_text!(Extension, in documents ExtensionForm = Self::form);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let text = "2026-11-21T04:00:00Z max_lifetime=4h budget=4.50 by=me@host why=it is=slow";
        let read: Extension = text.parse().unwrap();
        assert_eq!(read.why, "it is=slow");
        assert_eq!(read.to_string(), text);
        let text = "2026-11-21T04:00:00Z budget=4.50 by=j rg@host why=";
        assert_eq!(text.parse::<Extension>().unwrap().by, "j rg@host");
        assert!("2026-11-21 by=me".parse::<Extension>().is_err());
    }

    #[test]
    fn extensions_by_anyone_are_read_back() {
        for (by, said) in [
            (
                r"CORP\zoé o=x why=@host",
                "CORP-zo--o-x-why-@host".to_owned(),
            ),
            (&"n".repeat(300), "n".repeat(100)),
            ("", String::new()),
        ] {
            let text = "2026-11-21T04:00:00Z max_lifetime=4h by= why=slow";
            let mut extension: Extension = text.parse().unwrap();
            extension.by = by.into();
            let read: Extension = extension.to_string().parse().unwrap();
            assert_eq!(
                (read.by.as_str(), read.why.as_str()),
                (said.as_str(), "slow")
            );
        }
    }
}
