//! One Spark standalone cluster in a folder.
//!
//! The folder holds the whole state of the cluster. To create one, a process writes an [`Order`]
//! into a new [`Folder`] and starts its supervisor (`run::supervisor`), which alone writes
//! `status.json`. Requests come in through a spool, a held lock shows that the supervisor is alive,
//! and every process of the cluster dies with its supervisor ([`leash`]).

mod daemons;
mod env;
mod folder;
mod json;
mod kept;
mod leash;
mod lock;
mod order;
mod output;
mod processes;
mod programs;
mod progress;
mod rig;
mod spool;
mod start;
mod state;
mod submit;
mod tail;

pub use daemons::{Master, Worker, master, worker};
pub use folder::Folder;
pub use leash::leash;
pub use lock::ClusterLock;
pub use order::{Launch, Order};
pub use output::last_lines;
pub use processes::{adopt_orphans, end_descendants, reap_orphans, terminate};
pub use progress::progress;
pub use rig::Rig;
pub use spool::Request;
pub use submit::submit;
pub use tail::{Tail, spark_ui};
