//! Where the watchdog's records are kept and people are told from. Nothing that fails here keeps a
//! cluster from ending.

use crate::model::audit::Entry;
use crate::model::notice::Notice;
use async_trait::async_trait;
use std::collections::BTreeMap;

#[async_trait(?Send)]
pub trait Desk {
    /// Adds to the record of what was done.
    fn note(&self, entry: &Entry);

    /// Tells people, unless they were told of the matter already; whether it was news.
    async fn tell(&self, notice: &Notice) -> bool;

    /// A matter is over: when it comes up again, it is news.
    fn forget(&self, matter: &str);

    /// Ends that were asked for, of which the record does not say that they came.
    fn open_matters(&self) -> Vec<Entry>;

    /// The newest entries, the oldest of them first.
    fn recent(&self, most: usize) -> Vec<Entry>;

    /// What went out by each way since this process began: sent, failed.
    fn notices(&self) -> BTreeMap<String, (u64, u64)>;
}
