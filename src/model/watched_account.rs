//! AWS accounts that the watchdog watches besides its own, by roles that it assumes.

use super::arn::{is_account, is_partition};
use super::invalid::Invalid;
use super::name::{AccountId, Region};
use super::parsed::serde_by_text;
use super::partition::Partition;
use super::policy::Located;
use std::fmt;
use std::str::FromStr;

/// An account that the watchdog watches by a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedAccount {
    /// The account.
    pub id: AccountId,
    /// The role of that account that the watchdog assumes.
    pub role: RoleArn,
    /// What the role's trust policy may ask for (IAM User Guide, "Access to AWS accounts owned by
    /// third parties").
    pub external_id: Option<ExternalId>,
    /// The regions to watch; `None` for those of the watchdog itself.
    pub regions: Option<Vec<Region>>,
}

/// The accounts that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsFile {
    /// The accounts by themselves.
    pub accounts: Vec<Located<WatchedAccount>>,
    /// The organization whose other accounts are watched too.
    pub organization: Option<Located<Organization>>,
}

/// An organization of AWS. Each of its accounts has a role of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The role that the watchdog assumes in each account.
    pub role: RolePath,
    /// What the roles' trust policies may ask for.
    pub external_id: Option<ExternalId>,
    /// The regions to watch; `None` for those of the watchdog itself.
    pub regions: Option<Vec<Region>>,
    /// Accounts that are not watched.
    pub except: Vec<AccountId>,
}

impl Organization {
    /// An account of the organization.
    pub fn member(&self, id: AccountId, partition: Partition) -> WatchedAccount {
        WatchedAccount {
            role: RoleArn::of(partition, &id, &self.role),
            id,
            external_id: self.external_id.clone(),
            regions: self.regions.clone(),
        }
    }
}

/// An account that cannot be watched at all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RefusedAccount {
    /// The account.
    pub account: AccountId,
    /// Why, as one sentence.
    pub why: String,
}

/// The ARN of a role: `arn:aws:iam::222222222222:role/path/Name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    text: String,
    account: AccountId,
}

impl RoleArn {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str = concat!(
        "arn:aws[a-z-]{0,20}:iam::[0-9]{12}:role/([A-Za-z0-9_.+=,@-]+/)*",
        "[A-Za-z0-9_.+=,@-]{1,64}"
    );

    /// The ARN of an account's role.
    fn of(partition: Partition, account: &AccountId, role: &RolePath) -> Self {
        Self {
            text: format!("arn:{}:iam::{account}:role/{}", partition.as_str(), role.0),
            account: account.clone(),
        }
    }

    /// The account that has the role.
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// Whether the role is of a partition of AWS.
    pub fn is_in(&self, partition: Partition) -> bool {
        self.text.split(':').nth(1) == Some(partition.as_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for RoleArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid =
            || Invalid::new("a role's ARN, such as `arn:aws:iam::222222222222:role/Watchdog`");
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else {
            return Err(invalid());
        };
        let path = resource.strip_prefix("role/").ok_or_else(invalid)?;
        let owned = is_partition(partition) && partition.len() <= 23 && is_account(account);
        if !owned || !is_role_path(path) {
            return Err(invalid());
        }
        Ok(Self {
            text: text.to_owned(),
            account: account.parse().map_err(|_| invalid())?,
        })
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
serde_by_text!(RoleArn);

/// The name of a role with its path, as they end its ARN: `clusterup-watchdog`,
/// `teams/data/clusterup-watchdog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePath(String);

impl RolePath {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str = "([A-Za-z0-9_.+=,@-]+/)*[A-Za-z0-9_.+=,@-]{1,64}";
}

impl FromStr for RolePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_role_path(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "a role's name, such as `clusterup-watchdog`, after its path if it has one",
        ))
    }
}

/// IAM API, CreateRole: names of up to 64 characters, paths of up to 512.
fn is_role_path(text: &str) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"_.+=,@-".contains(&b);
    let good = |part: &str| !part.is_empty() && part.bytes().all(sign);
    let name = text.rsplit('/').next().unwrap_or_default();
    name.len() <= 64 && text.len() <= 64 + 512 && text.split('/').all(good)
}

/// An external id (STS API, AssumeRole: 2 to 1,224 characters). It is no secret: AWS shows it to
/// everybody who may read the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str = "[A-Za-z0-9_+=,.@:/-]{2,1224}";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let sign = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        if (2..=1_224).contains(&text.len()) && text.bytes().all(sign) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "an external id: 2 to 1224 letters, digits and `_+=,.@:/-`",
        ))
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
serde_by_text!(ExternalId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_an_account_and_a_partition() {
        let role: RoleArn = "arn:aws-us-gov:iam::222222222222:role/a/b/Watch"
            .parse()
            .unwrap();
        assert_eq!(role.account().as_str(), "222222222222");
        assert!(role.is_in(Partition::GovCloud) && !role.is_in(Partition::Aws));
    }

    #[test]
    fn the_roles_of_an_organization_are_of_their_accounts() {
        let organization = Organization {
            role: "teams/data/watch".parse().unwrap(),
            external_id: None,
            regions: None,
            except: Vec::new(),
        };
        let id: AccountId = "222222222222".parse().unwrap();
        let member = organization.member(id, Partition::Aws);
        let text = "arn:aws:iam::222222222222:role/teams/data/watch";
        assert_eq!(member.role, text.parse().unwrap());
        for wrong in [
            "",
            "/watch",
            "watch/",
            "a b",
            "arn:aws:iam::222222222222:role/w",
        ] {
            assert!(wrong.parse::<RolePath>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn other_texts_are_no_roles() {
        for text in [
            "",
            "Watch",
            "arn:aws:iam::222222222222:user/Watch",
            "arn:aws:iam::222222222222:role/",
            "arn:aws:iam::222222222222:role//Watch",
            "arn:aws:iam::2222:role/Watch",
            "arn:aws:iam:us-east-1:222222222222:role/Watch",
            "arn:aws:sts::222222222222:assumed-role/Watch/me",
            "arn:aws:iam::222222222222:role/Wa tch",
            "arn:aws:iam::222222222222:role/Watch\n",
        ] {
            assert!(text.parse::<RoleArn>().is_err(), "{text:?}");
        }
        let long = format!("arn:aws:iam::222222222222:role/{}", "a".repeat(65));
        assert!(long.parse::<RoleArn>().is_err());
    }

    #[test]
    fn external_ids_have_the_characters_of_sts() {
        assert!("clusterup-7f3a:b/c".parse::<ExternalId>().is_ok());
        for text in ["", "a", "a b", "a\nb", "é2"] {
            assert!(text.parse::<ExternalId>().is_err(), "{text:?}");
        }
    }
}
