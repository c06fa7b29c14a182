//! A file of the AWS accounts that the watchdog watches by roles.

use super::collections::{Lined, Unique, list};
use super::diag::{Code, Diagnostic};
use super::field::{At, Got, record};
use super::format::{Format, REGION};
use super::source::Mark;
use crate::model::name::{AccountId, Region};
use crate::model::partition::Partition;
use crate::model::watched_account::{
    AccountsFile, ExternalId, Organization, RoleArn, RolePath, WatchedAccount,
};

const ACCOUNT_ID: Format<AccountId> = Format::of("[0-9]{12}");
const ROLE: Format<RoleArn> = Format::of(RoleArn::PATTERN);
const ROLE_PATH: Format<RolePath> = Format::of(RolePath::PATTERN);
const EXTERNAL_ID: Format<ExternalId> = Format::of(ExternalId::PATTERN);

record! {
    /// The accounts that the watchdog watches besides its own.
    pub(crate) ACCOUNTS: AccountsFile = |at| {
        /// The accounts.
        accounts: or_empty = list(Lined(ACCOUNT), Unique::By(ACCOUNT.key("id")), "an account",
            "{ id: …, role: arn:aws:iam::…:role/clusterup-watchdog }").filled(),
            "[{ id: 222222222222, role: arn:aws:iam::222222222222:role/clusterup-watchdog }]";
        /// An organization of AWS, whose active accounts are watched too.
        organization: optional = Lined(ORGANIZATION), "{ role: clusterup-watchdog }";
    } check {
        if accounts.node.is_none() && organization.node.is_none() {
            neither(at);
        }
    } => AccountsFile { accounts, organization };
}

record! {
    /// An organization of AWS. The watchdog's own account has to be its management account, or a
    /// delegated administrator.
    ORGANIZATION: Organization = |at| {
        /// The name of the role that each account has, after its path if it has one.
        role: required = ROLE_PATH, "clusterup-watchdog";
        /// The external id that the roles' trust policies ask for, if they do.
        external_id: optional = EXTERNAL_ID, "clusterup-7f3a";
        /// The regions to watch; by default those of the watchdog.
        regions: optional =
            list(REGION, Unique::ByText, "a region", "eu-west-1").filled(), "[eu-west-1]";
        /// Accounts that are not watched.
        except: or_empty =
            list(ACCOUNT_ID, Unique::ByText, "an account", "444444444444"), "[444444444444]";
    } => Organization { role, external_id, regions, except };
}

/// A file that names nothing.
fn neither(at: &mut At<'_, '_>) {
    let message = "the file names no account";
    let nowhere = Mark::new(0, 0..0);
    at.wrong(
        Diagnostic::new(Code::MissingKey, nowhere, message)
            .expected("`accounts:`, `organization:` or both"),
    );
}

record! {
    /// An account and the role with which it is watched.
    ACCOUNT: WatchedAccount = |at| {
        /// The account's number.
        id: required = ACCOUNT_ID, "222222222222";
        /// The role of this account that the watchdog assumes.
        role: required = ROLE, "arn:aws:iam::222222222222:role/clusterup-watchdog";
        /// The external id that the role's trust policy asks for, if it does.
        external_id: optional = EXTERNAL_ID, "clusterup-7f3a";
        /// The regions to watch; by default those of the watchdog.
        regions: optional =
            list(REGION, Unique::ByText, "a region", "eu-west-1").filled(), "[eu-west-1]";
    } check {
        another_account(at, &id, &role);
        another_partition(at, &role, &regions);
    } => WatchedAccount { id, role, external_id, regions };
}

/// A role of another account would give that account's clusters.
fn another_account(at: &mut At<'_, '_>, id: &Got<'_, AccountId>, role: &Got<'_, RoleArn>) {
    let (Some((id, _)), Some((role, mark))) = (id.written(), role.written()) else {
        return;
    };
    if role.account() != id {
        let message = format!("the role is of account {}, not {id}", role.account());
        at.wrong(
            Diagnostic::new(Code::BadValue, mark, message)
                .expected(format!("a role that begins with `arn:aws:iam::{id}:role/`")),
        );
    }
}

/// Accounts and roles of one partition do not exist in another.
fn another_partition(
    at: &mut At<'_, '_>,
    role: &Got<'_, RoleArn>,
    regions: &Got<'_, Option<Vec<Region>>>,
) {
    let (Some((role, _)), Some((Some(regions), mark))) = (role.written(), regions.written()) else {
        return;
    };
    let mut others = regions.iter();
    let other = others.find(|region| !role.is_in(Partition::of(region)));
    if let Some(region) = other {
        let message = format!(
            "{region} is in {}, and the role is not",
            Partition::of(region).name()
        );
        at.wrong(
            Diagnostic::new(Code::BadValue, mark, message)
                .expected("regions of the role's partition"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::text;

    fn wrong(text: &str) -> String {
        text::accounts("accounts.yaml", text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn accounts_are_read() {
        let read = text::accounts(
            "accounts.yaml",
            "accounts:\n\
             - id: 022222222222\n  role: arn:aws:iam::022222222222:role/watch/clusterup\n\
             - { id: \"333333333333\", role: \"arn:aws:iam::333333333333:role/w\",\n    \
               external_id: x-1, regions: [eu-west-1, us-east-1] }\n",
        )
        .unwrap()
        .accounts;
        assert_eq!(read.len(), 2);
        assert_eq!([read[0].line, read[1].line], [2, 4]);
        let read: Vec<_> = read.into_iter().map(|it| it.value).collect();
        assert_eq!(read[0].id.as_str(), "022222222222");
        assert_eq!(read[0].regions, None);
        assert_eq!(read[1].external_id.as_ref().unwrap().as_str(), "x-1");
        assert_eq!(read[1].regions.as_ref().unwrap().len(), 2);
    }

    #[test]
    fn an_organization_is_read() {
        let file = "organization: { role: watch/clusterup, except: [444444444444] }\n";
        let read = text::accounts("accounts.yaml", file).unwrap();
        assert!(read.accounts.is_empty());
        let organization = read.organization.unwrap();
        assert_eq!(organization.line, 1);
        let organization = organization.value;
        assert_eq!(organization.except[0].as_str(), "444444444444");
        assert_eq!(organization.regions, None);
        assert!(wrong("organization: {}\n").contains("role"));
        let arn = "organization: { role: \"arn:aws:iam::222222222222:role/w\" }\n";
        assert!(wrong(arn).contains("a role's name"), "{}", wrong(arn));
        assert!(wrong("others: []\n").contains("the file names no account"));
    }

    #[test]
    fn mistakes_have_their_places() {
        let two = "accounts:\n\
            - { id: 222222222222, role: \"arn:aws:iam::222222222222:role/w\" }\n\
            - { id: 222222222222, role: \"arn:aws:iam::222222222222:role/v\" }\n";
        let says = wrong(two);
        assert!(says.contains("222222222222` twice"), "{says}");
        assert!(says.contains("accounts.yaml:3:9"), "{says}");
        for (item, expected, place) in [
            (
                "{ id: 222222222222, role: \"arn:aws:iam::333333333333:role/w\" }",
                "the role is of account 333333333333, not 222222222222",
                "accounts.yaml:2:29",
            ),
            (
                "{ id: 2222, role: \"arn:aws:iam::333333333333:role/w\" }",
                "12 digits",
                "accounts.yaml:2:9",
            ),
            (
                "{ id: 222222222222, role: Watchdog }",
                "arn:aws:iam::222222222222:role/Watchdog",
                "accounts.yaml:2:29",
            ),
            ("{ id: 222222222222 }", "role", "accounts.yaml:2:"),
            (
                "{ id: 222222222222, role: \"arn:aws:iam::222222222222:role/w\", regions: [us-gov-west-1] }",
                "us-gov-west-1 is in AWS GovCloud (US), and the role is not",
                "accounts.yaml:2:",
            ),
            (
                "{ id: 222222222222, role: \"arn:aws:iam::222222222222:role/w\", regions: [us-east-1, us-east-1] }",
                "us-east-1` twice",
                "accounts.yaml:2:",
            ),
        ] {
            let says = wrong(&format!("accounts:\n- {item}\n"));
            assert!(says.contains(expected) && says.contains(place), "{says}");
        }
        assert!(wrong("policy: p\n").contains("this is a policy, not a file of accounts"));
        assert!(wrong("accounts: []\n").contains("is empty"));
        assert!(wrong("").contains("the file is empty"));
    }
}
