//! Why a file is not read.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableFile {
    /// It is a folder.
    Folder,
    /// It is a FIFO.
    Pipe,
    /// It is a socket.
    Socket,
    /// It is a device.
    Device,
    /// It is on a virtual file system of the kernel, such as `/proc`.
    Kernel,
    /// It has no data until another process writes.
    Waits,
    /// It is longer than the limit.
    TooLong {
        /// The limit in bytes.
        most: u64,
    },
}

impl UnreadableFile {
    /// Returns the reason in an error of [`super::open`], [`super::bytes`] or [`super::text`].
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match self {
            Self::Folder => "it is a folder, not a file",
            Self::Pipe => "it is a pipe (FIFO), not a regular file",
            Self::Socket => "it is a socket, not a regular file",
            Self::Device => "it is a device, not a regular file",
            Self::Kernel => "it is a view of the kernel's (/proc, /sys), not a regular file",
            Self::Waits => "it has no data until somebody writes to it",
            Self::TooLong { most } if most % 1024 == 0 => {
                return write!(f, "it is longer than {} KiB", most / 1024);
            }
            Self::TooLong { most } => return write!(f, "it is longer than {most} bytes"),
        };
        f.write_str(says)
    }
}

impl std::error::Error for UnreadableFile {}

impl From<UnreadableFile> for io::Error {
    fn from(unreadable_file: UnreadableFile) -> Self {
        Self::new(ErrorKind::InvalidInput, unreadable_file)
    }
}
