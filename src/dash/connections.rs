//! How many connections the page has at once: few enough that the watchdog can always open files
//! and call AWS. One too many takes the seat of the one that has been silent for longest.

use rustix::process::{Resource, getrlimit};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// As many as people and their tools have use for.
const MOST: u64 = 256;
/// The page's part of the files that this process may have open.
const PART: u64 = 4;

/// How many connections this process may have, by its limit of open files.
pub(super) fn most() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files / PART).clamp(4, MOST)).unwrap_or(4)
}

pub(super) struct Connections {
    most: usize,
    taken: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    by_id: BTreeMap<u64, RequestOrigin>,
}

struct RequestOrigin {
    /// When it fell silent, as a number that grows; none while it is being answered.
    silent_since: Option<u64>,
    task: Option<AbortHandle>,
}

impl OpenConnections {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let taken = Mutex::default();
        Arc::new(Self { most, taken })
    }

    pub(super) const fn most(&self) -> usize {
        self.most
    }

    fn taken(&self) -> MutexGuard<'_, OpenConnections> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat; none where each is taken by somebody who is being answered.
    pub(super) fn take(self: &Arc<Self>) -> Option<Arc<ConnectionPermit>> {
        let mut taken = self.taken();
        if taken.by_id.len() >= self.most {
            let silent = taken.by_id.iter();
            let silent = silent.filter_map(|(id, guest)| Some((guest.silent_since?, *id)));
            let (_, id) = silent.min()?;
            let guest = taken.by_id.remove(&id)?;
            if let Some(task) = guest.task {
                task.abort();
            }
        }
        let id = taken.number();
        let guest = RequestOrigin {
            silent_since: Some(id),
            task: None,
        };
        taken.by_id.insert(id, guest);
        let connections = self.clone();
        Some(Arc::new(ConnectionPermit { id, connections }))
    }
}

/// The seat of one connection.
pub(super) struct ConnectionPermit {
    id: u64,
    connections: Arc<Connections>,
}

impl ConnectionPermit {
    /// What ends when the seat is taken from it.
    pub(super) fn is_of(&self, task: AbortHandle) {
        if let Some(guest) = self.connections.taken().by_id.get_mut(&self.id) {
            guest.task = Some(task);
        }
    }

    /// Has asked, and keeps its seat until it is answered.
    pub(super) fn asked(self: &Arc<Self>) -> Answering {
        if let Some(guest) = self.connections.taken().by_id.get_mut(&self.id) {
            guest.silent_since = None;
        }
        Answering(self.clone())
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.connections.taken().by_id.remove(&self.id);
    }
}

pub(super) struct Answering(Arc<ConnectionPermit>);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut taken = self.0.connections.taken();
        let number = taken.number();
        if let Some(guest) = taken.by_id.get_mut(&self.0.id) {
            guest.silent_since = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(connections: &Connections) -> Vec<u64> {
        connections.taken().by_id.keys().copied().collect()
    }

    #[test]
    fn the_one_that_is_silent_for_longest_gives_way() {
        let connections = Connections::new(2);
        let first = connections.take().unwrap();
        let second = connections.take().unwrap();
        drop(first.asked());
        let third = connections.take().unwrap();
        assert_eq!(
            ids(&connections),
            [first.id, third.id],
            "the second was silent"
        );
        let answering = [first.asked(), third.asked()];
        assert!(
            connections.take().is_none(),
            "who is answered keeps his seat"
        );
        drop(answering);
        drop((first, second, third));
        assert!(ids(&connections).is_empty());
    }

    #[test]
    fn most_files_are_the_watchdogs() {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(most() as u64 <= files / 2 && most() <= 256);
    }
}
