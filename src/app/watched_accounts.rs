//! The accounts that the watchdog watches besides its own: read from a file, and opened by their
//! roles.

use super::failure::Failure;
use super::session::Session;
use super::text_file;
use crate::cloud::fleet::FleetProvider;
use crate::model::accounts_change::AccountsChange;
use crate::model::hint::Command;
use crate::model::name::{AccountId, Region};
use crate::model::partition::Partition;
use crate::model::policy::Located;
use crate::model::watched_account::{AccountsFile, Organization, WatchedAccount};
use crate::text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The accounts of a file, opened.
pub(crate) struct WatchedAccounts {
    file: PathBuf,
    /// What the file said when it was last read.
    named: AccountsFile,
    /// The account of the watchdog's own credentials.
    pub(crate) own: AccountId,
    /// The region of the watchdog from which other accounts are reached.
    home: Region,
    /// The regions of the watchdog itself, which are the default.
    regions: BTreeSet<Region>,
    opened: Vec<OpenAccount>,
    /// The error that was reported last.
    reported: Option<String>,
}

struct OpenAccount {
    account: WatchedAccount,
    fleets: Vec<Rc<dyn FleetProvider>>,
}

/// How the watched accounts have changed, or why they cannot be read. An error that was reported
/// already is `None`.
pub(crate) type Renewed = Result<AccountsChange, Option<Failure>>;

impl WatchedAccounts {
    /// Reads the file and opens its accounts. No role is assumed yet.
    pub(crate) async fn open(
        file: &Path,
        regions: BTreeSet<Region>,
        session: &Session,
    ) -> Result<Self, Failure> {
        let home = regions.first().cloned().ok_or_else(|| {
            Failure::input("roles in other accounts are assumed from a region, and none is given")
                .hint("give a region of the watchdog's own account")
                .hint(Command::again().args("--region us-east-1"))
        })?;
        let own = session.environment.own_account(&home).await?;
        let named = read(file, &own, &regions)?;
        let mut accounts = Self {
            file: file.to_owned(),
            named: named.clone(),
            own,
            home,
            regions,
            opened: Vec::new(),
            reported: None,
        };
        accounts.renew(named, session).await?;
        Ok(accounts)
    }

    /// The regions of all accounts, in the order of the file and then of the organization's accounts.
    pub(crate) fn fleets(&self) -> Vec<Rc<dyn FleetProvider>> {
        let opened = self.opened.iter();
        opened.flat_map(|it| it.fleets.clone()).collect()
    }

    /// Reads the file again. Accounts that have not changed stay open. If it cannot be read, the
    /// accounts that were read last stay, also if the future is dropped. An error is reported each
    /// time, since an operator asked for this.
    pub(crate) async fn reload(&mut self, session: &Session) -> Renewed {
        self.reported = None;
        let renewed = match read(&self.file, &self.own, &self.regions) {
            Ok(named) => self.renew(named, session).await,
            Err(failure) => Err(failure),
        };
        self.report(renewed)
    }

    /// Lists the accounts of the organization again, if the file names one. The same error is
    /// reported once.
    pub(crate) async fn list_members(&mut self, session: &Session) -> Renewed {
        if self.named.organization.is_none() {
            return Ok(AccountsChange::default());
        }
        let renewed = self.renew(self.named.clone(), session).await;
        self.report(renewed)
    }

    fn report(&mut self, renewed: Result<AccountsChange, Failure>) -> Renewed {
        let failure = match renewed {
            Ok(change) => {
                self.reported = None;
                return Ok(change);
            }
            Err(failure) => failure,
        };
        let text = format!("{failure:?}");
        if self.reported.as_ref() == Some(&text) {
            return Err(None);
        }
        self.reported = Some(text);
        Err(Some(
            failure.hint("the accounts that were read last are still watched"),
        ))
    }

    /// Opens the accounts that are named now. Nothing changes before all are open.
    async fn renew(
        &mut self,
        named: AccountsFile,
        session: &Session,
    ) -> Result<AccountsChange, Failure> {
        let environment = &session.environment;
        let by_themselves = named.accounts.iter().map(|it| it.value.clone());
        let mut accounts: Vec<WatchedAccount> = by_themselves.collect();
        if let Some(organization) = &named.organization {
            let members = environment.members(&self.home).await?;
            let members = self.members(&organization.value, &accounts, members);
            accounts.extend(members);
        }
        let mut opened = Vec::new();
        for account in accounts {
            let known = self.opened.iter().find(|it| it.account == account);
            let fleets = match known {
                Some(known) => known.fleets.clone(),
                None => environment.account_fleets(&account, &self.regions).await?,
            };
            opened.push(OpenAccount { account, fleets });
        }
        let (before, now) = (self.opened.iter(), opened.iter());
        let change =
            AccountsChange::between(before.map(|it| &it.account), now.map(|it| &it.account));
        self.opened = opened;
        self.named = named;
        Ok(change)
    }

    /// The accounts of the organization that the file does not name by themselves.
    fn members(
        &self,
        organization: &Organization,
        named: &[WatchedAccount],
        members: BTreeSet<AccountId>,
    ) -> Vec<WatchedAccount> {
        let partition = Partition::of(&self.home);
        let is_known = |id: &AccountId| {
            *id == self.own
                || organization.except.contains(id)
                || named.iter().any(|named| named.id == *id)
        };
        let others = members.into_iter().filter(|id| !is_known(id));
        others
            .map(|id| organization.member(id, partition))
            .collect()
    }
}

fn read(file: &Path, own: &AccountId, regions: &BTreeSet<Region>) -> Result<AccountsFile, Failure> {
    let name = file.display().to_string();
    let text = text_file::read(file).map_err(|unread| {
        let failure = unread.failure(format!("cannot read the accounts in {name}"));
        failure.hint("name a file with `accounts:` or `organization:`")
    })?;
    let named = text::accounts(&name, &text).map_err(|diagnostics| {
        let mut failure = Failure::input("the file of accounts has mistakes");
        failure.diagnostics = Some(Box::new(diagnostics));
        failure.hint("no account of it is watched until they are fixed")
    })?;
    if let Some(twice) = named.accounts.iter().find(|it| it.value.id == *own) {
        let line = twice.line;
        let message = format!(
            "{name}:{line}: account {own} is the watchdog's own, which is watched without a role"
        );
        return Err(Failure::input(message).hint(format!(
            "remove it from {name}; --region has the regions of the watchdog's own account"
        )));
    }
    check_partitions(&name, &named, regions)?;
    Ok(named)
}

/// A role can be assumed only with credentials of its own partition (IAM User Guide, "How IAM roles
/// differ from resource-based policies"), and its credentials work only there.
fn check_partitions(
    file: &str,
    named: &AccountsFile,
    regions: &BTreeSet<Region>,
) -> Result<(), Failure> {
    let Some(home) = regions.first() else {
        return Ok(());
    };
    let partition = Partition::of(home);
    for Located { value, line } in &named.accounts {
        if !value.role.is_in(partition) {
            let message = format!(
                "{file}:{line}: {home}, a region of the watchdog, is in {}, and the role of \
                 account {} is not: it cannot be assumed",
                partition.name(),
                value.id
            );
            return Err(Failure::input(message).hint(format!(
                "remove account {} from {file}; another watchdog with credentials of its \
                 partition can watch it",
                value.id
            )));
        }
        let subject = format!("{file}:{line}: account {}", value.id);
        one_partition(&subject, partition, value.regions.as_deref(), regions)?;
    }
    if let Some(Located { value, line }) = &named.organization {
        let subject = format!("{file}:{line}: the organization");
        one_partition(&subject, partition, value.regions.as_deref(), regions)?;
    }
    Ok(())
}

/// Checks the regions in which something is watched: its own or by default the watchdog's.
fn one_partition(
    subject: &str,
    partition: Partition,
    own: Option<&[Region]>,
    default: &BTreeSet<Region>,
) -> Result<(), Failure> {
    let is_other = |region: &&Region| Partition::of(region) != partition;
    let (other, whence) = match own {
        Some(regions) => (regions.iter().find(is_other), ""),
        None => (default.iter().find(is_other), ", a region of the watchdog,"),
    };
    other.map_or(Ok(()), |region| {
        let message = format!(
            "{subject} is in {}, and {region}{whence} is in {}",
            partition.name(),
            Partition::of(region).name()
        );
        let hint = format!("list its regions of {} as its `regions:`", partition.name());
        Err(Failure::input(message).hint(hint))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_account_is_not_watched_twice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.yaml");
        let text = "accounts:\n\
            - { id: 222222222222, role: \"arn:aws:iam::222222222222:role/w\" }\n\
            - { id: 111111111111, role: \"arn:aws:iam::111111111111:role/w\" }\n";
        std::fs::write(&file, text).unwrap();
        let own = "111111111111".parse().unwrap();
        let regions = BTreeSet::from(["us-east-1".parse().unwrap()]);
        let failure = read(&file, &own, &regions).unwrap_err();
        let place = format!("{}:3: account 111111111111 is", file.display());
        assert!(failure.message.starts_with(&place), "{failure:?}");
        let another = "333333333333".parse().unwrap();
        assert_eq!(read(&file, &another, &regions).unwrap().accounts.len(), 2);
        let missing = read(&folder.path().join("none.yaml"), &own, &regions).unwrap_err();
        assert!(!missing.causes.is_empty(), "{missing:?}");
    }

    #[test]
    fn accounts_and_regions_of_another_partition_are_refused() {
        let role = "role: \"arn:aws:iam::222222222222:role/w\"";
        let gov = "role: \"arn:aws-us-gov:iam::222222222222:role/w\"";
        let account = |rest: &str| format!("accounts:\n- {{ id: 222222222222, {rest} }}\n");
        let check = |text: &str, regions: &[&str]| {
            let named = text::accounts("a.yaml", text).unwrap();
            let regions = regions.iter().map(|it| it.parse().unwrap()).collect();
            check_partitions("a.yaml", &named, &regions).map_err(|failure| failure.message)
        };
        let both = ["us-east-1", "us-gov-west-1"];
        for (text, regions, expected) in [
            (account(role), &both[..1], ""),
            (account(gov), &both[1..], ""),
            (
                account(&format!("{role}, regions: [eu-west-1]")),
                &both[..],
                "",
            ),
            (
                account(gov),
                &both[..1],
                "a.yaml:2: us-east-1, a region of the watchdog, is in AWS's commercial regions, and \
                 the role of account 222222222222 is not: it cannot be assumed",
            ),
            (
                account(role),
                &both[..],
                "a.yaml:2: account 222222222222 is in AWS's commercial regions, and us-gov-west-1, a \
                 region of the watchdog, is in AWS GovCloud (US)",
            ),
            (
                "\norganization: { role: w, regions: [eu-west-1, us-gov-west-1] }\n".to_owned(),
                &both[..1],
                "a.yaml:2: the organization is in AWS's commercial regions, and us-gov-west-1 is in \
                 AWS GovCloud (US)",
            ),
        ] {
            let found = check(&text, regions).err().unwrap_or_default();
            assert_eq!(found, expected, "{text}");
        }
    }
}
