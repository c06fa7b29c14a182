//! Validated names within AWS's limits.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::fmt;
use std::str::FromStr;

/// Declares a name type: its doc, its rule and what the rule expects.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $rule:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err(Invalid::new($expected)) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        serde_by_text!($name);
    };
}

fn label(text: &str, max_chars: usize) -> bool {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= max_chars
        && text.bytes().all(byte)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
}

fn file_safe(text: &str, max_chars: usize) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=max_chars).contains(&text.len())
        && text.bytes().all(byte)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn ec2_id(text: &str, prefix: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(digit)
}

name!(
    /// A stack's name. It is short and plain because it becomes part of bucket, cluster and role
    /// names.
    StackName,
    |text| label(text, 40),
    "a name of 1 to 40 lower-case letters, digits and hyphens that begins with a letter"
);

impl StackName {
    /// The name made of other text: its letters in lower case, its digits, and single hyphens for the
    /// rest. `None` if no letter is left.
    pub fn like(text: &str) -> Option<Self> {
        let mut name = String::new();
        for c in text.chars().map(|c| c.to_ascii_lowercase()) {
            match c {
                'a'..='z' => name.push(c),
                '0'..='9' if !name.is_empty() => name.push(c),
                _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
                _ => {}
            }
        }
        name.truncate(40);
        name.trim_end_matches('-').parse().ok()
    }
}

name!(
    /// A team's name.
    TeamName,
    |text| label(text, 40),
    "a team of 1 to 40 lower-case letters, digits and hyphens that begins with a letter"
);
name!(
    /// A policy's name. It becomes part of the name of an AWS budget.
    PolicyName,
    |text| label(text, 40),
    "a name of 1 to 40 lower-case letters, digits and hyphens that begins with a letter"
);
name!(
    /// The name of a policy's rule.
    RuleName,
    |text| label(text, 80),
    "a name of 1 to 80 lower-case letters, digits and hyphens that begins with a letter"
);
name!(
    /// A key pair's name. EC2 allows 255 ASCII characters, of which our prefix takes some; these
    /// characters are also safe in file names.
    KeyPairName,
    |text| file_safe(text, 200),
    "a name of 1 to 200 letters, digits, `.`, `_` and `-` that begins with a letter or digit"
);
name!(
    /// A security group's name. EC2 allows 255 characters, of which our prefix takes some, and no
    /// `sg-` at the beginning (EC2 API).
    GroupName,
    |text| file_safe(text, 200) && !text.starts_with("sg-"),
    "a name of 1 to 200 letters, digits, `.`, `_` and `-` that does not begin with `sg-`"
);
name!(
    /// The id of a subnet. Ids of EC2 have 8 or 17 hexadecimal digits (EC2 User Guide, resource IDs).
    SubnetId,
    |text| ec2_id(text, "subnet-"),
    "the id of a subnet, such as `subnet-0a1b2c3d4e5f60718`"
);
name!(
    /// The id of a security group that exists.
    SecurityGroupId,
    |text| ec2_id(text, "sg-"),
    "the id of a security group, such as `sg-0a1b2c3d4e5f60718`"
);
name!(
    /// The id of a VPC.
    VpcId,
    |text| ec2_id(text, "vpc-"),
    "the id of a VPC, such as `vpc-0a1b2c3d4e5f60718`"
);
name!(
    /// The name of a key pair that EC2 has: up to 255 ASCII characters (EC2 API, CreateKeyPair).
    ExistingKeyName,
    |text| (1..=255).contains(&text.len())
        && text.bytes().all(|b| (b' '..=b'~').contains(&b))
        && text.trim() == text,
    "the name of a key pair of EC2, of 1 to 255 ASCII characters"
);
name!(
    /// The name of an EMR security configuration. EMR allows 10,280 characters of any kind (EMR
    /// API).
    SecurityConfigurationName,
    |text| {
        let length = text.chars().count();
        (1..=256).contains(&length) && !text.contains(char::is_control) && text.trim() == text
    },
    "the name of a security configuration of EMR, of 1 to 256 characters"
);
name!(
    /// The name of an entry under `data:`, to which `${data.NAME}` refers.
    DataName,
    |text| file_safe(text, 63) && !text.contains('.'),
    "a name of 1 to 63 letters, digits, `_` and `-`"
);
name!(
    /// A step's name. EMR allows 256 characters; some are reserved for the run's id.
    StepName,
    |text| {
        let plain = |c: char| !c.is_control() && !"<>$|`".contains(c);
        (1..=200).contains(&text.chars().count()) && text.chars().all(plain) && text.trim() == text
    },
    "a name of 1 to 200 characters without < > $ | ` or spaces at its ends"
);
name!(
    /// An AWS region such as `us-east-1`.
    Region,
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        matches!(parts.as_slice(), [_, middle @ .., last] if !middle.is_empty()
            && word(&parts[0])
            && middle.iter().all(word)
            && last.len() == 1
            && last.bytes().all(|b| b.is_ascii_digit()))
    },
    "an AWS region such as `us-east-1`"
);
name!(
    /// The number of an AWS account. It becomes part of a bucket's name and of a local path.
    AccountId,
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()),
    "the 12 digits of an AWS account"
);
name!(
    /// A cluster's id: `j-…` on EMR, `local-…` on this machine.
    ClusterId,
    |text| file_safe(text, 64),
    "a cluster's id such as `j-2AB3CD4EF5GH6` or `local-3f9c2a71`"
);
name!(
    /// The digest of a job: the same scripts, data, arguments and settings have the same hash.
    JobHash,
    |text| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit()),
    "16 hexadecimal digits"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_names_are_labels() {
        for good in ["a", "movie-similarities", "a1"] {
            assert!(good.parse::<StackName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "1a", "a-", "a_b", "a b", &"a".repeat(41)] {
            assert!(bad.parse::<StackName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn security_groups_do_not_begin_like_ids() {
        assert!("sg-1234".parse::<GroupName>().is_err());
        assert!("spark-ssh".parse::<GroupName>().is_ok());
    }

    #[test]
    fn ids_of_ec2_have_8_or_17_digits() {
        for good in ["subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f60718"] {
            assert!(good.parse::<SubnetId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "subnet-",
            "subnet-0a1b2c3",
            "subnet-0a1b2c3d4",
            "subnet-0A1B2C3D",
            "subnet-0a1b2c3g",
            "vpc-0a1b2c3d",
            " subnet-0a1b2c3d",
        ] {
            assert!(bad.parse::<SubnetId>().is_err(), "{bad}");
        }
        assert!("sg-0a1b2c3d".parse::<SecurityGroupId>().is_ok());
        assert!("vpc-0a1b2c3d".parse::<VpcId>().is_ok());
    }

    #[test]
    fn names_of_existing_keys_are_ascii() {
        for good in ["team-key", "Ana's key (2026)", &"k".repeat(255)] {
            assert!(good.parse::<ExistingKeyName>().is_ok(), "{good}");
        }
        for bad in ["", " key", "key ", "clé", "a\nb", &"k".repeat(256)] {
            assert!(bad.parse::<ExistingKeyName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_have_three_parts_or_more() {
        for good in ["us-east-1", "ap-northeast-2", "us-gov-west-1"] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in ["us-east", "useast1", "us-east-", "us--1", "US-east-1", "1"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
