//! Logs as they are stored. Of a log that is read for a diagnosis, head and tail are kept; a log that
//! is shown is read as a stream. A job may write any amount, and a compressed file may unpack to far
//! more than its size.

pub(super) mod excerpt;
mod file;
mod folder;
mod input;
mod listing;
mod merged;
mod tail;

pub use excerpt::of_stream as read_log;
pub use file::LogFile;
pub use folder::FolderLogs;
pub use listing::{
    LogListing, LogVersion, LoggedStep, StackLogs, StoredLogs, Uploaded, UploadedLog,
};
pub use merged::{Ended, MergedLogs, Next};
pub use tail::Tail;

/// The most that is read of an object for a diagnosis, in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 20;
