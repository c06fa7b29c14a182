//! Settings of a cluster that EMR takes as they are, shows again, and cannot change while the
//! cluster lives. A cluster of this machine has none. One more is a field here, its line in `rows`,
//! its declaration in `text::stack::cluster`, its word in EMR's calls (`cloud::aws::emr::settings`)
//! and its name for rules (`policy::names`); what passes settings on passes them whole.

use super::name::SecurityConfigurationName;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmrSettings {
    /// EMR's security configuration of that name: encryption, IMDSv2, Kerberos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_configuration: Option<SecurityConfigurationName>,
}

/// What is known of one setting.
struct Row {
    key: &'static str,
    value: Option<String>,
    /// Whether a release, by its label, has it; and which do, in words.
    has: fn(&str) -> bool,
    releases: &'static str,
}

impl EmrSettings {
    fn rows(&self) -> Vec<Row> {
        fn text(value: Option<&impl ToString>) -> Option<String> {
            value.map(ToString::to_string)
        }
        vec![Row {
            key: "security_configuration",
            value: text(self.security_configuration.as_ref()),
            // Since 4.8.0 (EMR Management Guide), which is older than all that have Spark 2.
            has: |_| true,
            releases: "emr-4.8.0 and later",
        }]
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first that differs: its key, what it is, and what it is to be.
    pub fn difference(&self, want: &Self) -> Option<(&'static str, String, String)> {
        let said = |row: Row| row.value.unwrap_or_else(|| "none".to_owned());
        let pairs = self.rows().into_iter().zip(want.rows());
        let mut changed = pairs.filter(|(have, want)| have.value != want.value);
        changed
            .next()
            .map(|(have, want)| (have.key, said(have), said(want)))
    }

    /// What a release does not have of what is set: the key, and which releases do.
    pub fn unsupported(&self, label: &str) -> Option<(&'static str, &'static str)> {
        let rows = self.rows();
        let mut lost = rows
            .iter()
            .filter(|row| row.value.is_some() && !(row.has)(label));
        lost.next().map(|row| (row.key, row.releases))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_differ_by_their_keys() {
        let none = EmrSettings::default();
        let some = EmrSettings {
            security_configuration: Some("at-rest".parse().unwrap()),
        };
        assert!(none.is_empty() && !some.is_empty());
        assert_eq!(some.difference(&some), None);
        let differs = ("security_configuration", "none".into(), "at-rest".into());
        assert_eq!(none.difference(&some), Some(differs));
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<EmrSettings>("{}").unwrap(), none);
    }
}
