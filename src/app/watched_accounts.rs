//! The accounts that the watchdog watches besides its own: read from a file, and opened by their
//! roles.

use super::failure::Failure;
use super::session::Session;
use super::text_file;
use crate::cloud::fleet::FleetProvider;
use crate::model::hint::Command;
use crate::model::name::{AccountId, Region};
use crate::model::partition::Partition;
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

/// Whether other accounts are watched now than before, or why they cannot be read. An error that was
/// reported already is `None`.
pub(crate) type Renewed = Result<bool, Option<Failure>>;

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
        let mut accounts = Self {
            file: file.to_owned(),
            named: read(file, &own)?,
            own,
            home,
            regions,
            opened: Vec::new(),
            reported: None,
        };
        accounts.renew(session).await?;
        Ok(accounts)
    }

    /// The regions of all accounts, in the order of the file and then of the organization's accounts.
    pub(crate) fn fleets(&self) -> Vec<Rc<dyn FleetProvider>> {
        let opened = self.opened.iter();
        opened.flat_map(|it| it.fleets.clone()).collect()
    }

    /// Reads the file again. Accounts that have not changed stay open. If it cannot be read, the
    /// accounts that were read last stay.
    pub(crate) async fn reload(&mut self, session: &Session) -> Renewed {
        match read(&self.file, &self.own) {
            Ok(named) => {
                let before = std::mem::replace(&mut self.named, named);
                let renewed = self.renew(session).await;
                if renewed.is_err() {
                    self.named = before;
                }
                self.report(renewed)
            }
            Err(failure) => self.report(Err(failure)),
        }
    }

    /// Lists the accounts of the organization again, if the file names one.
    pub(crate) async fn list_members(&mut self, session: &Session) -> Renewed {
        if self.named.organization.is_none() {
            return Ok(false);
        }
        let renewed = self.renew(session).await;
        self.report(renewed)
    }

    fn report(&mut self, renewed: Result<bool, Failure>) -> Renewed {
        let failure = match renewed {
            Ok(changed) => {
                self.reported = None;
                return Ok(changed);
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

    /// Opens the accounts that are named now. Returns whether they are others than before.
    async fn renew(&mut self, session: &Session) -> Result<bool, Failure> {
        let environment = &session.environment;
        let named = self.named.accounts.iter().map(|it| it.value.clone());
        let mut accounts: Vec<WatchedAccount> = named.collect();
        if let Some(organization) = &self.named.organization {
            let members = environment.members(&self.home).await?;
            accounts.extend(self.members(organization, members));
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
        let (now, before) = (opened.iter(), self.opened.iter());
        let same = now.map(|it| &it.account).eq(before.map(|it| &it.account));
        self.opened = opened;
        Ok(!same)
    }

    /// The accounts of the organization that the file does not name by themselves.
    fn members(
        &self,
        organization: &Organization,
        members: BTreeSet<AccountId>,
    ) -> Vec<WatchedAccount> {
        let partition = Partition::of(&self.home);
        let is_known = |id: &AccountId| {
            let named = self.named.accounts.iter();
            *id == self.own
                || organization.except.contains(id)
                || named.map(|it| &it.value.id).any(|named| named == id)
        };
        let others = members.into_iter().filter(|id| !is_known(id));
        others
            .map(|id| organization.member(id, partition))
            .collect()
    }
}

fn read(file: &Path, own: &AccountId) -> Result<AccountsFile, Failure> {
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
    Ok(named)
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
        let failure = read(&file, &own).unwrap_err();
        let place = format!("{}:3: account 111111111111 is", file.display());
        assert!(failure.message.starts_with(&place), "{failure:?}");
        let another = "333333333333".parse().unwrap();
        assert_eq!(read(&file, &another).unwrap().accounts.len(), 2);
        let missing = read(&folder.path().join("none.yaml"), &own).unwrap_err();
        assert!(!missing.causes.is_empty(), "{missing:?}");
    }
}
