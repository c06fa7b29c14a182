//! Settings of a cluster that EMR accepts as they are, returns, and cannot change while the cluster
//! lives. A cluster on this machine has none. A new setting needs a field here, its line in `rows`,
//! its declaration in `text::stack::cluster`, its parameter in EMR's calls
//! (`cloud::aws::emr::settings`) and its name for rules (`policy::names`); all other code passes
//! the settings on as a whole.

use super::arn::Arn;
use super::aws_names::{ImageId, LogFolder, ProfileName, RoleName};
use super::invalid::Invalid;
use super::name::{Region, SecurityConfigurationName};
use super::parsed::serde_by_text;
use super::partition::Partition;
use super::releases::{ALL, CUSTOM_IMAGE, LOG_ENCRYPTION, Releases, SECURITY_CONFIGURATION};
use super::software::Software;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Settings that are passed to EMR unchanged; `None` for EMR's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct EmrSettings {
    /// The name of an EMR security configuration: encryption, IMDSv2, Kerberos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_configuration: Option<SecurityConfigurationName>,
    /// The KMS key that EMR encrypts logs with (LogEncryptionKmsKeyId); `None` for S3's own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_encryption_key: Option<KmsKey>,
    /// Applications and their configurations.
    #[serde(flatten)]
    pub software: Software,
    /// The user's own folder for logs; `None` for one in clusterup's bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogFolder>,
    /// EMR's own role; `None` for the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role: Option<RoleName>,
    /// The instances' profile; `None` for the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_profile: Option<ProfileName>,
    /// The role of automatic scaling by rules (AutoScalingRole).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_role: Option<RoleName>,
    /// The image that instances start from (CustomAmiId); `None` for EMR's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageId>,
}

/// A KMS key by its ARN. Aliases are rejected, because they could refer to another key later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(String);

impl KmsKey {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str =
        "arn:aws[a-z-]{0,20}:kms:[a-z]+(-[a-z]+)+-[0-9]:[0-9]{12}:key/[A-Za-z0-9-]{1,64}";

    /// Where the key is, as its ARN writes it: `arn:PARTITION:kms:REGION`.
    pub fn place(&self) -> &str {
        let mut colons = self.0.match_indices(':').skip(3);
        colons.next().map_or("", |(end, _)| &self.0[..end])
    }

    /// The start of the ARNs of a region's keys, as [`Self::place`] returns it. KMS has every key in
    /// one region; each replica of a multi-Region key has an ARN of its own (KMS Developer Guide).
    pub fn place_in(region: &Region) -> String {
        format!("arn:{}:kms:{region}", Partition::of(region).as_str())
    }
}

impl FromStr for KmsKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = "the ARN of a key of KMS, such as \
                        `arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`";
        let sign = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let is_key = |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(sign);
        let id = Arn::parse(text, "kms").and_then(|arn| arn.resource.strip_prefix("key/"));
        match id {
            Some(id) if is_key(id) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(Invalid::new(expected)),
        }
    }
}

impl fmt::Display for KmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(KmsKey);

/// What is known about one setting.
struct Row {
    key: &'static str,
    value: Option<String>,
    /// The releases that support it.
    releases: Releases,
}

impl EmrSettings {
    fn rows(&self) -> Vec<Row> {
        fn text(value: Option<&impl ToString>) -> Option<String> {
            value.map(ToString::to_string)
        }
        /// A setting that all releases support.
        fn row(key: &'static str, value: Option<String>) -> Row {
            Row {
                key,
                value,
                releases: ALL,
            }
        }
        vec![
            Row {
                key: "security_configuration",
                value: text(self.security_configuration.as_ref()),
                releases: SECURITY_CONFIGURATION,
            },
            Row {
                key: "log_encryption_key",
                value: text(self.log_encryption_key.as_ref()),
                releases: LOG_ENCRYPTION,
            },
            row("logs", text(self.logs.as_ref())),
            row("roles.service", text(self.service_role.as_ref())),
            row(
                "roles.instance_profile",
                text(self.instance_profile.as_ref()),
            ),
            row("roles.scaling", text(self.scaling_role.as_ref())),
            Row {
                key: "image",
                value: text(self.image.as_ref()),
                releases: CUSTOM_IMAGE,
            },
        ]
    }

    /// Whether no setting is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first difference: what differs, the current and the desired value.
    pub fn difference(&self, want: &Self) -> Option<(String, String, String)> {
        let shown = |row: Row| row.value.unwrap_or_else(|| "none".to_owned());
        let pairs = self.rows().into_iter().zip(want.rows());
        let mut changed = pairs.filter(|(have, want)| have.value != want.value);
        changed
            .next()
            .map(|(have, want)| (have.key.to_owned(), shown(have), shown(want)))
            .or_else(|| self.software.difference(&want.software))
    }

    /// The first setting that a release does not support: what it is, and which releases do.
    pub fn unsupported(&self, label: &str) -> Option<(String, Releases)> {
        let rows = self.rows();
        let mut missing = rows
            .iter()
            .filter(|row| row.value.is_some() && !row.releases.include(label));
        missing
            .next()
            .map(|row| (row.key.to_owned(), row.releases))
            .or_else(|| self.software.unsupported(label))
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
            ..EmrSettings::default()
        };
        assert!(none.is_empty() && !some.is_empty());
        assert_eq!(some.difference(&some), None);
        let differs = ("security_configuration", "none", "at-rest");
        let differs = (
            differs.0.to_owned(),
            differs.1.to_owned(),
            differs.2.to_owned(),
        );
        assert_eq!(none.difference(&some), Some(differs));
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<EmrSettings>("{}").unwrap(), none);
    }
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_key_is_an_arn_of_one_key() {
        for good in [
            KEY,
            "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234abcd",
        ] {
            assert_eq!(good.parse::<KmsKey>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "alias/logs",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:123456789012:alias/logs",
            "arn:aws:kms:us-east-1:1234:key/1",
            "arn:aws:kms::123456789012:key/1",
            "arn:aws:s3:us-east-1:123456789012:key/1",
            "arn:aws:kms:us-east-1:123456789012:key/",
            "arn:aws:kms:us-east-1:123456789012:key/a b",
        ] {
            assert!(bad.parse::<KmsKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_in_the_region_of_its_arn() {
        for (key, region) in [
            (KEY, "us-east-1"),
            (
                "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1",
                "us-gov-west-1",
            ),
            ("arn:aws-cn:kms:cn-north-1:123456789012:key/1", "cn-north-1"),
        ] {
            let place = KmsKey::place_in(&region.parse().unwrap());
            assert_eq!(key.parse::<KmsKey>().unwrap().place(), place);
        }
    }

    #[test]
    fn releases_that_cannot_encrypt_logs_are_known() {
        let settings = EmrSettings {
            log_encryption_key: KEY.parse().ok(),
            ..EmrSettings::default()
        };
        for old in ["emr-5.29.0", "emr-6.0.0", "emr-5.9.0"] {
            assert!(settings.unsupported(old).is_some(), "{old}");
        }
        for new in ["emr-5.30.0", "emr-6.1.0", "emr-7.12.0", "emr-7.x"] {
            assert_eq!(settings.unsupported(new), None, "{new}");
        }
        assert_eq!(EmrSettings::default().unsupported("emr-5.29.0"), None);
        let settings = EmrSettings {
            image: "ami-0abcdef1234567890".parse().ok(),
            ..EmrSettings::default()
        };
        assert!(settings.unsupported("emr-5.6.1").is_some());
        for new in [
            "emr-5.7.0",
            "emr-5.x",
            "emr-6.0.0",
            "emr-7.12.0",
            "emr-spark-8.0.0",
        ] {
            assert_eq!(settings.unsupported(new), None, "{new}");
        }
    }
}
