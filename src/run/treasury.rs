//! Teams' accounts as many hands change them at once: read, reckoned anew with what is known, and
//! written back by whoever was first; the others begin again.

use crate::cloud::{Class, Cloud, CloudError};
use crate::cost::ledger::{Record, Scope};
use crate::model::name::TeamName;
use crate::policy::book::Book;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// A team's account, and what is known of the team's clusters in one place.
pub struct Treasury<'a> {
    /// Who keeps the account.
    pub books: &'a dyn Cloud,
    /// Where the clusters are.
    pub cloud: &'a dyn Cloud,
    pub scope: &'a Scope,
    pub team: &'a TeamName,
    /// As the ledger has them, of other teams too.
    pub records: &'a [Record],
}

/// Writers that may be faster, one after the other, before we give up: each of them has written.
const MOST: u32 = 200;

/// What a change of an account comes to.
pub enum Change<T> {
    Write(T),
    /// The account stays as it is.
    Leave(T),
}

impl Treasury<'_> {
    /// The account as it is now; nothing is written.
    ///
    /// # Errors
    /// What the cloud said no with, or an account that cannot be read.
    pub async fn read(&self, now: DateTime<Utc>) -> Result<Book, CloudError> {
        Ok(self.reckoned(now).await?.0)
    }

    /// Changes the account, begun again for as long as somebody else is faster.
    ///
    /// # Errors
    /// What the cloud said no with, or an account that cannot be read or is never ours to write.
    pub async fn change<T>(
        &self,
        now: DateTime<Utc>,
        mut change: impl FnMut(&mut Book) -> Change<T>,
    ) -> Result<(T, Book), CloudError> {
        for turn in 0..MOST {
            let (mut book, version) = self.reckoned(now).await?;
            let done = match change(&mut book) {
                Change::Leave(done) => return Ok((done, book)),
                Change::Write(done) => done,
            };
            let content = serde_json::to_vec(&book).map_err(|error| {
                let message = format!("the account of team {} cannot be written", self.team);
                CloudError::new(Class::Failed, message).hint(error.to_string())
            })?;
            let kept = self
                .books
                .keep_team_book(self.team, &content, version.as_deref());
            if kept.await? {
                return Ok((done, book));
            }
            tokio::time::sleep(pause(turn)).await;
        }
        let message = format!("others keep changing the account of team {}", self.team);
        Err(CloudError::new(Class::Busy, message).hint("try again in a minute"))
    }

    async fn reckoned(&self, now: DateTime<Utc>) -> Result<(Book, Option<String>), CloudError> {
        let kept = self.books.team_book(self.team).await?;
        let (mut book, version) = match kept {
            None => (Book::new(self.team.clone()), None),
            Some(kept) => (self.parse(&kept.content)?, Some(kept.version)),
        };
        let mut held = BTreeSet::new();
        for stack in book.unseen(self.scope, now) {
            if self.cloud.is_held(&stack).await? {
                held.insert(stack);
            }
        }
        book.reconcile(self.scope, self.records, &held, now);
        Ok((book, version))
    }

    /// An account that nobody can read is no empty one.
    fn parse(&self, content: &[u8]) -> Result<Book, CloudError> {
        let team = self.team;
        let wrong = |why: String| {
            let message = format!("the account of team {team} cannot be read: {why}");
            CloudError::new(Class::Failed, message)
        };
        let book: Book = serde_json::from_slice(content).map_err(|error| {
            wrong(error.to_string())
                .hint("nothing is admitted on an account that nobody can read")
                .hint(format!(
                    "to begin it anew, delete teams/{team}.json; what runs is found again"
                ))
        })?;
        match book.is_known() {
            true => Ok(book),
            false => Err(wrong("it is of a newer clusterup".to_owned()).hint("update clusterup")),
        }
    }
}

/// Longer the more there are, and not the same for all: the process's own number sees to that.
fn pause(turn: u32) -> Duration {
    let spread = u64::from(std::process::id()) * 7 % 40;
    Duration::from_millis(10 + spread + u64::from(turn.min(20)) * 5)
}
