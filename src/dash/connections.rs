//! Limits the page's open connections, so that the watchdog can always open files and call AWS. A
//! new connection beyond the limit replaces the one that has been idle for longest.

use rustix::process::{Resource, getrlimit};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// More than people and their tools need.
const MAX_CONNECTIONS: u64 = 256;
/// The page may use one out of this many of the files that the process may open.
const FILES_SHARE: u64 = 4;

/// Returns the limit of connections, from the process's limit of open files.
pub(super) fn limit() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files / FILES_SHARE).clamp(4, MAX_CONNECTIONS)).unwrap_or(4)
}

pub(super) struct Connections {
    limit: usize,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    by_id: BTreeMap<u64, Connection>,
}

struct Connection {
    /// When it became idle, as a sequence number; `None` while a request is answered.
    idle_since: Option<u64>,
    task: Option<AbortHandle>,
}

impl OpenConnections {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Connections {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        let open = Mutex::default();
        Arc::new(Self { limit, open })
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a permit; `None` if all connections are busy.
    pub(super) fn take(self: &Arc<Self>) -> Option<Arc<ConnectionPermit>> {
        let mut open = self.open();
        if open.by_id.len() >= self.limit {
            let idle = open.by_id.iter();
            let idle = idle.filter_map(|(id, connection)| Some((connection.idle_since?, *id)));
            let (_, id) = idle.min()?;
            let connection = open.by_id.remove(&id)?;
            if let Some(task) = connection.task {
                task.abort();
            }
        }
        let id = open.number();
        let connection = Connection {
            idle_since: Some(id),
            task: None,
        };
        open.by_id.insert(id, connection);
        let connections = self.clone();
        Some(Arc::new(ConnectionPermit { id, connections }))
    }
}

/// The permit of one connection.
pub(super) struct ConnectionPermit {
    id: u64,
    connections: Arc<Connections>,
}

impl ConnectionPermit {
    /// Sets the task that is aborted if the permit is taken back.
    pub(super) fn set_task(&self, task: AbortHandle) {
        if let Some(connection) = self.connections.open().by_id.get_mut(&self.id) {
            connection.task = Some(task);
        }
    }

    /// Marks the connection as busy until the result is dropped.
    pub(super) fn mark_busy(self: &Arc<Self>) -> Busy {
        if let Some(connection) = self.connections.open().by_id.get_mut(&self.id) {
            connection.idle_since = None;
        }
        Busy(self.clone())
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.connections.open().by_id.remove(&self.id);
    }
}

pub(super) struct Busy(Arc<ConnectionPermit>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut open = self.0.connections.open();
        let number = open.number();
        if let Some(connection) = open.by_id.get_mut(&self.0.id) {
            connection.idle_since = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(connections: &Connections) -> Vec<u64> {
        connections.open().by_id.keys().copied().collect()
    }

    #[test]
    fn the_one_that_is_silent_for_longest_gives_way() {
        let connections = Connections::new(2);
        let first = connections.take().unwrap();
        let second = connections.take().unwrap();
        drop(first.mark_busy());
        let third = connections.take().unwrap();
        assert_eq!(
            ids(&connections),
            [first.id, third.id],
            "the second was idle"
        );
        let busy = [first.mark_busy(), third.mark_busy()];
        assert!(
            connections.take().is_none(),
            "a busy connection keeps its permit"
        );
        drop(busy);
        drop((first, second, third));
        assert!(ids(&connections).is_empty());
    }

    #[test]
    fn most_files_are_left_to_the_watchdog() {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(limit() as u64 <= files / 2 && limit() <= 256);
    }
}
