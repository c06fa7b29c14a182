//! Names of what a cluster uses and clusterup does not create: roles, an image, a folder for logs.

use super::arn::{is_account, is_partition};
use super::invalid::Invalid;
use super::name::Region;
use super::parsed::serde_by_text;
use std::fmt;
use std::str::FromStr;

/// EMR's own role, with the name that AWS's tools use.
pub const SERVICE_ROLE: &str = "EMR_DefaultRole";
/// The instances' role and instance profile, which have the same name.
pub const INSTANCE_PROFILE: &str = "EMR_EC2_DefaultRole";

/// Declares the name of a thing of IAM, or its ARN, which has its path.
macro_rules! iam_name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $longest:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The pattern of the whole text that `from_str` accepts.
            pub const PATTERN: &str = concat!(
                "(arn:aws[a-z-]{0,20}:iam::[0-9]{12}:", $kind, "/([A-Za-z0-9_.+=,@-]+/)*)?",
                "[A-Za-z0-9_.+=,@-]{1,", $longest, "}"
            );

            /// The name without the ARN and its path.
            pub fn name(&self) -> &str {
                self.0.rsplit('/').next().unwrap_or(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let longest: usize = $longest.parse().unwrap_or(0);
                if is_iam_name(text, $kind, longest) {
                    return Ok(Self(text.to_owned()));
                }
                Err(Invalid::new($expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        serde_by_text!($name);
    };
}

iam_name!(
    /// A role of IAM (IAM API, CreateRole: up to 64 characters).
    RoleName,
    "role",
    "64",
    "the name of a role of IAM, or its ARN, such as `EmrService` or \
     `arn:aws:iam::123456789012:role/emr/EmrService`"
);
iam_name!(
    /// An instance profile of IAM (IAM API, CreateInstanceProfile: up to 128 characters).
    ProfileName,
    "instance-profile",
    "128",
    "the name of an instance profile of IAM, or its ARN, such as `EmrNodes` or \
     `arn:aws:iam::123456789012:instance-profile/emr/EmrNodes`"
);

/// An availability zone of a region, such as `us-east-1a` (EC2 API, AvailabilityZone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str = "[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}[a-z]";

    /// Whether a region has it, by its name.
    pub fn is_in(&self, region: &Region) -> bool {
        let rest = self.0.strip_prefix(region.as_str());
        rest.is_some_and(|rest| rest.len() == 1)
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let words = |all: &[&str]| {
            let word = |part: &&str| (2..=12).contains(&part.len()) && is_lower(part);
            all.iter().all(word)
        };
        let good = match parts.as_slice() {
            [area, words_of @ .., last] if (1..=3).contains(&words_of.len()) => {
                let number = last.trim_end_matches(|c: char| c.is_ascii_lowercase());
                let digits = (1..=2).contains(&number.len());
                let digits = digits && number.bytes().all(|b| b.is_ascii_digit());
                area.len() == 2
                    && is_lower(area)
                    && words(words_of)
                    && digits
                    && last.len() == number.len() + 1
            }
            _ => false,
        };
        good.then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new("an availability zone such as `us-east-1a`"))
    }
}

fn is_lower(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_lowercase())
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(Zone);

fn is_iam_name(text: &str, kind: &str, longest: usize) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"_.+=,@-".contains(&b);
    let good = |part: &str| !part.is_empty() && part.bytes().all(sign);
    if !text.starts_with("arn:") {
        return good(text) && text.len() <= longest;
    }
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return false;
    };
    let is_owner = is_partition(partition) && partition.len() <= 23 && is_account(account);
    let path = resource
        .strip_prefix(kind)
        .and_then(|it| it.strip_prefix('/'));
    let Some(path) = path.filter(|_| is_owner) else {
        return false;
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').all(good) && name.len() <= longest
}

/// An image of EC2 (AMI) by its id: `ami-` and 8 or 17 hexadecimal digits (EC2 User Guide,
/// "Resource IDs").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageId(String);

impl ImageId {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str = "ami-([0-9a-f]{8}|[0-9a-f]{17})";
}

impl FromStr for ImageId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        match text.strip_prefix("ami-") {
            Some(id) if matches!(id.len(), 8 | 17) && id.bytes().all(digit) => {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(Invalid::new(
                "the id of an image, such as `ami-0abcdef1234567890`",
            )),
        }
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(ImageId);

/// A folder of S3 for logs, which is the user's own. Text: `s3://BUCKET/PREFIX` without a slash at
/// its end. The prefix may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFolder(String);

impl LogFolder {
    /// The pattern of the whole text that `from_str` accepts, apart from clusterup's own buckets.
    pub const PATTERN: &str =
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/\s\x00-\x1f\x7f-\x9f]+)*/?";

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        self.parts().0
    }

    /// The prefix of keys: empty, or with a slash at its end.
    pub fn prefix(&self) -> String {
        match self.parts().1 {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        }
    }

    fn parts(&self) -> (&str, &str) {
        let rest = self.0.strip_prefix("s3://").unwrap_or(&self.0);
        rest.split_once('/').unwrap_or((rest, ""))
    }

    /// Reads a folder as EMR shows it: with the scheme `s3n` and a slash at its end (observed; EMR's
    /// documentation does not say it). `None` for a folder in clusterup's bucket.
    pub fn shown(uri: &str) -> Option<Self> {
        let rest = uri.strip_prefix("s3n://").or(uri.strip_prefix("s3a://"));
        let uri = rest.map_or_else(|| uri.to_owned(), |rest| format!("s3://{rest}"));
        uri.parse().ok()
    }
}

/// Whether a bucket has the name of one that clusterup creates: `clusterup-ACCOUNT-REGION`.
pub fn is_own_bucket(bucket: &str) -> bool {
    let account = bucket.strip_prefix("clusterup-");
    let account = account.and_then(|rest| rest.split_once('-'));
    account.is_some_and(|(account, _)| {
        account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
    })
}

impl FromStr for LogFolder {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("a folder in S3, such as `s3://bucket/logs`");
        let rest = text.strip_prefix("s3://").ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut parts = rest.split('/');
        let bucket = parts.next().unwrap_or_default();
        let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
        let end = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        let is_bucket = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(byte)
            && end(bucket.bytes().next())
            && end(bucket.bytes().last());
        let blank = |c: char| c.is_control() || c.is_whitespace();
        let good = |part: &str| !part.is_empty() && !part.contains(blank);
        // EMR takes up to 10,280 characters, S3 keys of 1,024 bytes.
        if !is_bucket || !parts.all(good) || rest.len() > 900 || rest.contains("${") {
            return Err(wrong());
        }
        if is_own_bucket(bucket) {
            return Err(Invalid::new(
                "a bucket of your own: without `logs`, logs are in clusterup's bucket",
            ));
        }
        Ok(Self(format!("s3://{rest}")))
    }
}

impl fmt::Display for LogFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(LogFolder);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_one_of_its_region() {
        let region = "us-east-1".parse().unwrap();
        assert!("us-east-1a".parse::<Zone>().unwrap().is_in(&region));
        for other in ["us-east-2a", "us-gov-east-1a", "eu-west-1c"] {
            assert!(!other.parse::<Zone>().unwrap().is_in(&region), "{other}");
        }
        for bad in [
            "",
            "us-east-1",
            "us-east-1A",
            "us-east-1ab",
            "use1-az1",
            "us-east-a",
            "us-1a",
        ] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn roles_are_names_or_arns_with_their_paths() {
        for (good, name) in [
            ("EMR_DefaultRole", "EMR_DefaultRole"),
            ("a.b+c=d,e@f-g", "a.b+c=d,e@f-g"),
            ("arn:aws:iam::123456789012:role/Emr", "Emr"),
            ("arn:aws-us-gov:iam::123456789012:role/a/b/Emr", "Emr"),
        ] {
            let role: RoleName = good.parse().unwrap();
            assert_eq!((role.name(), role.to_string().as_str()), (name, good));
        }
        let long = "a".repeat(65);
        for bad in [
            "",
            "a b",
            "a/b",
            "größe",
            &long,
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role//a",
            "arn:aws:iam::1234:role/a",
            "arn:aws:iam:us-east-1:123456789012:role/a",
            "arn:aws:iam::123456789012:user/a",
            "arn:azure:iam::123456789012:role/a",
            "arn:aws:iam::123456789012:instance-profile/a",
        ] {
            assert!(bad.parse::<RoleName>().is_err(), "{bad}");
        }
        let profile = "arn:aws:iam::123456789012:instance-profile/x/Nodes";
        assert_eq!(profile.parse::<ProfileName>().unwrap().name(), "Nodes");
        assert_eq!(long.parse::<ProfileName>().unwrap().name(), long);
        let role = "arn:aws:iam::123456789012:role/Nodes";
        assert!(role.parse::<ProfileName>().is_err());
    }

    #[test]
    fn images_have_ids() {
        for good in ["ami-12345678", "ami-0abcdef1234567890"] {
            assert_eq!(good.parse::<ImageId>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "ami-",
            "ami-1234567",
            "ami-0ABCDEF1234567890",
            "i-12345678",
            "my-image",
        ] {
            assert!(bad.parse::<ImageId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_folder_is_the_same_however_emr_shows_it() {
        let folder: LogFolder = "s3://team-logs/emr/spark/".parse().unwrap();
        assert_eq!(folder.to_string(), "s3://team-logs/emr/spark");
        assert_eq!(
            (folder.bucket(), folder.prefix().as_str()),
            ("team-logs", "emr/spark/")
        );
        for shown in [
            "s3n://team-logs/emr/spark/",
            "s3a://team-logs/emr/spark",
            "s3://team-logs/emr/spark",
        ] {
            assert_eq!(LogFolder::shown(shown).as_ref(), Some(&folder), "{shown}");
        }
        let whole: LogFolder = "s3://team-logs".parse().unwrap();
        assert_eq!((whole.bucket(), whole.prefix().as_str()), ("team-logs", ""));
        assert_eq!(LogFolder::shown("s3n://team-logs/").as_ref(), Some(&whole));
        let ours = "s3n://clusterup-123456789012-us-east-1/work/t/logs/";
        assert_eq!(LogFolder::shown(ours), None);
    }

    #[test]
    fn other_folders_are_refused() {
        for bad in [
            "",
            "logs",
            "s3:/a/b",
            "https://bucket/logs",
            "s3://ab/logs",
            "s3://-bucket/logs",
            "s3://Bucket/logs",
            "s3://bucket//logs",
            "s3://bucket/a b",
            "s3://bucket/${data.x}",
            "s3://clusterup-123456789012-us-east-1/logs",
            "s3://clusterup-123456789012-eu-west-1",
        ] {
            assert!(bad.parse::<LogFolder>().is_err(), "{bad}");
        }
        for good in ["s3://clusterup-logs/x", "s3://clusterup-1234-logs"] {
            assert!(good.parse::<LogFolder>().is_ok(), "{good}");
        }
    }
}
