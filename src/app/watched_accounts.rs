//! The accounts that the watchdog watches besides its own: read from a file, and opened by their
//! roles.

use super::failure::Failure;
use super::session::Session;
use super::text_file;
use crate::cloud::fleet::FleetProvider;
use crate::model::hint::Command;
use crate::model::name::{AccountId, Region};
use crate::model::watched_account::WatchedAccount;
use crate::text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The accounts of a file, opened.
pub(crate) struct WatchedAccounts {
    file: PathBuf,
    /// The account of the watchdog's own credentials.
    pub(crate) own: AccountId,
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

impl WatchedAccounts {
    /// Reads the file and opens its accounts. No role is assumed yet.
    pub(crate) async fn open(
        file: &Path,
        regions: BTreeSet<Region>,
        session: &Session,
    ) -> Result<Self, Failure> {
        let home = regions.first().ok_or_else(|| {
            Failure::input("roles in other accounts are assumed from a region, and none is given")
                .hint("give a region of the watchdog's own account")
                .hint(Command::again().args("--region us-east-1"))
        })?;
        let own = session.environment.own_account(home).await?;
        let mut accounts = Self {
            file: file.to_owned(),
            own,
            regions,
            opened: Vec::new(),
            reported: None,
        };
        accounts.renew(session).await?;
        Ok(accounts)
    }

    /// The regions of all accounts, in the order of the file.
    pub(crate) fn fleets(&self) -> Vec<Rc<dyn FleetProvider>> {
        let opened = self.opened.iter();
        opened.flat_map(|it| it.fleets.clone()).collect()
    }

    /// Reads the file again. Accounts that have not changed stay open. Returns an error once if the
    /// file cannot be read; the accounts that were read last stay.
    pub(crate) async fn reload(&mut self, session: &Session) -> Result<(), Option<Failure>> {
        let failure = match self.renew(session).await {
            Ok(()) => {
                self.reported = None;
                return Ok(());
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

    async fn renew(&mut self, session: &Session) -> Result<(), Failure> {
        let accounts = read(&self.file, &self.own)?;
        let mut opened = Vec::new();
        for account in accounts {
            let known = self.opened.iter().find(|it| it.account == account);
            let fleets = match known {
                Some(known) => known.fleets.clone(),
                None => {
                    let environment = &session.environment;
                    environment.account_fleets(&account, &self.regions).await?
                }
            };
            opened.push(OpenAccount { account, fleets });
        }
        self.opened = opened;
        Ok(())
    }
}

fn read(file: &Path, own: &AccountId) -> Result<Vec<WatchedAccount>, Failure> {
    let name = file.display().to_string();
    let text = text_file::read(file).map_err(|unread| {
        let failure = unread.failure(format!("cannot read the accounts in {name}"));
        failure.hint("name a file that begins with `accounts:`")
    })?;
    let accounts = text::accounts(&name, &text).map_err(|diagnostics| {
        let mut failure = Failure::input("the file of accounts has mistakes");
        failure.diagnostics = Some(Box::new(diagnostics));
        failure.hint("no account of it is watched until they are fixed")
    })?;
    if let Some(twice) = accounts.iter().find(|it| it.value.id == *own) {
        let line = twice.line;
        let message = format!(
            "{name}:{line}: account {own} is the watchdog's own, which is watched without a role"
        );
        return Err(Failure::input(message).hint(format!(
            "remove it from {name}; --region has the regions of the watchdog's own account"
        )));
    }
    Ok(accounts.into_iter().map(|it| it.value).collect())
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
        assert_eq!(read(&file, &another).unwrap().len(), 2);
        let missing = read(&folder.path().join("none.yaml"), &own).unwrap_err();
        assert!(!missing.causes.is_empty(), "{missing:?}");
    }
}
